"""One pre-training over a stored run: events of the loop in, files and progress out."""

import os
import time
from dataclasses import dataclass, replace
from itertools import count
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
from torch import Tensor

from tjepa.analysis.waiting import preload
from tjepa.errors import SchemaError, TjepaError
from tjepa.model import Rows, kernels
from tjepa.pretraining import (
    EpochEvent,
    Pretrainer,
    PretrainingConfig,
    TrainedEncoder,
    as_rows,
    embed,
    held_out_count,
)
from tjepa.progress import Progress, Work
from tjepa.runs import RunInfo, Store
from tjepa.runs.home import now
from tjepa.table import RawTable, Schema, TableEncoder, split_table, typed

CHECKPOINT_SECONDS = 20.0
FLUSH_SECONDS = 0.5
TRIAL_STEPS = 8
TRIAL_SECONDS = 1.5
TRIAL_CELLS = 500_000
TRIAL_TOKENS = 16_384
"""Of a step that is timed: larger ones are timed in part."""
DIAGNOSTICS = ("loss", "std", "std_ratio", "rank", "collapsed")


@dataclass(frozen=True)
class Estimate:
    """What a pre-training would cost on this machine: from a few real steps on this table.

    `parameters` is a little low where the rows of those steps lack some of the categories.
    `embedding_seconds` is what embedding all `rows` of the table once would take afterwards, and
    `features_per_step` how many of the `features` are in each step.
    """

    seconds: float
    steps: int
    parameters: int
    ms_per_step: float
    rows: int
    embedding_seconds: float
    features: int
    features_per_step: int


def check_features(schema: Schema) -> None:
    """SchemaError unless one feature can be predicted from another."""
    found = len(schema.features)
    if found < 2:
        raise SchemaError(
            f"{found} column{'' if found == 1 else 's'} can be given to the encoder, and it needs "
            "at least 2: one to predict from another. Use more columns, or correct their kinds."
        )


def fit(frame: pd.DataFrame, schema: Schema, config: PretrainingConfig) -> TableEncoder:
    """The table encoder of a typed frame of training rows."""
    return TableEncoder.fit(
        frame, schema.features, scaling=config.scaling, max_categories=config.max_categories
    )


def warm_up() -> Work[None]:
    """Load what the first step would load, for seconds: torch's optimisers bring its compiler."""
    needed = ("tjepa.model.kernels.function",) if kernels.ENABLED else ()
    yield from preload("torch._dynamo", *needed)


