import numpy as np
import pytest
from sklearn import metrics

from tjepa.analysis import scoring

RANDOM = np.random.default_rng(0)
N = 40
CODES = RANDOM.integers(3, size=N)
PREDICTED = RANDOM.integers(3, size=N)
SCORES = RANDOM.integers(6, size=N).astype(float)
Y = RANDOM.normal(size=N)
GUESS = Y + RANDOM.normal(size=N)


def recall(codes: np.ndarray, predicted: np.ndarray) -> float:
    return float(np.mean([(predicted[codes == c] == c).mean() for c in np.unique(codes)]))


@pytest.mark.parametrize(
    ("scorer", "slow"),
    [
        (
            scoring.accuracy(CODES, PREDICTED),
            lambda rows: (CODES[rows] == PREDICTED[rows]).mean(),
        ),
        (
            scoring.balanced_accuracy(CODES, PREDICTED),
            lambda rows: recall(CODES[rows], PREDICTED[rows]),
        ),
        (
            scoring.roc_auc(CODES == 1, SCORES),
            lambda rows: metrics.roc_auc_score(CODES[rows] == 1, SCORES[rows]),
        ),
        (scoring.rmse(Y, GUESS), lambda rows: np.sqrt(np.mean((Y[rows] - GUESS[rows]) ** 2))),
        (scoring.r2(Y, GUESS), lambda rows: metrics.r2_score(Y[rows], GUESS[rows])),
    ],
    ids=["accuracy", "balanced_accuracy", "roc_auc", "rmse", "r2"],
)
def test_a_weighted_score_is_the_score_of_the_rows_drawn(scorer, slow) -> None:  # type: ignore[no-untyped-def]
    for weights in scoring.resamples(N, 0, count=20, block=7):
        expected = [slow(np.repeat(np.arange(N), row.astype(int))) for row in weights]
        np.testing.assert_allclose(scorer(weights), expected, rtol=1e-5)


def test_resamples_draw_as_many_rows_as_there_are_and_do_not_depend_on_the_blocks() -> None:
    small = np.concatenate(list(scoring.resamples(9, 4, count=21, block=2)))
    large = np.concatenate(list(scoring.resamples(9, 4, count=21, block=50)))
    assert small.shape == (21, 9)
    assert (small.sum(axis=1) == 9).all()
    np.testing.assert_array_equal(small, large)


def test_a_resample_without_a_positive_row_has_no_auc() -> None:
    scorer = scoring.roc_auc(np.array([True, False, False]), np.array([1.0, 0.0, 2.0]))
    found = scorer(np.array([[0, 1, 2], [1, 1, 1]], dtype=np.float32))
    assert np.isnan(found[0])
    assert found[1] == 0.5


def test_a_resample_of_one_repeated_row_has_no_r2() -> None:
    scorer = scoring.r2(np.array([0.1, 5.0]), np.array([0.0, 0.0]))
    assert np.isnan(scorer(np.array([[2, 0]], dtype=np.float32))[0])
