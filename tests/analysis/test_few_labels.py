import numpy as np
import pytest

from tjepa.analysis import few_labels, fitting
from tjepa.analysis.fitting import Target
from tjepa.analysis.scaling import centred, standardised

RANDOM = np.random.default_rng(0)
N = 600
ALL = np.arange(N)
X = (RANDOM.normal(size=(N, 12)) * np.logspace(-1, 1, 12) + 3).astype(np.float32)
NUMBERS = X[:, 2] + 0.2 * X[:, 9] + 0.3 * RANDOM.normal(size=N)


def classes(*cuts: float) -> np.ndarray:
    """As many classes as cuts and one more, along the numbers."""
    return np.searchsorted(np.quantile(NUMBERS, cuts), NUMBERS)


def target(values: np.ndarray) -> Target:
    return fitting.encode_target(
        np.array([f"c{value:03}" for value in values], dtype=object), ALL, "classification"
    )


REGRESSION = fitting.encode_target(NUMBERS, ALL, "regression")


def test_draws_are_of_distinct_rows_the_same_for_a_seed_and_hold_two_classes() -> None:
    rare = np.zeros(N)
    rare[:20] = 1
    drawn = few_labels.labelled_rows(rare, ALL[10:], 50, 10, seed=3)
    assert len(drawn) == 10
    for rows, again in zip(
        drawn, few_labels.labelled_rows(rare, ALL[10:], 50, 10, seed=3), strict=True
    ):
        assert len(set(rows)) == 50
        assert rows.min() >= 10
        assert 0 < rare[rows].sum() < 50
        assert rows.tolist() == again.tolist()
    other = few_labels.labelled_rows(rare, ALL[10:], 50, 1, seed=4)
    assert set(other[0]) != set(drawn[0])


def test_where_no_draw_holds_two_classes_there_is_none() -> None:
    assert few_labels.labelled_rows(np.zeros(N), ALL, 50, 10, seed=0) == []


def test_scalings_are_those_of_the_rows_and_a_constant_is_nothing() -> None:
    x = np.column_stack([X, np.full(N, 7.3, dtype=np.float32)])
    scaled, shared = standardised(x, ALL[:200]), centred(x, ALL[:200])
    some = scaled(x[:200])
    assert np.abs(some.mean(axis=0)).max() < 1e-5
    assert some.std(axis=0)[:-1] == pytest.approx(1, abs=1e-5)
    assert (scaled(x)[:, -1] == 0).all()
    some = shared(x[:200])
    assert some.var(axis=0).mean() == pytest.approx(1, abs=1e-5)
    # One scale for all dimensions: their sizes stay as they were beside each other.
    spread = x[:200].std(axis=0)
    assert some.std(axis=0)[:-1] / some.std(axis=0)[0] == pytest.approx(spread[:-1] / spread[0])


@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_ridge_has_the_penalty_and_the_scaling_that_leave_one_out_finds_best(kind: str) -> None:
    found = target(classes(0.5)) if kind == "classes" else REGRESSION
    codes = found.values * 2.0 - 1 if found.classes else found.values
    rows = ALL[100:160]
    scalings = (standardised(X, ALL), centred(X, ALL))

    def solved(x: np.ndarray, y: np.ndarray, penalty: float) -> tuple[np.ndarray, float]:
        mean, offset = x.mean(axis=0), y.mean()
        gram = (x - mean).T @ (x - mean) + penalty * np.eye(x.shape[1])
        weights = np.linalg.solve(gram, (x - mean).T @ (y - offset))
        return weights, offset - mean @ weights

    tried = []
    for scaled in scalings:
        x, y = scaled(X[rows]), codes[rows]
        for penalty in few_labels.PENALTIES * X.shape[1]:
            error = 0.0
            for out in range(len(rows)):
                others = np.arange(len(rows)) != out
                weights, offset = solved(x[others], y[others], penalty)
                error += (x[out] @ weights + offset - y[out]) ** 2
            tried.append((error, penalty, scaled))
    _, penalty, scaled = min(tried, key=lambda one: one[0])
    weights, offset = solved(scaled(X[rows]), codes[rows], penalty)
    expected = scaled(X) @ weights + offset
    predicted = few_labels.ridge(X, found, rows, scalings)(X)
    if found.classes:
        assert (predicted == (expected > 0)).all()
    else:
        assert predicted == pytest.approx(expected, abs=1e-8)


def test_blocks_of_rows_are_predicted_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    scalings = (standardised(X, ALL),)
    predict = few_labels.ridge(X, REGRESSION, ALL[:50], scalings)
    whole = predict(X)
    monkeypatch.setattr(few_labels, "BLOCK", 7)
    assert predict(X) == pytest.approx(whole)


@pytest.mark.parametrize("kind", ["two classes", "many classes", "numbers"])
def test_boosted_trees_find_what_no_line_does(kind: str) -> None:
    matrix = RANDOM.normal(size=(N, 4))
    matrix[:, 2] = RANDOM.integers(0, 5, N)
    signal = matrix[:, 0] * matrix[:, 1] + (matrix[:, 2] == 3)
    matrix[::9, 3] = np.nan
    if kind == "numbers":
        found = fitting.encode_target(signal, ALL, "regression")
    else:
        cuts = [0.5] if kind == "two classes" else np.linspace(0, 1, 42)[1:-1]
        found = target(np.searchsorted(np.quantile(signal, cuts), signal))
    trees = (matrix, np.array([False, False, True, False]))
    labelled, test = ALL[:200], ALL[300:]
    truth = found.values[test]
    errors = {
        fit: few_labels.lost(predict(matrix[test]), truth, found).mean()
        for fit, predict in (
            ("trees", few_labels.boosted_trees(trees, found, labelled, 0)),
            ("dummy", few_labels.dummy(found, labelled)),
        )
    }
    assert errors["trees"] < (0.99 if kind == "many classes" else 0.8) * errors["dummy"]


def test_boosted_trees_bear_a_fold_with_a_single_class() -> None:
    values = np.zeros(N, dtype=np.int64)
    values[5] = 1
    found = target(values)
    predict = few_labels.boosted_trees((X.astype(float), np.zeros(12, bool)), found, ALL[:50], 0)
    assert set(predict(X.astype(float))) <= {0, 1}


def test_the_dummy_answers_as_most_labelled_rows_do() -> None:
    found = target(np.where(ALL < 30, 0, 1))
    assert (few_labels.dummy(found, ALL[:50])(X) == 0).all()
    assert few_labels.dummy(REGRESSION, ALL[:50])(X) == pytest.approx(NUMBERS[:50].mean())


def test_what_is_lost_is_a_wrong_class_or_the_squared_error() -> None:
    two = target(classes(0.5))
    assert few_labels.lost(np.array([0, 1]), np.array([0, -1]), two).tolist() == [False, True]
    squared = few_labels.lost(np.array([1.0, 2.0]), np.array([1.0, 5.0]), REGRESSION)
    assert squared.tolist() == [0.0, 9.0]
