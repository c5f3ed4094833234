import numpy as np
import pytest

from tjepa.analysis import Relevance, relevance, token_variance
from tjepa.errors import AnalysisError
from tjepa.progress import finish

COLUMNS = np.random.default_rng(0).normal(size=(50, 3))


def mixing(visible: list[int]) -> np.ndarray:
    """Every token is its own column plus ten times the first one, where that is visible."""
    tokens = COLUMNS[:, visible]
    if 0 in visible:
        tokens = tokens + 10 * COLUMNS[:, [0]]
    return np.stack([tokens, 2 * tokens], axis=2).astype(np.float32)


def alone(visible: list[int]) -> np.ndarray:
    """No token knows of another; the columns differ in size."""
    return (COLUMNS[:, visible] * np.array([1.0, 2.0, 3.0])[visible])[:, :, None]


def the_relevance(trained=mixing, untrained=alone) -> Relevance:  # type: ignore[no-untyped-def]
    return finish(relevance(["a", "b", "c"], trained, untrained, rows=50, seed=0))


def test_only_the_column_that_the_others_hear_has_influence() -> None:
    found = the_relevance()
    assert found.rankings["influence"][0] > 0.5
    assert found.rankings["influence"][1:] == (0.0, 0.0)
    assert found.rankings["influence_untrained"] == (0.0, 0.0, 0.0)
    assert found.sentence.startswith("Leaving out 'a'")


def test_influence_is_the_change_written_out() -> None:
    whole, without = mixing([0, 1, 2]).astype(np.float64), mixing([1, 2]).astype(np.float64)
    changed, spread = 0.0, 0.0
    for place, j in enumerate((1, 2)):
        for dimension in range(2):
            changed += np.mean((without[:, place, dimension] - whole[:, j, dimension]) ** 2)
            spread += np.var(whole[:, j, dimension])
    assert the_relevance().rankings["influence"][0] == pytest.approx(changed / spread, rel=1e-5)


def test_token_variance_is_the_mean_over_dimensions_of_the_variance_over_rows() -> None:
    tokens = np.array([[[1.0, 0.0]], [[3.0, 4.0]]], dtype=np.float32)
    assert token_variance(tokens).tolist() == [2.5]


def test_a_constant_control_has_no_rank_correlation() -> None:
    assert the_relevance().agreement["influence"] is None


def test_a_ranking_that_the_untrained_encoder_has_too_is_not_called_learned() -> None:
    assert "not learned" in the_relevance(mixing, mixing).sentence


def test_a_collapsed_encoder_is_said() -> None:
    def constant(visible: list[int]) -> np.ndarray:
        return np.ones((50, len(visible), 2), np.float32)

    assert "collapsed" in the_relevance(constant).sentence


def test_one_feature_is_refused() -> None:
    with pytest.raises(AnalysisError, match="two features"):
        finish(relevance(["a"], alone, alone, rows=50, seed=0))


def test_tokens_that_are_not_finite_are_refused() -> None:
    with pytest.raises(AnalysisError, match="not finite"):
        the_relevance(lambda visible: np.full((50, len(visible), 1), np.nan))


def test_a_relevance_survives_its_parts() -> None:
    found = the_relevance()
    assert Relevance.from_parts(*found.to_parts()) == found


def test_in_groups_a_column_is_left_out_of_its_own() -> None:
    called: list[list[int]] = []

    def heard(visible: list[int]) -> np.ndarray:
        called.append(visible)
        return mixing(visible)

    names = ["a", "b", "c"]
    found = finish(relevance(names, heard, alone, rows=50, seed=0, groups=[[0, 2], [1]]))
    assert called == [[0, 2], [2], [0], [1]]
    pair = finish(
        relevance(
            ["a", "c"], lambda visible: mixing([2 * j for j in visible]), alone, rows=50, seed=0
        )
    )
    influence = found.rankings["influence"]
    assert (influence[0], influence[2]) == pair.rankings["influence"]
    assert influence[1] == 0.0
    assert "in 2 groups" in found.sentence
    assert "groups" not in pair.sentence
    assert Relevance.from_parts(*found.to_parts()) == found
