"""How a file was read, as controls to correct it."""

from typing import Any

import streamlit as st

from tjepa.report.reading_words import NAMES, label, shown
from tjepa.table import APPLIES, FileReading

_CLOSED = frozenset({"quote", "decimal"})  # nothing else can be typed in
_HELP = {
    "header": "What is above it is left out. 0: the columns have no names.",
    "thousands": "1,234 is 1234 with a comma here.",
}
_MOST = 10_000_000


def controls(form: str, current: FileReading, key: str) -> dict[str, Any]:
    """One control per field that applies to the format; the fields that were changed."""
    changed = {}
    columns = st.columns(4)
    for i, field in enumerate(APPLIES[form]):
        with columns[i % len(columns)]:
            value = _control(field, form, getattr(current, field), f"{field} {key}")
        if value != getattr(current, field):
            changed[field] = value
    return changed


def _control(field: str, form: str, current: Any, key: str) -> Any:
    name, hint = label(field, form), _HELP.get(field)
    if field in ("header", "footer"):
        return st.number_input(
            name, 0, _MOST, current, step=1, key=key, help=hint, placeholder="to be found out"
        )
    options = list(NAMES[field])
    if current is not None and current not in options:
        options.append(current)
    return st.selectbox(
        name,
        options,
        index=None if current is None else options.index(current),
        format_func=lambda value: shown(field, value),
        key=key,
        help=hint,
        placeholder="to be found out",
        accept_new_options=field not in _CLOSED,
    )
