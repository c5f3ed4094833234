"""What a model lost on each test row, and what one model gains over another, with its error.

Accuracy, or RMSE: a gain is positive where the first model is better.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Losses:
    """What a model lost, over draws of labelled rows: one where it has them all.

    ``draws`` f64 [draws]: the error rate or RMSE of each. ``rows`` f32 [rows]: what each test row
    adds to them, the mean over draws; of an RMSE by its linear expansion (delta method).
    """

    draws: np.ndarray
    rows: np.ndarray
    squared: bool

    @property
    def score(self) -> float:
        """Accuracy, or RMSE; the mean over the draws."""
        mean = float(self.draws.mean())
        return mean if self.squared else 1 - mean


def of(predicted: np.ndarray, truth: np.ndarray, squared: bool) -> np.ndarray:
    """What was lost on each row, f32 [rows]."""
    if squared:
        return np.square(predicted.astype(np.float64) - truth).astype(np.float32)
    return (predicted != truth).astype(np.float32)


def together(draws: Sequence[np.ndarray], squared: bool) -> Losses:
    """Of what was lost on each row in each draw."""
    lost = np.stack(draws).astype(np.float64)
    found = lost.mean(axis=1)
    if squared:
        found = np.sqrt(found)
        lost = lost / (2 * np.maximum(found, 1e-12)[:, None])
    return Losses(found, lost.mean(axis=0).astype(np.float32), squared)


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

    What a row says of a gain is averaged over draws and seeds before its variance is taken: noise
    of single encoders averages out, what is common to them does not. ValueError where the two have
    not as many label draws.
    """
    if len(mine[0].draws) != len(other[0].draws):
        raise ValueError(f"{len(mine[0].draws)} label draws beside {len(other[0].draws)}")
    values = _draws(other) - _draws(mine)
    rows = _by_row(other) - _by_row(mine)
    variance = rows.var(ddof=1) / len(rows)
    draws = values.shape[1]
    if draws > 1:
        variance += values.mean(axis=0).var(ddof=1) / draws
    by_seed = values.mean(axis=1)
    seeds = len(by_seed)
    spread = by_seed.std(ddof=1) / seeds**0.5 if seeds > 1 else 0.0
    return Gain(float(values.mean()), float(np.sqrt(variance)), float(spread), seeds)


def _draws(some: Sequence[Losses]) -> np.ndarray:
    return np.stack([one.draws for one in some])


def _by_row(some: Sequence[Losses]) -> np.ndarray:
    return np.mean([one.rows for one in some], axis=0, dtype=np.float64)
