"""One table's rivals, and one pre-training beside them, as records."""

import hashlib
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.stick import probes, rivals
from benchmarks.stick.losses import Gain, Losses, gain, together
from benchmarks.stick.probes import FULL, Probed, target_of
from benchmarks.stick.records import Record, Variant
from benchmarks.stick.tables import Table
from tjepa.analysis import fitting
from tjepa.pretraining import EpochEvent, Pretrainer, TrainedEncoder, as_rows, pool_tokens
from tjepa.table import raw_matrix, tree_matrix

COMPARISONS = ("untrained", "raw", "gbdt")
WIDEST_FOR_MLP = 20_000
"""Of wider vectors no MLP is fitted: its first layer alone would take gigabytes."""


def measure_rivals(table: Table, losses_file: Path) -> Record:
    """Dummy, raw columns with every probe, and tuned boosted trees; what each loses on each test
    row is kept in a file, for the runs that are compared with them.
    """
    encoder, encoded = table.encoded(Variant("balanced").config(len(table.train), 0))
    raw, trees, target = raw_matrix(encoded), tree_matrix(encoded), target_of(table)
    fitted = fitting.dummy(target, table.train)
    dummy = probes.probed(probes.by_margins(fitted.margins, target), raw, table, target)
    names = [name for name in _some(table, raw.shape[1]) if name != "linear_pool"]
    found = {name: probes.probe(name, raw, raw, table, 0) for name in names}
    libraries = rivals.tuned(trees, table)
    best = min(libraries, key=lambda one: one.found.validation)
    boosted = {"all": best.found}
    for labels in probes.FEW:
        if labels < len(table.train):
            boosted[f"linear_{labels}"] = rivals.tuned_with_few_labels(trees, table, labels)
    losses_file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        losses_file,
        made_of=made_of(table),
        **{f"raw {name}": one.test.rows for name, one in found.items()},
        **{f"gbdt {name}": one.test.rows for name, one in boosted.items()},
    )
    return {
        "kind": "table",
        "table": table.name,
        "made_of": made_of(table),
        "task": table.task,
        "metric": "accuracy" if target.classes else "rmse",
        "classes": target.classes,
        "features": len(encoder.features),
        "rows": [len(table.train), len(table.validation), len(table.test)],
        "notes": list(table.notes),
        "dummy": dummy.test.score,
        "raw": _scores(found),
        "gbdt": _scores(boosted),
        "libraries": [
            {
                "library": one.library,
                "trials": one.trials,
                "score": one.found.test.score,
                "validation": one.found.validation,
                "settings": one.settings,
            }
            for one in libraries
        ],
        "best_library": best.library,
    }


def measure_run(
    table: Table, variant: Variant, seed: int, losses_file: Path, rivals_record: Record,
    wanted: tuple[str, ...],
) -> Record:  # fmt: skip
    """Pre-train on the training rows, freeze, and probe beside the untrained encoder."""
    config = variant.config(len(table.train), seed)
    encoder, encoded = table.encoded(config)
    rows = as_rows(encoded.rows(table.train))
    started = time.perf_counter()
    pretrainer = Pretrainer(rows, encoder.cardinalities, config)
    last: EpochEvent | None = None
    for event in pretrainer.events(interval=60.0):
        if isinstance(event, EpochEvent):
            last = event
    seconds = time.perf_counter() - started
    assert last is not None
    trained = TrainedEncoder(pretrainer.encoder, config, encoder, table.schema)
    found: dict[str, dict[str, Probed]] = {}
    for name, one in (("tjepa", trained), ("untrained", trained.untrained())):
        tokens = one.tokens(encoded)
        flat, pooled = pool_tokens(tokens, "flat"), pool_tokens(tokens, "mean")
        found[name] = {
            name: probes.probe(name, flat, pooled, table, seed)
            for name in _some(table, flat.shape[1])
            if name in wanted
        }
    return {
        "kind": "run",
        "table": table.name,
        "made_of": made_of(table),
        "variant": variant.name,
        "preset": variant.preset,
        "seed": seed,
        "seconds": round(seconds, 1),
        "steps": pretrainer.steps,
        "collapsed": last.collapsed,
        "std_ratio": last.std_ratio,
        "rank_ratio": last.spread.rank / pretrainer.start.rank,
        "scores": {name: _scores(probed) for name, probed in found.items()},
        "best": _best(found["tjepa"]) if set(FULL) & found["tjepa"].keys() else None,
        "gains": _gains(found, losses_file, rivals_record),
    }


def made_of(table: Table) -> str:
    """A digest of the columns and of the rows of the split: results of another do not compare."""
    digest = hashlib.sha256(repr([c.name for c in table.schema.features]).encode())
    for rows in (table.train, table.validation, table.test):
        digest.update(np.ascontiguousarray(rows, dtype=np.int64).tobytes())
    return digest.hexdigest()[:16]


def _some(table: Table, width: int) -> list[str]:
    return [
        name
        for name in probes.NAMES
        if probes.has(name, table) and not (name == "mlp" and width > WIDEST_FOR_MLP)
    ]


def _scores(found: dict[str, Probed]) -> dict[str, dict[str, float]]:
    return {
        name: {"score": one.test.score}
        | ({} if np.isnan(one.validation) else {"validation": one.validation})
        for name, one in found.items()
    }


def _best(found: dict[str, Probed]) -> str:
    """The probe with all labels that is best on validation rows."""
    full = {name: one.validation for name, one in found.items() if name in FULL}
    return min(full, key=full.__getitem__)


def _gains(
    found: dict[str, dict[str, Probed]], losses_file: Path, rivals_record: Record
) -> dict[str, dict[str, dict[str, float]]]:
    """What the embedding gains over each control: by the same probe, and by the best of each."""
    mine, squared = found["tjepa"], rivals_record["metric"] == "rmse"
    with np.load(losses_file) as stored:
        kept = {name: together(list(stored[name]), squared) for name in stored if name != "made_of"}
    others: dict[str, dict[str, Losses]] = {name: {} for name in COMPARISONS}
    for name in mine:
        others["untrained"][name] = found["untrained"][name].test
        if (raw := kept.get(f"raw {name.replace('_pool', '_flat')}")) is not None:
            others["raw"][name] = raw
        if (gbdt := kept.get(f"gbdt {name}", kept["gbdt all"])) is not None:
            others["gbdt"][name] = gbdt
    gains: dict[str, dict[str, Gain]] = {
        other: {name: gain(mine[name].test, losses) for name, losses in by_probe.items()}
        for other, by_probe in others.items()
    }
    if set(FULL) <= mine.keys() | {"mlp"}:
        best = mine[_best(mine)].test
        raw_best = min(
            (name for name in rivals_record["raw"] if name in FULL),
            key=lambda name: rivals_record["raw"][name]["validation"],
        )
        gains["untrained"]["best"] = gain(best, found["untrained"][_best(found["untrained"])].test)
        gains["raw"]["best"] = gain(best, kept[f"raw {raw_best}"])
        gains["gbdt"]["best"] = gain(best, kept["gbdt all"])
    return {
        other: {name: {"value": one.value, "error": one.error} for name, one in by_probe.items()}
        for other, by_probe in gains.items()
    }


def is_measured(record: dict[str, Any] | None, table: Table, wanted: tuple[str, ...]) -> bool:
    """Whether a stored run is of this very table and has every probe that is asked for."""
    if record is None or record["made_of"] != made_of(table):
        return False
    width = record["scores"]["tjepa"]
    return all(name in width or not probes.has(name, table) or name == "mlp" for name in wanted)
