import datetime as dt
import decimal
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tjepa.errors import ReadingError
from tjepa.table.reading import limits
from tjepa.table.reading.raw_table import RawTable, read_table


def written(table: pa.Table) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def read(values: list[Any], kind: pa.DataType) -> RawTable:
    """A table whose first column has these values."""
    table = pa.table({"a": pa.array(values, kind), "b": pa.array(range(len(values)))})
    return read_table(written(table), name="people.parquet")


@pytest.mark.parametrize(
    ("values", "kind", "dtype", "expected", "said"),
    [
        ([1, 2], pa.int8(), "int64", [1, 2], ""),
        ([1, None], pa.int64(), "float64", [1.0, None], ""),
        ([1, 2**53 + 1], pa.int64(), "str", ["1", "9007199254740993"], "would be rounded"),
        ([2**63 + 5, None], pa.uint64(), "str", ["9223372036854775813", None], "would be rounded"),
        ([1.5, None], pa.float32(), "float64", [1.5, None], ""),
        ([1.5, float("inf")], pa.float64(), "float64", [1.5, None], "1 cell (a)"),
        ([True, None, False], pa.bool_(), "str", ["true", None, "false"], ""),
        ([decimal.Decimal("1.50")], pa.decimal128(5, 2), "float64", [1.5], "Decimals became"),
        ([dt.timedelta(seconds=1.5)], pa.duration("us"), "float64", [1.5], "seconds: a"),
        ([dt.time(1, 2)], pa.time64("us"), "str", ["01:02:00"], "became text: a"),
        ([dt.date(1, 1, 1)], pa.date32(), "datetime64[us]", [dt.datetime(1, 1, 1)], ""),
        ([0], pa.timestamp("ms"), "datetime64[us]", [dt.datetime(1970, 1, 1)], ""),
        ([0], pa.timestamp("ns"), "datetime64[ns]", [dt.datetime(1970, 1, 1)], ""),
        (
            [0],
            pa.timestamp("us", "Europe/Oslo"),
            "datetime64[us]",
            [dt.datetime(1970, 1, 1)],
            "UTC",
        ),
        ([2**60], pa.timestamp("ms"), "str", [str(2**60)], "out of range became numbers"),
        ([[1, 2], None], pa.list_(pa.int64()), "str", ["[1, 2]", None], "became text: a"),
        ([{"k": "ä"}], pa.struct({"k": pa.string()}), "str", ['{"k": "ä"}'], "became text: a"),
        ([b"x", b"\xff"], pa.binary(), "str", ["x", "ff"], "became text: a"),
        ([" x ", "NA", "", None], pa.large_string(), "str", [" x ", "NA", "", None], ""),
        (["x", None], pa.string_view(), "str", ["x", None], ""),
        ([None, None], pa.null(), "float64", [None, None], ""),
    ],
)
def test_every_type_becomes_one_of_four(
    values: list[Any], kind: pa.DataType, dtype: str, expected: list[Any], said: str
) -> None:
    raw = read(values, kind)
    column = raw.frame["a"]
    assert str(column.dtype) == dtype
    assert column.astype(object).where(column.notna(), None).to_list() == expected
    assert said in " ".join(raw.notes)
    assert bool(raw.notes) == bool(said)


def test_a_dictionary_is_its_values() -> None:
    table = pa.table({"a": pa.array(["x", None, "x"]).dictionary_encode(), "b": [1, 2, 3]})
    assert read_table(written(table)).frame["a"].dropna().to_list() == ["x", "x"]


def pandas_wrote(frame: pd.DataFrame) -> RawTable:
    file = io.BytesIO()
    frame.to_parquet(file)
    return read_table(file.getvalue())


def test_what_pandas_wrote_comes_back() -> None:
    frame = pd.DataFrame(
        {
            "x": [0.5, np.nan, 2],
            "n": [1, 2, 3],
            "t": pd.Series(["a", None, "ü"], dtype="str"),
            "d": pd.date_range("2020-01-01", periods=3, unit="us"),
        }
    )
    raw = pandas_wrote(frame)
    pd.testing.assert_frame_equal(raw.frame, frame)
    assert raw.notes == ()


