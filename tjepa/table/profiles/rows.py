"""The rows that are looked at, and the kind each column is looked at as."""

import numpy as np
import pandas as pd

from tjepa.errors import SchemaError
from tjepa.table.advice.look import Look
from tjepa.table.kinds import FEATURE_KINDS, Kind, read, typed_column
from tjepa.table.schema import Column, Schema

ROWS = 50_000
CELLS = 10_000_000
"""Of a wide table fewer rows are looked at, so that it is quick as well."""
LEAST_ROWS = 5_000


def draw(frame: pd.DataFrame, schema: Schema) -> Look:
    """All rows, or some drawn at random with a fixed seed, in the order of the table."""
    n = len(frame)
    limit = min(ROWS, max(LEAST_ROWS, CELLS // max(1, frame.shape[1])))
    if n <= limit:
        return Look(frame, schema, np.arange(n))
    return Look(frame, schema, np.sort(np.random.default_rng(0).choice(n, limit, replace=False)))


def rows_sentence(rows: int, n_rows: int) -> str:
    """`Looked at 50,000 of 1,000,000 rows, drawn at random.`"""
    if rows < n_rows:
        return f"Looked at {rows:,} of {n_rows:,} rows, drawn at random."
    return f"Looked at all {n_rows:,} rows." if n_rows != 1 else "Looked at the one row."


def kind_of(schema: Schema, column: Column) -> Kind:
    """The kind a column is related to others as: a target as its task takes it."""
    if column.name != schema.target:
        return column.kind
    if schema.task == "regression":
        return "numeric"
    return "ordinal" if column.kind == "ordinal" else "categorical"


def cells_of(look: Look, column: Column, kind: Kind | None = None) -> pd.Series:
    """The cells of `column` in the rows looked at, as its kind or as another one."""
    values = _as_read(look, column)
    return typed_column(values, kind or column.kind, column.name, SchemaError, column.meaning)


def missing_of(look: Look, column: Column) -> np.ndarray:
    """bool [rows]: where `column` has no value."""
    if column.kind in FEATURE_KINDS:
        return cells_of(look, column).isna().to_numpy()
    # Identifiers and prose are counted as they are.
    return read(_as_read(look, column), column.meaning).isna().to_numpy()


def _as_read(look: Look, column: Column) -> pd.Series:
    """The cells in the rows looked at; only these rows of the columns that they are read from."""
    some = {name: look.frame[name].iloc[look.rows] for name in column.names}
    return column.cells(pd.DataFrame(some)).rename(column.name)
