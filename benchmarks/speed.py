"""How fast pre-training, embedding, encoding and maps are here, beside what the machine could do.

``make bench-speed``, or ``python benchmarks/speed.py`` with ``--quick``, ``--json``,
``--threads N`` or ``--device cpu``. Everything is measured in one process, the repetitions of all
cases in turn, and medians are given: machines drift. On a GPU, pre-training and the ceiling are
timed there, by its own events.

The sizes of the masks, and with them the cost of a step, are drawn anew for each step. So what is
measured is the time per floating-point operation that a step must do, counted from the shapes of
the very steps that are timed, and what is given is the time of the average step. Utilisation is the
rate of these operations over that of a large float32 matrix product in the same rounds, also for
bfloat16. `plain torch` is the same network without the kernels, its context computed once per
target as the paper's is.
"""

import os

# Before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import argparse
import json
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd
import torch

from tjepa.analysis import projection
from tjepa.model import Masks, Rows, kernels
from tjepa.pretraining import Pretrainer, PretrainingConfig, StepEvent, embed, loop
from tjepa.pretraining.loop import usable_device
from tjepa.progress import finish
from tjepa.table import TableEncoder, infer_schema, typed

CONFIG = PretrainingConfig(
    width=64,
    layers=4,
    heads=4,
    ffn=256,
    predictor_width=32,
    predictor_layers=4,
    predictor_heads=4,
    predictor_ffn=256,
    context_min=0.15,
    context_max=0.4,
    target_min=0.15,
    target_max=0.6,
    batch_size=512,
    epochs=1_000,
)
CASES: dict[str, tuple[int, tuple[int, ...]]] = {
    "numeric8": (8, ()),
    "mixed14": (6, (9,) * 8),
    "numeric54": (54, ()),
}
PLANS: dict[str, dict[str, Any]] = {
    "pretrain": {"precision": "float32"},
    "pretrain_bf16": {"precision": "bfloat16"},
    "pretrain_plain": {"precision": "float32", "shared_context": False},
}
"""What is compared: key of the result, changes to `CONFIG`. The last is without kernels."""
TITLES = {
    "pretrain": "float32",
    "pretrain_bf16": "bfloat16",
    "pretrain_plain": "plain torch",
}
TARGETS = {
    "pretrain": {"numeric8": 170, "mixed14": 280, "numeric54": 1_120},
    "pretrain_bf16": {"numeric8": 95, "mixed14": 160, "numeric54": 630},
}
"""Milliseconds per step on a processor whose ceiling is `TARGET_CEILING`."""
TARGET_CEILING = 91.0
PRODUCT = 2_048
EPOCH = 32
"""Steps of an epoch: diagnostics at its end are part of pre-training, but not of every step."""
EMBEDDED = 1_024
"""Rows that are embedded at a time."""
DRAWN = 2_000
"""Mask sizes that are drawn to tell what the average step must do."""


@dataclass(frozen=True)
class Effort:
    """How much is measured: `rounds` after a first that does not count, with at least `steps`."""

    rounds: int
    steps: int


QUICK, FULL = Effort(rounds=2, steps=2), Effort(rounds=9, steps=4)


