"""A query of a database that the person who runs the server has named in its secrets."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from tjepa.ui import openings, process
from tjepa.ui.openings import Refusal
from tjepa.ui.server_settings import limit
from tjepa.ui.server_settings import settings as _settings

ROWS = 200_000
SECONDS = 30.0

_CHOICE, _QUERY = "query connection", "query text"
_PROBLEM = "query problem"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Connection:
    url: str
    superuser: bool  # whether its login may be one


def from_database() -> None:
    """Choose a connection, write a query, run it and go to its table; nothing where none is named.

    What is wrong stays beside the query until the next one is run.
    """
    settings = _settings()
    connections = _connections(settings)
    if not connections:
        return
    with (
        st.expander(
            "From a database", icon=":material/database:", expanded=_PROBLEM in st.session_state
        ),
        st.form("query", border=False),
    ):
        chosen = st.selectbox("Connection", list(connections), key=_CHOICE)
        query = st.text_area("Query", key=_QUERY, placeholder="SELECT … FROM …")
        rows = limit(settings, "query_rows", ROWS)
        seconds = limit(settings, "query_seconds", SECONDS)
        st.caption(
            f"One SELECT, which only reads: at most {int(rows):,} rows and {seconds:g} seconds."
        )
        if st.form_submit_button("Run", icon=":material/play_arrow:") and chosen in connections:
            _run(chosen, connections[chosen], query, int(rows), seconds)
        if problem := st.session_state.get(_PROBLEM):
            problem.show()


def _run(name: str, connection: _Connection, query: str, rows: int, seconds: float) -> None:
    def refused(refusal: Refusal) -> None:
        st.session_state[_PROBLEM] = refusal

    st.session_state.pop(_PROBLEM, None)
    openings.begin(
        f"Asking {name}",
        lambda: process.bench().opening_query(
            connection.url,
            query,
            name=name,
            limit_rows=rows,
            timeout_seconds=seconds,
            enforced_only=True,
            superuser=connection.superuser,
        ),
        process.QUERIES,
        opened=lambda _: None,
        refused=refused,
    )


def _connections(settings: Mapping[str, Any]) -> dict[str, _Connection]:
    """Each connection by its name; what has no url is left to the log."""
    named = settings.get("connections", {})
    found = {}
    for name, entry in named.items() if isinstance(named, Mapping) else ():
        url = entry.get("url") if isinstance(entry, Mapping) else None
        if isinstance(url, str):
            found[str(name)] = _Connection(url, entry.get("superuser") is True)
        else:
            _log.warning("the connection %s has no url", name)
    return found
