"""The cells of a column in their own type, and how many of them differ."""

from functools import cached_property

import numpy as np
import pandas as pd


class Cells:
    """The cells of a column as they were read; what takes long to find is found once."""

    def __init__(self, values: pd.Series) -> None:
        self.values = values

    @cached_property
    def natural(self) -> "Cells":
        """The cells as `natural` has them."""
        found = natural(self.values)
        return self if found is self.values else Cells(found)

    @cached_property
    def factorized(self) -> tuple[np.ndarray, pd.Index]:
        """A code for each cell, int [n], and the distinct cells, as `factorized` has them."""
        return factorized(self.values)

    @cached_property
    def numbers(self) -> np.ndarray:
        """The finite ones of cells that are numbers, f64 [k]."""
        found = self.values.to_numpy(dtype=float, na_value=np.nan)
        return found[np.isfinite(found)]

    @cached_property
    def distinct_numbers(self) -> int:
        return distinct_in(self.numbers)


def distinct_in(present: np.ndarray) -> int:
    """How many numbers or dates [n] differ, of which none is missing."""
    # Sorting tells sooner than hashing.
    if present.dtype.kind == "M":  # numpy is quicker with numbers
        present = present.view("int64")
    ordered = np.sort(present)
    return len(ordered) and 1 + int(np.count_nonzero(ordered[1:] != ordered[:-1]))


def natural(values: pd.Series) -> pd.Series:
    """Objects that are all numbers, dates or times as such, and durations as seconds."""
    if pd.api.types.is_timedelta64_dtype(values):
        return values.dt.total_seconds()
    if values.dtype == object:
        found = pd.api.types.infer_dtype(values, skipna=True)
        if found in ("integer", "floating", "mixed-integer-float", "decimal"):
            return pd.to_numeric(values, errors="coerce")
        if found in ("date", "datetime", "datetime64"):
            return pd.to_datetime(values, errors="coerce", utc=True)
        if found == "time":
            return values.astype("str").where(values.notna())
    return values


def holds_numbers(values: pd.Series) -> bool:
    """Whether the cells are real numbers, truth values not among them."""
    kinds = pd.api.types
    return (
        kinds.is_numeric_dtype(values)
        and not kinds.is_bool_dtype(values)
        and not kinds.is_complex_dtype(values)
    )


def factorized(values: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """A code for each cell, −1 where missing, and the distinct cells."""
    try:
        codes, uniques = pd.factorize(values)
    except TypeError:  # lists and dictionaries have no hash
        codes, uniques = pd.factorize(values.map(str, na_action="ignore"))
    return codes, pd.Index(uniques)
