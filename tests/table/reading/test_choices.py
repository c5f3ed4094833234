"""What a person says about a file is obeyed; the rest is found out."""

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from tests.table.reading.test_workbooks import book
from tjepa.errors import ReadingError
from tjepa.table import APPLIES, FORMATS, FOUND_OUT, FileReading
from tjepa.table.reading.raw_table import RawTable, read_table


def read(text: str | bytes, **told: str | int) -> RawTable:
    data = text.encode() if isinstance(text, str) else text
    return read_table(data, name="people.csv", reading=FileReading(**told))


def problem(text: str | bytes, **told: str | int) -> str:
    with pytest.raises(ReadingError) as refusal:
        read(text, **told)
    return str(refusal.value)


def test_what_was_found_out_is_said() -> None:
    raw = read("Report\n\n# c\na;b\n1,5;'x;y'\n2,5;z\n2,5;z\n\nSource: us\n".encode("utf-16"))
    assert raw.reading == FileReading("text", "utf-16", ";", "'", ",", "", "#", 4, 1, 1)
    assert raw.frame.to_dict("list") == {"a": [1.5, 2.5, 2.5], "b": ["x;y", "z", "z"]}


def test_nothing_told_is_the_hash_of_the_bytes_and_anything_told_another() -> None:
    data = b"a,b\n1,2\n3,4\n"
    plain = hashlib.sha256(data).hexdigest()
    assert read(data).content_id == read_table(data, reading=FOUND_OUT).content_id == plain
    told = [{"header": 0}, {"header": 1}, {"header": 2}, {"delimiter": ","}, {"footer": 1}]
    ids = {read(data, **fields).content_id for fields in told}
    assert len(ids | {plain}) == len(told) + 1
    assert read(data, header=0).content_id == read(data, header=0).content_id


@pytest.mark.parametrize(
    ("text", "told", "names", "rows"),
    [
        ("a b\n1 2\n", {"delimiter": " "}, ["a", "b"], [[1, 2]]),
        ("a,b;c\n1,2;3\n", {"delimiter": ","}, ["a", "b;c"], [[1, "2;3"]]),
        ("a,b;c\n1,2;3\n", {"delimiter": ";"}, ["a,b", "c"], [[1.2, 3]]),
        ("a~b\n1~2\n", {"delimiter": "~"}, ["a", "b"], [[1, 2]]),
        ('a,b\n"1,2\n"3,4\n', {"quote": ""}, ["a", "b"], [['"1', 2], ['"3', 4]]),
        ("a,b\n'x,y',2\n", {"quote": "'"}, ["a", "b"], [["x,y", 2]]),
        ("a;b\n1,5;x\n1;y\n", {"decimal": ","}, ["a", "b"], [[1.5, "x"], [1.0, "y"]]),
        ("a;b\n1,5;x\n1;y\n", {"decimal": "."}, ["a", "b"], [["1,5", "x"], ["1", "y"]]),
        ("a;b\n1.234;x\n1;y\n", {"decimal": ","}, ["a", "b"], [[1234, "x"], [1, "y"]]),
        ("a;b\n1.234;x\n1;y\n", {"thousands": "."}, ["a", "b"], [[1234, "x"], [1, "y"]]),
        ("a;b\n1_000;x\n1;y\n", {"thousands": "_"}, ["a", "b"], [[1000, "x"], [1, "y"]]),
        ("a\tb\n1,234\tx\n", {"thousands": ","}, ["a", "b"], [[1234, "x"]]),
        ("a\tb\n1 234\tx\n1\ty\n", {"thousands": ""}, ["a", "b"], [["1 234", "x"], ["1", "y"]]),
        ("a,b\n%x,1\ny,2\n", {"comment": "%"}, ["a", "b"], [["y", 2]]),
        ("a,b\n# x\n#y,2\n", {"comment": "#"}, ["a", "b"], None),
        ("x,y\nz,w\na,b\n1,2\n", {"header": 3}, ["a", "b"], [[1, 2]]),
        ("\n\na,b\n1,2\n", {"header": 4}, ["1", "2"], None),
        ("a,b\n1,2\n", {"header": 0}, ["column 1", "column 2"], [["a", "b"], ["1", "2"]]),
        ("1,2\n3,4\n", {"header": 1}, ["1", "2"], [[3, 4]]),
        ("a,b\n1,2\n3,4\n5,6\n\n", {"footer": 2}, ["a", "b"], [[1, 2]]),
        ("a,b,c\n1,2,3\nTotal: 1\n", {"footer": 0}, ["a", "b", "c"], [["1", 2.0, 3.0], None]),
    ],
)
def test_a_field_that_is_told_is_obeyed(
    text: str, told: dict[str, str | int], names: list[str], rows: list[list[object] | None] | None
) -> None:
    if rows is None:
        assert "has column names but no rows" in problem(text, **told)
        return
    raw = read(text, **told)
    assert list(raw.frame) == names
    found = raw.frame.to_numpy(dtype=object).tolist()
    assert len(found) == len(rows)
    assert [row for row in rows if row] == [f for f, row in zip(found, rows, strict=True) if row]
    assert {name: raw.reading.told[name] for name in told} == told


