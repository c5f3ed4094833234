"""Where a table begins and ends on a sheet: titles above it, footers below it, merged cells."""

from collections.abc import Sequence
from itertools import takewhile
from statistics import median
from typing import Any

from tjepa.table.reading.margins import is_footing
from tjepa.table.reading.names import listed

Row = Sequence[Any]
Range = tuple[tuple[int, int], tuple[int, int]]  # first and last row and column, from 0

_MOST_TITLES = 30
_LOOKED_AT = 200


def is_empty(row: Row) -> bool:
    return all(isinstance(cell, str) and not cell.strip() for cell in row)


def header_row(rows: Sequence[Row], merged: Sequence[Range]) -> int:
    """The first row that is about as full as the rows usually are, or one of groups above it.

    ``merged`` counts from the first of the rows.
    """
    filled = [sum(cell != "" for cell in row) for row in rows[:_LOOKED_AT]]
    usual = median(count for count in filled if count)
    for i, count in enumerate(filled[:_MOST_TITLES]):
        if count > 1 and 2 * count > usual:
            while i and is_group_row(rows, i - 1, merged):
                i -= 1
            return i
    return 0


def is_group_row(rows: Sequence[Row], row: int, merged: Sequence[Range]) -> bool:
    """Whether a row names groups of the columns that the next row names.

    Some of its cells are merged, but not over the whole table, and the next row is no less full
    and has nothing but words.
    """
    width = len(rows[row])
    if row + 2 >= len(rows) or not any(
        first[0] == row and 0 < last[1] - first[1] < width - 1 for first, last in merged
    ):
        return False
    above, below = ([cell for cell in rows[i] if cell != ""] for i in (row, row + 1))
    return len(below) >= len(above) and all(isinstance(cell, str) for cell in below)


def spread(row: Sequence[str | None], at: int, merged: Sequence[Range]) -> list[str | None]:
    """A row with the text of its merged cells in each of them."""
    cells = list(row)
    for first, last in merged:
        if first[0] == at:
            cells[first[1] : last[1] + 1] = [cells[first[1]]] * (last[1] + 1 - first[1])
    return cells


def footer_rows(rows: Sequence[Row]) -> int:
    """How many rows at the end are no rows of the table: words in the first cell alone."""
    block = list(takewhile(lambda row: is_empty(row) or _is_alone(row), reversed(rows[1:])))
    if block and not is_empty(block[-1]):  # no empty row sets it apart
        block = list(takewhile(lambda row: is_empty(row) or is_footing(str(row[0])), block))
    while block and is_empty(block[-1]):
        block.pop()
    return len(block)


def about_merged(merged: Sequence[Range], rows: int) -> list[str]:
    """A note about merged cells in the first rows of a sheet."""
    places = [f"{_place(*first)}:{_place(*last)}" for first, last in merged if first[0] < rows]
    if not places:
        return []
    return [
        f"Merged cells hold their value in the first one only, the others are missing: "
        f"{listed(places)}."
    ]


def _is_alone(row: Row) -> bool:
    first, *others = row
    return isinstance(first, str) and any(map(str.isalpha, first)) and is_empty(others)


def _place(row: int, column: int) -> str:
    """The name of a cell, as B3."""
    letters = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row + 1}"
