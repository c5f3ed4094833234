"""How cells of text become numbers, dates and missing cells."""

import numpy as np
import pandas as pd
import pytest

from tjepa.table.reading.cells import MISSING
from tjepa.table.reading.raw_table import RawTable, read_table


def read(cells: list[str], delimiter: str = ",") -> RawTable:
    """A table whose first column has these cells."""
    lines = [f'"{cell}"{delimiter}w{i}' for i, cell in enumerate(cells)]
    return read_table("\n".join([f"a{delimiter}b", *lines, ""]).encode(), name="people.csv")


def column(cells: list[str], delimiter: str = ",") -> pd.Series:
    return read(cells, delimiter).frame["a"]


# Missing cells


@pytest.mark.parametrize("marker", MISSING)
@pytest.mark.parametrize("other", ["1.5", "word", "2020-01-01"])
def test_a_marker_is_missing_and_counted(marker: str, other: str) -> None:
    raw = read([marker, other, f" {marker} "])
    assert raw.frame["a"].isna().to_list() == [True, False, True]
    assert raw.notes == (f"Read as missing: “{marker}” in 2 cells (a).",)


def test_empty_cells_are_missing_without_a_note() -> None:
    raw = read(["", "1", ""])
    assert raw.frame["a"].dtype == np.float64
    assert raw.frame["a"].isna().sum() == 2
    assert raw.notes == ()


def test_blank_cells_are_missing_with_a_note() -> None:
    raw = read([" ", "29.85", "  "])
    assert raw.frame["a"].dtype == np.float64
    assert raw.notes == ("Read as missing: 2 blank cells (a).",)


def test_markers_are_said_together_and_long_lists_cut_short() -> None:
    names = [f"c{i}" for i in range(8)]
    text = "\n".join([",".join(names), ",".join(["NA"] * 8), ",".join(["?"] + ["1"] * 7)])
    assert read_table(text.encode()).notes == (
        "Read as missing: “NA” in 8 cells (c0, c1, c2, c3, c4 and 3 more); “?” in 1 cell (c0).",
    )


def test_a_column_without_any_cell_is_all_missing() -> None:
    for cells in (["", ""], ["NA", " "]):
        assert column(cells).dtype == np.float64
        assert column(cells).isna().all()


def test_words_like_none_and_unknown_are_words() -> None:
    words = ["None", "unknown", "-", "missing", "Na"]
    assert column(words).to_list() == words


# Numbers


def test_whole_numbers_are_int64() -> None:
    assert column(["1", "-20", " 3 "]).to_list() == [1, -20, 3]
    assert column(["1", "-20", "3"]).dtype == np.int64


def test_whole_numbers_with_a_missing_one_are_float64() -> None:
    assert column(["1", "", "3"]).dtype == np.float64


def test_numbers_are_parsed_exactly() -> None:
    written = ["0.1", "-1e-7", "2.", ".5", "1E+5", "+4.25", "4.9e-324", "1.7976931348623157e308"]
    values = column(written)
    assert values.dtype == np.float64
    assert values.to_list() == [float(cell) for cell in written]


def test_written_fractions_stay_float64() -> None:
    assert column(["1.0", "2.0"]).dtype == np.float64


@pytest.mark.parametrize("cell", ["007", "-01", "00", "1_000", "0x1A", "$2.39", "12 %", "٣"])
def test_what_only_looks_like_a_number_stays_text(cell: str) -> None:
    values = column(["1", cell, "2"])
    assert values.dtype == "str"
    assert values.to_list() == ["1", cell, "2"]


def test_numbers_beyond_two_to_the_53_stay_text_with_a_note() -> None:
    exact, beyond = str(2**53), str(2**53 + 1)
    assert column([exact, "-" + exact]).to_list() == [2**53, -(2**53)]
    for cells in ([beyond, "1"], ["1", "-" + beyond, ""], ["9" * 30, "1"], ["+" + beyond, "1"]):
        raw = read(cells)
        assert raw.frame["a"].dtype == "str"
        assert raw.frame["a"][0] == cells[0]
        assert raw.notes == ("Kept as text, because numbers beyond 2^53 would be rounded: a.",)
    assert column(["1e20", "2.5"]).to_list() == [1e20, 2.5]


