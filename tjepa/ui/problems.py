"""Problems on the screen: a sentence for the person, the technical cause for the log."""

import logging

import streamlit as st

from tjepa.errors import TjepaError
from tjepa.ui.text import md

_log = logging.getLogger(__name__)


def show_problem(error: TjepaError) -> None:
    """The sentence of `error`, where it happened; the page goes on."""
    st.error(md(str(error)), icon=":material/error:")


def on_script_error(error: Exception) -> bool:
    """Called by Streamlit for anything a page did not expect; never shows a traceback."""
    if isinstance(error, TjepaError):
        show_problem(error)
    else:
        _log.error("a page failed", exc_info=error)
        st.error(
            f"Something unexpected went wrong on this page ({type(error).__name__}). "
            "The log of the server has the details; reload the page to try again.",
            icon=":material/error:",
        )
    return True
