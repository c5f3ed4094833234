"""Rows of Python's values, as a database's driver gives them → Arrow tables of limited size."""

import datetime
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa

from tjepa.errors import ReadingError, quoted
from tjepa.table.queries.deadlines import Deadline
from tjepa.table.reading.cells import EXACT
from tjepa.table.reading.cells import cells as counted
from tjepa.table.reading.limits import MAX_CELLS
from tjepa.table.reading.names import listed
from tjepa.table.reading.typed_columns import as_text

PART_ROWS = 5_000
PART_BYTES = 16 * 1024**2  # of text and bytes in one part
LONGEST_CELL = 16 * 1024**2

_FAMILIES: tuple[tuple[type | tuple[type, ...], str, str], ...] = (
    (bool, "true and false", "true or false"),  # before numbers, as True is an int
    ((int, float, Decimal), "numbers", "number"),
    (str, "text", "text"),
    ((bytes, bytearray, memoryview), "bytes", "bytes"),
    (datetime.date, "dates", "date"),
    (datetime.time, "times of day", "time of day"),
    (datetime.timedelta, "durations", "duration"),
)


class InfiniteDate:
    """Stands for a date that PostgreSQL calls infinity."""


class FarDate(str):
    """A date, as PostgreSQL writes it, of a year that Python does not know."""

    __slots__ = ()


@dataclass
class Remarks:
    """What is to be said of a result, gathered while it is read. Columns are keyed by place."""

    cut: bool = False
    odd: dict[int, str] = field(default_factory=dict)  # the sentence
    other: set[int] = field(default_factory=set)
    decimals: set[int] = field(default_factory=set)
    months: set[int] = field(default_factory=set)
    far: set[int] = field(default_factory=set)
    large: set[int] = field(default_factory=set)
    endless: dict[int, int] = field(default_factory=dict)
    nan: dict[int, int] = field(default_factory=dict)

    def count(self, what: dict[int, int], column: int, cells: int) -> None:
        if cells:
            what[column] = what.get(column, 0) + cells

    def sentences(self, names: Sequence[str]) -> list[str]:
        """`names` are those of the columns of the table."""
        said = [f"Column {quoted(names[i])} {self.odd[i]}" for i in sorted(self.odd)]
        for columns, text in (
            (self.other - self.odd.keys(), "Values of other types became text"),
            (self.decimals, "Decimals became floating-point numbers"),
            (self.large, "Kept as text, because numbers beyond 2^53 would be rounded"),
            (self.far, "Dates before the year 1 or after 9999 are kept as text, as written there"),
            (self.months, "In durations a month counts as 30 days and a year as 365"),
        ):
            if columns:
                said.append(f"{text}: {listed(names[i] for i in sorted(columns))}.")
        for cells, text in (
            (self.endless, "Infinite dates were read as missing"),
            (self.nan, "NaN, which is not a number, was read as missing"),
        ):
            if cells:
                which = listed(names[i] for i in sorted(cells))
                said.append(f"{text}: {counted(sum(cells.values()))} ({which}).")
        return said


