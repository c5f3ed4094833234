import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tjepa.errors import SchemaError
from tjepa.table import KINDS, Column, Schema, SplitSpec, infer_schema, override
from tjepa.table.schema import TASKS

N = 60


@pytest.fixture
def frame() -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "number": np.arange(N) + 1,
            "length": random.normal(size=N),
            "stars": np.arange(N) % 5,
            "seen": pd.date_range("2020-01-01", periods=N),
            "town": pd.Series(["Oslo", "Rome", None] * 20, dtype="str"),
            "same": ["x"] * N,
            "mark": pd.Series(["x", None] * 30, dtype="str"),
            "empty": np.full(N, np.nan),
            "note": [f"a remark about the row of number {i}, at some length" for i in range(N)],
        }
    )


@pytest.fixture
def schema(frame: pd.DataFrame) -> Schema:
    return infer_schema(frame)


def test_columns_that_say_something_are_features(schema: Schema) -> None:
    names = [column.name for column in schema.features]
    assert names == ["length", "stars", "seen", "town", "mark"]


def test_every_column_left_out_has_its_reason(schema: Schema) -> None:
    assert dict(schema.left_out) == {
        "number": "an identifier: it counts the rows",
        "same": "the same value in every row",
        "empty": "every cell is missing",
        "note": "free text: 60 distinct of 60, 51 characters on average",
    }


def test_missing_and_distinct_cells_are_counted_as_the_kind_has_them(schema: Schema) -> None:
    assert (schema.column("town").missing, schema.column("town").distinct) == (20, 2)
    blanks = infer_schema(pd.DataFrame({"x": ["a", " a", "", " "] * 5})).column("x")
    assert (blanks.missing, blanks.distinct) == (10, 1)


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(SchemaError, match="Two columns are called 'a'"):
        infer_schema(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_a_table_without_rows_or_of_one_row_has_a_schema() -> None:
    assert infer_schema(pd.DataFrame({"a": [], "b": []})).features == ()
    assert infer_schema(pd.DataFrame({"a": [1], "b": ["x"]})).features == ()


def test_an_unknown_column_is_named(schema: Schema) -> None:
    with pytest.raises(SchemaError, match="no column '<b>' in this table"):
        schema.column("<b>")


def test_the_id_depends_on_the_content_alone(frame: pd.DataFrame, schema: Schema) -> None:
    assert schema.schema_id == infer_schema(frame).schema_id
    ids = {
        schema.schema_id,
        override(schema, frame, used={"town": False}).schema_id,
        override(schema, frame, target="town").schema_id,
        override(schema, frame, split=SplitSpec(seed=1)).schema_id,
    }
    assert len(ids) == 4


columns = st.builds(
    Column,
    name=st.text(),
    kind=st.sampled_from(KINDS),
    used=st.booleans(),
    missing=st.integers(0, 10**9),
    distinct=st.integers(0, 10**9),
    note=st.text(),
)


@given(
    st.lists(columns, min_size=1, max_size=4, unique_by=lambda column: column.name),
    st.sampled_from([None, *TASKS]),
    st.integers(0, 2**31),
)
def test_a_schema_survives_json(found: list[Column], task: Any, seed: int) -> None:
    schema = Schema(tuple(found), found[0].name if task else None, task, SplitSpec(0.1, 0.3, seed))
    again = Schema.from_json(json.loads(json.dumps(schema.to_json())))
    assert again == schema
    assert again.schema_id == schema.schema_id


@pytest.mark.parametrize(
    "change",
    [
        {"task": "guessing"},
        {"target": "elsewhere"},
        {"columns": [{"name": "a"}]},
        {"split": {"share": 0.5}},
    ],
)
def test_a_schema_that_cannot_be_is_not_read(schema: Schema, change: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Schema.from_json(schema.to_json() | change)


def test_an_unknown_kind_is_not_read(schema: Schema) -> None:
    saved = schema.to_json()
    saved["columns"][0]["kind"] = "colour"
    with pytest.raises(ValueError, match="unknown kind"):
        Schema.from_json(saved)


def test_a_kind_chosen_by_hand_makes_an_identifier_a_feature(
    frame: pd.DataFrame, schema: Schema
) -> None:
    changed = override(schema, frame, kinds={"number": "categorical"})
    column = changed.column("number")
    assert (column.kind, column.used, column.distinct) == ("categorical", True, N)
    assert column.note == "chosen by hand"


def test_a_column_switched_off_stays_off_when_its_kind_changes(
    frame: pd.DataFrame, schema: Schema
) -> None:
    off = override(schema, frame, used={"stars": False})
    assert ("stars", "switched off by hand") in off.left_out
    changed = override(off, frame, kinds={"stars": "categorical"})
    assert not changed.column("stars").used
    assert override(changed, frame, used={"stars": True}).column("stars").used


def test_cells_that_do_not_fit_a_kind_change_nothing(frame: pd.DataFrame, schema: Schema) -> None:
    before = schema.to_json()
    with pytest.raises(SchemaError, match="Column 'town', row 0: 'Oslo' is not a number"):
        override(schema, frame, kinds={"stars": "categorical", "town": "numeric"})
    assert schema.to_json() == before


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kinds": {"nowhere": "date"}}, "no column 'nowhere'"),
        ({"kinds": {"town": "colour"}}, "no kind 'colour'"),
        ({"used": {"number": True}}, "kind id, which the encoder cannot take"),
        ({"used": {"nowhere": True}}, "no column 'nowhere'"),
        ({"target": "nowhere"}, "no column 'nowhere'"),
        ({"target": "same"}, "single value, 'x'"),
        ({"target": "empty"}, "no value in any row"),
        ({"target": "seen"}, "is a date"),
        ({"target": "note"}, "60 distinct values in 60 rows: too many for classes. Choose another"),
        ({"target": "length", "task": "classification"}, "Choose regression or another"),
        ({"target": "town", "task": "regression"}, "'Oslo' is not a number"),
        ({"target": "town", "task": "guessing"}, "no task 'guessing'"),
        ({"split": SplitSpec(validation=0.0)}, "validation share is 0%"),
        ({"split": SplitSpec(test=float("nan"))}, "held-out share"),
        ({"split": SplitSpec(0.5, 0.5)}, "100% together"),
        ({"split": SplitSpec(seed=-1)}, "seed is '-1'"),
    ],
)
def test_a_change_that_cannot_be_says_why(
    frame: pd.DataFrame, schema: Schema, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SchemaError) as caught:
        override(schema, frame, **changes)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("target", "task"),
    [("town", "classification"), ("stars", "classification"), ("length", "regression")],
)
def test_the_task_is_guessed_from_the_target(
    frame: pd.DataFrame, schema: Schema, target: str, task: str
) -> None:
    assert override(schema, frame, target=target).task == task


