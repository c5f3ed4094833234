"""What the whole process shares: one workbench, one job manager, and the runs between them."""

import gc
import logging
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import streamlit as st
import torch

from tjepa.analysis import projection
from tjepa.errors import QueueFullError
from tjepa.pretraining import PretrainingConfig
from tjepa.progress import Work, within
from tjepa.runs import JobManager, JobSnapshot, RunInfo
from tjepa.table import Schema
from tjepa.table.reading import guarded
from tjepa.workbench import Workbench, training

DEMO = Path(__file__).resolve().parent.parent.parent / "assets" / "demo"
ACTIVE = ("queued", "running")
SMALL_FILES = ("small file 1", "small file 2")
LARGE_FILES = ("large file",)
QUERIES = ("query 1", "query 2", "query 3")
# Libraries are loaded in a lane of their own, so that nobody's analysis waits for them; a small
# file does not wait behind a large one, nor a query behind that of another person.
LANES = (
    *("pretraining", "analysis", "background", "profiles"),
    *(*SMALL_FILES, *LARGE_FILES, *QUERIES),
)

State = Literal["queued", "running", "finished", "cancelled", "failed", "interrupted"]

_log = logging.getLogger(__name__)
_starting = threading.Lock()


@dataclass(frozen=True)
class Process:
    """The one workbench and the one job manager of this server."""

    bench: Workbench
    jobs: JobManager


@st.cache_resource(show_spinner=False)
def _process() -> Process:
    torch.set_num_threads(1)
    guarded.keep_ready()
    return Process(Workbench(), JobManager(LANES))


def bench() -> Workbench:
    return _process().bench


def jobs() -> JobManager:
    return _process().jobs


def start() -> None:
    """When the server starts: bring in the finished example, load libraries in the background."""
    try:
        if DEMO.is_dir():
            bench().store.import_run(DEMO)
    except Exception:
        _log.exception("the finished example could not be brought in")
    jobs().submit("warm-up", "Loading libraries", make_ready, lane="background")


def make_ready() -> Work[None]:
    """Load what the first run and the first map would wait for, and let the garbage collector pass
    over everything that is loaded by then.
    """
    try:
        yield from within(training.warm_up(), 0.0, 0.2)
    except Exception:
        # The first run will say why it cannot begin; a map needs nothing of this.
        _log.exception("what a run needs could not be loaded")
    yield from within(projection.warm_up(), 0.2, 1.0)
    # Libraries stay for good: looking through them takes a quarter of a second, and nothing else
    # runs meanwhile.
    gc.freeze()


def stop() -> None:
    """When the server stops: let every job keep what it has."""
    jobs().shutdown()
    guarded.let_go()


def example_run() -> str | None:
    """The id of the finished example, if it came with this installation."""
    shipped = sorted(path.name for path in DEMO.glob("runs/*") if path.is_dir())
    known = {run.run_id for run in bench().runs()}
    return next((run_id for run_id in shipped if run_id in known), None)


def start_run(table_id: str, schema: Schema, config: PretrainingConfig) -> str:
    """Queue a pre-training and return its run id.

    The same table, schema and configuration queued or running already is that run, so that a
    double click starts one.

    Raises
    ------
    QueueFullError
        When too many pre-trainings wait already.
    """
    asked = (table_id, schema.schema_id, config.to_json())
    with _starting:
        for run in bench().runs():
            same = (run.table_id, run.schema.schema_id, run.config) == asked
            if same and state_of(run) in ACTIVE:
                return run.run_id
        run_id = bench().create_run(table_id, schema, config)
        try:
            resume_run(run_id)
        except QueueFullError:
            bench().store.delete_run(run_id)
            raise
    return run_id


def resume_run(run_id: str) -> None:
    """Queue the pre-training of `run_id`, from its checkpoint when it has one."""
    run = bench().run(run_id)
    jobs().submit(
        job_key(run_id),
        f"Pre-training on {run.table_name}",
        lambda: bench().pretrain(run_id),
        lane="pretraining",
    )


def job_key(run_id: str) -> str:
    return f"pretrain {run_id}"


def job_of(run: RunInfo) -> JobSnapshot | None:
    """The pre-training job of `run` in this process, while it waits or works."""
    job = jobs().snapshot(job_key(run.run_id))
    return job if job is not None and job.state in ACTIVE else None


def state_of(run: RunInfo) -> State:
    """What a person should read: the saved state, corrected by what this process knows.

    A run that says it is active here, without a job, was cut off before it could say so.
    """
    job = jobs().snapshot(job_key(run.run_id))
    if job is not None and job.state in ACTIVE:
        return "queued" if job.state == "queued" else "running"
    if run.state in ACTIVE and run.pid in (None, os.getpid()):
        return "cancelled" if job is not None and job.state == "cancelled" else "interrupted"
    return run.state
