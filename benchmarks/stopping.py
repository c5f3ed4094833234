"""Does a run end at its best point? Probes along a whole pre-training, beside the epoch it keeps.

``python -m benchmarks.stopping [--tables a,b] [--seed 0] [--preset quick] [--points 10]``. Each run
goes to its last epoch; at some of the epochs that are checked by restoring held-out rows, its
encoder is probed on test rows. The epoch that the run would keep knows no label. Beside it stand
the best epoch by the very test scores, which is better by luck too, and, without that luck, the
best by one half of the test rows as the other half scores it. Every epoch is judged so, to say what
choosing is worth beside chance. One line per run goes to ``benchmarks/results/stopping.jsonl``;
``--render`` writes the tables of ``benchmarks/RESULTS.md`` from them. One torch thread.
"""

import os

# Before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import argparse
import json
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch

from benchmarks.stick import book, probes, tables
from benchmarks.stick.losses import Losses, gain
from benchmarks.stick.probes import Vectors
from benchmarks.stick.records import Record
from benchmarks.stick.summary import SHOWN, gain_in_words, interval, number
from tjepa.model import Encoder
from tjepa.pretraining import (
    PRESETS,
    EpochEvent,
    Pretrainer,
    PretrainingConfig,
    TrainedEncoder,
    as_rows,
    held_out_count,
)
from tjepa.pretraining import preset as preset_of

RESULTS = Path(__file__).parent / "results" / "stopping.jsonl"
NOISE, ALIKE = 1.96, 0.001
"""Standard errors; and the share of a score below which a difference is none: between epochs that
hardly differ the error is next to nothing, too.
"""
SPLITS = 20
"""Of the test rows into halves."""


def main() -> None:
    arguments = _arguments()
    if arguments.render:
        records = [json.loads(line) for line in RESULTS.read_text().splitlines()]
        kinds = {"stopping": rendered, "choices": choices}
        book.write({kind: partial(render, records) for kind, render in kinds.items()})
        return
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", module="sklearn")
    for name in arguments.tables.split(","):
        record = run(name, arguments.preset, arguments.seed, arguments.points)
        with RESULTS.open("a") as lines:
            lines.write(json.dumps(record) + "\n")
        print(json.dumps(record), flush=True)


def run(name: str, preset: str, seed: int, points: int) -> Record:
    table = tables.load(name)
    rows = len(table.train)
    config = _config(preset, rows, seed)
    if not held_out_count(rows, config):
        sys.exit(
            f"{name}: the preset {preset} sets none of {rows:,} training rows aside, and so keeps "
            "the last epoch. Leave the table out."
        )
    encoder, encoded = table.encoded(config)
    pretrainer = Pretrainer(as_rows(encoded.rows(table.train)), encoder.cardinalities, config)
    # The encoder is copied as each event comes, before the run goes on.
    checked: list[tuple[int, float, Encoder]] = [
        (event.epoch, event.held_out, deepcopy(pretrainer.encoder))
        for event in pretrainer.events(interval=60.0)
        if isinstance(event, EpochEvent) and event.held_out is not None
    ]
    kept = min(range(len(checked)), key=lambda i: checked[i][1])
    some = sorted({kept, *np.linspace(0, len(checked) - 1, points).round().astype(int).tolist()})
    found: dict[str, list[Losses]] = {name: [] for name in SHOWN}
    for i in some:
        trained = TrainedEncoder(checked[i][2], config, encoder, table.schema)
        vectors = Vectors(trained.tokens(encoded))
        for probe in SHOWN:
            if probes.has(probe, table):
                found[probe].append(probes.probe(probe, vectors, table, seed).test)
    return {
        "table": name,
        "preset": preset,
        "seed": seed,
        "rows": rows,
        "config": config.to_json(),
        "epochs": [checked[i][0] for i in some],
        "held_out": [checked[i][1] for i in some],
        "kept_epoch": checked[kept][0],
        "probes": {
            probe: _compared(losses, some.index(kept)) for probe, losses in found.items() if losses
        },
    }


def _config(preset: str, rows: int, seed: int) -> PretrainingConfig:
    return replace(preset_of(preset, rows), seed=seed, patience=1.0)


def _compared(losses: list[Losses], kept: int) -> Record:
    """The scores along the run, and how the kept epoch and the last lie to the best of them."""
    best = max(range(len(losses)), key=lambda i: gain([losses[i]], [losses[0]]).value)
    scores = [one.score for one in losses]
    compared: Record = {"scores": scores, "best": best}
    for name, i in (("kept", kept), ("last", len(losses) - 1)):
        one = gain([losses[i]], [losses[best]])
        compared[name] = _judged(one.value, one.error, scores[best])
    fairly = [_judged(*_fairly(losses, i), scores[i]) for i in range(len(losses))]
    compared["within_noise"] = [one["within_noise"] for one in fairly]
    return {**compared, "kept_fairly": fairly[kept]}


def _judged(value: float, error: float, score: float) -> Record:
    within = value + max(NOISE * error, ALIKE * score) >= 0
    return {"value": value, "error": error, "within_noise": bool(within)}


