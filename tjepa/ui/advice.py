"""Suggestions above the column editor: each with its evidence, a click to take it, one to undo."""

import streamlit as st

from tjepa.report.labels import count
from tjepa.table.advice.suggestion import Changes
from tjepa.table.schema import Schema
from tjepa.ui import process
from tjepa.ui.text import md

_SHOWN = 6
"""More of them scroll."""


def offer(table_id: str, schema: Schema) -> Changes | None:
    """The list; returns the arguments of `override` that a click asks for."""
    with st.spinner("Looking for suggestions …", show_time=False):
        before, found = process.bench().suggestions(table_id, schema)
    if not found:
        return None
    taken = [suggestion.is_taken(schema) for suggestion in found]
    clicked = None
    label = f"{count(len(found), 'suggestion')}, {sum(taken):,} taken"
    with st.expander(label, expanded=True, icon=":material/lightbulb:"):
        tall = len(found) > _SHOWN
        with st.container(height=420 if tall else "content", border=False):
            for i, (suggestion, is_taken) in enumerate(zip(found, taken, strict=True)):
                words, act = st.columns([5, 2], vertical_alignment="center")
                mark = ":material/check: " if is_taken else ""
                words.markdown(f"{mark}{md(suggestion.evidence)}")
                name = f"suggestion {i} {schema.schema_id}"
                if is_taken and act.button("Undo", key=name, help=md(suggestion.action)):
                    clicked = suggestion.undoing(schema, before)
                if not is_taken and act.button(md(suggestion.action), key=name):
                    clicked = suggestion.taking(schema)
    return clicked
