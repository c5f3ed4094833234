"""The measuring stick itself: its table is what it says, and every part is measured."""

from benchmarks import profiling
from tjepa.table import infer_schema


def test_the_table_is_mixed_and_has_gaps() -> None:
    frame = profiling.table(500, 16)
    assert frame.shape == (500, 16)
    schema = infer_schema(frame)
    assert {column.kind for column in schema.columns} == {"numeric", "categorical", "date"}
    assert sum(column.missing > 0 for column in schema.columns) == 6


def test_every_part_is_measured() -> None:
    found = profiling.measured(profiling.table(400, 11), "target")
    assert (found["rows"], found["columns"], found["looked_at"]) == (400, 11, 400)
    assert found["pairs"] == 55
    assert found["pictures_kb"] > 1
    assert 0 <= found["longest_s"] <= found["relations_s"]
