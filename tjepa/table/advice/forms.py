"""Text that is numbers, dates or an order, numbers that are dates, and too many categories."""

import pandas as pd

from tjepa.errors import quoted
from tjepa.table import calendars, hints, scales
from tjepa.table.advice.look import Look, named
from tjepa.table.advice.sentinels import WORDS
from tjepa.table.advice.suggestion import Suggestion
from tjepa.table.kinds import Meaning, in_order, read, span, written_as
from tjepa.table.schema import Column
from tjepa.table.strings import DIRECTIONS

MOSTLY, MOSTLY_OF_KNOWN = 0.9, 0.5
"""Of the cells, that are numbers: beside any few words, and beside those that mean missing."""
FEW_WORDS = 3
FEW_TIMES = 20
"""Fewer distinct texts like 21:19 are times only where the name of the column says so."""
CODES = 256
"""Categories that get a code of their own in the presets of pre-training."""
COVERED = 0.5


def forms(seen: Look) -> list[Suggestion]:
    """At most one suggestion for the form of each column; those of one scale are one."""
    found: list[Suggestion] = []
    for column in seen.schema.columns:
        if column.name == seen.schema.target or column.distinct < 2:
            continue
        suggestion = None
        if column.kind == "numeric":
            suggestion = _number_as_date(seen, column)
        elif column.kind in ("categorical", "id", "text"):
            suggestion = _text(seen, column)
        if suggestion is not None:
            found.append(suggestion)
    return _joined(_times_joined(found))


def _times_joined(found: list[Suggestion]) -> list[Suggestion]:
    """Numbers that are times, as one suggestion: tables of journeys have many."""
    times = [s for s in found if calendars.CLOCK_NUMBER in s.change.get("formats", {}).values()]
    if len(times) < 2:
        return found
    names = tuple(s.columns[0] for s in times)
    change = {
        "kinds": dict.fromkeys(names, "date"),
        "formats": dict.fromkeys(names, calendars.CLOCK_NUMBER),
    }
    evidence = f"{named(names[1:])} are such times too."
    one = Suggestion(names, f"{times[0].evidence} {evidence}", times[0].action, change)
    return [one if s is times[0] else s for s in found if s not in times[1:]]


def _joined(found: list[Suggestion]) -> list[Suggestion]:
    """Ordinals whose values are those of one scale, as one suggestion."""
    joined: list[Suggestion] = []
    scales_seen: dict[tuple[str, ...], list[Suggestion]] = {}
    orders = {id(s): next(iter(s.change["orders"].values())) for s in found if "orders" in s.change}
    for longest in sorted(set(orders.values()), key=lambda order: (-len(order), order)):
        if not any(set(longest) <= set(known) for known in scales_seen):
            scales_seen[longest] = []
    for suggestion in found:
        order = orders.get(id(suggestion))
        if order is None or "missing_values" in suggestion.change:
            joined.append(suggestion)
            continue
        home = next(group for scale, group in scales_seen.items() if set(order) <= set(scale))
        if not home:
            joined.append(suggestion)
        home.append(suggestion)
    for scale, group in scales_seen.items():
        if len(group) > 1:
            columns = tuple(suggestion.columns[0] for suggestion in group)
            change = {
                "kinds": dict.fromkeys(columns, "ordinal"),
                "orders": {s.columns[0]: s.change["orders"][s.columns[0]] for s in group},
            }
            evidence = f"The values of {named(columns)} have an order: {in_order(scale)}."
            joined[joined.index(group[0])] = Suggestion(columns, evidence, "Keep the order", change)
    return joined


def _number_as_date(seen: Look, column: Column) -> Suggestion | None:
    if column.format:
        return None
    values = seen.frame[column.name].dropna()
    dated = hints.is_date(column.name)
    form = calendars.number_date_format(values.to_numpy(dtype=float), dated=dated)
    if form is None:
        return None
    name, clock = column.name, calendars.is_clock(form)
    shown = {"%Y%m%d": "YYYYMMDD", "%Y%m": "YYYYMM", calendars.CLOCK_NUMBER: "HHMM"}
    what = "time" if clock else "date"
    found = span(values, "date", name, Meaning(format=form))
    how = shown.get(form, form)
    evidence = f"Every number of {quoted(name)} is a {what} as {how}: {found}."
    if form == calendars.EXCEL:
        evidence = (
            f"{quoted(name)} is named like a date, and spreadsheets write dates as such numbers, "
            f"days since 1900: {found}."
        )
    change = {"kinds": {name: "date"}, "formats": {name: form}}
    return Suggestion((name,), evidence, f"Read as {what}s", change)


