"""Which rows train, which choose, and which are held out: drawn once, used by every analysis."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tjepa.errors import SchemaError, quoted
from tjepa.table.kinds import Kind, typed_column
from tjepa.table.schema import Schema, SplitSpec, Task, check_split

LEAST_IN_CLASS = 3
"""Classes with fewer rows stay in training: one row each would be a score of luck."""


@dataclass(frozen=True)
class Split:
    """Row numbers i64, ascending: `train`, `validation` and `test` are all rows, each once.

    `unlabelled` are rows without a target. They belong to `train`: they help to pre-train, and no
    score counts them. `note` says in a sentence or two how the rows were drawn.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    unlabelled: np.ndarray
    note: str


def target_cells(frame: pd.DataFrame, schema: Schema) -> pd.Series | None:
    """The target of every row: numbers f64 or class names, missing where unknown; None without one.

    Raises
    ------
    SchemaError
        When a cell does not fit the task.
    """
    if schema.target is None:
        return None
    kind: Kind = "numeric" if schema.task == "regression" else "categorical"
    meaning = schema.column(schema.target).meaning
    return typed_column(frame[schema.target], kind, schema.target, SchemaError, meaning)


def split_table(frame: pd.DataFrame, schema: Schema) -> Split:
    """The one split of a table and its schema."""
    return make_split(target_cells(frame, schema), len(frame), schema.task, schema.split)


def make_split(target: pd.Series | None, n: int, task: Task | None, spec: SplitSpec) -> Split:
    """Split `n` rows at random; by class in proportion where the task is classification.

    Raises
    ------
    SchemaError
        When the shares do not fit, or fewer than three rows can be split.
    """
    check_split(spec)
    known = np.ones(n, bool) if target is None else target.notna().to_numpy()
    labelled, unlabelled = np.flatnonzero(known), np.flatnonzero(~known)
    if len(labelled) < 3:
        what = "in this table" if target is None else f"with a value of {quoted(target.name)}"
        raise SchemaError(
            f"The number of rows {what} is {len(labelled)}: at least 3 are needed to split them."
        )
    random = np.random.default_rng(spec.seed)
    stay = np.array([], dtype=np.int64)
    sentences = ["Drawn at random."]
    order = random.permutation(labelled)
    if target is not None and task == "classification":
        sizes = target.value_counts()
        rare = sizes[sizes < LEAST_IN_CLASS].index
        of_rare = target.isin(rare).to_numpy()
        if (~of_rare[labelled]).sum() >= 3:
            stay, order = labelled[of_rare[labelled]], order[~of_rare[order]]
        else:
            rare = rare[:0]
        # Rows of one class side by side: taking every so many rows takes that share of each class.
        order = order[np.argsort(pd.factorize(target.iloc[order])[0], kind="stable")]
        sentences = ["Drawn at random, in proportion to the classes."]
        if len(rare):
            sentences.append(
                f"Classes with fewer than {LEAST_IN_CLASS} rows stay in training: {_some(rare)}."
            )
    test = _every_so_many(order, spec.test, random, leave=2)
    rest = order[~np.isin(order, test)]
    validation = _every_so_many(rest, spec.validation / (1 - spec.test), random, leave=1)
    if len(unlabelled):
        sentences.append(
            f"Rows without a target, used to pre-train and never scored: {len(unlabelled):,}."
        )
    train = np.concatenate([rest[~np.isin(rest, validation)], stay, unlabelled])
    return Split(
        train=np.sort(train),
        validation=np.sort(validation),
        test=np.sort(test),
        unlabelled=unlabelled,
        note=" ".join(sentences),
    )


def _every_so_many(
    order: np.ndarray, share: float, random: np.random.Generator, *, leave: int
) -> np.ndarray:
    """Systematic sampling: `share` of `order`, at even steps from a random start.

    At least one, and at least `leave` stay.
    """
    ticks = np.floor(np.arange(len(order) + 1) * share + random.random())
    taken = order[np.diff(ticks) > 0]
    return taken[: len(order) - leave] if len(taken) else order[:1]


def _some(labels: pd.Index) -> str:
    shown = ", ".join(quoted(label) for label in labels[:5])
    return shown if len(labels) <= 5 else f"{shown} and {len(labels) - 5:,} more"
