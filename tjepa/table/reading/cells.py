"""Cells of text → a column of numbers, dates or text; what was read as missing is counted.

Columns go in and come out as pyarrow arrays, which keeps a million rows a matter of moments.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from tjepa.table.reading.dates import dates, plain_dates
from tjepa.table.reading.marks import ANY_MARKS, MARK_NAMES, Marks, rewritten
from tjepa.table.reading.names import listed

MISSING = ("NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "<NA>", "?")
EXACT = 2**53  # whole numbers up to here are exact in float64

_ENOUGH, _GLANCE = 20, 200  # cells that say something; cells that spare words the work
_FEW = 0.02  # of the cells of a column that is of numbers but for them

_WHOLE = r"^[+-]?[0-9]+$"
_LEADING_ZERO = r"^[+-]?0[0-9]"
_CODE = r"^[+-]?0[0-9xX]"  # 0x1F is a number to Arrow
_PLAIN = re.compile(r"-?([0-9]+|[0-9]*\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_MISSING = pa.array(["", *MISSING])


@dataclass(frozen=True)
class Read:
    """What a reader found: names as they are in the file, and columns in their final types."""

    names: Sequence[str]
    columns: Sequence[pa.ChunkedArray]
    notes: Sequence[str]


@dataclass
class Findings:
    """What happened to the cells, by column, to be said in a few sentences in the end."""

    missing: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    infinite: dict[str, int] = field(default_factory=dict)
    decimal_comma: list[str] = field(default_factory=list)
    thousands: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    unsure_comma: list[str] = field(default_factory=list)
    unsure_month: list[str] = field(default_factory=list)
    zone: list[str] = field(default_factory=list)
    too_long: list[str] = field(default_factory=list)
    almost: list[str] = field(default_factory=list)  # columns of numbers but for a few cells

    def count_missing(self, markers: pa.ChunkedArray, name: str) -> None:
        for pair in pc.value_counts(markers).to_pylist():
            if pair["values"]:
                self.missing[pair["values"]][name] = pair["counts"]

    def sentences(self) -> list[str]:
        said = []
        counts = [
            f"{'blank' if not marker else f'“{marker}”'} in {cells(sum(columns.values()))} "
            f"({listed(columns)})"
            for marker, columns in self.missing.items()
            if marker
        ]
        if blank := self.missing.get(""):
            total = sum(blank.values())
            counts.append(f"{total:,} blank cell{'s' * (total != 1)} ({listed(blank)})")
        if counts:
            said.append(f"Read as missing: {'; '.join(counts)}.")
        if self.infinite:
            total = sum(self.infinite.values())
            said.append(
                f"Infinite or too large for a number, so read as missing: {cells(total)} "
                f"({listed(self.infinite)})."
            )
        for mark, columns in self.thousands.items():
            what = f"The {MARK_NAMES[mark]}" if mark in MARK_NAMES else f"“{mark}”"
            said.append(f"{what} was read as the thousands mark in {listed(columns)}.")
        for columns, text in (
            (self.decimal_comma, "The comma was read as the decimal mark in"),
            (self.unsure_comma, "Kept as text, because 1,234 may mean 1234 or 1.234:"),
            (self.unsure_month, "Day and month could not be told apart, month first is assumed:"),
            (self.zone, "Times were converted to UTC in"),
            (self.too_long, "Kept as text, because numbers beyond 2^53 would be rounded:"),
        ):
            if columns:
                said.append(f"{text} {listed(columns)}.")
        if self.almost:
            said.append(
                f"Kept as text, because some cells among numbers are none: {listed(self.almost)}."
            )
        return said


def cells(count: int) -> str:
    return f"{count:,} cell{'s' * (count != 1)}"


def parsed(
    text: pa.ChunkedArray,
    name: str,
    findings: Findings,
    *,
    delimiter: str | None = None,
    marks: Marks = ANY_MARKS,
) -> pa.ChunkedArray:
    """A column of text in its own type: float64, int64, timestamp or, still, string.

    Every present cell has to be a number (or date) for the column to be numeric (or dates).
    ``delimiter`` is the file's, ``marks`` what is known of its numbers.
    """
    if marks.may_be_plain and (column := _whole_or_finite(text)) is not None:
        return column
    if marks.thousands is None and (column := _plain_dates(text)) is not None:
        return column
    text = _without_missing(text, name, findings)
    first = _first(text)
    if first is None:
        return pa.chunked_array([pa.nulls(len(text), pa.float64())])
    column = _numbers(text, name, findings) if marks.may_be_plain else None
    if column is None:
        column = _marked_numbers(text, first, name, findings, marks, delimiter)
    if column is None and (found := dates(text, first)) is not None:
        column = found.column
        if found.unsure:
            findings.unsure_month.append(name)
        if found.zone:
            findings.zone.append(name)
    if column is None and name not in (*findings.unsure_comma, *findings.too_long):
        findings.almost += _almost_numbers(text, name)
    return text if column is None else column


def _almost_numbers(text: pa.ChunkedArray, name: str) -> list[str]:
    """The column with the first of its few cells that keep it from being numbers, if it is so."""
    present = len(text) - text.null_count
    some = [cell for cell in text.slice(0, _GLANCE).to_pylist() if cell is not None]
    if (
        present < _ENOUGH
        or sum(_PLAIN.fullmatch(cell) is not None for cell in some) < len(some) / 2
    ):
        return []
    odd = pc.invert(pc.match_substring_regex(text, f"^{_PLAIN.pattern}$"))
    count = pc.sum(odd).as_py()
    if not 0 < count <= _FEW * present:
        return []
    first = pc.index(odd, True).as_py()
    more = f" and {count - 1:,} more" if count > 1 else ""
    return [f"{name} (“{listed([text[first].as_py()])}” in row {first + 1:,}{more})"]


def finite(column: pa.ChunkedArray, name: str, findings: Findings) -> pa.ChunkedArray:
    """A float64 column with NaN and infinities as null; infinities are counted."""
    infinite = pc.sum(pc.is_inf(column)).as_py()
    if infinite:
        findings.infinite[name] = infinite
    return pc.if_else(pc.is_finite(column), column, None)


def _first(text: pa.ChunkedArray) -> str | None:
    """The first present cell."""
    chunks = (chunk for chunk in text.chunks if chunk.null_count < len(chunk))
    return next((str(chunk.drop_null()[0].as_py()) for chunk in chunks), None)


def _whole_or_finite(text: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """A column of numbers in which there is nothing to strip, count or round; else None.

    Most are so, and this takes a fraction of the time. Codes as 007 come back as they are.
    """
    first = _first(text)
    if first is None or not _PLAIN.fullmatch(first):
        return None
    whole = first.lstrip("-").isdigit()
    for kind in (pa.int64(), pa.float64()) if whole else (pa.float64(),):
        try:
            column = pc.cast(text, kind)
        except pa.ArrowInvalid:
            continue
        break
    else:
        return None
    largest = pc.min_max(column).as_py()
    if max(-largest["min"], largest["max"]) >= EXACT:
        return None
    if _has_code(text):
        return text
    if kind == pa.int64():
        return pc.cast(column, pa.float64()) if column.null_count else column
    # NaN is passed over by a minimum.
    return column if pc.all(pc.is_finite(column)).as_py() else None


def _plain_dates(text: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """A column of dates likewise, in the one form that is sure."""
    first = _first(text)
    return None if first is None else plain_dates(text, first)


def _has_code(text: pa.ChunkedArray) -> bool:
    """Whether a cell begins with a zero that is neither alone nor before a point."""
    for zero in ("0", "-0"):
        begins = _count(pc.starts_with(text, zero))
        begins -= _count(pc.starts_with(text, f"{zero}.")) if begins else 0
        rest = begins - _count(pc.equal(text, zero)) if begins else 0
        if rest and pc.any(pc.match_substring_regex(text, _CODE)).as_py():
            return True
    return False


def _count(mask: pa.ChunkedArray) -> int:
    return pc.sum(mask).as_py() or 0


def _without_missing(text: pa.ChunkedArray, name: str, findings: Findings) -> pa.ChunkedArray:
    trimmed = pc.utf8_trim_whitespace(text)
    is_missing = pc.is_in(trimmed, value_set=_MISSING)
    if not pc.any(is_missing).as_py():
        return trimmed
    blank = pc.and_(pc.equal(trimmed, ""), pc.not_equal(text, ""))
    if count := pc.sum(blank).as_py():
        findings.missing[""][name] = count
    findings.count_missing(trimmed.filter(is_missing), name)
    return pc.if_else(is_missing, None, trimmed)


def _numbers(text: pa.ChunkedArray, name: str, findings: Findings) -> pa.ChunkedArray | None:
    """The column as int64 or float64; None unless each present cell is a plain number."""
    try:
        column = pc.cast(text, pa.float64())
    except pa.ArrowInvalid:
        return None
    if not pc.any(pc.is_finite(column)).as_py():
        return None
    if pc.any(pc.match_substring_regex(text, _LEADING_ZERO)).as_py():
        return None
    if _is_rounded(text, column):
        findings.too_long.append(name)
        return None
    if not text.null_count:
        try:
            return pc.cast(text, pa.int64())
        except pa.ArrowInvalid:
            pass
    findings.count_missing(text.filter(pc.is_nan(column)), name)  # NAN, -nan: other spellings
    return finite(column, name, findings)


def _is_rounded(text: pa.ChunkedArray, column: pa.ChunkedArray) -> bool:
    """Whether a whole number is written that float64 has no room for."""
    large = pc.greater_equal(pc.abs(column), EXACT)
    if not pc.any(large).as_py():
        return False
    written = text.filter(large)
    whole = written.filter(pc.match_substring_regex(written, _WHOLE))
    try:
        return pc.any(pc.greater(pc.abs(pc.cast(whole, pa.int64())), EXACT)).as_py() is True
    except pa.ArrowInvalid:  # with a plus sign, or beyond 64 bits
        return any(len(value) > 20 or abs(int(value)) > EXACT for value in whole.to_pylist())


def _marked_numbers(
    text: pa.ChunkedArray,
    first: str,
    name: str,
    findings: Findings,
    marks: Marks,
    delimiter: str | None,
) -> pa.ChunkedArray | None:
    found = rewritten(text, first, marks, delimiter)
    if found is None:
        return None
    if found.text is None:
        findings.unsure_comma.append(name)
        return None
    column = _numbers(found.text, name, findings)
    if column is not None and found.decimal == ",":
        findings.decimal_comma.append(name)
    if column is not None and found.thousands:
        findings.thousands[found.thousands].append(name)
    return column
