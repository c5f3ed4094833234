"""The figure of one column of a profile, alone or beside the target."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tjepa.report.labels import NARROW_NAME, plain, print_stamp
from tjepa.report.profile_words import bin_text, share_text
from tjepa.report.template import LOOKS, Look, Theme, lay_out
from tjepa.table.profiles import ByClass, ByMean, ColumnProfile, Counts, Histogram

_MARGIN = 96


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
    lay_out(figure, theme, 300 if rows == 1 else 430, legend=isinstance(beside, ByClass))
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
    names = [plain(value, NARROW_NAME) for value in shape.values]
    counts = list(shape.counts)
    if shape.other:
        names.append(f"({shape.others:,} more)")
        counts.append(shape.other)
    places = np.arange(len(names))
    figure = _panels(beside, tall=False)
    _add_bars(figure, counts, names, beside, look, {"y": places, "orientation": "h"})
    _add_target(figure, names, beside, look, {"y": places, "orientation": "h"})
    lay_out(figure, theme, _MARGIN + 24 * max(2, len(names)), legend=isinstance(beside, ByClass))
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
            name=plain(name, NARROW_NAME),
            legendgroup=str(k),
            marker={"color": colours[k], "line": {"width": 0}},
            customdata=[
                f"{plain(place)}: {n:,} rows"
                for place, n in zip(names, beside.counts[k], strict=True)
            ],
            hovertemplate="%{customdata}<extra>" + plain(name, NARROW_NAME) + "</extra>",
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
                name=plain(name, NARROW_NAME),
                legendgroup=str(k),
                showlegend=False,
                marker={"color": colours[k], "line": {"width": 0}},
                customdata=[
                    f"{plain(place)}: {share_text(n, of)} of {of:,} rows"
                    for place, n, of in zip(names, beside.counts[k], sizes, strict=True)
                ],
                hovertemplate="%{customdata}<extra>" + plain(name, NARROW_NAME) + "</extra>",
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
    name = plain(beside.target, NARROW_NAME)
    return f"share by {name}" if isinstance(beside, ByClass) else f"mean of {name}"
