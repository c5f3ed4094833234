"""Two-dimensional maps of rows, coloured by a column."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from tjepa.analysis.projection import Projection
from tjepa.report.colouring import MISSING, Categories, Colouring, Ramp
from tjepa.report.labels import NAME_CHARACTERS, plain, print_stamp
from tjepa.report.template import FRAME, LOOKS, SYMBOLS, Look, Theme, template

# Row numbers in the hover text cost bytes that every lasso sends back: only on small maps.
_NAMED_POINTS = 5_000

# In pixels. The legend grows upwards from the plot and must not reach the tools above it.
_MAP_HEIGHT = 500
_TOOLBAR = 34
_RAMP_HEAD = 38
_LEGEND_LINE = 19
_LEGEND_WIDTH = 455


def projection_map(
    projection: Projection,
    colours: Colouring,
    *,
    column: str,
    stamp: str,
    theme: Theme,
    selected: np.ndarray | None = None,
    selectable: bool = False,
) -> go.Figure:
    """The map of `projection`, its points coloured by `column`.

    `colours` and `selected` (bool [n]) have one entry per shown row. Points outside `selected` are
    muted, never hidden. `selectable` makes the lasso the mouse's own tool. Points are drawn in
    random order: in the order of the table or of the legend, the last ones would hide the others.
    """
    look = LOOKS[theme]
    figure = go.Figure()
    if isinstance(colours, Ramp):
        missing, known = np.isnan(colours.values), ~np.isnan(colours.values)
        if missing.any():
            grey = {"color": look.faint}
            figure.add_trace(_points(projection, missing, selected, grey, theme))
            figure.add_trace(_legend_entry(f"{MISSING}  {colours.missing:,}", grey))
        marker = _ramp_marker(colours, column, look)
        figure.add_trace(_points(projection, known, selected, marker, theme))
        head, legend_x = _RAMP_HEAD, 1
    else:
        everything = np.ones(len(colours.codes), bool)
        marker = _category_marker(colours, look)
        figure.add_trace(_points(projection, everything, selected, marker, theme))
        figure.add_traces(_category_legend(colours, look))
        head, legend_x = _LEGEND_LINE * _legend_lines(colours), 0
    figure.update_layout(
        template=template(theme),
        height=_MAP_HEIGHT + head,
        dragmode="lasso" if selectable else "pan",
        uirevision=f"{projection.source} {projection.method}",
        legend={
            "orientation": "h",
            "x": legend_x,
            "xanchor": "right" if legend_x else "left",
            "y": 1.015,
            "yanchor": "bottom",
            "itemclick": False,
            "itemdoubleclick": False,
            # Where the legend has more lines than were counted, as on a phone, its empty title lies
            # under the tools.
            "title": {"text": "&nbsp;", "side": "top", "font": {"size": _TOOLBAR - 10}},
        },
        margin={"l": 4, "r": 4, "t": _TOOLBAR + head},
    )
    names = _axis_names(projection)
    bare = {"showticklabels": False, "zeroline": False, "showgrid": False}
    figure.update_xaxes(title_text=names[0], **bare)
    figure.update_yaxes(title_text=names[1], automargin=bool(names[1]), scaleanchor="x", **bare)
    figure.add_shape(
        {"type": "rect", "xref": "paper", "yref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 1},
        line={"color": FRAME, "width": 1},
        layer="below",
    )
    print_stamp(figure, stamp, below=30 if names[0] else 0)
    return figure


def _points(
    projection: Projection,
    mask: np.ndarray,
    selected: np.ndarray | None,
    marker: dict[str, Any],
    theme: Theme,
) -> go.Scattergl:
    """The points of `mask`; array-valued entries of `marker` have one value per such point."""
    shuffle = np.random.default_rng(0).permutation(np.flatnonzero(mask))
    inverse = np.empty(len(mask), dtype=np.int64)
    inverse[np.flatnonzero(mask)] = np.arange(mask.sum())
    own = {
        key: value[inverse[shuffle]] if isinstance(value, np.ndarray) else value
        for key, value in marker.items()
    }
    n = len(projection.rows)
    size = 7.0 if n <= 600 else 5.0 if n <= 4_000 else 3.5
    trace = go.Scattergl(
        x=projection.coordinates[shuffle, 0],
        y=projection.coordinates[shuffle, 1],
        mode="markers",
        marker={"size": size, "opacity": 0.8, "line": {"width": 0}} | own,
        unselected={"marker": {"opacity": 0.07 if theme == "light" else 0.1}},
        selected={"marker": {"opacity": 0.95}},
        hoverinfo="skip",
        showlegend=False,
    )
    if n <= _NAMED_POINTS:
        trace.update(
            text=[f"row {row:,}" for row in projection.rows[shuffle]],
            hoverinfo=None,
            hovertemplate="%{text}<extra></extra>",
        )
    if selected is not None and selected.any():
        trace.selectedpoints = np.flatnonzero(selected[shuffle])
    return trace


def _legend_entry(name: str, marker: dict[str, Any]) -> go.Scatter:
    """A line of the legend without points of its own."""
    return go.Scatter(
        x=[None], y=[None], mode="markers", name=name, marker={"size": 9} | marker, hoverinfo="skip"
    )


def _ramp_marker(colours: Ramp, column: str, look: Look) -> dict[str, Any]:
    low, high = colours.low, colours.high
    stops = [low, (low + high) / 2, high] if low < high else [low]
    return {
        "color": colours.values[~np.isnan(colours.values)],
        "colorscale": [list(stop) for stop in look.ramp],
        "cmin": low if low < high else low - 0.5,
        "cmax": high if low < high else high + 0.5,
        "colorbar": {
            "title": {"text": plain(column, NAME_CHARACTERS), "side": "top"},
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.0,
            "yanchor": "bottom",
            "ypad": 4,
            "len": 0.55,
            "thickness": 10,
            "outlinewidth": 0,
            "tickvals": stops,
            "ticktext": [colours.text(value) for value in stops],
            "tickfont": {"size": 11},
        },
    }


def _category_marker(colours: Categories, look: Look) -> dict[str, Any]:
    """Colour by code, as steps of a scale: one number per point is all that has to be sent."""
    palette = _palette(colours, look)
    n = len(palette)
    steps = [[edge / n, colour] for k, colour in enumerate(palette) for edge in (k, k + 1)]
    symbols = np.array([0 if SYMBOLS[k % len(SYMBOLS)] == "circle" else 2 for k in range(n)])
    symbols[colours.n_plain :] = 0
    return {
        "color": colours.codes.astype(np.float32),
        "symbol": symbols[colours.codes],
        "colorscale": steps,
        "cmin": -0.5,
        "cmax": n - 0.5,
    }


def _category_legend(colours: Categories, look: Look) -> list[go.Scatter]:
    entries = []
    for code, colour in enumerate(_palette(colours, look)):
        symbol = SYMBOLS[code] if code < colours.n_plain else "circle"
        name = _legend_name(colours.labels[code], colours.counts[code])
        entries.append(_legend_entry(name, {"color": colour, "symbol": symbol}))
    return entries


def _palette(colours: Categories, look: Look) -> list[str]:
    greys = len(colours.labels) - colours.n_plain
    return [*look.categories[: colours.n_plain], *([look.faint] * greys)]


def _legend_lines(colours: Categories) -> int:
    """Lines of the legend: plotly gives every entry the width of the widest."""
    names = map(_legend_name, colours.labels, colours.counts)
    widest = max(40 + 5.6 * len(name) for name in names)
    each_line = max(1, int(_LEGEND_WIDTH // widest))
    return -(-len(colours.labels) // each_line)


def _legend_name(label: str, count: int) -> str:
    return f"{plain(label, 24)}  {count:,}"


def _axis_names(projection: Projection) -> tuple[str, str]:
    if projection.explained is None:
        return "", ""
    first, second = projection.explained
    return f"1st component, {first:.0%} of the variance", f"2nd component, {second:.0%}"
