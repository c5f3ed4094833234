from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tjepa.errors import SchemaError
from tjepa.table import (
    Split,
    SplitSpec,
    infer_schema,
    make_split,
    override,
    repeated_rows,
    split_table,
    with_repeats,
)
from tjepa.table import target_cells as cells_of

SPEC = SplitSpec()
specs = st.builds(
    SplitSpec,
    validation=st.floats(0.01, 0.44),
    test=st.floats(0.01, 0.44),
    seed=st.integers(0, 2**32),
)
targets = st.lists(st.sampled_from([None, "a", "b", "c", "d"]), min_size=3, max_size=120)


def same(a: Split, b: Split) -> bool:
    parts = ("train", "validation", "test", "unlabelled")
    return all(np.array_equal(getattr(a, part), getattr(b, part)) for part in parts)


def check_parts(split: Split, n: int) -> None:
    everything = np.concatenate([split.train, split.validation, split.test])
    assert np.array_equal(np.sort(everything), np.arange(n))
    for part in (split.train, split.validation, split.test):
        assert len(part) > 0
        assert (np.diff(part) > 0).all()


@given(st.integers(3, 300), specs)
def test_every_row_is_in_one_part(n: int, spec: SplitSpec) -> None:
    check_parts(make_split(None, n, None, spec), n)


@given(targets, specs)
def test_rows_without_a_label_train_and_are_never_scored(
    labels: list[str | None], spec: SplitSpec
) -> None:
    target = pd.Series(labels, dtype=object)
    missing = np.flatnonzero(target.isna())
    if len(labels) - len(missing) < 3:
        with pytest.raises(SchemaError, match="at least 3 are needed"):
            make_split(target, len(labels), "classification", spec)
        return
    split = make_split(target, len(labels), "classification", spec)
    check_parts(split, len(labels))
    assert np.array_equal(split.unlabelled, missing)
    assert np.isin(missing, split.train).all()


@given(st.integers(50, 3_000), specs)
def test_the_parts_have_the_shares_asked_for(n: int, spec: SplitSpec) -> None:
    split = make_split(None, n, None, spec)
    assert abs(len(split.test) - spec.test * n) <= 1
    assert abs(len(split.validation) - spec.validation * n) <= 2


@given(st.lists(st.integers(3, 60), min_size=2, max_size=6), st.integers(0, 100))
def test_each_class_gives_its_share_to_the_held_out_rows(sizes: list[int], seed: int) -> None:
    target = pd.Series(np.repeat([f"c{k}" for k in range(len(sizes))], sizes), dtype=object)
    split = make_split(target, len(target), "classification", SplitSpec(0.15, 0.2, seed))
    held = target.iloc[split.test].value_counts()
    for k, size in enumerate(sizes):
        assert abs(held.get(f"c{k}", 0) - 0.2 * size) < 1


def test_classes_of_one_or_two_rows_stay_in_training_and_are_named() -> None:
    target = pd.Series(["a"] * 40 + ["b"] * 40 + ["<rare>"] * 2, dtype=object)
    split = make_split(target, 82, "classification", SPEC)
    assert {80, 81} <= set(split.train)
    assert "Classes with fewer than 3 rows stay in training: '<rare>'." in split.note


def test_where_every_class_is_rare_rows_are_drawn_all_the_same() -> None:
    target = pd.Series([f"c{i}" for i in range(20)], dtype=object)
    split = make_split(target, 20, "classification", SPEC)
    check_parts(split, 20)
    assert "stay in training" not in split.note


def test_rows_without_a_target_are_counted_in_the_note() -> None:
    target = pd.Series([1.0, np.nan, 2.0, 3.0, np.nan])
    split = make_split(target, 5, "regression", SPEC)
    assert split.note == (
        "Drawn at random. Rows without a target, used to pre-train and never scored: 2."
    )


def test_a_seed_gives_one_split_and_another_seed_another() -> None:
    one, two = (make_split(None, 200, None, SPEC) for _ in range(2))
    assert same(one, two)
    assert not same(one, make_split(None, 200, None, SplitSpec(seed=1)))


def test_what_the_classes_are_called_moves_no_row() -> None:
    labels = pd.Series(np.random.default_rng(0).choice(["a", "b", "c"], 150), dtype=object)
    renamed = labels.map({"a": "z", "b": "y", "c": "x"})
    split = make_split(labels, 150, "classification", SPEC)
    assert same(split, make_split(renamed, 150, "classification", SPEC))


def test_the_numbers_of_a_regression_move_no_row() -> None:
    numbers = pd.Series(np.random.default_rng(0).normal(size=150))
    split = make_split(numbers, 150, "regression", SPEC)
    assert same(split, make_split(-100 * numbers, 150, "regression", SPEC))


@pytest.mark.parametrize(
    ("target", "where"),
    [(None, "in this table"), (pd.Series(["a", None, "b"], name="<y>"), "with a value of '<y>'")],
)
def test_fewer_than_three_rows_cannot_be_split(target: Any, where: str) -> None:
    with pytest.raises(SchemaError, match=f"The number of rows {where} is 2"):
        make_split(target, 2 if target is None else 3, "classification", SPEC)


