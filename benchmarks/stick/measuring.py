"""One table's rivals, and one pre-training beside them, as records."""

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks.stick import probes, rivals
from benchmarks.stick.losses import Gain, Losses, gain
from benchmarks.stick.probes import FULL, Probed, Vectors, target_of
from benchmarks.stick.records import Record, Variant
from benchmarks.stick.tables import Table
from tjepa.analysis import fitting
from tjepa.pretraining import (
    EpochEvent,
    Pretrainer,
    PretrainingConfig,
    TrainedEncoder,
    as_rows,
)
from tjepa.table import raw_matrix, tree_matrix

COMPARISONS = ("untrained", "raw", "gbdt")


def measure_rivals(table: Table, losses_file: Path) -> Record:
    """Dummy, raw columns with every probe, and tuned boosted trees; what each loses on each test
    row is kept in a file, for the runs that are compared with them.
    """
    encoder, encoded = table.encoded(Variant("balanced").config(len(table.train), 0))
    raw, trees, target = raw_matrix(encoded), tree_matrix(encoded), target_of(table)
    fitted = fitting.dummy(target, table.train)
    dummy = probes.probed(probes.by_margins(fitted.margins, target), raw, table, target)
    names = [n for n in probes.possible(table, raw.shape[1]) if n not in probes.OF_TOKENS]
    vectors = Vectors.raw(raw)
    found = {name: probes.probe(name, vectors, table, 0) for name in names}
    libraries = rivals.tuned(trees, table)
    best = min(libraries, key=lambda one: one.found.validation)
    boosted = {"all": best.found}
    for labels in probes.FEW:
        if labels < len(table.train):
            boosted[f"linear_{labels}"] = rivals.tuned_with_few_labels(trees, table, labels)
    _keep_losses(losses_file, {"raw": found, "gbdt": boosted})
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
    table: Table,
    variant: Variant,
    seed: int,
    wanted: tuple[str, ...],
    losses_file: Path,
    stored: Iterable[tuple[Record, Path]] = (),
) -> Record:
    """Pre-train on the training rows, freeze, and probe beside the untrained encoder; what each
    loses on each test row is kept in a file.

    What the very same untrained encoder lost in a stored run, with the same probe, is taken from
    there.
    """
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
    found: dict[str, dict[str, Probed]] = {
        "tjepa": {},
        "untrained": _untrained_so_far(table, config, stored),
    }
    for name, one in (("tjepa", trained), ("untrained", trained.untrained())):
        vectors = Vectors(one.tokens(encoded))
        found[name] = {
            probe: found[name].get(probe) or probes.probe(probe, vectors, table, seed)
            for probe in probes.possible(table, vectors.width)
            if probe in wanted
        }
    _keep_losses(losses_file, found)
    return {
        "kind": "run",
        "table": table.name,
        "made_of": made_of(table),
        "variant": variant.name,
        "preset": variant.preset,
        "config": config.to_json(),
        "seed": seed,
        "seconds": round(seconds, 1),
        "steps": pretrainer.steps,
        "collapsed": last.collapsed,
        "std_ratio": last.std_ratio,
        "rank_ratio": last.spread.rank / pretrainer.start.rank,
        "scores": {name: _scores(probed) for name, probed in found.items()},
    }


def _untrained_so_far(
    table: Table, config: PretrainingConfig, stored: Iterable[tuple[Record, Path]]
) -> dict[str, Probed]:
    """What is known of the encoder that a configuration starts from: pre-training has no part in
    it, so that runs with other losses or another schedule have the same.
    """
    decisive = asdict(config.sizes) | {
        name: getattr(config, name)
        for name in ("scaling", "max_categories", "max_features", "seed")
    }
    of_table, found = made_of(table), dict[str, Probed]()
    for run, file in stored:
        if (
            run["made_of"] != of_table
            or not decisive.items() <= run["config"].items()
            or not file.exists()
        ):
            continue
        lost = _losses_in(file, squared=table.task == "regression")
        for name, score in run["scores"]["untrained"].items():
            found[name] = Probed(
                lost[f"untrained {name}"],
                score.get("validation", float("nan")),
                lost.get(f"untrained {name}, first draws"),
            )
    return found


def made_of(table: Table) -> str:
    """A digest of the columns and of the rows of the split: results of another do not compare."""
    digest = hashlib.sha256(repr([c.name for c in table.schema.features]).encode())
    for rows in (table.train, table.validation, table.test):
        digest.update(np.ascontiguousarray(rows, dtype=np.int64).tobytes())
    return digest.hexdigest()[:16]


def _scores(found: dict[str, Probed]) -> dict[str, dict[str, float]]:
    return {
        name: {"score": one.test.score}
        | ({} if np.isnan(one.validation) else {"validation": one.validation})
        for name, one in found.items()
    }


