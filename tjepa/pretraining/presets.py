"""Presets: named configurations whose length follows from the rows of the table."""

from dataclasses import replace
from math import ceil
from typing import Any, Literal, get_args

from tjepa.errors import ConfigError
from tjepa.pretraining.config import PretrainingConfig
from tjepa.pretraining.held_out import held_out_count

PresetName = Literal["quick", "balanced", "thorough", "paper"]
PRESETS: tuple[PresetName, ...] = get_args(PresetName)


def preset(name: str, rows: int = 20_000) -> PretrainingConfig:
    """The configuration of a preset for a table of `rows` training rows.

    A preset fixes sizes and a number of optimiser steps, *quick* fewer of them and shorter ones
    from 2,048 to 8,191 rows; the epochs follow from the rows that are not held out, so that small
    tables are seen often enough and large ones at least once.

    Raises
    ------
    ConfigError
        When there is no preset of that name.
    """
    if name not in PRESETS:
        raise ConfigError(f"There is no preset {name!r}: choose {', '.join(PRESETS)}.")
    batch_size = 512 if rows >= 8_192 else 256 if rows >= 2_048 else 128 if rows >= 512 else 64
    if name == "quick" and rows <= 200_000:
        # In few steps a higher rate and smaller batches learn more.
        batch_size = min(batch_size, 256)
    steps, changes = _STEPS[name], _CHANGES[name]
    if name == "quick" and 2_048 <= rows < 8_192:
        # Batches as large as those of larger tables: what more and longer steps learn of so few
        # rows costs some targets ("Preset quick" in ``benchmarks/RESULTS.md``).
        steps, changes = 1_000, {}
    config = PretrainingConfig(batch_size=batch_size, **changes)
    per_epoch = ceil(max(rows - held_out_count(rows, config), 1) / batch_size)
    return replace(config, epochs=max(1, ceil(steps / per_epoch)))


_STEPS = {"quick": 1_500, "balanced": 4_000, "thorough": 12_000, "paper": 4_000}
_CHANGES: dict[str, dict[str, Any]] = {
    "quick": {"learning_rate": 8e-3},
    "balanced": {},
    "thorough": {
        "width": 128,
        "heads": 8,
        "ffn": 256,
        "predictor_width": 64,
        "predictor_layers": 4,
        "predictor_heads": 4,
        "predictor_ffn": 128,
    },
    "paper": {
        "imputation": 0.0,
        "restoration": 0.0,
        "readout": "last",
        "optimiser": "adamw",
        "learning_rate": 1e-3,
        "shared_context": False,
        "scaling": "standard",
        "patience": 1.0,
    },
}
