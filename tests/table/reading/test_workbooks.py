import datetime as dt
import hashlib
import io
import zipfile
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from tjepa.errors import ReadingError
from tjepa.table.reading.raw_table import RawTable, read_table
from tjepa.table.reading.workbook_parts import Extent


def book(**sheets: list[list[Any]]) -> bytes:
    """A workbook with these rows on its sheets."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def column(*cells: Any) -> pd.Series:
    return read(book(one=[["a", "b"], *([cell, "x"] for cell in cells)])).frame["a"]


def read(data: bytes, sheet: str | None = None) -> RawTable:
    return read_table(data, name="people.xlsx", sheet=sheet)


def problem(data: bytes, sheet: str | None = None) -> str:
    with pytest.raises(ReadingError) as refusal:
        read(data, sheet)
    return str(refusal.value)


TWO = book(first=[["a", "b"], [1, 2]], Лист=[["c", "d"], [3, 4], [5, 6]], empty=[])


def test_the_first_sheet_is_read_unless_another_is_named() -> None:
    raw = read(TWO)
    assert (raw.sheet, raw.sheets) == ("first", ("first", "Лист", "empty"))
    assert raw.frame.to_dict("list") == {"a": [1], "b": [2]}
    raw = read(TWO, "Лист")
    assert (raw.sheet, raw.sheets) == ("Лист", ("first", "Лист", "empty"))
    assert raw.frame.to_dict("list") == {"c": [3, 5], "d": [4, 6]}


def test_each_sheet_is_a_table_of_its_own() -> None:
    plain = hashlib.sha256(TWO).hexdigest()
    assert read(TWO).content_id == read(TWO, "first").content_id == plain
    assert read(TWO, "Лист").content_id == hashlib.sha256(TWO + b"\0" + "Лист".encode()).hexdigest()


def test_an_empty_first_sheet_is_passed_over() -> None:
    data = book(cover=[], data=[[], [None, " "], ["a", "b"], [1, 2]])
    assert read(data).sheet == "data"
    assert read(data).content_id == read(data, "data").content_id
    assert read(data).frame.to_dict("list") == {"a": [1], "b": [2]}


def test_a_sheet_that_is_not_there_or_empty_gets_its_sentence() -> None:
    assert problem(TWO, "no such") == (
        "people.xlsx has no sheet “no such”. Its sheets are: first, Лист and empty."
    )
    assert problem(TWO, "empty").startswith("people.xlsx, sheet “empty”, is empty.")
    assert problem(book(a=[], b=[])).startswith("people.xlsx is empty:")
    assert "sheet “a”, has only one column" in problem(book(a=[["x"], [1]]))
    assert "sheet “a”, has column names but no rows" in problem(book(a=[["x", "y"]]))


def test_numbers_are_whole_where_all_are() -> None:
    assert column(1, 2.0).dtype == np.int64
    assert column(1, 2.5).to_list() == [1.0, 2.5]
    assert column(1, None).dtype == np.float64


def test_dates_and_times_of_day() -> None:
    dates = column(dt.date(2020, 1, 2), None, dt.datetime(2020, 1, 2, 10))
    assert dates.dtype == "datetime64[us]"
    assert dates.dropna().to_list() == [
        pd.Timestamp("2020-01-02"),
        pd.Timestamp("2020-01-02 10:00"),
    ]
    assert column(dt.time(10, 30), dt.time(11, 0)).to_list() == ["10:30:00", "11:00:00"]


def test_a_mixed_column_is_text_as_people_see_it() -> None:
    cells = (1.0, 2.5, "word", True, dt.date(2020, 1, 2), dt.datetime(2020, 1, 2, 10), None)
    expected = ["1", "2.5", "word", "true", "2020-01-02", "2020-01-02 10:00:00"]
    assert column(*cells).dropna().to_list() == expected


def test_numbers_stored_as_text_are_numbers() -> None:
    assert column("12", 13.0, " 14 ").to_list() == [12, 13, 14]
    assert column("007", 13.0).to_list() == ["007", "13"]


def test_markers_are_missing_and_said() -> None:
    raw = read(book(one=[["a", "b"], ["NA", 1], [2, "?"], [None, 3]]))
    assert raw.frame.isna().to_numpy().tolist() == [[True, False], [False, True], [True, False]]
    assert raw.notes == ("Read as missing: “NA” in 1 cell (a); “?” in 1 cell (b).",)


def test_names_and_empty_rows() -> None:
    raw = read(book(one=[["a", "a", None, 2020], [1, 2, 3, 4], [], [5, 6, 7, 8], [" "], [""]]))
    assert list(raw.frame) == ["a", "a (2)", "column 3", "2020"]
    assert len(raw.frame) == 3
    assert raw.notes[0].endswith("at the end were left out.")


def test_a_broken_workbook_gets_its_sentence() -> None:
    for broken in (TWO[: len(TWO) // 2], TWO[:-30]):
        assert "damaged" in problem(broken)
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(TWO)) as whole, zipfile.ZipFile(file, "w") as archive:
        for name in whole.namelist():
            archive.writestr(
                name, b"<worksheet><sheetData><row" if "sheet1" in name else whole.read(name)
            )
    assert problem(file.getvalue())


def test_other_workbooks_are_asked_for_in_another_form() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("content.xml", b"<x/>")
    assert "Save it as .xlsx or CSV" in problem(file.getvalue())


def test_a_stray_cell_far_out_is_found_before_it_takes_all_memory() -> None:
    made = openpyxl.Workbook()
    made.active["A1"], made.active["XFD1048576"] = 1, 2
    file = io.BytesIO()
    made.save(file)
    assert "cells as far out as row 1,048,576 and column 16,384" in problem(file.getvalue())


def test_cells_that_are_only_formatted_are_not_far_out() -> None:
    row = b'<row r="1048576"><c r="B1048576"><v>1</v></c><c r="XFD1048576" s="3"/></row>'
    for size in (1, 7, len(row)):  # a piece may end within a tag
        extent = Extent()
        for begin in range(0, len(row), size):
            extent.feed(row[begin : begin + size])
        assert (extent.rows, extent.columns) == (1_048_576, 2)


BODY = [[f"n{i}", i, i * 1.5, "a"] for i in range(6)]
NAMES = ["name", "n", "x", "k"]


def test_titles_and_blank_rows_above_the_header_are_named() -> None:
    raw = read(book(one=[["Sales"], [], ["Region:", "all"], [], NAMES, *BODY]))
    assert list(raw.frame) == NAMES
    assert len(raw.frame) == 6
    assert raw.notes == ("2 lines above the header were left out: Sales and Region: all.",)
    assert raw.reading.header == 5


def test_a_header_that_is_less_full_than_its_rows_is_one() -> None:
    raw = read(book(one=[["name", None, "x", "k"], *BODY]))
    assert list(raw.frame) == ["name", "column 2", "x", "k"]
    assert raw.reading.header == 1


def test_footers_are_left_out_and_sums_are_pointed_out() -> None:
    raw = read(book(one=[NAMES, *BODY, ["Total", 15, 22.5], [], ["Source: us"], ["by hand"]]))
    assert len(raw.frame) == 7
    assert raw.notes == (
        "2 lines below the table were left out: Source: us and by hand.",
        "The last row (row 8) begins with “Total”: if it sums up the others, leave it out as a "
        "footer.",
    )


def test_merged_cells_are_named() -> None:
    made = openpyxl.load_workbook(io.BytesIO(book(one=[["Sales"], NAMES, *BODY])))
    made.active.merge_cells("A1:D1")
    made.active.merge_cells("A3:A4")
    file = io.BytesIO()
    made.save(file)
    raw = read(file.getvalue())
    assert list(raw.frame) == NAMES
    assert raw.frame["name"].isna().sum() == 1
    assert raw.notes[-1] == (
        "Merged cells hold their value in the first one only, the others are missing: "
        "A1:D1 and A3:A4."
    )


def test_names_of_groups_above_the_header_are_joined_with_it() -> None:
    made = openpyxl.load_workbook(io.BytesIO(book(one=[["g", "g2", None, "h"], NAMES, *BODY])))
    made.active.merge_cells("B1:C1")
    file = io.BytesIO()
    made.save(file)
    raw = read(file.getvalue())
    assert list(raw.frame) == ["g name", "g2 n", "g2 x", "h k"]
    assert (raw.reading.header, raw.reading.header_rows) == (1, 2)
    assert raw.notes == ("The header has 2 rows, which were joined: g name, g2 n, g2 x and h k.",)


def test_a_sheet_without_header_gets_names_by_place_and_a_note() -> None:
    raw = read(book(one=[[1, 2.5], [3, 4.5]]))
    assert raw.frame.to_dict("list") == {"column 1": [1, 3], "column 2": [2.5, 4.5]}
    assert raw.notes == (
        "The sheet has no header: its columns are named “column 1” to “column 2”.",
    )
