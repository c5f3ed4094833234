"""What is missing: where in the table, in which columns together, and what it goes with."""

from dataclasses import dataclass

import numpy as np

from tjepa.progress import Progress, Work, within
from tjepa.table.advice.look import Look
from tjepa.table.profiles import coding
from tjepa.table.profiles.associations import Pair
from tjepa.table.profiles.coding import Coded, indicator
from tjepa.table.profiles.independence import Strength, strength, told_apart
from tjepa.table.profiles.rows import missing_of

MAPPED = 60
"""Columns of the map: those with the most missing cells."""
BINS = 100
PATTERNS = 10
FEWEST = 5
"""Missing, or present, cells from which on it is asked what they go with."""
NAMED = 30
_FOLLOWING = "finding what missing cells go with"


@dataclass(frozen=True)
class Pattern:
    """`rows` of those looked at miss exactly `columns`."""

    columns: tuple[str, ...]
    rows: int


@dataclass(frozen=True)
class Missing:
    """Missing cells in `rows` of the `n_rows` of the table.

    `share` f64 [names, bins] is the share of missing cells from row `edges[b]` up to `edges[b + 1]`
    of the table, for the columns `names` with the most missing cells, in the order of the table;
    `totals` are their missing cells in all rows, exactly. `columns` have missing cells at all and
    `whole` have none. `complete` rows miss nothing. `patterns` are the commonest sets of columns
    that miss together, of `n_patterns`; the rows that miss nothing are not among them. `same` are
    columns that miss in exactly the same rows. `follows` are pairs of a column that misses
    (`left`) and one whose values, or whose missing cells (`Pair` in `together`), it goes with.
    """

    rows: int
    n_rows: int
    columns: int
    whole: int
    names: tuple[str, ...]
    totals: tuple[int, ...]
    edges: tuple[int, ...]
    share: np.ndarray
    complete: int
    patterns: tuple[Pattern, ...]
    n_patterns: int
    same: tuple[tuple[str, ...], ...]
    follows: tuple[Pair, ...]
    together: tuple[Pair, ...]


def finding_missing(look: Look, known: list[Coded]) -> Work[Missing]:
    """What is missing, and which of the coded columns `known` it goes with."""
    columns = look.schema.columns
    missing: dict[str, np.ndarray] = {}
    for i, column in enumerate(columns):
        yield Progress("looking for missing cells", 0.7 * i / len(columns))
        if column.missing:
            missing[column.name] = missing_of(look, column)
    totals = {column.name: column.missing for column in columns}
    most = sorted(missing, key=lambda name: -totals[name])[:MAPPED]
    names = [name for name in missing if name in set(most)]
    n, bins = len(look.frame), min(BINS, max(1, len(look.rows)))
    edges = np.linspace(0, n, bins + 1).round().astype(int)
    at = np.searchsorted(edges, look.rows, side="right") - 1
    in_bin = np.maximum(1, np.bincount(at, minlength=bins))
    share = np.zeros((len(names), bins))
    for j, name in enumerate(names):
        share[j] = np.bincount(at, weights=missing[name], minlength=bins) / in_bin
    yield Progress("finding columns that miss together", 0.75)
    patterns, complete, n_patterns = _patterns(missing, len(look.rows))
    asked = [
        indicator(name, missing[name])
        for name in names
        if FEWEST <= missing[name].sum() <= len(look.rows) - FEWEST
    ]
    same = _same(missing)
    # Of columns that miss in the same rows one speaks for all.
    doubles = {name for group in same for name in group[1:]}
    asked = [column for column in asked if column.name not in doubles]
    follows = yield from _follows(asked, _first(known, look.schema.target))
    together = yield from _follows(asked, asked)
    return Missing(
        rows=len(look.rows),
        n_rows=n,
        columns=len(missing),
        whole=len(columns) - len(missing),
        names=tuple(names),
        totals=tuple(totals[name] for name in names),
        edges=tuple(int(edge) for edge in edges),
        share=share,
        complete=complete,
        patterns=patterns,
        n_patterns=n_patterns,
        same=same,
        follows=follows,
        together=together,
    )


def _first(known: list[Coded], target: str | None) -> list[Coded]:
    """The target, and as many of the other columns as are related to each other."""
    first = [c for c in known if c.name == target]
    return first + [c for c in known if c.name != target][: MAPPED - len(first)]


def _patterns(missing: dict[str, np.ndarray], rows: int) -> tuple[tuple[Pattern, ...], int, int]:
    if not missing:
        return (), rows, 0
    names = list(missing)
    packed = np.packbits(np.column_stack(list(missing.values())), axis=1)
    whole = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, counts = np.unique(whole, return_index=True, return_counts=True)
    found, complete = [], 0
    for at, count in zip(first, counts, strict=True):
        bits = np.unpackbits(packed[at], count=len(names))
        if bits.any():
            found.append((int(count), tuple(np.flatnonzero(bits).tolist())))
        else:
            complete = int(count)
    found.sort(key=lambda pattern: (-pattern[0], len(pattern[1]), pattern[1]))
    kept = tuple(
        Pattern(tuple(names[i] for i in which), count) for count, which in found[:PATTERNS]
    )
    return kept, complete, len(found)


def _same(missing: dict[str, np.ndarray]) -> tuple[tuple[str, ...], ...]:
    groups: dict[bytes, list[str]] = {}
    for name, cells in missing.items():
        if cells.any():
            groups.setdefault(np.packbits(cells).tobytes(), []).append(name)
    return tuple(tuple(names) for names in groups.values() if len(names) > 1)


def _follows(asked: list[Coded], others: list[Coded]) -> Work[tuple[Pair, ...]]:
    """The pairs that stand out from chance, strongest first."""
    if not asked or not others:
        return ()
    counts = yield from within(coding.tables(asked, others, _FOLLOWING), 0.8, 0.95)
    found = strength(counts)
    if asked is others:
        upper = np.triu(np.ones(found.v.shape, bool), 1)
        found = Strength(
            np.where(upper, found.v, 0),
            np.where(upper, found.p, 1),
            found.rows,
            found.measured & upper,
        )
    sure = told_apart(found)
    pairs = [
        Pair(
            asked[i].name,
            others[j].name,
            float(found.v[i, j]),
            float(found.p[i, j]),
            True,
            int(found.rows[i, j]),
        )
        for i, j in np.argwhere(sure)
    ]
    return tuple(sorted(pairs, key=lambda pair: (-pair.strength, pair.left, pair.right))[:NAMED])
