"""How lines become rows and cells: dialects, headers, encodings, and rows that do not fit."""

import pandas as pd
import pytest

from tjepa.errors import ReadingError
from tjepa.table.reading.header import has_header
from tjepa.table.reading.raw_table import RawTable, read_table


def read(text: str | bytes) -> RawTable:
    return read_table(text.encode() if isinstance(text, str) else text, name="people.csv")


def rows(text: str | bytes) -> list[list[object]]:
    return read(text).frame.to_numpy(dtype=object).tolist()


def problem(text: str | bytes) -> str:
    with pytest.raises(ReadingError) as refusal:
        read(text)
    return str(refusal.value)


# Dialects


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(delimiter: str, end: str) -> None:
    lines = ["name,age", "Åsa,31", "Bo,7", ""]
    raw = read(end.join(lines).replace(",", delimiter))
    assert raw.frame.to_dict("list") == {"name": ["Åsa", "Bo"], "age": [31, 7]}
    assert raw.notes == ()


def test_mixed_line_ends_and_no_last_one() -> None:
    assert rows("a,b\r\n1,2\n3,4\r5,6") == [[1, 2], [3, 4], [5, 6]]


def test_quotes_hold_delimiters_line_ends_and_quotes() -> None:
    text = 'a,b\n"x, y",1\n"two\n\nlines",2\n"say ""hi""",3\n'
    assert rows(text) == [["x, y", 1], ["two\n\nlines", 2], ['say "hi"', 3]]
    assert read(text).notes == ()


def test_quotes_that_first_come_late() -> None:
    text = "a,b\n" + "x,1\n" * 30_000 + '"y, z",2\n'
    assert rows(text)[-1] == ["y, z", 2]


def test_single_quotes_and_backslashes() -> None:
    assert rows("a,b\n'x,1',2\n'y,3',4\n") == [["x,1", 2], ["y,3", 4]]
    assert rows('a,b\n"x\\"y, z",2\n"z",4\n') == [['x"y, z', 2], ["z", 4]]


def test_a_quote_within_a_cell_is_a_character() -> None:
    assert rows('size\tn\n5" pipe\t1\n2" pipe\t2\n') == [['5" pipe', 1], ['2" pipe', 2]]


def test_delimiters_of_other_kinds_stay_in_their_cells() -> None:
    assert rows("id;text\n1;x, y, z\n2;a, b\n") == [[1, "x, y, z"], [2, "a, b"]]


def test_names_beyond_ascii_and_with_markup_are_kept() -> None:
    assert list(read("имя,<b>x</b>,a*b\nа,1,2\n").frame) == ["имя", "<b>x</b>", "a*b"]


# Encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_needs_no_note(encoding: str) -> None:
    raw = read("naïve,€\n東京,1\n".encode(encoding))
    assert raw.frame.to_dict("list") == {"naïve": ["東京"], "€": [1]}
    assert raw.notes == ()


def test_utf_16_of_either_byte_order() -> None:
    assert rows(b"\xfe\xff" + "a,b\nå,1\n".encode("utf-16-be")) == [["å", 1]]


def test_what_is_not_unicode_is_read_as_windows_1252_with_a_note() -> None:
    raw = read("naïve,€\nÅsa,1\n".encode("cp1252"))
    assert raw.frame.to_dict("list") == {"naïve": ["Åsa"], "€": [1]}
    assert raw.notes == ("The file is not UTF-8: it was read as Windows-1252 (Western European).",)
    assert rows(b"a,b\n\x81\xe5,1\n") == [["\x81å", 1]]  # undefined there, so Latin-1


# Headers and names


def test_a_file_without_header_gets_names_by_place_and_a_note() -> None:
    raw = read("A11,6,4.5\nA12,48,2.5\nA11,12,1.5\n")
    assert list(raw.frame) == ["column 1", "column 2", "column 3"]
    assert len(raw.frame) == 3
    assert raw.notes == ("The file has no header: its columns are named “column 1” to “column 3”.",)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (True, "name,town/joe,aix/bob,bonn"),
        (True, "a,b/1,2"),
        (True, "a,b"),
        (True, "a,b/,/,"),
        (True, "day,2020/2020-01-01,x/2020-01-02,y"),
        (True, "country,2000,2001,2002/fr,1,9,3/de,4,5,7"),
        (True, "2020-01-01,2020-01-02/5,6/7,8"),
        (False, "1,2/3,4"),
        (False, "1,2"),
        (False, "1,2,3/4,5,6"),
        (False, "2020-01-01,x/2020-01-02,y"),
        (False, "x,1,?/y,?,2/z,4,5"),
        (False, "1,5;2/3,5;4"),
    ],
)
def test_what_is_a_header(expected: bool, text: str) -> None:
    delimiter = ";" if ";" in text else ","
    assert has_header([line.split(delimiter) for line in text.split("/")]) is expected


def test_names_are_stripped_filled_and_numbered() -> None:
    raw = read(" a ,a,,b,a,a (2),\n1,2,3,4,5,6,7\n8,9,10,11,12,13,14\n")
    assert list(raw.frame) == ["a", "a (3)", "column 3", "b", "a (4)", "a (2)", "column 7"]
    assert raw.notes == (
        "Columns without a name were named by their place: column 3 and column 7.",
        "Columns with the name of an earlier one were numbered: a (3) and a (4).",
    )


