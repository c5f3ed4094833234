"""What stands around a table in a text file: prose above it, comments in it, footers below it."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import takewhile

from tjepa.table.reading.dialects import Dialect
from tjepa.table.reading.names import listed

MAX_PROSE = 100
"""More lines than this above a header are no prose."""
_MAX_FOOTER = 30
_LOOKED_AT = 200  # lines at the start in which prose is looked for
_HEAD = 1 << 20  # bytes
_TAIL = 1 << 16  # bytes at the end in which a footer is looked for
_FOOTING = re.compile(
    r"\W*(total|sum|count|number of|rows|records|sources?|notes?|footnotes?|legend|copyright|©|"
    r"(last )?updated|generated|created|exported|printed|data from|end of)\b.*:|\W*(sources?|©)\b",
    re.I,
)
_TOTAL = re.compile(r"(grand |sub)?(totals?|sum|average|mean)\b", re.I)


class LineNumbers:
    """The numbers that the lines which are kept have in the file."""

    def __init__(self) -> None:
        self._gone: list[int] = []

    def of(self, line: int) -> int:
        """The number in the file of a line that is kept, itself counted from 1 among those."""
        for gone in self._gone:
            if gone > line:
                break
            line += 1
        return line

    def leave_out(self, lines: Iterable[int]) -> None:
        """Lines, counted among those that are kept."""
        self._gone = sorted([*self._gone, *map(self.of, sorted(lines))])


def comment_lines(text: bytes, mark: str) -> list[int]:
    """The lines that begin with the mark, outside of quotes, counted from 1."""
    found: list[int] = []
    start = mark.encode()
    # Looking for one character is much quicker than looking for two.
    if start not in text or not (text.startswith(start) or b"\n" + start in text):
        return found
    line, seen, quotes = 1, 0, 0
    for match in re.finditer(b"^" + re.escape(start) + b"[^\n]*", text, re.MULTILINE):
        line += text.count(b"\n", seen, match.start())
        quotes += text.count(b'"', seen, match.start())
        seen = match.start()
        if quotes % 2 == 0:
            found.append(line)
            quotes -= match[0].count(b'"')  # they will be counted, and mean nothing
    return found


def without_lines(text: bytes, lines: Sequence[int]) -> bytes:
    gone = set(lines)
    if not gone:
        return text
    return b"\n".join(
        line for number, line in enumerate(text.split(b"\n"), 1) if number not in gone
    )


def rows_among(text: bytes, lines: Sequence[int], dialect: Dialect) -> set[int]:
    """Those of the lines that are as wide as the table: they merely look like comments."""
    split = text.split(b"\n")
    return {n for n in lines if width_of(split[n - 1].decode(), dialect) == dialect.width}


def prose_above(text: bytes, dialect: Dialect) -> tuple[list[str], bytes]:
    """The lines above the table, and the table from its header on."""
    skip, width = dialect.skip, dialect.width
    if not skip:
        skip, width = _lines_of_prose(text, dialect)
    if not skip:
        return [], text
    *above, table = text.split(b"\n", skip)
    skipped = [line.decode() for line in above]
    widths = [width_of(line, dialect) for line in skipped]
    if _are_rows(widths, width):
        return [], text
    if len(skipped) > table.count(b"\n") and not (max(widths) < 2 and _is_regular(table, dialect)):
        return [], text
    # R writes no name above the row names, so that its header looks like prose.
    if widths[-1] == width - 1 > 1:
        return skipped[:-1], b"\n".join([above[-1], table])
    return skipped, table


def footer_lines(text: bytes, dialect: Dialect) -> list[str]:
    """The lines below the table, blank ones between them included."""
    tail = text[max(0, len(text) - _TAIL) :].rstrip(b"\n").split(b"\n")
    # The first is the header, or cut off.
    last = [line.decode() for line in tail[1:][: -_MAX_FOOTER - 1 : -1]]
    block = list(takewhile(lambda line: not line.strip() or _may_be_footer(line, dialect), last))
    if block and block[-1].strip():  # no blank line sets it apart
        block = list(takewhile(lambda line: not line.strip() or _is_footer(line, dialect), block))
    while block and not block[-1].strip():
        block.pop()
    return block[::-1]


def is_footing(text: str) -> bool:
    """Whether a line or cell begins as footers do."""
    return _FOOTING.match(text) is not None


def about_prose(lines: Sequence[str], above: str = "above the header") -> list[str]:
    """A note about lines that were left out; none about blank ones."""
    if not (shown := [line.strip() for line in lines if line.strip()]):
        return []
    if len(shown) == 1:
        return [f"A line {above} was left out: {listed(shown)}."]
    return [f"{len(shown):,} lines {above} were left out: {listed(shown)}."]


def about_total(cells: Iterable[str], where: str) -> list[str]:
    """A note about a last row that seems to sum up the others."""
    first = next((cell.strip() for cell in cells if cell.strip()), "")
    if not _TOTAL.match(first):
        return []
    return [
        f"The last row ({where}) begins with “{listed([first])}”: if it sums up the others, leave "
        "it out as a footer."
    ]


def width_of(line: str, dialect: Dialect) -> int:
    return len(_cells(line, dialect))


def _cells(line: str, dialect: Dialect) -> list[str]:
    try:
        [cells] = csv.reader(
            [line],
            delimiter=dialect.delimiter,
            quotechar=dialect.quote,
            quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        )
    except (csv.Error, ValueError):  # too long for a cell; nothing in the line
        return []
    return cells


def _lines_of_prose(text: bytes, dialect: Dialect) -> tuple[int, int]:
    """Where the sniffer saw none: lines up to the first that is as wide as most, and that width.

    A line of one cell, or a blank one, has to be among them.
    """
    head = [line.decode() for line in text[:_HEAD].split(b"\n")[: _LOOKED_AT + 1][:-1]]
    widths = [width_of(line, dialect) if line.strip() else 0 for line in head]
    counts = Counter(width for width in widths if width)
    usual, count = counts.most_common(1)[0] if counts else (0, 0)
    if usual < 2 or 2 * count <= sum(counts.values()):
        return 0, usual
    first = widths.index(usual)
    return first if min(widths[:first], default=2) < 2 else 0, usual


def _are_rows(widths: list[int], width: int) -> bool:
    """Whether lines that look like prose are rows, and one further down misled the sniffer."""
    alike = Counter(cells for cells in widths if cells > 1)
    return (
        len(widths) > MAX_PROSE
        or alike[width] > 1
        or max(alike.values(), default=0) > 3
        or (len(widths) > 1 and widths[-1] == widths[-2] > 1)
    )


def _is_regular(table: bytes, dialect: Dialect) -> bool:
    """Whether a few lines are surely a table: two or more, of one width of three or more."""
    widths = {width_of(line.decode(), dialect) for line in table.rstrip(b"\n").split(b"\n")}
    return table.count(b"\n") > 1 and len(widths) == 1 and min(widths) > 2


def _may_be_footer(line: str, dialect: Dialect) -> bool:
    """A line of one cell of words, or one that begins as footers do and is no full row."""
    if dialect.quote and line.count(dialect.quote) % 2:
        return False
    first, *others = _cells(line, dialect) or [""]
    if not others:
        return any(character.isalpha() for character in first)
    is_row = len(others) + 1 >= dialect.width and "".join(others).strip()
    return not is_row and is_footing(first)


def _is_footer(line: str, dialect: Dialect) -> bool:
    """Whether it is one without a blank line above it, too."""
    if is_footing(line):
        return True
    return width_of(line, dialect) == 1 and dialect.width > 2 and " " in line.strip()