def _fairly(losses: list[Losses], kept: int) -> tuple[float, float]:
    """What the kept epoch gains over the one that one half of the test rows finds best, on the
    other half, and the standard error: the mean over both halves and over splits.
    """
    # What is lost on a half, to first order: `Losses` has an RMSE as a sum over rows so.
    by_row = np.stack([one.rows - one.rows.mean(dtype=np.float64) for one in losses])
    by_row += np.stack([one.draws.mean() for one in losses])[:, None]
    mine = replace(losses[kept], rows=by_row[kept])
    rng = np.random.default_rng(0)
    values, variances = [], []
    n = len(mine.rows)
    for _ in range(SPLITS):
        halves = np.split(rng.permutation(n), [n // 2])
        rows, draws = np.empty_like(mine.rows), []
        for chooses, judges in (halves, halves[::-1]):
            rival = int(by_row[:, chooses].mean(axis=1).argmin())
            rows[judges] = by_row[rival, judges]
            draws.append(losses[rival].draws)
        other = Losses(np.mean(draws, axis=0), rows, mine.squared)
        values.append((rows - mine.rows).mean())
        variances.append(gain([mine], [other]).error ** 2)
    return float(np.mean(values)), float(np.sqrt(np.mean(variances)))


def rendered(records: Iterable[Record], preset: str) -> str:
    """A Markdown table of the runs of a preset, a row per table and a cell per probe: the mean
    score of the epochs kept and of the best ones, those, what each epoch kept gains over the best
    one without its luck, in italics where that is a loss beyond noise, and the mean over seeds with
    its 95 % interval.
    """
    lines = ["| table | kept, of | flat | pooled | 200 labels |", "|---" * 5 + "|"]
    for table, some in _by_table(records, preset).items():
        kept = ", ".join(str(run["kept_epoch"]) for run in some)
        cells = [table, f"{kept} of {some[0]['epochs'][-1]}"]
        cells += [_along(some, probe) for probe in SHOWN]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def choices(records: Iterable[Record], preset: str) -> str:
    """A Markdown table of what choosing an epoch is worth, a row per table: in how many cases, of
    all runs and probes, it is within noise of the best one: the epoch kept, the last one, any of
    them in the mean, and the one of each run that is so for the most probes.
    """
    lines = ["| table | seeds | cases | kept | last | any, in the mean | the one that suits most |"]
    lines.append("|---" * 7 + "|")
    for table, some in _by_table(records, preset).items():
        cases, counts = 0, np.zeros(4)
        for run in some:
            within = np.array([one["within_noise"] for one in run["probes"].values()])
            suited = within.sum(axis=0)
            kept = run["epochs"].index(run["kept_epoch"])
            cases += len(within)
            counts += suited[kept], suited[-1], suited.mean(), suited.max()
        kept, last, any_one, suits = counts
        cells = [table, len(some), cases, f"{kept:g}", f"{last:g}", f"{any_one:.1f}", f"{suits:g}"]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


def _by_table(records: Iterable[Record], preset: str) -> dict[str, list[Record]]:
    """The runs of what a preset means today, by table and seed; of two the later counts."""
    runs: dict[str, dict[int, Record]] = defaultdict(dict)
    for record in records:
        today = _config(preset, record["rows"], record["seed"])
        if record["preset"] == preset and record["config"] == today.to_json():
            runs[record["table"]][record["seed"]] = record
    return {table: [of[seed] for seed in sorted(of)] for table, of in runs.items()}


def _along(runs: list[Record], probe: str) -> str:
    found = [(run, run["probes"][probe]) for run in runs if probe in run["probes"]]
    if not found:
        return "–"
    kept = [one["scores"][run["epochs"].index(run["kept_epoch"])] for run, one in found]
    best = [one["scores"][one["best"]] for _, one in found]
    epochs = ", ".join(str(run["epochs"][one["best"]]) for run, one in found)
    gains = [one["kept_fairly"] for _, one in found]
    scores = f"{number(float(np.mean(kept)))} / {number(float(np.mean(best)))} ({epochs})"
    return "; ".join([scores, ", ".join(map(_gained, gains)), *_over_seeds(gains)])


def _over_seeds(gains: list[Record]) -> list[str]:
    """Nothing for one seed. What a seed gains has the noise of its test rows in it."""
    values = np.array([one["value"] for one in gains])
    if len(values) == 1:
        return []
    spread = float(values.std(ddof=1)) / len(values) ** 0.5
    mean = {"value": float(values.mean()), "error": 0.0, "spread": spread, "seeds": len(values)}
    return [gain_in_words(interval(mean))]


def _gained(judged: Record) -> str:
    words = f"{judged['value']:+.4f}"
    return words if judged["within_noise"] else f"_{words}_"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--tables", default="california,bike_sharing,wine_quality,telco_churn")
    parser.add_argument("--preset", choices=PRESETS, default="quick")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--points", type=int, default=10)
    parser.add_argument("--render", action="store_true", help="write the table of RESULTS.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
