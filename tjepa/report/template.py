"""The one look of every figure: a plotly template for light and dark, colour-blind-safe.

Colours are those of Okabe and Ito (2008), with the shades that vanish on a dark ground lightened;
the ramp for numbers is cividis (Nuñez et al., 2018). What a colour means is the same everywhere:
see `ROLES`.
"""

from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go

Theme = Literal["light", "dark"]


@dataclass(frozen=True)
class Look:
    """The colours of one theme."""

    ink: str
    soft: str
    faint: str
    line: str
    ground: str
    categories: tuple[str, ...]
    ramp: tuple[tuple[float, str], ...]
    roles: dict[str, str]


# Ten categories: the five most distinct colours first, as discs; the next five as diamonds, so
# that no two categories differ by hue alone in print.
SYMBOLS = ("circle",) * 5 + ("diamond",) * 5

# The frame around a map: visible on either ground.
FRAME = "rgba(128, 136, 146, 0.35)"

LOOKS: dict[Theme, Look] = {
    "light": Look(
        ink="#1d2329",
        soft="#5b6672",
        faint="#b4bcc5",
        line="#e3e7eb",
        ground="#ffffff",
        categories=(
            *("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7"),
            *("#56b4e9", "#332288", "#882255", "#4d4d4d", "#b8a800"),
        ),
        ramp=(
            (0.0, "#00204c"),
            (0.25, "#414d6b"),
            (0.5, "#7c7b78"),
            (0.75, "#bbae6b"),
            (1.0, "#ffe945"),
        ),
        roles={
            "tjepa": "#0072b2",
            "untrained": "#7d8894",
            "raw": "#d55e00",
            "trees": "#00805d",
            "none": "#9aa5b1",
        },
    ),
    "dark": Look(
        ink="#e4e8ec",
        soft="#9aa5b1",
        faint="#59636e",
        line="#2a323b",
        ground="#14181d",
        categories=(
            *("#56b4e9", "#e69f00", "#2fc598", "#ff7f3f", "#e39cc3"),
            *("#3a8fd0", "#a99cf0", "#d3688f", "#c3c9d0", "#f0e442"),
        ),
        ramp=(
            (0.0, "#3f5f96"),
            (0.25, "#6b7386"),
            (0.5, "#959183"),
            (0.75, "#c6b86c"),
            (1.0, "#ffe945"),
        ),
        roles={
            "tjepa": "#56b4e9",
            "untrained": "#9aa5b1",
            "raw": "#ff7f3f",
            "trees": "#2fc598",
            "none": "#6f7a86",
        },
    ),
}

# The first is the one the app carries with it; the rest are for figures saved elsewhere.
FONT = "'Source Sans', system-ui, -apple-system, 'Segoe UI', Roboto, Arial, sans-serif"


def template(theme: Theme) -> go.layout.Template:
    """The plotly template of `theme`; figures set nothing of this themselves."""
    look = LOOKS[theme]
    axis = {
        "gridcolor": look.line,
        "linecolor": look.faint,
        "zerolinecolor": look.line,
        "tickfont": {"color": look.soft, "size": 12},
        "title": {"font": {"color": look.soft, "size": 12}, "standoff": 10},
        "automargin": True,
        "ticks": "",
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 13, "color": look.ink},
            "colorway": list(look.categories),
            "colorscale": {"sequential": [list(stop) for stop in look.ramp]},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "xaxis": axis,
            "yaxis": axis,
            "legend": {
                "font": {"size": 12, "color": look.ink},
                "bgcolor": "rgba(0,0,0,0)",
                "itemsizing": "constant",
                "title": {"font": {"size": 12, "color": look.soft}},
            },
            "hoverlabel": {
                "bgcolor": look.ground,
                "bordercolor": look.faint,
                "font": {"family": FONT, "size": 12, "color": look.ink},
                "align": "left",
            },
            "modebar": {
                "bgcolor": "rgba(0,0,0,0)",
                "color": look.soft,
                "activecolor": look.roles["tjepa"],
            },
            "margin": {"l": 8, "r": 8, "t": 44, "b": 44},
            "newselection": {"line": {"color": look.ink, "width": 1.5, "dash": "dot"}},
        }
    )


def lay_out(figure: go.Figure, theme: Theme, height: int, *, legend: bool = False) -> None:
    """Template, height and margins, and a legend in a row above where there is one."""
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
