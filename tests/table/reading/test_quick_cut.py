"""The quick way cuts as a strict reader does, or not at all."""

import csv
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tjepa.table.reading.dialects import Dialect
from tjepa.table.reading.quick_cut import has_blank_line, quick_cut

COMMAS = Dialect(",", '"', '"', width=2)


def cut(text: str, dialect: Dialect = COMMAS) -> list[list[str]] | None:
    columns = quick_cut(text.encode(), dialect)
    if columns is None:
        return None
    cells = ([cell or "" for cell in column.to_pylist()] for column in columns)
    return [list(row) for row in zip(*cells, strict=True)]


@settings(max_examples=300, derandomize=True, deadline=None)
@given(
    st.lists(st.sampled_from(["a", "é", " ", ",", '"', '""', "\n", '"a,a"', '"\n"']), max_size=14)
)
def test_what_it_cuts_a_strict_reader_cuts_alike(parts: list[str]) -> None:
    text = "x,y\n" + "".join(parts).replace("\n\n", "\n").strip("\n") + "\n"
    found = cut(text)
    if found is not None:
        lines = text.splitlines(keepends=True)
        assert found == [row for row in csv.reader(lines, strict=True) if row]


@pytest.mark.parametrize(
    "text",
    ['5" pipe,1\n', '"x" y,1\n', ' "x",1\n', '"x""y"z,1\n', '"x,1\n', 'x,"1\n', "1\n", "1,2,3\n"],
)
def test_what_is_odd_is_left_to_the_others(text: str) -> None:
    assert cut("a,b\n" + '"1, 2",3\n' * 5 + text) is None


def test_quotes_are_characters_where_there_are_none() -> None:
    assert cut('a,b\n"1,2\n', Dialect(",", None, None, width=2)) == [["a", "b"], ['"1', "2"]]


def test_other_escapes_are_left_to_the_others_where_they_are_used() -> None:
    dialect = Dialect(",", '"', "\\", width=2)
    assert cut('"a","b"\n', dialect) == [["a", "b"]]
    assert cut('"a\\"","b"\n', dialect) is None


def test_quotes_that_lie_in_different_blocks_are_looked_at_together() -> None:
    assert cut("a,b\n" + '"x, y",2\n' * 200_000 + 'z" z,3\n') is None
    assert len(cut("a,b\n" + '"x, y",2\n' * 200_000) or []) == 200_001


@given(st.text("a, \t\n", max_size=12), st.sampled_from([0, (1 << 18) - 3]))
def test_blank_lines_are_seen_wherever_they_are(text: str, before: int) -> None:
    data = b"a" * before + text.encode()
    assert has_blank_line(data) == bool(re.search(rb"\n[ \t]*\n", data))