def test_infinite_cells_are_missing_with_a_note() -> None:
    raw = read(["inf", "1e400", "-Infinity", "2.5"])
    assert raw.frame["a"].isna().to_list() == [True, True, True, False]
    assert raw.notes == ("Infinite or too large for a number, so read as missing: 3 cells (a).",)
    assert column(["inf", "Infinity"]).to_list() == ["inf", "Infinity"]


def test_other_spellings_of_nan_are_counted_too() -> None:
    assert read(["NAN", "1"]).notes == ("Read as missing: “NAN” in 1 cell (a).",)


def test_one_word_keeps_a_column_text() -> None:
    assert column(["1", "2", "three"]).to_list() == ["1", "2", "three"]


def test_true_and_false_are_words() -> None:
    assert column(["true", "false"]).to_list() == ["true", "false"]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_decimal_commas(delimiter: str) -> None:
    raw = read(["1,5", "-2,25", "3", "", "1,5e3"], delimiter)
    assert raw.frame["a"].dtype == np.float64
    assert raw.frame["a"].dropna().to_list() == [1.5, -2.25, 3.0, 1500.0]
    assert raw.notes == ("The comma was read as the decimal mark in a.",)


def test_decimal_commas_in_quotes_where_the_comma_divides() -> None:
    raw = read(["1,5", "2,25", "3"])
    assert raw.frame["a"].to_list() == [1.5, 2.25, 3.0]
    assert raw.notes == ("The comma was read as the decimal mark in a.",)
    assert column(["1,5", "2,5,3"]).to_list() == ["1,5", "2,5,3"]


def test_commas_that_may_divide_thousands_are_left_alone() -> None:
    raw = read(["1,234", "56,789", "3"], "\t")
    assert raw.frame["a"].to_list() == ["1,234", "56,789", "3"]
    assert raw.notes == ("Kept as text, because 1,234 may mean 1234 or 1.234: a.",)
    assert column(["1,234", "0,789"], "\t").to_list() == [1.234, 0.789]
    assert column(["1,234", "5,789"], ";").to_list() == [1.234, 5.789]


