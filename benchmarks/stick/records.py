"""Results as JSON lines: each table's rivals, each pre-training, and gains over all its seeds."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tjepa.pretraining import PretrainingConfig, preset

Record = dict[str, Any]


@dataclass(frozen=True)
class Variant:
    """A preset, and what was changed of it: one configuration for every table."""

    preset: str
    changes: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def named(cls, name: str) -> "Variant":
        """The variant that has this name; ValueError where a setting of it is no more."""
        preset, *changes = name.split(", ")
        return cls(preset, tuple(map(change, changes)))

    @property
    def name(self) -> str:
        changes = [f"{field}={value}" for field, value in self.changes]
        return ", ".join([self.preset, *changes])

    def config(self, rows: int, seed: int) -> PretrainingConfig:
        """The configuration for a table of so many training rows."""
        return replace(preset(self.preset, rows), **dict(self.changes), seed=seed)


def change(text: str) -> tuple[str, Any]:
    """``field=value`` as a change; ValueError where there is no such field."""
    field, _, value = text.partition("=")
    defaults = PretrainingConfig()
    if not hasattr(defaults, field):
        raise ValueError(f"there is no setting {field!r}")
    kind = type(getattr(defaults, field))
    if kind is bool:
        return field, {"true": True, "false": False}[value.lower()]
    return field, kind(value)


class Store:
    """The file of results: lines are only ever added, and of two that answer the same question the
    later counts.

    A preset may have meant something else when a run was stored: `runs` and `gains` leave out what
    is not of today's configuration.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        lines = file.read_text().splitlines() if file.exists() else []
        self._records = {_key(record): record for record in map(json.loads, lines)}

    def add(self, record: Record) -> None:
        self._records[_key(record)] = record
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a") as lines:
            lines.write(json.dumps(record) + "\n")

    def rivals_file(self, table: str) -> Path:
        """Where it is kept what a table's rivals lost on each test row."""
        return self.file.parent / "rivals" / f"{table}.npz"

    def losses_file(self, table: str, variant: str, seed: int) -> Path:
        """Where it is kept what a run's representations lost on each test row."""
        return self.file.parent / "losses" / table / f"{variant}, seed {seed}.npz"

    def table(self, table: str) -> Record | None:
        return self._records.get(("table", table))

    def run(self, table: str, variant: str, seed: int) -> Record | None:
        return self._records.get(("run", table, variant, seed))

    def gains(self, variant: str) -> list[Record]:
        """Of each table, sorted."""
        found = [
            record
            for record in self._records.values()
            if record["kind"] == "gains"
            and record["variant"] == variant
            and all(
                (run := self.run(record["table"], variant, seed)) and self._is_of_today(run)
                for seed in record["seeds"]
            )
        ]
        return sorted(found, key=lambda record: str(record["table"]))

    def runs(self, variant: str | None = None) -> Iterator[Record]:
        """The pre-trainings of a variant, or of all."""
        for record in self.all_runs():
            if variant in (None, record["variant"]) and self._is_of_today(record):
                yield record

    def all_runs(self) -> Iterator[Record]:
        """The pre-trainings, of whatever configuration."""
        return (record for record in self._records.values() if record["kind"] == "run")

    def _is_of_today(self, run: Record) -> bool:
        table = self.table(run["table"])
        try:
            variant = Variant.named(run["variant"])
        except ValueError:
            return False
        if table is None:
            return False
        return bool(run["config"] == variant.config(table["rows"][0], run["seed"]).to_json())


def _key(record: Record) -> tuple[Any, ...]:
    if record["kind"] == "table":
        return ("table", record["table"])
    if record["kind"] == "gains":
        return ("gains", record["table"], record["variant"])
    return ("run", record["table"], record["variant"], record["seed"])
