"""What people's text files hold beside plain commas."""

import pytest

from tjepa.errors import ReadingError
from tjepa.table.reading.choices import FileReading
from tjepa.table.reading.raw_table import RawTable, read_table


def read(text: str, **told: str | int) -> RawTable:
    return read_table(text.encode(), name="t.csv", reading=FileReading(**told))


def cells(text: str, **told: str | int) -> dict[str, list[object]]:
    return read(text, **told).frame.to_dict("list")


# Delimiters of more than one character


@pytest.mark.parametrize("mark", ["||", "::"])
def test_two_characters_that_divide_cells_are_found_out_and_said(mark: str) -> None:
    raw = read("a,b,c\n1,x,2\n3,y,4\n".replace(",", mark))
    assert raw.frame.to_dict("list") == {"a": [1, 3], "b": ["x", "y"], "c": [2, 4]}
    assert raw.reading.delimiter == mark
    assert raw.notes == ()


def test_two_characters_in_quotes_are_part_of_a_cell() -> None:
    assert cells('a::b\n"x::y"::1\n"z"::2\n') == {"a": ["x::y", "z"], "b": [1, 2]}


def test_empty_cells_between_bars_are_no_wide_mark() -> None:
    raw = read("a|b|c\n1||x\n2||y\n")
    assert raw.frame["b"].isna().all()
    assert raw.frame["c"].to_list() == ["x", "y"]
    assert raw.reading.delimiter == "|"


def test_two_characters_can_be_told() -> None:
    text = "a::b\n1::2\n3:4::5\n"
    assert cells(text, delimiter="::") == {"a": ["1", "3:4"], "b": [2, 5]}
    with pytest.raises(ReadingError, match="give one character"):
        read(text, delimiter=":::")


def test_what_is_said_names_the_mark_of_the_file() -> None:
    raw = read("made::up\na::b::c\n1::x::2\n3::y::4\n5::z::6\n", delimiter="::", header=2)
    assert raw.notes == ("A line above the header was left out: made::up.",)
    with pytest.raises(ReadingError, match=r"line 4, has 4 cells .* the delimiter \(::\)"):
        read("a::b::c\n1::x::2\n3::y::4\n5::z::6::7\n8::v::9\n", delimiter="::")
    with pytest.raises(ReadingError, match="not divided into cells by '::'"):
        read("a,b\n1,2\n", delimiter="::")


def test_columns_aligned_by_blanks_are_found_out() -> None:
    text = "name      age  town\nÅsa        31  Malmö\nBo          7  Aix\n"
    raw = read(text)
    assert raw.frame.to_dict("list") == {
        "name": ["Åsa", "Bo"],
        "age": [31, 7],
        "town": ["Malmö", "Aix"],
    }
    assert raw.reading.delimiter == "  "


def test_words_with_single_blanks_stay_together_between_runs() -> None:
    raw = read("town           people\nAix en Othe      2400\nBonn           330000\n")
    assert raw.frame["town"].to_list() == ["Aix en Othe", "Bonn"]


def test_a_text_with_unit_separators_is_refused_with_a_wide_mark() -> None:
    with pytest.raises(ReadingError, match="unit separators"):
        read("a::b\n1\x1f::2\n", delimiter="::")


@pytest.mark.parametrize("delimiter", ["^", "~", "!", "\x1f"])
def test_an_unusual_delimiter_is_read_when_told(delimiter: str) -> None:
    assert cells("a,b\n1,2\n".replace(",", delimiter), delimiter=delimiter) == {"a": [1], "b": [2]}


# Numbers


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (["1'234.5", "7'000.25"], [1234.5, 7000.25]),
        (["1’234.5", "7’000.25"], [1234.5, 7000.25]),
        (["1\u202f234,5", "12,25"], [1234.5, 12.25]),
        (["1\u00a0234,5", "12,25"], [1234.5, 12.25]),
    ],
)
def test_thousands_marks_of_other_countries(written: list[str], value: list[float]) -> None:
    text = "a;b\n" + "".join(f"{number};x\n" for number in written)
    assert cells(text)["a"] == value


@pytest.mark.parametrize(
    "written",
    [
        ["50%", "7%"],
        ["$5.20", "$6.00"],
        ["5,20 €", "6,00 €"],
        ["(1,234)", "(99)"],
        ["12-", "7-"],
        ["ja", "nein"],
        ["oui", "non"],
    ],
)
def test_what_is_not_plainly_a_number_stays_the_text_it_is(written: list[str]) -> None:
    assert cells("a;b\n" + "".join(f"{cell};1\n" for cell in written))["a"] == written


def test_identifiers_keep_their_zeros_and_all_their_digits() -> None:
    found = cells("zip,card,n\n01234,12345678901234567890,9007199254740991\n99999,1,2\n")
    assert found["zip"] == ["01234", "99999"]
    assert found["card"] == ["12345678901234567890", "1"]
    assert found["n"] == [9007199254740991, 2]


