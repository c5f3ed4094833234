"""Pre-training: configuration, loop and the watch for collapse."""

from tjepa.pretraining.config import CHOICES, PretrainingConfig
from tjepa.pretraining.diagnostics import Spread, has_collapsed, spread
from tjepa.pretraining.held_out import held_out_count
from tjepa.pretraining.loop import EpochEvent, Pretrainer, StepEvent, embed, new_model
from tjepa.pretraining.presets import PRESETS, PresetName, preset
from tjepa.pretraining.trained import Pool, TrainedEncoder, as_rows, check_pool, pool_tokens

__all__ = [
    "CHOICES",
    "PRESETS",
    "EpochEvent",
    "Pool",
    "PresetName",
    "Pretrainer",
    "PretrainingConfig",
    "Spread",
    "StepEvent",
    "TrainedEncoder",
    "as_rows",
    "check_pool",
    "embed",
    "has_collapsed",
    "held_out_count",
    "new_model",
    "pool_tokens",
    "preset",
    "spread",
]
