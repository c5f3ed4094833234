"""Columns that give the target away."""

import numpy as np
import pandas as pd

from tjepa.errors import SchemaError, quoted
from tjepa.table.advice.judges import Classes, Numbers, Score
from tjepa.table.advice.look import Look
from tjepa.table.advice.suggestion import Suggestion, leave_out
from tjepa.table.encoding import Feature, numbers_of
from tjepa.table.kinds import typed_column
from tjepa.table.schema import Column
from tjepa.table.splits import target_cells

ROWS = 4_000
"""At most so many rows with a target, drawn at random: half of them find, half of them judge."""
LEAST_ROWS = 200
LEAST_RARE = 10
"""Rows that judge and are not of the commonest class, at least."""
STRONG = {"classification": 0.75, "regression": 0.8}
"""ROC AUC or rank correlation of a single column that is worth a question."""

_CODED = ("categorical", "text")


def leaks(seen: Look) -> list[Suggestion]:
    """Columns, and sums or differences of two, that predict the target almost perfectly.

    The strongest of the others is a question only: whether it is known before the target cannot be
    told from the cells.
    """
    schema = seen.schema
    target = target_cells(seen.frame, schema)
    if target is None or schema.target is None or schema.task is None:
        return []
    known = np.flatnonzero(target.notna().to_numpy())
    rows = np.random.default_rng(0).permutation(known)[:ROWS]
    if len(rows) < LEAST_ROWS:
        return []
    judge: Classes | Numbers
    if schema.task == "classification":
        judge = Classes(pd.factorize(target.iloc[rows])[0])
        if judge.mistakes < LEAST_RARE:
            return []
    else:
        judge = Numbers(target.iloc[rows].to_numpy(dtype=float))
    frame = seen.frame.iloc[rows]
    x = {column.name: _values(column.cells(frame), column) for column in schema.features}
    kinds = {column.name: column.kind for column in schema.features}
    scores = [judge.score(name, x[name], codes=kinds[name] in _CODED) for name in x]
    almost = [score for score in scores if score.almost]
    found = {score.label for score in almost}
    almost += judge.pairs({n: x[n] for n in x if kinds[n] == "numeric" and n not in found})
    found = {name for score in almost for name in score.columns}
    said = [_give_away(score, schema.target, judge.rows) for score in almost]
    rest = sorted((s for s in scores if s.label not in found), key=lambda s: -s.strength)
    if rest and rest[0].strength >= STRONG[schema.task]:
        said.append(_question(rest, schema.target, judge))
    return said


def _values(cells: pd.Series, column: Column) -> np.ndarray:
    """The cells f64 [n]: numbers with NaN where missing, or codes from 0 with −1 where missing."""
    typed = typed_column(cells, column.kind, column.name, SchemaError, column.meaning)
    if column.kind in _CODED:
        return pd.factorize(typed)[0].astype(float)
    return numbers_of(typed, Feature(column.name, column.kind, categories=column.order))


def _give_away(score: Score, target: str, rows: int) -> Suggestion:
    evidence = (
        f"{quoted(score.label)} predicts {quoted(target)} almost perfectly: {score.words} on "
        f"{rows:,} rows not used to find it. If it is another form of the target, or known only "
        "after it, no score means anything."
    )
    return leave_out(score.columns, evidence)


def _question(ranked: list[Score], target: str, judge: Classes | Numbers) -> Suggestion:
    first = ranked[0]
    beside = (
        f"; the next, {quoted(ranked[1].label)}, {ranked[1].strength:.2f}" if ranked[1:] else ""
    )
    evidence = (
        f"{quoted(first.label)} alone says most about {quoted(target)} ({judge.measure} "
        f"{first.strength:.2f}{beside}; on {judge.rows:,} rows not used to find it). Is it known "
        "before the target is? Cells cannot tell: leave it out if it is not."
    )
    return leave_out(first.columns, evidence)
