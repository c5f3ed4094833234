"""The quick way through a text file, for one whose rows are alike and whose quotes are regular.

What it cuts, any other reader would cut in the same way; whatever is not sure is left to those.
"""

import re

import numpy as np
import pyarrow as pa
import pyarrow.csv

from tjepa.table.reading.dialects import Dialect
from tjepa.table.reading.limits import MAX_ROWS

_BLOCK = 1 << 20  # bytes that the processor's cache holds
_PIECE = 1 << 18  # bytes, the same with what is worked out from them
_LINE_END = ord("\n")
_BLANK_LINE = re.compile(rb"\n[ \t]*\n")


def has_blank_line(text: bytes) -> bool:
    """Whether a line end follows another, or nothing but blanks and tabs are between them."""
    array = np.frombuffer(text, np.uint8)
    for start in range(0, len(array), _PIECE):
        piece = array[start : start + _PIECE + 1]
        # Hardly a line begins with a blank, and this is seen far sooner than it is searched.
        if ((piece[:-1] == _LINE_END) & (piece[1:] <= ord(" "))).any():
            return _BLANK_LINE.search(text, start) is not None
    return False


def quick_cut(text: bytes, dialect: Dialect) -> list[pa.ChunkedArray] | None:
    """The cells by column, the first row included, empty ones null; None where there is doubt.

    The text is UTF-8 with plain line ends and no blank line.
    """
    # A row that is no shorter than the others has a byte for each of its cells.
    if len(text) > dialect.width * MAX_ROWS and text.count(b"\n") > MAX_ROWS + 1:
        return None
    quote = dialect.quote
    if quote and quote.encode() not in text:
        quote = None
    if quote and not _are_regular(text, quote, dialect):
        return None
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(text),
            pyarrow.csv.ReadOptions(
                use_threads=pa.cpu_count() > 1,
                block_size=_BLOCK,
                column_names=[str(i) for i in range(dialect.width)],
            ),
            pyarrow.csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char=quote or False,
                newlines_in_values=quote is not None,
            ),
            pyarrow.csv.ConvertOptions(
                check_utf8=False,  # it was checked as a whole
                column_types={str(i): pa.string() for i in range(dialect.width)},
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except (pa.ArrowInvalid, ValueError):  # a row of another width, or one longer than a block
        return None
    return table.columns


def _are_regular(text: bytes, quote: str, dialect: Dialect) -> bool:
    """Whether quotes open and close cells, and are written twice within them, everywhere.

    Every other quote then opens a cell or is the second of two; the others close one, or are the
    first of two.
    """
    if dialect.escape not in (None, quote) and dialect.escape.encode() in text:
        return False
    array, mark, delimiter = np.frombuffer(text, np.uint8), ord(quote), ord(dialect.delimiter)

    def touch_marks(at: np.ndarray) -> bool:
        near = array[at]
        return bool(((near == mark) | (near == delimiter) | (near == _LINE_END)).all())

    seen = 0
    for start in range(0, len(array), _PIECE):
        at = np.flatnonzero(array[start : start + _PIECE] == mark) + start
        opening, closing = at[seen % 2 :: 2], at[1 - seen % 2 :: 2]
        seen += len(at)
        # The text ends with a line end: what a quote at its very start touches is that, too.
        if not (touch_marks(opening - 1) and touch_marks(closing + 1)):
            return False
    return seen % 2 == 0