def main() -> None:
    arguments = _arguments()
    torch.set_num_threads(arguments.threads)
    device = usable_device(arguments.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    result: dict[str, Any] = {
        "threads": arguments.threads,
        "torch": torch.__version__,
        "device": name,
    }
    result |= pretraining_and_embedding(QUICK if arguments.quick else FULL, device)
    result["encode"] = encoding(10_000 if arguments.quick else 200_000)
    if not arguments.quick:
        result["umap"] = maps()
    result["peak_memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps(result, indent=2) if arguments.json else _table(result))


def pretraining_and_embedding(effort: Effort, device: torch.device) -> dict[str, Any]:
    """Steps and embedding batches of every case, and the ceiling, in turn.

    Without `pretrain_bf16` where the device is not built for bfloat16, and without
    `pretrain_plain` in a hurry and on a GPU.
    """
    left, right = torch.randn(2, PRODUCT, PRODUCT, device=device)
    trainings = {
        key: {name: _Training(*case, key, device) for name, case in CASES.items()} for key in PLANS
    }
    if effort is QUICK or device.type != "cpu":
        del trainings["pretrain_plain"]
    if not all(training.is_worthwhile for training in trainings["pretrain_bf16"].values()):
        del trainings["pretrain_bf16"]
    ceilings: list[float] = []
    for turn in range(effort.rounds + 1):
        counted = turn > 0
        seconds = _seconds(lambda: left @ right, device)
        for cases in trainings.values():
            for training in cases.values():
                training.round(effort.steps, counted=counted)
        for training in trainings["pretrain"].values():
            training.embed(counted=counted)
        if counted:
            ceilings.append(2 * PRODUCT**3 / seconds / 1e9)
    ceiling = float(np.median(ceilings))
    return {
        "ceiling_gflops": round(ceiling, 1),
        **{
            key: {name: training.summary(ceiling) for name, training in cases.items()}
            for key, cases in trainings.items()
        },
        "embed": {
            name: {"rows_per_s": round(EMBEDDED / np.median(training.embedding))}
            for name, training in trainings["pretrain"].items()
        },
    }


class _Training:
    """A pre-training that goes on a few steps at a time."""

    def __init__(
        self,
        n_numeric: int,
        cardinalities: tuple[int, ...],
        key: str,
        device: torch.device,
    ) -> None:
        self._plain = key == "pretrain_plain"
        self._config = replace(CONFIG, **PLANS[key])
        self._rows = _rows(EPOCH * CONFIG.batch_size, n_numeric, cardinalities)
        self._pretrainer = Pretrainer(self._rows, cardinalities, self._config, device)
        self._steps = self._only_steps()
        features = self._rows.missing.shape[1]
        self._flops = CONFIG.batch_size * _average_flops_per_row(self._config, features)
        self.rates: list[float] = []
        self.embedding: list[float] = []

    @property
    def is_worthwhile(self) -> bool:
        return self._pretrainer.model.is_faster_in_bfloat16(self._pretrainer.device)

    def round(self, at_least: int, *, counted: bool) -> None:
        """The loop is left where it reads losses, so there may be a few steps more."""

        def go_on() -> None:
            while len(sizes) < at_least:
                next(self._steps)

        with _recorded_masks() as sizes, _kernels(enabled=not self._plain):
            seconds = _seconds(go_on, self._pretrainer.device)
        if counted:
            features = self._rows.missing.shape[1]
            flops = sum(flops_per_row(self._config, features, *size) for size in sizes)
            self.rates.append(CONFIG.batch_size * flops / seconds)

    def embed(self, *, counted: bool) -> None:
        rows = self._rows[slice(0, EMBEDDED)]
        seconds = _seconds(lambda: embed(self._pretrainer.encoder, rows))
        if counted:
            self.embedding.append(seconds)

    def summary(self, ceiling: float) -> dict[str, float]:
        rate = float(np.median(self.rates))
        return {
            "ms_per_step": round(1_000 * self._flops / rate, 1),
            "rows_per_s": round(CONFIG.batch_size * rate / self._flops),
            "gflop_per_step": round(self._flops / 1e9, 2),
            "utilisation": round(rate / 1e9 / ceiling, 3),
        }

    def _only_steps(self) -> Iterator[StepEvent]:
        for event in self._pretrainer.events():
            if isinstance(event, StepEvent):
                yield event


@contextmanager
def _kernels(*, enabled: bool) -> Iterator[None]:
    before = kernels.ENABLED
    kernels.ENABLED = before and enabled
    try:
        yield
    finally:
        kernels.ENABLED = before


@contextmanager
def _recorded_masks() -> Iterator[list[tuple[int, int, int]]]:
    """The sizes of the masks that are drawn meanwhile: context, K and target."""
    draw, sizes = loop.draw_masks, []

    def drawing(*arguments: Any) -> Masks:
        masks = draw(*arguments)
        sizes.append((masks.context.shape[1], *masks.targets.shape[1:]))
        return masks

    loop.draw_masks = drawing
    try:
        yield sizes
    finally:
        loop.draw_masks = draw


def flops_per_row(
    config: PretrainingConfig, features: int, context: int, targets: int, target: int
) -> int:
    """Multiplications and additions of one row's step, in matrix products and attention.

    `context` features predict `targets` times `target` others of the `features`: the predictor
    goes through the context once, or once per target mask. Backward, each product is done twice,
    once for its weights and once for its input; the target encoder is not trained.
    """
    reg, width, narrow = config.reg_tokens, config.width, config.predictor_width
    known, seen, asked = features + reg, context + reg, targets * target
    forward_only = config.layers * _flops_per_block(known, known**2, width, config.ffn)
    trained = config.layers * _flops_per_block(seen, seen**2, width, config.ffn)
    if config.shared_context:
        tokens, pairs = context + asked, context**2 + asked * (context + target)
    else:
        tokens, pairs = targets * (context + target), targets * (context + target) ** 2
    per_block = _flops_per_block(tokens, pairs, narrow, config.predictor_ffn)
    trained += config.predictor_layers * per_block
    trained += 2 * (context + targets * target) * width * narrow
    return forward_only + 3 * trained


def _flops_per_block(tokens: int, pairs: int, width: int, ffn: int) -> int:
    """Of a transformer block: four projections, two layers, and `pairs` that attend."""
    return 2 * tokens * (4 * width * width + 2 * width * ffn) + 4 * pairs * width


def _average_flops_per_row(config: PretrainingConfig, features: int) -> float:
    generator = torch.Generator().manual_seed(0)
    drawn = (loop.draw_masks(1, features, config.mask_shares, generator) for _ in range(DRAWN))
    return fmean(
        flops_per_row(config, features, masks.context.shape[1], *masks.targets.shape[1:])
        for masks in drawn
    )


def encoding(rows: int) -> dict[str, int]:
    """A mixed frame, 6 numeric and 8 categorical columns, to typed cells and to arrays."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {f"n{j}": random.normal(size=rows).round(4) for j in range(6)}
        | {f"c{j}": random.choice(list("abcdefgh"), rows) for j in range(8)}
    )
    schema = infer_schema(frame)
    cells = typed(frame, schema)
    encoder = TableEncoder.fit(cells, schema.features, scaling="quantile", max_categories=256)
    return {
        "typed_rows_per_s": round(rows / _seconds(lambda: typed(frame, schema))),
        "encoded_rows_per_s": round(rows / _seconds(lambda: encoder.transform(cells))),
    }


def maps() -> dict[str, float]:
    """UMAP of 5,000 rows of 64 numbers: the first of the process, and the next."""
    vectors = np.random.default_rng(0).normal(size=(5_000, 64)).astype(np.float32)

    def draw() -> None:
        work = projection.umap(vectors, np.arange(5_000), source="raw", n_total=5_000, seed=0)
        finish(work)

    return {"cold_s": round(_seconds(draw), 1), "warm_s": round(_seconds(draw), 1)}


def _rows(n: int, n_numeric: int, cardinalities: tuple[int, ...]) -> Rows:
    generator = torch.Generator().manual_seed(0)
    codes = [torch.randint(1, size, (n, 1), generator=generator) for size in cardinalities]
    return Rows(
        torch.randn(n, n_numeric, generator=generator),
        torch.cat(codes, dim=1) if codes else torch.zeros(n, 0, dtype=torch.long),
        torch.zeros(n, n_numeric + len(cardinalities), dtype=torch.bool),
    )


def _seconds(call: Callable[[], object], device: torch.device = loop.CPU) -> float:
    """How long the call takes; on a GPU by its own clock, from event to event."""
    if device.type == "cuda":
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        call()
        end.record()
        end.synchronize()
        return start.elapsed_time(end) / 1_000
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _table(result: dict[str, Any]) -> str:
    ceiling = result["ceiling_gflops"]
    lines = [
        f"{result['device']}, {result['threads']} thread, ceiling {ceiling:,} GFLOP/s (float32)"
    ]
    for key in PLANS:
        if key in result:
            lines += _lines(key, result, TARGET_CEILING / ceiling)
    lines.append(
        "embedded rows/s: "
        + ", ".join(f"{name} {case['rows_per_s']:,}" for name, case in result["embed"].items())
    )
    rest = {key: result[key] for key in ("encode", "umap", "peak_memory_mb") if key in result}
    return "\n".join([*lines, *(f"{key}: {value}" for key, value in rest.items())])


def _lines(key: str, result: dict[str, Any], slower: float) -> list[str]:
    """The figures of one plan, on a processor beside the targets for one as fast as this."""
    heads = ("ms/step", "target", "rows/s", "GFLOP", "of ceiling")
    lines = [f"{TITLES[key]:12}" + "".join(f"{head:>11}" for head in heads)]
    for name, case in result[key].items():
        target = "-"
        if key in TARGETS and result["device"] == "cpu":
            target = f"{slower * TARGETS[key][name]:,.0f}"
        lines.append(
            f"{name:12}{case['ms_per_step']:11,.1f}{target:>11}{case['rows_per_s']:11,}"
            f"{case['gflop_per_step']:11.1f}{case['utilisation']:11.1%}"
        )
    return lines


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--quick", action="store_true", help="fewer rounds, no maps: under a minute"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--threads", type=int, default=1, help="of torch (default: 1)")
    parser.add_argument("--device", help="cpu or cuda (default: the GPU, if torch can use one)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
