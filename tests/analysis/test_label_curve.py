import json
import sys
import threading
from collections.abc import Callable

import numpy as np
import pytest

from tjepa.analysis import LabelCurve, choose_curve_rows, few_labels, fitting, label_curve
from tjepa.analysis.label_curve import DRAWS, MINE, OTHERS, _scored
from tjepa.analysis.probing import Interval
from tjepa.analysis.scaling import centred, standardised
from tjepa.errors import AnalysisError
from tjepa.progress import Progress, Work, finish

N = 700
RANDOM = np.random.default_rng(0)
SIGNAL = RANDOM.normal(size=(N, 3)).astype(np.float32)
NOISE = RANDOM.normal(size=(N, 3)).astype(np.float32)
LABELS = np.where(SIGNAL[:, 0] + 0.3 * RANDOM.normal(size=N) > 0, "Yes", "No").astype(object)
NUMBERS = 10.0 * SIGNAL[:, 0].astype(np.float64) + RANDOM.normal(size=N)
TRAIN, TEST = np.arange(300), np.arange(300, N)
TREES = (SIGNAL.astype(np.float64), np.zeros(3, bool))


def the_work(
    y: np.ndarray,
    task: str,
    train: np.ndarray = TRAIN,
    test: np.ndarray = TEST,
    tjepa: np.ndarray = SIGNAL,
    untrained: np.ndarray = NOISE,
) -> Work[LabelCurve]:
    views = {"raw": SIGNAL, "untrained": untrained, "tjepa": tjepa}
    chosen = choose_curve_rows(y, train, test, task, seed=0)
    return label_curve(views, TREES, y, chosen, task, seed=0)


@pytest.fixture(scope="module")
def classified() -> LabelCurve:
    return finish(the_work(LABELS, "classification"))


@pytest.fixture(scope="module")
def regressed() -> LabelCurve:
    return finish(the_work(NUMBERS, "regression"))


def test_every_model_is_scored_with_each_number_of_labels_below_all(
    classified: LabelCurve,
) -> None:
    assert classified.counts == (50, 200)
    keys = {MINE, *OTHERS.values()}
    for labels in classified.counts:
        points = [point for point in classified.points if point.labels == labels]
        assert {(point.model, point.representation) for point in points} == keys
        assert len(points) == len(keys)
        for point in points:
            assert point.score.low <= point.score.value <= point.score.high
            assert (point.gap is None) == (point.representation == "tjepa")
    assert (classified.draws, classified.n_train, classified.n_test) == (DRAWS, 300, 400)


@pytest.mark.parametrize(
    ("y", "task"), [(LABELS, "classification"), (NUMBERS, "regression")], ids=["classes", "numbers"]
)
def test_a_score_is_the_mean_over_the_draws(
    y: np.ndarray, task: str, classified: LabelCurve, regressed: LabelCurve
) -> None:
    curve = classified if task == "classification" else regressed
    target = fitting.encode_target(y, TRAIN, task)
    scalings = (standardised(NOISE, TRAIN), centred(NOISE, TRAIN))
    scores = []
    for rows in few_labels.labelled_rows(target.values, TRAIN, 50, DRAWS, 0):
        predicted = few_labels.ridge(NOISE, target, rows, scalings)(NOISE[TEST])
        if target.classes:
            scores.append((predicted == target.values[TEST]).mean())
        else:
            scores.append(np.sqrt(np.square(predicted - y[TEST]).mean()))
    [found] = [p for p in curve.points if (p.labels, p.representation) == (50, "untrained")]
    assert found.score.value == pytest.approx(np.mean(scores), abs=1e-5)


def test_more_labels_and_a_better_embedding_help(
    classified: LabelCurve, regressed: LabelCurve
) -> None:
    for curve in (classified, regressed):
        assert curve.sentence.startswith("Pre-training helped with 50 and 200 labelled rows.")
        mine = [point.score.value for point in curve.points if point.gap is None]
        assert mine == sorted(mine, reverse=curve.metric == "rmse")


def test_the_same_vectors_add_nothing_and_their_gap_is_exactly_zero() -> None:
    curve = finish(the_work(LABELS, "classification", untrained=SIGNAL))
    gaps = [point.gap for point in curve.points if point.representation == "untrained"]
    assert gaps == [Interval(0.0, 0.0, 0.0)] * 2
    assert curve.sentence.startswith("Pre-training added nothing measurable with 50 and 200")


