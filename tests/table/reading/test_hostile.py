"""Files that want to do harm, or have come to it: each is a table or a sentence, within limits.

What could end the process that reads it is read as the app does: in another one.
"""

import gzip
import io
import json
import random
import struct
from collections.abc import Callable

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest

from tests.table.reading.files import arrow, claiming, parquet, workbook, zipped
from tjepa.errors import ReadingError
from tjepa.progress import finish
from tjepa.table.reading import limits, workbook_parts
from tjepa.table.reading.guarded import read_guarded
from tjepa.table.reading.limits import MAX_CELL, Bounds
from tjepa.table.reading.raw_table import RawTable, read_table

ROWS = b"".join(b"%d,%d\n" % (i, i * 2) for i in range(50))
WORDS: list[list[object]] = [["a", "b"], ["x", "y"], ["z", "w"]]
SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
MB = b"x" * 1_000_000


def read(data: bytes) -> RawTable:
    return read_table(data, name="t.csv")


def problem(data: bytes) -> str:
    with pytest.raises(ReadingError) as refusal:
        read(data)
    return str(refusal.value)


def guarded(data: bytes, seconds: float = 120, memory: int = 1024**3) -> RawTable | str:
    """The table, or the sentence, of a process that may take so much."""
    try:
        return finish(read_guarded(data, name="t.csv", bounds=Bounds(seconds, memory)))
    except ReadingError as refusal:
        return str(refusal)


# Long cells


@pytest.mark.parametrize(
    "data",
    [
        b"a,b\n1," + MB + b"\n2,y\n3,z\n",
        b"a,b\n1," + MB + b"\n\n2,y\n3,z\n",  # a blank line: read row by row
        json.dumps([{"a": 1, "b": MB.decode()}, {"a": 2, "b": "y"}]).encode(),
        parquet(pa.table({"a": [1, 2], "b": [MB.decode(), "y"]})),
        b"@relation r\n@attribute a numeric\n@attribute b string\n@data\n1," + MB + b"\n2,y\n",
    ],
)
def test_a_cell_of_a_megabyte_is_read(data: bytes) -> None:
    assert read(data).frame["b"].iloc[0] == MB.decode()


@pytest.mark.parametrize(
    "data",
    [
        b"a,b\n" + ROWS * 500 + b"1," + 3 * MB + b"\n2,y\n",
        b"a,b\n1," + 3 * MB + b"\n2,y\n3,z\n",
        b"a,b\n1," + MB + MB[:200_000] + b"\n\n2,y\n3,z\n",
        b"a,b\n1," + MB + MB[:200_000] + b"\n2,y\n3,z\n",
        json.dumps([{"a": 1, "b": 3 * MB.decode()}, {"a": 2, "b": "y"}]).encode(),
        parquet(pa.table({"a": [1, 2], "b": [3 * MB.decode(), "y"]})),
        parquet(pa.table({"a": [1, 2], "b": [list(range(400_000)), [1]]})),
        b"@relation r\n@attribute a numeric\n@attribute b string\n@data\n1," + 3 * MB + b"\n2,y\n",
    ],
)
def test_a_longer_cell_gets_its_sentence(data: bytes) -> None:
    text = problem(data)
    assert "MB" in text
    assert "quote that is never closed" in text


def test_the_sentence_names_row_and_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_CELL", 20)
    text = problem(b"a,b\n1,x\n2," + b"y" * 30 + b"\n3,z\n")
    assert text.startswith("t.csv has a cell of 0.0 MB of text in row 2 of column 'b'")


def test_a_name_of_a_column_has_the_same_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["a", "y" * 10_000]
    data = parquet(pa.table([[1, 2], [3, 4]], names=names))
    assert list(read(data).frame) == names
    monkeypatch.setattr(limits, "MAX_CELL", 9_999)
    assert "a name of 10,000 characters over column 2" in problem(data)


# Archives


def test_archives_in_archives_are_not_unpacked() -> None:
    assert "another archive inside" in problem(zipped({"x": zipped({"x": zipped({"x": ROWS})})}))


def test_a_zip_that_understates_its_size_is_not_believed() -> None:
    assert "damaged zip archive" in problem(claiming(zipped({"x.csv": b"a,b\n" + ROWS}), 10))


