"""Columns as a few levels each, so that any two of them, of whatever kind, make a table of counts.

Numbers, dates and ordinals become bins of about equally many rows, categories the largest and one
for all others. A missing cell has no level.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tjepa.progress import Progress, Work
from tjepa.table.kinds import Kind

LEVELS = 10
FLOATS = 8_000_000
"""Of the indicators that are multiplied at a time: 32 MB."""


@dataclass(frozen=True)
class Coded:
    """A column of `levels` levels: `codes` i16 [n], −1 where missing.

    `numbers` f64 [n] are its numbers with NaN where missing, for what has an order; else None.
    """

    name: str
    levels: int
    codes: np.ndarray
    numbers: np.ndarray | None = None


def bins_for(n: int) -> int:
    """How many bins `n` rows are enough for."""
    return int(np.clip(round(n ** (1 / 3)), 3, LEVELS))


def coded(cells: pd.Series, kind: Kind, order: tuple[str, ...], bins: int) -> Coded:
    """The typed `cells` in at most `bins` levels."""
    name = str(cells.name)
    if kind not in ("numeric", "date", "ordinal"):
        codes, uniques = pd.factorize(cells)
        return Coded(name, *_largest(codes, len(uniques), bins))
    if kind == "date":
        moments = cells.to_numpy("datetime64[us]")
        numbers = np.where(np.isnat(moments), np.nan, moments.astype("int64").astype(float))
    elif kind == "ordinal":
        place = {value: float(i) for i, value in enumerate(order)}
        codes, uniques = pd.factorize(cells)
        numbers = np.array([*(place.get(value, np.nan) for value in uniques), np.nan])[codes]
    else:
        numbers = cells.to_numpy(dtype=float, na_value=np.nan)
    return Coded(name, *_in_bins(numbers, bins), numbers=numbers)


def indicator(name: str, missing: np.ndarray) -> Coded:
    """Whether a cell is missing, as a column of two levels."""
    return Coded(name, 2, missing.astype(np.int16))


def tables(left: list[Coded], right: list[Coded], stage: str) -> Work[np.ndarray]:
    """Counts of each pair's levels f64 [left, right, levels, levels]."""
    n = len(left[0].codes)
    high, wide = (max(column.levels for column in some) for some in (left, right))
    found = np.zeros((len(left) * high, len(right) * wide))
    step = max(256, FLOATS // max(found.shape))
    for start in range(0, n, step):
        yield Progress(stage, start / n)
        a = _indicators(left, high, start, start + step)
        b = a if right is left else _indicators(right, wide, start, start + step)
        found += a.T @ b
    return found.reshape(len(left), high, len(right), wide).swapaxes(1, 2)


def _indicators(columns: list[Coded], levels: int, start: int, stop: int) -> np.ndarray:
    """f32 [rows, columns × levels]: 1 at the level of each cell."""
    rows = len(columns[0].codes[start:stop])
    found = np.zeros((rows, len(columns), levels), dtype=np.float32)
    for j, column in enumerate(columns):
        codes = column.codes[start:stop]
        present = np.flatnonzero(codes >= 0)
        found[present, j, codes[present]] = 1
    return found.reshape(rows, -1)


def _largest(codes: np.ndarray, n_values: int, bins: int) -> tuple[int, np.ndarray]:
    if n_values <= bins:
        return max(1, n_values), codes.astype(np.int16)
    sizes = np.bincount(codes[codes >= 0], minlength=n_values)
    places = np.full(n_values + 1, bins - 1, dtype=np.int16)
    places[np.argsort(-sizes, kind="stable")[: bins - 1]] = np.arange(bins - 1)
    places[-1] = -1
    return bins, places[codes]


def _in_bins(numbers: np.ndarray, bins: int) -> tuple[int, np.ndarray]:
    present = numbers[~np.isnan(numbers)]
    if len(present) == 0:
        return 1, np.full(len(numbers), -1, dtype=np.int16)
    few = pd.unique(present)
    if len(few) <= bins:
        edges = np.sort(few)[1:]
    else:
        ends = np.quantile(present, np.arange(1, bins) / bins, method="inverted_cdf")
        ends, times = np.unique(ends, return_counts=True)
        # A bin ends with its edge. A number that fills more than a bin is one of its own.
        edges = np.unique(np.append(np.nextafter(ends, np.inf), ends[times > 1]))
    codes = np.searchsorted(edges, numbers, side="right").astype(np.int16)
    codes[np.isnan(numbers)] = -1
    return len(edges) + 1, codes
