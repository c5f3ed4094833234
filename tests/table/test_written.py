import numpy as np
import pandas as pd
import pytest

from tjepa.table import written
from tjepa.table.scales import any_order, known_order

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


@pytest.mark.parametrize(
    ("cells", "form", "sure", "first"),
    [
        (["12 Jan 2011", "3 Feb 2012"], "%d %b %Y", True, "2011-01-12"),
        (["January 3, 2011"], "%B %d, %Y", True, "2011-01-03"),
        (["1/2/2011 12:05 AM"], "%m/%d/%Y %I:%M %p", False, "2011-01-02T00:05"),
        (["13/2/2011 11:05 PM"], "%d/%m/%Y %I:%M %p", True, "2011-02-13T23:05"),
        (["2011-02", "2011-03"], "%Y-%m", True, "2011-02-01"),
        (["3.4.11", "30.4.11"], "%d.%m.%y", False, "2011-04-03"),
        (["20110203"], "%Y%m%d", False, "2011-02-03"),
        (["Tuesday, 1 March 2011"], "%A, %d %B %Y", True, "2011-03-01"),
    ],
)
def test_written_dates_are_found_and_read(
    cells: list[str], form: str, sure: bool, first: str
) -> None:
    found = written.date_format(text(*cells))
    assert found == written.Format(form, sure)
    assert written.is_date_format(form)
    assert written.as_dates(text(*cells), form)[0] == np.datetime64(first)


@pytest.mark.parametrize("cell", ["May", "soon enough", "12", "32 Jan 2011", "192.168.1.1", "1.5"])
def test_what_only_looks_like_dates_is_none(cell: str) -> None:
    assert written.date_format(text("3 Jan 2011", cell)) is None


@pytest.mark.parametrize(
    ("numbers", "form"),
    [
        ([20200131, 19991231], "%Y%m%d"),
        ([20200131, 20200132], None),
        ([1600000000, 1700000000], "unix seconds"),
        ([1600000000000], "unix milliseconds"),
        ([20200131.5], None),
        ([202001 + n for n in range(12)], "%Y%m"),
        ([202001 + n for n in range(13)], None),
        ([202001, 202002], None),
        ([1, 2], None),
        ([], None),
    ],
)
def test_numbers_that_are_dates_are_found(numbers: list[float], form: str | None) -> None:
    assert written.number_date_format(np.array(numbers, dtype=float)) == form


def test_seconds_since_1970_are_read() -> None:
    found = written.as_dates(text("86400", "soon"), "unix seconds")
    assert found[0] == np.datetime64("1970-01-02")
    assert np.isnat(found[1])


@pytest.mark.parametrize("form", ["", "1234", "%d", "$", "1,234,5", "dd/mm/yyyy", "%Q %m %Y"])
def test_what_is_no_format_is_refused(form: str) -> None:
    assert not written.is_number_format(form)
    assert not written.is_date_format(form)


@pytest.mark.parametrize(
    "order",
    [
        ["low", "medium", "high"],
        ["Very Poor", "poor", "Fair", "GOOD", "excellent"],
        ["1st", "2nd", "3rd"],
        ["<20", "20-29", "30-59", "60+"],
        ["under 18", "18 to 25", "over 25"],
        ["1-2 years", "3-9 years", "10+ years"],
        ["< 1 year", "1 year", "2 years", "10+ years"],
        ["$1,000-$1,999", "$2,000-$2,999", "$3,000+"],
        ["mar", "apr", "jun", "dec"],
        ["strongly_disagree", "disagree", "neutral", "agree", "strongly_agree"],
    ],
    ids=" ".join,
)
def test_known_orders_are_found(order: list[str]) -> None:
    assert known_order(order[::-1]) == tuple(order)


@pytest.mark.parametrize(
    "categories",
    [
        ["low", "high"],
        ["low", "medium", "blue"],
        ["Oslo", "Rome", "Bonn"],
        ["1-2", "1-3", "2-4"],
        ["1 year", "2 years", "3 years"],
        ["00.00.00", "01.00.00", "02.00.00"],
        ["10:30", "11:00", "11:30+"],
        ["1,2-3", "4", "5+"],
        ["A1", "A2", "A3"],
        ["2020-01", "2020-02", "2020-03"],
    ],
    ids=" ".join,
)
def test_what_has_no_order_has_none(categories: list[str]) -> None:
    assert known_order(categories) is None


def test_any_categories_can_be_put_in_some_order() -> None:
    assert any_order(["step 10", "step 9", "none"]) == ("step 9", "step 10", "none")