def test_gzip_that_is_cut_short_gets_its_sentence() -> None:
    assert "damaged or incomplete gzip" in problem(gzip.compress(ROWS * 100)[:-20])


def test_a_zip_bomb_is_given_up_before_it_is_unpacked() -> None:
    data = zipped({"x.csv": b"a,b\n" + b"0,0\n" * 20_000_000})
    assert "more than 500 times its size" in problem(data)


# Workbooks


def padded(size: int) -> bytes:
    """A workbook whose sheet has so many blanks in its XML."""
    return workbook(
        WORDS, {SHEET: lambda part: part.replace(b"<sheetData>", b"<sheetData>" + b" " * size)}
    )


@pytest.mark.parametrize("claim", [10, 2**32 - 1])
def test_a_workbook_is_measured_whatever_its_headers_say(
    claim: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = padded(3_000_000)
    assert read(data).frame.shape == (2, 2)
    monkeypatch.setattr(workbook_parts, "MAX_UNPACKED", 2_000_000)
    assert "unpacks to more than" in problem(claiming(data, claim))


def test_the_excel_engine_sees_sizes_that_are_true() -> None:
    import zipfile

    rebuilt = workbook_parts.measured(claiming(padded(5_000), 10), "t.xlsx")
    with zipfile.ZipFile(io.BytesIO(rebuilt)) as archive:
        assert archive.testzip() is None
        assert archive.getinfo(SHEET).file_size > 5_000
    assert read(claiming(padded(5_000), 10)).frame.shape == (2, 2)


def test_a_workbook_with_a_part_that_is_not_what_it_was_is_damaged() -> None:
    data = bytearray(padded(10))
    at = data.index(SHEET.encode()) + len(SHEET) + 60
    data[at] ^= 0xFF
    assert "damaged workbook" in problem(bytes(data))


def test_a_sheet_that_claims_all_rows_and_columns_takes_no_room() -> None:
    data = workbook(
        [["a", "b"], [1, 2]], {SHEET: lambda part: part.replace(b"A1:B2", b"A1:XFD1048576")}
    )
    assert len(data) < 10_000
    found = guarded(data, memory=512 * 1024**2)
    assert isinstance(found, RawTable), found
    assert found.frame.shape == (1, 2)


def with_type(part: bytes, declared: bytes) -> bytes:
    begin = part.index(b"?>") + 2 if part.startswith(b"<?xml") else 0
    return part[:begin] + declared + part[begin:]


LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY e0 "lol">'
    + b"".join(b'<!ENTITY e%d "%s">' % (i, b"&e%d;" % (i - 1) * 10) for i in range(1, 12))
    + b"]>"
)
SECRET = b'<!DOCTYPE x [<!ENTITY e11 SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("declared", [LAUGHS, SECRET])
@pytest.mark.parametrize("name", [STRINGS, "xl/workbook.xml", SHEET])
def test_entities_of_xml_are_never_expanded(name: str, declared: bytes) -> None:
    def harm(part: bytes) -> bytes:
        part = part.replace(b"<t>x", b"<t>&e11;x").replace(b'name="Sheet"', b'name="&e11;"')
        part = part.replace(b"<v>1</v>", b"<v>&e11;</v>")
        return with_type(part, declared)

    found = guarded(workbook(WORDS, {name: harm}), memory=512 * 1024**2)
    if isinstance(found, RawTable):
        cells = " ".join(found.frame.astype(str).to_numpy().ravel())
        assert "lol" not in cells
        assert "root:" not in cells
    else:
        assert "damaged" in found


def test_one_long_text_in_many_cells_is_stopped_by_the_memory() -> None:
    cells = b"".join(
        b'<row r="%d"><c r="A%d" t="s"><v>0</v></c><c r="B%d" t="s"><v>0</v></c></row>' % (i, i, i)
        for i in range(1, 40_000)
    )
    data = workbook(
        [["a", "b"]],
        {
            SHEET: lambda part: (
                part[: part.index(b"<sheetData>") + 11]
                + cells
                + part[part.index(b"</sheetData>") :]
            ),
            STRINGS: lambda part: part.replace(b"<t>a</t>", b"<t>" + b"y" * 30_000 + b"</t>"),
        },
    )
    assert "memory" in str(guarded(data))


