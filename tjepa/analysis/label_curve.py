"""What the embedding is worth where few rows have a label: scores against how many do.

The same random draws of labelled training rows for every model, and the same held-out rows.
Intervals hold both: each of many resamples draws held-out rows and draws of labels anew, the same
for all models, so that differences are paired.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from tjepa.analysis import few_labels, fitting, scoring, wording
from tjepa.analysis.few_labels import Predict
from tjepa.analysis.fitting import ChosenRows, Trees
from tjepa.analysis.probing import DUMMY, LINEAR, Interval, interval
from tjepa.analysis.scaling import centred, standardised
from tjepa.analysis.waiting import in_thread, preload
from tjepa.errors import AnalysisError
from tjepa.progress import Progress, Work, within

COUNTS = (50, 200, 1_000)
DRAWS = 10
ROWS_LIMIT = 10_000
"""Of training rows to draw from, and of held-out rows."""
TREES = "XGBoost"

Key = tuple[str, str]
"""Model and representation."""
OTHERS: dict[str, Key] = {
    "untrained": (LINEAR, "untrained"),
    "raw": (LINEAR, "raw"),
    "trees": (TREES, "raw"),
    "dummy": (DUMMY, "none"),
}
MINE: Key = (LINEAR, "tjepa")


@dataclass(frozen=True)
class LabelPoint:
    """One model with so many labelled rows. ``gap`` is the score of T-JEPA's probe minus this one;
    None for that probe itself.
    """

    labels: int
    model: str
    representation: str
    score: Interval
    gap: Interval | None


@dataclass(frozen=True)
class LabelCurve:
    """Every model's score with each number of labelled rows, and what was left out, in sentences.

    ``draws`` are the fewest draws of labelled rows that a point is the mean of.
    """

    task: str
    metric: str
    points: tuple[LabelPoint, ...]
    draws: int
    n_train: int
    n_test: int
    left_out: tuple[str, ...]
    seed: int

    @property
    def counts(self) -> tuple[int, ...]:
        return tuple(sorted({point.labels for point in self.points}))

    @property
    def sentence(self) -> str:
        """The verdict in plain words, with its figures."""
        gaps = {
            name: {
                point.labels: (point.gap.value, point.gap.low, point.gap.high)
                for point in self.points
                if (point.model, point.representation) == key and point.gap is not None
            }
            for name, key in OTHERS.items()
        }
        mine = {
            point.labels: point.score.value
            for point in self.points
            if (point.model, point.representation) == MINE
        }
        return wording.label_verdict(
            metric=self.metric, tjepa=mine, differences=gaps, trees=TREES, n_test=self.n_test
        )

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "sentence": self.sentence}

    def to_parts(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        return self.to_json(), {}

    @classmethod
    def from_parts(cls, data: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> "LabelCurve":
        return cls(
            task=data["task"],
            metric=data["metric"],
            points=tuple(
                LabelPoint(
                    point["labels"],
                    point["model"],
                    point["representation"],
                    Interval(**point["score"]),
                    None if point["gap"] is None else Interval(**point["gap"]),
                )
                for point in data["points"]
            ),
            draws=data["draws"],
            n_train=data["n_train"],
            n_test=data["n_test"],
            left_out=tuple(data["left_out"]),
            seed=data["seed"],
        )


def choose_curve_rows(
    y: np.ndarray, train: np.ndarray, test: np.ndarray, task: str, *, seed: int
) -> ChosenRows:
    """The training and held-out rows with a target, or a random 10,000 of each; none to validate:
    with few labels there are no others to choose by.
    """
    sets, sentences = [], []
    for rows, name in (
        (train, "Labelled rows were drawn from {some} of {all} training rows with a target."),
        (test, "Scores are those of {some} of {all} held-out rows with a target."),
    ):
        known = fitting.usable(y, rows, task)
        some = fitting.sampled(known, seed, ROWS_LIMIT)
        if len(some) < len(known):
            sentences.append(name.format(some=f"a random {len(some):,}", all=f"{len(known):,}"))
        sets.append(some)
    return ChosenRows(sets[0], sets[0][:0], sets[1], tuple(sentences))


def label_curve(
    views: Mapping[str, np.ndarray],
    trees: Trees,
    y: np.ndarray,
    chosen: ChosenRows,
    task: str,
    *,
    seed: int,
) -> Work[LabelCurve]:
    """Fit and score every model with 50, 200 and 1,000 labelled rows, as far as there are more.

    Parameters
    ----------
    views
        `raw`, `untrained` and `tjepa`: vectors f32 [N, E] of the same rows.
    trees
        Columns f64 [N, D] with NaN for missing, and bool [D]: which hold category codes.
    y
        Labels (object array of str) or numbers (f64), [N].
    chosen
        Which of the N rows labels are drawn from, and which are scored; see `choose_curve_rows`.

    Raises
    ------
    AnalysisError
        When there are too few rows, or the target does not vary in training.
    """
    train, test = chosen.train, chosen.test
    counts = [labels for labels in COUNTS if labels < len(train)]
    if not counts:
        raise AnalysisError(
            f"{len(train):,} training rows have a target, and labels are drawn from more than "
            f"{COUNTS[0]}: a probe on all of them has few labels as it is."
        )
    if len(test) < 2:
        raise AnalysisError(f"{len(test)} held-out rows have a target: too few to score anything.")
    target = fitting.encode_target(y, train, task)
    yield from preload("sklearn.linear_model", "sklearn.model_selection", "xgboost")
    scalings = {name: (standardised(x, train), centred(x, train)) for name, x in views.items()}

    def fitted(rows: np.ndarray) -> dict[Key, np.ndarray]:
        """What each model of these labelled rows loses on the held-out ones, [n]."""
        models: dict[Key, tuple[Predict, np.ndarray]] = {
            (LINEAR, name): (few_labels.ridge(x, target, rows, scalings[name]), x)
            for name, x in views.items()
        }
        models[OTHERS["trees"]] = (few_labels.boosted_trees(trees, target, rows, seed), trees[0])
        models[OTHERS["dummy"]] = (few_labels.dummy(target, rows), trees[0])
        truth = target.values[test]
        return {
            key: few_labels.lost(predict(x[test]), truth, target)
            for key, (predict, x) in models.items()
        }

    drawn = {
        labels: few_labels.labelled_rows(target.values, train, labels, DRAWS, seed)
        for labels in counts
    }
    without = [labels for labels, draws in drawn.items() if not draws]
    drawn = {labels: draws for labels, draws in drawn.items() if draws}
    if not drawn:
        raise AnalysisError(
            f"One class is so rare that no draw of {counts[-1]:,} labelled rows held two classes."
        )
    total, done = sum(map(len, drawn.values())), 0
    points: list[LabelPoint] = []
    for labels, draws in drawn.items():
        found = []
        for rows in draws:
            stage = f"fitting with {labels:,} labelled rows"
            found.append((yield from in_thread(partial(fitted, rows), stage, done / total)))
            done += 1
        lost = {key: np.stack([one[key] for one in found]) for key in found[0]}
        scored = _scored(lost, not target.classes, seed)
        scores, gaps = yield from within(scored, done / total, done / total)
        points += [LabelPoint(labels, *key, scores[key], gaps.get(key)) for key in scores]
    rare = [f"No draw of {labels:,} labelled rows held two classes." for labels in without]
    return LabelCurve(
        task=task,
        metric="accuracy" if target.classes else "rmse",
        points=tuple(points),
        draws=min(map(len, drawn.values())),
        n_train=len(train),
        n_test=len(test),
        left_out=(*wording.left_out(y, target, chosen), *rare),
        seed=seed,
    )


def _scored(
    lost: Mapping[Key, np.ndarray], squared: bool, seed: int
) -> Work[tuple[dict[Key, Interval], dict[Key, Interval]]]:
    """Each model's score, and T-JEPA's minus it, from what is lost per draw and row, [draws, n]."""
    draws, n = lost[MINE].shape
    by_row = {key: of_draws.T.astype(np.float64) for key, of_draws in lost.items()}

    def score(weights: np.ndarray, shares: np.ndarray, key: Key) -> np.ndarray:
        means = weights @ by_row[key] / n  # (B, draws)
        return np.asarray((shares * (np.sqrt(means) if squared else 1 - means)).sum(axis=1))

    whole = (np.ones((1, n), dtype=np.float32), np.full((1, draws), 1 / draws))
    values = {key: float(score(*whole, key)[0]) for key in lost}
    random = np.random.default_rng(seed)
    several: dict[Key, list[np.ndarray]] = {key: [] for key in lost}
    for weights in scoring.resamples(n, seed):
        yield Progress("resampling the held-out rows", 0.0)
        shares = random.multinomial(draws, np.full(draws, 1 / draws), size=len(weights)) / draws
        for key in lost:
            several[key].append(score(weights, shares, key))
    resampled = {key: np.concatenate(parts) for key, parts in several.items()}
    scores = {key: interval(values[key], resampled[key]) for key in lost}
    gaps = {
        key: interval(values[MINE] - values[key], resampled[MINE] - resampled[key])
        for key in lost
        if key != MINE
    }
    return scores, gaps
