"""Headers of more than one row: years above measures, units below names."""

import re
from collections.abc import Iterable, Sequence

from tjepa.errors import ReadingError
from tjepa.table.reading.choices import FileReading
from tjepa.table.reading.header import has_header, kind_of_cell
from tjepa.table.reading.names import listed

MOST_LEVELS = 3
"""More rows of a header than this are only read when a person says so."""
_ALL_BUT = 0.9  # of the cells of a column are numbers or dates where it is one of values

_YEAR = re.compile(r"(1[89]|20|21)[0-9]{2}")

Names = Sequence[str | None]


def header_levels(
    rows: Sequence[Names], told: FileReading, where: str, *, groups: bool = False
) -> int:
    """How many of the first rows are the header; 0 where there is none.

    ReadingError where a header is told that is longer than the table.
    """
    if told.header_rows is not None:
        if told.header_rows > len(rows):
            raise ReadingError(
                f"{where} has fewer rows than the {told.header_rows} that its header is to have. "
                "Take fewer."
            )
        return told.header_rows
    if told.header == 0:
        return 0
    if told.header is None and not (groups or has_header(rows) or _are_years(rows)):
        return 0
    return _levels(rows, groups)


def _levels(rows: Sequence[Names], groups: bool) -> int:
    """How many of the first rows are the header, where the first is the beginning of one.

    Another row belongs to it where it has words, or nothing, over each of two or more columns of
    numbers or dates. ``groups``: merged cells say that the first row is above another one.
    """
    levels = 1
    while levels < min(MOST_LEVELS, len(rows) - 2) and _is_level(rows, levels):
        levels += 1
    return max(levels, 2) if groups and len(rows) > 2 else levels


def joined_names(rows: Sequence[Names], *, merged: bool = False) -> list[str]:
    """One name for each column: what stands above one another, from the top, each word once.

    A name that is followed by blanks in an upper row goes for those columns, too, unless merged
    cells have said already for which.
    """
    *upper, last = ([(cell or "").strip() for cell in row] for row in rows)
    if not upper:
        return last
    if not merged:
        upper = [_filled_on(row) for row in upper]
    levels = zip(*upper, last, strict=True)
    return [" ".join(dict.fromkeys(part for part in parts if part)) for parts in levels]


def about_levels(names: Iterable[str], levels: int) -> list[str]:
    """A note where names were put together."""
    if levels < 2:
        return []
    return [f"The header has {levels} rows, which were joined: {listed(names)}."]


def _is_level(rows: Sequence[Names], level: int) -> bool:
    """Whether a row has words over all columns of values, of which there are some."""
    values = words = 0
    body = max(level + 1, min(MOST_LEVELS, len(rows) - 2))  # below it may be more of the header
    for cells in zip(*rows, strict=True):
        kinds = [kind for cell in cells[body:] if (kind := kind_of_cell(cell))]
        if not kinds or sum(kind != "word" for kind in kinds) < _ALL_BUT * len(kinds):
            continue
        above = kind_of_cell(cells[level])
        if above not in (None, "word"):
            return False
        values += 1
        words += above == "word"
    return values > 1 and 2 * words > values


def _are_years(rows: Sequence[Names]) -> bool:
    """Whether the first row has years, each over some columns, and the second names."""
    present = [cell.strip() for cell in rows[0] if cell and kind_of_cell(cell)]
    years = [cell for cell in present if _YEAR.fullmatch(cell)]
    repeat = len(set(present)) < len(rows[0])
    words = sum(kind_of_cell(cell) == "word" for cell in present)
    return (
        bool(years)
        and repeat
        and len(years) + words == len(present)
        and len(rows) > 3
        and _is_level(rows, 1)
    )


def _filled_on(row: Sequence[str]) -> list[str]:
    filled: list[str] = []
    for cell in row:
        filled.append(cell or (filled[-1] if filled else ""))
    return filled
