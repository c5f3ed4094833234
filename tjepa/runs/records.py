"""The runs of a home: what each one is, how it stands, and its numbers per epoch."""

import copy
import json
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tjepa.errors import StoreError, quoted
from tjepa.runs.files import plain, to_json, writing
from tjepa.runs.home import UNREADABLE, Home, make_folder, move_in
from tjepa.runs.info import RunInfo, is_elsewhere, state_now
from tjepa.runs.processes import birth
from tjepa.table import Schema

_CHANGEABLE = frozenset(
    {"state", "started", "ended", "epochs_done", "rows", "summary", "error", "pid"}
)


class Records(Home):
    """`home/runs/<run_id>/`: run.json and metrics.jsonl."""

    def __init__(self, home: Path | None = None) -> None:
        super().__init__(home)
        self._read: dict[str, tuple[tuple[int, ...], RunInfo, str | None]] = {}

    def create_run(
        self,
        *,
        table_id: str,
        table_name: str,
        schema: Schema,
        config_json: Mapping[str, Any],
        rows: Mapping[str, int],
    ) -> RunInfo:
        """A new run, *queued* in this process. Its id is its time in UTC and four random digits."""
        if not (self._path("tables", table_id) / "table.json").exists():
            raise StoreError(f"There is no table {quoted(table_id)} here: open its file again.")
        now = datetime.now(UTC)
        while True:
            run_id = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
            entry = {
                "run_id": run_id,
                "table_id": table_id,
                "table_name": table_name,
                "schema": schema.to_json(),
                "config": config_json,
                "state": "queued",
                "created": now.isoformat(),
                "started": None,
                "ended": None,
                "epochs_done": 0,
                "rows": rows,
                "summary": {},
                "error": None,
                "pid": os.getpid(),
                "pid_birth": birth(os.getpid()),
            }
            folder = self._unfinished()
            make_folder(folder)
            self._write_json(folder / "run.json", entry)
            if move_in(folder, self._path("runs", run_id)):
                return self.run(run_id)
            shutil.rmtree(folder)

    def run(self, run_id: str) -> RunInfo:
        """The run as it stands. One whose process is gone reads as *interrupted*."""
        folder = self._existing_run(run_id)
        try:
            run, born = self._run_json(folder)
        except UNREADABLE as error:
            self._existing_run(run_id)  # deleted a moment ago: absent, not damaged
            raise StoreError(
                f"The run {run_id} is damaged, its run.json cannot be read: delete it and "
                "pre-train again."
            ) from error
        return replace(
            run,
            state=state_now(run.state, run.pid, born),
            config=copy.deepcopy(run.config),
            rows=dict(run.rows),
            summary=copy.deepcopy(run.summary),
        )

    def runs(self) -> list[RunInfo]:
        """Every readable run, newest first; `damaged_runs` names the others."""
        found = map(self._run_or_problem, self._names("runs"))
        runs = [run for run in found if isinstance(run, RunInfo)]
        return sorted(runs, key=lambda run: (run.created, run.run_id), reverse=True)

    def damaged_runs(self) -> dict[str, str]:
        """What is wrong with the runs that `runs` leaves out: run id → sentence."""
        found = {run_id: self._run_or_problem(run_id) for run_id in self._names("runs")}
        return {run_id: problem for run_id, problem in found.items() if isinstance(problem, str)}

    def update_run(self, run_id: str, **changes: Any) -> RunInfo:
        """Write new values of state, started, ended, epochs_done, rows, summary, error or pid."""
        unknown = sorted(set(changes) - _CHANGEABLE)
        if unknown:
            raise TypeError(f"a run has no changeable {', '.join(unknown)}")
        file = self._existing_run(run_id) / "run.json"
        with self._locked():
            self.run(run_id)  # a damaged one is not written over
            entry = json.loads(file.read_bytes())
            entry.update(changes)
            if "pid" in changes:
                pid = changes["pid"]
                entry["pid_birth"] = None if pid is None else birth(pid)
            RunInfo.from_json(plain(entry))  # what could not be read back is not written
            self._write_json(file, entry)
        return self.run(run_id)

    def delete_run(self, run_id: str) -> None:
        """Remove a run, its encoder and its results; a damaged one too."""
        folder = self._existing_run(run_id)
        run = self._run_or_problem(run_id)
        if isinstance(run, RunInfo) and is_elsewhere(run):
            raise StoreError(f"The run {run_id} is at work in another process: cancel it there.")
        doomed = self._unfinished()
        with writing(folder):
            folder.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)
        self._read.pop(run_id, None)

    def append_metrics(self, run_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows of numbers, one per epoch, to the run's `metrics.jsonl`."""
        file = self._existing_run(run_id) / "metrics.jsonl"
        lines = "".join(to_json(row) + "\n" for row in rows).encode()
        with writing(file), file.open("ab+") as stream:
            if stream.tell() > 0:
                stream.seek(-1, os.SEEK_END)
                if stream.read(1) != b"\n":  # torn: what follows starts on a line of its own
                    lines = b"\n" + lines
            stream.write(lines)

    def metrics(self, run_id: str) -> list[dict[str, Any]]:
        """The rows so far; a line torn by a crash is left out."""
        file = self._existing_run(run_id) / "metrics.jsonl"
        try:
            lines = file.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        rows = []
        for line in lines:
            with suppress(ValueError):
                row = json.loads(line)
                if isinstance(row, dict):
                    rows.append(row)
        return rows

    def truncate_metrics(self, run_id: str, after_epoch: int) -> None:
        """Forget the rows of epochs after `after_epoch`, which a resumed run will write again."""
        kept = [row for row in self.metrics(run_id) if row.get("epoch", 0) <= after_epoch]
        text = "".join(to_json(row) + "\n" for row in kept).encode()
        self._write(self._existing_run(run_id) / "metrics.jsonl", lambda file: file.write(text))

    def _existing_run(self, run_id: str) -> Path:
        folder = self._path("runs", run_id)
        if not folder.is_dir():
            raise StoreError(f"There is no run {quoted(run_id)} here.")
        return folder

    def _run_or_problem(self, run_id: str) -> RunInfo | str:
        try:
            return self.run(run_id)
        except StoreError as error:
            return str(error)

    def _run_json(self, folder: Path) -> tuple[RunInfo, str | None]:
        """The run as it was written, and the birth of its process; parsed once per version.

        A page asks every second, and a schema of 2,000 columns takes its time.
        """
        file, run_id = folder / "run.json", folder.name
        status = file.stat()
        version = (status.st_ino, status.st_mtime_ns, status.st_size)
        known = self._read.get(run_id)
        if known is not None and known[0] == version:
            return known[1], known[2]
        saved = json.loads(file.read_bytes())
        run = RunInfo.from_json(saved)
        if run.run_id != run_id:
            raise ValueError(f"this is the run {run.run_id}")
        born = saved.get("pid_birth")
        self._read[run_id] = (version, run, born)
        return run, born
