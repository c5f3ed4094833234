import numpy as np
import pandas as pd
import pytest

from tjepa.table import calendars
from tjepa.table.written import Format


def text(*cells: str) -> pd.Series:
    return pd.Series(cells, dtype="str")


DATES = [
    (["12 Jan 2011", "3 Feb 2012"], "%d %b %Y", True, "2011-01-12"),
    (["January 3, 2011"], "%B %d, %Y", True, "2011-01-03"),
    (["January 1st, 2024", "March 22nd, 2023"], "%B %d, %Y", True, "2024-01-01"),
    (["1/2/2011 12:05 AM"], "%m/%d/%Y %I:%M %p", False, "2011-01-02T00:05"),
    (["13/2/2011 11:05 PM"], "%d/%m/%Y %I:%M %p", True, "2011-02-13T23:05"),
    (["2011-02", "2011-03"], "%Y-%m", True, "2011-02-01"),
    (["3.4.11", "30.4.11"], "%d.%m.%y", False, "2011-04-03"),
    (["25/11/63", "13/12/34"], "%d/%m/%y", False, "1963-11-25"),
    (["20110203"], "%Y%m%d", False, "2011-02-03"),
    (["01JAN2020", "28FEB2021"], "%d%b%Y", True, "2020-01-01"),
    (["Tuesday, 1 March 2011"], "%A, %d %B %Y", True, "2011-03-01"),
    (["Wed, 02 Oct 2002 13:00:00 GMT"], "%a, %d %b %Y %H:%M:%S GMT", True, "2002-10-02T13:00"),
    (["3. Januar 2024", "15. März 2023", "1. April 2020"], "%d. %B %Y", True, "2024-01-03"),
    (["3 janv. 2024", "14 juil. 2023", "1er mai 2020"], "%d %b %Y", True, "2024-01-03"),
    (["3 de marzo de 2024", "15 de agosto de 2023"], "%d %b %Y", True, "2024-03-03"),
    (["3 gennaio 2024", "15 luglio 2023"], "%d %b %Y", True, "2024-01-03"),
    (["3 de março de 2024", "15 de dezembro de 2023"], "%d %b %Y", True, "2024-03-03"),
    (["3 maart 2024", "15 augustus 2023"], "%d %b %Y", True, "2024-03-03"),
    (["3 stycznia 2024", "15 lipca 2023"], "%d %b %Y", True, "2024-01-03"),
    (["2024-W05", "2023-W51"], "%G-W%V", True, "2024-01-29"),
    (["2024-W05-3"], "%G-W%V-%u", True, "2024-01-31"),
    (["2024-Q2", "2023-Q4"], "%Y-Q%q", True, "2024-04-01"),
    (["Q2 2024", "Q4 2023"], "Q%q %Y", True, "2024-04-01"),
    (["2024-06-01T10:00:00+02:00"], "%Y-%m-%dT%H:%M:%S%z", True, "2024-06-01T08:00"),
    (["2024-06-01T10:00:00.25Z"], "%Y-%m-%dT%H:%M:%S.%f%z", True, "2024-06-01T10:00:00.25"),
    (["14:05", "00:01"], "%H:%M", False, "1900-01-01T14:05"),
    (["2:05 PM", "11:10 AM"], "%I:%M %p", True, "1900-01-01T14:05"),
    (["43831", "2020-02-03"], "%Y-%m-%d or excel days", False, "2020-01-01"),
]


@pytest.mark.parametrize(("cells", "form", "sure", "first"), DATES, ids=[d[0][0] for d in DATES])
def test_written_dates_are_found_and_read(
    cells: list[str], form: str, sure: bool, first: str
) -> None:
    found = calendars.date_format(text(*cells))
    assert found is not None
    assert (found.text, found.sure) == (form, sure)
    assert calendars.is_date_format(form)
    read = calendars.as_dates(text(*cells), form)
    assert read[0] == np.datetime64(first)
    assert not np.isnat(read).any()