def best(scores: dict[str, dict[str, float]]) -> str | None:
    """The probe with all labels that is best on validation rows; None where not all were tried."""
    if not FULL - {"linear_pool"} <= scores.keys():  # raw columns are not pooled
        return None
    return min(sorted(FULL & scores.keys()), key=lambda name: scores[name]["validation"])


def measure_gains(
    table: Record, variant: Variant, runs: list[Record], rivals_file: Path, files: list[Path]
) -> Record:
    """What the embedding gains over each control: by the same probe, over all seeds that have it,
    and by the best of each, over those that have all. Runs come with the files of what they lost.
    """
    squared = table["metric"] == "rmse"
    kept = _losses_in(rivals_file, squared)
    found = [_losses_in(file, squared) for file in files]

    def of(whose: str, names: list[str | None]) -> list[Losses]:
        return [one[f"{whose} {name}"] for one, name in zip(found, names, strict=True) if name]

    tried = [run["scores"]["tjepa"] for run in runs]
    gains: dict[str, dict[str, Gain]] = {other: {} for other in COMPARISONS}
    for name in set[str]().union(*tried):
        same = [name if name in one else None for one in tried]
        mine = of("tjepa", same)
        gains["untrained"][name] = gain(mine, of("untrained", same))
        peer = "linear_flat" if name in probes.OF_TOKENS else name
        if (raw := kept.get(f"raw {peer}")) is not None:
            gains["raw"][name] = gain(mine, [raw])
        if (few := kept.get(f"gbdt {name}")) is not None:
            first = [one and f"{one}, first draws" for one in same]
            gains["gbdt"][name] = gain(of("tjepa", first), [few])
        else:
            gains["gbdt"][name] = gain(mine, [kept["gbdt all"]])
    ours = [best(one) for one in tried]
    theirs = [
        mine and best(run["scores"]["untrained"]) for mine, run in zip(ours, runs, strict=True)
    ]
    if any(ours):
        mine = of("tjepa", ours)
        gains["untrained"]["best"] = gain(mine, of("untrained", theirs))
        gains["raw"]["best"] = gain(mine, [kept[f"raw {best(table['raw'])}"]])
        gains["gbdt"]["best"] = gain(mine, [kept["gbdt all"]])
    return {
        "kind": "gains",
        "table": table["table"],
        "variant": variant.name,
        "preset": variant.preset,
        "seeds": [run["seed"] for run in runs],
        "gains": {
            other: {name: asdict(one) for name, one in sorted(by_probe.items())}
            for other, by_probe in gains.items()
        },
    }


def gain_over(probe: str, squared: bool, files: list[Path], others: list[Path]) -> Gain | None:
    """What one variant's embedding gains over another's by a probe: runs of the same seeds, by the
    files of what they lost. None where a file or the probe is not there.
    """
    name = f"tjepa {probe}"
    found: tuple[list[Losses], list[Losses]] = ([], [])
    for some, lost in zip((files, others), found, strict=True):
        for file in some:
            if not file.exists() or name not in (losses := _losses_in(file, squared)):
                return None
            lost.append(losses[name])
    return gain(*found)


def _keep_losses(file: Path, found: Mapping[str, Mapping[str, Probed]]) -> None:
    kept: dict[str, np.ndarray] = {}
    for whose, probed in found.items():
        for name, one in probed.items():
            of = {name: one.test, f"{name}, first draws": one.first_draws}
            for title, losses in of.items():
                if losses is not None:
                    kept[f"{whose} {title}: draws"] = losses.draws
                    kept[f"{whose} {title}: rows"] = losses.rows
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(file, **kept)


def _losses_in(file: Path, squared: bool) -> dict[str, Losses]:
    with np.load(file) as stored:
        names = [name.removesuffix(": rows") for name in stored if name.endswith(": rows")]
        return {
            name: Losses(stored[f"{name}: draws"], stored[f"{name}: rows"], squared)
            for name in names
        }


def is_current(record: Record, table: Table, variant: Variant, losses_file: Path) -> bool:
    """Whether a stored run is of this very table, and of what the variant means today."""
    config = variant.config(len(table.train), record["seed"])
    return (
        record["made_of"] == made_of(table)
        and record.get("config") == config.to_json()
        and losses_file.exists()
    )


def has_probes(record: Record, table: Table, features: int, wanted: tuple[str, ...]) -> bool:
    """Whether a run has every probe asked for that a table of so many features allows."""
    width = features * PretrainingConfig.from_json(record["config"]).sizes.token_width
    return set(probes.possible(table, width)) & set(wanted) <= record["scores"]["tjepa"].keys()
