import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tjepa.errors import SchemaError
from tjepa.table import Schema, SplitSpec, infer_schema, override, read_schema, schema_text

N = 40


@pytest.fixture
def frame() -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "length": random.normal(size=N),
            "size": pd.Series(["low", "high", "medium", "?!"] * (N // 4), dtype="str"),
            "seen": pd.date_range("2020-01-01", periods=N, freq="9D"),
            "note": [f"a remark about the row of number {i}, at some length" for i in range(N)],
            "kind": pd.Series(["a", "b"] * (N // 2), dtype="str"),
        }
    )


@pytest.fixture
def schema(frame: pd.DataFrame) -> Schema:
    return override(
        infer_schema(frame),
        frame,
        kinds={"size": "ordinal"},
        missing_values={"size": ["?!"]},
        date_parts={"seen": ["month"]},
        used={"length": False},
        target="kind",
        split=SplitSpec(0.1, 0.3, 7),
    )


def test_a_saved_schema_is_the_same_when_it_is_loaded(frame: pd.DataFrame, schema: Schema) -> None:
    text = schema_text(schema)
    found = read_schema(text, frame)
    assert found == schema
    assert found.schema_id == schema.schema_id
    assert read_schema(text.encode(), frame) == schema


def test_a_saved_schema_has_a_line_for_each_column(schema: Schema) -> None:
    lines = schema_text(schema).splitlines()
    assert sum('"name"' in line for line in lines) == len(schema.columns)
    assert '"order": ["low", "medium", "high"]' in schema_text(schema)


def test_cells_are_counted_again_in_another_table(frame: pd.DataFrame, schema: Schema) -> None:
    fewer = frame.iloc[:20].reset_index(drop=True)
    found = read_schema(schema_text(schema), fewer)
    assert found.column("size").missing == 5
    assert (found.target, found.split) == ("kind", schema.split)


def test_a_schema_written_by_hand_needs_names_and_kinds_only(frame: pd.DataFrame) -> None:
    kinds = {"length": "numeric", "size": "categorical", "seen": "date", "note": "text"}
    columns = [{"name": name, "kind": kind} for name, kind in kinds.items()]
    columns.append({"name": "kind", "kind": "categorical", "used": False})
    found = read_schema(json.dumps({"columns": columns}), frame)
    assert [column.name for column in found.features] == ["length", "size", "seen"]
    assert (found.target, found.split) == (None, SplitSpec())


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "width", "a column 'width' that the table lacks"),
        ("kind", "colour", "'length': there is no kind 'colour'"),
        ("kind", "date", "'length' holds numbers, not dates"),
        ("kind", "ordinal", "'length': the kind ordinal needs an order"),
        ("kind", "id", "'length' is of the kind id, which the encoder cannot take"),
        ("used", "yes", "'length': used is not true or false"),
        ("format", "metres", "'length': 'metres' is no format"),
        ("missing_values", "-200", "'length': missing_values is not a list of texts"),
        ("missing_values", [-200], "'length': missing_values is not a list of texts"),
        ("colour", "red", "'length': unknown field 'colour'"),
    ],
)
def test_a_schema_that_does_not_fit_names_the_column_and_says_why(
    frame: pd.DataFrame, field: str, value: Any, sentence: str
) -> None:
    saved = infer_schema(frame).to_json()
    saved["columns"][0][field] = value
    with pytest.raises(SchemaError) as caught:
        read_schema(json.dumps(saved), frame)
    assert sentence in str(caught.value)


def test_a_cell_that_does_not_fit_is_named_with_its_row(
    frame: pd.DataFrame, schema: Schema
) -> None:
    frame.loc[3, "size"] = "huge"
    with pytest.raises(SchemaError, match="'size', row 3: 'huge' is not one of its ordered values"):
        read_schema(schema_text(schema), frame)


def test_a_column_that_the_schema_lacks_is_named(frame: pd.DataFrame, schema: Schema) -> None:
    with pytest.raises(SchemaError, match="has a column 'more' that the schema lacks"):
        read_schema(schema_text(schema), frame.assign(more=1.0))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "it is not JSON, line 1"),
        (b"\xff\xfe", "it is not JSON"),
        ("[]", "no list of columns"),
        ('{"columns": 3}', "no list of columns"),
        ('{"columns": [3]}', "needs a name and a kind"),
        ('{"columns": [{"name": ["a"], "kind": "date"}]}', "needs a name and a kind"),
        ('{"columns": [], "colour": 1}', "unknown field 'colour'"),
    ],
)
def test_what_is_no_schema_says_so(frame: pd.DataFrame, text: str, sentence: str) -> None:
    with pytest.raises(SchemaError) as caught:
        read_schema(text, frame)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"target": "nowhere"}, "no column 'nowhere'"),
        ({"target": 3}, "no column '3'"),
        ({"task": "guessing", "target": "kind"}, "no task 'guessing'"),
        ({"split": {"share": 0.5}}, "split of the schema"),
        ({"split": [1]}, "split of the schema"),
        ({"split": {"test": "half"}}, "split of the schema"),
        ({"split": {"test": 0.95}}, "held-out share is 95%"),
    ],
)
def test_a_target_or_split_that_cannot_be_says_why(
    frame: pd.DataFrame, schema: Schema, change: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SchemaError) as caught:
        read_schema(json.dumps(schema.to_json() | change), frame)
    assert sentence in str(caught.value)
