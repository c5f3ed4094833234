import numpy as np
import pytest

from tjepa.analysis import Agreement, agreement
from tjepa.analysis.agreement import cka, nearest
from tjepa.errors import AnalysisError
from tjepa.progress import finish


def vectors(n: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, width)).astype(np.float32)


def test_the_neighbours_are_those_of_all_distances_written_out() -> None:
    x = vectors(50, 4)
    for query, found in enumerate(nearest(x, np.arange(50), 5)):
        distances = [(float(np.linalg.norm(x[query] - x[i])), i) for i in range(50) if i != query]
        assert set(found) == {i for _, i in sorted(distances)[:5]}


def test_a_rotated_and_stretched_copy_agrees_fully() -> None:
    x = vectors(80, 6)
    turn = np.linalg.qr(vectors(6, 6, seed=1))[0]
    found = finish(agreement(x, {"untrained": 3 * x @ turn + 5}, seed=0))
    assert found.knn_overlap["untrained"] > 0.99
    assert found.cka["untrained"] == pytest.approx(1.0, abs=1e-4)
    assert "changed little" in found.sentence


def test_unrelated_wide_views_agree_by_chance_only() -> None:
    x = vectors(200, 500)
    found = finish(agreement(x, {"untrained": vectors(200, 500, seed=1)}, seed=0))
    assert found.knn_overlap["untrained"] == pytest.approx(found.chance, abs=0.03)
    # The usual, biased estimator would read above 0.7 here.
    assert found.cka["untrained"] < 0.1
    assert "changed little" not in found.sentence


def test_hsic_is_the_mean_over_all_quadruples_of_rows() -> None:
    from itertools import permutations

    from tjepa.analysis.agreement import _hsic

    a, b = vectors(6, 3), vectors(6, 2, seed=1)
    k, m = (a @ a.T).astype(np.float64), (b @ b.T).astype(np.float64)
    slow = np.mean(
        [k[i, j] * (m[i, j] + m[q, r] - 2 * m[i, q]) for i, j, q, r in permutations(range(6), 4)]
    )
    assert _hsic(k, m) == pytest.approx(slow)


def test_a_view_that_does_not_vary_has_no_cka() -> None:
    x = vectors(10, 2).astype(np.float64)
    assert cka(x @ x.T, np.zeros((10, 10))) == 0.0


def test_fewer_than_five_rows_are_refused() -> None:
    with pytest.raises(AnalysisError, match="there are 4"):
        finish(agreement(vectors(4, 2), {"raw": vectors(4, 2)}, seed=0))


def test_an_agreement_survives_its_parts() -> None:
    found = finish(agreement(vectors(20, 3), {"raw": vectors(20, 2, seed=1)}, seed=0))
    assert Agreement.from_parts(*found.to_parts()) == found
