"""Values that stand for "missing": numbers far outside the rest that repeat, and words."""

import re
from collections import defaultdict
from collections.abc import Collection

import numpy as np
import pandas as pd

from tjepa.errors import quoted
from tjepa.table.advice.look import NAMED, Look, named
from tjepa.table.advice.suggestion import Suggestion
from tjepa.table.kinds import Meaning, read
from tjepa.table.parts import ELAPSED, part_of
from tjepa.table.schema import Column

LEAST_CELLS = 3
LEAST_SHARE = 0.0005
"""Of the rows, that have a word: a town may be called Na."""
LEAST_OTHERS = 5
"""Distinct other values: with fewer, the outlying one may well be a category."""
FAR = 3
"""Times the range of all others that an outlying value is away from them, if it looks like any."""
LOOKS_MADE_UP = re.compile(r"-?9{2,}|-1|-?(32767|32768|65535|2147483647|2147483648)")
WORDS = frozenset(
    word.strip()
    for line in (
        "?, -, --, ---, ., *, unknown, unk, unspecified, undefined, undetermined, missing, none",
        "null, nil, nan, na, n/a, n.a., n.a, #n/a, (null), (none), (blank), (missing), blank",
        "not_available, not available, not applicable, not known, not recorded, not reported",
        "not specified, no data, no answer, no response, don't know, prefer not to say",
        "not stated, not given, no information, nonexistent, undisclosed, refused, tba, tbd",
        "unbekannt, keine angabe, k.a., inconnu, non renseigné, desconocido, sin datos",
        "sconosciuto, desconhecido, onbekend, okänd, nieznany",
    )
    for word in line.split(",")
)


def sentinel_numbers(seen: Look) -> list[Suggestion]:
    """A lowest or highest number or date that repeats exactly and is far from every other one."""
    found: dict[str, list[str]] = defaultdict(list)
    evidence: dict[str, str] = {}
    for column in seen.schema.columns:
        target = column.name == seen.schema.target
        if column.format or column.distinct <= LEAST_OTHERS or not (column.used or target):
            continue
        if column.kind not in ("numeric", "date"):
            continue
        cells_seen = seen.typed(column) if target else seen.cells[column.name]
        for text, low, high in _outlying_texts(cells_seen, column):
            # Counted in all rows: some of them are enough to find it.
            values = seen.frame[column.name]
            cells = int((read(values, Meaning((text,))).isna() & values.notna()).sum())
            found[text].append(column.name)
            evidence.setdefault(
                text,
                f"{quoted(column.name)} is {text} in {cells:,} of {len(values):,} rows; every "
                f"other value in {seen.of_rows} is between {low} and {high}.",
            )
    return [
        Suggestion(
            tuple(columns),
            evidence[text]
            + (f" The same value stands out in {named(columns[1:])}." if columns[1:] else ""),
            f"Read {text} as missing",
            {"missing_values": dict.fromkeys(columns, (text,))},
        )
        for text, columns in found.items()
    ]


def _outlying_texts(cells: pd.Series, column: Column) -> list[tuple[str, str, str]]:
    """As `outlying`, in words, for a column of numbers or dates."""
    if column.kind == "numeric":
        numbers = cells.to_numpy(dtype=float)
        found = outlying(numbers[~np.isnan(numbers)])
        return [(f"{value:.15g}", f"{low:.6g}", f"{high:.6g}") for value, low, high in found]
    days = part_of(cells.dropna(), ELAPSED)
    # Counted from the first day: no date is the only negative one.
    first = days.min(initial=0) - 1
    return [
        (_moment(value + first), _moment(low + first), _moment(high + first))
        for value, low, high in outlying(days - first)
    ]


def _moment(days: float) -> str:
    return str(np.datetime64(round(days * 86_400), "s").item())


def outlying(numbers: np.ndarray) -> list[tuple[float, float, float]]:
    """Each outlying number of f64 [n], with the lowest and highest of the others."""
    values, counts = np.unique(numbers, return_counts=True)
    found = []
    for at, others in ((0, values[1:]), (-1, values[:-1])):
        if len(others) < LEAST_OTHERS or counts[at] < LEAST_CELLS or values[at] == 0:
            continue
        low, high = float(others.min()), float(others.max())
        value, spread = float(values[at]), high - low
        gap = low - value if at == 0 else value - high
        made_up = LOOKS_MADE_UP.fullmatch(f"{value:.15g}") is not None
        alone = value < 0 <= low and value.is_integer()  # the only negative number
        if (
            gap >= FAR * spread
            or (made_up and value != -1 and gap >= spread / 5)
            or (alone and gap >= spread / 20)
            or (alone and value == -1 and bool((others == np.round(others)).all()))
        ):
            found.append((value, low, high))
    return found


def sentinel_words(seen: Look, but: Collection[tuple[str, str]]) -> list[Suggestion]:
    """Categories such as "unknown", `but` those that another suggestion names: column and word."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    least = max(LEAST_CELLS, LEAST_SHARE * len(seen.rows))
    for column in seen.schema.features:
        if column.kind not in ("categorical", "ordinal"):
            continue
        for word, cells in seen.cells[column.name].value_counts().items():
            if str(word).lower() in WORDS and cells >= least and (column.name, word) not in but:
                found[str(word)][column.name] = int(cells)
    said = []
    for word, columns in found.items():
        counts = ", ".join(f"{quoted(name)} {n:,}" for name, n in list(columns.items())[:NAMED])
        more = f" and {len(columns) - NAMED:,} more columns" if len(columns) > NAMED else ""
        doubt = " It may also mean that there is none." if "none" in word.lower() else ""
        said.append(
            Suggestion(
                tuple(columns),
                f"“{word}” is in {sum(columns.values()):,} cells of {seen.of_rows} "
                f"({counts}{more}).{doubt}",
                f"Read “{word}” as missing",
                {"missing_values": dict.fromkeys(columns, (word,))},
            )
        )
    return said
