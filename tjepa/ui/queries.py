"""A query of a database that the person who runs the server has named in its secrets."""

import logging
from collections.abc import Mapping
from typing import Any

import streamlit as st

from tjepa.errors import TjepaError
from tjepa.ui import address, process
from tjepa.ui.address import Address
from tjepa.ui.problems import show_problem
from tjepa.ui.text import md

ROWS = 200_000
SECONDS = 30.0

_CHOICE, _QUERY = "query connection", "query text"
_PROBLEM = "query problem"
_log = logging.getLogger(__name__)


def from_database() -> None:
    """Choose a connection, write a query, run it and go to its table; nothing where none is named.

    What is wrong stays beside the query until the next one is run.
    """
    settings = _settings()
    urls = _urls(settings)
    if not urls:
        return
    with (
        st.expander(
            "From a database", icon=":material/database:", expanded=_PROBLEM in st.session_state
        ),
        st.form("query", border=False),
    ):
        chosen = st.selectbox("Connection", list(urls), key=_CHOICE)
        query = st.text_area("Query", key=_QUERY, placeholder="SELECT … FROM …")
        rows = _limit(settings, "query_rows", ROWS)
        seconds = _limit(settings, "query_seconds", SECONDS)
        st.caption(
            f"One SELECT, which only reads: at most {int(rows):,} rows and {seconds:g} seconds."
        )
        if st.form_submit_button("Run", icon=":material/play_arrow:") and chosen in urls:
            _run(chosen, urls[chosen], query, int(rows), seconds)
        if problem := st.session_state.get(_PROBLEM):
            show_problem(problem)


def _run(name: str, url: str, query: str, rows: int, seconds: float) -> None:
    try:
        with st.spinner(f"Asking {md(name)} …"):
            table_id = process.bench().open_query(
                url, query, name=name, limit_rows=rows, timeout_seconds=seconds
            )
    except TjepaError as error:
        st.session_state[_PROBLEM] = error
        return
    st.session_state.pop(_PROBLEM, None)
    address.go("data", Address(table_id))


def _settings() -> Mapping[str, Any]:
    """The section `tjepa` of the secrets, empty where there is none."""
    if not st.secrets.load_if_toml_exists():
        return {}
    found = st.secrets.get("tjepa", {})
    return found if isinstance(found, Mapping) else {}


def _urls(settings: Mapping[str, Any]) -> dict[str, str]:
    """The URL of each connection by its name; what has none is left to the log."""
    named = settings.get("connections", {})
    urls = {}
    for name, entry in named.items() if isinstance(named, Mapping) else ():
        url = entry.get("url") if isinstance(entry, Mapping) else None
        if isinstance(url, str):
            urls[str(name)] = url
        else:
            _log.warning("the connection %s has no url", name)
    return urls


def _limit(settings: Mapping[str, Any], key: str, default: float) -> float:
    """A limit of the settings; the default where it is no number from 1 on."""
    value = settings.get(key, default)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and value >= 1 else default
