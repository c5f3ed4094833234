"""The rows that suggestions are found in, and their cells by kind."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from tjepa.errors import SchemaError, quoted
from tjepa.table.kinds import typed_column
from tjepa.table.schema import Column, Schema

LOOKED_AT = 50_000
NAMED = 4


@dataclass(frozen=True)
class Look:
    """A table, its schema, and the `rows` that are looked at: all, or 50,000 at random."""

    frame: pd.DataFrame
    schema: Schema
    rows: np.ndarray

    @cached_property
    def cells(self) -> dict[str, pd.Series]:
        """The features' cells in these rows, as their kinds."""
        return {column.name: self.typed(column) for column in self.schema.features}

    def typed(self, column: Column) -> pd.Series:
        frame = self.frame[list(column.names)]
        if len(self.rows) < len(frame):
            frame = frame.iloc[self.rows]
        return typed_column(
            column.cells(frame), column.kind, column.name, SchemaError, column.meaning
        )

    @property
    def of_rows(self) -> str:
        """How many rows were looked at, in words."""
        drawn = " drawn at random" if len(self.rows) < len(self.frame) else ""
        return f"{len(self.rows):,} rows{drawn}"


def look_at(frame: pd.DataFrame, schema: Schema) -> Look:
    n = len(frame)
    if n <= LOOKED_AT:
        return Look(frame, schema, np.arange(n))
    return Look(frame, schema, np.sort(np.random.default_rng(0).choice(n, LOOKED_AT, False)))


def named(names: Iterable[str]) -> str:
    """Some columns by name, and how many more there are."""
    names = list(names)
    shown = ", ".join(map(quoted, names[:NAMED]))
    return shown if len(names) <= NAMED else f"{shown} and {len(names) - NAMED:,} more"
