"""Scores of many bootstrap resamples at once: a resample is a row of counts, f32 [B, n].

Row b of `weights` says how often each held-out row was drawn, so every score is a weighted one
and the plain score is the one with weights of 1.
"""

from collections.abc import Callable, Iterator

import numpy as np

RESAMPLES = 1_000
AUC_RESAMPLES = 300
AUC_CLASSES = 20
"""With more classes than this no ROC AUC is given."""

Scorer = Callable[[np.ndarray], np.ndarray]


def resamples(
    n: int, seed: int, *, count: int = RESAMPLES, block: int = 50
) -> Iterator[np.ndarray]:
    """Blocks of counts f32 [block, n] of draws with replacement."""
    random = np.random.default_rng(seed)
    for start in range(0, count, block):
        draws = random.integers(n, size=(min(block, count - start), n))
        yield np.stack([np.bincount(draw, minlength=n) for draw in draws]).astype(np.float32)


def accuracy(codes: np.ndarray, predicted: np.ndarray) -> Scorer:
    correct = (codes == predicted).astype(np.float32)
    return lambda weights: weights @ correct / weights.sum(axis=1)


def balanced_accuracy(codes: np.ndarray, predicted: np.ndarray) -> Scorer:
    """Mean recall over the classes that a resample holds."""
    member = (codes[:, None] == np.unique(codes)).astype(np.float32)
    correct = member * (codes == predicted)[:, None]

    def scorer(weights: np.ndarray) -> np.ndarray:
        held = (weights @ member).astype(np.float64)
        recall = np.divide(weights @ correct, held, out=np.zeros_like(held), where=held > 0)
        return np.asarray(recall.sum(axis=1) / (held > 0).sum(axis=1))

    return scorer


def roc_auc(positive: np.ndarray, scores: np.ndarray) -> Scorer:
    """Share of (positive, negative) pairs in the right order, ties counting half.

    NaN where a resample lacks one of the two.
    """
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    flags = positive[order].astype(np.float64)

    def scorer(weights: np.ndarray) -> np.ndarray:
        drawn = weights[:, order].astype(np.float64)
        high = np.add.reduceat(drawn * flags, starts, axis=1)
        low = np.add.reduceat(drawn * (1.0 - flags), starts, axis=1)
        below = np.cumsum(low, axis=1) - 0.5 * low
        pairs = high.sum(axis=1) * low.sum(axis=1)
        result = np.full(len(weights), np.nan)
        return np.divide((high * below).sum(axis=1), pairs, out=result, where=pairs > 0)

    return scorer


def mean_of(scorers: list[Scorer]) -> Scorer:
    """The mean of several scores, such as one ROC AUC per class."""
    return lambda weights: np.mean([scorer(weights) for scorer in scorers], axis=0)


def rmse(y: np.ndarray, predicted: np.ndarray) -> Scorer:
    errors = np.square(y - predicted)
    return lambda weights: np.sqrt(weights @ errors / weights.sum(axis=1))


def r2(y: np.ndarray, predicted: np.ndarray) -> Scorer:
    """1 − squared error / squared deviation from the resample's own mean; NaN if that is 0."""
    errors = np.square(y - predicted)
    centred = y - y.mean()

    def scorer(weights: np.ndarray) -> np.ndarray:
        wide = weights.astype(np.float64)
        spread = wide @ np.square(centred) - (wide @ centred) ** 2 / wide.sum(axis=1)
        result = np.full(len(weights), np.nan)
        # Where every drawn row has the same target, what is left is rounding.
        varies = spread > 1e-12 * max(float(np.square(centred).sum()), 1e-300)
        return 1.0 - np.divide(wide @ errors, spread, out=result, where=varies)

    return scorer
