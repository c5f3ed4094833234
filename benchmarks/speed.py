"""How fast pre-training, embedding, encoding and maps are here, beside what the machine could do.

``make bench-speed``, or ``python benchmarks/speed.py [--quick] [--json] [--threads N]``. Everything
is measured in one process, the repetitions of all cases in turn, and medians are given: machines
drift. Utilisation is the rate of floating-point operations, counted by torch from the shapes of
the very steps that are timed, over that of a large float32 matrix product in the same rounds.
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
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from tjepa.analysis import projection
from tjepa.model import TJEPA, Masks, Rows
from tjepa.pretraining import Pretrainer, PretrainingConfig, StepEvent, embed, loop
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
PRODUCT = 2_048
STEPS = 4
"""Steps of a case in one round: mask sizes are drawn per step, so one alone says little."""


def main() -> None:
    arguments = _arguments()
    torch.set_num_threads(arguments.threads)
    result: dict[str, Any] = {"threads": arguments.threads, "torch": torch.__version__}
    rounds = 2 if arguments.quick else 9
    result |= pretraining_and_embedding(rounds)
    result["encode"] = encoding(10_000 if arguments.quick else 200_000)
    if not arguments.quick:
        result["umap"] = maps()
    result["peak_memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps(result, indent=2) if arguments.json else _table(result))


def pretraining_and_embedding(rounds: int) -> dict[str, Any]:
    """Steps and embedding batches of every case, and the ceiling, in turn."""
    left, right = torch.randn(PRODUCT, PRODUCT), torch.randn(PRODUCT, PRODUCT)
    trainings = {name: _Training(*case) for name, case in CASES.items()}
    ceilings: list[float] = []
    for turn in range(rounds + 1):
        seconds = _seconds(lambda: left @ right)
        for training in trainings.values():
            training.round(counted=turn > 0)
        if turn > 0:
            ceilings.append(2 * PRODUCT**3 / seconds / 1e9)
    ceiling = float(np.median(ceilings))
    return {
        "ceiling_gflops": round(ceiling, 1),
        "pretrain": {name: training.summary(ceiling) for name, training in trainings.items()},
        "embed": {
            name: {"rows_per_s": round(len(training.rows) / np.median(training.embedding))}
            for name, training in trainings.items()
        },
    }


class _Training:
    """A pre-training that goes on a few steps at a time."""

    def __init__(self, n_numeric: int, cardinalities: tuple[int, ...]) -> None:
        self.rows = _rows(2 * CONFIG.batch_size, n_numeric, cardinalities)
        self._pretrainer = Pretrainer(self.rows, cardinalities, CONFIG)
        self._steps = self._only_steps()
        self.rates: list[float] = []
        self.flops: list[float] = []
        self.seconds: list[float] = []
        self.embedding: list[float] = []

    def round(self, *, counted: bool) -> None:
        with _recorded_masks() as sizes:
            seconds = _seconds(lambda: [next(self._steps) for _ in range(STEPS)])
        embedding = _seconds(lambda: embed(self._pretrainer.encoder, self.rows))
        if counted:
            flops = sum(_flops(self._pretrainer.model, self.rows[:1], size) for size in sizes)
            self.flops.append(CONFIG.batch_size * flops / STEPS)
            self.rates.append(CONFIG.batch_size * flops / seconds)
            self.seconds.append(seconds / STEPS)
            self.embedding.append(embedding)

    def summary(self, ceiling: float) -> dict[str, float]:
        seconds = float(np.median(self.seconds))
        return {
            "ms_per_step": round(1_000 * seconds, 1),
            "rows_per_s": round(CONFIG.batch_size / seconds),
            "gflop_per_step": round(float(np.median(self.flops)) / 1e9, 2),
            "utilisation": round(float(np.median(self.rates)) / 1e9 / ceiling, 3),
        }

    def _only_steps(self) -> Iterator[StepEvent]:
        for event in self._pretrainer.events():
            if isinstance(event, StepEvent):
                yield event


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


def _flops(model: TJEPA, row: Rows, size: tuple[int, int, int]) -> int:
    """Operations of one row's forward and backward pass with masks of these sizes."""
    n_context, k, n_target = size
    order = torch.arange(row.missing.shape[1])
    masks = Masks(order[None, :n_context], order[None, None, -n_target:].expand(1, k, -1))
    # Torch counts nothing for the attention kernel of processors: as plain products it is counted.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        model(row, masks).loss.backward()
    model.zero_grad()
    return int(counter.get_total_flops())


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


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _table(result: dict[str, Any]) -> str:
    lines = [f"{result['threads']} thread, ceiling {result['ceiling_gflops']} GFLOP/s (float32)"]
    lines.append(
        f"{'':10} {'ms/step':>9} {'rows/s':>9} {'GFLOP':>7} {'of ceiling':>11} {'embed/s':>9}"
    )
    lines += [
        f"{name:10} {case['ms_per_step']:9,.1f} {case['rows_per_s']:9,} "
        f"{case['gflop_per_step']:7.1f} {case['utilisation']:11.1%} "
        f"{result['embed'][name]['rows_per_s']:9,}"
        for name, case in result["pretrain"].items()
    ]
    rest = {key: result[key] for key in ("encode", "umap", "peak_memory_mb") if key in result}
    return "\n".join([*lines, *(f"{key}: {value}" for key, value in rest.items())])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--quick", action="store_true", help="fewer rounds, no maps: under a minute"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--threads", type=int, default=1, help="of torch (default: 1)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
