"""Figures on a page."""

from typing import Any, Literal

import plotly.graph_objects as go
import streamlit as st

from tjepa.report.template import Theme

_PLAIN = {"displayModeBar": False}
_TOOLS = {
    "displayModeBar": True,
    "displaylogo": False,
    "scrollZoom": True,
    "modeBarButtons": [["lasso2d", "select2d", "pan2d", "zoom2d", "resetScale2d", "toImage"]],
}


# The browser lays the app's own theme over a figure's template, so that text and grid follow a
# change of theme at once; the colours of the data follow with the next run of the page.
_THEME: Literal["streamlit"] = "streamlit"


def theme() -> Theme:
    """The theme the browser shows."""
    return "dark" if st.context.theme.type == "dark" else "light"


def chart(figure: go.Figure, alt: str, key: str) -> None:
    """A figure to look at. `alt` says its takeaway to those who cannot."""
    st.plotly_chart(figure, theme=_THEME, key=key, config=_PLAIN, alt=alt)


def selectable_map(figure: go.Figure, alt: str, key: str) -> dict[str, Any]:
    """A map to draw on: returns the outlines of the selection, `{"box": [...], "lasso": [...]}`."""
    event = st.plotly_chart(
        figure,
        theme=_THEME,
        key=key,
        config=_TOOLS,
        alt=alt,
        on_select="rerun",
        selection_mode=("box", "lasso"),
    )
    return dict(event["selection"]) if event else {}


def companion_map(figure: go.Figure, alt: str, key: str) -> None:
    """A map to look at beside a selectable one: pan and zoom only."""
    buttons = [["pan2d", "zoom2d", "resetScale2d", "toImage"]]
    st.plotly_chart(
        figure, theme=_THEME, key=key, config=_TOOLS | {"modeBarButtons": buttons}, alt=alt
    )
