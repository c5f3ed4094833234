"""The models that are compared: linear probes, boosted trees, and a dummy.

Every choice is made on the validation rows: the strength of a probe's penalty, the number of
trees. `Fitted` hides the differences: one output per class, or one prediction.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tjepa.analysis.scaling import standardised
from tjepa.errors import AnalysisError

TRAIN_LIMIT = 50_000
VALIDATION_LIMIT = 20_000
TEST_LIMIT = 50_000
"""Of so many rows, the 95 % interval of an accuracy is at most 0.9 points wide."""
MOST_ROWS = TRAIN_LIMIT + VALIDATION_LIMIT + TEST_LIMIT
"""That a probe looks at."""
SEARCH_LIMIT = 10_000
"""Rows on which the penalty of a logistic probe is chosen; it is then fitted on all of them."""
STRENGTHS = (1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
"""Of a logistic probe, scikit-learn's C: from the strongest penalty to the weakest."""
PENALTIES = (0.01, 0.1, 1.0, 10.0, 100.0, 1_000.0, 10_000.0)
TREES = 1_000
PATIENCE = 30
LEARNING_RATE = 0.1
BINS = 255

Trees = tuple[np.ndarray, np.ndarray]
"""f64 [N, D] with NaN for missing, and bool [D]: which features are category codes."""


