"""The figure of a label curve: scores against the number of labelled rows."""

import plotly.graph_objects as go

from tjepa.analysis import LabelCurve
from tjepa.report.figures import LOWER_IS_BETTER, METRICS, REPRESENTATIONS, role
from tjepa.report.labels import print_stamp
from tjepa.report.template import LOOKS, Theme, lay_out

STEP = 0.07
"""Between the intervals of two models with the same number of labels, of the way to the next."""


def label_lines(curve: LabelCurve, *, stamp: str, theme: Theme) -> go.Figure:
    """A line with its 95 % intervals per model, and the dummy as a dotted one.

    A linear probe is called by what it sees.
    """
    look, counts = LOOKS[theme], curve.counts
    views = ("tjepa", "untrained", "raw")
    order = (*views, "trees", "none")
    figure = go.Figure()
    for place, of in enumerate(order):
        points = [point for point in curve.points if role(point) == of]
        scores = [point.score for point in points]
        colour, control = look.roles[of], of == "none"
        figure.add_scatter(
            x=[counts.index(point.labels) + STEP * (place - len(order) // 2) for point in points],
            y=[score.value for score in scores],
            name=REPRESENTATIONS[of] if of in views else points[0].model,
            mode="lines+markers",
            line={
                "color": colour,
                "width": 1 if control else 2,
                "dash": "dot" if control else None,
            },
            marker={"size": 5 if control else 9, "color": colour},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [score.high - score.value for score in scores],
                "arrayminus": [score.value - score.low for score in scores],
                "thickness": 1 if control else 2,
                "width": 0,
                "color": colour,
            },
            customdata=[
                f"{point.labels:,} labels: {score.value:.4g} ({score.low:.4g} – {score.high:.4g})"
                for point, score in zip(points, scores, strict=True)
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
    direction = "smaller is better" if curve.metric in LOWER_IS_BETTER else "larger is better"
    lay_out(figure, theme, 380, legend=True)
    figure.update_xaxes(
        title_text="labelled rows",
        tickvals=list(range(len(counts))),
        ticktext=[f"{labels:,}" for labels in counts],
        range=[-0.35, len(counts) - 0.65],
        showgrid=False,
        zeroline=False,
    )
    figure.update_yaxes(title_text=f"{METRICS[curve.metric]} ({direction})", zeroline=False)
    print_stamp(figure, stamp, below=50)
    return figure
