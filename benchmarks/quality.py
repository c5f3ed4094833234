"""Does pre-training teach the encoder anything? Frozen embeddings beside every control.

``make bench-quality``, or ``python -m benchmarks.quality [--tables a,b] [--seeds 0,1,2]
[--preset quick] [--set field=value …] [--probes …] [--json]``. Every result is a line of
``benchmarks/results/quality.jsonl``, and what was lost on the test rows lies beside it; what is
there already, of the same table and configuration, is not measured again, so a run that was stopped
goes on. ``--summary`` counts wins, ties and losses over the tables from what is stored,
``--render`` writes the tables of ``benchmarks/RESULTS.md``; neither looks at what was measured of
a preset before its settings were changed.

Tables lie in TJEPA_BENCH_DATA. Original splits where there are some; scaling, encoding and
pre-training see training rows only; every choice is made on validation rows; test rows are scored
once. One torch thread.
"""

import os

# Before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import argparse
import json
import sys
import warnings
from functools import partial
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

import torch

from benchmarks.stick import book, changes, probes, summary, tables
from benchmarks.stick.measuring import (
    has_probes,
    is_current,
    made_of,
    measure_gains,
    measure_rivals,
    measure_run,
)
from benchmarks.stick.records import Record, Store, Variant, change
from tjepa.pretraining import PRESETS

RESULTS = Path(__file__).parent / "results" / "quality.jsonl"


def main() -> None:
    arguments = _arguments()
    variant = Variant(arguments.preset, tuple(map(change, arguments.set)))
    store = Store(arguments.results)
    if arguments.summary:
        found = summary.summary(store, variant.name)
        print(json.dumps(found, indent=2) if arguments.json else _in_words(found))
        return
    if arguments.render:
        write_book(store)
        return
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", module="sklearn")  # probes that reach their last iteration
    for name in arguments.tables or tables.names():
        run_table(name, variant, arguments.seeds, arguments.probes, store, arguments.json)


def run_table(
    name: str, variant: Variant, seeds: list[int], wanted: tuple[str, ...], store: Store,
    as_json: bool,
) -> None:  # fmt: skip
    """Measure what is not stored yet of one table, and after each run the gains over its seeds."""
    table, rivals_file = tables.load(name), store.rivals_file(name)
    rivals = store.table(name)
    if rivals is None or rivals["made_of"] != made_of(table) or not rivals_file.exists():
        rivals = measure_rivals(table, rivals_file)
        store.add(rivals)
        _say(rivals, as_json)
    features = rivals["features"]

    def losses_of(run: Record) -> Path:
        return store.losses_file(name, run["variant"], run["seed"])

    def current(run: Record) -> bool:
        return is_current(run, table, variant, losses_of(run))

    def update_gains() -> None:
        runs = [run for run in store.runs(variant.name) if run["table"] == name and current(run)]
        runs.sort(key=lambda run: int(run["seed"]))
        if not runs:
            return
        files = [losses_of(run) for run in runs]
        gains = measure_gains(rivals, variant, runs, rivals_file, files)
        if gains not in store.gains(variant.name):
            store.add(gains)
            _say(gains, as_json)

    for seed in seeds:
        run = store.run(name, variant.name, seed)
        if run is not None and current(run) and has_probes(run, table, features, wanted):
            continue
        stored = [
            (run, losses_of(run))
            for run in store.all_runs()
            if (run["table"], run["seed"]) == (name, seed)
        ]
        losses_file = store.losses_file(name, variant.name, seed)
        store.add(measure_run(table, variant, seed, wanted, losses_file, stored))
        update_gains()
    update_gains()


def write_book(store: Store, file: Path = book.BOOK) -> None:
    """Put the tables of the variants that are marked in the book between their marks."""
    renders = {
        "results": summary.rendered,
        "other probes": summary.other_probes,
        "ablations": changes.ablations,
        "change": changes.change,
    }
    book.write({kind: partial(render, store) for kind, render in renders.items()}, file)


def _say(record: dict, as_json: bool) -> None:
    if as_json:
        print(json.dumps(record), flush=True)
        return
    if record["kind"] == "table":
        found = {one["library"]: round(one["score"], 4) for one in record["libraries"]}
        print(f"{record['table']}: dummy {record['dummy']:.4f}, {found}", flush=True)
        return
    gains = record["gains"]["untrained"]
    words = ", ".join(
        f"{probe} {found.value:+.4f} [{found.low:+.4f}, {found.high:+.4f}]"
        for probe, one in gains.items()
        for found in [summary.interval(one)]
    )
    print(f"{record['table']}, seeds {record['seeds']}: {words}", flush=True)


def _in_words(found: dict) -> str:
    lines = [f"{found['variant']}: {found['tables']} tables, {found['seeds']} seeds or more"]
    for other in ("untrained", "raw", "gbdt"):
        for probe, counts in found[other].items():
            words = ", ".join(f"{count} {word}" for word, count in counts.items())
            lines.append(f"{other:10} {probe:12} {words}")
    return "\n".join([*lines, f"collapsed  {found['collapsed']}"])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--tables", type=_listed, help="names, with commas; all by default")
    parser.add_argument(
        "--seeds", type=lambda text: list(map(int, _listed(text))), default=[0, 1, 2]
    )
    parser.add_argument("--preset", choices=PRESETS, default="quick")
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE")
    parser.add_argument("--probes", type=_listed, default=probes.NAMES)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--summary", action="store_true", help="count what is stored")
    parser.add_argument("--render", action="store_true", help="write the tables of RESULTS.md")
    return parser.parse_args()


def _listed(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))


if __name__ == "__main__":
    main()
