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
    """How much better a model is than another on the same rows, and its standard error."""

    value: float
    error: float


def gain(mine: Losses, other: Losses) -> Gain:
    """The paired gain; its error has a part for the test rows and one for the label draws.

    The error over rows of an RMSE is that of its linear expansion (delta method).
    """
    values = _root(other) - _root(mine)  # one per draw
    rows = (_influence(other) - _influence(mine)).mean(axis=0)
    variance = rows.var(ddof=1) / len(rows)
    if len(values) > 1:
        variance += values.var(ddof=1) / len(values)
    return Gain(float(values.mean()), float(np.sqrt(variance)))


def _root(losses: Losses) -> np.ndarray:
    means = losses.rows.mean(axis=1, dtype=np.float64)
    return np.sqrt(means) if losses.squared else means


def _influence(losses: Losses) -> np.ndarray:
    rows = losses.rows.astype(np.float64)
    if not losses.squared:
        return rows
    return rows / (2 * np.maximum(_root(losses), 1e-12)[:, None])
