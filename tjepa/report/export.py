"""Rows for other programs: CSV that no spreadsheet mistakes for a formula, and Parquet."""

import io
import re

import pandas as pd

# A spreadsheet runs a cell that starts like this; a plain number such as -1.5 is let through.
_FORMULA = re.compile(r"^[=+\-@\t\r\n]")
_NUMBER = re.compile(r"^[+-]?(\d+([.,]\d+)*|\.\d+)([eE][+-]?\d+)?%?$")


def to_csv(frame: pd.DataFrame) -> bytes:
    """UTF-8 CSV of `frame` without its index.

    Text that starts with `=`, `+`, `-`, `@` or a control character gets a leading `'`, in cells and
    in column names, so that opening the file in a spreadsheet runs nothing.
    """
    safe = frame.copy(deep=False)
    for position, dtype in enumerate(frame.dtypes):
        if pd.api.types.is_string_dtype(dtype) or dtype.kind == "O":
            column = frame.iloc[:, position]
            safe.isetitem(position, column.map(_neutral, na_action="ignore"))
    safe.columns = [_neutral(name) for name in frame.columns]
    return safe.to_csv(index=False).encode("utf-8")


def to_parquet(frame: pd.DataFrame) -> bytes:
    """Parquet of `frame` without its index; cells are written as they are."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _neutral(value: object) -> object:
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.match(value):
        return "'" + value
    return value
