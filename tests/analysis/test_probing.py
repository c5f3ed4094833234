import json

import numpy as np
import pytest

from tjepa.analysis import Interval, ProbeResult, choose_rows, fitting, probe, scoring
from tjepa.errors import AnalysisError
from tjepa.progress import finish

N = 400
RANDOM = np.random.default_rng(0)
SIGNAL = RANDOM.normal(size=(N, 3)).astype(np.float32)
NOISE = RANDOM.normal(size=(N, 3)).astype(np.float32)
LABELS = np.where(SIGNAL[:, 0] + 0.3 * RANDOM.normal(size=N) > 0, "Yes", "No").astype(object)
NUMBERS = 10.0 * SIGNAL[:, 0].astype(np.float64) + RANDOM.normal(size=N)
SPLIT = (np.arange(200), np.arange(200, 280), np.arange(280, N))


def the_result(
    y: np.ndarray, task: str, tjepa: np.ndarray = SIGNAL, untrained: np.ndarray = NOISE
) -> ProbeResult:
    views = {"raw": SIGNAL, "untrained": untrained, "tjepa": tjepa}
    trees = (SIGNAL.astype(np.float64), np.zeros(3, bool))
    return finish(probe(views, trees, y, choose_rows(y, SPLIT, task, seed=0), task, seed=0))


@pytest.fixture(scope="module")
def classified() -> ProbeResult:
    return the_result(LABELS, "classification")


@pytest.fixture(scope="module")
def regressed() -> ProbeResult:
    return the_result(NUMBERS, "regression")


def test_every_model_and_control_is_scored(classified: ProbeResult) -> None:
    assert [(row.model, row.representation) for row in classified.rows] == [
        ("dummy", "none"),
        ("linear probe", "raw"),
        ("linear probe", "untrained"),
        ("linear probe", "tjepa"),
        ("HistGradientBoosting", "raw"),
        ("XGBoost", "raw"),
    ]
    for row in classified.rows:
        assert set(row.scores) == {"accuracy", "balanced_accuracy", "roc_auc"}
        for score in row.scores.values():
            assert score.low <= score.value <= score.high
    assert (classified.n_train, classified.n_validation, classified.n_test) == (200, 80, 120)


def test_a_better_embedding_is_said_to_have_helped(classified: ProbeResult) -> None:
    assert classified.differences[0].other == "untrained"
    assert classified.differences[0].interval.excludes_zero
    assert classified.sentence.startswith("Pre-training helped")
    assert "Only 120 rows were held out" in classified.sentence


def test_a_smaller_error_is_better(regressed: ProbeResult) -> None:
    assert regressed.metric == "rmse"
    assert regressed.differences[0].interval.high < 0
    assert regressed.sentence.startswith("Pre-training helped")


def test_a_larger_error_made_the_representation_worse() -> None:
    found = the_result(NUMBERS, "regression", tjepa=NOISE, untrained=SIGNAL)
    assert found.differences[0].interval.low > 0
    assert found.sentence.startswith("Pre-training made the representation worse")
    assert "It is no better than always answering the mean" in found.sentence


def test_the_same_vectors_add_nothing_and_their_difference_is_exactly_zero() -> None:
    found = the_result(LABELS, "classification", untrained=SIGNAL)
    assert found.differences[0].interval == Interval(0.0, 0.0, 0.0)
    assert found.sentence.startswith("Pre-training added nothing measurable here")
    assert "difference 0.000, 95 % interval 0.000 to 0.000" in found.sentence


def test_paired_differences_are_narrower_than_the_scores(regressed: ProbeResult) -> None:
    scores = {(row.model, row.representation): row.scores["rmse"] for row in regressed.rows}
    gap = next(found for found in regressed.differences if found.other == "raw").interval
    alone = scores["linear probe", "tjepa"]
    assert gap.high - gap.low < 0.5 * (alone.high - alone.low)


def test_the_result_is_strict_json_and_survives_it(classified: ProbeResult) -> None:
    data, arrays = classified.to_parts()
    text = json.dumps(data, allow_nan=False)
    assert ProbeResult.from_parts(json.loads(text), arrays) == classified
    row = data["rows"][3]
    assert row["value"] == row["scores"]["accuracy"]["value"]


def test_the_same_seed_gives_the_same_result(classified: ProbeResult) -> None:
    assert the_result(LABELS, "classification") == classified


def test_rare_classes_are_counted_and_named() -> None:
    y = LABELS.copy()
    y[5] = "only trained"
    y[210] = "only validated"
    y[300:302] = "only held out"
    y[7] = None
    found = the_result(y, "classification")
    text = " ".join(found.left_out)
    assert "Rows without a target, left out: 1." in text
    assert "Validation rows whose class no training row has, left out: 1 ('only validated')" in text
    assert "no training row has: 2 ('only held out')" in text
    assert "not scored: 'only trained'" in text
    assert (found.n_train, found.n_validation) == (199, 79)


def test_a_class_unknown_to_training_counts_as_wrong() -> None:
    y = LABELS.copy()
    y[SPLIT[2][:60]] = "unknown"
    found = the_result(y, "classification")
    assert all(row.scores["accuracy"].value <= 0.5 for row in found.rows)


def test_one_held_out_class_has_no_auc_and_is_still_strict_json() -> None:
    y = LABELS.copy()
    y[SPLIT[2]] = "Yes"
    data, _ = the_result(y, "classification").to_parts()
    json.dumps(data, allow_nan=False)
    assert "roc_auc" not in data["rows"][0]["scores"]


def test_too_many_classes_for_an_auc_are_said() -> None:
    y = np.array([f"{code:02}" for code in np.arange(N) % (scoring.AUC_CLASSES + 1)], dtype=object)
    found = the_result(y, "classification")
    assert "ROC AUC is not given for more than 20 classes." in found.left_out
    assert all("roc_auc" not in row.scores for row in found.rows)


def test_closing_while_fitting_leaves_no_thread() -> None:
    import threading

    trees = (SIGNAL.astype(np.float64), np.zeros(3, bool))
    views = {"raw": SIGNAL, "untrained": NOISE, "tjepa": SIGNAL}
    chosen = choose_rows(LABELS, SPLIT, "classification", seed=0)
    work = probe(views, trees, LABELS, chosen, "classification", seed=0)
    while next(work).stage == "preparing":
        pass
    work.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("analysis")]


def test_too_few_held_out_rows_are_refused() -> None:
    trees = (SIGNAL.astype(np.float64), np.zeros(3, bool))
    views = {"raw": SIGNAL, "untrained": NOISE, "tjepa": SIGNAL}
    chosen = choose_rows(LABELS, (*SPLIT[:2], np.array([390])), "classification", seed=0)
    with pytest.raises(AnalysisError, match="too few"):
        finish(probe(views, trees, LABELS, chosen, "classification", seed=0))


def test_a_class_that_the_sample_lacks_is_unknown_to_every_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fitting, "TRAIN_LIMIT", 100)
    y = LABELS.copy()
    left = set(range(200)) - set(choose_rows(y, SPLIT, "classification", seed=0).train)
    y[sorted(left)[:3]] = "rare"
    y[300] = "rare"
    found = the_result(y, "classification")
    assert found.n_train == 100
    text = " ".join(found.left_out)
    assert "a random 100 of 200 training rows" in text
    assert "no training row has: 1 ('rare')" in text
