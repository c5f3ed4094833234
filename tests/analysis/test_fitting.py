import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tjepa.analysis import fit_gbdt, fit_linear_probe, fitting
from tjepa.errors import AnalysisError

N = 200
X = np.random.default_rng(0).normal(size=(N, 4)).astype(np.float32)
YES = np.where(X[:, 0] > 0, "Yes", "No").astype(object)
THREE = np.array(["a", "b", "b"], dtype=object)[np.digitize(X[:, 0], [-0.5, 1.5])]
THREE[X[:, 1] > 1] = "c"
TRAIN, VALIDATION, TEST = np.arange(120), np.arange(120, 160), np.arange(160, 200)
TREES = (X.astype(np.float64), np.zeros(4, bool))


def test_the_binary_score_is_the_log_odds_of_the_last_class() -> None:
    for model, x in (
        (fit_linear_probe(X, YES, TRAIN, VALIDATION, "classification", 0), X),
        (fit_gbdt(TREES, YES, TRAIN, VALIDATION, "classification", 0), TREES[0]),
    ):
        assert model.output == "log-odds of 'Yes'"
        scores = model.predict_score(x[TEST])
        assert scores.shape == (40,)
        assert ((scores > 0) == (YES[TEST] == "Yes")).mean() > 0.9


def test_the_score_of_many_classes_is_of_the_most_frequent_against_the_rest() -> None:
    model = fit_linear_probe(X, THREE, TRAIN, VALIDATION, "classification", 0)
    assert model.output == "log-odds of 'b' against the rest"
    margins = model.margins(X[TEST])
    shares = np.exp(margins) / np.exp(margins).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(
        model.predict_score(X[TEST]), np.log(shares[:, 1] / (1 - shares[:, 1])), rtol=1e-6
    )


def test_a_linear_target_is_recovered_in_its_own_units() -> None:
    y = 1_000 + 50 * X[:, 0].astype(np.float64)
    model = fit_linear_probe(X, y, TRAIN, VALIDATION, "regression", 0)
    assert model.output == "predicted value"
    np.testing.assert_allclose(model.predict_score(X[TEST]), y[TEST], atol=1)


@pytest.mark.parametrize("more", [0, N], ids=["more rows", "more dimensions"])
def test_ridge_is_the_regression_of_the_standardised_target(more: int) -> None:
    from sklearn.linear_model import Ridge

    random = np.random.default_rng(1)
    y = X[:, 0] + random.normal(size=N)
    wide = np.hstack([X, random.normal(size=(N, more)).astype(np.float32)])
    train, validation = wide[TRAIN] - wide[TRAIN].mean(axis=0), wide[VALIDATION]
    weights, offset = fitting._ridge(train, y[TRAIN], validation, y[VALIDATION], 0)
    scaled = (y[TRAIN] - y[TRAIN].mean()) / y[TRAIN].std()
    fits = [
        Ridge(alpha=alpha, fit_intercept=False).fit(train, scaled).coef_ * y[TRAIN].std()
        for alpha in fitting.PENALTIES
    ]
    errors = [np.square(validation @ fit + offset - y[VALIDATION]).mean() for fit in fits]
    np.testing.assert_allclose(weights, fits[int(np.argmin(errors))], rtol=1e-3)


def test_the_test_rows_touch_nothing() -> None:
    changed = X.copy()
    changed[TEST] = 1e6
    kept = fit_linear_probe(X, YES, TRAIN, VALIDATION, "classification", 0)
    again = fit_linear_probe(changed, YES, TRAIN, VALIDATION, "classification", 0)
    np.testing.assert_array_equal(kept.predict_score(X), again.predict_score(X))


def test_a_constant_dimension_neither_fails_nor_counts() -> None:
    x = np.column_stack([X, np.full(N, 0.1, np.float32)])
    model = fit_linear_probe(x, YES, TRAIN, VALIDATION, "classification", 0)
    before = model.predict_score(x[TEST])
    x[TEST, 4] = 99
    np.testing.assert_array_equal(before, model.predict_score(x[TEST]))


def test_trees_read_category_codes_as_categories_and_nan_as_missing() -> None:
    random = np.random.default_rng(0)
    codes = random.integers(1, 20, size=1_000).astype(np.float64)
    y = np.where(np.isin(codes, [2, 5, 9, 14, 17]), "in", "out").astype(object)
    codes[:10] = np.nan
    trees = (codes[:, None], np.array([True]))
    train, validation, test = np.arange(600), np.arange(600, 800), np.arange(800, 1_000)
    target = fitting.encode_target(y, train, "classification")
    for fit in (fitting.xgboost, fitting.hist_gradient_boosting):
        model = fit(trees, target, train, validation, 0)
        predicted = model.margins(codes[test, None]).argmax(axis=1)
        assert (predicted == target.values[test]).mean() > 0.9
        assert np.isfinite(model.margins(np.array([[np.nan], [0.0], [25.0]]))).all()