def measure(table: RawTable, schema: Schema, config: PretrainingConfig) -> Estimate:
    """Time a few steps on some training rows; at least one after the first, which is slow.

    A step of many tokens is timed on fewer rows than its batch, as its cost is that of its rows.
    """
    check_features(schema)
    train = split_table(table.frame, schema).train
    features = schema.n_tokens
    per_step = min(features, config.max_features)
    batch = max(2, min(config.batch_size, TRIAL_TOKENS // per_step))
    whole_batches = max(2, min(TRIAL_STEPS, TRIAL_CELLS // (features * batch)))
    wanted = min(len(train), _rows_to_learn_from(whole_batches * batch, config))
    # Evenly spaced, as a table may be sorted.
    some = np.linspace(0, len(train) - 1, wanted).astype(int)
    frame = _features(table.frame.iloc[train[some]], schema)
    encoder = fit(frame, schema, config)
    rows = as_rows(encoder.transform(frame))
    trial = Pretrainer(rows, encoder.cardinalities, replace(config, batch_size=batch, epochs=2))
    steps: list[float] = []
    epoch_seconds = 0.0
    last = started = time.perf_counter()
    for event in trial.events(interval=0):
        moment = time.perf_counter()
        if isinstance(event, EpochEvent):
            epoch_seconds = moment - last
        else:
            steps.append(moment - last)
        if len(steps) > 1 and (epoch_seconds or moment - started > TRIAL_SECONDS):
            break
        last = moment
    seconds = median(steps[1:])
    learned = len(train) - held_out_count(len(train), config)
    seconds *= min(config.batch_size, learned) / min(batch, len(trial.rows))
    total = -(-learned // config.batch_size) * config.epochs
    weights = [p for p in trial.model.parameters() if p.requires_grad]
    few = rows[slice(0, max(1, 4 * TRIAL_TOKENS // features))]
    started = time.perf_counter()
    embed(trial.encoder, few, max_features=config.max_features)
    per_row = (time.perf_counter() - started) / len(few)
    return Estimate(
        seconds=seconds * total + epoch_seconds * config.epochs,
        steps=total,
        parameters=sum(parameter.numel() for parameter in weights),
        ms_per_step=1_000 * seconds,
        rows=len(table.frame),
        embedding_seconds=per_row * len(table.frame),
        features=features,
        features_per_step=per_step,
    )


def pretraining(store: Store, run: RunInfo, table: RawTable) -> Work[RunInfo]:
    """Pre-train `run`, from its checkpoint where there is one, and keep its state on disk.

    The encoder, its scaler and its category codes see training rows only. Closing the work
    leaves the run *cancelled*, to be resumed at its last whole epoch.
    """
    run_id = run.run_id
    store.update_run(
        run_id, state="running", started=now(), ended=None, error=None, pid=os.getpid()
    )
    try:
        yield from _train(store, run, table)
    except (GeneratorExit, KeyboardInterrupt):
        store.update_run(run_id, state="cancelled", ended=now(), pid=None)
        raise
    except BaseException as error:
        known = isinstance(error, TjepaError)
        sentence = str(error) if known else f"Something went wrong ({type(error).__name__})."
        store.update_run(run_id, state="failed", ended=now(), pid=None, error=sentence)
        raise
    return store.run(run_id)


def _rows_to_learn_from(wanted: int, config: PretrainingConfig) -> int:
    """The fewest rows of which a run learns from `wanted`: those held out come on top."""
    return next(rows for rows in count(wanted) if rows - held_out_count(rows, config) >= wanted)


def _features(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The features alone, typed: a cell of another column is nobody's business here."""
    names = dict.fromkeys(name for column in schema.features for name in column.names)
    return typed(frame[list(names)], schema)


def _training_rows(
    table: RawTable, schema: Schema, config: PretrainingConfig
) -> tuple[TableEncoder, Rows]:
    """The training rows of a table, and what encodes them."""
    # Typed as a whole, so that a cell that does not fit is named by its row in the table.
    frame = _features(table.frame, schema).iloc[split_table(table.frame, schema).train]
    encoder = fit(frame, schema, config)
    return encoder, as_rows(encoder.transform(frame))


def _train(store: Store, run: RunInfo, table: RawTable) -> Work[None]:
    yield Progress("reading the table", 0.0)
    config = PretrainingConfig.from_json(run.config)
    encoder, rows = _training_rows(table, run.schema, config)
    pretrainer = Pretrainer(rows, encoder.cardinalities, config)
    if store.has_tensors(run.run_id, "checkpoint"):
        pretrainer.restore(store.load_tensors(run.run_id, "checkpoint")[0])
    store.truncate_metrics(run.run_id, pretrainer.epoch)
    diary = _Diary(store, run.run_id, pretrainer)
    try:
        for event in pretrainer.events():
            if isinstance(event, EpochEvent):
                diary.note(event)
                continue
            yield Progress(
                "pre-training",
                event.step / event.steps,
                {
                    "epoch": event.epoch,
                    "epochs": config.epochs,
                    "loss": event.loss,
                    "rows_per_s": event.rows_per_s,
                },
            )
        if pretrainer.has_stopped:
            yield Progress("pre-training", 1.0)
    finally:
        diary.write()
    trained = TrainedEncoder(pretrainer.encoder, config, encoder, run.schema)
    store.save_tensors(run.run_id, "encoder", *trained.to_parts())
    summary = _outcome(pretrainer, len(rows))
    kept_epoch = summary["best_epoch"] or pretrainer.epoch
    summary |= _diagnostics(store.metrics(run.run_id), kept_epoch)
    store.update_run(run.run_id, state="finished", ended=now(), summary=summary, pid=None)
    store.delete_tensors(run.run_id, "checkpoint")


def _outcome(pretrainer: Pretrainer, rows: int) -> dict[str, Any]:
    """Which epoch's weights a run of so many rows kept, and by how many of them it chose."""
    held_out = pretrainer.held_out
    return {
        "held_out_rows": rows - len(pretrainer.rows),
        "best_epoch": None if held_out is None else held_out.best_epoch or None,
        "stopped_early": pretrainer.epoch < pretrainer.config.epochs,
    }


def _diagnostics(metrics: list[dict[str, Any]], epoch: int) -> dict[str, Any]:
    """Loss and spread after an epoch, or after the nearest one before it that was written down: a
    process that is killed between two files leaves a gap.
    """
    told = [row for row in metrics if row.get("epoch", 0) <= epoch]
    return {name: row.get(name) for row in told[-1:] for name in DIAGNOSTICS}


class _Diary:
    """Numbers and checkpoints of a run, written now and then: epochs may last milliseconds."""

    def __init__(self, store: Store, run_id: str, pretrainer: Pretrainer) -> None:
        self._store, self._run_id, self._pretrainer = store, run_id, pretrainer
        self._rows: list[dict[str, Any]] = []
        self._checkpoint: dict[str, Tensor] | None = None
        self._flushed = self._saved = time.monotonic()

    def note(self, event: EpochEvent) -> None:
        self._rows.append(
            {
                "epoch": event.epoch,
                "loss": event.loss,
                "std": event.spread.std,
                "std_ratio": event.std_ratio,
                "rank": event.spread.rank,
                "collapsed": event.collapsed,
                "held_out": event.held_out,
                "learning_rate": event.learning_rate,
                "momentum": event.momentum,
                "rows_per_s": event.rows_per_s,
                "seconds": event.seconds,
            }
        )
        # A copy, as cancelling comes in the middle of an epoch.
        self._checkpoint = self._pretrainer.checkpoint()
        moment = time.monotonic()
        if moment - self._saved > CHECKPOINT_SECONDS:
            self.write()
        elif moment - self._flushed > FLUSH_SECONDS:
            self._write_numbers()

    def write(self) -> None:
        """Everything up to the last whole epoch."""
        if self._checkpoint is not None:
            meta = {"epoch": int(self._checkpoint["epoch"])}
            self._store.save_tensors(self._run_id, "checkpoint", self._checkpoint, meta)
            self._checkpoint, self._saved = None, time.monotonic()
        self._write_numbers()

    def _write_numbers(self) -> None:
        if self._rows:
            self._store.append_metrics(self._run_id, self._rows)
            self._store.update_run(self._run_id, epochs_done=self._rows[-1]["epoch"])
            self._rows, self._flushed = [], time.monotonic()
