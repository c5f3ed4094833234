"""Small encoded tables, and a configuration that trains on them in a blink."""

from dataclasses import replace
from typing import Any

import torch

from tjepa.model import Rows
from tjepa.pretraining import PretrainingConfig

SMALL = PretrainingConfig(
    width=16,
    layers=2,
    heads=2,
    ffn=32,
    predictor_width=8,
    predictor_layers=1,
    predictor_heads=2,
    predictor_ffn=16,
    context_min=0.3,
    context_max=0.7,
    target_min=0.2,
    target_max=0.5,
    epochs=4,
    batch_size=32,
    learning_rate=3e-3,
    scaling="standard",
    imputation=0.0,
    restoration=0.0,
    bins=4,
    readout="last",
)
"""Latent prediction alone."""


def small(**changes: Any) -> PretrainingConfig:
    return replace(SMALL, **changes)


def dependent(n: int = 256) -> tuple[Rows, tuple[int, ...]]:
    """Four numbers and two categories that one hidden number decides."""
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(n, 1, generator=generator)
    noise = 0.1 * torch.randn(n, 1, generator=generator)
    x_num = torch.cat([hidden, -hidden, hidden.abs(), hidden + noise], dim=1)
    thirds = (hidden * 2).round().clamp(-1, 1).long() + 1
    x_cat = torch.cat([(hidden > 0).long(), thirds], dim=1)
    return Rows(x_num, x_cat, torch.zeros(n, 6, dtype=torch.bool)), (2, 3)


def independent(
    n_numeric: int, cardinalities: tuple[int, ...], n: int = 64, missing: float = 0.1
) -> tuple[Rows, tuple[int, ...]]:
    """Noise, some cells of it missing."""
    generator = torch.Generator().manual_seed(0)
    absent = torch.rand(n, n_numeric + len(cardinalities), generator=generator) < missing
    x_num = torch.randn(n, n_numeric, generator=generator)
    x_cat = torch.zeros(n, len(cardinalities), dtype=torch.long)
    for j, cardinality in enumerate(cardinalities):
        x_cat[:, j] = torch.randint(cardinality, (n,), generator=generator)
    x_num[absent[:, :n_numeric]] = 0.0
    x_cat[absent[:, n_numeric:]] = 0
    return Rows(x_num, x_cat, absent), cardinalities
