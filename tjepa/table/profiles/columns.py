"""One column: the shape of its cells, what is commonest, where its numbers lie."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tjepa.table.advice.look import Look
from tjepa.table.kinds import Kind
from tjepa.table.profiles import shapes
from tjepa.table.profiles.rows import cells_of
from tjepa.table.profiles.shapes import Shape
from tjepa.table.schema import Column

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
COMMONEST = 5
EXAMPLES = 3


@dataclass(frozen=True)
class NumberFacts:
    """Where numbers lie, of the rows looked at: `quantiles` at `QUANTILES`."""

    quantiles: tuple[float, ...]
    mean: float
    deviation: float
    zeros: int
    negative: int


@dataclass(frozen=True)
class ColumnProfile:
    """A column in `rows` of the `n_rows` of the table; `cells` of these rows have a value.

    `missing` and `distinct` are exact, of all rows. `shape` is None where there is nothing to count
    or every value is another (identifiers). `commonest` are values that repeat, with their counts
    in `rows`; `examples` some cells of identifiers and of prose. `first` and `last` are dates.
    """

    name: str
    kind: Kind
    rows: int
    n_rows: int
    cells: int
    missing: int
    distinct: int
    shape: Shape | None = None
    numbers: NumberFacts | None = None
    commonest: tuple[tuple[str, int], ...] = ()
    examples: tuple[str, ...] = ()
    first: str = ""
    last: str = ""

    @property
    def missing_share(self) -> float:
        return self.missing / self.n_rows if self.n_rows else 0.0


def column_profile(look: Look, column: Column) -> ColumnProfile:
    """The profile of `column` in the rows of `look`. SchemaError where a cell does not fit it."""
    cells = cells_of(look, column).dropna()
    shape: Shape | None = None
    numbers, ends = None, ("", "")
    commonest: tuple[tuple[str, int], ...] = ()
    examples: tuple[str, ...] = ()
    if column.kind == "numeric":
        values = np.sort(cells.to_numpy(dtype=float))
        shape, numbers = shapes.of_numbers(values), _facts(values)
        commonest = tuple((_text(value), n) for value, n in _repeated_numbers(values))
    elif column.kind == "date":
        moments = np.sort(cells.to_numpy("datetime64[us]"))
        shape = shapes.of_dates(moments)
        if len(moments):
            ends = (_moment(moments[0]), _moment(moments[-1]))
        commonest = tuple((_moment(moment), n) for moment, n in _repeated_numbers(moments))
    elif column.kind == "text":
        shape = shapes.of_lengths(cells)
        commonest, examples = _commonest(cells), _examples(cells)
    elif column.kind == "id":
        commonest, examples = _commonest(cells), _examples(cells)
    else:
        shape = shapes.of_categories(cells, column.order)
        commonest = _commonest(cells)
    return ColumnProfile(
        column.name,
        column.kind,
        len(look.rows),
        len(look.frame),
        len(cells),
        column.missing,
        column.distinct,
        shape,
        numbers,
        commonest,
        examples,
        *ends,
    )


def _facts(values: np.ndarray) -> NumberFacts | None:
    if len(values) == 0:
        return None
    with np.errstate(
        over="ignore", invalid="ignore"
    ):  # of numbers near the largest: infinite, and said as such
        mean, deviation = float(values.mean()), float(values.std())
    return NumberFacts(
        tuple(shapes.quantiles(values, QUANTILES).tolist()),
        mean,
        deviation,
        int((values == 0).sum()),
        int((values < 0).sum()),
    )


def _repeated(cells: pd.Series) -> list[tuple[object, int]]:
    counted = cells.value_counts()
    counted = counted[counted > 1]
    if len(counted) == 0:
        return []
    # Ties by value, so that the order of the rows does not matter.
    least = counted.iloc[min(COMMONEST, len(counted)) - 1]
    top = [(value, int(n)) for value, n in counted[counted >= least].items()]
    return sorted(top, key=lambda item: (-item[1], str(item[0])))[:COMMONEST]


def _repeated_numbers(values: np.ndarray) -> list[tuple[Any, int]]:
    """The commonest of ascending values that repeat."""
    starts = np.flatnonzero(np.append(True, values[1:] != values[:-1])[: len(values)])
    counts = np.diff(np.append(starts, len(values)))
    top = np.argsort(-counts, kind="stable")[:COMMONEST]
    return [(values[starts[i]], int(counts[i])) for i in top if counts[i] > 1]


def _commonest(cells: pd.Series) -> tuple[tuple[str, int], ...]:
    return tuple((_text(value), n) for value, n in _repeated(cells))


def _examples(cells: pd.Series) -> tuple[str, ...]:
    """Some different cells, from the beginning, the middle and the end."""
    if len(cells) == 0:
        return ()
    places = np.linspace(0, len(cells) - 1, EXAMPLES).astype(int)
    return tuple(dict.fromkeys(str(cells.iloc[place]) for place in places))


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() and abs(value) < 1e15 else f"{float(value):g}"
    return str(value)


def _moment(moment: np.datetime64) -> str:
    """A day, with its time only where there is one."""
    text = str(moment.astype("datetime64[s]")).replace("T", " ")
    return text.removesuffix(" 00:00:00")
