"""Figures of a whole profile: missing cells and associations."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from tjepa.report.labels import NARROW_NAME, plain, print_stamp
from tjepa.report.profile_words import share_text
from tjepa.report.template import LOOKS, Look, Theme, lay_out
from tjepa.table.profiles import Associations, Missing, Pair

MATRIX = 30
TARGET_BARS, UNSURE_BARS, LEAST_BARS = 25, 3, 10

_LINE, _MARGIN = 21, 66


def missing_map(missing: Missing, *, stamp: str, theme: Theme) -> go.Figure:
    """Columns by rows of the table, as far as they have missing cells; the first on top."""
    look = LOOKS[theme]
    share = missing.share[::-1]
    names, totals = missing.names[::-1], missing.totals[::-1]
    edges = np.asarray(missing.edges)
    hover = [
        [
            f"{plain(name, NARROW_NAME)}, rows {edges[b]:,} to {edges[b + 1] - 1:,}: "
            f"{share_text(cells[b], 1)} missing"
            for b in range(len(edges) - 1)
        ]
        for name, cells in zip(names, share, strict=True)
    ]
    figure = go.Figure(
        go.Heatmap(
            z=share,
            x=edges,
            y=np.arange(len(names) + 1) - 0.5,
            zmin=0,
            zmax=1,
            # A single cell in a bin of many is to be seen, too.
            colorscale=[
                [0, look.line],
                [0.0001, _mixed(look.line, look.categories[3], 0.25)],
                [1, look.categories[3]],
            ],
            ygap=2 if len(names) <= 40 else 1,
            text=hover,
            hovertemplate="%{text}<extra></extra>",
            colorbar=_colorbar("missing", look) | {"tickformat": ".0%"},
        )
    )
    labels = [
        f"{plain(name, NARROW_NAME)}  {share_text(total, missing.n_rows)}"
        for name, total in zip(names, totals, strict=True)
    ]
    lay_out(figure, theme, _MARGIN + _LINE * max(2, len(names)))
    figure.update_xaxes(title_text="row of the table", tickformat=",d", showgrid=False)
    _named_rows(figure, labels)
    print_stamp(figure, stamp, below=50)
    return figure


def association_matrix(found: Associations, *, stamp: str, theme: Theme) -> go.Figure:
    """Every pair that stands out from chance, of at most `MATRIX` columns with the strongest."""
    look = LOOKS[theme]
    kept = matrix_columns(found)
    names = [found.names[i] for i in kept]
    v = found.v[np.ix_(kept, kept)].copy()
    np.fill_diagonal(v, np.nan)
    labels = [plain(name, NARROW_NAME) for name in names]
    hover = [
        [
            ""
            if i == j
            else f"{labels[i]} and {labels[j]}: "
            + (f"{v[i, j]:.2f}" if v[i, j] else "not told apart from chance")
            for j in range(len(names))
        ]
        for i in range(len(names))
    ]
    figure = go.Figure(
        go.Heatmap(
            z=v[::-1],
            x=np.arange(len(names)),
            y=np.arange(len(names)),
            zmin=0,
            zmax=1,
            colorscale=[
                [0, look.line],
                [0.5, _mixed(look.line, look.categories[0], 0.5)],
                [1, look.categories[0]],
            ],
            xgap=1,
            ygap=1,
            text=hover[::-1],
            hovertemplate="%{text}<extra></extra>",
            colorbar=_colorbar("association", look),
        )
    )
    lay_out(figure, theme, _MARGIN + 60 + 19 * max(4, len(names)))
    figure.update_xaxes(
        tickvals=list(range(len(names))), ticktext=labels, tickangle=-60, showgrid=False
    )
    _named_rows(figure, labels[::-1])
    longest = max((min(NARROW_NAME, len(name)) for name in names), default=0)
    print_stamp(figure, stamp, below=26 + round(5.4 * longest))
    return figure


def matrix_columns(found: Associations) -> list[int]:
    """Which of its names are drawn, in their order: the strongest of those with an association."""
    v = found.v - np.eye(len(found.names))
    strongest = v.max(axis=1) if len(v) else np.zeros(0)
    kept = [i for i in np.argsort(-strongest, kind="stable")[:MATRIX].tolist() if strongest[i] > 0]
    return sorted(kept)


def drawn_to_target(found: Associations) -> tuple[Pair, ...]:
    """The columns that are drawn beside the target: the sure ones, and some others for scale."""
    sure = sum(pair.sure for pair in found.to_target)
    return found.to_target[: min(TARGET_BARS, max(sure + UNSURE_BARS, LEAST_BARS))]


def target_bars(found: Associations, *, stamp: str, theme: Theme) -> go.Figure:
    """How much each column goes with the target; grey where it is not told apart from chance."""
    look = LOOKS[theme]
    pairs = drawn_to_target(found)[::-1]
    figure = go.Figure(
        go.Bar(
            x=[pair.strength for pair in pairs],
            y=np.arange(len(pairs)),
            orientation="h",
            marker={"color": [look.categories[0] if pair.sure else look.faint for pair in pairs]},
            customdata=[
                f"{pair.strength:.2f} of {pair.rows:,} rows"
                + ("" if pair.sure else ", not told apart from chance")
                for pair in pairs
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
    )
    lay_out(figure, theme, _MARGIN + 24 * max(2, len(pairs)))
    largest = max((pair.strength for pair in pairs), default=0)
    figure.update_xaxes(
        title_text=f"association with {plain(found.target, NARROW_NAME)}",
        range=[0, min(1, max(0.1, 1.08 * largest))],
    )
    _named_rows(figure, [plain(pair.right, NARROW_NAME) for pair in pairs])
    print_stamp(figure, stamp, below=50)
    return figure


def _named_rows(figure: go.Figure, labels: Sequence[str]) -> None:
    figure.update_yaxes(
        tickvals=list(range(len(labels))),
        ticktext=list(labels),
        ticklabelstandoff=6,
        range=[-0.5, len(labels) - 0.5],
        zeroline=False,
        showgrid=False,
    )


def _colorbar(title: str, look: Look) -> dict[str, Any]:
    return {
        "title": {"text": title, "side": "top", "font": {"size": 12, "color": look.soft}},
        "orientation": "h",
        "x": 0,
        "xanchor": "left",
        "y": 1.0,
        "yanchor": "bottom",
        "ypad": 4,
        "lenmode": "pixels",
        "len": 190,
        "thickness": 8,
        "outlinewidth": 0,
        "tickvals": [0, 0.5, 1],
        "tickfont": {"size": 11},
    }


def _mixed(one: str, other: str, share: float) -> str:
    """The colour `share` of the way from one to the other."""
    start, end = ([int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (one, other))
    return "#" + "".join(
        f"{round(a + share * (b - a)):02x}" for a, b in zip(start, end, strict=True)
    )
