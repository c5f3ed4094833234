from math import isnan, log, nan

import numpy as np
import pytest
import torch
from torch import Tensor

from tjepa.pretraining import Spread, has_collapsed, spread


def noise(n: int, d: int = 3, h: int = 4) -> Tensor:
    return torch.randn(n, d, h, generator=torch.Generator().manual_seed(0))


def test_noise_has_nearly_full_rank_and_its_own_std() -> None:
    found = spread(3 * noise(5_000))
    assert 11.9 < found.rank <= 12.0
    assert found.std == pytest.approx(3.0, rel=0.02)


def test_one_direction_has_rank_1() -> None:
    along = torch.randn(100, 1, 1, generator=torch.Generator().manual_seed(1))
    found = spread(along * noise(1) + 7.0)
    assert found.rank == pytest.approx(1.0, abs=1e-3)
    assert found.std > 0.1


def test_equal_rows_have_no_spread() -> None:
    found = spread(noise(1).expand(50, -1, -1))
    assert found.std == pytest.approx(0.0, abs=1e-6)
    assert found.rank == pytest.approx(1.0)


@pytest.mark.parametrize("n", [5, 200], ids=["few rows", "many rows"])
def test_spread_equals_the_definitions_written_out(n: int) -> None:
    tokens = (noise(n) * torch.arange(1, 13).view(3, 4)).numpy().astype(np.float64)
    flat = tokens.reshape(n, 12)
    singular = np.linalg.svd(flat - flat.mean(axis=0), compute_uv=False)
    shares = [value / singular.sum() for value in singular if value > 1e-12]
    found = spread(torch.from_numpy(tokens))
    assert log(found.rank) == pytest.approx(-sum(p * log(p) for p in shares), rel=1e-5)
    assert found.std == pytest.approx(np.mean([flat[:, j].std() for j in range(12)]))


@pytest.mark.parametrize("n", [0, 1])
def test_less_than_two_rows_have_no_spread(n: int) -> None:
    assert spread(noise(n)) == Spread(0.0, 0.0)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_tokens_that_are_not_finite_have_no_number(value: float) -> None:
    tokens = noise(10)
    tokens[3, 1, 2] = value
    found = spread(tokens)
    assert isnan(found.std)
    assert isnan(found.rank)


@pytest.mark.parametrize(
    ("now", "flagged"),
    [
        (Spread(0.5, 20.0), False),
        (Spread(0.06, 20.0), False),
        (Spread(0.04, 20.0), True),
        (Spread(0.5, 1.9), True),
        (Spread(nan, nan), True),
    ],
    ids=["as it was", "narrow", "shrunk", "few directions", "not a number"],
)
def test_a_collapse_is_a_tenth_of_the_std_or_of_the_rank(now: Spread, flagged: bool) -> None:
    assert has_collapsed(now, Spread(0.5, 20.0)) is flagged


def test_rounding_is_not_taken_for_a_spread() -> None:
    assert has_collapsed(Spread(2e-7, 8.0), Spread(2e-7, 8.0))
