import pandas as pd
import pytest

from tjepa.errors import ReadingError
from tjepa.table.reading.raw_table import RawTable, read_table

HEADER = """% A comment, with a 'quote
@relation 'two words'

@attribute 'first name' string
@ATTRIBUTE n real % a number
@attribute k {'a b', "c", d}
@attribute day date "dd/MM/yyyy HH:mm"
"""


def read(text: str) -> RawTable:
    return read_table(text.encode(), name="t.arff")


def problem(text: str) -> str:
    with pytest.raises(ReadingError) as refusal:
        read(text)
    return str(refusal.value)


def test_types_names_and_quotes() -> None:
    raw = read(
        HEADER
        + "@data\n'x, y', 1, 'a b', '01/02/2020 10:00'\n% no row\n?,?,d,?\n\n'it\\'s',2.5,c,?\n"
    )
    expected = pd.DataFrame(
        {
            "first name": ["x, y", None, "it's"],
            "n": [1.0, None, 2.5],
            "k": ["a b", "d", "c"],
            "day": pd.to_datetime(["2020-02-01 10:00", None, None]).astype("datetime64[us]"),
        }
    )
    pd.testing.assert_frame_equal(raw.frame, expected)
    assert raw.notes == ("Read as missing: “?” in 4 cells (first name, n and day).",)
    assert raw.reading.told == {"format": "arff", "encoding": "utf-8"}


def test_nominal_numbers_and_words_for_missing_stay_as_declared() -> None:
    raw = read("@relation r\n@attribute a {0,1,NA}\n@attribute b integer\n@data\n0,1\nNA,2\n1,3\n")
    assert raw.frame["a"].to_list() == ["0", "NA", "1"]
    assert raw.frame["b"].to_list() == [1, 2, 3]


def test_values_that_are_not_declared_are_named() -> None:
    raw = read("@relation r\n@attribute a {x}\n@attribute b numeric\n@data\nx,1\ny,2\n")
    assert raw.notes == ("Values of a that its header does not name: y.",)


@pytest.mark.parametrize("quote", ["'", '"'])
def test_either_quote(quote: str) -> None:
    rows = "".join(f"{quote}x, {i}{quote},{i}\n" for i in range(3))
    raw = read(f"@relation r\n@attribute a string\n@attribute b numeric\n@data\n{rows}")
    assert raw.frame["a"].to_list() == ["x, 0", "x, 1", "x, 2"]


def test_iso_dates_need_no_form() -> None:
    text = "@relation r\n@attribute a date\n@attribute b numeric\n@data\n2020-01-02T03:04:05,1\n"
    assert read(text).frame["a"][0] == pd.Timestamp("2020-01-02 03:04:05")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{0 1}\n", "line 5, is a sparse row"),
        ("1,2\n3\n1,2\n1,2,3\n", "line 8, has 3 cells where 2 are expected"),
        ("1,2,3\n1,2,3\n", "has 2 attributes and 3 cells in line 5"),
        ("\n% nothing\n", "has attributes but no data"),
    ],
)
def test_rows_that_do_not_fit_are_named_by_their_line(text: str, what: str) -> None:
    header = "@relation r\n@attribute a numeric\n@attribute b numeric\n@data\n"
    assert what in problem(header + text)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("@attribute a", "line 2, names no attribute with its type"),
        ("@attribute a relational", "line 2, has an attribute of the type 'relational'"),
        ("a, b", "line 2, is no line of an ARFF header: 'a, b'"),
        ("% only", "without @data"),
    ],
)
def test_headers_that_cannot_be_read_are_named_by_their_line(line: str, what: str) -> None:
    assert what in problem(f"@relation r\n{line}\n")
