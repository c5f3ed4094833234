import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tjepa.errors import EncodingError, SchemaError
from tjepa.table import (
    Schema,
    Suggestion,
    TableEncoder,
    infer_schema,
    override,
    read_schema,
    schema_text,
    suggestions,
    typed,
)

N = 400


def days() -> pd.Series:
    random = np.random.default_rng(0)
    return pd.Series(pd.Timestamp("2003-01-01") + pd.to_timedelta(random.integers(0, 3000, N), "D"))


def words() -> pd.Series:
    return pd.Series(np.random.default_rng(1).choice(["Oslo", "Rome"], N), dtype="str")


def three_columns(**more: Any) -> pd.DataFrame:
    parts = {"Year": days().dt.year, "Month": days().dt.month, "DayofMonth": days().dt.day}
    return pd.DataFrame({"town": words(), **parts, **more})


def dates(table: pd.DataFrame) -> list[Suggestion]:
    found = suggestions(table, infer_schema(table))
    return [s for s in found if s.action == "Read as one date"]


def taken(table: pd.DataFrame) -> Schema:
    schema = infer_schema(table)
    (found,) = dates(table)
    return override(schema, table, **found.taking(schema))


def test_year_month_and_day_are_one_date() -> None:
    table = three_columns()
    (found,) = dates(table)
    assert found.columns == ("Year", "Month", "DayofMonth")
    assert found.evidence.startswith(
        "'Year', 'Month', 'DayofMonth' are one date together: dates from 2003-"
    )
    schema = taken(table)
    assert found.is_taken(schema)
    assert [c.name for c in schema.features] == ["town", "Year"]
    assert schema.column("Year").parts == ("elapsed days", "year", "month", "weekday")
    assert ("Month", "part of the date 'Year'") in schema.left_out
    np.testing.assert_array_equal(typed(table, schema)["Year"], days().astype("datetime64[us]"))


def test_the_date_is_undone_with_one_click() -> None:
    table = three_columns()
    schema = infer_schema(table)
    (found,) = dates(table)
    assert override(taken(table), table, **found.undoing(taken(table), schema)) == schema


def test_another_kind_for_the_date_takes_the_other_columns_out_of_it() -> None:
    table = three_columns()
    schema = override(taken(table), table, kinds={"Year": "numeric"})
    assert schema.column("Year").together == ()
    assert schema.column("Year").format == ""


def test_the_date_is_in_the_schema_file() -> None:
    table = three_columns()
    schema = taken(table)
    assert '"together": ["Month", "DayofMonth"]' in schema_text(schema)
    assert read_schema(schema_text(schema), table) == schema
    assert Schema.from_json(schema.to_json()) == schema


@pytest.mark.parametrize("together", [["Week"], ["Year"], "Month"])
def test_a_schema_file_with_a_date_that_cannot_be_is_refused(together: Any) -> None:
    table = three_columns()
    saved = schema_text(taken(table)).replace('["Month", "DayofMonth"]', json.dumps(together))
    with pytest.raises(SchemaError, match="'Year'"):
        read_schema(saved, table)


def test_a_format_needs_a_part_for_each_column() -> None:
    table = three_columns()
    with pytest.raises(SchemaError, match="a part for each of the 3 columns"):
        override(taken(table), table, formats={"Year": "%Y + %m"})


def test_new_rows_are_read_by_the_date_and_an_absent_part_is_named() -> None:
    table = three_columns()
    schema = taken(table)
    rows = typed(table, schema)
    encoder = TableEncoder.fit(rows, schema.features, scaling="standard", max_categories=4)
    new = pd.DataFrame({"Month": [2], "town": ["Oslo"], "DayofMonth": [29], "Year": [2008]})
    assert typed(new, schema)["Year"].iloc[0] == pd.Timestamp("2008-02-29")
    assert np.isfinite(encoder.transform(typed(new, schema)).x_num).all()
    with pytest.raises(EncodingError, match="no column 'Month', which completes the date 'Year'"):
        typed(new.drop(columns="Month"), schema)
    with pytest.raises(EncodingError, match="Column 'Year', row 0: '2007 \\+ 2 \\+ 29'"):
        typed(new.assign(Year=2007), schema)


def test_a_target_that_is_part_of_the_date_is_refused() -> None:
    table = three_columns()
    with pytest.raises(SchemaError, match="'Month' is part of the date 'Year'"):
        override(taken(table), table, target="Month")


def test_hours_and_minutes_and_times_complete_a_date() -> None:
    random = np.random.default_rng(2)
    hours, minutes = random.integers(0, 24, N), random.integers(0, 60, N)
    table = three_columns(hour=hours, minute=minutes)
    assert typed(table, taken(table))["Year"].iloc[0] == days().iloc[0] + pd.Timedelta(
        hours=hours[0], minutes=minutes[0]
    )
    table = three_columns(time=100 * hours + minutes)
    assert dates(table)[0].columns == ("Year", "Month", "DayofMonth", "time")
    assert typed(table, taken(table))["Year"].iloc[0] == days().iloc[0] + pd.Timedelta(
        hours=hours[0], minutes=minutes[0]
    )


def test_a_date_and_a_time_are_one_date() -> None:
    clock = pd.Series([f"{n % 24:02d}:{n % 60:02d}" for n in range(N)], dtype="str")
    table = pd.DataFrame({"town": words(), "date": days(), "time": clock})
    (found,) = dates(table)
    assert found.columns == ("date", "time")
    assert typed(table, taken(table))["date"].iloc[25] == days().iloc[25] + pd.Timedelta("1h25min")
    schema = infer_schema(table)
    assert override(taken(table), table, **found.undoing(taken(table), schema)) == schema


def test_months_may_be_words_and_names_may_have_more_of_them() -> None:
    table = pd.DataFrame(
        {
            "town": words(),
            "sold year": days().dt.year,
            "sold month": days().dt.month_name().astype("str"),
            "built_year": days().dt.year - 30,
        }
    )
    (found,) = dates(table)
    assert found.columns == ("sold year", "sold month")


def test_a_missing_part_makes_a_missing_date_and_is_said() -> None:
    table = three_columns()
    table["Month"] = table["Month"].where(np.arange(N) > 3)
    (found,) = dates(table)
    assert found.evidence.endswith("4 rows lack a part of it, which makes it missing.")
    assert taken(table).column("Year").missing == 4


NOT_ONE_DATE: dict[str, pd.DataFrame] = {
    "a day that is not of that month": three_columns().assign(DayofMonth=30 + np.arange(N) % 2),
    "a year alone": three_columns()[["town", "Year", "DayofMonth"]],
    "years of two things": three_columns(other_year=1)[["town", "Year", "other_year"]],
    "a day of the week": three_columns().rename(columns={"DayofMonth": "DayOfWeek"})[
        ["town", "Month", "DayOfWeek"]
    ],
    "months that count": three_columns().assign(Month=np.arange(N) % 30)[["town", "Year", "Month"]],
}


@pytest.mark.parametrize("table", NOT_ONE_DATE.values(), ids=NOT_ONE_DATE)
def test_what_is_no_date_together_is_left_alone(table: pd.DataFrame) -> None:
    assert dates(table) == []
