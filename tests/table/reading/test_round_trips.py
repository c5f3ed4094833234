"""What was written comes back: values, missing cells, names and types.

Documented differences, each asserted here by the way the expected frame is made: blanks around a
cell are stripped, an empty cell is missing, a column of nothing is float64, whole numbers with
missing cells are float64, booleans are the words true and false.
"""

import csv
import gzip
import io
import zipfile
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tjepa.table.reading.choices import FileReading
from tjepa.table.reading.raw_table import RawTable, read_table

bounded = settings(max_examples=20, derandomize=True, deadline=None)

letters = st.characters(exclude_categories=("C", "Zs", "Zl", "Zp"))
text = st.text(st.one_of(letters, st.sampled_from(" ,;|\t\"'#\n")), max_size=12)
words = text.map(lambda cell: ("w" + cell).strip())  # no number, no date, no marker of missing
plain_words = st.sampled_from(["Åsa", "two words", "a, b", 'say "hi"', "x; y", "it's", "50 %ig"])
floats = st.floats(allow_nan=False, allow_infinity=False, width=64)
prices = st.integers(-(10**9), 10**9).map(lambda cents: cents / 100)
wholes = st.integers(-(2**53) + 1, 2**53 - 1)
days = st.dates(pd.Timestamp("1700-01-01").date(), pd.Timestamp("2250-01-01").date())
moments = st.datetimes(pd.Timestamp("1700-01-01"), pd.Timestamp("2250-01-01")).map(
    lambda moment: moment.replace(microsecond=0)
)
names = st.lists(words.filter(lambda name: "\n" not in name), min_size=6, max_size=6, unique=True)


@st.composite
def frames(draw: st.DrawFn, cells: Any = words, numbers: Any = floats) -> pd.DataFrame:
    """Six columns: numbers, whole numbers, dates, moments, text, and numbers with gaps."""
    rows = draw(st.integers(1, 12))

    def column(values: Any) -> list[Any]:
        return draw(st.lists(values, min_size=rows, max_size=rows))

    return pd.DataFrame(
        {
            "number": np.array(column(numbers), dtype=float),
            "whole": np.array(column(wholes), dtype="int64"),
            "day": pd.Series(pd.to_datetime(column(days))).astype("datetime64[us]"),
            "moment": pd.Series(pd.to_datetime(column(moments))).astype("datetime64[us]"),
            "text": pd.Series(column(cells), dtype="str"),
            "gaps": np.array(column(st.one_of(st.just(np.nan), numbers)), dtype=float),
        }
    )


def assert_same(found: pd.DataFrame, frame: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, frame, check_exact=True)


def written(frame: pd.DataFrame, **options: Any) -> bytes:
    return bytes(frame.to_csv(index=False, **options).encode())


def told(data: bytes, **fields: Any) -> RawTable:
    return read_table(data, name="t.csv", reading=FileReading(**fields))


@bounded
@given(frames(), names, st.sampled_from([",", ";", "\t", "|", "^", "~"]), st.booleans())
def test_delimited_text_that_is_told_its_delimiter(
    frame: pd.DataFrame, columns: list[str], delimiter: str, everywhere: bool
) -> None:
    frame.columns = columns
    quoting = csv.QUOTE_ALL if everywhere else csv.QUOTE_MINIMAL
    data = written(frame, sep=delimiter, quoting=quoting)
    raw = told(data, delimiter=delimiter, quote='"', header=1, footer=0, comment="", decimal=".")
    assert_same(raw.frame, frame)


@bounded
@given(frames(plain_words, prices), st.sampled_from([",", ";", "\t", "|"]), st.booleans())
def test_delimited_text_that_is_found_out(
    frame: pd.DataFrame, delimiter: str, headed: bool
) -> None:
    raw = read_table(written(frame, sep=delimiter, header=headed), name="t.csv")
    assert (raw.reading.delimiter, raw.reading.header) == (delimiter, int(headed))
    if not headed:
        frame.columns = [f"column {i + 1}" for i in range(6)]
    assert_same(raw.frame, frame)


@bounded
@given(frames(plain_words, prices))
def test_semicolons_with_decimal_commas(frame: pd.DataFrame) -> None:
    raw = read_table(written(frame, sep=";", decimal=","), name="t.csv")
    assert_same(raw.frame, frame)


@bounded
@given(frames())
def test_escapes_that_are_no_doubled_quotes(frame: pd.DataFrame) -> None:
    frame["text"] = frame["text"].str.replace("\\", "/")
    data = written(frame, doublequote=False, escapechar="\\", quoting=csv.QUOTE_NONNUMERIC)
    raw = told(data, delimiter=",", header=1, footer=0, comment="", decimal=".")
    assert_same(raw.frame, frame)


