"""A small mixed table, a configuration that trains on it in a blink, and runs of both."""

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from torch import Tensor

from tjepa import Workbench, finish, preset
from tjepa.pretraining import PretrainingConfig
from tjepa.table import RawTable, Schema

N = 120


def people(n: int = N) -> pd.DataFrame:
    """Columns of every kind, missing cells, and a target that two of them know."""
    random = np.random.default_rng(0)
    height = random.normal(170, 10, n)
    frame = pd.DataFrame(
        {
            "number": [f"p-{i:04d}" for i in range(n)],
            "height": height.round(1),
            "weight": (height - 100 + random.normal(0, 5, n)).round(1),
            "town": random.choice(["Oslo", "Rome", "Bonn"], n),
            "born": pd.date_range("1960-01-01", periods=n, freq="97D"),
            "size": np.where(height > 175, "large", np.where(height > 165, "medium", "small")),
        }
    )
    frame.loc[::11, "weight"] = np.nan
    frame.loc[::13, "town"] = None
    return frame.astype({"number": "str", "town": "str", "size": "str"})


def tiny(**changes: Any) -> PretrainingConfig:
    small = replace(preset("quick"), epochs=2, width=8, heads=2, ffn=16, batch_size=32)
    return replace(small, predictor_width=8, predictor_ffn=16, **changes)


def kept(bench: Workbench, frame: pd.DataFrame, name: str = "people.csv") -> str:
    """The id of `frame` as a table of `bench`."""
    digest = hashlib.sha256(frame.to_csv().encode()).hexdigest()
    return bench.store.add_table(RawTable(name, digest, frame, None, (), ()))


def trained(
    bench: Workbench, frame: pd.DataFrame, schema: Schema, config: PretrainingConfig | None = None
) -> str:
    """The id of a finished run."""
    run_id = bench.create_run(kept(bench, frame), schema, config or tiny())
    finish(bench.pretrain(run_id))
    return run_id


def encoder(bench: Workbench, run_id: str) -> dict[str, Tensor]:
    return bench.store.load_tensors(run_id, "encoder")[0]
