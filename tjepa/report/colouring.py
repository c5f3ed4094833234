"""How a column colours the points of a map: a ramp for numbers, at most ten categories else."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

CATEGORIES = 10
MISSING = "(missing)"


@dataclass(frozen=True)
class Ramp:
    """Numbers: `values` f64 [n] with NaN where missing; `text` formats one of them for people."""

    values: np.ndarray
    low: float
    high: float
    missing: int
    dates: bool

    def text(self, value: float) -> str:
        if self.dates:
            return str(np.datetime64(int(value), "us"))[:10]
        return f"{value:,.4g}" if abs(value) < 1e5 else f"{value:,.0f}"


@dataclass(frozen=True)
class Categories:
    """`codes` i64 [n] into `labels`; `counts` per label. The last labels may be other, missing."""

    codes: np.ndarray
    labels: tuple[str, ...]
    counts: tuple[int, ...]
    n_plain: int


Colouring = Ramp | Categories


def colouring(values: pd.Series) -> Colouring:
    """The colouring of the shown rows by a typed column.

    The ten most frequent categories keep their own colour and are listed in value order; the rest
    are one "(other N)", missing cells one "(missing)". A numeric column with at most two distinct
    values is shown as categories.
    """
    if pd.api.types.is_datetime64_any_dtype(values):
        numbers = values.to_numpy("datetime64[us]")
        known = ~np.isnat(numbers)
        return _ramp(np.where(known, numbers.astype("int64"), np.nan).astype(float), dates=True)
    if pd.api.types.is_numeric_dtype(values) and values.nunique() > 2:
        return _ramp(values.to_numpy(float, na_value=np.nan), dates=False)
    return _categories(values)


def _ramp(numbers: np.ndarray, *, dates: bool) -> Ramp:
    numbers = np.where(np.isfinite(numbers), numbers, np.nan)
    known = numbers[~np.isnan(numbers)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    return Ramp(numbers, low, high, int(np.isnan(numbers).sum()), dates)


def _categories(values: pd.Series) -> Categories:
    missing = values.isna().to_numpy()
    frequent = values[~missing].value_counts()
    kept = sorted(frequent.index[:CATEGORIES], key=_value_order)
    n_other = len(frequent) - len(kept)
    numbered = {value: code for code, value in enumerate(kept)}
    codes = np.array([numbered.get(value, -1) for value in values], dtype=np.int64)
    labels = [_text(value) for value in kept]
    other = (codes < 0) & ~missing
    if n_other:
        codes[other] = len(labels)
        labels.append(f"(other {n_other:,})")
    if missing.any():
        codes[missing] = len(labels)
        labels.append(MISSING)
    counts = np.bincount(codes, minlength=len(labels))
    return Categories(codes, tuple(labels), tuple(int(c) for c in counts), len(kept))


def _value_order(value: object) -> tuple[int, float, str]:
    """Numbers by size, then text by letter, whatever their type."""
    try:
        return (0, float(str(value)), "")
    except ValueError:
        return (1, 0.0, str(value))


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
