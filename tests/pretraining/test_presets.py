from math import ceil

import pytest

from tjepa.errors import ConfigError
from tjepa.pretraining import PRESETS, PretrainingConfig, held_out_count, preset


@pytest.mark.parametrize("rows", [2, 50, 600, 5_000, 50_000, 1_000_000])
def test_a_preset_takes_about_as_many_steps_for_tables_of_a_size(rows: int) -> None:
    steps = {}
    for name in PRESETS:
        config = preset(name, rows)
        per_epoch = ceil((rows - held_out_count(rows, config)) / config.batch_size)
        steps[name] = per_epoch * config.epochs
        quick = 1_000 if 2_048 <= rows < 8_192 else 1_500
        wanted = {"quick": quick, "balanced": 4_000, "thorough": 12_000, "paper": 4_000}[name]
        # Whole epochs, and every row at least once.
        assert wanted <= steps[name] < wanted + per_epoch or config.epochs == 1
    assert steps["quick"] <= steps["balanced"] <= steps["thorough"]


def test_the_paper_preset_has_the_papers_method_at_the_default_sizes() -> None:
    paper, sizes = preset("paper"), ("width", "layers", "heads", "ffn", "predictor_width")
    assert (paper.imputation, paper.restoration) == (0.0, 0.0)
    assert (paper.prediction, paper.readout, paper.scaling) == (1.0, "last", "standard")
    assert not paper.shared_context
    assert paper.patience == 1.0
    assert (paper.optimiser, paper.learning_rate) == ("adamw", 1e-3)
    for name in sizes:
        assert getattr(paper, name) == getattr(PretrainingConfig(), name)


def test_the_thorough_preset_is_the_widest() -> None:
    assert preset("thorough").width > preset("balanced").width == preset("quick").width


@pytest.mark.parametrize(("rows", "times"), [(2_047, 2), (2_048, 1), (8_191, 1), (8_192, 2)])
def test_the_quick_preset_takes_shorter_steps_where_few_rows_have_large_batches(
    rows: int, times: int
) -> None:
    assert preset("quick", rows).learning_rate == times * preset("balanced", rows).learning_rate


def test_a_preset_of_no_rows_is_valid() -> None:
    assert preset("quick", 0).epochs >= 1


def test_the_balanced_preset_has_the_default_sizes() -> None:
    assert preset("balanced").sizes == PretrainingConfig().sizes


def test_an_unknown_preset_is_refused_with_the_choices() -> None:
    with pytest.raises(ConfigError, match=r"'fast': choose quick, balanced, thorough, paper"):
        preset("fast")
