"""The measuring stick itself: its table is what it says, and every way of reading is measured."""

from pathlib import Path

import pandas as pd
import pytest

from benchmarks import reading
from tjepa.table import infer_schema, read_table


def test_the_table_is_mixed_and_is_read_as_it_was_made(tmp_path: Path) -> None:
    file = tmp_path / "large.csv"
    reading.write_csv(file, 3_000)
    frame = read_table(file).frame
    made = reading.table(3_000).to_pandas()
    assert frame.shape == (3_000, 20)
    assert {column.kind for column in infer_schema(frame).columns} >= {
        "id", "categorical", "date", "numeric",
    }  # fmt: skip
    for name in ("order id", "price", "score", "latitude"):
        assert frame[name].to_list() == made[name].to_list()
    assert frame["postcode"].str.len().eq(5).all()
    assert frame["points"].isna().mean() == pytest.approx(0.2, abs=0.05)


def test_a_file_is_written_in_chunks_that_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CHUNK", 100)
    file = tmp_path / "large.csv"
    reading.write_csv(file, 250)
    frame = pd.read_csv(file)
    assert frame["order id"].to_list() == list(range(10_000_000, 10_000_250))
    assert frame["score"].nunique() == 250


def test_the_ratio_is_that_of_both_readers_and_the_schema_is_part_of_it(tmp_path: Path) -> None:
    file = tmp_path / "large.csv"
    reading.write_csv(file, 2_000)
    found = reading.compared(file, rounds=1)
    assert (found["rows"], found["columns"]) == (2_000, 20)
    assert found["whole_s"] == pytest.approx(found["read_s"] + found["schema_s"], abs=0.002)
    assert found["whole_ratio"] == pytest.approx(found["whole_s"] / found["pyarrow_s"], rel=0.5)
    assert found["whole_ratio"] > found["read_ratio"] > 0


def test_every_format_has_its_rate(tmp_path: Path) -> None:
    found = reading.rates(tmp_path, rows=200, rounds=1)
    assert list(found) == list(reading.SMALLER)
    for form, case in found.items():
        assert (case["rows"], case["columns"]) == (200 if form in ("parquet", "arrow") else 100, 20)
        assert case["cells_per_s"] > 0
    assert not list(tmp_path.iterdir())


def test_peak_memory_is_that_of_the_reading(tmp_path: Path) -> None:
    file = tmp_path / "large.csv"
    reading.write_csv(file, 500)
    found = reading.one_reading(file)
    assert found["peak_mb"] >= found["imports_mb"] > 0
