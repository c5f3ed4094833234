import pytest

from tjepa.report.reading_words import reading_in_words
from tjepa.table import FileReading


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        (FileReading(), ""),
        (FileReading("parquet"), "Parquet"),
        (
            FileReading("text", "utf-8", "\t", "", ".", "", "#", 0, 2),
            "delimited text · encoding: utf-8 · delimiter: tab · decimal mark: point · "
            "comment lines begin with: # · header in line: none · lines left out at the end: 2",
        ),
        (FileReading("workbook", header=3, footer=0), "Excel workbook · header in row: 3"),
        (
            FileReading("text", delimiter="::", header=1, header_rows=2),
            "delimited text · delimiter: two colons · header in line: 1 · rows of the header: 2",
        ),
        (
            FileReading("text", delimiter="  ", header=1, header_rows=1),
            "delimited text · delimiter: runs of blanks · header in line: 1",
        ),
    ],
)
def test_a_reading_in_words(reading: FileReading, expected: str) -> None:
    assert reading_in_words(reading) == expected
