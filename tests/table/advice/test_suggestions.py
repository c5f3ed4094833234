from typing import Any

import numpy as np
import pandas as pd
import pytest

from tjepa.table import Schema, Suggestion, infer_schema, override, suggestions, typed
from tjepa.table.advice import look

N = 600
RANDOM = np.random.default_rng(0)


def frame(**columns: Any) -> pd.DataFrame:
    """Two columns that nothing is said about, and the given ones."""
    plain = {
        "length": np.random.default_rng(1).normal(5, 1, N).round(3),
        "town": pd.Series(
            np.random.default_rng(2).choice(["Oslo", "Rome", "Bonn"], N), dtype="str"
        ),
    }
    return pd.DataFrame({**plain, **columns})


def text(cells: Any) -> pd.Series:
    return pd.Series(cells, dtype="str")


def said(table: pd.DataFrame, **changes: Any) -> list[tuple[tuple[str, ...], str]]:
    """Columns and action of each suggestion."""
    found = suggestions(table, override(infer_schema(table), table, **changes))
    return [(suggestion.columns, suggestion.action) for suggestion in found]


def only(table: pd.DataFrame, **changes: Any) -> Suggestion:
    (found,) = suggestions(table, override(infer_schema(table), table, **changes))
    return found


def numbers() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 40, N).astype(float)


def with_some(cells: np.ndarray, value: float, every: int = 7) -> np.ndarray:
    return np.where(np.arange(N) % every == 0, value, cells)


def test_of_a_plain_table_nothing_is_said() -> None:
    assert said(frame()) == []
    assert said(frame(), target="town") == []


def test_a_table_without_rows_or_of_few_rows_has_no_suggestions() -> None:
    assert said(frame().iloc[:0]) == []
    assert said(frame().iloc[:3]) == []


# Sentinels


@pytest.mark.parametrize("value", [-200.0, -999.0, 999.0, 9999.0, -1.0, 99999.0])
def test_a_number_far_outside_the_rest_that_repeats_may_mean_missing(value: float) -> None:
    found = only(frame(days=with_some(numbers(), value)))
    assert found.columns == ("days",)
    assert found.action == f"Read {value:.0f} as missing"
    assert found.evidence == (
        f"'days' is {value:.0f} in 86 of 600 rows; every other value in 600 rows is between 0 and "
        "39."
    )


def test_a_value_that_stands_out_in_many_columns_is_one_suggestion() -> None:
    random = np.random.default_rng(4)
    cells = {name: with_some(random.permutation(numbers()), -200) for name in "abc"}
    table = frame(**cells)
    found = only(table)
    assert found.columns == ("a", "b", "c")
    assert "stands out in 'b', 'c'" in found.evidence


@pytest.mark.parametrize(
    "cells",
    [
        with_some(numbers(), 0.0),
        with_some(numbers() + 30, 0.0),
        np.where(np.arange(N) == 5, 999.0, numbers()),
        with_some(numbers(), 40.0),
        np.where(np.arange(N) % 7, np.arange(N) % 3 + 1.0, 9.0),
        RANDOM.normal(0, 1, N).round(1),
        RANDOM.gamma(0.2, 100, N).round(0),
    ],
    ids=["zeros", "zeros far away", "once", "next to the rest", "few", "normal", "long tail"],
)
def test_numbers_that_belong_to_the_rest_are_left_alone(cells: np.ndarray) -> None:
    assert said(frame(days=cells)) == []


def test_a_date_far_outside_the_rest_may_mean_missing() -> None:
    dates = pd.Series(pd.date_range("2015-01-01", periods=N, freq="3D").astype("datetime64[us]"))
    table = frame(seen=dates.where(np.arange(N) % 9 > 0, pd.Timestamp("1900-01-01")))
    found = only(table)
    assert found.action == "Read 1900-01-01 00:00:00 as missing"
    taken = override(infer_schema(table), table, **found.taking(infer_schema(table)))
    assert taken.column("seen").missing == 67


def test_words_for_missing_are_counted_by_column() -> None:
    cells = text(np.where(np.arange(N) % 5, frame()["town"], "Unknown"))
    found = only(frame(a=cells, b=cells.where(np.arange(N) % 2 == 0, "Oslo")))
    assert found.columns == ("a", "b")
    assert found.action == "Read “Unknown” as missing"
    assert found.evidence == "“Unknown” is in 180 cells of 600 rows ('a' 120, 'b' 60)."


def test_none_may_mean_that_there_is_none() -> None:
    found = only(frame(a=text(np.where(np.arange(N) % 5, frame()["town"], "None"))))
    assert found.evidence.endswith("It may also mean that there is none.")


# Forms


def test_numbers_beside_a_word_are_offered_with_the_word_as_missing() -> None:
    cells = text([f"{n / 10:.1f}" if n % 20 else "n/a" for n in range(N)])
    table = frame(weight=cells)
    found = only(table)
    assert found.action == "Read as numbers"
    assert found.change == {"kinds": {"weight": "numeric"}, "missing_values": {"weight": ("n/a",)}}
    assert "570 of 600 cells of 'weight' are numbers written as text, as '0.1'" in found.evidence
    taken = override(infer_schema(table), table, **found.taking(infer_schema(table)))
    assert (taken.column("weight").kind, taken.column("weight").missing) == ("numeric", 30)


