"""Is the embedding worth anything: linear probes beside boosted trees and every control.

Every choice is made on validation rows; the test rows are scored once. All models are scored on
the same bootstrap resamples of the test rows, so that differences are paired.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np

from tjepa.analysis import fitting, scoring, wording
from tjepa.analysis.fitting import ChosenRows, Fitted, Target, Trees
from tjepa.analysis.waiting import in_thread, preload
from tjepa.errors import AnalysisError
from tjepa.progress import Progress, Work, within

Representation: TypeAlias = Literal["raw", "untrained", "tjepa", "none"]

LINEAR = "linear probe"
BOOSTED = {"HistGradientBoosting": fitting.hist_gradient_boosting, "XGBoost": fitting.xgboost}
DUMMY = "dummy"


@dataclass(frozen=True)
class Interval:
    """A value with the ends of its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0

    def to_json(self) -> dict[str, float]:
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class ProbeRow:
    """One model on one representation, scored on the test rows."""

    model: str
    representation: str
    scores: dict[str, Interval]


@dataclass(frozen=True)
class Difference:
    """A paired difference on the main metric: the T-JEPA probe minus `other`.

    `other` is `untrained`, `raw`, `trees` (the GBDT that is best on validation rows) or `dummy`.
    """

    name: str
    other: str
    interval: Interval


