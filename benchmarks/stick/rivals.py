"""Boosted trees on the raw columns, tuned: what the frozen embeddings are held against.

With all labels Optuna looks for the settings of each library on validation rows, by the very score
that is compared. With few labels there are no others to choose by: it uses folds of the labelled
rows.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from lightgbm import LGBMClassifier, LGBMRegressor, early_stopping
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.model_selection import KFold
from xgboost import XGBClassifier, XGBRegressor

from benchmarks.stick import losses
from benchmarks.stick.probes import GBDT_DRAWS, Probed, labelled_rows, probed, target_of
from benchmarks.stick.tables import Table
from tjepa.analysis import fitting
from tjepa.analysis.fitting import Target, Trees

TRIALS, SECONDS = 20, 120
"""Of each library with all labels: at most so many trials, begun within so many seconds."""
FEW_TRIALS, FEW_SECONDS, FOLDS = 6, 20, 4
MOST_TREES, FEW_TREES, PATIENCE = 1_000, 100, 50
LIBRARIES = ("HistGradientBoosting", "XGBoost", "LightGBM")

Settings = dict[str, Any]


@dataclass(frozen=True)
class Tuned:
    """The best settings of a library, after how many trials, and what is lost with them."""

    library: str
    settings: Settings
    trials: int
    found: Probed


def tuned(trees: Trees, table: Table) -> list[Tuned]:
    """Each library at its best on validation rows."""
    target = target_of(table)
    return [_tune(library, trees, table, target) for library in LIBRARIES]


def tuned_with_few_labels(trees: Trees, table: Table, labels: int) -> Probed:
    """On each draw of labelled rows the library and settings that are best in its own folds."""
    target, draws = target_of(table), []
    for rows in labelled_rows(table, labels)[:GBDT_DRAWS]:
        model, _ = min(
            (_tune_in_folds(library, trees, rows, target) for library in LIBRARIES),
            key=lambda found: found[1],
        )
        predicted = model(trees[0][table.test])
        draws.append(losses.of(predicted, target.values[table.test], not target.classes))
    return Probed(losses.together(draws, not target.classes), float("nan"))


def _tune(library: str, trees: Trees, table: Table, target: Target) -> Tuned:
    rows = fitting.judged(target, table.validation)
    tried: list[tuple[Settings, Probed]] = []

    def objective(trial: optuna.Trial) -> float:
        settings = _suggested(library, trial)
        predict = _fitted(library, settings, trees, target, table.train, rows)
        tried.append((settings, probed(predict, trees[0], table, target)))
        return tried[-1][1].validation

    _study().optimize(objective, n_trials=TRIALS, timeout=SECONDS)
    settings, found = min(tried, key=lambda one: one[1].validation)
    return Tuned(library, settings, len(tried), found)


def _tune_in_folds(
    library: str, trees: Trees, rows: np.ndarray, target: Target
) -> tuple[Callable[[np.ndarray], np.ndarray], float]:
    folds = [
        (rows[fit], rows[judge])
        for fit, judge in KFold(FOLDS, shuffle=True, random_state=0).split(rows)
    ]
    best: tuple[Settings, float] = ({}, np.inf)

    def objective(trial: optuna.Trial) -> float:
        nonlocal best
        settings, total = _suggested(library, trial), 0.0
        for fit, judge in folds:
            predict = _fitted(library, settings, trees, target, fit, None)
            squared = not target.classes
            total += losses.of(predict(trees[0][judge]), target.values[judge], squared).sum()
        best = min(best, (settings, total), key=lambda one: one[1])
        return total

    _study().optimize(objective, n_trials=FEW_TRIALS, timeout=FEW_SECONDS)
    return _fitted(library, best[0], trees, target, rows, None), best[1]


def _study() -> optuna.Study:
    optuna.logging.set_verbosity(logging.WARNING)
    return optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))


def _suggested(library: str, trial: optuna.Trial) -> Settings:
    rate = trial.suggest_float("learning_rate", 0.02, 0.3, log=True)
    if library == "HistGradientBoosting":
        return {
            "learning_rate": rate,
            "max_leaf_nodes": trial.suggest_int("max_leaf_nodes", 4, 128, log=True),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 2, 100, log=True),
            "l2_regularization": trial.suggest_float("l2_regularization", 1e-6, 10, log=True),
            "max_features": trial.suggest_float("max_features", 0.3, 1.0),
        }
    if library == "XGBoost":
        return {
            "learning_rate": rate,
            "max_depth": trial.suggest_int("max_depth", 2, 10),
            "min_child_weight": trial.suggest_float("min_child_weight", 0.1, 100, log=True),
            "reg_lambda": trial.suggest_float("reg_lambda", 0.01, 10, log=True),
            "subsample": trial.suggest_float("subsample", 0.5, 1.0),
            "colsample_bytree": trial.suggest_float("colsample_bytree", 0.3, 1.0),
        }
    return {
        "learning_rate": rate,
        "num_leaves": trial.suggest_int("num_leaves", 4, 128, log=True),
        "min_child_samples": trial.suggest_int("min_child_samples", 2, 100, log=True),
        "reg_lambda": trial.suggest_float("reg_lambda", 1e-3, 10, log=True),
        "subsample": trial.suggest_float("subsample", 0.5, 1.0),
        "subsample_freq": 1,
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.3, 1.0),
    }


def _fitted(
    library: str,
    settings: Settings,
    trees: Trees,
    target: Target,
    train: np.ndarray,
    validation: np.ndarray | None,
) -> Callable[[np.ndarray], np.ndarray]:
    """A model that predicts class codes or numbers: stopped early on the validation rows, or with
    a fixed number of trees.

    The few training rows may lack a class, so the codes are made consecutive here.
    """
    matrix, categorical = trees
    x, y = matrix[train], target.values[train]
    known = np.unique(y) if target.classes else None
    if known is not None:
        y = np.searchsorted(known, y)
        if len(known) == 1:
            return lambda rows: np.full(len(rows), known[0])
    judge = None
    if validation is not None:
        judged = target.values[validation]
        judge = (matrix[validation], judged if known is None else np.searchsorted(known, judged))
    model = _BUILDERS[library](settings, x, y, np.asarray(categorical), judge, bool(target.classes))

    def predict(rows: np.ndarray) -> np.ndarray:
        found = np.asarray(model.predict(rows))
        return found if known is None else known[found.astype(np.int64)]

    return predict


Judge = tuple[np.ndarray, np.ndarray] | None


def _hist_gradient_boosting(
    settings: Settings, x: np.ndarray, y: np.ndarray, categorical: np.ndarray, judge: Judge,
    classes: bool,
) -> Any:  # fmt: skip
    few = np.array([len(np.unique(column[~np.isnan(column)])) <= fitting.BINS for column in x.T])
    kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    model = kind(
        max_iter=MOST_TREES if judge else FEW_TREES,
        early_stopping=judge is not None,
        n_iter_no_change=PATIENCE,
        categorical_features=categorical & few,
        random_state=0,
        **settings,
    )
    if judge is None:
        return model.fit(x, y)
    return model.fit(x, y, X_val=judge[0], y_val=judge[1])


def _xgboost(
    settings: Settings, x: np.ndarray, y: np.ndarray, categorical: np.ndarray, judge: Judge,
    classes: bool,
) -> Any:  # fmt: skip
    kind = XGBClassifier if classes else XGBRegressor
    model = kind(
        n_estimators=MOST_TREES if judge else FEW_TREES,
        early_stopping_rounds=PATIENCE if judge else None,
        tree_method="hist",
        enable_categorical=True,
        feature_types=["c" if flag else "q" for flag in categorical],
        random_state=0,
        n_jobs=1,
        verbosity=0,
        **settings,
    )
    return model.fit(x, y, eval_set=[judge] if judge else None, verbose=False)


def _lightgbm(
    settings: Settings, x: np.ndarray, y: np.ndarray, categorical: np.ndarray, judge: Judge,
    classes: bool,
) -> Any:  # fmt: skip
    kind = LGBMClassifier if classes else LGBMRegressor
    model = kind(
        n_estimators=MOST_TREES if judge else FEW_TREES,
        random_state=0,
        n_jobs=1,
        verbosity=-1,
        **settings,
    )
    options: Settings = {"categorical_feature": np.flatnonzero(categorical).tolist()}
    if judge is not None:
        options["eval_X"], options["eval_y"] = judge
        options["callbacks"] = [early_stopping(PATIENCE, verbose=False)]
    return model.fit(x, y, **options)


_BUILDERS = {
    "HistGradientBoosting": _hist_gradient_boosting,
    "XGBoost": _xgboost,
    "LightGBM": _lightgbm,
}
