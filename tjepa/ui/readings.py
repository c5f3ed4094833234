"""How a file was read, as controls to correct it."""

from typing import Any

import streamlit as st

from tjepa.report.reading_words import NAMES, label, shown
from tjepa.table import APPLIES, FileReading
from tjepa.table.reading.choices import MOST_HEADER_ROWS, WRITTEN

_CLOSED = frozenset({"format", "quote", "decimal"})  # nothing else can be typed in
# What is text may be taken for another format of text; both forms of JSON are one.
_OTHERWISE: dict[str | None, str] = {**{form: form for form in WRITTEN}, "json lines": "json"}
_HELP = {
    "header": "What is above it is left out. 0: the columns have no names.",
    "header_rows": "The names in them are joined: 2019 above sales is “2019 sales”.",
    "thousands": "1,234 is 1234 with a comma here.",
}
_MOST = 10_000_000


def controls(form: str, current: FileReading, key: str) -> dict[str, Any]:
    """One control per field that applies to the format; the fields that were changed."""
    changed = {}
    columns = st.columns(4)
    fields = ("format", *APPLIES[form]) if form in _OTHERWISE else APPLIES[form]
    for i, field in enumerate(fields):
        known = getattr(current, field)
        if field == "format":
            known = _OTHERWISE.get(known)
        with columns[i % len(columns)]:
            value = _control(field, form, known, f"{field} {key}")
        if value != known:
            changed[field] = value
    if "format" in changed:  # what was said of one format means nothing for another
        return dict.fromkeys(APPLIES[form]) | {"format": changed["format"]}
    if changed.get("header") == 0:
        changed["header_rows"] = None
    return changed


def _control(field: str, form: str, current: Any, key: str) -> Any:
    name, hint = label(field, form), _HELP.get(field)
    if field == "header_rows":
        return st.number_input(
            name,
            1,
            MOST_HEADER_ROWS,
            current,
            step=1,
            key=key,
            help=hint,
            placeholder="to be found out",
        )
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
