"""Whether cost per row and memory stay flat, from 10,000 rows to a million, and in wide tables.

``make bench-scale``, or ``python -m benchmarks.scale [--quick] [--json]``. Costs per row are
medians of repetitions of all sizes in turn, in one process and one thread, with masks of one size,
and their ratio to the smallest table's. Peak memory is that of a process of its own for each table:
reading, pre-training, embedding, the map and the probe, by the workbench itself.
"""

import os

# Before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from tjepa import Workbench, finish, preset
from tjepa.pretraining import Pretrainer, StepEvent, as_rows
from tjepa.table import TableEncoder, infer_schema, override, typed

COLUMNS = 50
SIZES = (10_000, 100_000, 1_000_000)
WIDE = (500, 2_000)
STEPS = 4
CHUNK = 50_000


def main() -> None:
    arguments = _arguments()
    torch.set_num_threads(1)
    if arguments.path:
        print(json.dumps(whole_path(arguments.path, probed=not arguments.quick)))
        return
    if arguments.wide:
        print(json.dumps(wide_table(arguments.wide, arguments.rows)))
        return
    quick = ["--quick"] if arguments.quick else []
    rows, long = (2_000, 10_000) if arguments.quick else (20_000, 1_000_000)
    # Processes first: a child inherits the peak that its parent has reached.
    result: dict[str, Any] = {
        "wide": [_child("--wide", str(width), "--rows", str(rows)) for width in WIDE]
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "long.parquet"
        write_table(file, long)
        result["path"] = _child("--path", str(file), *quick)
    result["per_row"] = per_row(SIZES[:2], 1) if arguments.quick else per_row(SIZES, 5)
    print(json.dumps(result, indent=2) if arguments.json else _table(result))


def per_row(sizes: tuple[int, ...], rounds: int) -> dict[str, dict[str, float]]:
    """Microseconds per row to pre-train and to encode, and their ratio to the first size's."""
    cases = [_Case(size) for size in sizes]
    for turn in range(rounds + 1):
        for case in cases:
            case.round(counted=turn > 0)
    first = cases[0].costs()
    return {
        str(case.rows): {
            **{f"{name}_us": round(cost, 2) for name, cost in case.costs().items()},
            **{
                f"{name}_ratio": round(cost / first[name], 2) for name, cost in case.costs().items()
            },
        }
        for case in cases
    }


class _Case:
    """A table of one size, whose pre-training goes on a few steps at a time."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._frame = table(rows)
        schema = infer_schema(self._frame)
        self._cells = lambda: typed(self._frame, schema)
        cells = self._cells()
        self._encoder = TableEncoder.fit(
            cells, schema.features, scaling="quantile", max_categories=256
        )
        # Masks of one size, so that steps can be compared.
        config = replace(
            preset("quick"),
            batch_size=512,
            epochs=1_000,
            context_min=0.5,
            context_max=0.5,
            target_min=0.3,
            target_max=0.3,
        )
        encoded = as_rows(self._encoder.transform(cells))
        self._config = config
        self._steps = _only_steps(Pretrainer(encoded, self._encoder.cardinalities, config))
        self._training: list[float] = []
        self._encoding: list[float] = []

    def round(self, *, counted: bool) -> None:
        training = _seconds(lambda: [next(self._steps) for _ in range(STEPS)])
        encoding = _seconds(lambda: self._encoder.transform(self._cells()))
        if counted:
            self._training.append(training / (STEPS * self._config.batch_size))
            self._encoding.append(encoding / self.rows)

    def costs(self) -> dict[str, float]:
        return {
            "train": 1e6 * float(np.median(self._training)),
            "encode": 1e6 * float(np.median(self._encoding)),
        }


def whole_path(file: Path, *, probed: bool) -> dict[str, Any]:
    """Seconds and peak memory so far, in MB, after each stage of the way of a table."""
    stages: dict[str, dict[str, float]] = {}

    def stage(name: str, call: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        value = call()
        stages[name] = {"s": round(time.perf_counter() - started, 1), "peak_mb": peak_mb()}
        return value

    stages["imports"] = {"s": 0.0, "peak_mb": peak_mb()}
    with tempfile.TemporaryDirectory() as home:
        bench = Workbench(Path(home))
        table_id = stage("read", lambda: bench.open_table(file))
        frame = bench.table(table_id).frame
        schema = stage("schema", lambda: override(bench.schema(table_id), frame, target="target"))
        config = replace(preset("quick", len(frame)), epochs=1)
        stage("estimate", lambda: bench.estimate(table_id, schema, config))
        run = bench.create_run(table_id, schema, config)
        stage("pretrain", lambda: finish(bench.pretrain(run)))
        vectors = stage("embed, mean", lambda: finish(bench.embed(run, pool="mean")))
        assert len(vectors) == len(frame)
        del vectors
        out = Path(home) / "flat.parquet"
        stage("embed, flat, to a file", lambda: finish(bench.embed_file(run, out)))
        stage("map", lambda: finish(bench.compute_projection(run, "tjepa", "pca")))
        if probed:
            stage("probe", lambda: finish(bench.compute_probe(run)))
    return {"rows": len(frame), "columns": frame.shape[1] - 1, "stages": stages}


def wide_table(width: int, rows: int) -> dict[str, Any]:
    """The estimate of a wide table, what it took, and a few real steps."""
    frame = pd.DataFrame(
        np.random.default_rng(0).normal(size=(rows, width)).astype(np.float32).round(2)
    ).rename(columns=str)
    with tempfile.TemporaryDirectory() as home:
        bench = Workbench(Path(home))
        file = Path(home) / "wide.parquet"
        frame.to_parquet(file)
        table_id = bench.open_table(file)
        schema, config = bench.schema(table_id), preset("quick", rows)
        before = peak_mb()
        started = time.perf_counter()
        estimate = bench.estimate(table_id, schema, config)
        took = time.perf_counter() - started
        after = peak_mb()
    encoder = TableEncoder.fit(
        frame, schema.features, scaling=config.scaling, max_categories=config.max_categories
    )
    encoded = as_rows(encoder.transform(frame))
    steps = _only_steps(Pretrainer(encoded, encoder.cardinalities, config))
    seconds = [_seconds(lambda: next(steps)) for _ in range(2 * STEPS)][1:]
    return {
        "columns": width,
        "rows": rows,
        "ms_per_step": round(1_000 * float(np.mean(seconds))),
        "estimate_took_s": round(took, 1),
        "estimate_added_mb": after - before,
        "estimate": {name: round(value, 1) for name, value in asdict(estimate).items()},
        "peak_mb": peak_mb(),
    }


def table(rows: int, seed: int = 0) -> pd.DataFrame:
    """`COLUMNS` columns, every fifth of them categorical, and a number that two of them know."""
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    for j in range(COLUMNS):
        if j % 5:
            columns[f"n{j}"] = random.normal(size=rows).round(2)
        else:
            columns[f"c{j}"] = pd.Categorical.from_codes(
                random.integers(12, size=rows), [f"level {k}" for k in range(12)]
            ).astype(str)
    columns["target"] = (columns["n1"] * columns["n2"] + random.normal(size=rows)).round(2)
    return pd.DataFrame(columns)


def write_table(file: Path, rows: int) -> None:
    """`table` as a Parquet file, in chunks: the memory of this process is inherited."""
    writer = None
    for start in range(0, rows, CHUNK):
        part = pa.Table.from_pandas(table(min(CHUNK, rows - start), start), preserve_index=False)
        writer = writer or pq.ParquetWriter(file, part.schema)
        writer.write_table(part)
    if writer is not None:
        writer.close()


def peak_mb() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _child(*words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.scale", *words]
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _only_steps(pretrainer: Pretrainer) -> Iterator[StepEvent]:
    return (event for event in pretrainer.events(interval=0) if isinstance(event, StepEvent))


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _table(result: dict[str, Any]) -> str:
    lines = [f"{'rows':>10} {'train µs/row':>13} {'ratio':>6} {'encode µs/row':>14} {'ratio':>6}"]
    lines += [
        f"{int(rows):10,} {case['train_us']:13,.1f} {case['train_ratio']:6.2f} "
        f"{case['encode_us']:14,.2f} {case['encode_ratio']:6.2f}"
        for rows, case in result["per_row"].items()
    ]
    path = result["path"]
    lines.append(f"\n{path['rows']:,} rows × {path['columns']} columns, peak memory so far")
    lines += [
        f"{name:>24} {stage['s']:8,.1f} s {stage['peak_mb']:8,} MB"
        for name, stage in path["stages"].items()
    ]
    for wide in result["wide"]:
        lines.append(
            f"\n{wide['columns']:,} columns × {wide['rows']:,} rows: {wide['ms_per_step']:,} ms "
            f"per step, peak {wide['peak_mb']:,} MB; the estimate took {wide['estimate_took_s']} s "
            f"and says {wide['estimate']['ms_per_step']:,.0f} ms, "
            f"{wide['estimate']['seconds']:,.0f} s in all, "
            f"{wide['estimate']['embedding_seconds']:,.0f} s to embed"
        )
    return "\n".join(lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller tables: under a minute")
    parser.add_argument("--json", action="store_true", help="print JSON")
    # What this script asks of itself, in a process of its own.
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--wide", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=int, default=2_000, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
