"""Models of a few labelled rows, which have no other labels to choose their settings by.

A linear probe has ridge regression, for classes on their ±1 codes: its penalty is chosen by leaving
one labelled row out, and so is whether each dimension is standardised or all share one scale, which
suits rare categories. Both scales are those of all training rows, which takes no label. Penalties
grow with the length of the vectors: among penalties that let a few rows be interpolated, leaving
one out finds the best ones by chance. Boosted trees choose theirs in folds of the labelled rows.
"""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from tjepa.analysis import fitting
from tjepa.analysis.fitting import Target, Trees
from tjepa.analysis.scaling import Scaling

PENALTIES = np.logspace(-1.5, 3, 10)
"""For each number of a vector."""
FOLDS = 4
DEPTHS, LEAF_ROWS = (2, 5), (2, 8)
"""Of a tree, and the fewest rows of a leaf where all classes are as likely."""
PENALTY_ROWS = 4
"""The penalty of a leaf, as so many rows that say nothing."""
STAGES = (0.125, 0.25, 0.5, 1.0)
"""Shares of the trees after which boosting may end."""
MOST_ROUNDS, MOST_TREES = 120, 4_000
"""Each round has as many trees as there are classes; the fewer rounds, the faster they learn."""
BLOCK = 4_096

Predict = Callable[[np.ndarray], np.ndarray]
"""Rows of what a model was fitted on → class codes i64 [n], or numbers f64 [n]."""


def labelled_rows(
    y: np.ndarray, train: np.ndarray, labels: int, draws: int, seed: int
) -> list[np.ndarray]:
    """So many draws of `labels` training rows, the same for every model; drawn again where a draw
    has a single class or value. Fewer draws where that takes too long.
    """
    drawn: list[np.ndarray] = []
    for attempt in range(1_000):
        random = np.random.default_rng(1_000_003 * seed + 10_000 * labels + attempt)
        rows = random.choice(train, labels, replace=False)
        if len(np.unique(y[rows])) > 1:
            drawn.append(rows)
        if len(drawn) == draws:
            break
    return drawn


def ridge(
    x: np.ndarray, target: Target, labelled: np.ndarray, scalings: tuple[Scaling, ...]
) -> Predict:
    """The linear probe on vectors f32 [N, E], with whichever scaling leaves the least error."""
    from sklearn.linear_model import RidgeClassifierCV, RidgeCV

    kind = RidgeClassifierCV if target.classes else RidgeCV
    fitted = [
        kind(PENALTIES * x.shape[1]).fit(scaled(x[labelled]), target.values[labelled])
        for scaled in scalings
    ]
    model, scaled = max(zip(fitted, scalings, strict=True), key=lambda one: one[0].best_score_)

    def predict(vectors: np.ndarray) -> np.ndarray:
        # In blocks: scaled vectors are f64, and there may be many.
        parts = np.array_split(vectors, max(1, len(vectors) // BLOCK))
        return np.concatenate([model.predict(scaled(part)) for part in parts])

    return predict


def boosted_trees(trees: Trees, target: Target, labelled: np.ndarray, seed: int) -> Predict:
    """XGBoost on the columns; depth, size of leaves and length by folds of the labelled rows."""
    from sklearn.model_selection import KFold

    folds = [
        (labelled[fit], labelled[judge])
        for fit, judge in KFold(FOLDS, shuffle=True, random_state=seed).split(labelled)
    ]
    rounds = max(8, min(MOST_ROUNDS, MOST_TREES // max(1, target.classes)))
    ends = [round(share * rounds) for share in STAGES]
    settings = list(product(DEPTHS, LEAF_ROWS))
    errors = np.zeros((len(settings), len(ends)))
    for (i, (depth, leaf)), (fit, judge) in product(enumerate(settings), folds):
        predict = _xgboost(trees, target, fit, seed, depth, leaf, rounds)
        for j, end in enumerate(ends):
            found = lost(predict(trees[0][judge], end), target.values[judge], target)
            errors[i, j] += found.sum()
    best, stage = np.unravel_index(errors.argmin(), errors.shape)
    depth, leaf = settings[best]
    predict = _xgboost(trees, target, labelled, seed, depth, leaf, rounds)
    return lambda columns: predict(columns, ends[stage])


def dummy(target: Target, labelled: np.ndarray) -> Predict:
    """Always the most frequent class, or the mean, of the labelled rows."""
    margins = fitting.dummy(target, labelled).margins
    return lambda columns: margins(columns).argmax(axis=1) if target.classes else margins(columns)


def lost(predicted: np.ndarray, truth: np.ndarray, target: Target) -> np.ndarray:
    """Per row: 1 where the class is wrong, or the squared error."""
    return np.asarray(predicted != truth if target.classes else np.square(predicted - truth))


def _xgboost(
    trees: Trees, target: Target, rows: np.ndarray, seed: int, depth: int, leaf: int, rounds: int
) -> Callable[[np.ndarray, int], np.ndarray]:
    """Predictions of the first so many rounds. Few rows may lack a class, so that codes are made
    consecutive here.
    """
    import xgboost as library

    matrix, categorical = trees
    values = target.values[rows]
    known = np.unique(values) if target.classes else None
    if known is not None:
        if len(known) == 1:
            return lambda columns, end: np.full(len(columns), known[0])
        values = np.searchsorted(known, values)
    # XGBoost counts rows by their second derivatives, which are small where there are many classes.
    weight = 1.0 if known is None else (1 + (len(known) > 2)) * (1 - 1 / len(known)) / len(known)
    kind: Any = library.XGBClassifier if target.classes else library.XGBRegressor
    model = kind(
        n_estimators=rounds,
        max_depth=depth,
        learning_rate=min(0.3, 0.1 * MOST_ROUNDS / rounds),
        min_child_weight=leaf * weight,
        reg_lambda=PENALTY_ROWS * weight,
        subsample=0.8,
        colsample_bynode=0.5,
        tree_method="hist",
        enable_categorical=True,
        feature_types=["c" if flag else "q" for flag in categorical],
        random_state=seed,
        n_jobs=1,  # of so few rows threads would only wait for each other
        verbosity=0,
    ).fit(matrix[rows], values)

    def predict(columns: np.ndarray, end: int) -> np.ndarray:
        found = np.asarray(model.predict(columns, iteration_range=(0, end)))
        return found if known is None else known[found.astype(np.int64)]

    return predict
