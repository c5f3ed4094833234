import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from tjepa import TJEPAEncoder
from tjepa.errors import ConfigError, EncodingError, SchemaError, TjepaError

N = 80
WIDTH = 4 * 64  # of the quick preset: the embedded cell and its layers, side by side
TOKENS = 6
EXPECTED_FAILURES = {
    "check_fit2d_1feature": "one column is refused in words of our own, not scikit-learn's",
}


def rows(n: int = N) -> pd.DataFrame:
    random = np.random.default_rng(0)
    length = random.normal(5, 1, n)
    return pd.DataFrame(
        {
            "number": [f"r-{i:04d}" for i in range(n)],
            "length": np.where(np.arange(n) % 9, length, np.nan),
            "width": length / 2 + random.normal(0, 0.2, n),
            "colour": random.choice(["red", "blue", "white"], n),
            "seen": pd.date_range("2020-01-01", periods=n),
        }
    )


def labels(frame: pd.DataFrame) -> np.ndarray:
    return np.where(frame["width"] > frame["width"].median(), "wide", "narrow")


def quick(**changes: Any) -> TJEPAEncoder:
    return TJEPAEncoder(**({"epochs": 1, "pool": "mean"} | changes))


@pytest.fixture(scope="module")
def fitted() -> TJEPAEncoder:
    return quick(pool="flat").fit(rows())


@parametrize_with_checks(
    [TJEPAEncoder(epochs=1)], expected_failed_checks=lambda estimator: EXPECTED_FAILURES
)
@pytest.mark.filterwarnings("ignore:.*SCIPY_ARRAY_API")
def test_the_contract_of_scikit_learn_holds(estimator: TJEPAEncoder, check: Any) -> None:
    check(estimator)


def test_rows_become_vectors_of_their_features(fitted: TJEPAEncoder) -> None:
    found = fitted.transform(rows())
    assert found.shape == (N, TOKENS * WIDTH)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert fitted.encoder_.names == (
        "length",
        "width",
        "seen: elapsed days",
        "seen: month",
        "seen: weekday",
        "colour",
    )
    assert list(fitted.feature_names_in_) == list(rows().columns)
    assert fitted.n_features_in_ == 5


def test_the_mean_pool_is_the_mean_of_the_tokens(fitted: TJEPAEncoder) -> None:
    means = quick(pool="mean").fit(rows()).transform(rows())
    tokens = fitted.transform(rows()).reshape(N, TOKENS, WIDTH)
    np.testing.assert_allclose(means, tokens.mean(axis=1), rtol=1e-5, atol=1e-6)


def test_the_columns_of_the_vectors_have_names(fitted: TJEPAEncoder) -> None:
    names = fitted.get_feature_names_out()
    assert (names[0], names[-1], len(names)) == ("length:0", f"colour:{WIDTH - 1}", TOKENS * WIDTH)
    assert list(quick().fit(rows()).get_feature_names_out()) == [f"mean:{k}" for k in range(WIDTH)]


def test_vectors_can_come_as_a_frame() -> None:
    encoder = quick().set_output(transform="pandas")
    frame = rows().set_index(np.arange(N) + 500)
    found = encoder.fit_transform(frame)
    assert list(found.columns) == list(encoder.get_feature_names_out())
    assert list(found.index) == list(frame.index)


def test_columns_may_come_in_any_order_and_among_others(fitted: TJEPAEncoder) -> None:
    turned = rows().iloc[:, ::-1].assign(extra=object())
    np.testing.assert_array_equal(fitted.transform(turned), fitted.transform(rows()))


def test_a_column_that_was_left_out_is_not_asked_for(fitted: TJEPAEncoder) -> None:
    without = fitted.transform(rows().drop(columns="number"))
    np.testing.assert_array_equal(without, fitted.transform(rows()))


def test_one_row_is_embedded_as_among_others(fitted: TJEPAEncoder) -> None:
    all_rows = fitted.transform(rows())
    np.testing.assert_allclose(
        fitted.transform(rows().iloc[[7]]), all_rows[[7]], rtol=1e-4, atol=1e-5
    )
    assert fitted.transform(rows().iloc[:0]).shape == (0, TOKENS * WIDTH)


def test_unseen_categories_missing_cells_and_infinities_are_embedded(fitted: TJEPAEncoder) -> None:
    odd = rows().iloc[:3].assign(colour=["green", None, ""], width=[np.inf, None, 1e300])
    assert np.isfinite(fitted.transform(odd)).all()
    missing = rows().iloc[:1].assign(width=np.nan)
    infinite = rows().iloc[:1].assign(width=-np.inf)
    np.testing.assert_array_equal(fitted.transform(infinite), fitted.transform(missing))


def test_an_array_is_taken_by_the_place_of_its_columns() -> None:
    array = rows()[["length", "width"]].to_numpy()
    encoder = quick().fit(array)
    assert not hasattr(encoder, "feature_names_in_")
    expected = encoder.transform(array)
    named = pd.DataFrame(array, columns=["length", "width"])
    np.testing.assert_array_equal(encoder.transform(named), expected)
    np.testing.assert_array_equal(quick().fit(named).transform(array), expected)


