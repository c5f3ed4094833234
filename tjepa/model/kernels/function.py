"""The kernels as a torch function: weights in, weights' gradients out."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from math import prod
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from tjepa.model.kernels import LANES, stack
from tjepa.model.kernels.lanes import TILE
from tjepa.model.transformer import Block, Transformer

ALIGNMENT = 64
"""Bytes; torch's own memory has it, a view into it need not."""
_MATRICES = ("qkv", "out", "up", "down")


def run(transformer: Transformer, x: Tensor, groups: int, group_size: int) -> Tensor:
    """f32 [B, N, H] through every block and the last normalisation.

    Products are in bfloat16 where torch's autocast asks for it and the processor has them;
    everything else, sums included, is in float32.
    """
    sizes, parameters = _read(transformer, x, groups, group_size)
    return cast(Tensor, _Stack.apply(x.float(), sizes, *parameters))


@torch.no_grad()
def states(transformer: Transformer, x: Tensor) -> Tensor:
    """What leaves each block, f32 [layers, B, N, H], for tokens f32 [B, N, H]."""
    sizes, parameters = _read(transformer, x, 0, 0)
    _, entering, _, _ = _forward(x.float(), sizes, parameters, keep=True)
    n, h = x.shape[1:]
    left = entering.view(-1, sizes.layers + 1, n, h, LANES)[:, 1:]
    return left.permute(1, 0, 4, 2, 3).reshape(sizes.layers, -1, n, h)[:, : len(x)]


def _read(
    transformer: Transformer, x: Tensor, groups: int, group_size: int
) -> tuple[stack.Sizes, list[Tensor]]:
    blocks = cast(list[Block], list(transformer.blocks))
    first, n = blocks[0], x.shape[1]
    sizes = stack.Sizes(
        layers=len(blocks),
        width=x.shape[2],
        heads=first.heads,
        ffn=first.up.out_features,
        tokens=n,
        shared=n - groups * group_size,
        groups=groups,
        pairs=torch.is_autocast_enabled("cpu"),
    )
    return sizes, [p for block in blocks for p in _parameters(block)]


def _parameters(block: Block) -> list[Tensor]:
    """In the order of `stack.Gradients`."""
    layers = (
        block.norm_attention, block.qkv, block.out, block.norm_ffn, block.up, block.down
    )  # fmt: skip
    return [parameter for layer in layers for parameter in (layer.weight, layer.bias)]


