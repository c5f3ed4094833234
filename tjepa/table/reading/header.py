"""Whether the first row of a text file names its columns or is data already."""

import re
from collections.abc import Sequence
from itertools import pairwise

from tjepa.table.reading.cells import MISSING

_ENOUGH = 10  # cells of a column that say whether its words repeat
_NUMBER = re.compile(r"[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)([eE][+-]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{1,4}([./-])[0-9]{1,2}\1[0-9]{1,4}([ T][0-9:.]+(Z|[+-][0-9:]+)?)?")


def has_header(rows: Sequence[Sequence[str | None]]) -> bool:
    """Decided over the first rows, column by column.

    A word above numbers or dates speaks for a header, a number above numbers against one. Where
    the words of a column repeat, one that is not among them is a name, and one of them is none.
    Without any of these the first row is taken for a header, and so are words beside a row of
    years.
    """
    head, body = rows[0], rows[1:]
    for_it = against = words = names = cells = 0
    for i, name in enumerate(head):
        below = [kind for row in body if (kind := kind_of_cell(row[i]))]
        values = sum(kind != "word" for kind in below)
        kind = kind_of_cell(name)
        for_it += kind == "word" and 0 < values == len(below)
        against += kind in ("number", "date") and 2 * below.count(kind) >= len(below)
        words += kind == "word"
        others = [row[i] for row in body if row[i]]
        if kind == "word" and not values and _repeat(others):
            names += name not in others
            cells += name in others
    if max(names, cells) > 1 and min(names, cells) == 0 and not (cells and for_it):
        return names > 0
    least = 2 if for_it else 3
    years = words > 0 and _is_series(head, least)
    if years and not (body and _is_series(body[0], least)):
        return True
    return not against or for_it > against


def kind_of_cell(cell: str | None) -> str | None:
    """``number``, ``date`` or ``word``; None where the cell is missing."""
    cell = (cell or "").strip()
    if not cell or cell in MISSING:
        return None
    if _NUMBER.fullmatch(cell):
        return "number"
    return "date" if _DATE.fullmatch(cell) else "word"


def _repeat(cells: Sequence[object]) -> bool:
    """Whether a column has few words, and enough cells to know."""
    return len(cells) >= _ENOUGH and 2 * len(set(cells)) <= len(cells)


def _is_series(row: Sequence[str | None], least: int) -> bool:
    """Whether the numbers of a row are whole and evenly spaced, as years are."""
    numbers = [cell.strip() for cell in row if cell and kind_of_cell(cell) == "number"]
    if len(numbers) < least or not all(re.fullmatch("[0-9]{1,15}", number) for number in numbers):
        return False
    steps = {int(after) - int(before) for before, after in pairwise(numbers)}
    return len(steps) == 1 and steps != {0}