def test_an_array_of_objects_is_understood_as_a_frame_is() -> None:
    frame = rows()[["length", "width", "colour"]]
    by_array = quick().fit(frame.to_numpy(dtype=object))
    kinds = [feature.kind for feature in by_array.encoder_.table_encoder.features]
    assert kinds == ["numeric", "numeric", "categorical"]
    expected = quick().fit(frame).transform(frame)
    np.testing.assert_array_equal(by_array.transform(frame.to_numpy(dtype=object)), expected)


def test_a_second_fit_forgets_the_first() -> None:
    encoder = quick().fit(rows())
    array = rows()[["length", "width"]].to_numpy()
    encoder.fit(array)
    assert encoder.n_features_in_ == 2
    assert not hasattr(encoder, "feature_names_in_")
    np.testing.assert_array_equal(encoder.transform(array), quick().fit(array).transform(array))


def test_labels_change_nothing(fitted: TJEPAEncoder) -> None:
    again = quick(pool="flat").fit(rows(), labels(rows()))
    np.testing.assert_array_equal(again.transform(rows()), fitted.transform(rows()))


def test_a_seed_gives_one_encoder_and_another_seed_another(fitted: TJEPAEncoder) -> None:
    found = fitted.transform(rows())
    again, other = quick(pool="flat"), quick(pool="flat", seed=1)
    np.testing.assert_array_equal(again.fit(rows()).transform(rows()), found)
    assert not np.allclose(other.fit(rows()).transform(rows()), found)


def test_training_changes_the_encoder(fitted: TJEPAEncoder) -> None:
    encoder = fitted.encoder_
    untrained = encoder.untrained().tokens(encoder.encode(rows()))
    assert not np.allclose(untrained, encoder.tokens(encoder.encode(rows())), atol=1e-3)


def test_a_clone_has_the_parameters_and_nothing_learned(fitted: TJEPAEncoder) -> None:
    copy = clone(fitted)
    assert copy.get_params() == {
        "preset": "quick",
        "epochs": 1,
        "seed": 0,
        "pool": "flat",
        "device": None,
    }
    with pytest.raises(NotFittedError):
        copy.transform(rows())


def test_a_pickled_encoder_gives_the_same_vectors(fitted: TJEPAEncoder) -> None:
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.transform(rows()), fitted.transform(rows()))


def test_it_works_inside_a_pipeline_and_a_search() -> None:
    frame = rows()
    pipeline = make_pipeline(quick(), StandardScaler(), LogisticRegression(max_iter=500))
    scores = cross_val_score(pipeline, frame, labels(frame), cv=2)
    assert np.isfinite(scores).all()
    search = GridSearchCV(
        pipeline, {"tjepaencoder__seed": np.arange(2), "tjepaencoder__epochs": [np.int64(1)]}, cv=2
    )
    search.fit(frame, labels(frame))
    assert search.predict(frame).shape == (N,)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"preset": "slow"}, "no preset 'slow'"),
        ({"epochs": 0}, "epochs is 0"),
        ({"epochs": 1.5}, "epochs is 1.5"),
        ({"seed": -1}, "seed is -1"),
        ({"pool": "max"}, "pool is 'max'"),
        ({"device": "gpu"}, "device is 'gpu'"),
    ],
)
def test_a_parameter_out_of_range_is_named(parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        quick(**parameters).fit(rows())


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(),
        pd.DataFrame({"a": [1.0], "b": [2.0]}),
        pd.DataFrame({"a": [1.0, 2.0, 3.5] * 9}),
        pd.DataFrame({"a": [1.0, 2.0, 3.5] * 9, "b": [None] * 27}),
        pd.DataFrame([[1.0, 2.0]] * 9, columns=["a", "a"]),
    ],
    ids=["nothing", "one row", "one column", "one column with cells", "one name twice"],
)
def test_a_frame_that_cannot_be_learned_gets_a_sentence(frame: pd.DataFrame) -> None:
    with pytest.raises(TjepaError):
        quick().fit(frame)


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(SchemaError, match="Two columns are called 'a'"):
        quick().fit(pd.DataFrame(np.ones((9, 2)), columns=["a", "a"]))


def test_an_absent_column_is_named(fitted: TJEPAEncoder) -> None:
    with pytest.raises(EncodingError, match="no column 'colour'"):
        fitted.transform(rows().drop(columns="colour"))


def test_a_cell_that_does_not_fit_is_named(fitted: TJEPAEncoder) -> None:
    odd = rows().astype({"width": object})
    odd.loc[4, "width"] = "broad"
    with pytest.raises(EncodingError, match="Column 'width', row 4: 'broad' is not a number"):
        fitted.transform(odd)


def test_an_array_of_another_width_is_refused() -> None:
    encoder = quick().fit(rows()[["length", "width"]].to_numpy())
    with pytest.raises(EncodingError, match="X has 3 features, but TJEPAEncoder is expecting 2"):
        encoder.transform(np.zeros((4, 3)))