@dataclass(frozen=True)
class ProbeResult:
    """Every model's scores, the differences, and what was left out, in sentences."""

    task: str
    metric: str
    rows: tuple[ProbeRow, ...]
    differences: tuple[Difference, ...]
    n_train: int
    n_validation: int
    n_test: int
    left_out: tuple[str, ...]
    best_trees: str
    seed: int

    @property
    def sentence(self) -> str:
        """The verdict in plain words, with its figures."""
        values = {(row.model, row.representation): row.scores[self.metric] for row in self.rows}
        return wording.verdict(
            metric=self.metric,
            tjepa=values[LINEAR, "tjepa"].value,
            others={
                "untrained": values[LINEAR, "untrained"].value,
                "raw": values[LINEAR, "raw"].value,
                "trees": values[self.best_trees, "raw"].value,
                "dummy": values[DUMMY, "none"].value,
            },
            differences={
                found.other: (found.interval.value, found.interval.low, found.interval.high)
                for found in self.differences
            },
            trees=self.best_trees,
            n_test=self.n_test,
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "task": self.task,
            "metric": self.metric,
            "rows": [
                {
                    "model": row.model,
                    "representation": row.representation,
                    **row.scores[self.metric].to_json(),
                    "scores": {name: score.to_json() for name, score in row.scores.items()},
                }
                for row in self.rows
            ],
            "differences": [
                {"name": found.name, "other": found.other, **found.interval.to_json()}
                for found in self.differences
            ],
            "n_train": self.n_train,
            "n_validation": self.n_validation,
            "n_test": self.n_test,
            "left_out": list(self.left_out),
            "best_trees": self.best_trees,
            "seed": self.seed,
            "sentence": self.sentence,
        }

    def to_parts(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        return self.to_json(), {}

    @classmethod
    def from_parts(cls, data: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> "ProbeResult":
        return cls(
            task=data["task"],
            metric=data["metric"],
            rows=tuple(
                ProbeRow(
                    row["model"],
                    row["representation"],
                    {name: Interval(**score) for name, score in row["scores"].items()},
                )
                for row in data["rows"]
            ),
            differences=tuple(
                Difference(
                    found["name"],
                    found["other"],
                    Interval(found["value"], found["low"], found["high"]),
                )
                for found in data["differences"]
            ),
            n_train=data["n_train"],
            n_validation=data["n_validation"],
            n_test=data["n_test"],
            left_out=tuple(data["left_out"]),
            best_trees=data["best_trees"],
            seed=data["seed"],
        )


def probe(
    views: Mapping[str, np.ndarray],
    trees: Trees,
    y: np.ndarray,
    chosen: ChosenRows,
    task: str,
    *,
    seed: int,
) -> Work[ProbeResult]:
    """Fit and score every model.

    Parameters
    ----------
    views
        `raw`, `untrained` and `tjepa`: vectors f32 [N, E] of the same rows.
    trees
        Columns f64 [N, D] with NaN for missing, and bool [D]: which hold category codes.
    y
        Labels (object array of str) or numbers (f64), [N].
    chosen
        Which of the N rows are fitted on, chosen by and scored; see `choose_rows`.

    Raises
    ------
    AnalysisError
        When a set has no row, or the target does not vary in training.
    """
    train, validation, test = chosen.train, chosen.validation, chosen.test
    target = fitting.encode_target(y, train, task)
    if len(test) < 2:
        raise AnalysisError(f"{len(test)} held-out rows have a target: too few to score anything.")
    yield from preload("sklearn.linear_model", "sklearn.ensemble", "scipy.linalg", "xgboost")
    fits: list[tuple[str, str, np.ndarray, Callable[[], Fitted]]] = [
        (DUMMY, "none", trees[0], partial(fitting.dummy, target, train)),
        *(
            (
                LINEAR,
                name,
                views[name],
                partial(fitting.linear_probe, views[name], target, train, validation, seed),
            )
            for name in ("raw", "untrained", "tjepa")
        ),
        *(
            (model, "raw", trees[0], partial(fit, trees, target, train, validation, seed))
            for model, fit in BOOSTED.items()
        ),
    ]
    seen, scorers, errors = [], [], {}
    for i, (model, representation, x, call) in enumerate(fits):
        stage = f"fitting: {model}, {representation}" if representation != "none" else "fitting"
        fitted = yield from in_thread(call, stage, 0.9 * i / len(fits))
        seen.append((model, representation))
        if model in BOOSTED:
            errors[model] = _error(fitted, x, target, validation)
        scorers.append(_scorers(fitted.margins(x[test]), target, y, test))
    best = min(errors, key=lambda model: errors[model])
    others = {
        "untrained": (LINEAR, "untrained"),
        "raw": (LINEAR, "raw"),
        "trees": (best, "raw"),
        "dummy": (DUMMY, "none"),
    }
    metric = "accuracy" if target.classes else "rmse"
    scores, gaps = yield from within(
        _bootstrap(dict(zip(seen, scorers, strict=True)), others, metric, len(test), seed), 0.9, 1.0
    )
    names = {**wording.OTHERS, "trees": best}
    return ProbeResult(
        task=task,
        metric=metric,
        rows=tuple(ProbeRow(model, name, scores[model, name]) for model, name in seen),
        differences=tuple(
            Difference(f"T-JEPA − {names[other]}", other, gap) for other, gap in gaps.items()
        ),
        n_train=len(train),
        n_validation=len(fitting.judged(target, validation)),
        n_test=len(test),
        left_out=(*wording.left_out(y, target, chosen), *wording.no_auc(target)),
        best_trees=best,
        seed=seed,
    )


Key = tuple[str, str]


def _bootstrap(
    scorers: Mapping[Key, Mapping[str, scoring.Scorer]],
    others: Mapping[str, Key],
    metric: str,
    n: int,
    seed: int,
) -> Work[tuple[dict[Key, dict[str, Interval]], dict[str, Interval]]]:
    """Intervals of every score, and of the T-JEPA probe minus each other model."""
    whole = np.ones((1, n), dtype=np.float32)
    drawn: dict[tuple[Key, str], list[np.ndarray]] = {
        (key, name): [] for key, named in scorers.items() for name in named
    }
    done = 0
    # Blocks of bounded size, so that many held-out rows do not need much memory.
    block = int(np.clip(2_000_000 // n, 1, 50))
    for weights in scoring.resamples(n, seed, block=block):
        for key, named in scorers.items():
            yield Progress("resampling the held-out rows", done / scoring.RESAMPLES)
            for name, scorer in named.items():
                if name != "roc_auc" or done < scoring.AUC_RESAMPLES:
                    drawn[key, name].append(scorer(weights))
        done += len(weights)
    values = {
        (key, name): float(scorer(whole)[0])
        for key, named in scorers.items()
        for name, scorer in named.items()
    }
    several = {place: np.concatenate(parts) for place, parts in drawn.items()}
    scores = {
        key: {
            name: interval(values[key, name], several[key, name])
            for name in named
            if np.isfinite(values[key, name]) and np.isfinite(several[key, name]).any()
        }
        for key, named in scorers.items()
    }
    mine = (LINEAR, "tjepa")
    gaps = {
        other: interval(
            values[mine, metric] - values[key, metric], several[mine, metric] - several[key, metric]
        )
        for other, key in others.items()
    }
    return scores, gaps


def interval(value: float, several: np.ndarray) -> Interval:
    """A value with the middle 95 % of its resamples."""
    low, high = np.nanpercentile(several, (2.5, 97.5))
    return Interval(value, float(low), float(high))


def _scorers(
    margins: np.ndarray, target: Target, y: np.ndarray, test: np.ndarray
) -> dict[str, scoring.Scorer]:
    if not target.classes:
        truth = target.values[test]
        return {"rmse": scoring.rmse(truth, margins), "r2": scoring.r2(truth, margins)}
    # A class that training never saw keeps a code of its own: it is always predicted wrongly.
    labels = {label: i for i, label in enumerate(target.labels)}
    codes = np.array([labels.setdefault(str(value), len(labels)) for value in y[test]])
    predicted = margins.argmax(axis=1)
    scorers = {
        "accuracy": scoring.accuracy(codes, predicted),
        "balanced_accuracy": scoring.balanced_accuracy(codes, predicted),
    }
    if target.classes == 2:
        scorers["roc_auc"] = scoring.roc_auc(codes == 1, fitting.score(margins, 1))
    elif target.classes <= scoring.AUC_CLASSES:
        present = [c for c in range(target.classes) if 0 < (codes == c).sum() < len(codes)]
        each = [scoring.roc_auc(codes == c, fitting.score(margins, c)) for c in present]
        if each:
            scorers["roc_auc"] = scoring.mean_of(each)
    return scorers


def _error(fitted: Fitted, x: np.ndarray, target: Target, validation: np.ndarray) -> float:
    """What the GBDTs are chosen by, on validation rows: error rate or squared error."""
    rows = fitting.judged(target, validation)
    margins, truth = fitted.margins(x[rows]), target.values[rows]
    if target.classes:
        return float((margins.argmax(axis=1) != truth).mean())
    return float(np.square(margins - truth).mean())
