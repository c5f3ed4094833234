"""The tables of the benchmark, each with its split, and what is left out of them and why."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tjepa.pretraining import PretrainingConfig
from tjepa.table import EncodedTable, Schema, TableEncoder, infer_schema, override, typed

HOME = Path(__file__).parents[2]
DATA = Path(os.environ.get("TJEPA_BENCH_DATA", HOME.parent / "shared" / "data"))

TELLS_THE_TARGET = {
    "airlines": (
        *("DepTime", "ArrTime", "ActualElapsedTime", "AirTime", "ArrDelay", "DepDelay", "TaxiIn"),
        *("TaxiOut", "Cancelled", "CancellationCode", "Diverted", "CarrierDelay", "WeatherDelay"),
        *("NASDelay", "SecurityDelay", "LateAircraftDelay", "IsArrDelayed"),
    ),
    "bank_marketing": ("duration",),
    "bike_sharing": ("casual", "registered"),
    "nyc_taxis": ("total",),
}
"""Columns that are known only with or after the target, so that no honest model may see them."""

TEST, VALIDATION = 0.2, 0.16
"""Shares of the rows where the table has no original split, drawn with seed 0."""


@dataclass(frozen=True)
class Table:
    """A table whose rows all have a target: typed columns, target and the rows of the split.

    ``y`` is f64 for a regression, otherwise an object array of str.
    """

    name: str
    frame: pd.DataFrame
    schema: Schema
    y: np.ndarray
    task: str
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    notes: tuple[str, ...]

    def encoded(self, config: PretrainingConfig) -> tuple[TableEncoder, EncodedTable]:
        """The encoding, fitted on training rows only, and all rows in it."""
        encoder = TableEncoder.fit(
            self.frame.iloc[self.train],
            self.schema.features,
            scaling=config.scaling,
            max_categories=config.max_categories,
        )
        return encoder, encoder.transform(self.frame)


def names() -> tuple[str, ...]:
    """Every table that is there."""
    return tuple(sorted(file.stem for file in DATA.glob("*.json")))


def load(name: str) -> Table:
    """Read a table, leave out what tells the target, and split it: originally, or with seed 0."""
    about = json.loads((DATA / f"{name}.json").read_text())
    frame = pd.read_parquet(DATA / f"{name}.parquet")
    target = about["target"]
    notes = []
    ids = [column["name"] for column in about["columns"] if column.get("role") == "id"]
    leaks = [column for column in TELLS_THE_TARGET.get(name, ()) if column in frame]
    if ids:
        notes.append(f"identifiers left out: {', '.join(ids)}")
    if leaks:
        notes.append(f"columns that tell the target left out: {', '.join(leaks)}")
    frame = frame.drop(columns=[*ids, *leaks])
    task = "regression" if about["task"].startswith("regression") else "classification"
    known = frame[target].notna().to_numpy()
    if not known.all():
        notes.append(f"{int((~known).sum()):,} rows without a target left out")
    schema = override(infer_schema(frame), frame, target=target, task=task)
    y = frame[target]
    values = y.to_numpy(np.float64) if task == "regression" else y.astype(str).to_numpy(object)
    train, validation, test = (rows[known[rows]] for rows in _split(about["split"], len(frame)))
    return Table(
        name, typed(frame, schema), schema, values, task, train, validation, test, tuple(notes)
    )


def _split(original: dict | None, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Training, validation and test rows, ascending.

    Where the original split has no validation rows or no training rows, a fifth of what is not
    for the test becomes them.
    """
    random = np.random.default_rng(0)
    if original is None:
        order = random.permutation(rows)
        ends = int(TEST * rows), int((TEST + VALIDATION) * rows)
        test, validation, train = np.split(order, ends)
        return np.sort(train), np.sort(validation), np.sort(test)
    parts = {part: np.arange(*ends) for part, ends in original["ranges"].items()}
    test = parts.pop("test")
    if {"train", "val"} <= parts.keys():
        return parts["train"], parts["val"], test
    rest = random.permutation(np.concatenate(list(parts.values())))
    validation, train = np.split(rest, [len(rest) // 5])
    return np.sort(train), np.sort(validation), test
