from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tjepa.report import profile_words as words
from tjepa.table import infer_schema, override, profile
from tjepa.table.profiles import (
    ColumnProfile,
    Histogram,
    by_target,
    column_profile,
    draw,
)


def looked_at(values: object, name: str = "a") -> ColumnProfile:
    frame = pd.DataFrame({name: values})
    schema = infer_schema(frame)
    return column_profile(draw(frame, schema), schema.columns[0])


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 5, "0 %"), (1, 5, "20 %"), (5, 5, "100 %"), (1, 10_000, "under 0.1 %"),
        (9_999, 10_000, "over 99 %"), (1, 80, "1.2 %"), (0, 0, "0 %"),
    ],
)  # fmt: skip
def test_shares_are_rounded_neither_to_none_nor_to_all(part: int, whole: int, text: str) -> None:
    assert words.share_text(part, whole) == text


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        (Histogram("whole numbers", (2.5, 3.5), (1,)), "3"),
        (Histogram("whole numbers", (19.5, 24.5), (1,)), "20 to 24"),
        (Histogram("numbers", (0.25, 0.5), (1,)), "0.25 to 0.5"),
    ],
)
def test_a_bin_is_called_by_what_is_in_it(shape: Histogram, text: str) -> None:
    assert words.bin_text(shape, 0) == text


@pytest.mark.parametrize(
    ("days", "text"),
    [(("2020-03-01", "2020-04-01"), "2020-03"), (("2020-01-01", "2022-01-01"), "2020 to 2021"),
     (("2020-03-02", "2020-03-09"), "2020-03-02 to 2020-03-08"),
     (("2020-03-02T06:00", "2020-03-02T12:00"), "2020-03-02 06:00:00")],
)  # fmt: skip
def test_a_bin_of_dates_is_called_by_its_month_years_days_or_hour(
    days: tuple[str, str], text: str
) -> None:
    edges = tuple(float(np.datetime64(day, "us").astype("int64")) for day in days)
    assert words.bin_text(Histogram("dates", edges, (1,)), 0) == text


def test_a_number_column_in_words() -> None:
    said = " ".join(words.column_sentences(looked_at([0.0, 0, 1, 2, -3, None, 4, 5])))
    assert "12 % missing (1 of 8 rows)" in said
    assert "Median 1, the middle half from 0 to 3, all from -3 to 5." in said
    assert "29 % zeros, 14 % negative." in said
    assert "Commonest: 0 (29 %)." in said


def test_what_lies_far_outside_is_counted() -> None:
    values = np.append(np.random.default_rng(0).normal(size=3_000), [1e6, 2e6])
    said = words.column_sentences(looked_at(values))[-1]
    assert said.startswith("Far from the others and not drawn: 2 above")
    assert said.endswith("(up to 2,000,000).")


def test_constant_and_empty_columns_are_said_to_be() -> None:
    assert "Only one value: x." in words.column_sentences(looked_at(["x"] * 4))
    assert words.column_sentences(looked_at([None] * 4)) == ["Every cell is missing."]


def test_identifiers_and_prose_get_examples() -> None:
    said = words.column_sentences(looked_at([f"k-{i}" for i in range(50)]))
    assert said[-1] == "For example: k-0; k-24; k-49."
    assert "No value repeats." in said


def test_blocks_are_as_high_as_the_bins() -> None:
    assert words.blocks(looked_at(np.repeat([1.0, 2, 4], [2, 8, 4]))) == "1 ▂█ ▄ 4"
    said = words.blocks(looked_at(["a"] * 6 + ["b"] * 3 + ["c"] * 2 + ["d"]))
    assert said == "a 50 %, b 25 %, c 17 %, 1 more"


def test_no_missing_cell_and_no_association_are_said_in_words() -> None:
    random = np.random.default_rng(0)
    looked = profile(
        pd.DataFrame({"a": random.normal(size=50), "b": random.choice(["x", "y"], 50)})
    )
    assert words.missing_sentences(looked.missing) == ["No cell is missing, in any row or column."]
    assert words.association_sentences(looked.associations)[0] == (
        "The one pair of columns does not stand out from chance. Looked at all 50 rows."
    )
    alone = profile(pd.DataFrame({"a": [1.5, 2.0, 4.0]})).associations
    assert "nothing to compare" in words.association_sentences(alone)[0]


def test_a_sample_is_said_to_be_one() -> None:
    looked = profile(pd.DataFrame({"a": range(50), "b": [None, 1.0] * 25}))
    missing = replace(looked.missing, rows=20, complete=10)
    assert "Looked at 20 of 50 rows, drawn at random." in words.missing_sentences(missing)[0]


def test_the_target_is_said_to_differ_only_where_it_does() -> None:
    random = np.random.default_rng(0)
    size = random.normal(size=500)
    frame = pd.DataFrame(
        {"size": size, "dice": random.integers(1, 7, 500), "y": np.where(size > 0, "yes", "no")}
    )
    schema = override(infer_schema(frame), frame, target="y")
    look = draw(frame, schema)
    said = []
    for name in ("size", "dice"):
        column = column_profile(look, schema.column(name))
        assert column.shape is not None
        beside = by_target(look, schema.column(name), column.shape)
        assert beside is not None
        said.append(words.by_target_sentence(beside, column))
    assert "from 0 % at" in said[0]
    assert "to 100 % at" in said[0]
    assert said[1] == "y does not differ along this column by more than chance would have it."


def test_the_takeaway_names_the_commonest_bin_or_values() -> None:
    assert words.shape_sentence(looked_at(["a"] * 3 + ["b"])) == "a is a 75 %, b 25 %."
    said = words.shape_sentence(looked_at(np.repeat([1.0, 2, 4], [2, 8, 4])))
    assert said == "a: 2 is the commonest bin, with 57 % of the values."
