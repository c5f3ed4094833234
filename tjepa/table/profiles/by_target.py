"""One column beside the target: the classes in each bin of it, or the target's mean there."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from tjepa.table.advice.look import Look
from tjepa.table.profiles.independence import strength
from tjepa.table.profiles.rows import cells_of
from tjepa.table.profiles.shapes import Counts, Shape, places
from tjepa.table.schema import Column

CLASSES = 5
"""Classes that are told apart; the rest are one."""
NORMAL_95 = 1.959964


@dataclass(frozen=True)
class ByClass:
    """Rows i64 [classes, places] in each bin or value; those without a target are not counted.

    The last class may be `other`, of `others` classes. `chance` is the probability of such
    differences by chance alone.
    """

    target: str
    classes: tuple[str, ...]
    counts: np.ndarray
    chance: float
    others: int = 0


@dataclass(frozen=True)
class ByMean:
    """The mean of the target f64 [places], NaN of nothing, and its 95 % interval's half width.

    NaN too where there are fewer than three rows. `overall` is the mean of all rows with a target,
    and `chance` the probability of such differences by chance alone (analysis of variance).
    """

    target: str
    counts: np.ndarray
    means: np.ndarray
    half: np.ndarray
    overall: float
    chance: float


def by_target(look: Look, column: Column, shape: Shape) -> ByClass | ByMean | None:
    """`column` by the target; None of the target itself and without one."""
    schema = look.schema
    if schema.target is None or schema.target == column.name:
        return None
    aim = schema.column(schema.target)
    at = places(shape, cells_of(look, column))
    n = len(shape.counts) + int(isinstance(shape, Counts) and shape.other > 0)
    if schema.task == "regression":
        y = cells_of(look, aim, "numeric").to_numpy(dtype=float, na_value=np.nan)
        known = (at >= 0) & ~np.isnan(y)
        at, some = at[known], y[known]
        counts = np.bincount(at, minlength=n)
        centre = float(np.nanmean(y)) if (~np.isnan(y)).any() else float("nan")
        some = some - centre  # else squares of large numbers would lose what differs
        with np.errstate(divide="ignore", invalid="ignore"):
            means = np.bincount(at, some, minlength=n) / counts
            squares = np.bincount(at, (some - means[at]) ** 2, minlength=n)
            half = NORMAL_95 * np.sqrt(squares / (counts - 1) / counts)
        half[counts < 3] = np.nan
        chance = _chance_of_means(counts, means, squares)
        return ByMean(aim.name, counts, means + centre, half, centre, chance)
    classes = cells_of(look, aim, "categorical")
    sizes = classes.value_counts()
    largest = sorted(sizes.index, key=lambda value: (-sizes[value], str(value)))
    kept, others = largest[:CLASSES], len(largest) - CLASSES
    if others == 1:  # one more class needs no name for the rest
        kept, others = largest, 0
    codes = classes.map({value: i for i, value in enumerate(kept)}).to_numpy(dtype=float)
    codes = np.where(np.isnan(codes) & classes.notna().to_numpy(), len(kept), codes)
    names = tuple(str(value) for value in kept)
    if others > 0:
        names = (*names, f"other {others:,}")
    known = (at >= 0) & ~np.isnan(codes)
    counts = np.zeros((len(names), n), dtype=np.int64)
    np.add.at(counts, (codes[known].astype(int), at[known]), 1)
    chance = float(strength(counts.astype(float)).p)
    return ByClass(aim.name, names, counts, chance, max(0, others))


def _chance_of_means(counts: np.ndarray, means: np.ndarray, squares: np.ndarray) -> float:
    some = counts > 0
    n, groups = int(counts.sum()), int(some.sum())
    if groups < 2 or n <= groups:
        return 1.0
    middle = (counts[some] * means[some]).sum() / n
    between = (counts[some] * (means[some] - middle) ** 2).sum() / (groups - 1)
    rest = squares.sum() / (n - groups)
    if rest == 0:
        return 1.0 if between == 0 else 0.0
    return float(stats.f.sf(between / rest, groups - 1, n - groups))