def test_a_column_of_many_categories_is_read_as_a_number_by_hist_gradient_boosting() -> None:
    codes = np.arange(600, dtype=np.float64)[:, None]
    y = np.where(codes[:, 0] % 2 == 0, "even", "odd").astype(object)
    target = fitting.encode_target(y, np.arange(500), "classification")
    trees = (codes, np.array([True]))
    model = fitting.hist_gradient_boosting(trees, target, np.arange(500), np.arange(500, 600), 0)
    assert model.margins(codes).shape == (600, 2)


def test_a_single_class_is_refused_by_name() -> None:
    y = np.array(["only"] * N, dtype=object)
    with pytest.raises(AnalysisError, match="single class in the training rows \\('only'\\)"):
        fit_linear_probe(X, y, TRAIN, VALIDATION, "classification", 0)


def test_a_constant_number_is_refused() -> None:
    with pytest.raises(AnalysisError, match="nothing to predict"):
        fit_gbdt(TREES, np.ones(N), TRAIN, VALIDATION, "regression", 0)


def test_validation_without_a_known_class_is_refused() -> None:
    y = YES.copy()
    y[VALIDATION] = "other"
    with pytest.raises(AnalysisError, match="No validation row"):
        fit_linear_probe(X, y, TRAIN, VALIDATION, "classification", 0)


def test_rows_without_a_target_are_not_usable() -> None:
    y = np.array(["a", None, np.nan, "b"], dtype=object)
    assert fitting.usable(y, np.arange(4), "classification").tolist() == [0, 3]
    numbers = np.array([1.0, np.nan, 2.0])
    assert fitting.usable(numbers, np.arange(3), "regression").tolist() == [0, 2]


@pytest.mark.parametrize("limit", [300, 250])
@pytest.mark.parametrize(("noise", "strong"), [(3.0, True), (0.1, False)])
def test_the_penalty_of_a_logistic_probe_is_the_best_on_validation_rows(
    noise: float, strong: bool, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "SEARCH_LIMIT", limit)
    random = np.random.default_rng(0)
    x = random.normal(size=(900, 40)).astype(np.float32)
    y = (x[:, 0] + noise * random.normal(size=900) > 0).astype(np.int64)
    sets = (x[:300], y[:300], x[300:], y[300:])
    weights, offset = fitting._logistic(*sets, 0)
    found = fitting._log_loss(x[300:] @ weights + offset, y[300:])
    losses = []
    for strength in fitting.STRENGTHS:
        model = LogisticRegression(C=strength, max_iter=5_000).fit(x[:300], y[:300])
        cold, at_zero = fitting._two_sided(model, 2)
        losses.append(fitting._log_loss(x[300:] @ cold + at_zero, y[300:]))
    assert found < min(losses) + 2e-3
    assert (int(np.argmin(losses)) < 5) == strong


def test_the_search_sample_holds_every_class() -> None:
    y = np.zeros(fitting.SEARCH_LIMIT * 3, dtype=np.int64)
    y[-1] = 1
    some = fitting._with_every_class(y, 0)
    assert 1 in y[some]
    assert len(some) <= fitting.SEARCH_LIMIT + 2


def test_rows_are_chosen_with_a_sentence_for_what_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "TRAIN_LIMIT", 50)
    monkeypatch.setattr(fitting, "TEST_LIMIT", 20)
    y = np.array(["a", "b"] * 100, dtype=object)
    y[3] = None
    split = (np.arange(100), np.arange(100, 115), np.arange(115, 200))
    chosen = fitting.choose_rows(y, split, "classification", seed=0)
    assert (len(chosen.train), len(chosen.test)) == (50, 20)
    assert chosen.validation.tolist() == list(range(100, 115))
    assert set(chosen.train) <= set(range(100)) - {3}
    assert set(chosen.test) <= set(range(115, 200))
    assert chosen.left_out == (
        "Rows without a target, left out: 1.",
        "Every model was fitted on a random 50 of 99 training rows.",
        "Scores are those of a random 20 of 85 held-out rows.",
    )


def test_chosen_rows_are_found_again_among_their_own() -> None:
    split = (np.array([4, 9]), np.array([1]), np.array([3, 7]))
    chosen = fitting.choose_rows(np.arange(10.0), split, "regression", seed=0)
    rows = chosen.everything
    assert rows.tolist() == [1, 3, 4, 7, 9]
    found = chosen.within(rows)
    assert rows[found.train].tolist() == [4, 9]
    assert rows[found.validation].tolist() == [1]
    assert rows[found.test].tolist() == [3, 7]
    assert chosen.left_out == ()


def test_a_long_table_is_sampled_once_for_every_model() -> None:
    rows = np.arange(fitting.TRAIN_LIMIT + 10)
    chosen = fitting.sampled(rows, 0)
    assert len(np.unique(chosen)) == fitting.TRAIN_LIMIT
    assert chosen.tolist() == fitting.sampled(rows, 0).tolist()