def in_parts(
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    deadline: Deadline,
    limit: int,
    remarks: Remarks,
) -> Iterator[pa.Table]:
    """At most `limit` rows in tables of limited size, at least one, which may be empty."""
    columns = [_Column(i, remarks) for i in range(len(names))]
    limit = min(limit, MAX_CELLS // max(1, len(names)))
    part: list[Sequence[Any]] = []
    done = size = 0
    for row in rows:
        if done + len(part) == limit:
            remarks.cut = True
            break
        part.append(row)
        lengths = [len(cell) for cell in row if isinstance(cell, str | bytes)]
        if lengths and max(lengths) > LONGEST_CELL:
            raise cell_too_long(done + len(part) - 1)
        size += sum(lengths)
        if len(part) >= PART_ROWS or size > PART_BYTES:
            deadline.check()
            yield _table(names, columns, part)
            done += len(part)
            part, size = [], 0
    yield _table(names, columns, part)


def cell_too_long(row: int) -> ReadingError:
    return ReadingError(
        f"The result has a cell of more than {LONGEST_CELL // 1024**2} MB, in row {row:,} counted "
        "from 0. Leave out its column, or ask for a part of the cell: left(column, 1000)."
    )


def a_few_at_a_time(fetch: Callable[[int], Sequence[Sequence[Any]]]) -> Iterator[Sequence[Any]]:
    """The rows that `fetch(n)` gives, of which there are as many at a time as memory is for.

    What a row takes is known only once there is one, so the first comes alone.
    """
    wanted = 1
    while rows := fetch(wanted):
        yield from rows
        size = sum(len(cell) for row in rows for cell in row if isinstance(cell, str | bytes))
        wanted = min(2 * wanted, 500, max(1, PART_BYTES * len(rows) // max(1, size)))


def _table(
    names: Sequence[str], columns: Sequence["_Column"], rows: Sequence[Sequence[Any]]
) -> pa.Table:
    cells = zip(*rows, strict=True) if rows else [()] * len(names)
    arrays = [column.array(part) for column, part in zip(columns, cells, strict=True)]
    return pa.Table.from_arrays(arrays, names=list(names))


class _Column:
    """One column while its rows come in: what it holds so far, and how many rows those were."""

    def __init__(self, place: int, remarks: Remarks) -> None:
        self._place, self._remarks = place, remarks
        self._family: tuple[str, str] | None = None
        self._rows = 0

    def array(self, cells: Sequence[Any]) -> pa.Array:
        kinds = {type(cell) for cell in cells} - {type(None)}
        if InfiniteDate in kinds:
            endless = sum(isinstance(cell, InfiniteDate) for cell in cells)
            self._remarks.count(self._remarks.endless, self._place, endless)
            cells = [None if isinstance(cell, InfiniteDate) else cell for cell in cells]
            kinds.discard(InfiniteDate)
        if FarDate in kinds:
            self._remarks.far.add(self._place)
        if UUID in kinds:
            cells = [str(cell) if isinstance(cell, UUID) else cell for cell in cells]
            kinds = (kinds - {UUID}) | {str}
        if memoryview in kinds or bytearray in kinds:
            cells = [bytes(c) if isinstance(c, memoryview | bytearray) else c for c in cells]
        self._look_for_another_family(cells, kinds)
        self._rows += len(cells)
        if Decimal in kinds and self._place not in self._remarks.odd:
            cells = self._decimals(cells)
            kinds = {type(cell) for cell in cells} - {type(None)}
        try:
            return pa.array(cells)
        except OverflowError:
            (self._remarks.large if int in kinds else self._remarks.other).add(self._place)
        except (pa.ArrowException, TypeError, ValueError):
            self._remarks.other.add(self._place)
        return pa.array([plain_text(cell) for cell in cells], pa.string())

    def _look_for_another_family(self, cells: Sequence[Any], kinds: set[type]) -> None:
        if self._place in self._remarks.odd or not kinds:
            return
        families = {family_of(kind) for kind in kinds}
        if families == {self._family} or (self._family is None and len(families) == 1):
            self._family = families.pop()
            return
        for i, cell in enumerate(cells):
            if cell is None:
                continue
            family = family_of(type(cell))
            if self._family is None:
                self._family = family
            elif family != self._family:
                self._remarks.odd[self._place] = (
                    f"holds {self._family[0]} and {family[0]}, so all of it is text. The first "
                    f"{family[1]} is {quoted(plain_text(cell))} in row {self._rows + i:,}, counted "
                    "from 0."
                )
                return

    def _decimals(self, cells: Sequence[Any]) -> Sequence[Any]:
        """Whole ones as int, so that none is rounded; others as float, which is said."""
        nan = [isinstance(cell, Decimal) and cell.is_nan() for cell in cells]
        self._remarks.count(self._remarks.nan, self._place, sum(nan))
        cells = [None if gone else cell for cell, gone in zip(cells, nan, strict=True)]
        if all(cell is None or _is_whole(cell) for cell in cells):
            return [None if cell is None else int(cell) for cell in cells]
        self._remarks.decimals.add(self._place)
        return [None if cell is None else float(cell) for cell in cells]


def _is_whole(cell: int | float | Decimal) -> bool:
    return math.isfinite(cell) and cell == int(cell)


def family_of(kind: type) -> tuple[str, str]:
    """What cells of a type are called, many and one."""
    for types, many, one in _FAMILIES:
        if issubclass(kind, types):
            return many, one
    return f"values of the type {kind.__name__}", f"of the type {kind.__name__}"


def plain_text(cell: Any) -> str | None:
    """A cell as text; a whole number in one way, whether it came as 1 or as 1.0."""
    if isinstance(cell, float | Decimal) and _is_whole(cell) and abs(int(cell)) <= EXACT:
        return str(int(cell))
    return as_text(cell)