def test_more_than_ten_whole_numbers_are_a_quantity(frame: pd.DataFrame) -> None:
    frame = frame.assign(stars=np.arange(N) % 11)
    assert override(infer_schema(frame), frame, target="stars").task == "regression"


def test_the_target_is_never_a_feature(frame: pd.DataFrame, schema: Schema) -> None:
    changed = override(schema, frame, target="town", used={"town": True})
    assert "town" not in [column.name for column in changed.features]
    assert "town" not in dict(changed.left_out)


def test_a_target_can_be_taken_away(frame: pd.DataFrame, schema: Schema) -> None:
    chosen = override(schema, frame, target="stars", task="regression")
    assert override(chosen, frame, used={"town": False}).task == "regression"
    assert override(chosen, frame, target="town").task == "classification"
    gone = override(chosen, frame, target=None)
    assert (gone.target, gone.task) == (None, None)


def test_a_name_too_long_for_a_sentence_is_cut() -> None:
    name = "<i>" * 2_000
    frame = pd.DataFrame({name: [1.0, 1.0, 1.0], "b": [1, 2, 3]})
    with pytest.raises(SchemaError) as caught:
        override(infer_schema(frame), frame, target=name)
    assert len(str(caught.value)) < 250


def test_without_a_target_there_is_no_task(schema: Schema) -> None:
    assert replace(schema, target=None).task is None