def test_a_comma_that_may_mean_two_things_is_a_suggestion() -> None:
    found = only(frame(people=text([f"{n % 50 + 1},{n % 900 + 100}" for n in range(N)])))
    assert found.action == "Read as numbers"
    assert found.evidence.endswith("They would be read as 1,234.5.")


@pytest.mark.parametrize("word", [".", "-", "n/a", "unbekannt"])
def test_numbers_among_many_words_that_mean_missing_are_a_suggestion(word: str) -> None:
    cells = np.where(np.arange(N) % 3, np.round(RANDOM.normal(size=N), 2).astype(str), word)
    found = only(frame(price=text(cells)))
    assert found.action == "Read as numbers"
    assert found.change["missing_values"] == {"price": (word,)}


def test_numbers_among_many_other_words_are_codes() -> None:
    cells = np.where(np.arange(N) % 3, np.round(RANDOM.normal(size=N), 2).astype(str), "late")
    assert said(frame(price=text(cells))) == []


def test_days_of_a_spreadsheet_under_the_name_of_a_date_are_a_suggestion() -> None:
    days = np.random.default_rng(0).integers(43_000, 44_000, N)
    found = only(frame(order_date=days))
    assert found.action == "Read as dates"
    assert "days since 1900: dates from 2017-" in found.evidence
    assert said(frame(price=days)) == []


def test_dates_among_which_a_spreadsheet_has_converted_some_are_a_suggestion() -> None:
    days = pd.date_range("2020-01-01", periods=N)
    cells = [
        f"{d:%m/%d/%Y}" if d.day % 5 else str((d - pd.Timestamp("1899-12-30")).days) for d in days
    ]
    table = frame(shipped=text(cells))
    found = only(table)
    assert "They would be read as %m/%d/%Y or excel days." in found.evidence
    schema = infer_schema(table)
    taken = override(schema, table, **found.taking(schema))
    assert typed(table, taken)["shipped"].dt.date.tolist() == list(days.date)


def test_times_as_numbers_are_one_suggestion_and_become_hours() -> None:
    random = np.random.default_rng(0)
    times = {name: 100 * random.integers(0, 24, N) + random.integers(0, 60, N) for name in "ab"}
    table = frame(**times)
    found = only(table)
    assert (found.columns, found.action) == (("a", "b"), "Read as times")
    schema = infer_schema(table)
    taken = override(schema, table, **found.taking(schema))
    assert taken.column("a").parts == ("hour",)
    first = int(times["a"][0])
    assert typed(table, taken)["a"].iloc[0].hour == first // 100


def test_scores_are_no_times() -> None:
    cells = [f"{21 - n % 4}:{n % 3 + 15}" for n in range(N)]
    assert said(frame(result=text(cells))) == []
    assert said(frame(time=text(cells))) == [(("time",), "Read as times")]


def test_codes_that_a_typed_file_has_as_text_stay_codes() -> None:
    assert said(frame(code=text([str(n % 30 + 100) for n in range(N)]))) == []


def test_dates_of_which_day_and_month_are_unsure_are_a_suggestion() -> None:
    cells = text([f"{n % 12 + 1}/{n % 11 + 1}/2011 1:0{n % 10} PM" for n in range(N)])
    found = only(frame(seen=cells))
    assert found.action == "Read as dates"
    assert "They would be read as %m/%d/%Y %I:%M %p." in found.evidence


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        (20_200_101 + np.arange(N) % 28, "YYYYMMDD"),
        (202_001 + np.arange(N) % 12, "YYYYMM"),
        (1_600_000_000 + 7_919 * np.arange(N), "unix seconds"),
    ],
)
def test_numbers_that_are_dates_are_a_suggestion(cells: np.ndarray, form: str) -> None:
    table = frame(seen=np.random.default_rng(0).permutation(cells))
    found = only(table)
    assert found.action == "Read as dates"
    assert f"is a date as {form}: dates from 2020-" in found.evidence
    taken = override(infer_schema(table), table, **found.taking(infer_schema(table)))
    assert taken.column("seen").kind == "date"


