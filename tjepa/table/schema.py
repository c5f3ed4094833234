"""What each column is and what it is used for: inferred from the cells, corrected by a person."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any, Literal, get_args

import pandas as pd

from tjepa.errors import SchemaError, quoted
from tjepa.table import calendars, parts, scales, strings, written
from tjepa.table.counting import Cells
from tjepa.table.kinds import (
    ENCODED_KINDS,
    FEATURE_KINDS,
    KINDS,
    Kind,
    Meaning,
    codes_in,
    counted_cells,
    find_format,
    guess_meaning,
    in_order,
    read,
    span,
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
    """One column: `missing` and `distinct` count cells of its kind, `note` is the evidence.

    `missing_values`, `order` and `format` say how its cells are read, as in `Meaning`. `parts` are
    the features that a date becomes (see `tjepa.table.parts`): none for elapsed time alone.
    `together` are other columns that complete a date, as month and day a year; its `format` says
    how, in this order.
    """

    name: str
    kind: Kind
    used: bool
    missing: int
    distinct: int
    note: str
    missing_values: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    format: str = ""
    parts: tuple[str, ...] = ()
    together: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of the table that its cells are read from."""
        return (self.name, *self.together)

    def cells(self, frame: pd.DataFrame) -> pd.Series:
        """The cells of `frame` as they were read; joined to a text each where they are several."""
        return cells_of(frame, self.names, self.format)

    @property
    def meaning(self) -> Meaning:
        return Meaning(self.missing_values, self.order, self.format)

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

    def to_json(self) -> dict[str, Any]:
        """Without the fields that say nothing."""
        saved = asdict(self)
        return {name: saved[name] for name in saved if name not in _OPTIONAL or saved[name]}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> "Column":
        column = cls(**saved)
        return replace(
            column,
            missing_values=tuple(column.missing_values),
            order=tuple(column.order),
            parts=tuple(column.parts),
            together=tuple(column.together),
        )


def cells_of(frame: pd.DataFrame, names: Sequence[str], form: str) -> pd.Series:
    """The cells of a column, or of the columns that make a date together by `form`."""
    if len(names) == 1:
        return frame[names[0]]
    return calendars.joined([frame[name] for name in names], form)


_OPTIONAL = ("missing_values", "order", "format", "parts", "together")


