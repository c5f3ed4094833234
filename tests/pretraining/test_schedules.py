from math import cos, pi

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pretraining.tables import small
from tjepa.pretraining.schedules import learning_rate, momentum

CONFIG = small(learning_rate=0.1, warmup=0.1, momentum=0.9)


def test_the_learning_rate_rises_linearly_from_0_over_the_warm_up() -> None:
    rates = [learning_rate(step, 100, CONFIG) for step in range(10)]
    assert rates == pytest.approx([0.01 * (step + 1) for step in range(10)])


def test_the_learning_rate_then_follows_a_cosine_to_0() -> None:
    for step in range(10, 100):
        expected = 0.1 * 0.5 * (1 + cos(pi * (step - 10) / 90))
        assert learning_rate(step, 100, CONFIG) == pytest.approx(expected)
    assert learning_rate(55, 100, CONFIG) == pytest.approx(0.05)
    assert learning_rate(99, 100, CONFIG) < 1e-4
    assert learning_rate(100, 100, CONFIG) == 0.0


def test_no_warm_up_starts_at_the_peak() -> None:
    assert learning_rate(0, 100, small(learning_rate=0.1, warmup=0.0)) == 0.1


@given(steps=st.integers(1, 400), warmup=st.floats(0.0, 0.9))
def test_the_learning_rate_is_positive_and_has_one_peak(steps: int, warmup: float) -> None:
    config = small(learning_rate=0.1, warmup=warmup)
    rates = [learning_rate(step, steps, config) for step in range(steps)]
    peak = rates.index(max(rates))
    assert max(rates) == pytest.approx(0.1)
    assert min(rates) > 0
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)


def test_the_momentum_rises_linearly_to_1() -> None:
    found = [momentum(step, 1_000, CONFIG) for step in range(1_000)]
    assert found == pytest.approx([0.9 + 0.1 * step / 999 for step in range(1_000)])
    assert found[-1] == 1.0


def test_a_short_run_starts_with_a_smaller_momentum() -> None:
    assert momentum(0, 50, CONFIG) == pytest.approx(0.8)
    assert momentum(0, 100, CONFIG) == pytest.approx(0.9)
    assert momentum(0, 101, CONFIG) == pytest.approx(0.9)


@given(steps=st.integers(1, 400), first=st.floats(0.0, 1.0))
def test_the_momentum_stays_between_0_and_1_and_never_falls(steps: int, first: float) -> None:
    config = small(momentum=first)
    found = [momentum(step, steps, config) for step in range(steps)]
    assert found == sorted(found)
    assert found[0] >= 0
    assert found[-1] <= 1
    assert found[0] == pytest.approx(max(0.0, min(first, 1 - 10 / steps)))


@given(steps=st.integers(20, 4_000))
def test_little_is_left_of_the_random_start_when_a_run_ends(steps: int) -> None:
    config, left = small(momentum=0.996), 1.0
    for step in range(steps):
        left *= momentum(step, steps, config)
    assert left < 0.01 or steps > 2_500
