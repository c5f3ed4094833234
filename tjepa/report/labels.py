"""Text for figures: names from a table are data, never mark-up, and every figure has its stamp."""

import re
import textwrap
from collections.abc import Sequence

import plotly.graph_objects as go

NAME_CHARACTERS = 32
NARROW_NAME = 24
"""Of a name beside a map: it leaves room for the map on a narrow screen."""
STAMP_CHARACTERS = 66
STAMP_LINE = 15

_BLANKS = re.compile(r"[ \t\r\n\f\v]+")


def plain(text: object, limit: int | None = None) -> str:
    """`text` as plotly draws it literally; longer than `limit` characters, its end is cut.

    Plotly reads `<b>`, `<a href>` and entities in every label, and a name may hold anything.
    """
    words = _BLANKS.sub(" ", str(text)).strip()
    if limit is not None and len(words) > limit:
        words = words[: limit - 1].rstrip() + "…"
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def count(number: int, word: str, words: str | None = None) -> str:
    """`1 row`, `2 rows`, `7,043 rows`."""
    return f"{number:,} {word if number == 1 else words or word + 's'}"


def stamp(parts: Sequence[str]) -> str:
    """What a figure was made from: `telco.csv · run … · 40 epochs, seed 0`.

    Spaces within a part do not break, so that lines end between parts.
    """
    return "\u00a0· ".join("\u00a0".join(part.split()) for part in parts if part)


def print_stamp(figure: go.Figure, text: str, *, below: int) -> None:
    """Write the stamp at the lower right, and make room for it under `below` pixels of axis.

    It ends at the plot's right edge and its lines are short, so that it stays whole on a narrow
    screen however wide the labels at the left are.
    """
    lines = textwrap.wrap(text, STAMP_CHARACTERS)
    room = STAMP_LINE * len(lines) + 12
    figure.add_annotation(
        text="<br>".join(map(plain, lines)),
        name="stamp",
        xref="paper",
        yref="paper",
        x=1,
        y=0,
        yshift=-below - 4,
        xanchor="right",
        yanchor="top",
        align="right",
        showarrow=False,
        font_size=11.5,
        opacity=0.75,
    )
    figure.update_layout(margin_b=below + room, height=figure.layout.height + room)
