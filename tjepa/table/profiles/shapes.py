"""The shape of a distribution: bins of numbers or of time, or counts of values."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

BINS = 40
"""At most about as many; fewer where there are few cells."""
LARGEST = 20
"""Values that are counted one by one; the rest are one number."""
FAR = 5.0
"""Interquartile ranges beyond a quartile, from where on a cell may lie outside."""

_STEPS: tuple[tuple[int, str], ...] = (
    *((1, "s"), (10, "s"), (1, "m"), (10, "m"), (1, "h"), (6, "h"), (1, "D"), (7, "D")),
    *((1, "M"), (3, "M"), (1, "Y"), (2, "Y"), (5, "Y"), (10, "Y"), (25, "Y"), (100, "Y")),
    (1_000, "Y"),
)
_HUGE = 1e300
"""Beyond, what is reckoned with a number may be too large for a float."""
_MONDAY = 4
"""Days from 1 January 1970 to the first Monday."""


@dataclass(frozen=True)
class Histogram:
    """Cells per bin: `counts` [n] between `edges` [n + 1]; the last bin has its upper edge too.

    Edges of dates are microseconds since 1970. `below` and `above` count cells outside, where a few
    far ones would squeeze all others into one bin.
    """

    of: Literal["numbers", "whole numbers", "dates", "characters"]
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    below: int = 0
    above: int = 0


@dataclass(frozen=True)
class Counts:
    """Cells per value: the largest, or all in their `order`; `other` cells have `others` values."""

    values: tuple[str, ...]
    counts: tuple[int, ...]
    other: int = 0
    others: int = 0
    ordered: bool = False


Shape: TypeAlias = Histogram | Counts


def of_numbers(values: np.ndarray) -> Histogram | None:
    """The histogram of ascending f64 [n] without NaN, in bins of round width; None of nothing."""
    if len(values) == 0:
        return None
    whole = max(-values[0], values[-1]) < 2**53 and bool((values == np.round(values)).all())
    low, high = _range(values)
    edges = _whole_edges(low, high, len(values)) if whole else _edges(low, high, len(values))
    return _histogram("whole numbers" if whole else "numbers", values, edges)


def of_lengths(texts: pd.Series) -> Histogram | None:
    """The histogram of the characters of texts."""
    found = of_numbers(np.sort(texts.str.len().to_numpy(dtype=float)))
    return found and Histogram("characters", found.edges, found.counts, found.below, found.above)


def of_dates(moments: np.ndarray) -> Histogram | None:
    """The histogram of ascending datetime64[us] [n], in hours, days, months or years."""
    if len(moments) == 0:
        return None
    numbers = moments.astype("int64").astype(float)
    low, high = (np.int64(end).astype("datetime64[us]") for end in _range(numbers))
    # Steps of time are few: somewhat more bins are better than months instead of weeks.
    most = min(BINS, 3 * _most_bins(len(moments)) // 2)
    for step, unit in _STEPS:
        start = _MONDAY if (step, unit) == (7, "D") else 0
        first, last = (
            (int(end.astype(f"datetime64[{unit}]").astype("int64")) - start) // step
            for end in (low, high)
        )
        if last - first < most:
            break
    ticks = (np.arange(first, last + 2) * step + start).astype(f"datetime64[{unit}]")
    edges = ticks.astype("datetime64[us]").astype("int64").astype(float)
    return _histogram("dates", numbers, edges)


def of_categories(texts: pd.Series, order: tuple[str, ...] = ()) -> Counts | None:
    """The counts of texts, the commonest first, or in their `order`."""
    counted = texts.value_counts()
    if order:
        kept = counted.reindex(list(order), fill_value=0)
        if len(kept) > BINS:
            kept = counted
        else:
            return Counts(tuple(order), tuple(int(n) for n in kept), ordered=True)
    if len(counted) == 0:
        return None
    # The same order every time, whatever the order of the rows.
    by_size = sorted(counted.items(), key=lambda item: (-item[1], str(item[0])))
    shown, rest = by_size[:LARGEST], by_size[LARGEST:]
    return Counts(
        tuple(str(value) for value, _ in shown),
        tuple(int(n) for _, n in shown),
        other=int(sum(n for _, n in rest)),
        others=len(rest),
    )


def places(shape: Shape, cells: pd.Series) -> np.ndarray:
    """i64 [n]: the bin or value of each typed cell; that of the others is one more, none is −1."""
    if isinstance(shape, Counts):
        numbered = {value: i for i, value in enumerate(shape.values)}
        codes, uniques = pd.factorize(cells)
        last = len(shape.values) if shape.other else -1
        found = np.array([*(numbered.get(str(value), last) for value in uniques), -1])
        return found[codes]
    edges = np.asarray(shape.edges)
    if shape.of == "dates":
        moments = cells.to_numpy("datetime64[us]")
        numbers = np.where(np.isnat(moments), np.nan, moments.astype("int64").astype(float))
    elif shape.of == "characters":
        numbers = cells.str.len().to_numpy(dtype=float, na_value=np.nan)
    else:
        numbers = cells.to_numpy(dtype=float, na_value=np.nan)
    found = np.searchsorted(edges, numbers, side="right") - 1
    found[numbers == edges[-1]] = len(edges) - 2
    return np.where((numbers >= edges[0]) & (numbers <= edges[-1]), found, -1)


def quantiles(values: np.ndarray, shares: Iterable[float]) -> np.ndarray:
    """f64: those of ascending values, as `np.quantile` finds them by sorting again."""
    at = np.asarray(tuple(shares)) * (len(values) - 1)
    lower = np.floor(at).astype(int)
    rest = at - lower
    upper = np.minimum(lower + 1, len(values) - 1)
    return np.asarray(values[lower] * (1 - rest) + values[upper] * rest)


def _histogram(of: Any, values: np.ndarray, edges: np.ndarray) -> Histogram:
    ends = np.searchsorted(values, edges[:-1], side="left")
    ends = np.append(ends, np.searchsorted(values, edges[-1], side="right"))
    return Histogram(
        of,
        tuple(edges.tolist()),
        tuple(np.diff(ends).tolist()),
        below=int(ends[0]),
        above=len(values) - int(ends[-1]),
    )


def _range(values: np.ndarray) -> tuple[float, float]:
    """From where to where bins go: all cells, unless a few far ones would squeeze the others."""
    low, high = float(values[0]), float(values[-1])
    first, third = quantiles(values, (0.25, 0.75))
    with np.errstate(over="ignore"):  # infinite fences leave nothing outside
        reach = FAR * (third - first)
        fences = (first - reach, third + reach) if reach else quantiles(values, (0.01, 0.99))
    start, stop = np.searchsorted(values, fences[0]), np.searchsorted(values, fences[1], "right")
    if stop == start or values[start] == values[stop - 1]:
        return low, high
    near = float(values[start]), float(values[stop - 1])
    # Halves, as the whole may be too large for a float.
    return near if high / 2 - low / 2 > near[1] - near[0] else (low, high)


def _most_bins(n: int) -> int:
    return int(np.clip(np.ceil(2 * n ** (1 / 3)), 8, BINS))


def _edges(low: float, high: float, n: int) -> np.ndarray:
    most = _most_bins(n)
    countable = max(abs(low), abs(high)) < _HUGE and high - low > 1 / _HUGE
    step = _round_up((high - low) / most) if countable else 0.0
    if step > 1e-12 * max(abs(low), abs(high)):
        edges = np.arange(np.floor(low / step), np.ceil(high / step) + 1) * step
        edges[0], edges[-1] = min(edges[0], low), max(edges[-1], high)
        return np.unique(edges)
    if low == high:
        room = abs(low) * 1e-3 or 0.5
        return np.array([low - room, low + room])
    return np.unique(2 * np.linspace(low / 2, high / 2, most + 1))


def _whole_edges(low: float, high: float, n: int) -> np.ndarray:
    """Edges half-way between whole numbers, so that no bin has one of them more than another."""
    step = max(1.0, _round_up((high - low + 1) / _most_bins(n)))
    step = 3.0 if step == 2.5 else step
    first, last = np.floor(low / step), np.floor(high / step)
    return np.arange(first, last + 2) * step - 0.5


def _round_up(width: float) -> float:
    """The next of 1, 2, 2.5, 5 and 10 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(width))
    return float(next(k * power for k in (1, 2, 2.5, 5, 10) if k * power >= width * (1 - 1e-9)))
