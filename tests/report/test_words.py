from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from tjepa.report.words import cost_sentences, kept_sentence
from tjepa.workbench import Estimate

SMALL = Estimate(
    seconds=90.0,
    steps=600,
    parameters=45_056,
    ms_per_step=150.4,
    rows=7_000,
    embedding_seconds=5.0,
    features=20,
    features_per_step=20,
)


def test_a_small_table_has_its_cost_and_nothing_else() -> None:
    assert cost_sentences(SMALL) == [
        "**About 1 min 30 s** on this machine: 600 steps of 150 ms, 45,056 parameters."
    ]
    assert " 1 step of" in cost_sentences(replace(SMALL, steps=1))[0]


def test_a_wide_table_says_how_many_features_a_step_uses() -> None:
    (_, wide) = cost_sentences(replace(SMALL, features=2_000, features_per_step=128))
    assert "each step uses 128 of its 2,000 features" in wide


def test_embedding_is_mentioned_where_it_takes_longest() -> None:
    (_, embedding) = cost_sentences(replace(SMALL, embedding_seconds=600.0))
    assert embedding.startswith("Embedding all 7,000 rows afterwards takes about 10 min;")
    assert len(cost_sentences(replace(SMALL, seconds=6_000.0, embedding_seconds=600.0))) == 1


def test_hours_come_with_advice() -> None:
    (_, advice) = cost_sentences(replace(SMALL, seconds=3 * 3_600.0))
    assert "leave out columns" in advice


@pytest.mark.parametrize(
    ("summary", "said"),
    [
        ({}, ""),
        ({"best_epoch": None, "stopped_early": False, "held_out_rows": 0}, ""),
        (
            {"best_epoch": 28, "stopped_early": True},
            "Stopped after epoch 40 of 60: the 1,024 training rows set aside to judge it were "
            "restored no better since epoch 28, whose weights were kept.",
        ),
        (
            {"best_epoch": 40},
            "The weights of the last epoch were kept: the 1,024 training rows set aside to judge "
            "it were restored best then.",
        ),
        (
            {"best_epoch": 28},
            "The weights of epoch 28 of 40 were kept: the 1,024 training rows set aside to judge "
            "it were restored no better after it.",
        ),
    ],
)
def test_a_run_says_which_weights_it_kept(summary: dict[str, Any], said: str) -> None:
    summary = {"held_out_rows": 1_024} | summary if summary else {}
    run = SimpleNamespace(summary=summary, epochs_done=40, config={"epochs": 60})
    assert kept_sentence(run) == said
