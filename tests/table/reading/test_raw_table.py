"""What holds for every file: what it is, what it is called, and that nothing but sentences come."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.pandas import column, data_frames, range_indexes

from tjepa.errors import ReadingError
from tjepa.table.reading import limits
from tjepa.table.reading.choices import FileReading
from tjepa.table.reading.raw_table import MAX_BYTES, MAX_COLUMNS, read_table


def problem(source: bytes | Path, name: str | None = "people.csv", sheet: str | None = None) -> str:
    """The sentences of a file that is refused."""
    with pytest.raises(ReadingError) as refusal:
        read_table(source, name=name, sheet=sheet)
    text = str(refusal.value)
    assert text.endswith(".")
    assert "\n" not in text
    return text


def test_a_table_has_the_name_and_the_hash_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(b"a,b\n1,x\n")
    raw = read_table(path)
    assert raw.name == "people.csv"
    assert raw.content_id == hashlib.sha256(b"a,b\n1,x\n").hexdigest()
    assert (raw.sheet, raw.sheets, raw.notes) == (None, (), ())
    assert isinstance(raw.frame.index, pd.RangeIndex)
    assert raw.frame.to_dict("list") == {"a": [1], "b": ["x"]}


def test_the_same_bytes_are_the_same_table_whatever_they_are_called(tmp_path: Path) -> None:
    path = tmp_path / "[a]*'?.csv"
    path.write_bytes(b"a,b\n1,x\n")
    one, two = read_table(path), read_table(b"a,b\n1,x\n", name="b.xlsx")
    assert one.content_id == two.content_id
    pd.testing.assert_frame_equal(one.frame, two.frame)
    assert two.name == "b.xlsx"


@pytest.mark.parametrize("nothing", [b"", b"\n\n", b"  \r\n\t", b"\xef\xbb\xbf", b"\xff\xfe\n\0"])
def test_an_empty_file_gets_its_sentence(nothing: bytes) -> None:
    assert problem(nothing).startswith("people.csv is empty.")


@pytest.mark.parametrize("nothing", [b"# a\n# b\n# c\n", b"# a,b\n\n \t\n"])
def test_a_file_of_comments_alone_gets_its_sentence(nothing: bytes) -> None:
    with pytest.raises(ReadingError, match="has nothing but comments, lines that begin with “#”"):
        read_table(nothing, name="people.csv", reading=FileReading(comment="#"))


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is a PNG image, not a table"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "is a JPEG image"),
        (b"GIF89a\1\0\1\0", "is a GIF image"),
        (b"%PDF-1.7\n%\xe2\xe3", "is a PDF document"),
        (b"\x1f\x8b\x08\0abc", "is a damaged or incomplete gzip file"),
        (b"BZh91AY", "is a bzip2 archive. Unpack it"),
        (b"FEA1\0\0", "is a Feather file of the old version 1"),
        (b"a,b\n1,\0002\n", "byte 7 is NUL"),
        (bytes(range(1, 32)) * 9, "is a binary file"),
        (b"<!DOCTYPE html>\n<table>", "is a web page (HTML)"),
        (b'\n[{"a": 1, "b": ]', "line 2, is damaged JSON"),
        (b"% note\n@RELATION iris\n", "is an ARFF file without @data"),
        (b"PK\3\4broken", "is a damaged workbook or zip archive"),
        (b"\xff\xfea", "begins like UTF-16 text"),
        (b"PAR1 and no more PAR1", "is a damaged or encrypted Parquet file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "is a damaged workbook"),
    ],
)
def test_what_is_no_table_is_named_for_what_it_is(data: bytes, what: str) -> None:
    assert problem(data, "picture.csv").startswith(("picture.csv ", "picture.csv, "))
    assert what in problem(data, "picture.csv")


def test_a_sheet_of_what_is_no_workbook_gets_its_sentence() -> None:
    assert "people.csv is no workbook, so it has no sheet “two”" in problem(
        b"a,b\n1,2\n", sheet="two"
    )


def test_a_path_that_cannot_be_read_gets_its_sentence(tmp_path: Path) -> None:
    assert "There is no file nope.csv" in problem(tmp_path / "nope.csv", None)
    assert "is a folder" in problem(tmp_path, None)
    assert "cannot be opened" in problem(tmp_path / ("a" * 500), None)
    assert "There is no file" in problem(Path("a\0b.csv"), None)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(201 * 1024**2)
    assert path.stat().st_size > MAX_BYTES
    assert "large.csv is larger than 200 MB" in problem(path, None)


def test_too_many_columns_are_counted() -> None:
    names = ",".join(f"c{i}" for i in range(10_000))
    text = problem(f"{names}\n{names.replace('c', '')}\n".encode())
    assert "people.csv has 10,000 columns" in text
    assert f"at most {MAX_COLUMNS:,}" in text


def test_too_many_rows_get_their_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_ROWS", 100)
    assert len(read_table(b"a,b\n" + b"1,2\n" * 100).frame) == 100
    assert "more than 100 rows" in problem(b"a,b\n" + b"1,2\n" * 101)
    assert "more than 100 rows" in problem(b"a,b\n" + b"1,2\n" * 101 + b"1\n")  # ragged


def test_reading_leaves_heavy_libraries_alone() -> None:
    code = (
        "import sys; from tjepa.table.reading.raw_table import read_table; "
        "assert not {'duckdb', 'python_calamine'} & set(sys.modules); "
        "read_table(b'a,b\\n1,2\\n'); "
        "print([m for m in ('torch', 'umap', 'shap', 'xgboost', 'streamlit', 'plotly') "
        "if m in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert said.stdout == "[]\n"


def test_a_csv_can_reach_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.csv").write_bytes(b"a,b\n1,2\n")
    cells = "a,b\n\"' UNION SELECT * FROM 'secret.csv' --\",1\n*.csv,2\n"
    frame = read_table(cells.encode(), name="secret.csv").frame
    assert frame["a"].to_list() == ["' UNION SELECT * FROM 'secret.csv' --", "*.csv"]
    assert os.listdir(tmp_path) == ["secret.csv"]


def outcome(data: bytes) -> pd.DataFrame | str:
    try:
        return read_table(data, name="x").frame
    except ReadingError as refusal:
        return str(refusal)


def check_outcome(data: bytes) -> None:
    found = outcome(data)
    if isinstance(found, str):
        assert found.startswith("x")
        assert "not known here" not in found  # the sentence for what nobody foresaw
    else:
        assert found.columns.is_unique
        assert len(found)


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_a_sentence(data: bytes) -> None:
    check_outcome(data)


@given(st.lists(st.sampled_from([*",,,\n\n\n;\t|\"'ab12?-. #é", '""', "\r\n", "NA"]), max_size=60))
def test_no_text_raises_anything_but_a_sentence(parts: list[str]) -> None:
    check_outcome("".join(parts).encode())


@pytest.mark.parametrize("file", ["penguins.parquet", "raw/superstore_us_2015.xlsx"])
def test_a_damaged_file_raises_nothing_but_a_sentence(file: str, shared_data: Path) -> None:
    data = (shared_data / file).read_bytes()
    random = np.random.default_rng(0)
    for _ in range(30):
        damaged = np.frombuffer(data, np.uint8).copy()
        places = random.integers(0, len(data), 8)
        damaged[places] = random.integers(0, 256, 8)
        check_outcome(damaged.tobytes())
        check_outcome(data[: random.integers(len(data))])


words = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=8)


@given(
    data_frames(
        [
            column("float", elements=st.floats(allow_nan=True, allow_infinity=False, width=64)),
            column("int", elements=st.integers(-(2**53), 2**53), dtype=np.int64),
            column("text", elements=words.map("ä".__add__), dtype=object),
            column("two words", elements=st.sampled_from(["a, b", 'a "b"', "a\nb", "a;b", "ä\tb"])),
        ],
        index=range_indexes(min_size=1, max_size=20),
    )
)
def test_what_pandas_writes_is_read_as_it_was(frame: pd.DataFrame) -> None:
    frame = frame.astype({"text": "str", "two words": "str"})
    read = read_table(frame.to_csv(index=False).encode()).frame
    whole = frame["float"].isna().all()  # an empty column has no type
    pd.testing.assert_frame_equal(read, frame, check_exact=True, check_dtype=not whole)
