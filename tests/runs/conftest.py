"""A small table and a store of its own for each test."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tjepa.runs import RunInfo, Store
from tjepa.table import RawTable, Schema, infer_schema


@pytest.fixture
def raw() -> RawTable:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": random.normal(40, 10, 30),
            "rooms": random.integers(1, 200, 30),
            "town": pd.Series(["Ålesund", None, "=cmd()"] * 10, dtype="str"),
            "seen": pd.date_range("2026-01-01", periods=30),
        }
    )
    frame.loc[3, "age"] = np.nan
    return RawTable(
        name="people.csv",
        content_id="ab12" * 16,
        frame=frame,
        sheet=None,
        sheets=(),
        notes=("Read as comma-separated UTF-8.",),
    )


@pytest.fixture
def schema(raw: RawTable) -> Schema:
    return infer_schema(raw.frame)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home")


@pytest.fixture
def run(store: Store, raw: RawTable, schema: Schema) -> RunInfo:
    """A run that waits in this process."""
    return store.create_run(
        table_id=store.add_table(raw),
        table_name=raw.name,
        schema=schema,
        config_json={"epochs": 3},
        rows={"total": 30, "train": 20},
    )