def test_an_encoding_that_is_told_is_obeyed() -> None:
    data = "имя,b\nа,1\n".encode("cp1251")
    raw = read(data, encoding="windows-1251")
    assert raw.frame.to_dict("list") == {"имя": ["а"], "b": [1]}
    assert raw.notes == ()
    assert "byte 1 does not fit" in problem(data, encoding="utf-8")
    for unknown in ("nope", "base64", "rot13", ""):
        assert "there is no such encoding" in problem(data, encoding=unknown)


def test_lines_above_a_header_that_is_told_are_named() -> None:
    raw = read("x,y\n\na,b\n1,2\n", header=3)
    assert raw.notes == ("A line above the header was left out: x,y.",)
    assert "line 5, has 3 cells" in problem("x,y\n\na,b\n1,2\n1,2,3\n3,4\n", header=3)


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ({"delimiter": ""}, "without a delimiter"),
        ({"delimiter": ";;"}, "with ';;' as its delimiter: give one character"),
        ({"quote": "\n"}, "as its quote: give one character"),
        ({"delimiter": "|"}, "is not divided into cells by '|'"),
        ({"decimal": ""}, "the decimal mark is “.” or “,”, not ''"),
        ({"decimal": ",", "thousands": ","}, "cannot be the decimal mark and the thousands mark"),
        ({"delimiter": '"', "quote": '"'}, "be a quote or comment mark at once"),
        ({"header": 9}, "has no line 9 with names of columns"),
        ({"header": -1}, "header is a number from 0 on"),
        ({"footer": 9}, "nothing but a footer, if that is 9 lines"),
    ],
)
def test_what_cannot_be_obeyed_is_said(told: dict[str, str | int], what: str) -> None:
    text = problem("a,b\n1,2\n", **told)
    assert text.startswith("people.csv")
    assert what in text


def test_what_means_nothing_for_a_format_is_refused(shared_data: Path) -> None:
    with pytest.raises(ReadingError, match=r"is Parquet: “delimiter” does not apply"):
        read_table(shared_data / "penguins.parquet", reading=FileReading(delimiter=";"))
    assert "is JSON: “header” does not apply" in problem('[{"a": 1, "b": 2}]', header=2)


def test_every_format_has_a_name_and_its_fields() -> None:
    assert set(FORMATS) == set(APPLIES)
    fields = set(FileReading("", "", "", "", "", "", "", 0, 0, 0).told) - {"format"}
    assert {field for applies in APPLIES.values() for field in applies} == fields


def test_a_reading_survives_json() -> None:
    reading = FileReading("text", delimiter="\t", quote="", header=0)
    assert FileReading.from_json(reading.told) == reading
    assert FileReading.from_json({"delimiter": ";", "later": 1}) == FileReading(delimiter=";")
    assert FileReading.from_json({}) == FOUND_OUT


def test_rows_of_a_sheet_can_be_told() -> None:
    data = book(one=[[], ["a", "b"], ["c", 5], [1, 2], [3, 4]])

    def sheet(**told: int) -> RawTable:
        return read_table(data, name="b.xlsx", reading=FileReading(**told))

    assert sheet().reading == FileReading(
        "workbook", decimal=".", thousands="", header=2, footer=0, header_rows=1
    )
    assert sheet(header=3).frame.to_dict("list") == {"c": [1, 3], "5": [2, 4]}
    assert sheet(header=3).notes == ("A line above the header was left out: a b.",)
    assert sheet(header=0).frame.shape == (4, 2)
    assert sheet(header=3, footer=1).frame.to_dict("list") == {"c": [1], "5": [2]}
    assert sheet(header=3).content_id != sheet().content_id
    for row in (1, 6):
        with pytest.raises(ReadingError, match=rf"row {row}: the filled rows are 2 to 5"):
            sheet(header=row)


def test_marks_of_numbers_on_a_sheet_can_be_told() -> None:
    data = book(one=[["a", "b"], ["1,234", 1.5], ["5,678", 2.5]])
    told = FileReading(thousands=",")
    frame = read_table(data, name="b.xlsx", reading=told).frame
    pd.testing.assert_frame_equal(frame, pd.DataFrame({"a": [1234, 5678], "b": [1.5, 2.5]}))