def test_a_formula_of_a_sheet_is_never_run() -> None:
    made, file = openpyxl.Workbook(), io.BytesIO()
    for row in (["a", "b"], ["=cmd|'/C calc'!A0", 1], ["=1+1", 2]):
        made.active.append(row)
    made.save(file)
    found = read(file.getvalue()).frame
    assert found["a"].isna().all()  # no value was stored with them
    assert found["b"].to_list() == [1, 2]


# Text


def test_text_that_looks_like_a_formula_is_text() -> None:
    cells = ["=cmd|'/C calc'!A0", "@SUM(A1)", "+1+1", "-x"]
    data = "a,b\n" + "".join(f'"{cell}",{i}\n' for i, cell in enumerate(cells))
    assert read(data.encode()).frame["a"].to_list() == cells


def test_line_ends_of_three_systems_in_one_file() -> None:
    raw = read(b"a,b\r\n1,2\n3,4\r5,6\r\n7,8\n")
    assert raw.frame.to_dict("list") == {"a": [1, 3, 5, 7], "b": [2, 4, 6, 8]}


def test_nul_bytes_get_their_sentence() -> None:
    assert "byte 7 is NUL" in problem(b"a,b\n1,\0\n2,3\n")


def test_quotes_that_do_not_come_in_pairs_lose_nothing() -> None:
    raw = read(b'a,b\n1,"x\n2,y\n3,z\n')
    assert raw.frame["b"].to_list() == ['"x', "y", "z"]
    assert "do not come in pairs" in raw.notes[0]


def test_numbers_beyond_the_range_are_missing_and_said() -> None:
    raw = read(b"a,b,c,d,e\n1e400,-1e400,nan,inf,1e-400\n1,2,3,4,5\n")
    assert raw.frame[["a", "b", "c", "d"]].iloc[0].isna().all()
    assert raw.frame["e"].to_list() == [0.0, 5.0]
    assert np.isfinite(raw.frame.iloc[1].to_numpy(float)).all()
    assert any("Infinite or too large" in note and "(a, b and d)" in note for note in raw.notes)


def test_integers_beyond_64_bits_are_kept_digit_by_digit() -> None:
    digits = ["9223372036854775808", "18446744073709551616", "9" * 40, "-" + "9" * 400]
    raw = read(("a,b\n" + "".join(f"{d},x\n" for d in digits)).encode())
    assert raw.frame["a"].to_list() == digits


@pytest.mark.parametrize("day", ["0000-01-01", "99999-01-01", "2020-02-30", "-0001-01-01"])
def test_a_date_outside_of_the_calendar_keeps_the_column_text(day: str) -> None:
    raw = read(f"a,b\n{day},1\n2020-01-01,2\n".encode())
    assert raw.frame["a"].to_list() == [day, "2020-01-01"]


def test_a_typed_date_outside_of_the_calendar_becomes_a_number() -> None:
    far = pa.array([0, 10**18], pa.timestamp("us"))
    raw = read(parquet(pa.table({"a": far, "b": [1, 2]})))
    assert raw.frame["a"].dtype != "datetime64[us]"
    assert "Dates far out of range became numbers: a." in raw.notes


def test_the_first_and_the_last_day_are_dates() -> None:
    raw = read(b"a,b\n0001-01-01,1\n9999-12-31,2\n")
    assert raw.frame["a"].dtype == "datetime64[us]"
    assert raw.frame["a"].dt.year.to_list() == [1, 9999]


@pytest.mark.parametrize(
    "make",
    [
        lambda: b"x," * (100 * 1024**2),
        lambda: b"x" * (200 * 1024**2),
        lambda: b",".join(b"c%d" % i for i in range(2_000_000)) + b"\n",
        lambda: (b",".join([b"1"] * 2_000_000) + b"\n") * 2,
    ],
    ids=[
        "200 MB of cells in one line",
        "200 MB of one cell",
        "2,000,000 names",
        "two rows of them",
    ],
)
def test_endless_lines_get_their_sentence(make: Callable[[], bytes]) -> None:
    found = guarded(make(), memory=2 * 1024**3)
    assert isinstance(found, str)
    assert found.startswith("t.csv has ")
    assert "more than 2 MB" in found or "columns" in found


