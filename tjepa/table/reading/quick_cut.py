"""The quick way through a text file, for one whose rows are alike and whose quotes are regular.

What it cuts, any other reader would cut in the same way; whatever is not sure is left to those.
"""

import numpy as np
import pyarrow as pa
import pyarrow.csv

from tjepa.table.reading.dialects import Dialect
from tjepa.table.reading.limits import MAX_ROWS

_BLOCK = 1 << 20  # bytes that the processor's cache holds


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
    array, mark = np.frombuffer(text, np.uint8), ord(quote)
    may_touch = np.zeros(256, bool)
    may_touch[[mark, ord(dialect.delimiter), ord("\n")]] = True
    seen = 0
    for start in range(0, len(array), _BLOCK):
        at = np.flatnonzero(array[start : start + _BLOCK] == mark) + start
        opening, closing = at[seen % 2 :: 2], at[1 - seen % 2 :: 2]
        seen += len(at)
        # The text ends with a line end: what a quote at its very start touches is that, too.
        if not (may_touch[array[opening - 1]].all() and may_touch[array[closing + 1]].all()):
            return False
    return seen % 2 == 0
