"""What the store says about a run and about a table."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from tjepa.runs.processes import is_alive
from tjepa.table import Schema

State = Literal["queued", "running", "finished", "cancelled", "failed", "interrupted"]
ACTIVE: tuple[State, ...] = ("queued", "running")


@dataclass(frozen=True)
class RunInfo:
    """One pre-training as it stands.

    `created`, `started` and `ended` are ISO 8601 in UTC. `rows` counts rows by their part in the
    split; `summary` holds final numbers and diagnostics. `pid` is the process that works on it.
    """

    run_id: str
    table_id: str
    table_name: str
    schema: Schema
    config: dict[str, Any]
    state: State
    created: str
    started: str | None
    ended: str | None
    epochs_done: int
    rows: dict[str, int]
    summary: dict[str, Any]
    error: str | None
    pid: int | None

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> "RunInfo":
        """The run of a `run.json`, with the state that was written.

        Raises
        ------
        KeyError, TypeError, ValueError, TjepaError
            When a field is absent or of the wrong type.
        """
        state = saved["state"]
        if state not in get_args(State):
            raise ValueError(f"unknown state {state!r}")
        return cls(
            run_id=_typed(saved, "run_id", str),
            table_id=_typed(saved, "table_id", str),
            table_name=_typed(saved, "table_name", str),
            schema=Schema.from_json(_typed(saved, "schema", dict)),
            config=_typed(saved, "config", dict),
            state=state,
            created=_typed(saved, "created", str),
            started=_typed(saved, "started", str | None),
            ended=_typed(saved, "ended", str | None),
            epochs_done=_typed(saved, "epochs_done", int),
            rows=_typed(saved, "rows", dict),
            summary=_typed(saved, "summary", dict),
            error=_typed(saved, "error", str | None),
            pid=_typed(saved, "pid", int | None),
        )


@dataclass(frozen=True)
class TableInfo:
    """A stored table, without its cells. `added` is ISO 8601 in UTC."""

    table_id: str
    name: str
    sheet: str | None
    rows: int
    columns: int
    added: str


def state_now(written: State, pid: int | None, born: str | None) -> State:
    """The written state; *interrupted* where the process that was at work is gone."""
    if written in ACTIVE and (pid is None or not is_alive(pid, born)):
        return "interrupted"
    return written


def is_elsewhere(run: RunInfo) -> bool:
    """Whether another living process works on `run`."""
    return run.state in ACTIVE and run.pid != os.getpid()


def _typed(saved: Mapping[str, Any], name: str, kind: Any) -> Any:
    value = saved[name]
    if not isinstance(value, kind):
        raise TypeError(f"{name} is {value!r}")
    return value
