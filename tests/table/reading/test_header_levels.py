"""Headers of more than one row, in text and on sheets."""

import io

import openpyxl
import pandas as pd
import pytest

from tjepa.errors import ReadingError
from tjepa.table.reading.choices import FileReading
from tjepa.table.reading.raw_table import RawTable, read_table

BODY = "Graz,1,2,3\nBrno,4,5,6\nCork,7,8,9\n"


def read(text: str, **told: int) -> RawTable:
    return read_table(text.encode(), name="t.csv", reading=FileReading(**told))


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (
            ",2019,2019,2020\ntown,sales,cost,sales\n",
            ["town", "2019 sales", "2019 cost", "2020 sales"],
        ),
        (",2019,,2020\ntown,sales,cost,sales\n", ["town", "2019 sales", "2019 cost", "2020 sales"]),
        ("town,Q1,,Q2\n,sales,cost,sales\n", ["town", "Q1 sales", "Q1 cost", "Q2 sales"]),
        ("town,size,weight,age\n,cm,kg,years\n", ["town", "size cm", "weight kg", "age years"]),
        (
            "x,y,,z\n,Q1,,Q2\ntown,sales,cost,sales\n",
            ["x town", "y Q1 sales", "y Q1 cost", "z Q2 sales"],
        ),
    ],
)
def test_rows_of_a_header_are_joined_and_said(header: str, names: list[str]) -> None:
    raw = read(header + BODY)
    assert list(raw.frame) == names
    assert raw.frame.iloc[:, 1:].to_numpy().tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    levels = header.count("\n")
    assert (raw.reading.header, raw.reading.header_rows) == (1, levels)
    assert raw.notes[0].startswith(f"The header has {levels} rows, which were joined: ")


@pytest.mark.parametrize(
    "text",
    [
        "town,a,b,c\n" + BODY,
        "town,a,b,c\nGraz,unknown,2,3\n" + BODY,  # a word among numbers is no name
        "town,a,b,c\nGraz,,,\n" + BODY,
        "name,town\nx,Graz\ny,Brno\nz,Cork\n",
        "day,a\n2020-01-01,1\n2020-01-02,2\n",
    ],
)
def test_one_row_of_names_is_one(text: str) -> None:
    raw = read(text)
    assert raw.reading.header_rows == 1
    assert len(raw.frame) == text.count("\n") - 1


def test_how_many_rows_a_header_has_can_be_told() -> None:
    text = "town,size,weight,age\n,cm,kg,years\n" + BODY
    assert list(read(text, header_rows=1).frame) == ["town", "size", "weight", "age"]
    assert len(read(text, header_rows=1).frame) == 4
    three = read(text, header_rows=3)
    assert next(iter(three.frame)) == "town Graz"
    assert len(three.frame) == 2
    assert three.content_id != read(text).content_id
    below = read("made up\n" + text, header=2, header_rows=2)
    assert (list(below.frame)[1], below.reading.header) == ("size cm", 2)


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ({"header_rows": 0}, "a header has 1 to 9 rows"),
        ({"header_rows": 10}, "a header has 1 to 9 rows"),
        ({"header_rows": 9}, "has fewer rows than the 9"),
        ({"header_rows": 2, "header": 0}, "has no header"),
        ({"header_rows": 4}, "has column names but no rows"),
    ],
)
def test_a_header_that_cannot_be_is_said(told: dict[str, int], what: str) -> None:
    with pytest.raises(ReadingError, match=what):
        read("town,a,b,c\n" + BODY, **told)


def sheet(rows: list[list[object]], merged: str) -> bytes:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    for cells in merged.split():
        made.active.merge_cells(cells)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def test_merged_cells_above_names_go_for_all_their_columns() -> None:
    rows = [
        ["Sales of a company"],
        ["Town", 2019, None, 2020, "remark"],
        [None, "sales", "cost", "sales", None],
        ["Graz", 1, 2, 3, "x"],
        ["Brno", 4, 5, 6, "y"],
    ]
    raw = read_table(sheet(rows, "A1:E1 A2:A3 B2:C2 E2:E3"), name="t.xlsx")
    pd.testing.assert_frame_equal(
        raw.frame,
        pd.DataFrame(
            {
                "Town": ["Graz", "Brno"],
                "2019 sales": [1, 4],
                "2019 cost": [2, 5],
                "2020 sales": [3, 6],
                "remark": ["x", "y"],
            }
        ),
    )
    assert (raw.reading.header, raw.reading.header_rows) == (2, 2)
    assert "The header has 2 rows, which were joined" in " ".join(raw.notes)


def test_merged_cells_that_are_no_groups_make_no_header_longer() -> None:
    rows = [["town", "address", None], ["Graz", "x", 1], ["Brno", "y", 2], ["Cork", "z", 3]]
    raw = read_table(sheet(rows, "B1:C1"), name="t.xlsx")
    assert raw.reading.header_rows == 1
    assert len(raw.frame) == 3