def test_a_name_by_place_gives_way_to_a_real_one() -> None:
    assert list(read(",column 1\n1,2\n").frame) == ["column 1 (2)", "column 1"]


def test_prose_above_the_header_is_left_out_with_a_note() -> None:
    raw = read("Report of sales\nfor 2020\n\nname,age,town\nx,1,a\ny,2,b\n")
    assert raw.frame.shape == (2, 3)
    assert raw.notes == ("2 lines above the header were left out: Report of sales and for 2020.",)


def test_a_header_only_has_no_rows() -> None:
    for text in ("a,b,c\n", "a,b,c"):
        assert problem(text).startswith("people.csv has column names but no rows.")


@pytest.mark.parametrize("text", ["a\n1\n2\n", "name\nfoo bar\nbaz\n", "a b c\n1 2 3\n4 5 6\n"])
def test_one_column_is_no_table(text: str) -> None:
    assert problem(text).startswith("people.csv has only one column")


# Rows that do not fit


def test_a_short_row_is_filled_up_and_named() -> None:
    raw = read("a,b,c\n1,2,x\n4,5\n6,7,y\n8,9,z\n")
    assert raw.frame["c"].isna().to_list() == [False, True, False, False]
    assert raw.frame["b"].to_list() == [2, 5, 7, 9]
    assert raw.notes == ("1 row has too few cells (line 3). The other cells were read as missing.",)


def test_a_short_row_far_down_is_named_by_its_line() -> None:
    raw = read("a,b\n" + '"1\n",2\n' * 30_000 + "1\n")
    assert len(raw.frame) == 30_001
    assert "(line 60,002)" in raw.notes[0]


def test_a_long_row_is_refused_by_its_line() -> None:
    text = problem("a,b\n" + "1,2\n" * 30_000 + "1,2,3\n1,2\n1,2,3\n")
    assert text == (
        "people.csv, line 30,002, has 3 cells where 2 are expected (too long as well: 30004). "
        "Put cells that hold the delimiter (,) in quotes."
    )


def test_the_line_is_counted_from_the_top_of_the_file() -> None:
    text = "\nSome words\n\na;b\n" + "1;2\n" * 8 + "1;2;3\n"
    assert "line 13, has 3 cells" in problem(text)


def test_empty_cells_beyond_the_last_column_are_no_cells() -> None:
    assert rows("a,b\n1,2,\n3,4\n5,6,,\n") == [[1, 2], [3, 4], [5, 6]]
    assert list(read("a,b,\n1,2\n3,4\n").frame) == ["a", "b"]
    assert list(read("a,b,c\n1,2,3,\n4,5,6,\n").frame) == ["a", "b", "c"]


def test_row_names_without_a_name_are_a_column() -> None:
    raw = read("a,b,c\nx,1,2,3\ny,4,5,6\nz,7,8,9\n")
    assert raw.frame.to_dict("list") == {
        "column 1": ["x", "y", "z"],
        "a": [1, 4, 7],
        "b": [2, 5, 8],
        "c": [3, 6, 9],
    }


def test_rows_of_all_widths_are_no_table() -> None:
    assert "line 1 has 4 cells and line 2 has 3" in problem("a,b,c,d\n1,2,3\n4,5,6\n7,8,9\n")


def test_a_quote_that_is_never_closed_is_named_by_its_line() -> None:
    text = "a,b\n" + "1,2\n" * 1000 + '"3,4\n' + "1,2\n" * 5 + '1,"x, y"\n'
    assert problem(text).startswith('people.csv, line 1,002: a quote (") is not closed')


def test_quotes_that_come_in_no_pairs_are_characters_where_that_fits() -> None:
    raw = read('a\tb\n5"\t1\n"foo" bar\t2\n"x\t3\n')
    assert raw.frame["a"].to_list() == ['5"', '"foo" bar', '"x']
    assert raw.notes == ('Quotes (") do not come in pairs: they were read as characters.',)
    assert raw.reading.quote == ""


def test_an_endless_line_gets_its_sentence() -> None:
    assert "line of more than 2 MB" in problem(b"a,b\n1," + b"x" * 3_000_000)


def test_a_quote_that_swallows_much_is_named_too() -> None:
    text = 'a,b\n1,2\n"3,4\n' + "1,2\n" * 50_000 + "1,2,3\n"
    assert problem(text).startswith('people.csv, line 3: a quote (") is not closed')


def test_blank_lines_and_empty_rows_at_the_end_are_counted() -> None:
    raw = read("a,b\n1,2\n\n3,4\n  \n5,6\n,\n , \n\n\n")
    assert raw.frame.to_numpy().tolist() == [[1, 2], [3, 4], [5, 6]]
    assert raw.notes == (
        "2 blank lines were left out (lines 3 and 5).",
        "2 empty rows at the end were left out.",
    )


def test_an_empty_row_in_between_is_a_row() -> None:
    assert read("a,b\n1,2\n,\n3,4\n").frame.isna().to_numpy().tolist() == [
        [False, False],
        [True, True],
        [False, False],
    ]


def test_the_slow_way_and_the_fast_way_agree() -> None:
    text = "a,b,c\n" + ' x ,"y, ""z""",1\n,007,2.5\n' * 20_000
    fast, slow = read(text), read(text + "\n1,2\n")
    assert len(slow.frame) == 40_001
    pd.testing.assert_frame_equal(fast.frame, slow.frame.iloc[:-1])
