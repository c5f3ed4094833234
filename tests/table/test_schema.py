import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tjepa.errors import SchemaError
from tjepa.table import (
    KINDS,
    Column,
    Schema,
    SplitSpec,
    infer_schema,
    override,
    target_cells,
)
from tjepa.table.parts import PARTS
from tjepa.table.schema import TASKS

N = 60
ROOT = Path(__file__).resolve().parent.parent.parent


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
    missing_values=st.lists(st.text(), max_size=2).map(tuple),
    order=st.lists(st.text(), max_size=2).map(tuple),
    format=st.sampled_from(["", "$1,234.5"]),
    parts=st.sampled_from([(), PARTS]),
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
        ({"missing_values": {"nowhere": ["x"]}}, "no column 'nowhere'"),
        ({"formats": {"length": "metres"}}, "'metres' is no format of the kind numeric"),
        ({"formats": {"town": "$1,234.5"}}, "is no format of the kind categorical"),
        ({"orders": {"town": ["Rome", "Oslo"]}}, "only the kind ordinal has an order"),
        (
            {"kinds": {"town": "ordinal"}, "orders": {"town": ["Rome"]}},
            "row 0: 'Oslo' is not one of its ordered values (Rome), nor are 19 other cells",
        ),
        (
            {"kinds": {"town": "ordinal"}, "orders": {"town": ["Rome", "Oslo", "Rome"]}},
            "twice in its order",
        ),
        ({"date_parts": {"seen": ["century"]}}, "a date has no part 'century'"),
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


def test_values_read_as_missing_are_counted_and_leave_the_evidence(frame: pd.DataFrame) -> None:
    frame = frame.assign(length=frame["length"].where(frame.index % 4 > 0, -200.0))
    schema = infer_schema(frame)
    changed = override(schema, frame, missing_values={"length": ["-200"], "town": ["Oslo"]})
    length = changed.column("length")
    assert (length.missing, length.distinct, length.missing_values) == (15, 45, ("-200",))
    assert length.note == "numbers from -1.288 to 1.96; missing: -200"
    town = changed.column("town")
    assert (town.kind, town.missing, town.distinct) == ("categorical", 40, 1)
    assert override(changed, frame, missing_values={"length": [], "town": []}) == schema


def test_text_that_is_surely_numbers_or_dates_is_read_so(frame: pd.DataFrame) -> None:
    prices = pd.Series([f"${n % 7 + 0.5:,.2f} " for n in range(N)], dtype="str")
    days = pd.Series([f"{n % 28 + 1} March 2020" for n in range(N)], dtype="str")
    schema = infer_schema(frame.assign(price=prices, day=days))
    price, day = schema.column("price"), schema.column("day")
    assert (price.kind, price.format, price.distinct) == ("numeric", "$1,234.5", 7)
    assert price.note == "numbers from 0.5 to 6.5 ($), written as text"
    assert (day.kind, day.format, day.distinct) == ("date", "%d %B %Y", 28)
    assert day.parts == ("elapsed days", "weekday")


def test_an_order_is_found_or_given_and_goes_with_the_kind(frame: pd.DataFrame) -> None:
    sizes = pd.Series(["medium", "low", "high"] * 20, dtype="str")
    frame = frame.assign(size=sizes)
    schema = infer_schema(frame)
    found = override(schema, frame, kinds={"size": "ordinal"})
    assert found.column("size").order == ("low", "medium", "high")
    assert found.column("size").note == "low < medium < high"
    turned = override(found, frame, orders={"size": ["high", "medium", "low"]})
    assert turned.column("size").order == ("high", "medium", "low")
    assert override(turned, frame, kinds={"size": "categorical"}) == schema


def test_text_that_a_person_wants_to_use_stays_in_use(frame: pd.DataFrame, schema: Schema) -> None:
    chosen = override(schema, frame, used={"note": True})
    assert [c.name for c in chosen.features if c.kind == "text"] == ["note"]
    changed = override(chosen, frame, missing_values={"note": ["nothing to remark"]})
    assert changed.column("note").used
    assert not override(changed, frame, kinds={"note": "id"}).column("note").used


def test_a_target_may_have_missing_values_and_a_format(frame: pd.DataFrame) -> None:
    cells = pd.Series([f"{n} %" if n % 3 else "unknown" for n in range(N)], dtype="str")
    frame = frame.assign(share=cells)
    change = {"kinds": {"share": "numeric"}, "missing_values": {"share": ["unknown"]}}
    schema = override(infer_schema(frame), frame, target="share", **change)
    assert (schema.task, schema.column("share").format) == ("regression", "1,234.5 %")
    found = target_cells(frame, schema)
    assert found is not None
    np.testing.assert_array_equal(found[:4], [np.nan, 1, 2, np.nan])


def test_an_old_schema_keeps_its_id_and_says_nothing_new(schema: Schema) -> None:
    plain = replace(schema, columns=tuple(replace(c, parts=()) for c in schema.columns))
    assert all(
        set(column) == {"name", "kind", "used", "missing", "distinct", "note"}
        for column in plain.to_json()["columns"]
    )


def test_the_schema_of_the_demo_is_read_under_the_id_it_was_kept_by() -> None:
    files = sorted((ROOT / "assets" / "demo").glob("tables/*/schemas/*.json"))
    assert files
    for file in files:
        saved = json.loads(file.read_text(encoding="utf-8"))
        assert Schema.from_json(saved).schema_id == file.stem
