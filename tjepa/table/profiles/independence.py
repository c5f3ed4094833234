"""Cramér's V of many tables of counts at once, and what chance alone would give them."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

LEVEL = 0.05
"""The chance that any pair of a whole set is called associated while none is."""


@dataclass(frozen=True)
class Strength:
    """Arrays with one entry per table: `v` in [0, 1], `p` in [0, 1], and how many `rows` it has.

    Where rows or columns of the table have fewer than two levels, nothing is `measured`: `v` is 0
    and `p` 1.
    """

    v: np.ndarray
    p: np.ndarray
    rows: np.ndarray
    measured: np.ndarray


def strength(counts: np.ndarray) -> Strength:
    """Of tables f64 [..., r, c], where empty rows and columns do not count.

    `v` is Cramér's V less what chance adds to it (Bergsma, 2013). `p` is the probability of such a
    χ² or a larger one when the rows of one column are shuffled. A gamma distribution stands for its
    distribution, with the very mean and variance that χ² has over all shuffles, which hold for
    small counts too (Haldane, 1940).
    """
    seen = _Tables(counts)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        v = seen.v()
        mean = seen.n * seen.freedom / (seen.n - 1)
        variance = seen.variance()
        p = stats.gamma.sf(seen.chi2, mean**2 / variance, scale=variance / mean)
    usable = seen.measured & np.isfinite(p) & np.isfinite(v)
    return Strength(np.where(usable, v, 0.0), np.where(usable, p, 1.0), seen.n, usable)


def only_v(counts: np.ndarray) -> np.ndarray:
    """The `v` of `strength` alone, which is much the quicker part."""
    seen = _Tables(counts)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        v = seen.v()
    return np.where(seen.measured & np.isfinite(v), v, 0.0)


def told_apart(found: Strength) -> np.ndarray:
    """bool: where all of these tables together leave no doubt, at `LEVEL` (Bonferroni)."""
    return np.asarray(found.measured & (found.p * max(1, int(found.measured.sum())) < LEVEL))


class _Tables:
    """χ² of tables f64 [..., r, c], the levels in use on each side and the degrees of freedom."""

    def __init__(self, counts: np.ndarray) -> None:
        self._rows, self._columns = counts.sum(axis=-1), counts.sum(axis=-2)
        self.n = self._columns.sum(axis=-1)
        self._r, self._c = (self._rows > 0).sum(axis=-1), (self._columns > 0).sum(axis=-1)
        self.measured = (self._r > 1) & (self._c > 1) & (self.n > 4)
        self.freedom = (self._r - 1) * (self._c - 1)
        expected = self._rows[..., :, None] * self._columns[..., None, :]
        shares = np.divide(counts**2, expected, out=np.zeros_like(counts), where=expected > 0)
        self.chi2 = np.maximum(0, self.n * (shares.sum(axis=(-2, -1)) - 1))

    def v(self) -> np.ndarray:
        excess = np.maximum(0, self.chi2 / self.n - self.freedom / (self.n - 1))
        sides = ((levels - 1) * (1 - (levels - 1) / (self.n - 1)) for levels in (self._r, self._c))
        return np.sqrt(np.minimum(1, excess / np.minimum(*sides)))

    def variance(self) -> np.ndarray:
        """Of χ² over all shuffles, both margins being fixed."""
        n = self.n
        first, second = self._parts(self._r, self._rows), self._parts(self._c, self._columns)
        return np.asarray(
            2 * n / (n - 3) * (first[0] - first[1]) * (second[0] - second[1])
            + n**2 / (n - 1) * first[1] * second[1]
        )

    def _parts(self, levels: np.ndarray, margin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        shares = np.where(margin > 0, 1 / np.maximum(margin, 1), 0).sum(axis=-1)
        even = (levels - 1) * (self.n - levels) / (self.n - 1)
        uneven = (self.n * shares - levels**2) / (self.n - 2)
        return even, uneven
