"""Numbers that may be codes, and codes that may be steps of a scale."""

from collections import defaultdict
from collections.abc import Collection

import numpy as np
import pandas as pd

from tjepa.errors import quoted
from tjepa.table import hints
from tjepa.table.advice.look import Look, named
from tjepa.table.advice.suggestion import Suggestion
from tjepa.table.kinds import FEW, code_like
from tjepa.table.schema import Column

LEAST_STEPS = 4
"""Fewer steps have hardly an order that codes would miss."""
OF_ONE_SCALE = 3
"""Columns with the same codes that make a questionnaire likely."""


def codes(seen: Look, but: Collection[Suggestion]) -> list[Suggestion]:
    """Columns of numbers to read as categories, and of codes to keep the order of.

    None of those that another suggestion gives a kind.
    """
    taken = {name for s in but for name in s.change.get("kinds", {})}
    open_ = [c for c in seen.schema.columns if c.used and c.name not in taken]
    open_ = [c for c in open_ if c.name != seen.schema.target]
    return [*_perhaps_codes(seen, open_), *_perhaps_steps(seen, open_)]


def _perhaps_codes(seen: Look, columns: list[Column]) -> list[Suggestion]:
    numeric = [c for c in columns if c.kind == "numeric" and not c.format]
    like: list[tuple[str, int]] = []
    found = []
    for column in numeric:
        values = seen.frame[column.name]
        codes = code_like(values, column.name)
        if codes is not None and codes[1]:
            like.append((column.name, codes[0]))
        elif column.distinct > FEW and hints.is_number_of_one(column.name) and _whole(values):
            evidence = (
                f"{quoted(column.name)} is named like a number that one thing has, and its "
                f"{column.distinct:,} distinct values are whole: a higher one may mean nothing."
            )
            found.append(_as_categories((column.name,), evidence))
    if like:
        names = tuple(name for name, _ in like)
        each = ", ".join(f"1 to {k}" for k in dict.fromkeys(k for _, k in like))
        have = "has" if len(names) == 1 else "have"
        evidence = (
            f"{named(names)} {have} few whole numbers, {each} without a gap, of which the lowest "
            f"are not the most frequent, as they mostly are of counts: codes, perhaps."
        )
        found.insert(0, _as_categories(names, evidence))
    return found


def _perhaps_steps(seen: Look, columns: list[Column]) -> list[Suggestion]:
    same: dict[int, list[str]] = defaultdict(list)
    for column in columns:
        if column.kind != "categorical" or column.distinct < LEAST_STEPS:
            continue
        codes = code_like(seen.frame[column.name], column.name)
        if codes is not None:
            same[codes[0]].append(column.name)
    return [
        Suggestion(
            tuple(names),
            f"{len(names):,} columns ({named(names)}) have the same codes, 1 to {k}. If they are "
            "steps of one scale, as answers are, their order says something.",
            "Keep the order",
            {
                "kinds": dict.fromkeys(names, "ordinal"),
                "orders": dict.fromkeys(names, tuple(str(n + 1) for n in range(k))),
            },
        )
        for k, names in same.items()
        if len(names) >= OF_ONE_SCALE
    ]


def _as_categories(names: tuple[str, ...], evidence: str) -> Suggestion:
    change = {"kinds": dict.fromkeys(names, "categorical")}
    return Suggestion(names, evidence, "Read as categories", change)


def _whole(values: pd.Series) -> bool:
    numbers = values.dropna().to_numpy(dtype=float)
    return bool((numbers == np.round(numbers)).all())
