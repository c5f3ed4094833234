"""Text for figures: names from a table are data, never mark-up, and every figure has its stamp."""

from collections.abc import Sequence

import plotly.graph_objects as go

from tjepa.report.template import LOOKS, Theme

NAME_CHARACTERS = 32


def plain(text: object, limit: int | None = None) -> str:
    """`text` as plotly draws it literally; longer than `limit` characters, its end is cut.

    Plotly reads `<b>`, `<a href>` and entities in every label, and a name may hold anything.
    """
    words = " ".join(str(text).split())
    if limit is not None and len(words) > limit:
        words = words[: limit - 1].rstrip() + "…"
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def count(number: int, word: str, words: str | None = None) -> str:
    """`1 row`, `2 rows`, `7,043 rows`."""
    return f"{number:,} {word if number == 1 else words or word + 's'}"


def stamp(parts: Sequence[str]) -> str:
    """What a figure was made from, in one line: `telco.csv · run … · 40 epochs · seed 0`."""
    return " · ".join(part for part in parts if part)


def print_stamp(figure: go.Figure, text: str, theme: Theme) -> None:
    """Write the stamp below the plot, at the left, small."""
    figure.add_annotation(
        text=plain(text),
        xref="paper",
        yref="paper",
        x=0,
        y=0,
        yshift=-46,
        xanchor="left",
        yanchor="top",
        showarrow=False,
        align="left",
        font={"size": 10.5, "color": LOOKS[theme].soft},
    )