@pytest.mark.parametrize("code", ["007", "-007", "0x1F", "00", "+5"])
def test_a_code_far_down_among_numbers_is_no_number(code: str) -> None:
    text = "a,b\n" + "5,x\n" * 5_000 + f"{code},x\n" + "6,x\n"
    found = cells(text)["a"]
    if code == "+5":
        assert found[-2] == 5
    else:
        assert found[-2:] == [code, "6"]
        assert found[0] == "5"


def test_a_word_far_down_among_numbers_is_named_with_its_row() -> None:
    text = "a,b\n" + "1.5,2\n" * 30_000 + "n.v.,3\n" + "2.5,4\n"
    raw = read(text)
    assert raw.frame["a"].to_list()[-2:] == ["n.v.", "2.5"]
    assert raw.notes == (
        "Kept as text, because some cells among numbers are none: a (“n.v.” in row 30,001).",
    )


def test_words_among_many_words_are_no_contradiction() -> None:
    assert read("a,b\n" + "1,x\nword,y\n" * 50).notes == ()


# Lines


def test_a_delimiter_at_the_end_of_each_line() -> None:
    found = read("a,b,\n1,2,\n3,4,\n").frame
    assert found[["a", "b"]].to_dict("list") == {"a": [1, 3], "b": [2, 4]}
    assert list(found)[2:] == ["column 3"]


def test_the_index_that_pandas_writes_is_a_column_named_by_its_place() -> None:
    raw = read(",a,b\n0,x,1\n1,y,2\n")
    assert list(raw.frame) == ["column 1", "a", "b"]
    assert "named by their place: column 1" in raw.notes[0]


def test_comments_blank_lines_and_mixed_line_ends_at_once() -> None:
    raw = read_table(b"# made\r\na;b\r1;x\n\r\n# again\n2;y\r\n", name="t.csv")
    assert raw.frame.to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}
    assert any("comments (#)" in note for note in raw.notes)
    assert any("blank line" in note for note in raw.notes)


def test_quoted_cells_with_line_ends_are_cut_alike_in_long_and_short_files() -> None:
    row = '"two\nlines, and ""quotes""",1\n'
    long = read("a,b\n" + row * 50_000).frame
    assert len(long) == 50_000
    assert set(long["a"]) == {'two\nlines, and "quotes"'}


@pytest.mark.parametrize("odd", ['5" pipe,1\n', '"x" y,1\n', ' "x",1\n', '"x""y"z,1\n'])
def test_odd_quotes_far_down_are_read_as_they_are_at_the_top(odd: str) -> None:
    def outcome(text: str) -> object:
        try:
            return read(text).frame["a"].to_list()
        except ReadingError as error:
            return str(error).split(": ", 1)[-1]

    plain = '"w, v",1\n'
    above, below = outcome("a,b\n" + odd + plain * 30), outcome("a,b\n" + plain * 30 + odd)
    if isinstance(above, list) and isinstance(below, list):
        assert sorted(above) == sorted(below)
    else:
        assert above == below


# Formats


@pytest.mark.parametrize("start", ["PAR1", "Rar!", "BZh", "GIF8", "ARROW1", "FEA1", "7z"])
def test_a_text_that_begins_as_other_files_do_is_read(start: str) -> None:
    assert cells(f"{start},b\n1,2\n3,4\n") == {start: [1, 3], "b": [2, 4]}


def test_a_text_that_is_taken_for_json_or_arff_can_be_told_to_be_none() -> None:
    text = '{"a"},b\nx,1\ny,2\n'
    with pytest.raises(ReadingError, match="say that it is delimited text"):
        read(text)
    raw = read(text, format="text", quote="")
    assert list(raw.frame) == ['{"a"}', "b"]
    assert raw.reading.format == "text"
    arff = "@relation,b\nx,1\ny,2\n"
    assert list(read(arff, format="text").frame) == ["@relation", "b"]


def test_json_is_read_as_text_and_text_as_json_when_told() -> None:
    lines = '{"a": 1, "b": 2}\n{"a": 3, "b": 4}\n'
    assert cells(lines) == {"a": [1, 3], "b": [2, 4]}
    assert read(lines, format="text", header=0, quote="").frame.shape == (2, 2)
    assert cells(lines, format="json") == {"a": [1, 3], "b": [2, 4]}
    with pytest.raises(ReadingError, match="damaged JSON"):
        read("a,b\n1,2\n", format="json")


def test_a_format_that_is_no_text_cannot_be_told() -> None:
    with pytest.raises(ReadingError, match="cannot be taken for Parquet"):
        read("a,b\n1,2\n", format="parquet")
    with pytest.raises(ReadingError, match="is not text: byte"):
        read_table(b"PAR1\0\0", name="t", reading=FileReading(format="text"))


# Long files of records


def test_records_beyond_one_batch_keep_their_order_and_late_keys() -> None:
    lines = [f'{{"a": {i}, "b": "x{i}"}}' for i in range(45_000)]
    lines[41_000] = '{"a": 41000, "c": [1]}'
    frame = read("\n".join(lines)).frame
    assert frame["a"].to_list() == list(range(45_000))
    assert frame["b"].isna().sum() == 1
    assert frame["c"].notna().to_numpy().nonzero()[0].tolist() == [41_000]