def test_ordinals_of_one_scale_are_one_suggestion() -> None:
    cells = [text(RANDOM.permutation(["low", "medium", "high", "very high"] * (N // 4)))]
    cells.append(cells[0].where(cells[0] != "very high", "low").sample(frac=1, random_state=0))
    found = only(frame(a=cells[0], b=cells[1].reset_index(drop=True)))
    assert (found.columns, found.action) == (("a", "b"), "Keep the order")
    assert (
        found.evidence == "The values of 'a', 'b' have an order: low < medium < high < very high."
    )
    assert found.change["orders"]["b"] == ("low", "medium", "high")


def test_an_order_leaves_the_word_for_missing_aside() -> None:
    table = frame(a=text(RANDOM.permutation(["low", "medium", "high", "unknown"] * (N // 4))))
    found = only(table)
    assert found.change["orders"]["a"] == ("low", "medium", "high")
    assert found.change["missing_values"]["a"] == ("unknown",)


def test_more_categories_than_there_are_codes_may_be_read_by_their_letters() -> None:
    n = 4_000
    cells = text([f"c{k}" for k in np.random.default_rng(0).integers(0, 1_500, n)])
    table = pd.DataFrame({"town": cells, "x": np.random.default_rng(0).normal(size=n)})
    found = only(table)
    assert found.action == "Use its letters"
    assert "distinct values. The 256 most frequent get a code" in found.evidence
    schema = infer_schema(table)
    taken = override(schema, table, **found.taking(schema))
    assert (taken.column("town").kind, taken.column("town").used) == ("text", True)
    assert override(taken, table, **found.undoing(taken, schema)) == schema


def test_free_text_is_left_out_until_a_person_asks_for_it() -> None:
    words = np.random.default_rng(0).choice(["red", "old", "jam", "spoon", "cellar"], (N, 8))
    table = frame(note=text([" ".join(row) for row in words]))
    found = only(table)
    assert (found.columns, found.action) == (("note",), "Use its letters")
    assert "'note' is free text (" in found.evidence
    schema = infer_schema(table)
    assert not schema.column("note").used
    assert override(schema, table, **found.taking(schema)).column("note").used


# Repeats


def test_a_column_that_equals_another_is_named() -> None:
    found = only(frame(copy=frame()["length"]))
    assert (found.columns, found.action) == (("copy",), "Leave 'copy' out")
    assert found.evidence == "'copy' equals 'length' in every row."


def test_a_one_to_one_recoding_is_named_and_the_number_stays() -> None:
    level = np.random.default_rng(5).integers(1, 9, N)
    found = only(frame(word=text([f"level {'abcdefghi'[n]}" for n in level]), level=level))
    assert found.columns == ("word",)
    assert "says the same as 'level': each of its 8 values" in found.evidence


def test_a_rescaled_column_is_named() -> None:
    found = only(frame(inches=frame()["length"] / 2.54))
    assert found.columns == ("inches",)


def test_two_columns_of_values_that_hardly_repeat_are_no_recodings() -> None:
    assert said(frame(other=np.random.default_rng(9).normal(size=N))) == []


def test_many_duplicates_are_one_suggestion() -> None:
    found = only(frame(**{name: frame()["length"] for name in "abcd"}))
    assert found.columns == tuple("abcd")
    assert found.evidence.startswith("4 columns say the same as another one: 'a', 'b', 'c', 'd'.")


def test_a_nearly_constant_column_is_named() -> None:
    found = only(frame(flag=(np.arange(N) == 7) * 1))
    assert (found.columns, found.action) == (("flag",), "Leave it out")
    assert found.evidence == "All but 1 of 600 rows hold one value in 'flag'."


# Taking and undoing


def everything() -> tuple[pd.DataFrame, Schema]:
    table = frame(
        days=with_some(numbers(), 999),
        level=text(RANDOM.permutation(["low", "medium", "high", "unknown"] * (N // 4))),
        price=text([f"{n / 10:.1f}" if n % 20 else "n/a" for n in range(N)]),
        copy=frame()["length"],
        when=np.random.default_rng(0).permutation(20_200_101 + np.arange(N) % 28),
        colour=text(np.where(np.arange(N) % 5, "red", "?")),
    )
    return table, infer_schema(table)


def test_every_suggestion_can_be_taken_and_undone_in_any_order() -> None:
    table, schema = everything()
    found = suggestions(table, schema)
    assert len(found) == 6
    assert not any(suggestion.is_taken(schema) for suggestion in found)
    now = schema
    for suggestion in found:
        now = override(now, table, **suggestion.taking(now))
        assert suggestion.is_taken(now)
    assert all(suggestion.is_taken(now) for suggestion in found)
    for suggestion in found:
        now = override(now, table, **suggestion.undoing(now, schema))
        assert not suggestion.is_taken(now)
    assert now == schema
    assert now.schema_id == schema.schema_id


def test_other_missing_values_stay_when_one_is_taken_and_undone() -> None:
    table = frame(days=with_some(numbers(), 999))
    schema = infer_schema(table)
    (found,) = suggestions(table, schema)
    own = override(schema, table, missing_values={"days": ["7"]})
    both = override(own, table, **found.taking(own))
    assert both.column("days").missing_values == ("7", "999")
    assert override(both, table, **found.undoing(both, schema)) == own


def test_suggestions_are_the_same_every_time() -> None:
    table, schema = everything()
    assert suggestions(table, schema) == suggestions(table, schema)


def test_of_a_large_table_some_rows_are_looked_at_and_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(look, "LOOKED_AT", 300)
    found = only(frame(days=with_some(numbers(), 999)))
    assert "is 999 in 86 of 600 rows; every other value in 300 rows drawn at random" in (
        found.evidence
    )