@pytest.mark.parametrize("spec", [SplitSpec(0.5, 0.6), SplitSpec(0.0, 0.2), SplitSpec(seed=-3)])
def test_shares_that_leave_nothing_to_train_on_are_refused(spec: SplitSpec) -> None:
    with pytest.raises(SchemaError):
        make_split(None, 100, None, spec)


def test_the_target_is_read_as_its_task_has_it() -> None:
    frame = pd.DataFrame({"y": [1, 2, 3, 1, 2, 3], "x": range(6)})
    schema = infer_schema(frame)
    assert cells_of(frame, schema) is None
    classes = cells_of(frame, override(schema, frame, target="y", task="classification"))
    assert classes is not None
    assert classes.tolist() == ["1", "2", "3", "1", "2", "3"]
    numbers = cells_of(frame, override(schema, frame, target="y", task="regression"))
    assert numbers is not None
    assert numbers.dtype == np.float64
    check_parts(split_table(frame, schema), 6)


def repeating(n: int = 200) -> pd.DataFrame:
    """Each second row is the same as the one before it."""
    numbers = np.arange(n) // 2
    return pd.DataFrame(
        {
            "size": np.where(numbers % 5 == 0, np.nan, numbers / 4),
            "town": pd.array([f"t{number % 7}" for number in numbers], "str"),
            "sold": pd.array(["yes" if number % 3 else "no" for number in numbers], "str"),
            "key": [f"k{i}" for i in range(n)],
        }
    )


def repeats_slowly(frame: pd.DataFrame, names: list[str], split: Split) -> list[int]:
    def cells(row: int) -> tuple[object, ...]:
        return tuple(None if pd.isna(cell) else cell for cell in frame[names].iloc[row])

    known = {cells(row) for row in split.train}
    return [row for row in split.test if cells(row) in known]


def test_held_out_rows_that_are_also_trained_on_are_found_one_by_one() -> None:
    frame = repeating()
    schema = override(infer_schema(frame), frame, target="sold")
    split = split_table(frame, schema)
    found = repeated_rows(frame, schema, split)
    assert list(found) == repeats_slowly(frame, ["size", "town", "sold"], split)
    assert 10 < len(found) < len(split.test)
    assert f"{len(found)} of {len(split.test)} held-out rows also occur, cell for cell" in (
        with_repeats(split, frame, schema).note
    )


def test_rows_that_differ_in_one_cell_are_not_equal() -> None:
    frame = repeating()
    frame["size"] = np.where(np.arange(200) % 2, -0.0, 0.0)
    frame["more"] = np.arange(200) / 8
    schema = override(infer_schema(frame), frame, target="sold", used={"more": True})
    split = split_table(frame, schema)
    assert len(repeated_rows(frame, schema, split)) == 0
    assert with_repeats(split, frame, schema) is not split
    assert with_repeats(split, frame, schema).note == split.note
    # and with that column left out, minus nothing is nothing
    fewer = override(schema, frame, used={"more": False, "size": True})
    assert len(repeated_rows(frame, fewer, split)) > 0


def test_without_a_target_repeats_are_not_spoken_of() -> None:
    frame = repeating()
    schema = infer_schema(frame)
    split = split_table(frame, schema)
    assert with_repeats(split, frame, schema) is split


@pytest.mark.parametrize("target", ["sold", "size", None])
def test_equal_rows_may_be_kept_on_one_side(target: str | None) -> None:
    frame = repeating()
    spec = SplitSpec(equal_together=True)
    schema = override(infer_schema(frame), frame, target=target, split=spec)
    split = split_table(frame, schema)
    check_parts(split, 200)
    assert len(repeated_rows(frame, schema, split)) == 0
    labelled = 200 - len(split.unlabelled)
    assert len(split.test) == pytest.approx(labelled * spec.test, abs=4)
    assert "Equal rows stay together" in split.note
    sides = np.empty(200, int)
    for number, part in enumerate((split.train, split.validation, split.test)):
        sides[part] = number
    if target != "size":  # of which rows without a value are trained on
        np.testing.assert_array_equal(sides[::2], sides[1::2])


def test_where_no_rows_are_equal_keeping_them_together_changes_nothing() -> None:
    frame = repeating().drop_duplicates(subset=["size", "town", "sold"]).reset_index(drop=True)
    schema = override(infer_schema(frame), frame, target="sold")
    together = override(schema, frame, split=SplitSpec(equal_together=True))
    assert same(split_table(frame, schema), split_table(frame, together))


def test_a_table_of_one_repeated_row_cannot_be_split_into_rows_that_differ() -> None:
    frame = pd.DataFrame({"a": [1.0] * 20, "b": [2.0] * 19 + [3.0], "c": ["x"] * 20})
    schema = override(
        infer_schema(frame),
        frame,
        target="b",
        task="regression",
        used={"a": True},
        split=SplitSpec(equal_together=True),
    )
    with pytest.raises(SchemaError, match="that differ is 2"):
        split_table(frame, schema)
