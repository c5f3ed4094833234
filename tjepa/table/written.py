"""Numbers and bands of them as people write them: the format that fits every cell.

A format is a short text that a person can read and write: `$1,234.5` (unit, thousands, decimal
mark). For those of dates see `tjepa.table.calendars`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

GLANCE = 50
"""Cells that spare most columns the rest of the work."""
EXACT = 2**53
"""Whole numbers beyond it are not numbers but long identifiers: they would be rounded."""

_NUMBER = re.compile(r"^(?P<before>.*?)1(?P<thousands>[.,])234(?P<decimal>[.,])5(?P<after>.*)$")
_CURRENCY = r"(?:US\$|[$€£¥₹₽₩]|USD|EUR|GBP|CHF|JPY|INR|R\$|kr)"
_DIGITS = r"[0-9](?:[0-9.,'’\u00a0\u202f ]*[0-9])?\.?|[.,][0-9]+"
_CELL = (
    rf"^\(?[+\-−]?\s*(?P<before>{_CURRENCY})?\s*[+\-−]?(?P<digits>{_DIGITS})\s*"
    rf"(?P<after>{_CURRENCY}|[%‰°]|[^\W\d_]+[²³]?(?:/[^\W\d_]+)?)?\)?$"
)
_SURE_UNIT = re.compile(rf"^(?:{_CURRENCY}|[%‰])$")
_BLANKS = r"(?<=[0-9])[ '’\u00a0\u202f](?=[0-9]{3}(?![0-9]))"  # 1 234 567


@dataclass(frozen=True)
class Format:
    """A format that every cell fits; `sure` unless a `rival` does too, or it is a mere guess."""

    text: str
    sure: bool
    rival: str = ""

    @property
    def unit(self) -> str:
        """What stands before or after a number: a currency, %, km."""
        found = _NUMBER.match(self.text)
        return (found["before"] + found["after"]).strip() if found else ""


def is_number_format(text: str) -> bool:
    """Whether the format is one of numbers, as `$1,234.5`."""
    found = _NUMBER.match(text)
    return found is not None and found["thousands"] != found["decimal"]


def number_format(texts: pd.Series) -> Format | None:
    """The format of distinct trimmed cells that are numbers with a unit or thousands, or None."""
    texts = texts.astype(object)  # Arrow's expressions cannot look around
    for some in (texts.iloc[:GLANCE], texts):
        parts = some.str.extract(_CELL)
        if len(parts) == 0 or parts["digits"].isna().any():
            return None
        units = {side: set(parts[side].dropna()) for side in ("before", "after")}
        if len(units["before"]) + len(units["after"]) > 1:
            return None
    before, after = ("".join(units[side]) for side in ("before", "after"))
    digits = parts["digits"].str.replace(_BLANKS, "", regex=True)
    if digits.str.match("0[0-9]").any():  # 007 is a code
        return None
    decimal, sure = _decimal_mark(digits)
    thousands = "," if decimal == "." else "."
    # A word after a number may make a code of it, "12b", or an order, "1st".
    unit = before or after
    sure = bool(_SURE_UNIT.match(unit)) if unit else sure
    gap = " " if after and some.str.contains(r"[0-9]\s+\S+$", regex=True).all() else ""
    found = Format(f"{before}1{thousands}234{decimal}5{gap}{after}", sure)
    numbers = as_numbers(texts, found.text)
    return found if (np.abs(numbers) < EXACT).all() else None


def as_numbers(texts: pd.Series, form: str) -> np.ndarray:
    """Trimmed cells f64 [n] by a number's format, NaN where it does not fit; "(5)" is −5."""
    found = _NUMBER.match(form)
    assert found is not None
    t, d = re.escape(found["thousands"]), re.escape(found["decimal"])
    before, after = (re.escape(found[side].strip()) for side in ("before", "after"))
    whole = rf"(?:[0-9]{{1,3}}(?:{t}[0-9]{{3}})+|[0-9]*)(?:{d}[0-9]*)?(?:[eE][+\-]?[0-9]+)?"
    pattern = (
        rf"^(?P<bracket>\(?)(?P<sign>[+\-]?)\s*(?:{before})?\s*(?P<late>[+\-]?)"
        rf"(?P<digits>{whole})\s*(?:{after})?\)?$"
    )
    cells = texts.astype(object).str.replace("−", "-").str.replace(_BLANKS, "", regex=True)
    parts = cells.str.extract(pattern)
    digits = parts["digits"].str.replace(t, "", regex=True).str.replace(d, ".", regex=True)
    numbers = pd.to_numeric(digits, errors="coerce").to_numpy("float64", na_value=np.nan)
    below = (parts["bracket"] == "(") | (parts["sign"] == "-") | (parts["late"] == "-")
    return np.where(below.fillna(value=False), -numbers, numbers)