def _text(seen: Look, column: Column) -> Suggestion | None:
    values = seen.frame[column.name]
    if not pd.api.types.is_string_dtype(values):
        return None
    some = seen.typed(column).dropna()
    counts = some.value_counts()
    words = tuple(str(word) for word in counts.index if str(word).lower() in WORDS)
    return (
        _written(values, column, ())
        or _written(values, column, _strangers(counts, words))
        or _ordinal(column, counts, words)
        or _prose(seen, column, counts)
    )


def _strangers(counts: pd.Series, words: tuple[str, ...]) -> tuple[str, ...]:
    """The few words among cells that are otherwise numbers: candidates for missing values."""
    has_digit = counts.index.str.contains(r"[0-9]", regex=True)
    strange = [str(word) for word in counts.index[~has_digit]]
    known = set(strange) <= set(words)
    few = len(strange) <= FEW_WORDS or known
    # What surely means missing may be in half of the cells.
    least = MOSTLY_OF_KNOWN if known else MOSTLY
    mostly = counts[has_digit].sum() >= least * counts.sum()
    return tuple(strange) if few and mostly else ()


def _written(values: pd.Series, column: Column, missing: tuple[str, ...]) -> Suggestion | None:
    """Numbers or dates as text, all of them or all but the `missing` ones."""
    cells = read(values, Meaning(missing_values=missing))
    found = written_as(cells)
    if found is None:
        return None
    kind, form = found
    plain = kind == "numeric" and form.text == "1,234.5"
    # A file that stores plain whole numbers as text means codes by them.
    if cells.nunique() <= 2:
        return None
    if plain and not missing and not cells.str.contains(r"[.,]", regex=True).any():
        return None
    name = column.name
    clock = calendars.is_clock(form.text)
    # 21:19 may be a score, 1:25 a minute and a half.
    if clock and not form.sure and not hints.is_date(name) and cells.nunique() < FEW_TIMES:
        return None
    meaning = Meaning(missing_values=missing, format=form.text)
    known = int(cells.notna().sum())
    evidence = f"All {known:,} cells" if not missing else f"{known:,} of {values.count():,} cells"
    what = "numbers" if kind == "numeric" else "dates"
    what = "times" if clock else what
    example = quoted(cells.dropna().iloc[0])
    evidence += f" of {quoted(name)} are {what} written as text, as {example}: "
    evidence += f"{span(values, kind, name, meaning)}."
    if missing:
        evidence += f" The others are {', '.join(f'“{word}”' for word in missing)}."
    if not form.sure and (not plain or cells.str.contains(",", regex=False).any()):
        evidence += f" They would be read as {form.text}."
        if form.rival:
            evidence += f" {form.rival} fits every cell as well."
    change: dict[str, dict[str, object]] = {"kinds": {name: kind}}
    if missing:
        change["missing_values"] = {name: missing}
    return Suggestion((name,), evidence, f"Read as {what}", change)


def _ordinal(column: Column, counts: pd.Series, words: tuple[str, ...]) -> Suggestion | None:
    if column.kind != "categorical" or len(counts) > 60:
        return None
    found = scales.known_order([str(word) for word in counts.index])
    change: dict[str, dict[str, object]] = {"kinds": {column.name: "ordinal"}}
    if found is None and words:
        found = scales.known_order([str(w) for w in counts.index if str(w) not in words])
        change["missing_values"] = {column.name: words}
    if found is None or len(found) + len(words) * (len(change) > 1) < column.distinct:
        return None
    change["orders"] = {column.name: found}
    evidence = f"The {len(found)} values of {quoted(column.name)} have an order: {in_order(found)}."
    if len(change) > 2:
        evidence += f" {', '.join(f'“{word}”' for word in words)} would be missing."
    return Suggestion((column.name,), evidence, "Keep the order", change)


def _prose(seen: Look, column: Column, counts: pd.Series) -> Suggestion | None:
    """Text that is left out, or has too many distinct values for codes: its letters may tell."""
    name = column.name
    change: dict[str, dict[str, object]] = {"used": {name: True}}
    if column.kind == "text" and not column.used:
        evidence = f"{quoted(name)} is free text ({column.note}), which is left out."
    elif column.kind == "categorical" and column.used and column.distinct > CODES:
        covered = counts.iloc[:CODES].sum() / counts.sum()
        if covered >= COVERED:
            return None
        change["kinds"] = {name: "text"}
        evidence = (
            f"{quoted(name)} has {column.distinct:,} distinct values. The {CODES} most frequent "
            f"get a code of their own and are {covered:.0%} of {seen.of_rows}; the rest share one."
        )
    else:
        return None
    evidence += (
        f" Its letters can be {DIRECTIONS} numbers instead, alike where words or parts of words "
        "are alike."
    )
    if column.used:
        evidence += " To leave it out, switch it off below."
    return Suggestion((name,), evidence, "Use its letters", change)
