"""Dates that are spread over several columns: year, month and day, or a date and a time."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tjepa.errors import SchemaError, TjepaError
from tjepa.table import calendars, hints
from tjepa.table.advice.look import Look, named
from tjepa.table.advice.suggestion import Suggestion
from tjepa.table.kinds import Meaning, span, typed_column, written_as
from tjepa.table.schema import Column, cells_of

_NAMES = {
    "year": "year yr yyyy jahr año ano année anno jaar år rok",
    "month": "month mon mo mm monat mes mês mois mese maand månad",
    "day": "day dd mday dayofmonth tag día dia jour giorno dag",
    "hour": "hour hr hh stunde hora heure ora uur",
    "minute": "minute min minuto minuut",
    "date": "date datum fecha data",
    "time": "time clock zeit uhrzeit hora heure ora tijd",
}
_PART = {word: part for part, words in _NAMES.items() for word in words.split()}
_RANGES = {
    "year": calendars.YEARS,
    "month": (1, 12),
    "day": (1, 31),
    "hour": (0, 23),
    "minute": (0, 59),
}
_FORMS = {"year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M"}
_IN_ORDER = ("year", "month", "day", "hour", "minute")
_MONTH_NAMES = ("%b", "%B")
MOST_MISSING = 0.1
"""Of the rows that have one part, that may lack another one: else they are not of one date."""


@dataclass(frozen=True)
class _Part:
    column: Column
    form: str


def apart(seen: Look) -> list[Suggestion]:
    """Columns that are one date together, the parts of each date as one suggestion."""
    groups: dict[tuple[str, ...], dict[str, list[_Part]]] = defaultdict(lambda: defaultdict(list))
    for column in seen.schema.columns:
        if column.name == seen.schema.target or column.distinct < 2 or column.together:
            continue
        for part, rest in _named(column.name):
            if (form := _form(seen, column, part)) is not None:
                groups[rest][part].append(_Part(column, form))
    found = []
    for parts in groups.values():
        # Of two, as a month in words beside its number, the first.
        chosen = _chosen({part: some[0] for part, some in parts.items()})
        if chosen and (suggestion := _suggested(seen, chosen)) is not None:
            found.append(suggestion)
    return found


def _chosen(parts: dict[str, _Part]) -> list[_Part]:
    """The parts that make a date, from the year on without a gap; or a date with its time."""
    chosen: list[_Part] = []
    for part in _IN_ORDER:
        if part not in parts:
            break
        chosen.append(parts[part])
    if len(chosen) >= 2:
        if len(chosen) == 3 and "time" in parts:
            chosen.append(parts["time"])
        return chosen
    clock = parts.get("time") or parts.get("hour")
    return [parts["date"], clock] if "date" in parts and clock else []


def _named(name: str) -> list[tuple[str, tuple[str, ...]]]:
    """The parts of a date that a name may stand for, each with the rest of the name."""
    words = hints.words_of(name)
    joined = "".join(words)
    if joined.startswith("dayofmonth") or joined.endswith("dayofmonth"):
        return [("day", tuple(joined.replace("dayofmonth", "").split()))]
    found = [(i, _PART[word]) for i, word in enumerate(words) if word in _PART]
    if len(found) != 1 or "week" in joined:
        return []
    (i, part) = found[0]
    rest = (*words[:i], *words[i + 1 :])
    # "hora" is an hour of the day and a time.
    both = part == "time" and words[i] in _NAMES["hour"].split()
    return [(part, rest), ("hour", rest)] if both else [(part, rest)]


def _form(seen: Look, column: Column, part: str) -> str | None:
    """How the cells of a column are that part of a date; None where they are not."""
    values = seen.frame[column.name]
    if part == "date":
        return _day_form(values, column)
    if part == "time":
        return _clock_form(values, column)
    if part == "month" and pd.api.types.is_string_dtype(values):
        texts = values.dropna().drop_duplicates().astype("str").str.strip()
        for form in _MONTH_NAMES:
            if 2 <= len(texts) <= 24 and not np.isnat(calendars.as_dates(texts, form)).any():
                return form
        return None
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return None
    numbers = values.dropna().to_numpy(dtype=float)
    low, high = _RANGES[part]
    fits = (numbers == np.round(numbers)).all() and low <= numbers.min() <= numbers.max() <= high
    return _FORMS[part] if fits else None


def _day_form(values: pd.Series, column: Column) -> str | None:
    if column.kind != "date" or calendars.is_clock(column.format):
        return None
    dates = typed_column(values, "date", column.name, SchemaError, column.meaning).dropna()
    if (dates.dt.normalize() != dates).any():
        return None
    return column.format or "%Y-%m-%d"


def _clock_form(values: pd.Series, column: Column) -> str | None:
    if column.kind == "date":
        return column.format if calendars.is_clock(column.format) else None
    if pd.api.types.is_numeric_dtype(values):
        form = calendars.number_date_format(values.dropna().to_numpy(dtype=float))
        return form if form == calendars.CLOCK_NUMBER else None
    found = written_as(values)
    clock = found is not None and found[0] == "date" and calendars.is_clock(found[1].text)
    return found[1].text if found is not None and clock else None


def _suggested(seen: Look, parts: Sequence[_Part]) -> Suggestion | None:
    names = tuple(part.column.name for part in parts)
    form = calendars.TOGETHER.join(part.form for part in parts)
    if not calendars.is_date_format(form):
        return None
    cells = cells_of(seen.frame, names, form)
    known = int(cells.notna().sum())
    most = max(int(seen.frame[name].notna().sum()) for name in names)
    if known < (1 - MOST_MISSING) * most or cells.nunique() < 2:
        return None
    try:
        dates = span(cells, "date", names[0], Meaning(format=form))
    except TjepaError:  # the 30th of February: they are parts of different dates
        return None
    evidence = f"{named(names)} are one date together: {dates}."
    if known < most:
        evidence += f" {most - known:,} rows lack a part of it, which makes it missing."
    first, others = names[0], names[1:]
    change: dict[str, dict[str, Any]] = {
        "kinds": {first: "date"},
        "formats": {first: form},
        "together": {first: others},
        "used": dict.fromkeys(others, False),
    }
    return Suggestion(names, evidence, "Read as one date", change)