_AMOUNT = r"[$€£]?((?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+(?:\.[0-9]+)?)(?:[kKM](?![^\W\d_]))?)"
_BELOW = re.compile(rf"(?:<|<=|≤|under|below|less than|up to)\s*{_AMOUNT}\D*", re.IGNORECASE)
_ABOVE = re.compile(rf"(?:>|>=|≥|over|above|more than)\s*{_AMOUNT}\D*", re.IGNORECASE)
_BETWEEN = re.compile(rf"{_AMOUNT}\D{{0,3}}?\s*(?:-|–|to|\.\.)\s*{_AMOUNT}\D*")
_FROM = re.compile(rf"{_AMOUNT}\s*(?:\+.*|s|(?:st|nd|rd|th)\b.*| or more.*)")
_END = r"\s*([+\-−]?(?:inf|∞|[0-9]+(?:\.[0-9]+)?(?:e[+\-]?[0-9]+)?))\s*"
_INTERVAL = re.compile(rf"[\[(]{_END}[,;]{_END}[\])]", re.IGNORECASE)
_JUST = re.compile(rf"{_AMOUNT}(?:\s+\D+)?")


_BANDS = ((_BELOW, -1), (_ABOVE, 1), (_INTERVAL, 0), (_BETWEEN, 0), (_FROM, 0), (_JUST, 0))


def _amount(text: str) -> float:
    plain = text.replace(",", "").replace("−", "-").replace("∞", "inf")
    times = {"k": 1e3, "K": 1e3, "M": 1e6}.get(plain[-1], 1.0)
    return float(plain.rstrip("kKM")) * times


def in_bands(texts: Sequence[str]) -> tuple[str, ...] | None:
    """Bands (`<20`, `20-29`, `60+`, `(0, 5]`) and places (`1st`, `2nd`) from low to high."""
    bands: list[tuple[float, int, float, str]] = []
    plain = 0
    for text in texts:
        for pattern, rank in _BANDS:
            if found := pattern.fullmatch(text.strip()):
                ends = [_amount(end) for end in found.groups()]
                bands.append((ends[0], rank, ends[-1], text))
                plain += pattern is _JUST
                break
        else:
            return None
    bands.sort()
    inside = all(low <= high for low, _, high, _ in bands)
    apart = all(a[2] <= b[0] and a[:2] != b[:2] for a, b in pairwise(bands))
    # Numbers alone are numbers: only beside bands are they bands, as "1 year" and "10+ years".
    return tuple(band[3] for band in bands) if inside and apart and plain < len(bands) else None


def _decimal_mark(digits: pd.Series) -> tuple[str, bool]:
    """The decimal mark of numbers without blanks, and whether it is sure."""
    last = digits.str.extract(r"([.,])[^.,]*$")[0]
    both = digits.str.contains(",", regex=False) & digits.str.contains(".", regex=False)
    if both.any():
        return str(last[both].iloc[0]), True
    for mark, other in ((",", "."), (".", ",")):
        if not (last == mark).any():
            continue
        if digits.str.count(re.escape(mark)).max() > 1:  # 1,234,567
            return other, True
        grouped = digits[last == mark].str.fullmatch(
            rf"[1-9][0-9]{{0,2}}{re.escape(mark)}[0-9]{{3}}"
        )
        if not grouped.all():  # 3,5: or two answers to one question?
            return mark, False
        return ".", False  # 1,234 may be 1234 or 1.234
    return ".", False