def test_where_day_and_month_cannot_be_told_apart_both_readings_are_named() -> None:
    found = calendars.date_format(text("01/02/2020", "03/04/2021"))
    assert found == Format("%m/%d/%Y", False, "%d/%m/%Y")
    found = calendars.date_format(text("01/02/2020", "13/04/2021"))
    assert found == Format("%d/%m/%Y", True)


def test_a_month_in_full_is_read_where_the_others_were_short() -> None:
    read = calendars.as_dates(text("3 Jan 2024", "3 June 2024", "3 juin 2024"), "%d %b %Y")
    assert list(read.astype("datetime64[M]").astype(int) % 12) == [0, 5, 5]


@pytest.mark.parametrize("cell", ["May", "soon enough", "12", "32 Jan 2011", "192.168.1.1", "1.5"])
def test_what_only_looks_like_dates_is_none(cell: str) -> None:
    assert calendars.date_format(text("3 Jan 2011", cell)) is None


@pytest.mark.parametrize("cells", [["3:2", "25:30"], ["A1-2020", "B2-2021"], ["1.2.3", "1.10.3"]])
def test_codes_and_scores_are_no_dates(cells: list[str]) -> None:
    assert calendars.date_format(text(*cells)) is None


TIMES = [100 * hour + minute for hour in range(0, 24, 2) for minute in range(3, 58, 7)]


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
        ([43831, 44000], None),
        ([1, 2], None),
        ([], None),
        ([1e300, -1e300], None),
        ([*TIMES, *[t + 1 for t in TIMES]], "%H%M"),
        ([*TIMES, *[t + 1 for t in TIMES], 1260], None),
        ([100 * hour + minute for hour in range(24) for minute in (0, 25, 50)], None),
        (list(range(60)), None),
    ],
)
def test_numbers_that_are_dates_are_found(numbers: list[float], form: str | None) -> None:
    assert calendars.number_date_format(np.array(numbers, dtype=float)) == form


def test_days_of_a_spreadsheet_are_dates_only_where_something_says_so() -> None:
    numbers = np.array([43831, 43831.5])
    assert calendars.number_date_format(numbers, dated=True) == "excel days"
    read = calendars.as_dates(pd.Series(["43831", "43831.5", "7"]), "excel days")
    assert read[0] == np.datetime64("2020-01-01")
    assert read[1] == np.datetime64("2020-01-01T12:00")
    assert np.isnat(read[2])


def test_times_as_numbers_are_read_to_the_minute() -> None:
    read = calendars.as_dates(text("517", "5", "2359", "2400", "1260"), "%H%M")
    assert [str(t)[11:16] for t in read[:4]] == ["05:17", "00:05", "23:59", "23:59"]
    assert np.isnat(read[4])


def test_seconds_since_1970_are_read() -> None:
    found = calendars.as_dates(text("86400", "soon"), "unix seconds")
    assert found[0] == np.datetime64("1970-01-02")
    assert np.isnat(found[1])


@pytest.mark.parametrize(
    "form", ["", "1234", "%d", "%d %b", "$", "1,234,5", "dd/mm/yyyy", "%Q %m %Y"]
)
def test_what_is_no_format_is_refused(form: str) -> None:
    assert not calendars.is_date_format(form)


def test_columns_are_joined_row_by_row_and_a_missing_part_makes_a_missing_date() -> None:
    years = pd.Series([2020, 2021.0, 2022])
    months = pd.Series(["Feb", "March", None], dtype="str")
    times = pd.Series([5, 1730, 0])
    form = "%Y + %b + %H%M"
    cells = calendars.joined([years, months, times], form)
    assert list(cells[:2]) == ["2020 + Feb + 5", "2021 + March + 1730"]
    read = calendars.as_dates(cells, form)
    assert read[0] == np.datetime64("2020-02-01T00:05")
    assert read[1] == np.datetime64("2021-03-01T17:30")
    assert np.isnat(read[2])
