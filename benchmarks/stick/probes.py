"""Small models on frozen vectors: what is lost on the test rows, and the loss on validation rows.

Everything is fitted on training rows and chosen on validation rows; with few labels, within the
labelled rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor

from benchmarks.stick import losses
from benchmarks.stick.losses import Losses
from benchmarks.stick.tables import Table
from tjepa.analysis import few_labels as few
from tjepa.analysis import fitting
from tjepa.analysis.fitting import Target
from tjepa.analysis.scaling import centred, standardised
from tjepa.pretraining import pool_tokens
from tjepa.pretraining.trained import PROJECTED
from tjepa.workbench.loaded import FLAT_LIMIT

FEW = (50, 200, 1_000)
MOST_DRAWS = 20
GBDT_DRAWS = 5
"""Of labelled rows for boosted trees, which are tuned anew on each: the first of the draws."""
NEIGHBOURS = (5, 15, 50)
KNN_ROWS = 20_000
MLP_WIDTHS = (256, 128)

NAMES = (
    "linear_flat", "linear_pool", "linear_projected", "knn",
    *(f"linear_{labels}" for labels in FEW), "mlp", "xgboost",
)  # fmt: skip
OF_TOKENS = ("linear_pool", "linear_projected")
"""Probes that the raw columns, which have no tokens, do not have: a flat one is their peer."""
FULL = frozenset({"linear_flat", "linear_pool", "knn", "mlp", "xgboost"})
"""The probes that have all labels: the best of them is chosen on validation rows."""


@dataclass(frozen=True)
class Probed:
    """``validation`` is the error rate or the RMSE there; nan with few labels, of which the first
    draws, those that boosted trees have, are also given alone.
    """

    test: Losses
    validation: float
    first_draws: Losses | None = None


class Vectors:
    """All rows of a table as vectors f32 [N, E], made of tokens f32 [N, D, H]."""

    def __init__(self, tokens: np.ndarray) -> None:
        self._tokens = tokens
        self.width = tokens.shape[1] * tokens.shape[2]

    @classmethod
    def raw(cls, matrix: np.ndarray) -> "Vectors":
        """Columns f32 [N, F], each a token of one number."""
        return cls(matrix[:, :, None])

    @cached_property
    def flat(self) -> np.ndarray:
        return pool_tokens(self._tokens, "flat")

    @cached_property
    def pooled(self) -> np.ndarray:
        return pool_tokens(self._tokens, "mean")

    @cached_property
    def projected(self) -> np.ndarray:
        return pool_tokens(self._tokens, "projected")

    @property
    def compared(self) -> np.ndarray:
        """Projected where a row is wide, as in the app, which saves trees hours. The app projects
        very many rows, too.
        """
        return self.projected if self.width > FLAT_LIMIT else self.flat


def target_of(table: Table) -> Target:
    return fitting.encode_target(table.y, table.train, table.task)


def probe(name: str, vectors: Vectors, table: Table, seed: int) -> Probed:
    """One probe on the vectors of all rows of the table."""
    target = target_of(table)
    if name == "linear_flat":
        return _linear(vectors.flat, table, target, seed)
    if name == "linear_pool":
        return _linear(vectors.pooled, table, target, seed)
    if name == "linear_projected":
        return _linear(vectors.projected, table, target, seed)
    if name == "knn":
        return _nearest(vectors.compared, table, target)
    if name == "mlp":
        return _mlp(vectors.compared, table, target, seed)
    if name == "xgboost":
        return _xgboost(vectors.compared, table, target, seed)
    return few_labels(vectors.flat, table, target, int(name.removeprefix("linear_")))


def labelled_rows(table: Table, labels: int) -> list[np.ndarray]:
    """The same few training rows for every model, and more draws the fewer labels, of which each
    says less.
    """
    count = min(MOST_DRAWS, max(GBDT_DRAWS, 4_000 // labels))
    return few.labelled_rows(table.y, table.train, labels, count, seed=0)


def possible(table: Table, width: int) -> list[str]:
    """The probes of vectors of so many numbers: narrow ones are their own projection."""
    names = [name for name in NAMES if has(name, table)]
    if width <= PROJECTED:
        names.remove("linear_projected")
    return names


def has(name: str, table: Table) -> bool:
    """Whether the table has training rows enough for the probe to have few labels."""
    labels = name.removeprefix("linear_")
    return not labels.isdigit() or int(labels) < len(table.train)


def few_labels(flat: np.ndarray, table: Table, target: Target, labels: int) -> Probed:
    """Ridge on 50 to 1,000 labelled rows."""
    scalings = (standardised(flat, table.train), centred(flat, table.train))
    squared, draws = not target.classes, []
    for rows in labelled_rows(table, labels):
        predicted = few.ridge(flat, target, rows, scalings)(flat[table.test])
        draws.append(losses.of(predicted, target.values[table.test], squared))
    first = losses.together(draws[:GBDT_DRAWS], squared)
    return Probed(losses.together(draws, squared), float("nan"), first)


def probed(
    predict: Callable[[np.ndarray], np.ndarray], x: np.ndarray, table: Table, target: Target
) -> Probed:
    """What a fitted model loses; `predict` gives class codes or numbers."""
    squared = not target.classes
    rows = fitting.judged(target, table.validation)
    chosen_by = losses.of(predict(x[rows]), target.values[rows], squared)
    test = losses.of(predict(x[table.test]), target.values[table.test], squared)
    error = float(chosen_by.mean(dtype=np.float64))
    return Probed(losses.together([test], squared), error**0.5 if squared else error)


def by_margins(
    margins: Callable[[np.ndarray], np.ndarray], target: Target
) -> Callable[[np.ndarray], np.ndarray]:
    """Class codes, or numbers, from the margins of a `Fitted`."""
    return lambda x: margins(x).argmax(axis=1) if target.classes else margins(x)


def _linear(x: np.ndarray, table: Table, target: Target, seed: int) -> Probed:
    fitted = fitting.linear_probe(x, target, table.train, table.validation, seed)
    return probed(by_margins(fitted.margins, target), x, table, target)


def _nearest(x: np.ndarray, table: Table, target: Target) -> Probed:
    rows = fitting.sampled(table.train, 0, KNN_ROWS)
    kind = KNeighborsClassifier if target.classes else KNeighborsRegressor
    tried = []
    for neighbours in NEIGHBOURS:
        model = kind(min(neighbours, len(rows)), weights="distance", algorithm="brute")
        model.fit(x[rows], target.values[rows])
        tried.append(probed(model.predict, x, table, target))
    return min(tried, key=lambda found: found.validation)


def _mlp(x: np.ndarray, table: Table, target: Target, seed: int) -> Probed:
    """Two hidden layers, stopped early on a tenth of the training rows."""
    scaled = standardised(x, table.train)
    values = target.values[table.train]
    options = {"early_stopping": _can_stop_early(values, target), "random_state": seed}
    if target.classes:
        model = MLPClassifier(MLP_WIDTHS, **options).fit(scaled(x[table.train]), values)
        return probed(lambda vectors: model.predict(scaled(vectors)), x, table, target)
    mean, scale = values.mean(), values.std()
    model = MLPRegressor(hidden_layer_sizes=MLP_WIDTHS, **options).fit(
        scaled(x[table.train]), (values - mean) / scale
    )
    return probed(lambda vectors: model.predict(scaled(vectors)) * scale + mean, x, table, target)


def _can_stop_early(values: np.ndarray, target: Target) -> bool:
    """A tenth of the rows, drawn by class, must hold each class."""
    if not target.classes:
        return len(values) >= 100
    return bool(np.bincount(values).min() >= 2 and len(values) >= 10 * target.classes)


def _xgboost(x: np.ndarray, table: Table, target: Target, seed: int) -> Probed:
    """Of the many numbers of a vector, which say much the same, few are looked at in a split."""
    width = x.shape[1]
    fitted = fitting.xgboost(
        (x, np.zeros(width, dtype=bool)), target, table.train, table.validation, seed,
        learning_rate=0.05, columns=max(0.1, min(1.0, 32 / width)),
    )  # fmt: skip
    return probed(by_margins(fitted.margins, target), x, table, target)
