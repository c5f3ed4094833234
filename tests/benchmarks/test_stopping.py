"""How the epoch that a run keeps lies to the best one."""

from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import stopping
from benchmarks.stick import losses, tables
from benchmarks.stick.losses import Losses
from benchmarks.stick.records import Record


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
    assert found["within_noise"] == [False, True, False]


def test_an_epoch_that_is_the_best_or_like_it_is_within_noise() -> None:
    found = stopping._compared([_losses(300), _losses(100), _losses(100)], kept=1)
    assert found["kept"]["within_noise"]
    assert found["last"]["within_noise"]
    near = stopping._compared([_losses(300), _losses(101), _losses(100)], kept=1)
    assert near["kept"]["within_noise"]


@pytest.mark.parametrize(("preset", "rows"), [("quick", 194), ("paper", 5_000)])
def test_where_no_row_is_set_aside_it_says_so(
    preset: str, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "load", lambda name: SimpleNamespace(train=np.arange(rows)))
    words = f"leukemia: the preset {preset} sets none of {rows:,} training rows aside"
    with pytest.raises(SystemExit, match=words):
        stopping.run("leukemia", preset, seed=0, points=3)


def _alike(epochs: int, squared: bool, seed: int) -> list[Losses]:
    """Epochs that differ by luck alone."""
    rng = np.random.default_rng(seed)
    lost = rng.random((epochs, 3, 400)) ** 2 if squared else rng.random((epochs, 3, 400)) < 0.3
    return [losses.together(list(one.astype(np.float32)), squared) for one in lost]


@pytest.mark.parametrize("squared", [False, True])
def test_judged_by_other_rows_the_best_epoch_is_no_better_by_luck(squared: bool) -> None:
    by_luck, fairly = [], []
    for seed in range(60):
        found = stopping._compared(_alike(10, squared, seed), kept=4)
        by_luck.append(found["kept"]["value"])
        fairly.append(found["kept_fairly"]["value"] / found["kept_fairly"]["error"])
    assert np.mean(by_luck) < -0.005
    # Sixty of them have a standard error of about 0.13.
    assert abs(np.mean(fairly)) < 0.4
    assert 0.3 < np.std(fairly) < 1.3


@pytest.mark.parametrize("squared", [False, True])
def test_an_epoch_that_is_worse_on_any_half_is_beyond_noise(squared: bool) -> None:
    rng = np.random.default_rng(0)
    base = rng.random(2_000)
    some = [losses.together([(base < 0.1 * (k + 1)).astype(np.float32)], squared) for k in range(4)]
    found = stopping._compared(some, kept=3)["kept_fairly"]
    assert not found["within_noise"]
    assert np.isclose(found["value"], some[0].draws[0] - some[3].draws[0], rtol=1e-6)


def _run(seed: int, kept: int, preset: str = "quick") -> Record:
    some = [_losses(300), _losses(100), _losses(200)]
    return {
        "table": "made", "preset": preset, "seed": seed, "rows": 500, "epochs": [2, 5, 9],
        "config": stopping._config(preset, 500, seed).to_json(),
        "kept_epoch": [2, 5, 9][kept], "probes": {"linear_flat": stopping._compared(some, kept)},
    }  # fmt: skip


def test_the_runs_of_a_preset_are_a_row_of_the_book() -> None:
    runs = [_run(1, 2), _run(0, 0), _run(0, 1), _run(0, 2, "paper")]
    head, _, row = stopping.rendered(runs, "quick").splitlines()
    assert head.count("|") == row.count("|")
    # Of two values half their distance is their mean's standard error; t is 12.706.
    over_seeds = "-0.0500 [-0.6853, +0.5853]"
    flat = f"0.8500 / 0.9000 (5, 5); +0.0000, _-0.1000_; {over_seeds}"
    assert row == f"| made | 5, 9 of 9 | {flat} | – | – |"
    [alone] = stopping.rendered([_run(0, 1)], "quick").splitlines()[2:]
    assert alone == "| made | 5 of 9 | 0.9000 / 0.9000 (5); +0.0000 | – | – |"


def test_what_choosing_is_worth_is_a_row_of_the_book() -> None:
    runs = [_run(0, 2), _run(1, 1)]
    [row] = stopping.choices(runs, "quick").splitlines()[2:]
    # Of each run's three epochs one, the second, is within noise.
    assert row == "| made | 2 | 2 | 1 | 0 | 0.7 | 2 |"


def test_a_run_of_what_a_preset_once_meant_is_not_in_the_book() -> None:
    run = _run(0, 1)
    run["config"] |= {"epochs": 7}
    assert len(stopping.rendered([run], "quick").splitlines()) == 2
    assert len(stopping.choices([run], "quick").splitlines()) == 2
