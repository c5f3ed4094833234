"""Which rows train, which choose, and which are held out: drawn once, used by every analysis."""

from dataclasses import dataclass, replace

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
    target = target_cells(frame, schema)
    groups = None
    if schema.split.equal_together:
        groups = np.unique(_row_hashes(frame, schema), return_inverse=True)[1]
    return make_split(target, len(frame), schema.task, schema.split, groups)


def repeated_rows(frame: pd.DataFrame, schema: Schema, split: Split) -> np.ndarray:
    """The held-out rows that also occur among the training rows: numbers i64, ascending.

    Equal are rows with the same cells, as they were read, in every feature and the target. All
    rows are looked at, whole.
    """
    names = _compared(schema)
    if not schema.features:
        return split.test[:0]
    hashes = _row_hashes(frame, schema)
    known, first = np.unique(hashes[split.train], return_index=True)
    places = np.minimum(np.searchsorted(known, hashes[split.test]), len(known) - 1)
    found = known[places] == hashes[split.test]
    held_out, trained = split.test[found], split.train[first[places[found]]]
    equal = np.ones(len(held_out), bool)
    for name in names:  # what a hash says is not taken on trust
        one, other = frame[name].iloc[held_out], frame[name].iloc[trained]
        same = one.to_numpy() == other.to_numpy()
        equal &= same | (one.isna().to_numpy() & other.isna().to_numpy())
    return held_out[equal]


def repeats_sentence(repeated: int, held_out: int) -> str:
    """What rows that are on both sides of the split mean; nothing where there are none."""
    if not repeated:
        return ""
    return (
        f"{repeated:,} of {held_out:,} held-out rows also occur, cell for cell, among the rows to "
        "train on: a model can remember those, so scores may flatter it. Equal rows can be kept "
        "on one side of the split."
    )


def with_repeats(split: Split, frame: pd.DataFrame, schema: Schema) -> Split:
    """`split` with a note of the held-out rows that are also among those to train on.

    Without a target nothing is scored, so there is nothing to say.
    """
    if schema.target is None:
        return split
    said = repeats_sentence(len(repeated_rows(frame, schema, split)), len(split.test))
    return replace(split, note=f"{split.note} {said}".strip())


def make_split(
    target: pd.Series | None,
    n: int,
    task: Task | None,
    spec: SplitSpec,
    groups: np.ndarray | None = None,
) -> Split:
    """Split `n` rows at random; by class in proportion where the task is classification.

    Rows with one number in `groups` i64 [n], and so with one target, stay together: the shares are
    then those of the groups.

    Raises
    ------
    SchemaError
        When the shares do not fit, or fewer than three rows can be split.
    """
    check_split(spec)
    known = np.ones(n, bool) if target is None else target.notna().to_numpy()
    all_labelled, unlabelled = np.flatnonzero(known), np.flatnonzero(~known)
    labelled = all_labelled
    if groups is not None:  # one row is drawn for all of its group
        labelled = np.sort(labelled[np.unique(groups[labelled], return_index=True)[1]])
    if len(labelled) < 3:
        what = "in this table" if target is None else f"with a value of {quoted(target.name)}"
        what += "" if groups is None else " that differ"
        raise SchemaError(
            f"The number of rows {what} is {len(labelled)}: at least 3 are needed to split them."
        )
    random = np.random.default_rng(spec.seed)
    sentences = ["Drawn at random."]
    order = random.permutation(labelled)
    if target is not None and task == "classification":
        sizes = target.value_counts()
        rare = sizes[sizes < LEAST_IN_CLASS].index
        of_rare = target.isin(rare).to_numpy()
        if (~of_rare[labelled]).sum() >= 3:
            order = order[~of_rare[order]]
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
    if groups is not None:
        sentences.append(
            f"Equal rows stay together: {len(labelled):,} that differ were drawn, for "
            f"{len(all_labelled):,}."
        )
        of_groups = groups[all_labelled]
        test, validation = (
            all_labelled[np.isin(of_groups, groups[some])] for some in (test, validation)
        )
    held = np.concatenate([test, validation])
    train = np.concatenate([all_labelled[~np.isin(all_labelled, held)], unlabelled])
    return Split(
        train=np.sort(train),
        validation=np.sort(validation),
        test=np.sort(test),
        unlabelled=unlabelled,
        note=" ".join(sentences),
    )


def _compared(schema: Schema) -> list[str]:
    """The columns of the table whose cells make two rows equal."""
    names = [name for column in schema.features for name in column.names]
    return list(dict.fromkeys([*names, *([schema.target] if schema.target else [])]))


def _row_hashes(frame: pd.DataFrame, schema: Schema) -> np.ndarray:
    """A number u64 for each row, of all its cells that are compared; equal rows have the same."""
    hashes = np.zeros(len(frame), dtype=np.uint64)
    for name in _compared(schema):
        cells = frame[name]
        if cells.dtype.kind == "f":
            cells = cells + 0.0  # -0.0 is 0.0
        hashes *= np.uint64(0x9E3779B97F4A7C15)
        hashes += pd.util.hash_pandas_object(cells, index=False).to_numpy()
        hashes ^= hashes >> np.uint64(29)
    return hashes


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
