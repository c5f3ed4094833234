"""What stands around a table is left out, and named."""

import pytest

from tjepa.errors import ReadingError
from tjepa.table.reading.raw_table import RawTable, read_table

ROWS = "".join(f"{i},w{i},{i}.5\n" for i in range(5))


def read(text: str) -> RawTable:
    return read_table(text.encode(), name="people.csv")


# Comments


def test_comments_are_left_out_with_their_lines() -> None:
    raw = read(f"# made by x, y\n# it's \"half\na,b,c\n{ROWS}# the, end\n")
    assert raw.frame.shape == (5, 3)
    assert raw.notes == ("3 comments (#) were left out (lines 1, 2 and 9).",)
    assert (raw.reading.comment, raw.reading.header) == ("#", 3)


def test_comments_within_quotes_are_cells() -> None:
    raw = read('a,b\n1,"x\n# y"\n# z\n2,w\n')
    assert raw.frame["b"].to_list() == ["x\n# y", "w"]
    assert raw.notes == ("1 comment (#) was left out (line 4).",)


@pytest.mark.parametrize(
    ("text", "names", "rows"),
    [
        ("colour,n\n#ff0000,1\n#00ff00,2\n", ["colour", "n"], 2),
        ("##fileformat\n#CHROM\tPOS\n1\t2\n1\t3\n", ["#CHROM", "POS"], 2),
        ("# x,y\n1,2\n3,4\n", ["# x", "y"], 2),
    ],
)
def test_lines_as_wide_as_the_table_are_rows(text: str, names: list[str], rows: int) -> None:
    raw = read(text)
    assert list(raw.frame) == names
    assert len(raw.frame) == rows


def test_lines_are_counted_with_the_comments_among_them() -> None:
    with pytest.raises(ReadingError, match=r"people\.csv, line 6, has 3 cells"):
        read("\n# c\na,b\n1,2\n# c\n3,4,5\n6,7\n8,9\n")


# Prose


def test_prose_with_delimiters_and_blank_lines() -> None:
    text = '"Source","World, at large",\n\n"Updated","2020-07-01",\n\n"Country","Code","Area",\n'
    raw = read(text + "".join(f'"C{i}","K{i}","{i}",\n' for i in range(20)))
    assert raw.frame.shape[0] == 20
    assert list(raw.frame)[:3] == ["Country", "Code", "Area"]
    assert raw.notes[0].startswith("2 lines above the header were left out: ")
    assert raw.reading.header == 5


def test_prose_above_semicolons_and_decimal_commas() -> None:
    raw = read("Report\nof 2020, all\n\nn;x;y\n" + "".join(f"w{i};{i},5;0,1\n" for i in range(9)))
    assert list(raw.frame) == ["n", "x", "y"]
    assert raw.frame["x"].sum() == 40.5


# Footers


@pytest.mark.parametrize(
    ("footer", "said"),
    [
        ("Total rows: 5\n", "A line below the table was left out: Total rows: 5."),
        ("Total rows: 5,,\n", "A line below the table was left out: Total rows: 5,,."),
        ("Source: us, them\n", "A line below the table was left out: Source: us, them."),
        ("© us\n", "A line below the table was left out: © us."),
        ("\nmade\n", "A line below the table was left out: made."),
        ("Taken from our books\n", "A line below the table was left out: Taken from our books."),
        (
            "\nNotes\n\nSource: us\n\n",
            "2 lines below the table were left out: Notes and Source: us.",
        ),
    ],
)
def test_footers_are_left_out_and_named(footer: str, said: str) -> None:
    raw = read(f"a,b,c\n{ROWS}{footer}")
    assert raw.frame.shape == (5, 3)
    assert raw.notes == (said,)
    assert raw.reading.footer in (1, 3)


@pytest.mark.parametrize("last", ["9\n", "nine\n", "9,x\n", "\n9,x\n", "nine,,\n", "\nnine,,\n"])
def test_short_rows_are_rows(last: str) -> None:
    raw = read(f"a,b,c\n{ROWS}{last}")
    assert len(raw.frame) == 6
    assert raw.reading.footer == 0


def test_a_sum_is_kept_and_pointed_out() -> None:
    raw = read(f"a,b,c\n{ROWS}Total,,12.5\n")
    assert len(raw.frame) == 6
    assert raw.notes == (
        "The last row (row 6) begins with “Total”: if it sums up the others, leave it out as a "
        "footer.",
    )


# Headers of words


def test_words_that_repeat_tell_a_header_from_a_row() -> None:
    rows = [f"{'ep'[i % 2]},{'xyz'[i % 3]},{'abcd'[i % 4]}" for i in range(40)]
    assert read("\n".join(rows)).reading.header == 0
    assert read("\n".join(["class,cap,odour", *rows])).reading.header == 1


def test_numbers_as_names_are_told_by_the_words_beside_them() -> None:
    rows = [
        f"gene {i},{i * 7 % 11},{'AP'[i % 2]},{i * 5 % 13},{'PA'[i % 3 % 2]}" for i in range(30)
    ]
    raw = read("\n".join(["gene,1,call,2,call", *rows]))
    assert list(raw.frame) == ["gene", "1", "call", "2", "call (2)"]
