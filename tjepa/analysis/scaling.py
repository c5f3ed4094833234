"""Vectors brought to a common scale, before a model that has a penalty."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scaling:
    """``mean`` f64 [E], and ``scale`` f64 [E] or one number."""

    mean: np.ndarray
    scale: np.ndarray

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """Vectors [n, E], scaled: f64."""
        scaled = vectors - self.mean
        scaled /= self.scale  # in place: these are f64, and there may be many
        return np.asarray(scaled)


def standardised(x: np.ndarray, rows: np.ndarray) -> Scaling:
    """Mean 0 and variance 1 on `rows`; what does not vary there is 0."""
    mean, scale = x[rows].mean(axis=0, dtype=np.float64), x[rows].std(axis=0, dtype=np.float64)
    # A dimension that is constant but for rounding must not be blown up to unit variance.
    return Scaling(mean, np.where(scale > 1e-6 * np.maximum(np.abs(mean), 1e-6), scale, np.inf))


def centred(x: np.ndarray, rows: np.ndarray) -> Scaling:
    """Mean 0 on `rows`, and variance 1 there in the mean over dimensions."""
    mean = x[rows].mean(axis=0, dtype=np.float64)
    return Scaling(mean, np.sqrt(x[rows].var(axis=0, dtype=np.float64).mean()))
