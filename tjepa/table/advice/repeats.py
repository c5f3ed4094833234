"""Columns that say nothing, or nothing new."""

import numpy as np
import pandas as pd

from tjepa.errors import quoted
from tjepa.table.advice.look import Look, named
from tjepa.table.advice.suggestion import Suggestion, leave_out

LEAST_ROWS = 100
LISTED = 3
"""Duplicates one by one; more of them are a single suggestion."""
OTHER_ROWS, OTHER_SHARE = 2, 0.001
"""A column is nearly constant when at most so many rows hold another value than most."""


def nearly_constant(seen: Look) -> list[Suggestion]:
    """Columns with one value in nearly every row, as one suggestion."""
    n = len(seen.rows)
    if n < LEAST_ROWS:
        return []
    others = {}
    for name, cells in seen.cells.items():
        codes = pd.factorize(cells, use_na_sentinel=False)[0]
        others[name] = n - int(np.bincount(codes).max(initial=0))
    most = max(OTHER_ROWS, int(OTHER_SHARE * n))
    names = tuple(name for name, rows in others.items() if rows <= most)
    if not names:
        return []
    worst = max(others[name] for name in names)
    at_most, each = ("at most ", "each of ") if len(names) > 1 else ("", "")
    evidence = (
        f"All but {at_most}{worst:,} of {seen.of_rows} hold one value in {each}{named(names)}."
    )
    return [leave_out(names, evidence)]


def duplicates(seen: Look) -> list[Suggestion]:
    """Columns equal to an earlier one, or a one-to-one recoding or rescaling of it."""
    n = len(seen.rows)
    known: dict[tuple[str, bytes], str] = {}
    found: list[Suggestion] = []
    if n < LEAST_ROWS:
        return found
    kinds = {column.name: column.kind for column in seen.schema.features}
    for name, cells in seen.cells.items():
        for how, key in _keys(cells, n):
            first = known.setdefault((how, key), name)
            if first != name and _holds(seen, first, name, how):
                # A number or an order says more than a name for it.
                keep, drop = (first, name)
                if kinds[first] == "categorical" != kinds[name]:
                    keep, drop = name, first
                found.append(leave_out((drop,), _said(seen, keep, drop, how), quoted(drop)))
                break
    if len(found) <= LISTED:
        return found
    names = tuple(suggestion.columns[0] for suggestion in found)
    evidence = f"{len(names):,} columns say the same as another one: {named(names)}. " + " ".join(
        suggestion.evidence for suggestion in found[:2]
    )
    return [leave_out(names, evidence)]


def _keys(cells: pd.Series, n: int) -> list[tuple[str, bytes]]:
    """What columns that say the same have in common: codes in order of appearance, and ranks."""
    codes, uniques = pd.factorize(cells)
    keys = []
    # Where hardly a value repeats, any two columns would be recodings of one another.
    if 2 <= len(uniques) <= n / 2:
        keys.append(("recoded", codes.astype(np.int32).tobytes()))
    if cells.dtype != object and len(uniques) > n / 2:
        order = np.argsort(np.argsort(uniques.to_numpy()))
        ranks = np.where(codes < 0, -1, order[codes])
        keys.append(("ordered", ranks.astype(np.int32).tobytes()))
    return keys


def _holds(seen: Look, first: str, second: str, how: str) -> bool:
    """Whether what was found in some rows holds in all of them."""
    if len(seen.rows) == len(seen.frame) or how == "ordered":
        return True
    one, two = (pd.factorize(seen.frame[name])[0] for name in (first, second))
    return bool((one == two).all())


def _said(seen: Look, keep: str, drop: str, how: str) -> str:
    one, two = seen.frame[keep], seen.frame[drop]
    if one.dtype == two.dtype and one.equals(two.rename(one.name)):
        return f"{quoted(drop)} equals {quoted(keep)} in every row."
    if how == "ordered":
        return f"{quoted(drop)} puts {seen.of_rows} in exactly the order of {quoted(keep)}."
    distinct = seen.cells[keep].nunique()
    return (
        f"{quoted(drop)} says the same as {quoted(keep)}: each of its {distinct:,} values goes "
        f"with one value of the other, in all of {seen.of_rows}."
    )
