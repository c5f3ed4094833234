"""Numbers written with marks, as 1,234.5 or 1 234,5, rewritten plainly where there is no doubt."""

import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

MARK_NAMES = {",": "comma", ".": "point", " ": "space", "'": "apostrophe"}

# The thousands and the decimal mark, the likelier first.
_PAIRS = (("", ","), (",", "."), (".", ","), (" ", "."), (" ", ","), ("'", "."))
_SPELLINGS = {" ": "[ \u00a0\u202f]", "'": "['’]"}
_LIKELY = re.compile(r"[+-]?[0-9.,][0-9., \u00a0\u202f'’_]*([eE][+-]?[0-9]+)?")
_ONE_GROUP = r"^[+-]?[1-9][0-9]{0,2}%s[0-9]{3}$"  # 1,234: or is it 1.234?


@dataclass(frozen=True)
class Marks:
    """The marks of numbers; None is to be found out, column by column."""

    decimal: str | None = None
    thousands: str | None = None

    @property
    def may_be_plain(self) -> bool:
        """Whether 1.5 can be one and a half."""
        return self.decimal != "," and self.thousands != "."


ANY_MARKS = Marks()


@dataclass(frozen=True)
class Rewritten:
    """A column with a plain point and no other mark; ``text`` is None where there is doubt."""

    text: pa.ChunkedArray | None
    decimal: str = "."
    thousands: str = ""


def rewritten(
    text: pa.ChunkedArray, first: str, marks: Marks, delimiter: str | None
) -> Rewritten | None:
    """The numbers of a column whose present cells all are; None where they are not.

    ``first`` is a present cell: it spares most columns of words the work. A semicolon as the
    file's ``delimiter`` speaks for decimal commas.
    """
    if not _LIKELY.fullmatch(first.replace(marks.thousands or ",", "")):
        return None
    doubtful = False
    for thousands, decimal in _pairs(marks):
        group, point = _SPELLINGS.get(thousands, re.escape(thousands)), re.escape(decimal)
        if not pc.all(pc.match_substring_regex(text, _pattern(group, point))).as_py():
            continue
        grouped = bool(thousands) and _is_used(text, group)
        if thousands and not grouped and thousands != marks.thousands:
            continue
        pointed = _is_used(text, point)
        if marks.may_be_plain and not (grouped or pointed):
            return None  # whole numbers, which were not taken for numbers before
        told = decimal == marks.decimal or (thousands != "" and thousands == marks.thousands)
        if told or _is_sure(text, thousands, decimal, group, point, delimiter):
            plain = pc.replace_substring_regex(text, group, "") if thousands else text
            plain = pc.replace_substring(plain, decimal, ".")
            return Rewritten(plain, decimal if pointed else ".", thousands if grouped else "")
        doubtful = doubtful or thousands != " "
    return Rewritten(None) if doubtful else None


def has_decimal_point(text: pa.ChunkedArray) -> bool:
    """Whether points in a column of plain numbers cannot be thousands marks."""
    return _is_used(text, r"\.") and not _are_one_group(text, r"\.")


def may_be_grouped(text: pa.ChunkedArray) -> bool:
    """Whether all points in a column of plain numbers may be thousands marks, as in 1.234."""
    return _is_used(text, r"\.") and _are_one_group(text, r"\.")


def _pairs(marks: Marks) -> list[tuple[str, str]]:
    known = [
        (thousands, decimal)
        for thousands, decimal in _PAIRS
        if marks.decimal in (None, decimal) and marks.thousands in (None, thousands)
    ]
    return known or [(marks.thousands or "", marks.decimal or ".")]


def _pattern(group: str, point: str) -> str:
    if not group:
        return rf"^[+-]?([0-9]+|[0-9]*{point}[0-9]+)([eE][+-]?[0-9]+)?$"
    return rf"^[+-]?([0-9]+|[1-9][0-9]{{0,2}}({group}[0-9]{{3}})+)({point}[0-9]+)?$"


def _is_sure(
    text: pa.ChunkedArray,
    thousands: str,
    decimal: str,
    group: str,
    point: str,
    delimiter: str | None,
) -> bool:
    if thousands == "'":
        return True
    if thousands == " ":  # telephone numbers are all of one length
        length = pc.min_max(pc.utf8_length(text)).as_py()
        return bool(length["min"] < length["max"])
    if not thousands:
        return delimiter == ";" or not _are_one_group(text, point)
    twice = f"{group}[0-9]{{3}}({group}|{point})"
    return bool(pc.any(pc.match_substring_regex(text, twice)).as_py())


def _is_used(text: pa.ChunkedArray, mark: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(text, mark)).as_py())


def _are_one_group(text: pa.ChunkedArray, mark: str) -> bool:
    """Whether the mark stands before three digits wherever it stands."""
    marked = text.filter(pc.match_substring_regex(text, mark))
    return bool(pc.all(pc.match_substring_regex(marked, _ONE_GROUP % mark)).as_py())