def _spread(make: Callable[[np.random.Generator], np.ndarray], squared: bool) -> tuple[float, ...]:
    """Ends of the interval that is given, and of the scores of many samples made alike."""
    random = np.random.default_rng(0)

    def score(lost: np.ndarray) -> float:
        means = lost.mean(axis=1)
        return float(np.mean(np.sqrt(means) if squared else 1 - means))

    samples = [make(random) for _ in range(300)]
    widths = []
    for lost in samples[:40]:
        scores, _ = finish(_scored({MINE: lost}, squared, 0))
        widths.append(scores[MINE].high - scores[MINE].low)
        assert scores[MINE].value == pytest.approx(score(lost), abs=1e-6)
    low, high = np.percentile([score(lost) for lost in samples], (2.5, 97.5))
    return float(np.mean(widths)), float(high - low)


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("of", ["rows", "draws"])
def test_intervals_hold_the_rows_and_the_draws(of: str, squared: bool) -> None:
    def make(random: np.random.Generator) -> np.ndarray:
        if of == "rows":
            rows = random.random(200)
            return np.tile(4 * rows if squared else rows < 0.3, (10, 1)).astype(float)
        chances = random.uniform(0.1, 0.6, size=(20, 1))
        return np.tile(chances, (1, 200))

    given, seen = _spread(make, squared)
    assert given == pytest.approx(seen, rel=0.2)


def test_the_result_is_strict_json_and_survives_it(classified: LabelCurve) -> None:
    data, arrays = classified.to_parts()
    text = json.dumps(data, allow_nan=False)
    assert LabelCurve.from_parts(json.loads(text), arrays) == classified
    assert data["sentence"] == classified.sentence


def test_the_same_seed_gives_the_same_result(classified: LabelCurve) -> None:
    assert finish(the_work(LABELS, "classification")) == classified


def test_progress_rises_and_closing_leaves_no_thread() -> None:
    seen: list[Progress] = []
    finish(the_work(LABELS, "classification"), seen.append)
    shares = [moment.share for moment in seen]
    assert shares == sorted(shares)
    assert shares[-1] <= 1
    work = the_work(LABELS, "classification")
    while not next(work).stage.startswith("fitting with 50"):
        pass
    work.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("analysis")]


def test_rows_without_a_target_are_never_drawn_and_long_tables_are_sampled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    y = NUMBERS.copy()
    y[:20] = np.nan
    chosen = choose_curve_rows(y, TRAIN, TEST, "regression", seed=0)
    assert chosen.train.tolist() == list(range(20, 300))
    assert chosen.left_out == ()
    monkeypatch.setattr(sys.modules["tjepa.analysis.label_curve"], "ROWS_LIMIT", 100)
    chosen = choose_curve_rows(y, TRAIN, TEST, "regression", seed=0)
    assert (len(chosen.train), len(chosen.validation), len(chosen.test)) == (100, 0, 100)
    assert chosen.left_out == (
        "Labelled rows were drawn from a random 100 of 280 training rows with a target.",
        "Scores are those of a random 100 of 400 held-out rows with a target.",
    )


def test_a_class_unknown_to_training_counts_as_wrong_and_is_named() -> None:
    y = LABELS.copy()
    y[TEST[:200]] = "unknown"
    curve = finish(the_work(y, "classification"))
    assert all(point.score.value <= 0.5 for point in curve.points)
    assert "whose class no training row has: 200 ('unknown')" in " ".join(curve.left_out)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(AnalysisError, match=r"50 training rows have a target.*more than 50"):
        finish(the_work(LABELS, "classification", train=TRAIN[:50]))
    with pytest.raises(AnalysisError, match="too few to score"):
        finish(the_work(LABELS, "classification", test=TEST[:1]))


def test_a_class_too_rare_for_a_draw_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = few_labels.labelled_rows

    def rare(y: np.ndarray, train: np.ndarray, labels: int, *more: int) -> list[np.ndarray]:
        return [] if labels < least else drawn(y, train, labels, *more)

    monkeypatch.setattr(few_labels, "labelled_rows", rare)
    least = 200
    curve = finish(the_work(LABELS, "classification"))
    assert curve.counts == (200,)
    assert "No draw of 50 labelled rows held two classes." in curve.left_out
    least = 201
    with pytest.raises(AnalysisError, match="no draw of 200 labelled rows held two classes"):
        finish(the_work(LABELS, "classification"))
