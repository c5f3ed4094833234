"""The measuring stick itself: its tables are what it says, and every stage is there."""

from pathlib import Path

import pandas as pd
import pytest

from benchmarks import scale
from tjepa.table import infer_schema


def test_a_table_has_the_columns_that_are_measured() -> None:
    frame = scale.table(400)
    features = infer_schema(frame.drop(columns="target")).features
    assert len(features) == scale.COLUMNS
    assert sum(column.kind == "categorical" for column in features) == scale.COLUMNS // 5


def test_a_table_is_written_in_chunks_that_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scale, "CHUNK", 100)
    file = tmp_path / "long.parquet"
    scale.write_table(file, 250)
    frame = pd.read_parquet(file)
    assert len(frame) == 250
    assert frame["n1"].nunique() > 150
    pd.testing.assert_frame_equal(frame[:100], scale.table(100), check_dtype=False)


def test_every_stage_has_its_time_and_the_peak_never_falls(tmp_path: Path) -> None:
    file = tmp_path / "long.parquet"
    scale.write_table(file, 300)
    found = scale.whole_path(file, probed=False)
    assert (found["rows"], found["columns"]) == (300, scale.COLUMNS)
    assert list(found["stages"]) == [
        "imports", "read", "schema", "estimate", "pretrain",
        "embed, mean", "embed, flat, to a file", "map",
    ]  # fmt: skip
    peaks = [stage["peak_mb"] for stage in found["stages"].values()]
    assert peaks == sorted(peaks)
    assert peaks[0] > 0


def test_the_smallest_table_is_what_the_others_are_compared_with() -> None:
    found = scale.per_row((600, 1_200), rounds=1)
    assert list(found) == ["600", "1200"]
    assert (found["600"]["train_ratio"], found["600"]["encode_ratio"]) == (1.0, 1.0)
    for case in found.values():
        assert case["train_us"] > 0
        assert case["encode_us"] > 0
