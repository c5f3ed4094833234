"""What each column is and what it is used for: inferred from the cells, corrected by a person."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

import pandas as pd

from tjepa.errors import SchemaError, quoted
from tjepa.table.kinds import (
    FEATURE_KINDS,
    KINDS,
    Kind,
    counted_cells,
    guess_kind,
    typed_column,
)

Task = Literal["classification", "regression"]
TASKS: tuple[Task, ...] = get_args(Task)

FEW_CLASSES = 10
"""Whole numbers with at most this many distinct values are taken for classes, as a target."""
MOST_CLASSES = 1_000
BY_HAND = "chosen by hand"
SWITCHED_OFF = "switched off by hand"


class _Unchanged:
    """Stands for an argument that was not given, where None has a meaning."""


_UNCHANGED = _Unchanged()


@dataclass(frozen=True)
class Column:
    """One column: `missing` and `distinct` count cells of its kind, `note` is the evidence."""

    name: str
    kind: Kind
    used: bool
    missing: int
    distinct: int
    note: str

    @property
    def reason(self) -> str:
        """Why a column that is not used is left out."""
        if self.distinct == 0:
            return "every cell is missing"
        if self.distinct == 1 and not self.missing:
            return "the same value in every row"
        if self.kind == "id":
            return f"an identifier: {self.note}"
        if self.kind == "text":
            return f"free text: {self.note}"
        return SWITCHED_OFF


@dataclass(frozen=True)
class SplitSpec:
    """Shares of the rows for validation and test (held out), and the seed of the draw."""

    validation: float = 0.15
    test: float = 0.2
    seed: int = 0


@dataclass(frozen=True)
class Schema:
    """The columns of a table in its order, the target and its task, and how rows are split."""

    columns: tuple[Column, ...]
    target: str | None = None
    task: Task | None = None
    split: SplitSpec = SplitSpec()

    @property
    def features(self) -> tuple[Column, ...]:
        """The columns given to the encoder: those in use, never the target."""
        return tuple(c for c in self.columns if c.used and c.name != self.target)

    @property
    def left_out(self) -> tuple[tuple[str, str], ...]:
        """Name and reason of every column that is neither a feature nor the target."""
        return tuple(
            (c.name, c.reason) for c in self.columns if not c.used and c.name != self.target
        )

    @property
    def schema_id(self) -> str:
        """Twelve hexadecimal digits of the content."""
        text = json.dumps(self.to_json(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def column(self, name: str) -> Column:
        """The column called `name`; SchemaError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise SchemaError(f"There is no column {quoted(name)} in this table.")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> "Schema":
        """The inverse of `to_json`.

        Raises
        ------
        KeyError, TypeError, ValueError
            When a field is absent or unknown, or a column, kind or task that cannot be.
        """
        columns = tuple(Column(**column) for column in saved["columns"])
        if any(column.kind not in KINDS for column in columns):
            raise ValueError("a column has an unknown kind")
        if saved["task"] not in (None, *TASKS):
            raise ValueError(f"unknown task {saved['task']!r}")
        if saved["target"] not in (None, *(column.name for column in columns)):
            raise ValueError(f"the target {saved['target']!r} is no column")
        return cls(columns, saved["target"], saved["task"], SplitSpec(**saved["split"]))


def infer_schema(frame: pd.DataFrame) -> Schema:
    """A schema from the cells alone: kinds with their evidence, no target, the default split.

    Raises
    ------
    SchemaError
        When two columns have one name.
    """
    columns: list[Column] = []
    for name, values in frame.items():
        kind, note = guess_kind(values, str(name))
        columns.append(_column(values, str(name), kind, note))
    names = pd.Index([column.name for column in columns])
    if not names.is_unique:
        repeated = quoted(names[names.duplicated()][0])
        raise SchemaError(f"Two columns are called {repeated}: rename one of them.")
    return Schema(tuple(columns))


