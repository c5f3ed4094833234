"""Figures of a run and its analyses: pure functions from results to plotly figures.

Every figure carries its stamp and takes the theme as an argument; nothing here computes a result.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tjepa.analysis.attribution import Attribution
from tjepa.analysis.label_curve import LabelPoint
from tjepa.analysis.probing import ProbeResult, ProbeRow
from tjepa.analysis.relevance import Relevance
from tjepa.report.labels import NAME_CHARACTERS, plain, print_stamp
from tjepa.report.template import LOOKS, Look, Theme, template

COLUMNS_SHOWN = 30
CURVE_POINTS = 500

REPRESENTATIONS = {
    "tjepa": "T-JEPA embedding",
    "untrained": "untrained encoder",
    "raw": "raw columns",
    "none": "no columns",
}
METRICS = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "roc_auc": "ROC AUC",
    "rmse": "RMSE",
    "r2": "R²",
}
LOWER_IS_BETTER = frozenset({"rmse"})


def training_curves(
    metrics: Sequence[Mapping[str, float]], *, stamp: str, theme: Theme, height: int = 280
) -> go.Figure:
    """Loss and spread of the embedding by epoch, at most `CURVE_POINTS` points each.

    The spread is the mean standard deviation of the embedding over rows, as a multiple of the
    untrained encoder's; the line at 1 is the untrained encoder. Where a run held training rows out,
    the loss of restoring them stands below, with a mark where it is least.
    """
    look = LOOKS[theme]
    shown = _thinned(metrics)
    titles = ["Loss", "Spread, untrained = 1"]
    curves = [_curve(shown, "loss"), _curve(shown, "std_ratio")]
    layout: list[list[Any]] = [[{}, {}]]
    held_out = _curve(metrics, "held_out")  # few as they are, and thinned one might be lost
    if held_out:
        titles.append("Loss of restoring training rows set aside")
        curves.append(held_out)
        layout.append([{"colspan": 2}, None])
        height = 2 * height - 40
    figure = make_subplots(rows=len(layout), cols=2, specs=layout, subplot_titles=titles)
    for place, points in enumerate(curves):
        figure.add_scatter(
            x=[epoch for epoch, _ in points],
            y=[value for _, value in points],
            mode="lines+markers" if len(points) < 25 else "lines",
            line={"color": look.roles["tjepa"], "width": 2},
            marker={"size": 5},
            hovertemplate="epoch %{x}: %{y:.4g}<extra></extra>",
            row=1 + place // 2,
            col=1 + place % 2,
        )
    if held_out:
        _mark_least(figure, held_out, look)
    figure.add_hline(y=1, line={"color": look.roles["untrained"], "dash": "dot"}, row=1, col=2)
    figure.update_layout(template=template(theme), height=height, showlegend=False, margin_t=34)
    figure.update_xaxes(title_text="epoch", rangemode="tozero")
    figure.update_yaxes(rangemode="tozero", row=1, col=2)
    _left_titles(figure)
    print_stamp(figure, stamp, below=46)
    return figure


def relevance_bars(relevance: Relevance, *, stamp: str, theme: Theme) -> go.Figure:
    """Influence and token variance per column: bars when trained, a mark for the control."""
    order = _largest(np.asarray(relevance.rankings["influence"]))
    look = LOOKS[theme]
    figure = _panels(
        relevance.names,
        order,
        ("Influence", "Token variance"),
        theme,
    )
    for position, name in enumerate(("influence", "token_variance"), start=1):
        trained = np.asarray(relevance.rankings[name])[order]
        control = np.asarray(relevance.rankings[f"{name}_untrained"])[order]
        places = np.arange(len(order))
        figure.add_bar(
            x=trained,
            y=places,
            orientation="h",
            name="trained",
            legendgroup="trained",
            showlegend=position == 1,
            marker={"color": look.roles["tjepa"]},
            hovertemplate="%{y}: %{x:.3g}<extra>trained</extra>",
            row=1,
            col=position,
        )
        figure.add_scatter(
            x=control,
            y=places,
            mode="markers",
            name="untrained encoder",
            legendgroup="untrained",
            showlegend=position == 1,
            marker={
                "symbol": "line-ns",
                "size": 13,
                "line": {"color": look.ink, "width": 2.5},
            },
            hovertemplate="%{y}: %{x:.3g}<extra>untrained</extra>",
            row=1,
            col=position,
        )
    print_stamp(figure, stamp, below=26)
    return figure


def attribution_bars(attribution: Attribution, *, stamp: str, theme: Theme) -> go.Figure:
    """Mean |SHAP value| per column: of the probe on the embedding, and of the boosted trees."""
    look = LOOKS[theme]
    sizes = {"tjepa": attribution.importance["probe"], "trees": attribution.importance["gbdt"]}
    order = _largest(sizes["tjepa"])
    titles = ("T-JEPA probe", "Boosted trees")
    figure = _panels(attribution.names, order, titles, theme)
    for position, (role, size) in enumerate(sizes.items(), start=1):
        figure.add_bar(
            x=size[order],
            y=np.arange(len(order)),
            orientation="h",
            showlegend=False,
            marker={"color": look.roles[role]},
            hovertemplate="%{y}: %{x:.3g}<extra></extra>",
            row=1,
            col=position,
        )
    figure.update_layout(margin_t=30, height=figure.layout.height - 34)
    print_stamp(figure, stamp, below=26)
    return figure


def probe_intervals(result: ProbeResult, *, stamp: str, theme: Theme) -> go.Figure:
    """One dot and its 95 % interval per model, best on top."""
    look = LOOKS[theme]
    metric = result.metric
    lower = metric in LOWER_IS_BETTER
    # Plotly counts upwards: the best row comes last.
    rows = sorted(result.rows, key=lambda row: row.scores[metric].value, reverse=lower)
    figure = go.Figure()
    for place, row in enumerate(rows):
        score = row.scores[metric]
        figure.add_scatter(
            x=[score.value],
            y=[place],
            mode="markers",
            marker={"size": 11, "color": look.roles[role(row)]},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [score.high - score.value],
                "arrayminus": [score.value - score.low],
                "thickness": 2,
                "width": 0,
                "color": look.roles[role(row)],
            },
            hovertemplate=f"{score.value:.4g} ({score.low:.4g} – {score.high:.4g})<extra></extra>",
        )
    direction = "smaller is better" if lower else "larger is better"
    figure.update_layout(
        template=template(theme),
        height=70 + 36 * len(rows),
        showlegend=False,
        margin_t=10,
    )
    figure.update_xaxes(title_text=f"{METRICS[metric]} ({direction})", showgrid=True)
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=[plain(row_name(row)) for row in rows],
        tickfont_size=13,
        ticklabelstandoff=6,
        range=[-0.6, len(rows) - 0.4],
        zeroline=False,
    )
    print_stamp(figure, stamp, below=50)
    return figure


def role(row: ProbeRow | LabelPoint) -> str:
    """The colour role of a model: trees, dummy, or the representation of a linear probe."""
    if row.model == "linear probe":
        return row.representation
    return "none" if row.representation == "none" else "trees"


def row_name(row: ProbeRow | LabelPoint) -> str:
    """`linear probe, untrained encoder`; the dummy is called by its name alone."""
    if row.representation == "none":
        return row.model
    return f"{row.model}, {REPRESENTATIONS[row.representation]}"


def _curve(rows: Sequence[Mapping[str, float]], name: str) -> list[tuple[float, float]]:
    return [(row["epoch"], row[name]) for row in rows if row.get(name) is not None]


def _mark_least(figure: go.Figure, points: list[tuple[float, float]], look: Look) -> None:
    """A ring and its epoch at the least of the points in the lower panel, which gets room below."""
    epoch, value = min(points, key=lambda point: point[1])
    side = "left" if epoch > points[-1][0] / 2 else "right"
    highest = max(value for _, value in points)
    span = highest - value or abs(value) or 1.0
    figure.update_yaxes(range=[value - 0.3 * span, highest + 0.05 * span], row=2, col=1)
    figure.add_scatter(
        x=[epoch],
        y=[value],
        mode="markers+text",
        marker={"symbol": "circle-open", "size": 11, "color": look.ink, "line_width": 2},
        text=f"least: epoch {epoch:,.0f}",
        textposition=f"bottom {side}",
        textfont={"color": look.ink, "size": 12},
        cliponaxis=False,
        hoverinfo="skip",
        row=2,
        col=1,
    )


def _thinned(metrics: Sequence[Mapping[str, float]]) -> list[Mapping[str, float]]:
    if len(metrics) <= CURVE_POINTS:
        return list(metrics)
    kept = np.unique(np.linspace(0, len(metrics) - 1, CURVE_POINTS).round().astype(int))
    return [metrics[index] for index in kept]


def _largest(sizes: np.ndarray) -> np.ndarray:
    """The positions of the largest sizes, smallest first: plotly counts upwards."""
    return np.argsort(np.nan_to_num(sizes), kind="stable")[-COLUMNS_SHOWN:]


def _panels(
    names: Sequence[str], order: np.ndarray, titles: tuple[str, str], theme: Theme
) -> go.Figure:
    figure = make_subplots(
        cols=2, shared_yaxes=True, subplot_titles=titles, horizontal_spacing=0.04
    )
    figure.update_layout(
        template=template(theme),
        height=120 + 24 * len(order),
        bargap=0.35,
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "top", "yref": "container"},
        margin_t=64,
    )
    figure.update_yaxes(
        tickvals=list(range(len(order))),
        ticktext=[plain(names[index], NAME_CHARACTERS) for index in order],
        ticklabelstandoff=6,
        range=[-0.6, len(order) - 0.4],
        showgrid=False,
        zeroline=False,
    )
    figure.update_xaxes(rangemode="tozero", showgrid=True)
    _left_titles(figure)
    return figure


def _left_titles(figure: go.Figure) -> None:
    """Titles of the panels at their left edge, where the eye starts."""
    for title, axis in zip(figure.layout.annotations, figure.select_xaxes(), strict=True):
        title.update(x=axis.domain[0], xanchor="left", font_size=13, yshift=4)
