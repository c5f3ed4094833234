"""What is counted of a column, and that it is what a plain count says."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tjepa.table.counting import Cells, distinct_in

NUMBERS = st.lists(st.sampled_from([0.0, -0.0, 1.0, 1.5, np.inf, -np.inf, 2.0**53]), max_size=9)


@given(NUMBERS)
def test_distinct_numbers_are_those_of_a_set(numbers: list[float]) -> None:
    assert distinct_in(np.array(numbers, dtype=float)) == len(set(numbers))


@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_distinct_dates_are_counted(unit: str) -> None:
    days = np.array(["2020-02-29", "1969-12-31", "2020-02-29"], dtype=f"datetime64[{unit}]")
    assert distinct_in(days) == 2
    assert distinct_in(days[:0]) == 0


def test_numbers_are_the_finite_ones_of_any_type() -> None:
    cells = Cells(pd.Series([3, None, 1.5, 3, np.inf], dtype=object)).natural
    assert cells.numbers.tolist() == [3, 1.5, 3]
    assert cells.distinct_numbers == 2
    assert cells.natural is cells


def test_what_has_no_hash_is_told_apart_by_its_text() -> None:
    codes, uniques = Cells(pd.Series([[1], None, [2], [1]])).factorized
    assert codes.tolist() == [0, -1, 1, 0]
    assert list(uniques) == ["[1]", "[2]"]
