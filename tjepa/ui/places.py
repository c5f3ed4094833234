"""The pages: file, title, address and what each is for."""

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page

_FOLDER = Path(__file__).resolve().parent.parent.parent / "pages"

# Name (file and address) → title, icon, help.
_PAGES = {
    "data": (
        "Data",
        ":material/table:",
        "Open a table or a sample, correct the kinds of its columns, choose a target and a split.",
    ),
    "pretrain": (
        "Pre-train",
        ":material/model_training:",
        "Pre-train an encoder on the table, without labels, and watch its loss and its spread.",
    ),
    "embeddings": (
        "Embeddings",
        ":material/scatter_plot:",
        "Maps of the rows: the learned embedding beside the raw columns. Draw a lasso, get rows.",
    ),
    "relevance": (
        "Relevance",
        ":material/bar_chart:",
        "Which columns the representation turns on; with a target, SHAP values of two models.",
    ),
    "probe": (
        "Probe",
        ":material/balance:",
        "A linear probe on the embedding next to boosted trees and every control.",
    ),
    "runs": (
        "Runs",
        ":material/list:",
        "Every pre-training on this machine: open or delete.",
    ),
}
_OFF_MENU = ("runs",)


def page(name: str) -> Page:
    """The page `name`; it has to be made anew in every script run."""
    title, icon, help_text = _PAGES[name]
    return st.Page(
        _FOLDER / f"{name}.py",
        title=title,
        icon=icon,
        url_path=name,
        help=help_text,
        visibility="hidden" if name in _OFF_MENU else "visible",
    )


def pages() -> list[Page]:
    """Every page, in the order of the main job."""
    return [page(name) for name in _PAGES]
