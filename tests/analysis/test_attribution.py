from itertools import combinations
from math import comb

import numpy as np
import pytest

from tjepa.analysis import Attribution, attribution
from tjepa.analysis.attribution import LEAST_ROWS
from tjepa.errors import AnalysisError
from tjepa.progress import finish

RANDOM = np.random.default_rng(0)
BACKGROUND = RANDOM.normal(size=(7, 4))
ROWS = RANDOM.normal(size=(3, 4))


def pairs(x: np.ndarray) -> np.ndarray:
    """Interactions of two features at most; the last feature is not used; NaN counts as 0."""
    x = np.nan_to_num(x)
    return 2 * x[:, 0] + x[:, 0] * x[:, 1] - x[:, 2] ** 2


def linear(x: np.ndarray) -> np.ndarray:
    return np.nan_to_num(x) @ np.array([1.0, -2.0, 0.0, 3.0])


def exact(predict, row: np.ndarray) -> list[float]:  # type: ignore[no-untyped-def]
    """Shapley values from all coalitions."""

    def value(known: tuple[int, ...]) -> float:
        mixed = BACKGROUND.copy()
        mixed[:, list(known)] = row[list(known)]
        return float(predict(mixed).mean())

    d = len(row)
    values = []
    for j in range(d):
        others = [i for i in range(d) if i != j]
        values.append(
            sum(
                (value((*known, j)) - value(known)) / (d * comb(d - 1, size))
                for size in range(d)
                for known in combinations(others, size)
            )
        )
    return values


def the_attribution(x: np.ndarray = ROWS, names: str = "abcd", **options: object) -> Attribution:
    parts = {"output": "log-odds of 'Yes'", "seed": 0} | options
    numbers = np.arange(len(x)) + 100
    return finish(
        attribution(list(names), pairs, linear, x, BACKGROUND, numbers, **parts)  # type: ignore
    )


def test_the_values_are_the_exact_shapley_values_of_a_small_function() -> None:
    found = the_attribution()
    for i, row in enumerate(ROWS):
        np.testing.assert_allclose(found.probe[i], exact(pairs, row), atol=1e-9)
        np.testing.assert_allclose(found.gbdt[i], exact(linear, row), atol=1e-9)
    assert found.rows.tolist() == [100, 101, 102]


def test_values_and_base_add_up_to_the_prediction() -> None:
    found = the_attribution()
    assert found.base["probe"] == pytest.approx(pairs(BACKGROUND).mean())
    np.testing.assert_allclose(found.probe.sum(axis=1) + found.base["probe"], pairs(ROWS))
    np.testing.assert_allclose(found.gbdt.sum(axis=1) + found.base["gbdt"], linear(ROWS))


def test_missing_cells_are_explained_like_any_value() -> None:
    x = ROWS.copy()
    x[0, 0] = np.nan
    found = the_attribution(x)
    np.testing.assert_allclose(found.probe[0], exact(pairs, x[0]), atol=1e-9)


def test_the_rest_of_numpys_global_numbers_is_left_alone() -> None:
    np.random.seed(5)  # noqa: NPY002
    expected = np.random.random()  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    the_attribution()
    assert np.random.random() == expected  # noqa: NPY002


def test_a_wide_table_has_fewer_rows_explained_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sys

    module = sys.modules["tjepa.analysis.attribution"]
    monkeypatch.setattr(module, "EVALUATIONS", 1)
    x = RANDOM.normal(size=(15, 4))
    found = the_attribution(x)
    assert len(found.rows) == len(found.probe) == LEAST_ROWS
    assert "10 of 15 rows are explained" in found.sentence
    place = int(found.rows[0]) - 100
    np.testing.assert_allclose(found.gbdt[0], exact(linear, x[place]), atol=1e-9)


def test_the_most_moving_columns_and_the_agreement_of_the_rankings_are_said() -> None:
    found = the_attribution(RANDOM.normal(size=(8, 4)))
    top = "abcd"[int(np.abs(found.probe).mean(axis=0).argmax())]
    assert f"'{top}' moves" in found.sentence
    assert "Kendall τ" in found.sentence
    assert set(found.importance) == {"probe", "gbdt"}


def test_nothing_to_explain_is_refused() -> None:
    with pytest.raises(AnalysisError, match="no held-out row"):
        the_attribution(ROWS[:0])


def test_an_attribution_survives_its_parts() -> None:
    found = the_attribution()
    data, arrays = found.to_parts()
    again = Attribution.from_parts(data, arrays)
    assert again.to_parts()[0] == data
    np.testing.assert_array_equal(again.probe, found.probe)
    np.testing.assert_array_equal(again.rows, found.rows)