def override(
    schema: Schema,
    frame: pd.DataFrame,
    *,
    kinds: Mapping[str, Kind] | None = None,
    used: Mapping[str, bool] | None = None,
    target: str | _Unchanged | None = _UNCHANGED,
    task: Task | _Unchanged | None = _UNCHANGED,
    split: SplitSpec | None = None,
) -> Schema:
    """`schema` with the given changes, checked against the cells of `frame`.

    A target of None takes the target away; a task of None, or none for a new target, is guessed
    from the target's cells.

    Raises
    ------
    SchemaError
        When a column is absent, its cells do not fit a kind, or the target cannot be learned. The
        schema is unchanged then.
    """
    columns = {column.name: column for column in schema.columns}
    for name, kind in (kinds or {}).items():
        schema.column(name)
        if kind not in KINDS:
            raise SchemaError(
                f"Column {quoted(name)}: there is no kind {quoted(kind)}, only {', '.join(KINDS)}."
            )
        off = not columns[name].used and columns[name].reason == SWITCHED_OFF
        column = _column(frame[name], name, kind, BY_HAND)
        columns[name] = replace(column, used=column.used and not off)
    for name, flag in (used or {}).items():
        schema.column(name)
        if flag and columns[name].kind not in FEATURE_KINDS:
            raise SchemaError(
                f"Column {quoted(name)} is of the kind {columns[name].kind}, which the encoder "
                "cannot take. To use it, choose "
                f"{', '.join(FEATURE_KINDS[:-1])} or {FEATURE_KINDS[-1]}."
            )
        columns[name] = replace(columns[name], used=bool(flag))
    if split is not None:
        check_split(split)
    aim = schema.target if isinstance(target, _Unchanged) else target
    if isinstance(task, _Unchanged):
        task = schema.task if aim == schema.target else None
    if aim is None:
        task = None
    else:
        column = schema.column(aim)
        task = _checked_task(columns[column.name], frame[aim], task)
    return Schema(tuple(columns.values()), aim, task, split or schema.split)


def check_split(split: SplitSpec) -> None:
    """SchemaError unless both shares are positive and leave rows to train on."""
    if isinstance(split.seed, bool) or not isinstance(split.seed, int) or split.seed < 0:
        raise SchemaError(f"The seed is {quoted(split.seed)}: give a whole number from 0.")
    for words, share in (("validation", split.validation), ("held-out", split.test)):
        if not 0.01 <= share <= 0.8:
            raise SchemaError(f"The {words} share is {share:.0%}: give 1 % to 80 %.")
    if split.validation + split.test > 0.9:
        raise SchemaError(
            f"Validation and held-out rows are {split.validation + split.test:.0%} together: "
            "leave at least 10 % to train on."
        )


def _column(values: pd.Series, name: str, kind: Kind, note: str) -> Column:
    missing, distinct = counted_cells(values, kind, name, SchemaError)
    # A single value is worth something only where its absence is.
    informative = distinct > 1 or (distinct == 1 and missing > 0)
    return Column(name, kind, kind in FEATURE_KINDS and informative, missing, distinct, note)


def _checked_task(column: Column, values: pd.Series, task: Task | None) -> Task:
    """The task of the target `column`, guessed where it is None."""
    name, labelled = column.name, len(values) - column.missing
    if column.distinct == 0:
        raise SchemaError(f"The target {quoted(name)} has no value in any row: choose another one.")
    if column.distinct == 1:
        raise SchemaError(
            f"The target {quoted(name)} has a single value, {quoted(values.dropna().iloc[0])}: "
            "there is nothing to predict. Choose another one."
        )
    if column.kind == "date":
        raise SchemaError(f"The target {quoted(name)} is a date: choose a number or a category.")
    if task is None:
        numbers = column.kind == "numeric" and not _looks_like_classes(column, values)
        task = "regression" if numbers else "classification"
    if task not in TASKS:
        raise SchemaError(f"There is no task {quoted(task)}: choose {' or '.join(TASKS)}.")
    if task == "regression":
        if column.kind != "numeric":
            typed_column(values, "numeric", name, SchemaError)
        return task
    if column.distinct > min(MOST_CLASSES, labelled / 2):
        advice = "Choose regression or" if column.kind == "numeric" else "Choose"
        raise SchemaError(
            f"The target {quoted(name)} has {column.distinct:,} distinct values in {labelled:,} "
            f"rows: too many for classes. {advice} another target."
        )
    return task


def _looks_like_classes(column: Column, values: pd.Series) -> bool:
    numbers = typed_column(values, "numeric", column.name, SchemaError).dropna()
    return column.distinct <= FEW_CLASSES and bool((numbers == numbers.round()).all())
