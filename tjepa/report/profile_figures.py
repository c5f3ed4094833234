"""Figures of a profile: one column, alone or beside the target; missing cells; associations."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tjepa.report.labels import plain, print_stamp
from tjepa.report.profile_words import bin_text, share_text
from tjepa.report.template import LOOKS, Look, Theme, template
from tjepa.table.profiles import (
    Associations,
    ByClass,
    ByMean,
    ColumnProfile,
    Counts,
    Histogram,
    Missing,
    Pair,
)

NAME = 24
"""Characters of a name beside a map: it leaves room for the map on a narrow screen."""
MATRIX = 30
TARGET_BARS, UNSURE_BARS, LEAST_BARS = 25, 3, 10

_LINE, _MARGIN = 21, 66


def column_figure(
    column: ColumnProfile, beside: ByClass | ByMean | None, *, stamp: str, theme: Theme
) -> go.Figure:
    """The distribution of `column`, and the target in each of its bins or values.

    A column without a shape has no figure: ValueError.
    """
    if column.shape is None:
        raise ValueError(f"{column.name} has no shape")
    if isinstance(column.shape, Counts):
        return _of_counts(column, column.shape, beside, stamp, theme)
    return _of_bins(column, column.shape, beside, stamp, theme)


def missing_map(missing: Missing, *, stamp: str, theme: Theme) -> go.Figure:
    """Columns by rows of the table, as far as they have missing cells; the first on top."""
    look = LOOKS[theme]
    share = missing.share[::-1]
    names, totals = missing.names[::-1], missing.totals[::-1]
    edges = np.asarray(missing.edges)
    hover = [
        [
            f"{plain(name, NAME)}, rows {edges[b]:,} to {edges[b + 1] - 1:,}: "
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
        f"{plain(name, NAME)}  {share_text(total, missing.n_rows)}"
        for name, total in zip(names, totals, strict=True)
    ]
    _layout(figure, theme, _MARGIN + _LINE * max(2, len(names)))
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
    labels = [plain(name, NAME) for name in names]
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
    _layout(figure, theme, _MARGIN + 60 + 19 * max(4, len(names)))
    figure.update_xaxes(
        tickvals=list(range(len(names))), ticktext=labels, tickangle=-60, showgrid=False
    )
    _named_rows(figure, labels[::-1])
    longest = max((min(NAME, len(name)) for name in names), default=0)
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
    _layout(figure, theme, _MARGIN + 24 * max(2, len(pairs)))
    largest = max((pair.strength for pair in pairs), default=0)
    figure.update_xaxes(
        title_text=f"association with {plain(found.target, NAME)}",
        range=[0, min(1, max(0.1, 1.08 * largest))],
    )
    _named_rows(figure, [plain(pair.right, NAME) for pair in pairs])
    print_stamp(figure, stamp, below=50)
    return figure


def _of_bins(
    column: ColumnProfile,
    shape: Histogram,
    beside: ByClass | ByMean | None,
    stamp: str,
    theme: Theme,
) -> go.Figure:
    look = LOOKS[theme]
    edges = np.asarray(shape.edges)
    middles: Any = (edges[:-1] + edges[1:]) / 2
    widths = np.diff(edges)
    if shape.of == "dates":
        middles = middles.astype("int64").astype("datetime64[us]").astype("datetime64[ms]")
        widths = widths / 1_000
    spans = [bin_text(shape, place) for place in range(len(shape.counts))]
    figure = _panels(beside, tall=True)
    _add_bars(figure, shape.counts, spans, beside, look, {"x": middles, "width": widths})
    _add_target(figure, spans, beside, look, {"x": middles, "width": widths})
    rows = 1 if beside is None else 2
    _layout(figure, theme, 300 if rows == 1 else 430, legend=isinstance(beside, ByClass))
    unit = " (characters)" if shape.of == "characters" else ""
    figure.update_xaxes(showgrid=False)
    figure.update_xaxes(title_text=plain(column.name, 60) + unit, row=rows, col=1)
    figure.update_yaxes(title_text="rows", row=1, col=1)
    if beside is not None:
        figure.update_yaxes(title_text=_target_title(beside), row=2, col=1)
    figure.update_layout(bargap=0.04)
    print_stamp(figure, stamp, below=50)
    return figure


def _of_counts(
    column: ColumnProfile,
    shape: Counts,
    beside: ByClass | ByMean | None,
    stamp: str,
    theme: Theme,
) -> go.Figure:
    look = LOOKS[theme]
    names = [plain(value, NAME) for value in shape.values]
    counts = list(shape.counts)
    if shape.other:
        names.append(f"({shape.others:,} more)")
        counts.append(shape.other)
    places = np.arange(len(names))
    figure = _panels(beside, tall=False)
    _add_bars(figure, counts, names, beside, look, {"y": places, "orientation": "h"})
    _add_target(figure, names, beside, look, {"y": places, "orientation": "h"})
    _layout(
        figure, theme, _MARGIN + 30 + 24 * max(2, len(names)), legend=isinstance(beside, ByClass)
    )
    figure.update_xaxes(title_text="rows", row=1, col=1)
    if beside is not None:
        figure.update_xaxes(title_text=_target_title(beside), row=1, col=2)
    figure.update_yaxes(
        tickvals=places.tolist(),
        ticktext=names,
        range=[len(names) - 0.4, -0.6],
        tickfont_size=13,
        ticklabelstandoff=6,
        zeroline=False,
        showgrid=False,
        row=1,
        col=1,
    )
    if beside is not None:
        figure.update_yaxes(
            range=[len(names) - 0.4, -0.6],
            showticklabels=False,
            zeroline=False,
            showgrid=False,
            row=1,
            col=2,
        )
    print_stamp(figure, stamp, below=50)
    return figure


def _panels(beside: ByClass | ByMean | None, *, tall: bool) -> go.Figure:
    if beside is None:
        return make_subplots()
    if tall:
        return make_subplots(
            rows=2, shared_xaxes=True, vertical_spacing=0.06, row_heights=[0.55, 0.45]
        )
    return make_subplots(cols=2, horizontal_spacing=0.04)


def _add_bars(
    figure: go.Figure,
    counts: Sequence[int],
    names: Sequence[str],
    beside: ByClass | ByMean | None,
    look: Look,
    where: dict[str, Any],
) -> None:
    """The rows in each place, by class where the target has classes."""
    side = "x" if "y" in where else "y"
    if not isinstance(beside, ByClass):
        hover = [f"{plain(name)}: {n:,} rows" for name, n in zip(names, counts, strict=True)]
        figure.add_bar(
            **{side: list(counts)},
            **where,
            marker={"color": look.categories[0], "line": {"width": 0}},
            customdata=hover,
            hovertemplate="%{customdata}<extra></extra>",
            showlegend=False,
            row=1,
            col=1,
        )
        return
    colours = _class_colours(beside, look)
    for k, name in enumerate(beside.classes):
        figure.add_bar(
            **{side: beside.counts[k]},
            **where,
            name=plain(name, NAME),
            legendgroup=str(k),
            marker={"color": colours[k], "line": {"width": 0}},
            customdata=[
                f"{plain(place)}: {n:,} rows"
                for place, n in zip(names, beside.counts[k], strict=True)
            ],
            hovertemplate="%{customdata}<extra>" + plain(name, NAME) + "</extra>",
            row=1,
            col=1,
        )
    figure.update_layout(barmode="stack")


def _add_target(
    figure: go.Figure,
    names: Sequence[str],
    beside: ByClass | ByMean | None,
    look: Look,
    where: dict[str, Any],
) -> None:
    """The shares of the classes, or the mean with its interval, in each place."""
    if beside is None:
        return
    across = "y" in where
    side = "x" if across else "y"
    at = {"row": 1, "col": 2} if across else {"row": 2, "col": 1}
    if isinstance(beside, ByClass):
        sizes = beside.counts.sum(axis=0)
        colours = _class_colours(beside, look)
        for k, name in enumerate(beside.classes):
            share = np.divide(
                beside.counts[k], sizes, out=np.full(len(sizes), np.nan), where=sizes > 0
            )
            figure.add_bar(
                **{side: share},
                **where,
                name=plain(name, NAME),
                legendgroup=str(k),
                showlegend=False,
                marker={"color": colours[k], "line": {"width": 0}},
                customdata=[
                    f"{plain(place)}: {share_text(n, of)} of {of:,} rows"
                    for place, n, of in zip(names, beside.counts[k], sizes, strict=True)
                ],
                hovertemplate="%{customdata}<extra>" + plain(name, NAME) + "</extra>",
                **at,
            )
        axes = {"range": [0, 1], "tickformat": ".0%"}
        figure.update_xaxes(axes, **at) if across else figure.update_yaxes(axes, **at)
        return
    along = {key: value for key, value in where.items() if key in ("x", "y")}
    half = np.nan_to_num(beside.half)
    figure.add_scatter(
        **{side: beside.means},
        **along,
        mode="markers",
        marker={"size": 7, "color": look.categories[0]},
        **{
            f"error_{side}": {
                "type": "data",
                "array": half,
                "thickness": 1.6,
                "width": 0,
                "color": look.categories[0],
            }
        },
        customdata=[
            f"{plain(name)}: {mean:,.4g} ± {width:,.3g}, {n:,} rows"
            for name, mean, width, n in zip(names, beside.means, half, beside.counts, strict=True)
        ],
        hovertemplate="%{customdata}<extra></extra>",
        showlegend=False,
        **at,
    )
    line = {"line": {"color": look.soft, "dash": "dot", "width": 1}}
    if across:
        figure.add_vline(x=beside.overall, **line, **at)
    else:
        figure.add_hline(y=beside.overall, **line, **at)


def _class_colours(beside: ByClass, look: Look) -> list[str]:
    colours = list(look.categories[: len(beside.classes)])
    if beside.others:
        colours[-1] = look.faint
    return colours


def _target_title(beside: ByClass | ByMean) -> str:
    name = plain(beside.target, NAME)
    return f"share by {name}" if isinstance(beside, ByClass) else f"mean of {name}"


def _layout(figure: go.Figure, theme: Theme, height: int, *, legend: bool = False) -> None:
    figure.update_layout(
        template=template(theme),
        height=height + (28 if legend else 0),
        margin_t=44 if legend else 14,
        legend={
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.01,
            "yanchor": "bottom",
            "traceorder": "normal",
            "itemclick": False,
            "itemdoubleclick": False,
        },
    )


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