@dataclass(frozen=True)
class Target:
    """What is predicted: codes of the training classes (−1: a class not among them) or numbers.

    `labels` is empty for regression; `explained` is the class whose log-odds are the score.
    """

    values: np.ndarray
    labels: tuple[str, ...]
    explained: int

    @property
    def classes(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Fitted:
    """A fitted model. `margins` maps its input to f64 [n, classes], or f64 [n] for regression.

    Margins are log probabilities up to a constant per row.
    """

    margins: Callable[[np.ndarray], np.ndarray]
    explained: int
    output: str

    def predict_score(self, x: np.ndarray) -> np.ndarray:
        """f64 [n] in the units of `output`: the prediction, or the log-odds of one class."""
        return score(self.margins(x), self.explained)


@dataclass(frozen=True)
class ChosenRows:
    """Row numbers i64, ascending, that models are fitted on, chosen by and scored on.

    `left_out` has a sentence for each kind of row that the sets do without.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    left_out: tuple[str, ...]

    @property
    def everything(self) -> np.ndarray:
        """The rows of all three sets, i64, ascending."""
        return np.sort(np.concatenate([self.train, self.validation, self.test]))

    def within(self, rows: np.ndarray) -> "ChosenRows":
        """The same rows as places in `rows`, ascending numbers that hold them all."""
        sets = (self.train, self.validation, self.test)
        train, validation, test = (np.searchsorted(rows, numbers) for numbers in sets)
        return replace(self, train=train, validation=validation, test=test)


def choose_rows(
    y: np.ndarray,
    split_rows: tuple[np.ndarray, np.ndarray, np.ndarray],
    task: str,
    *,
    seed: int,
) -> ChosenRows:
    """The rows with a target of the training, validation and test rows; of many, a sample.

    The limits are 50,000 rows to fit on, 20,000 to choose by and 50,000 to score.
    """
    known = [usable(y, rows, task) for rows in split_rows]
    limits = (TRAIN_LIMIT, VALIDATION_LIMIT, TEST_LIMIT)
    sets = [sampled(rows, seed, limit) for rows, limit in zip(known, limits, strict=True)]
    sentences = []
    if unlabelled := sum(map(len, split_rows)) - sum(map(len, known)):
        sentences.append(f"Rows without a target, left out: {unlabelled:,}.")
    parts = (
        ("Every model was fitted on", "training"),
        ("Settings were chosen on", "validation"),
        ("Scores are those of", "held-out"),
    )
    for (opening, name), rows, of in zip(parts, sets, known, strict=True):
        if len(rows) < len(of):
            sentences.append(f"{opening} a random {len(rows):,} of {len(of):,} {name} rows.")
    train, validation, test = sets
    return ChosenRows(train, validation, test, tuple(sentences))


def fit_linear_probe(
    x: np.ndarray,
    y: np.ndarray,
    train: np.ndarray,
    validation: np.ndarray,
    task: str,
    seed: int,
) -> Fitted:
    """Logistic or ridge regression on standardised vectors f32 [N, E].

    The mean, the scale and the weights come from the training rows (a sample of 50,000 of a
    longer table), the penalty from the validation rows.

    Raises
    ------
    AnalysisError
        When the training rows hold a single class or one constant target, or a set is empty.
    """
    train, validation = sampled(usable(y, train, task), seed), usable(y, validation, task)
    return linear_probe(x, encode_target(y, train, task), train, validation, seed)


def fit_gbdt(
    trees: Trees,
    y: np.ndarray,
    train: np.ndarray,
    validation: np.ndarray,
    task: str,
    seed: int,
) -> Fitted:
    """XGBoost on the columns themselves, stopped early on the validation rows.

    Raises as `fit_linear_probe` does.
    """
    train, validation = sampled(usable(y, train, task), seed), usable(y, validation, task)
    return xgboost(trees, encode_target(y, train, task), train, validation, seed)


def usable(y: np.ndarray, rows: np.ndarray, task: str) -> np.ndarray:
    """Those of `rows` whose target is known."""
    rows = np.asarray(rows, dtype=np.int64)
    if task == "regression":
        return rows[np.isfinite(np.asarray(y[rows], dtype=np.float64))]
    return rows[[isinstance(value, str) or _known(value) for value in y[rows]]]


def encode_target(y: np.ndarray, train: np.ndarray, task: str) -> Target:
    """The target as numbers, its classes being those of the training rows, in sorted order."""
    if len(train) == 0:
        raise AnalysisError("No training row has a target, so there is nothing to fit.")
    if task == "regression":
        values = np.asarray(y, dtype=np.float64)
        if np.ptp(values[train]) == 0:
            raise AnalysisError(
                "The target is the same in every training row: there is nothing to predict."
            )
        return Target(values, (), 0)
    labels = sorted({str(value) for value in y[train]})
    if len(labels) < 2:
        raise AnalysisError(
            f"The target has a single class in the training rows ('{labels[0]}'): "
            "there is nothing to tell apart. Choose another target."
        )
    code = {label: i for i, label in enumerate(labels)}
    values = np.array([code.get(str(value), -1) for value in y], dtype=np.int64)
    counts = np.bincount(values[train], minlength=len(labels))
    return Target(values, tuple(labels), 1 if len(labels) == 2 else int(counts.argmax()))


def score(margins: np.ndarray, explained: int) -> np.ndarray:
    """Log-odds of one class against the rest, f64 [n]; a regression's prediction as it is."""
    if margins.ndim == 1:
        return margins
    rest = np.delete(margins, explained, axis=1)
    highest = rest.max(axis=1, keepdims=True)
    against = highest[:, 0] + np.log(np.exp(rest - highest).sum(axis=1))
    return np.asarray(margins[:, explained] - against)


def linear_probe(
    x: np.ndarray, target: Target, train: np.ndarray, validation: np.ndarray, seed: int
) -> Fitted:
    validation = judged(target, validation)
    scaling = standardised(x, train)

    def scaled(vectors: np.ndarray) -> np.ndarray:
        return scaling(vectors).astype(np.float32)

    fit = _logistic if target.classes else _ridge
    weights, offset = fit(
        scaled(x[train]),
        target.values[train],
        scaled(x[validation]),
        target.values[validation],
        seed,
    )

    def margins(vectors: np.ndarray) -> np.ndarray:
        return np.asarray(scaled(vectors) @ weights + offset, dtype=np.float64)

    return Fitted(margins, target.explained, _output(target))


def xgboost(
    trees: Trees,
    target: Target,
    train: np.ndarray,
    validation: np.ndarray,
    seed: int,
    learning_rate: float = LEARNING_RATE,
    columns: float = 1.0,
) -> Fitted:
    """Boosted trees; at each split only the share `columns` of all columns is looked at."""
    import xgboost as library

    matrix, categorical = trees
    validation = judged(target, validation)
    kind = library.XGBClassifier if target.classes else library.XGBRegressor
    model = kind(
        n_estimators=TREES,
        learning_rate=learning_rate,
        colsample_bynode=columns,
        early_stopping_rounds=PATIENCE,
        tree_method="hist",
        enable_categorical=True,
        feature_types=["c" if flag else "q" for flag in categorical],
        random_state=seed,
        verbosity=0,
    )
    model.fit(
        matrix[train],
        target.values[train],
        eval_set=[(matrix[validation], target.values[validation])],
        verbose=False,
    )

    def margins(columns: np.ndarray) -> np.ndarray:
        return _binary(model.predict(columns, output_margin=True), target)

    return Fitted(margins, target.explained, _output(target))


def hist_gradient_boosting(
    trees: Trees, target: Target, train: np.ndarray, validation: np.ndarray, seed: int
) -> Fitted:
    """scikit-learn's trees; a category column of more than 255 levels is read as a number."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    matrix, categorical = trees
    validation = judged(target, validation)
    few = np.array(
        [len(np.unique(column[~np.isnan(column)])) <= BINS for column in matrix[train].T]
    )
    kind = HistGradientBoostingClassifier if target.classes else HistGradientBoostingRegressor
    model = kind(
        max_iter=TREES,
        learning_rate=LEARNING_RATE,
        early_stopping=True,
        n_iter_no_change=PATIENCE,
        categorical_features=np.asarray(categorical, dtype=bool) & few,
        random_state=seed,
    )
    model.fit(
        matrix[train],
        target.values[train],
        X_val=matrix[validation],
        y_val=target.values[validation],
    )

    def margins(columns: np.ndarray) -> np.ndarray:
        if target.classes:
            return _binary(model.decision_function(columns), target)
        return np.asarray(model.predict(columns), dtype=np.float64)

    return Fitted(margins, target.explained, _output(target))


def dummy(target: Target, train: np.ndarray) -> Fitted:
    """Always the most frequent training class, or the mean of the training target."""
    values = target.values[train]
    if target.classes:
        counts = np.bincount(values, minlength=target.classes)
        answer: Any = np.log(counts / counts.sum())
    else:
        answer = values.mean()

    def margins(columns: np.ndarray) -> np.ndarray:
        return np.full((len(columns), *np.shape(answer)), answer, dtype=np.float64)

    return Fitted(margins, target.explained, _output(target))


def sampled(rows: np.ndarray, seed: int, limit: int = TRAIN_LIMIT) -> np.ndarray:
    """At most `limit` of the rows, at random, ascending."""
    if len(rows) <= limit:
        return rows
    return np.sort(np.random.default_rng(seed).permutation(rows)[:limit])


def judged(target: Target, validation: np.ndarray) -> np.ndarray:
    """The validation rows whose class occurs in training."""
    if target.classes:
        validation = validation[target.values[validation] >= 0]
    if len(validation) == 0:
        raise AnalysisError(
            "No validation row has a target known from training, and every choice is made on "
            "those rows. Enlarge the validation share."
        )
    return validation


def _logistic(
    x: np.ndarray, y: np.ndarray, x_validation: np.ndarray, y_validation: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Weights f64 [E, classes] and offsets [classes] with the penalty of the least log loss.

    Penalties weaken, each fit starting from the one before, until two have not helped.
    """
    from sklearn.linear_model import LogisticRegression

    classes = int(y.max()) + 1
    some = _with_every_class(y, seed)
    model = LogisticRegression(max_iter=200, warm_start=True)
    least, best, worse = np.inf, model, 0
    for strength in STRENGTHS:
        model.set_params(C=strength).fit(x[some], y[some])
        weights, offset = _two_sided(model, classes)
        loss = _log_loss(x_validation @ weights + offset, y_validation)
        if loss < least:
            least, best, worse = loss, deepcopy(model), 0
        elif (worse := worse + 1) == 2:
            break
    return _two_sided(best if len(some) == len(y) else best.fit(x, y), classes)


def _ridge(
    x: np.ndarray, y: np.ndarray, x_validation: np.ndarray, y_validation: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Weights f64 [E] and offset of the best of seven penalties, all fitted on every row."""
    from scipy.linalg import cho_factor, cho_solve

    mean, scale = y.mean(), y.std()
    wide, known = x.astype(np.float64), (y - mean) / scale
    # The same weights by the smaller of two systems: of dimensions, or of rows.
    dual = len(x) < x.shape[1]
    gram, known = (wide @ wide.T, known) if dual else (wide.T @ wide, wide.T @ known)
    best, least = np.zeros(x.shape[1]), np.inf
    for penalty in PENALTIES:
        solved = cho_solve(cho_factor(gram + penalty * np.eye(len(gram))), known) * scale
        weights = wide.T @ solved if dual else solved
        error = float(np.square(x_validation @ weights + mean - y_validation).mean())
        if error < least:
            best, least = weights, error
    return best, np.asarray(mean)


def _with_every_class(y: np.ndarray, seed: int) -> np.ndarray:
    """At most 10,000 positions, with the first row of each class so that none is lost."""
    if len(y) <= SEARCH_LIMIT:
        return np.arange(len(y))
    chosen = np.random.default_rng(seed).permutation(len(y))[:SEARCH_LIMIT]
    return np.union1d(chosen, np.unique(y, return_index=True)[1])


def _two_sided(model: Any, classes: int) -> tuple[np.ndarray, np.ndarray]:
    weights, offset = model.coef_.T.astype(np.float64), model.intercept_.astype(np.float64)
    if classes == 2:
        weights = np.hstack([np.zeros_like(weights), weights])
        offset = np.append(0.0, offset)
    return weights, offset


def _log_loss(margins: np.ndarray, codes: np.ndarray) -> float:
    shifted = margins - margins.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-logs[np.arange(len(codes)), codes].mean())


def _binary(margins: np.ndarray, target: Target) -> np.ndarray:
    """Margins of two classes come as one number: the log-odds of the second."""
    margins = np.asarray(margins, dtype=np.float64)
    if target.classes == 2:
        return np.column_stack([np.zeros(len(margins)), margins])
    return margins


def _output(target: Target) -> str:
    if not target.classes:
        return "predicted value"
    rest = "" if target.classes == 2 else " against the rest"
    return f"log-odds of '{target.labels[target.explained]}'{rest}"


def _known(value: Any) -> bool:
    return value is not None and value == value