@bounded
@given(
    frames(plain_words, prices),
    st.lists(st.sampled_from(["Report", "Sales of 2020", "made by hand", ""]), max_size=4),
    st.lists(st.sampled_from(["Source: us", "Note: made up", "© us"]), max_size=3),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_stands_around_a_table(
    frame: pd.DataFrame, above: list[str], below: list[str], end: str
) -> None:
    table = written(frame).decode()
    lines = [*above, table.rstrip("\n"), *([""] if below else []), *below]
    raw = read_table((end.join(lines) + end).encode(), name="t.csv")
    assert_same(raw.frame, frame)
    assert raw.reading.header == len(above) + 1
    assert raw.reading.footer == len(below)  # the blank line is none of its


@bounded
@given(
    frames(plain_words, prices),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"]),
    st.sampled_from(["plain", "gzip", "zip"]),
)
def test_encodings_and_archives(frame: pd.DataFrame, encoding: str, packed: str) -> None:
    frame["text"] = frame["text"].where(frame.index > 0, "Åsa")
    data = written(frame).decode().encode(encoding)
    if packed == "gzip":
        data = gzip.compress(data)
    elif packed == "zip":
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("t.csv", data)
        data = stream.getvalue()
    assert_same(read_table(data, name="t").frame, frame)


@bounded
@given(frames(), names)
def test_parquet_and_feather(frame: pd.DataFrame, columns: list[str]) -> None:
    frame.columns = columns
    for write in (frame.to_parquet, frame.to_feather):
        stream = io.BytesIO()
        write(stream)
        raw = read_table(stream.getvalue(), name="t")
        assert_same(raw.frame, frame)
        assert raw.notes == ()


@bounded
@given(
    frames(numbers=floats.filter(lambda number: abs(number) < 1e300)),  # or pandas rounds it up
    names,
    st.sampled_from(["records", "columns", "split", "lines"]),
)
def test_json(frame: pd.DataFrame, columns: list[str], form: str) -> None:
    frame.columns = columns
    lines = form == "lines"
    text = frame.to_json(
        orient="records" if lines else form, lines=lines, date_format="iso", double_precision=15
    )
    found = read_table(text.encode(), name="t.json").frame
    for name in (columns[0], columns[5]):  # pandas writes 15 digits after the point
        np.testing.assert_allclose(found[name], frame[name], rtol=1e-14, atol=1e-14)
        found[name] = frame[name]
    assert_same(found, frame)


@bounded
@given(frames(plain_words, prices))
def test_workbooks(frame: pd.DataFrame) -> None:
    stream = io.BytesIO()
    frame["moment"] = frame["moment"].clip(pd.Timestamp("1901-01-01"))  # Excel knows no earlier
    frame["day"] = frame["day"].clip(pd.Timestamp("1901-01-01"))
    frame["whole"] %= 10**15  # nor more than 15 digits
    frame.to_excel(stream, index=False, engine="openpyxl")
    raw = read_table(stream.getvalue(), name="t.xlsx")
    expected = frame.copy()
    for name in ("number", "gaps"):  # a cell of a sheet is 3 or 3.0 alike
        if frame[name].notna().all() and (frame[name] % 1 == 0).all():
            expected[name] = frame[name].astype("int64")
    for name in ("moment", "day"):
        expected[name] = frame[name].astype("datetime64[us]")
    assert_same(raw.frame, expected)


@bounded
@given(frames(words.filter(lambda cell: "\n" not in cell), floats))
def test_arff(frame: pd.DataFrame) -> None:
    lines = ["@relation r"]
    kinds = [
        "numeric",
        "integer",
        "date yyyy-MM-dd",
        "date 'yyyy-MM-dd HH:mm:ss'",
        "string",
        "real",
    ]
    lines += [f"@attribute {name} {kind}" for name, kind in zip(frame, kinds, strict=True)]
    lines.append("@data")
    for number, whole, day, moment, cell, gap in frame.itertuples(index=False):
        quoted = "'" + cell.replace("\\", "\\\\").replace("'", "\\'") + "'"
        missing = "?" if np.isnan(gap) else repr(gap)
        lines.append(
            f"{number!r},{whole},'{day:%Y-%m-%d}','{moment:%Y-%m-%d %H:%M:%S}',{quoted},{missing}"
        )
    raw = read_table("\n".join(lines).encode(), name="t.arff")
    assert_same(raw.frame, frame)


@pytest.mark.parametrize("form", ["csv", "json", "parquet", "xlsx"])
def test_booleans_and_whole_numbers_with_gaps_come_back_as_said(form: str) -> None:
    flags = pa.array([True, False, None])
    table = pa.table({"flag": flags, "n": pa.array([1, None, 3]), "k": pa.array([1, 2, 3])})
    stream = io.BytesIO()
    if form == "csv":
        stream.write(b"flag,n,k\ntrue,1,1\nfalse,,2\n,3,3\n")
    elif form == "json":
        stream.write(b'[{"flag":true,"n":1,"k":1},{"flag":false,"n":null,"k":2},{"n":3,"k":3}]')
    elif form == "parquet":
        pa.parquet.write_table(table, stream)
    else:
        made = openpyxl.Workbook()
        for row in (["flag", "n", "k"], [True, 1, 1], [False, None, 2], [None, 3, 3]):
            made.active.append(row)
        made.save(stream)
    expected = pd.DataFrame({"flag": ["true", "false", None], "n": [1, np.nan, 3], "k": [1, 2, 3]})
    assert_same(read_table(stream.getvalue(), name="t").frame, expected.astype({"flag": "str"}))
