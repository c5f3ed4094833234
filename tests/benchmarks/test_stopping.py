"""How the epoch that a run keeps lies to the best one."""

import numpy as np

from benchmarks import stopping
from benchmarks.stick import losses
from benchmarks.stick.losses import Losses


def _losses(wrong: int) -> Losses:
    rows = np.zeros(1_000, dtype=np.float32)
    rows[:wrong] = 1
    return losses.together([rows], squared=False)


def test_the_best_epoch_is_found_and_a_worse_one_is_beyond_noise() -> None:
    found = stopping._compared([_losses(300), _losses(100), _losses(200)], kept=2)
    assert found["best"] == 1
    assert found["scores"] == [0.7, 0.9, 0.8]
    assert found["kept"] == found["last"]
    assert not found["kept"]["within_noise"]
    assert np.isclose(found["kept"]["value"], -0.1)


def test_an_epoch_that_is_the_best_or_like_it_is_within_noise() -> None:
    found = stopping._compared([_losses(300), _losses(100), _losses(100)], kept=1)
    assert found["kept"]["within_noise"]
    assert found["last"]["within_noise"]
    near = stopping._compared([_losses(300), _losses(101), _losses(100)], kept=1)
    assert near["kept"]["within_noise"]