def test_random_bytes_and_pictures_get_their_sentence() -> None:
    assert "not text" in problem(random.Random(1).randbytes(300_000))
    assert "PNG image" in problem(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(100))


# Parquet and Arrow


def test_a_damaged_footer_gets_its_sentence() -> None:
    data = bytearray(parquet(pa.table({"a": range(1000), "b": range(1000)})))
    for at in range(len(data) - 60, len(data) - 10):
        data[at] ^= 0x5A
    assert "damaged or encrypted Parquet" in problem(bytes(data))


def test_many_equal_cells_in_a_small_file_are_counted_before_they_are_unpacked() -> None:
    zeros = pa.array(np.zeros(6_000_000, np.int8))
    data = parquet(pa.table({"a": zeros, "b": zeros}), compression="zstd")
    assert len(data) < 100_000
    assert "more than 5,000,000 rows" in problem(data)


@pytest.mark.parametrize("typed", [True, False], ids=["a type of its own", "a way of packing"])
def test_a_dictionary_of_long_texts_is_stopped_by_the_memory(typed: bool) -> None:
    texts: pa.Array = pa.array(["q" * 1_000_000])
    rows = pa.array(np.zeros(3_000, np.int32))
    column = pa.DictionaryArray.from_arrays(rows, texts)
    if not typed:
        column = pa.chunked_array([texts] * 3_000)
    data = parquet(pa.table({"a": range(3_000), "b": column}), compression="zstd")
    assert len(data) < 1_000_000
    assert "memory" in str(guarded(data))


def test_nested_cells_become_text() -> None:
    nested = pa.table({"a": [1, 2], "b": [[{"x": [1, 2]}], None], "c": [{"k": [1]}, {"k": None}]})
    raw = read(parquet(nested))
    assert raw.frame["b"].iloc[0] == '[{"x": [1, 2]}]'
    assert "Values of other types became text: b and c." in raw.notes


def test_arrow_offsets_that_lead_elsewhere_get_their_sentence() -> None:
    data = arrow(pa.table({"a": pa.array(["xx", "yy", "zz"]), "b": [1, 2, 3]}))
    true, false = struct.pack("<4i", 0, 2, 4, 6), struct.pack("<4i", 0, 2**30, -5, 2**31 - 1)
    assert true in data
    found = guarded(data.replace(true, false))
    assert "damaged Arrow" in str(found)


# JSON and ARFF


@pytest.mark.parametrize("depth", [10_000, 1_000_000])
def test_json_of_any_depth_gets_its_sentence(depth: int) -> None:
    deep = b'[{"a":' + b"[" * depth + b"]" * depth + b',"b":1}]'
    assert "nested too deeply" in str(guarded(deep))
    assert "nested too deeply" in str(guarded(b"[" * depth))


def test_keys_that_come_twice_are_numbered() -> None:
    raw = read(b'[{"a":1,"a":2,"b":3},{"a":4,"b":5}]')
    assert list(raw.frame) == ["a", "a (2)", "b"]
    assert any("twice" in note for note in raw.notes)


def test_odd_quotes_of_arff_are_understood() -> None:
    raw = read(
        b"@relation 'x y'\n@attribute 'a \\' b' {'p, q',\"r's\",'t\\'u'}\n@attribute b numeric\n"
        b"@data\n'p, q',1\n'r\\'s',2\n't\\'u',3\n"
    )
    assert list(raw.frame) == ["a ' b", "b"]
    assert raw.frame["a ' b"].to_list() == ["p, q", "r's", "t'u"]


def test_the_limit_of_a_cell_is_more_than_a_spreadsheet_takes() -> None:
    assert MAX_CELL > 30 * 32_767
    text = pd.Series(["é" * 32_767, "x"])
    raw = read(workbook([["a", "b"], *([cell, 1] for cell in text)]))
    assert raw.frame["a"].iloc[0] == text[0]
