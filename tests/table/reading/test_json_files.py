import json

import pandas as pd
import pytest

from tjepa.errors import ReadingError
from tjepa.table import FileReading
from tjepa.table.reading.raw_table import RawTable, read_table

EXPECTED = {"a": [1, 2], "b": ["x", "y"]}


def read(text: str, **told: str) -> RawTable:
    return read_table(text.encode(), name="t.json", reading=FileReading(**told))


def problem(text: str) -> str:
    with pytest.raises(ReadingError) as refusal:
        read(text)
    return str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        '[{"a": 1, "b": "x"}, {"b": "y", "a": 2}]',
        '{"a": 1, "b": "x"}\n\n{"a": 2, "b": "y"}\n',
        '{"a": [1, 2], "b": ["x", "y"]}',
        '{"a": {"0": 1, "1": 2}, "b": {"0": "x", "1": "y"}}',
        '{"data": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]}',
        '{"columns": ["a", "b"], "index": [0, 1], "data": [[1, "x"], [2, "y"]]}',
        '[["a", "b"], [1, "x"], [2, "y"]]',
        '\ufeff[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]',
    ],
    ids=["records", "lines", "columns", "pandas", "data", "split", "rows", "bom"],
)
def test_the_forms_in_which_tables_are_written(text: str) -> None:
    raw = read(text)
    assert raw.frame.to_dict("list") == EXPECTED
    assert raw.notes == ()


@pytest.mark.parametrize("orient", ["records", "columns", "split", "values", "table"])
def test_what_pandas_writes_is_read(orient: str) -> None:
    frame = pd.DataFrame({"n": [1.5, 2.5, None], "w": ["x", None, "z"]})
    raw = read(frame.to_json(orient=orient))
    found = raw.frame.drop(columns="index", errors="ignore")
    if orient == "values":
        found = found.set_axis(frame.columns, axis=1)
    pd.testing.assert_frame_equal(found, frame.astype({"w": "str"}))


def test_the_format_is_said() -> None:
    assert read('{"a": 1, "b": 2}\n{"a": 1, "b": 2}').reading.format == "json lines"
    assert read('[{"a": 1, "b": 2}]').reading.format == "json"


def test_cells_are_understood_as_those_of_a_csv() -> None:
    big = 2**53 + 1
    raw = read(
        json.dumps(
            [
                {"big": big, "mixed": 1, "flag": True, "day": "2020-01-02", "gap": None, "n": "1"},
                {"big": 1, "mixed": "x", "flag": False, "day": "2020-02-02", "gap": 2, "n": "NA"},
            ]
        )
    )
    assert raw.frame["big"].to_list() == [str(big), "1"]
    assert raw.frame["mixed"].to_list() == ["1", "x"]
    assert raw.frame["flag"].to_list() == ["true", "false"]
    assert raw.frame["day"][0] == pd.Timestamp("2020-01-02")
    assert raw.frame["gap"].isna().to_list() == [True, False]
    assert raw.frame["n"].isna().to_list() == [False, True]
    assert raw.notes == (
        "Read as missing: “NA” in 1 cell (n).",
        "Kept as text, because numbers beyond 2^53 would be rounded: big.",
    )


def test_keys_that_come_late_or_not_at_all_are_missing_elsewhere() -> None:
    raw = read('{"a": 1}\n{"b": 2}\n{}\n')
    assert raw.frame.isna().to_numpy().tolist() == [[False, True], [True, False], [True, True]]


def test_nested_values_become_text_with_a_note() -> None:
    raw = read('[{"a": {"é": [1, null]}, "b": 1}, {"a": [], "b": 2}]')
    assert raw.frame["a"].to_list() == ['{"é": [1, null]}', "[]"]
    assert raw.notes == ("Nested values were kept as text in a.",)


def test_a_key_that_comes_twice_is_numbered() -> None:
    raw = read('[{"a": 1, "a": 2, "b": 3}]')
    assert raw.frame.to_dict("list") == {"a": [1], "a (2)": [2], "b": [3]}
    assert raw.notes == ("Keys that a record has twice were numbered: a (2).",)


def test_what_stands_beside_the_records_is_named() -> None:
    raw = read('{"meta": {"n": 1}, "version": 2, "rows": [{"a": 1, "b": 2}]}')
    assert raw.notes == ("The records are those of “rows”; left out were meta and version.",)


def test_numbers_of_any_length_and_constants() -> None:
    raw = read('[{"a": ' + "9" * 5000 + ', "b": NaN}, {"a": 1, "b": 1e999}, {"a": 2, "b": 3}]')
    assert raw.frame["a"][0] == "9" * 5000
    assert raw.frame["b"].isna().to_list() == [True, True, False]


def test_marks_of_numbers_can_be_told() -> None:
    text = '[{"a": "1,234", "b": 1}, {"a": "5,678", "b": 2}]'
    assert read(text).frame["a"].to_list() == ["1,234", "5,678"]
    assert read(text, thousands=",").frame["a"].to_list() == [1234, 5678]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('[{"a": 1,\n "b": }]', "t.json, line 2, is damaged JSON: expecting value"),
        ('{"a": 1, "b": 2}\n{"a": 1,\n', "t.json, line 2, is damaged JSON"),
        ('{"a": 1, "b": 2}\n[1, 2]\n', "t.json, line 2, is no record"),
        ('[{"a": 1, "b": 2}, 3]', "t.json, record 2, is no object"),
        ("[]", "t.json has no records"),
        ("{}", "which part of it is the table cannot be told"),
        ('{"a": {"b": 1}, "c": 2}', "which part of it is the table cannot be told"),
        ('[["a", "b"], [1, 2], [3]]', "t.json, row 3, has 1 cells where 2 are expected"),
        ("[" * 100_000, "is nested too deeply"),
        ('[{"a": "\\ud800", "b": 1}]', "half a character (a lone surrogate) in 'a'"),
        ('[{"a": 1}]', "only one column"),
    ],
)
def test_what_is_no_table_gets_its_sentence(text: str, what: str) -> None:
    assert what in problem(text)
