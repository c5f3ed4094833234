import numpy as np
import pandas as pd
import pytest

from tjepa.table import written

NAN = np.nan


def text(*cells: str) -> pd.Series:
    return pd.Series(cells, dtype="str")


@pytest.mark.parametrize(
    ("cells", "form", "sure", "numbers"),
    [
        (["$2.39", "$1,010.00"], "$1,234.5", True, [2.39, 1010]),
        (["-$5", "$-7", "($3)"], "$1,234.5", True, [-5, -7, -3]),
        (["$1,234", "$5"], "$1,234.5", True, [1234, 5]),
        (["11 %", "2.5 %"], "1,234.5 %", True, [11, 2.5]),
        (["3%", "40%"], "1,234.5%", True, [3, 40]),
        (["€1.234,50", "€2,00"], "€1.234,5", True, [1234.5, 2]),
        (["1.234,50 EUR", "7 EUR"], "1.234,5 EUR", True, [1234.5, 7]),
        (["1,234,567", "89"], "1,234.5", True, [1234567, 89]),
        (["1,234.5", "6"], "1,234.5", True, [1234.5, 6]),
        (["1,234", "999,999"], "1,234.5", False, [1234, 999999]),
        (["3,5", "4,25"], "1.234,5", False, [3.5, 4.25]),
        (["1 234,5", "2 000 000,0"], "1.234,5", False, [1234.5, 2e6]),
        (["12 km", "3.5 km"], "1,234.5 km", False, [12, 3.5]),
        (["1e3", "−2"], None, False, []),
        (["1.5", "-2"], "1,234.5", False, [1.5, -2]),
    ],
)
def test_written_numbers_are_found_and_read(
    cells: list[str], form: str | None, sure: bool, numbers: list[float]
) -> None:
    found = written.number_format(text(*cells))
    if form is None:
        assert found is None
        return
    assert found == written.Format(form, sure)
    np.testing.assert_array_equal(written.as_numbers(text(*cells), form), numbers)


@pytest.mark.parametrize(
    "cells",
    [
        ["A11", "A34"],
        ["007", "012"],
        ["5'11", "6'2"],
        ["10.0.0.1", "127.0.0.1"],
        ["2020-01-02", "2020-01-03"],
        ["1st", "2nd"],
        ["$5", "€5"],
        ["12 kg", "12 lb"],
        ["12", "a dozen"],
        ["1,2,3", "2,3"],
        ["12345678901234567890", "1"],
        [],
    ],
    ids=" ".join,
)
def test_what_only_looks_like_numbers_is_none(cells: list[str]) -> None:
    assert written.number_format(text(*cells)) is None


def test_a_number_of_another_unit_does_not_fit() -> None:
    found = written.as_numbers(text("$1", "€1", "1", "1,23", "one"), "$1,234.5")
    np.testing.assert_array_equal(found, [1, NAN, 1, NAN, NAN])


@pytest.mark.parametrize("form", ["", "1234", "%d", "$", "1,234,5", "dd/mm/yyyy", "%Q %m %Y"])
def test_what_is_no_format_is_refused(form: str) -> None:
    assert not written.is_number_format(form)