@dataclass(frozen=True)
class SplitSpec:
    """Shares of the rows for validation and test (held out), and the seed of the draw.

    With `equal_together` rows that are equal are all on one side, and the shares those of rows that
    differ.
    """

    validation: float = 0.15
    test: float = 0.2
    seed: int = 0
    equal_together: bool = False

    def to_json(self) -> dict[str, Any]:
        saved = asdict(self)
        if not self.equal_together:  # as schemas were written before there was the choice
            del saved["equal_together"]
        return saved


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
    def n_tokens(self) -> int:
        """How many features the encoder gets from the columns: several for a date or a text."""
        return sum(
            strings.DIRECTIONS if column.kind == "text" else max(1, len(column.parts))
            for column in self.features
        )

    @property
    def left_out(self) -> tuple[tuple[str, str], ...]:
        """Name and reason of every column that is neither a feature nor the target."""
        owners = {name: column.name for column in self.columns for name in column.together}
        return tuple(
            (c.name, f"part of the date {quoted(owners[c.name])}" if c.name in owners else c.reason)
            for c in self.columns
            if not c.used and c.name != self.target
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
        return asdict(self) | {
            "columns": [column.to_json() for column in self.columns],
            "split": self.split.to_json(),
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> "Schema":
        """The inverse of `to_json`.

        Raises
        ------
        KeyError, TypeError, ValueError
            When a field is absent or unknown, or a column, kind or task that cannot be.
        """
        columns = tuple(Column.from_json(column) for column in saved["columns"])
        if any(column.kind not in KINDS for column in columns):
            raise ValueError("a column has an unknown kind")
        if any(part not in parts.PARTS for column in columns for part in column.parts):
            raise ValueError("a column has an unknown part of a date")
        known = {column.name for column in columns}
        if any(not known.issuperset(column.together) for column in columns):
            raise ValueError("a date is completed by an unknown column")
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
        cells = Cells(values)
        kind, note, meaning = guess_meaning(cells, str(name))
        columns.append(_column(cells, str(name), kind, note, meaning))
    names = pd.Index([column.name for column in columns])
    if not names.is_unique:
        repeated = quoted(names[names.duplicated()][0])
        raise SchemaError(f"Two columns are called {repeated}: rename one of them.")
    codes = codes_in(frame)
    for i, column in enumerate(columns):
        if column.kind == "numeric" and column.name in codes:
            columns[i] = replace(column, kind="categorical", note=codes[column.name])
    return Schema(tuple(columns))


def override(
    schema: Schema,
    frame: pd.DataFrame,
    *,
    kinds: Mapping[str, Kind] | None = None,
    used: Mapping[str, bool] | None = None,
    missing_values: Mapping[str, Sequence[str]] | None = None,
    orders: Mapping[str, Sequence[str]] | None = None,
    formats: Mapping[str, str] | None = None,
    date_parts: Mapping[str, Sequence[str]] | None = None,
    together: Mapping[str, Sequence[str]] | None = None,
    target: str | _Unchanged | None = _UNCHANGED,
    task: Task | _Unchanged | None = _UNCHANGED,
    split: SplitSpec | None = None,
) -> Schema:
    """`schema` with the given changes, checked against the cells of `frame`.

    `missing_values` are cells to read as missing, `orders` the categories of ordinal columns from
    low to high, `formats` how numbers or dates are written, `date_parts` the features that a date
    becomes, and `together` the columns that complete it, which its format joins: `%Y + %m + %d`.
    What a new kind needs and is not given is found in the cells. A target of None takes the target
    away; a task of None, or none for a new target, is guessed from its cells.

    Raises
    ------
    SchemaError
        When a column is absent, its cells do not fit a kind, or the target cannot be learned. The
        schema is unchanged then.
    """
    columns = {column.name: column for column in schema.columns}
    kinds, missing_values = kinds or {}, missing_values or {}
    orders, formats, date_parts = orders or {}, formats or {}, date_parts or {}
    together = together or {}
    codes = cache(lambda: codes_in(frame))
    for name in {**kinds, **missing_values, **orders, **formats, **date_parts, **together}:
        known = schema.column(name)
        for other in together.get(name, ()):
            schema.column(other)
        off = not known.used and known.reason == SWITCHED_OFF
        column = _reread(
            known,
            frame,
            kinds.get(name, known.kind),
            missing_values.get(name),
            orders.get(name),
            formats.get(name),
            date_parts.get(name),
            together.get(name),
            codes,
        )
        # Text is used only because a person said so, which stays said.
        kept = known.used and known.kind == column.kind == "text"
        columns[name] = replace(column, used=(column.used or kept) and not off)
    for name, flag in (used or {}).items():
        schema.column(name)
        if flag and columns[name].kind not in ENCODED_KINDS:
            raise SchemaError(
                f"Column {quoted(name)} is of the kind {columns[name].kind}, which the encoder "
                "cannot take. To use it, choose "
                f"{', '.join(ENCODED_KINDS[:-1])} or {ENCODED_KINDS[-1]}."
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
        column = columns[schema.column(aim).name]
        for date in columns.values():
            if aim in date.together:
                raise SchemaError(
                    f"The target {quoted(aim)} is part of the date {quoted(date.name)}, which "
                    "would give it away: choose another kind for that, or another target."
                )
        task = _checked_task(column, frame[aim], task)
    return Schema(tuple(columns.values()), aim, task, split or schema.split)


def checked_column(saved: Mapping[str, Any], frame: pd.DataFrame) -> Column:
    """A column as it was saved, in full or its name and kind alone, for the cells of a table.

    Raises
    ------
    SchemaError
        When there is no such kind, its order or format cannot be, or a cell does not fit it.
    """
    name, kind = saved["name"], saved["kind"]
    if kind not in KINDS:
        raise SchemaError(
            f"Column {quoted(name)}: there is no kind {quoted(kind)}, only {', '.join(KINDS)}."
        )
    meaning = Meaning(
        tuple(saved.get("missing_values", ())),
        tuple(saved.get("order", ())),
        saved.get("format", ""),
    )
    if kind == "ordinal" and not meaning.order:
        raise SchemaError(f"Column {quoted(name)}: the kind ordinal needs an order.")
    together = tuple(saved.get("together", ()))
    _check_meaning(name, kind, meaning, together)
    note = saved.get("note", BY_HAND)
    values = cells_of(frame, (name, *together), meaning.format)
    column = _column(Cells(values), name, kind, note, meaning, saved.get("parts", ()), together)
    return replace(column, used=saved.get("used", column.used))


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


def _reread(
    column: Column,
    frame: pd.DataFrame,
    kind: Kind,
    missing_values: Sequence[str] | None,
    order: Sequence[str] | None,
    form: str | None,
    date_parts: Sequence[str] | None,
    together: Sequence[str] | None,
    codes: Callable[[], Mapping[str, str]],
) -> Column:
    """`column` with another kind or meaning: what is None stays, or is found for a new kind."""
    name, values = column.name, frame[column.name]
    if kind not in KINDS:
        raise SchemaError(
            f"Column {quoted(name)}: there is no kind {quoted(kind)}, only {', '.join(KINDS)}."
        )
    if together is None:
        together = column.together if kind == column.kind else ()
    missing = column.missing_values if missing_values is None else tuple(missing_values)
    meaning = replace(column.meaning, missing_values=missing)
    if kind != column.kind or (column.together and not together):
        meaning = replace(find_format(values, kind, meaning), order=())
    if form is not None:
        meaning = replace(meaning, format=form)
    if order is not None:
        meaning = replace(meaning, order=tuple(order))
    if kind == "ordinal" and not meaning.order:
        meaning = replace(meaning, order=scales.any_order(_categories(values, name, meaning)))
    together = tuple(together)
    _check_meaning(name, kind, meaning, together)
    same = kind == column.kind and together == column.together
    kept = column.parts if date_parts is None and same else date_parts
    values = cells_of(frame, (name, *together), meaning.format)
    reread = _column(Cells(values), name, kind, BY_HAND, meaning, kept, together)
    return replace(reread, note=_evidence(column, reread, frame, codes))


def _categories(values: pd.Series, name: str, meaning: Meaning) -> list[str]:
    texts = typed_column(values, "categorical", name, SchemaError, meaning)
    return [str(text) for text in texts.dropna().unique()]


def _check_meaning(name: str, kind: Kind, meaning: Meaning, together: tuple[str, ...]) -> None:
    """SchemaError where a format or an order cannot be one."""
    fits = {"numeric": written.is_number_format, "date": calendars.is_date_format}
    if meaning.format and not (kind in fits and fits[kind](meaning.format)):
        raise SchemaError(
            f"Column {quoted(name)}: {quoted(meaning.format)} is no format of the kind {kind}. "
            "Numbers are written like $1,234.5 or 1.234,5 %, dates like %d/%m/%Y, unix seconds, "
            "unix milliseconds or excel days, times like %H:%M."
        )
    if together and kind != "date":
        raise SchemaError(f"Column {quoted(name)}: only a date is completed by other columns.")
    if len(meaning.format.split(calendars.TOGETHER)) != 1 + len(together):
        raise SchemaError(
            f"Column {quoted(name)}: its format needs a part for each of the {1 + len(together)} "
            f"columns of the date, joined by a plus, as %Y + %m + %d."
        )
    if meaning.order and kind != "ordinal":
        raise SchemaError(f"Column {quoted(name)}: only the kind ordinal has an order.")
    if len(set(meaning.order)) != len(meaning.order):
        raise SchemaError(f"Column {quoted(name)}: a value is twice in its order.")


def _evidence(
    known: Column, column: Column, frame: pd.DataFrame, codes: Callable[[], Mapping[str, str]]
) -> str:
    """The evidence of a guess that comes to the same kind, or that a person chose the kind."""
    values, kind, meaning = column.cells(frame), column.kind, column.meaning
    if column.together:
        others = ", ".join(map(quoted, column.together))
        return f"{span(values, kind, column.name, meaning)}, together with {others}"
    guessed, note, found = guess_meaning(Cells(read(values, meaning)), column.name)
    if guessed != kind:
        note = known.note if kind == known.kind else BY_HAND
        if kind == "ordinal":
            note = in_order(meaning.order)
        elif kind == "categorical":
            note = codes().get(column.name, note)
        elif kind == "date" and meaning.format:
            note = f"{span(values, kind, column.name, meaning)}, written as {meaning.format}"
    elif found.format != meaning.format:
        note = BY_HAND
    note = note.partition("; missing: ")[0]
    if meaning.missing_values:
        note += f"; missing: {', '.join(meaning.missing_values)}"
    return note


def _column(
    cells: Cells,
    name: str,
    kind: Kind,
    note: str,
    meaning: Meaning,
    date_parts: Sequence[str] | None = None,
    together: tuple[str, ...] = (),
) -> Column:
    missing, distinct = counted_cells(cells, kind, name, SchemaError, meaning)
    # A single value is worth something only where its absence is.
    informative = distinct > 1 or (distinct == 1 and missing > 0)
    if kind == "date" and date_parts is None:
        dates = typed_column(cells.values, kind, name, SchemaError, meaning)
        date_parts = parts.telling(dates, clock=calendars.is_clock(meaning.format))
    used = kind in FEATURE_KINDS and informative
    return Column(
        name,
        kind,
        used,
        missing,
        distinct,
        note,
        meaning.missing_values,
        meaning.order,
        meaning.format,
        parts.checked(date_parts or (), name) if kind == "date" else (),
        together,
    )


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
            typed_column(values, "numeric", name, SchemaError, column.meaning)
        return task
    if column.distinct > min(MOST_CLASSES, labelled / 2):
        advice = "Choose regression or" if column.kind == "numeric" else "Choose"
        raise SchemaError(
            f"The target {quoted(name)} has {column.distinct:,} distinct values in {labelled:,} "
            f"rows: too many for classes. {advice} another target."
        )
    return task


def _looks_like_classes(column: Column, values: pd.Series) -> bool:
    numbers = typed_column(values, "numeric", column.name, SchemaError, column.meaning).dropna()
    return column.distinct <= FEW_CLASSES and bool((numbers == numbers.round()).all())