@pytest.mark.parametrize(
    ("cells", "expected", "mark"),
    [
        (["1,234,567", "12", "-1,000"], [1234567, 12, -1000], "comma"),
        (["1,234.5", "999", ""], [1234.5, 999, None], "comma"),
        (["1.234.567", "1.000"], [1234567, 1000], "point"),
        (["1.234,5", "1.000"], [1234.5, 1000], "point"),
        (["1 234,5", "17"], [1234.5, 17], "space"),
        (["1\u202f234.5", "1\u00a0000"], [1234.5, 1000], "space"),
        (["1'234.5", "1’000"], [1234.5, 1000], "apostrophe"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_thousands_marks(
    cells: list[str], expected: list[float | None], mark: str, delimiter: str
) -> None:
    raw = read(cells, delimiter)
    pd.testing.assert_series_equal(
        raw.frame["a"], pd.Series(expected), check_dtype=False, check_names=False
    )
    assert f"The {mark} was read as the thousands mark in a." in raw.notes


@pytest.mark.parametrize(
    "cells",
    [
        ["555 123 456", "555 987 654"],  # telephone numbers
        ["1,23,456", "1"],
        ["1,234.5,6", "1"],
        ["0,123,456", "1"],
        ["1 2345", "1 2"],
    ],
)
def test_what_only_looks_like_thousands_stays_text(cells: list[str]) -> None:
    assert column(cells).to_list() == cells


def test_one_column_settles_how_the_numbers_of_another_are_meant() -> None:
    raw = read_table(b'a,b\n"1,234",0.5\n"56,789",2.25\n')
    assert raw.frame["a"].to_list() == [1234, 56789]
    assert raw.notes == ("The comma was read as the thousands mark in a.",)
    raw = read_table(b"a;b\n1.234;0,5\n56.789;2,25\n")
    assert raw.frame["a"].to_list() == [1234, 56789]
    raw = read_table(b"a\tb\n1,234\t0,5\n56,789\t2,25\n")
    assert raw.frame["a"].to_list() == [1.234, 56.789]
    raw = read_table(b"a\tb\tc\n1,234\t0,5\t0.5\n56,789\t2,25\t1.5\n")
    assert raw.frame["a"].to_list() == ["1,234", "56,789"]


def test_decimal_commas_throughout_a_file() -> None:
    raw = read_table(b"1,5;2,5\n3,5;4,5\n")
    assert raw.frame.to_numpy().tolist() == [[1.5, 2.5], [3.5, 4.5]]
    for delimiter in (b";", b"\t", b"|"):
        text = b"a;b\n1,5;2,5\n3,5;4,5\n".replace(b";", delimiter)
        assert read_table(text).frame.to_dict("list") == {"a": [1.5, 3.5], "b": [2.5, 4.5]}


# Dates


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (["2020-02-03", "1999-12-31"], "2020-02-03"),
        (["2020-02-03 04:05", "2020-02-03T04:05:06.5"], "2020-02-03 04:05"),
        (["13.02.2020", "1.3.2020"], "2020-02-13"),
        (["01.02.2020", "02.03.2020"], "2020-02-01"),
        (["13/02/2020", "01/03/2020"], "2020-02-13"),
        (["2/13/2020", "12/1/2020"], "2020-02-13"),
        (["6/1/1930 22:00", "6/30/1930 5:07"], "1930-06-01 22:00"),
        (["2020/1/5", "2020/12/31 10:00:01"], "2020-01-05"),
        (["0001-01-01", "9999-12-31"], "0001-01-01"),
    ],
)
def test_dates_are_understood(cells: list[str], first: str) -> None:
    raw = read([*cells, ""])
    assert raw.frame["a"].dtype == "datetime64[us]"
    assert raw.frame["a"][0] == pd.Timestamp(first)
    assert raw.frame["a"].isna().to_list() == [False, False, True]
    assert raw.notes == ()


def test_the_month_comes_first_where_nothing_tells_with_a_note() -> None:
    raw = read(["2/3/2020", "01/03/2020"])
    assert raw.frame["a"][0] == pd.Timestamp("2020-02-03")
    assert raw.notes == ("Day and month could not be told apart, month first is assumed: a.",)


def test_times_with_a_zone_become_utc_with_a_note() -> None:
    raw = read(["2020-01-01T10:00:00+02:00", "2020-01-01T10:00:00Z"])
    assert raw.frame["a"].dtype == "datetime64[us]"
    assert raw.frame["a"].to_list() == [pd.Timestamp(f"2020-01-01 {h}:00") for h in ("08", "10")]
    assert raw.notes == ("Times were converted to UTC in a.",)


def test_nanoseconds_are_kept() -> None:
    [moment] = column(["2020-01-01 10:00:00.123456789"])
    assert moment == pd.Timestamp("2020-01-01 10:00:00.123456789")


@pytest.mark.parametrize(
    "cells",
    [
        ["2020-02-30", "2020-02-01"],
        ["13/2/2020", "1/13/2020"],
        ["1/2.2020", "2/2.2020"],
        ["2020-01-01", "soon"],
        ["10:30", "11:30"],
        ["2020-01-01T10:00:00Z", "2020-01-01"],
        ["32.01.2020", "01.01.2020"],
    ],
)
def test_what_is_no_date_stays_text(cells: list[str]) -> None:
    assert column(cells).to_list() == cells
