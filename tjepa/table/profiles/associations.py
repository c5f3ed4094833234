"""What goes with what: one measure for numbers, dates and categories alike, and chance kept apart.

The measure is Cramér's V over at most ten levels of each column, in [0, 1], from the rows in which
both have a value. It sees relations of any form, and is modest: of two numbers with a correlation
of 0.9 it is about a half.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from tjepa.progress import Progress, Work, within
from tjepa.table.advice.look import Look
from tjepa.table.kinds import FEATURE_KINDS
from tjepa.table.profiles import coding
from tjepa.table.profiles.coding import Coded, bins_for, coded
from tjepa.table.profiles.independence import Strength, only_v, strength, told_apart
from tjepa.table.profiles.rows import cells_of, kind_of

RELATED = 60
"""Columns whose every pair is measured."""
SCREENED_ROWS, SCREENED_LEVELS, SCREENED_AT_A_TIME = 1_000, 4, 100
"""With more columns and no target, a look at every pair that chooses them."""


@dataclass(frozen=True)
class Pair:
    """Two columns: `strength` in [0, 1] and `chance`, the probability of as much by chance alone.

    `direction` is the rank correlation of two columns with an order (of their ranks among all
    cells), else None. `rows` have a value in both. `sure` says that it stands out from chance
    among all pairs measured with it.
    """

    left: str
    right: str
    strength: float
    chance: float
    sure: bool
    rows: int
    direction: float | None = None


@dataclass(frozen=True)
class Associations:
    """Every pair of `names`, of `rows` of the `n_rows` of the table.

    `v` f64 [names, names] is 1 on the diagonal, 0 where a pair does not stand out from chance;
    `names` are in an order that puts those side by side that go together. `pairs` are the pairs
    that stand out, strongest first, of `measured` ones. `to_target` has every column of the table
    that can be related to `target`, strongest first, sure or not. `related` of the `columns` that
    could be were related to each other, chosen as `chosen` says. `left_out` are columns that cannot
    be related, with the reason.
    """

    rows: int
    n_rows: int
    target: str | None
    names: tuple[str, ...]
    v: np.ndarray
    pairs: tuple[Pair, ...]
    measured: int
    to_target: tuple[Pair, ...]
    columns: int
    chosen: str
    left_out: tuple[tuple[str, str], ...]


class _Candidates(NamedTuple):
    columns: list[Coded]
    left_out: tuple[tuple[str, str], ...]


def associating(look: Look, known: list[Coded], left_out: Iterable[tuple[str, str]]) -> Work:
    """Relate the coded columns to the target and to each other; returns Associations."""
    target = next((column for column in known if column.name == look.schema.target), None)
    others = [column for column in known if column is not target]
    to_target: tuple[Pair, ...] = ()
    if target is not None and others:
        found = yield from within(_measure(others, [target], "to the target"), 0.0, 0.25)
        to_target = yield from within(_to_target(others, target, found), 0.25, 0.3)
    related, chosen = known, ""
    if len(known) > RELATED and target is not None:
        first = {pair.right for pair in to_target[: RELATED - 1]} | {target.name}
        related = [column for column in known if column.name in first]
        chosen = "those that go most with the target"
    elif len(known) > RELATED:
        best = yield from within(_screen(known), 0.3, 0.6)
        related = [known[i] for i in np.sort(np.argsort(-best, kind="stable")[:RELATED])]
        chosen = f"those with the strongest relation in a quick look at {SCREENED_ROWS:,} rows"
    pairs: list[Pair] = []
    v, measured = np.eye(len(related)), 0
    if len(related) > 1:
        found = yield from within(_measure(related, related, "each pair of columns"), 0.6, 1.0)
        upper = np.triu_indices(len(related), 1)
        found = Strength(*(getattr(found, name)[upper] for name in ("v", "p", "rows", "measured")))
        sure = told_apart(found)
        measured = int(found.measured.sum())
        direction = _rank_correlations(related)
        for at in np.flatnonzero(sure):
            i, j = int(upper[0][at]), int(upper[1][at])
            v[i, j] = v[j, i] = found.v[at]
            pairs.append(_pair(related[i], related[j], found, int(at), True, direction[i, j]))
    order = _side_by_side(v)
    return Associations(
        rows=len(look.rows),
        n_rows=len(look.frame),
        target=look.schema.target,
        names=tuple(related[i].name for i in order),
        v=v[np.ix_(order, order)],
        pairs=tuple(sorted(pairs, key=_strongest_first)),
        measured=measured,
        to_target=to_target,
        columns=len(known),
        chosen=chosen,
        left_out=tuple(left_out),
    )


def coding_columns(look: Look) -> Work[_Candidates]:
    """The columns that can be related, as levels; and the others, with the reason."""
    bins, columns = bins_for(len(look.rows)), look.schema.columns
    known, left_out = [], []
    for i, column in enumerate(columns):
        yield Progress("sorting the cells of each column into levels", i / len(columns))
        kind = kind_of(look.schema, column)
        if kind not in FEATURE_KINDS:
            left_out.append((column.name, "an identifier" if kind == "id" else "free text"))
            continue
        found = coded(cells_of(look, column, kind), kind, column.order, bins)
        if len(np.unique(found.codes[found.codes >= 0])) < 2:
            left_out.append((column.name, "one value in the rows looked at, or none"))
        else:
            known.append(found)
    return _Candidates(known, tuple(left_out))


def _measure(left: list[Coded], right: list[Coded], stage: str) -> Work[Strength]:
    counts = yield from within(coding.tables(left, right, stage), 0.0, 0.5)
    parts = []
    for start in range(0, len(left), SCREENED_AT_A_TIME):
        yield Progress(stage, 0.5 + 0.5 * start / len(left))
        parts.append(strength(counts[start : start + SCREENED_AT_A_TIME]))
    return Strength(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("v", "p", "rows", "measured")
        )
    )


def _to_target(others: list[Coded], target: Coded, found: Strength) -> Work[tuple[Pair, ...]]:
    found = Strength(*(getattr(found, name)[:, 0] for name in ("v", "p", "rows", "measured")))
    sure = told_apart(found)
    pairs = []
    for start in range(0, len(others), SCREENED_AT_A_TIME):
        yield Progress("to the target", start / len(others))
        some = others[start : start + SCREENED_AT_A_TIME]
        directions = _rank_correlations([target, *some], first_only=True)[0, 1:]
        for i, (column, direction) in enumerate(zip(some, directions, strict=True), start):
            pairs.append(_pair(target, column, found, i, bool(sure[i]), direction))
    return tuple(sorted(pairs, key=_strongest_first))


def _pair(
    left: Coded, right: Coded, found: Strength, at: int, sure: bool, direction: float
) -> Pair:
    return Pair(
        left.name,
        right.name,
        float(found.v[at]),
        float(found.p[at]),
        sure,
        int(found.rows[at]),
        None if np.isnan(direction) else float(direction),
    )


def _strongest_first(pair: Pair) -> tuple[bool, float, str, str]:
    return (not pair.sure, -pair.strength, pair.left, pair.right)


def _rank_correlations(columns: list[Coded], *, first_only: bool = False) -> np.ndarray:
    """f64 [k, k] from the ranks in rows where both have a value; NaN without an order.

    `first_only`: only the first column's with each other are wanted.
    """
    n = len(columns[0].codes)
    if first_only and columns[0].numbers is None:
        return np.full((len(columns), len(columns)), np.nan)
    ranks, present = np.zeros((n, len(columns))), np.zeros((n, len(columns)))
    for j, column in enumerate(columns):
        if column.numbers is not None:
            known = ~np.isnan(column.numbers)
            some = rankdata(column.numbers[known])
            ranks[known, j] = some / len(some) - some.mean() / max(1, len(some))
            present[known, j] = 1
    n_both = present.T @ present
    with np.errstate(divide="ignore", invalid="ignore"):
        sums, squares = ranks.T @ present, (ranks**2).T @ present
        product = (ranks.T @ ranks) - sums * sums.T / n_both
        spread = squares - sums**2 / n_both
        found = product / np.sqrt(np.maximum(spread, 0) * np.maximum(spread.T, 0))
    return np.where(np.isfinite(found), np.clip(found, -1, 1), np.nan)


def _screen(columns: list[Coded]) -> Work[np.ndarray]:
    """f64 [k]: the strongest relation of each column to any other, in some rows and few levels."""
    n = len(columns[0].codes)
    rows = np.random.default_rng(0).choice(n, min(n, SCREENED_ROWS), replace=False)
    coarse = [
        Coded(
            c.name,
            min(c.levels, SCREENED_LEVELS),
            np.where(
                c.codes[rows] < 0,
                -1,
                c.codes[rows].astype(np.int32) * min(c.levels, SCREENED_LEVELS) // c.levels,
            ).astype(np.int16),
        )
        for c in columns
    ]
    best = np.zeros(len(coarse))
    stage = "choosing the columns to relate"
    for start in range(0, len(coarse), SCREENED_AT_A_TIME):
        some, others = coarse[start : start + SCREENED_AT_A_TIME], coarse[start:]
        share = start / len(coarse)
        counts = yield from within(coding.tables(some, others, stage), share, share)
        v = only_v(counts)
        np.fill_diagonal(v, 0)
        best[start : start + len(some)] = np.maximum(best[start : start + len(some)], v.max(axis=1))
        best[start:] = np.maximum(best[start:], v.max(axis=0))
    return best


def _side_by_side(v: np.ndarray) -> np.ndarray:
    """An order in which neighbours go together: that of a tree of average distances."""
    if len(v) < 3:
        return np.arange(len(v))
    distance = 1 - v
    np.fill_diagonal(distance, 0)
    return np.asarray(
        hierarchy.leaves_list(
            hierarchy.linkage(
                squareform(distance, checks=False), "average", optimal_ordering=len(v) <= RELATED
            )
        )
    )
