"""Dates as people and programs write them → timestamps without time zone."""

import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

_TIME = r"(?:[ T]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?)?$"
_YEAR_LAST = r"^(?P<a>\d{1,2})(?P<s>[./-])(?P<b>\d{1,2})(?P<t>[./-])(?P<year>\d{4})" + _TIME
_YEAR_FIRST = r"^(?P<year>\d{4})(?P<s>[./-])(?P<a>\d{1,2})(?P<t>[./-])(?P<b>\d{1,2})" + _TIME
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}($|[ T]\d{2}:\d{2})")


@dataclass(frozen=True)
class Dates:
    column: pa.ChunkedArray  # timestamp[us], or [ns] where the file is that exact
    unsure: bool = False  # day and month could not be told apart
    zone: bool = False  # converted from a time zone to UTC


def dates(text: pa.ChunkedArray, first: str) -> Dates | None:
    """The column as timestamps; None unless each present cell is a date of one form.

    ``first`` is a present cell: it spares most columns of words the work.
    """
    if _ISO.match(first) and (found := _iso(text)) is not None:
        return found
    for pattern in (_YEAR_LAST, _YEAR_FIRST):
        if re.match(pattern, first):
            return _written(text, pattern)
    return None


def plain_dates(text: pa.ChunkedArray, first: str) -> pa.ChunkedArray | None:
    """What `dates` gives for those that begin with the year and have no zone; None for others."""
    return _cast(text) if _ISO.match(first) else None


def in_calendar(column: pa.ChunkedArray) -> bool:
    """Whether all years are 1 to 9999: numpy has others, Python's own dates do not."""
    ends = pc.min_max(column)
    years = [pc.year(ends[end]).as_py() for end in ("min", "max")]
    return all(year is None or 1 <= year <= 9999 for year in years)


def _iso(text: pa.ChunkedArray) -> Dates | None:
    if (column := _cast(text)) is not None:
        return Dates(column)
    for unit in ("us", "ns"):
        try:
            column = pc.cast(text, pa.timestamp(unit, "UTC"))
        except pa.ArrowInvalid:
            continue
        return (
            Dates(pc.cast(column, pa.timestamp(unit)), zone=True) if in_calendar(column) else None
        )
    return None


def _cast(text: pa.ChunkedArray) -> pa.ChunkedArray | None:
    for unit in ("us", "ns"):
        try:
            column = pc.cast(text, pa.timestamp(unit))
        except pa.ArrowInvalid:
            continue
        return column if in_calendar(column) else None
    return None


def _written(text: pa.ChunkedArray, pattern: str) -> Dates | None:
    """Dates in the order of the pattern; where the year is last, day or month may be first."""
    # RE2 takes the names of groups in Python's way, and \d for ASCII digits only.
    part = pc.extract_regex(text, pattern)
    if part.null_count > text.null_count:
        return None
    part = {name: pc.struct_field(part, name) for name in re.compile(pattern).groupindex}
    if not pc.all(pc.equal(part["s"], part["t"])).as_py():
        return None
    month, day, unsure = part["a"], part["b"], False
    if pattern == _YEAR_LAST:
        largest_a, largest_b = (pc.max(pc.cast(part[x], pa.int64())).as_py() for x in "ab")
        dotted = pc.all(pc.equal(part["s"], ".")).as_py()
        if largest_a > 12 or (dotted and largest_b <= 12):
            month, day = day, month
        unsure = largest_a <= 12 and largest_b <= 12 and not dotted
    date = [part["year"], _two(month), _two(day)]
    clock = [_two(part["hour"]), _two(part["minute"]), _two(part["second"])]
    stamp = pc.binary_join_element_wise(
        pc.binary_join_element_wise(*date, "-"), pc.binary_join_element_wise(*clock, ":"), " "
    )
    column = _cast(stamp)
    return None if column is None else Dates(column, unsure=unsure)


def _two(digits: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.utf8_lpad(digits, 2, "0")
