"""Workbooks of Excel 97 to 2003, and those that are neither .xls nor .xlsx."""

import datetime as dt
import io
import zipfile

import pandas as pd
import pytest

from tests.table.reading.biff import xls
from tjepa.errors import ReadingError
from tjepa.table.reading.choices import FileReading
from tjepa.table.reading.raw_table import read_table

NOON = dt.datetime(2021, 3, 4, 12, 30)
ROWS = [
    ["Name", "Größe", "since", "seen", "new"],
    ["Åsa", 1.5, dt.datetime(2020, 2, 29), NOON, True],
    ["Bo", 2, dt.datetime(1999, 12, 31), NOON + dt.timedelta(hours=1), False],
    ["Łucja", None, dt.datetime(2021, 1, 1), NOON + dt.timedelta(days=40), True],
]
FRAME = pd.DataFrame(
    {
        "Name": ["Åsa", "Bo", "Łucja"],
        "Größe": [1.5, 2.0, None],
        "since": pd.to_datetime(["2020-02-29", "1999-12-31", "2021-01-01"]).astype(
            "datetime64[us]"
        ),
        "seen": pd.to_datetime(["2021-03-04 12:30", "2021-03-04 13:30", "2021-04-13 12:30"]).astype(
            "datetime64[us]"
        ),
        "new": ["true", "false", "true"],
    }
).astype({"Name": "str", "new": "str"})


@pytest.mark.parametrize("since_1904", [False, True])
def test_strings_numbers_dates_and_truth_values(since_1904: bool) -> None:
    raw = read_table(xls({"people": ROWS}, since_1904=since_1904), name="old.xls")
    pd.testing.assert_frame_equal(raw.frame, FRAME)
    assert raw.reading == FileReading(
        "workbook", decimal=".", thousands="", header=1, footer=0, header_rows=1
    )
    assert raw.notes == ()


def test_the_sheet_that_is_named_and_else_the_first_that_is_not_empty() -> None:
    data = xls({"empty": [], "one": [["a", "b"], [1, 2]], "two": [["c", "d"], [3, "x"]]})
    assert read_table(data, name="old.xls").sheet == "one"
    raw = read_table(data, name="old.xls", sheet="two")
    assert raw.sheets == ("empty", "one", "two")
    assert raw.frame.to_dict("list") == {"c": [3], "d": ["x"]}


def test_a_header_below_titles_and_a_footer() -> None:
    rows = [["Sales of 2020"], [], ["town", "sold"], ["Graz", 1], ["Brno", 2], [], ["Source: us"]]
    raw = read_table(xls({"s": rows}), name="old.xls")
    assert raw.frame.to_dict("list") == {"town": ["Graz", "Brno"], "sold": [1, 2]}
    assert raw.reading.header == 3


def test_many_rows_lie_in_many_sectors() -> None:
    rows = [["a", "b"], *([i, f"cell {i}"] for i in range(800))]
    assert read_table(xls({"s": rows}), name="old.xls").frame["a"].to_list() == list(range(800))


def test_one_that_is_cut_short_gets_its_sentence() -> None:
    data = xls({"s": ROWS})
    with pytest.raises(ReadingError, match=r"old\.xls"):
        read_table(data[:1_200], name="old.xls")


@pytest.mark.parametrize("part", ["content.xml", "xl/workbook.bin"])
def test_opendocument_and_binary_workbooks_are_refused_with_what_to_do(part: str) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(part, "x")
    with pytest.raises(ReadingError, match=r"Save it as \.xlsx or CSV"):
        read_table(stream.getvalue(), name="t.ods")
