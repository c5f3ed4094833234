import numpy as np
import pytest

from tjepa.report.selection import inside

GRID = np.array([[x, y] for x in range(5) for y in range(5)], float)


def test_a_box_takes_the_points_between_its_corners_whichever_is_drawn_first() -> None:
    forwards = inside(GRID, {"box": [{"x": [0.5, 2.5], "y": [0.5, 3.5]}]})
    backwards = inside(GRID, {"box": [{"x": [2.5, 0.5], "y": [3.5, 0.5]}]})
    assert forwards.sum() == 2 * 3
    assert np.array_equal(forwards, backwards)


def test_a_lasso_takes_the_points_within_its_ring_and_leaves_its_notch_out() -> None:
    arrow = {"x": [-1, 5, 5, 2.5, -1], "y": [-1, -1, 5, 0.5, 5]}
    taken = inside(GRID, {"lasso": [arrow]})
    assert taken[GRID.tolist().index([0, 0])]
    assert not taken[GRID.tolist().index([2, 2])]


def test_two_outlines_select_their_union() -> None:
    boxes = [{"x": [-1, 0.5], "y": [-1, 9]}, {"x": [3.5, 9], "y": [-1, 9]}]
    assert inside(GRID, {"box": boxes}).sum() == 10


def test_a_lasso_agrees_with_an_angle_sum_on_random_points() -> None:
    random = np.random.default_rng(0)
    points = random.uniform(-2, 2, (500, 2))
    angles = np.sort(random.uniform(0, 2 * np.pi, 12))
    ring = np.column_stack([np.cos(angles), np.sin(angles)]) * random.uniform(0.6, 1.6, (12, 1))
    spokes = ring[None] - points[:, None]
    turned = np.roll(spokes, -1, axis=1)
    cross = spokes[..., 0] * turned[..., 1] - spokes[..., 1] * turned[..., 0]
    winding = np.arctan2(cross, (spokes * turned).sum(-1)).sum(1)
    drawn = {"lasso": [{"x": ring[:, 0].tolist(), "y": ring[:, 1].tolist()}]}
    assert np.array_equal(inside(points, drawn), np.abs(winding) > np.pi)


@pytest.mark.parametrize(
    "drawn",
    [
        {},
        {"box": [], "lasso": []},
        {"lasso": [{"x": [0, 1], "y": [0, 1]}]},
        {"box": [{"x": [0, "a"], "y": [0, 1]}]},
        {"lasso": [{"x": [0, 1, 2]}]},
        {"box": 3},
        {"box": [{"x": [float("nan"), 9], "y": [-9, 9]}]},
    ],
)
def test_nothing_drawn_or_nonsense_selects_nothing(drawn: dict) -> None:
    assert not inside(GRID, drawn).any()