class _Stack(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, sizes: stack.Sizes, *parameters: Tensor) -> Tensor:
        y, ctx.inputs, ctx.weights, ctx.shapes = _forward(
            x, sizes, parameters, keep=any(ctx.needs_input_grad)
        )
        ctx.sizes = sizes
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
        sizes, shapes = ctx.sizes, ctx.shapes
        rows = _padded(dy)
        dx = torch.empty_like(rows)
        ones, unused = np.ones(sizes.width, np.float32), _flat(torch.empty(sizes.width * LANES))

        def work(first: int, last: int) -> dict[str, Tensor]:
            sums = {name: _nothing(name, shape) for name, shape in shapes.items()}
            gradients = stack.Gradients(**{name: sums[name].numpy() for name in shapes})
            space = _space(sizes, backward=True)
            stack.backward(
                _flat(rows), _flat(dx), ctx.inputs.numpy(), ctx.weights, ones, gradients,
                unused, space, sizes, first, last,
            )  # fmt: skip
            return sums

        parts = _in_parallel(work, len(rows) // LANES)
        totals = {name: _total([part[name] for part in parts], name, shapes) for name in shapes}
        layers = range(sizes.layers)
        return dx[: len(dy)], None, *(totals[name][layer] for layer in layers for name in shapes)


def _forward(
    x: Tensor, sizes: stack.Sizes, parameters: Sequence[Tensor], *, keep: bool
) -> tuple[Tensor, Tensor, stack.Weights, dict[str, torch.Size]]:
    """The output, what entered each block where it is kept, the weights as they are read and their
    shapes.
    """
    names = stack.Gradients._fields
    own = {
        name: torch.stack([p.detach() for p in parameters[i :: len(names)]])
        for i, name in enumerate(names)
    }
    weights = _weights(own, sizes)
    rows = _padded(x)
    y = torch.empty_like(rows)
    groups = len(rows) // LANES
    per_group = (sizes.layers + 1) * sizes.tokens * sizes.width * LANES
    inputs = torch.empty(groups * per_group if keep else 0)
    ones, zeros = np.ones(sizes.width, np.float32), np.zeros(sizes.width, np.float32)

    def work(first: int, last: int) -> None:
        space = _space(sizes, backward=False)
        stack.forward(
            _flat(rows), _flat(y), inputs.numpy(), weights, ones, zeros,
            space, sizes, first, last,
        )  # fmt: skip

    _in_parallel(work, groups)
    return y[: len(x)], inputs, weights, {name: values.shape for name, values in own.items()}


def _nothing(name: str, shape: torch.Size) -> Tensor:
    """Zeros to add gradients to, as `stack.Gradients` says."""
    layers, *rest = shape
    return torch.zeros(layers, prod(rest) * (1 if name in _MATRICES else LANES))


def _total(parts: list[Tensor], name: str, shapes: dict[str, torch.Size]) -> Tensor:
    """The sum over threads and, where they are kept apart, over rows; in the weights' shape."""
    found = parts[0] if len(parts) == 1 else torch.stack(parts).sum(0)
    layers, *rest = shapes[name]
    if name not in _MATRICES:
        return found.view(layers, *rest, LANES).sum(-1)
    return found.view(layers, *rest[::-1]).mT if name == "down" else found.view(layers, *rest)


def _weights(own: dict[str, Tensor], sizes: stack.Sizes) -> stack.Weights:
    laid = {
        name: _panels(values, sizes.pairs) if name in _MATRICES else values
        for name, values in own.items()
    }
    laid |= {f"{name}_back": _panels(own[name].mT, sizes.pairs) for name in _MATRICES}
    return stack.Weights(**{name: values.numpy() for name, values in laid.items()})


def _panels(matrices: Tensor, pairs: bool) -> Tensor:
    """[layers, O, I] to [layers, O / TILE · I · TILE]: the numbers in the order they are read."""
    layers, outputs, inputs = matrices.shape
    step = 2 if pairs else 1
    laid = matrices.reshape(layers, outputs // TILE, TILE, inputs // step, step).transpose(2, 3)
    if pairs:
        return laid.to(torch.bfloat16).contiguous().view(torch.float32).flatten(1)
    return laid.contiguous().flatten(1)


def _padded(x: Tensor) -> Tensor:
    """[B, N, H] with rows of zeros up to a whole group, in memory that vectors can be read from."""
    missing = -len(x) % LANES
    x = x.detach().contiguous()
    if missing or x.data_ptr() % ALIGNMENT:
        return torch.cat([x, x.new_zeros(missing, *x.shape[1:])])
    return x


def _flat(x: Tensor) -> np.ndarray:
    return x.view(-1).numpy()


def _space(sizes: stack.Sizes, *, backward: bool) -> stack.Space:
    n, h, f = sizes.tokens, sizes.width, sizes.ffn
    size = (n - sizes.shared) // max(1, sizes.groups)
    weights = sizes.shared**2 + sizes.groups * size * (sizes.shared + size)
    most = n * max(3 * h, f)
    vectors = {
        "x": n * h, "normed1": n * h, "qkv": 3 * n * h, "weights": sizes.heads * weights,
        "mixed": n * h, "middle": n * h, "normed2": n * h, "active": n * f,
        "packed": most // 2 * sizes.pairs,
    }  # fmt: skip
    if backward:
        vectors |= {
            "slope": n * f, "change": n * h, "inner": n * h, "outer": n * f,
            "qkv_back": 3 * n * h, "scores": max(sizes.shared, size) * (sizes.shared + size),
            "turned": n * h, "halves": most // 2 * sizes.pairs,
        }  # fmt: skip
    return stack.Space(
        **{name: torch.empty(vectors.get(name, 0) * LANES).numpy() for name in stack.Space._fields}
    )


def _in_parallel(work: Any, groups: int) -> list[Any]:
    """`work` on equal shares of the groups, on as many threads as torch is given."""
    threads = min(torch.get_num_threads(), groups)
    bounds = [groups * i // threads for i in range(threads + 1)]
    if threads == 1:
        return [work(*bounds)]
    return list(_pool(threads).map(work, bounds[:-1], bounds[1:]))


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="kernels")
