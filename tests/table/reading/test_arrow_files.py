import io

import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest

from tjepa.errors import ReadingError
from tjepa.table.reading import limits
from tjepa.table.reading.raw_table import RawTable, read_table

TABLE = pa.table(
    {
        "a": pa.array([1, None, 3]),
        "b": ["x", "y", None],
        "c": pa.array(["u", "v", "u"]).dictionary_encode(),
        "d": pa.array([1, 2, 3], pa.timestamp("ns")),
        "e": pa.array([[1], [2, 3], None]),
    }
)


def stream(table: pa.Table = TABLE, **options: object) -> bytes:
    file = io.BytesIO()
    with pa.ipc.new_stream(file, table.schema, **options) as writer:
        writer.write_table(table, max_chunksize=2)
    return file.getvalue()


def feather(compression: str) -> bytes:
    file = io.BytesIO()
    pyarrow.feather.write_feather(TABLE, file, compression=compression)
    return file.getvalue()


def read(data: bytes) -> RawTable:
    return read_table(data, name="t.arrow")


def problem(data: bytes) -> str:
    with pytest.raises(ReadingError) as refusal:
        read(data)
    return str(refusal.value)


@pytest.mark.parametrize(
    "data",
    [
        feather("lz4"),
        feather("zstd"),
        feather("uncompressed"),
        stream(),
        stream(options=pa.ipc.IpcWriteOptions(compression="zstd")),
    ],
    ids=["lz4", "zstd", "plain", "stream", "packed stream"],
)
def test_files_and_streams_are_read_as_parquet_is(data: bytes) -> None:
    raw = read(data)
    expected = pd.DataFrame(
        {
            "a": [1.0, None, 3.0],
            "b": ["x", "y", None],
            "c": ["u", "v", "u"],
            "d": pd.to_datetime([1, 2, 3]),
            "e": ["[1]", "[2, 3]", None],
        }
    )
    pd.testing.assert_frame_equal(raw.frame, expected)
    assert raw.reading.told == {"format": "arrow"}
    assert raw.notes == ("Values of other types became text: e.",)


def test_a_table_that_pandas_wrote_keeps_its_columns() -> None:
    file = io.BytesIO()
    frame = pd.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"]})
    frame.to_feather(file)
    pd.testing.assert_frame_equal(read(file.getvalue()).frame, frame)


def test_damaged_and_empty_tables_get_their_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for broken in (stream()[:300], feather("lz4")[:300], b"\xff\xff\xff\xff"):
        assert "t.arrow is a damaged Arrow or Feather file" in problem(broken)
    assert "no rows" in problem(stream(TABLE.slice(0, 0)))
    assert "only one column" in problem(stream(TABLE.select(["a"])))
    monkeypatch.setattr(limits, "MAX_ROWS", 2)
    assert "more than 2 rows" in problem(stream())
