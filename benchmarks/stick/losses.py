"""What a model lost on each test row, and what one model gains over another, with its error.

Accuracy, or RMSE: a gain is positive where the first model is better.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Losses:
    """f32 [draws, rows]: wrong (1) or right (0), or squared errors; a draw for each label set."""

    rows: np.ndarray
    squared: bool

    @property
    def score(self) -> float:
        """Accuracy, or RMSE; the mean over the draws."""
        means = self.rows.mean(axis=1, dtype=np.float64)
        return float(np.sqrt(means).mean() if self.squared else 1 - means.mean())


def of(predicted: np.ndarray, truth: np.ndarray, squared: bool) -> np.ndarray:
    """What was lost on each row, f32 [rows]."""
    if squared:
        return np.square(predicted.astype(np.float64) - truth).astype(np.float32)
    return (predicted != truth).astype(np.float32)


def together(draws: Sequence[np.ndarray], squared: bool) -> Losses:
    return Losses(np.stack(draws), squared)


@dataclass(frozen=True)
class Gain:
    """How much better a model is than another on the same rows, and how unsure that is.

    ``error`` is the standard error of the test rows and of the label draws, ``spread`` that of the
    ``seeds``, 0 where there is one.
    """

    value: float
    error: float
    spread: float
    seeds: int


def gain(mine: Sequence[Losses], other: Sequence[Losses]) -> Gain:
    """The paired gain, the mean over seeds: `Losses` of each seed, or of one where there are none.

    Label draws that only one of the two has are left out. What a row says of a gain is averaged
    over draws and seeds before its variance is taken: noise of single encoders averages out, what
    is common to them does not. The error over rows of an RMSE is that of its linear expansion
    (delta method).
    """
    draws = min(len(one.rows) for one in (*mine, *other))
    ours, theirs = (
        [Losses(one.rows[:draws], one.squared) for one in some] for some in (mine, other)
    )
    values = np.stack([_root(one) for one in theirs]) - np.stack([_root(one) for one in ours])
    rows = _by_row(theirs) - _by_row(ours)
    variance = rows.var(ddof=1) / len(rows)
    if draws > 1:
        variance += values.mean(axis=0).var(ddof=1) / draws
    by_seed = values.mean(axis=1)
    seeds = len(by_seed)
    spread = by_seed.std(ddof=1) / seeds**0.5 if seeds > 1 else 0.0
    return Gain(float(values.mean()), float(np.sqrt(variance)), float(spread), seeds)


def _by_row(some: Sequence[Losses]) -> np.ndarray:
    return np.asarray(np.mean([_influence(one).mean(axis=0) for one in some], axis=0))


def _root(losses: Losses) -> np.ndarray:
    means = losses.rows.mean(axis=1, dtype=np.float64)
    return np.sqrt(means) if losses.squared else means


def _influence(losses: Losses) -> np.ndarray:
    rows = losses.rows.astype(np.float64)
    if not losses.squared:
        return rows
    return rows / (2 * np.maximum(_root(losses), 1e-12)[:, None])
