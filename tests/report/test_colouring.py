import numpy as np
import pandas as pd

from tjepa.report.colouring import Categories, Ramp, colouring


def test_numbers_are_a_ramp_between_their_smallest_and_largest() -> None:
    found = colouring(pd.Series([3.0, 1.0, np.nan, 10.0]))
    assert isinstance(found, Ramp)
    assert (found.low, found.high, found.missing) == (1.0, 10.0, 1)


def test_dates_are_a_ramp_labelled_with_dates() -> None:
    found = colouring(pd.Series(pd.to_datetime(["2024-01-31", None, "2020-05-01", "2022-01-01"])))
    assert isinstance(found, Ramp)
    assert found.text(found.low) == "2020-05-01"
    assert found.missing == 1


def test_dates_beyond_the_reach_of_nanoseconds_keep_their_year() -> None:
    found = colouring(pd.Series(np.array(["0001-01-02", "9999-12-31"], dtype="datetime64[us]")))
    assert isinstance(found, Ramp)
    assert (found.text(found.low), found.text(found.high)) == ("0001-01-02", "9999-12-31")


def test_a_column_of_missing_numbers_is_drawn_all_the_same() -> None:
    found = colouring(pd.Series([np.nan, np.nan], dtype=float))
    assert sum(found.counts if isinstance(found, Categories) else [found.missing]) == 2


def test_rare_categories_are_one_other_and_missing_cells_their_own_grey() -> None:
    values = [f"c{k:02d}" for k in range(14) for _ in range(20 - k)] + [None] * 3
    found = colouring(pd.Series(values, dtype="str"))
    assert isinstance(found, Categories)
    assert found.labels[:10] == tuple(f"c{k:02d}" for k in range(10))
    assert found.labels[10:] == ("(other 4)", "(missing)")
    assert sum(found.counts) == len(values)
    assert found.counts[-2:] == (10 + 9 + 8 + 7, 3)
    assert found.codes[-1] == 11


def test_categories_that_are_numbers_are_listed_by_size() -> None:
    found = colouring(pd.Series(["10", "9", "1", "9"], dtype="str"))
    assert isinstance(found, Categories)
    assert found.labels == ("1", "9", "10")


def test_a_flag_of_zeros_and_ones_is_two_categories() -> None:
    found = colouring(pd.Series([0.0, 1.0, 1.0]))
    assert isinstance(found, Categories)
    assert found.labels == ("0", "1")
    assert found.counts == (1, 2)
