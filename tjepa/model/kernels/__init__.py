"""Native kernels for the transformer on processors: the same numbers, several times faster."""

import os
from typing import TYPE_CHECKING, cast

import torch
from llvmlite.binding import get_host_cpu_features
from torch import Tensor

if TYPE_CHECKING:
    from tjepa.model.transformer import Block, Transformer

_FEATURES = get_host_cpu_features()

ENABLED = os.environ.get("TJEPA_KERNELS", "1") != "0" and _FEATURES.get("fma", True)
"""Off, torch's own operations do everything."""

HAS_BFLOAT16 = bool(_FEATURES.get("avx512bf16"))
"""Whether the processor multiplies pairs of bfloat16."""

LANES = 16
"""Rows of the batch that are computed side by side."""


def know(transformer: "Transformer") -> bool:
    """Whether the kernels can do what this transformer does, given the right input."""
    block = cast("Block", transformer.blocks[0])
    return (
        ENABLED
        and block.qkv.weight.dtype == torch.float32
        and block.qkv.weight.device.type == "cpu"
        and block.qkv.in_features % LANES == 0
        and block.up.out_features % LANES == 0
    )


def fit(transformer: "Transformer", x: Tensor) -> bool:
    """Whether the kernels can do what this transformer would do to `x`, here and now."""
    noisy = transformer.training and cast("Block", transformer.blocks[0]).dropout.p > 0
    in_bfloat16 = torch.is_autocast_enabled("cpu")
    return (
        know(transformer)
        and x.device.type == "cpu"
        and x.numel() > 0
        and not noisy
        and (HAS_BFLOAT16 or not in_bfloat16)
    )


def run(transformer: "Transformer", x: Tensor, groups: int, group_size: int) -> Tensor:
    """What `Transformer.forward` says; under autocast, with products in bfloat16."""
    # Not above: it compiles, or loads what was compiled before.
    from tjepa.model.kernels import function

    return function.run(transformer, x, groups, group_size)


def states(transformer: "Transformer", x: Tensor) -> Tensor:
    """What leaves each block, f32 [layers, B, N, H], without gradients."""
    from tjepa.model.kernels import function

    return function.states(transformer, x)