def test_an_index_is_a_column_unless_it_numbers_the_rows() -> None:
    frame = pd.DataFrame({"a": [1, 5, 3], "b": ["x", "y", "z"]})
    assert list(pandas_wrote(frame).frame) == ["a", "b"]
    assert list(pandas_wrote(frame.set_index(pd.RangeIndex(3, 9, 2))).frame) == ["a", "b"]
    assert list(pandas_wrote(frame.set_index(pd.Index([5, 1, 7]))).frame) == ["a", "b", "index"]
    assert list(pandas_wrote(frame.set_index("b")).frame) == ["a", "b"]
    assert list(pandas_wrote(frame.assign(c=1).set_index(["b", "a"])).frame) == ["c", "b", "a"][:3]


def test_row_numbers_that_were_stored_are_left_out_with_a_note() -> None:
    table = pa.Table.from_pandas(pd.DataFrame({"a": [1, 5], "b": [2, 3]}), preserve_index=True)
    raw = read_table(written(table))
    assert list(raw.frame) == ["a", "b"]
    assert raw.notes == ("The index of the file, plain row numbers, was left out.",)


def test_names_are_made_unique() -> None:
    arrays = [pa.array([1]), pa.array([2]), pa.array([3])]
    raw = read_table(written(pa.Table.from_arrays(arrays, names=["a", "a", ""])))
    assert raw.frame.to_dict("list") == {"a": [1], "a (2)": [2], "column 3": [3]}


def test_too_few_or_too_many_get_their_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_CELLS", 100)
    for table, said in (
        (pa.table({"a": [1]}), "only one column"),
        (pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.int64())}), "but no rows"),
        (pa.table({f"c{i}": [1] for i in range(2001)}), "has 2,001 columns"),
        (pa.table({"a": range(51), "b": range(51)}), "more than 50 rows"),
    ):
        with pytest.raises(ReadingError, match=said):
            read_table(written(table), name="people.parquet")


def parts(folder: Path, *tables: pa.Table) -> Path:
    """A pattern of files with these tables."""
    for i, table in enumerate(tables):
        (folder / f"part-{i}.parquet").write_bytes(written(table))
    return folder / "part-*.parquet"


def test_files_with_the_same_columns_are_one_table(tmp_path: Path) -> None:
    one = pa.table({"a": [1, 2], "b": ["x", "y"]})
    two = pa.table({"b": ["z"], "a": [3.5]})
    raw = read_table(parts(tmp_path, one, two))
    assert raw.name == "part-*.parquet"
    assert raw.frame.to_dict("list") == {"a": [1.0, 2.0, 3.5], "b": ["x", "y", "z"]}
    assert raw.notes == ("2 files were read one after another: part-0.parquet and part-1.parquet.",)


def test_the_files_make_the_id_of_the_table(tmp_path: Path) -> None:
    one, two = pa.table({"a": [1], "b": [2]}), pa.table({"a": [3], "b": [4]})
    pattern = parts(tmp_path, one, two)
    both = read_table(pattern)
    assert read_table(pattern, name="renamed").content_id == both.content_id
    parts(tmp_path, two, one)
    assert read_table(pattern).content_id != both.content_id


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"a": [3], "c": [1]}, "part-0.parquet has columns that part-1.parquet has not: b"),
        (
            {"a": [3], "b": ["y"], "c": [1]},
            "part-1.parquet has columns that part-0.parquet has not",
        ),
        ({"a": ["x"], "b": ["y"]}, "Column 'a' is int64 in part-0.parquet and string in part-1"),
    ],
)
def test_files_with_other_columns_are_named_with_the_column(
    other: dict[str, list[Any]], what: str, tmp_path: Path
) -> None:
    pattern = parts(tmp_path, pa.table({"a": [1], "b": ["x"]}), pa.table(other))
    with pytest.raises(ReadingError, match=re.escape(what)):
        read_table(pattern)


def test_patterns_that_match_nothing_or_other_files_get_their_sentence(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match=r"There is no file like \*\.parquet"):
        read_table(tmp_path / "*.parquet")
    (tmp_path / "a.csv").write_bytes(b"a,b\n1,2\n")
    with pytest.raises(ReadingError, match=r"a\.csv is no Parquet file, and only those"):
        read_table(tmp_path / "*.csv")


def test_files_that_are_too_many_rows_together_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pa.table({"a": [1, 2], "b": [3, 4]})
    pattern = parts(tmp_path, table, table)
    monkeypatch.setattr(limits, "MAX_ROWS", 3)
    with pytest.raises(ReadingError, match=r"part-\*\.parquet has more than 3 rows"):
        read_table(pattern)
