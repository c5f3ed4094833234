"""A schema as a file: to keep, to read, and to use again on the next table of its kind."""

from pathlib import PurePath

import streamlit as st

from tjepa.errors import TjepaError
from tjepa.table import RawTable, Schema, read_schema, schema_text
from tjepa.ui.problems import show_problem


def save_or_load(table: RawTable, schema: Schema) -> Schema | None:
    """Download the applied schema, or give another one; returns it where it fits the table."""
    with st.popover("Schema file", icon=":material/description:"):
        st.download_button(
            "Save",
            schema_text(schema),
            file_name=f"{PurePath(table.name).stem}.schema.json",
            mime="application/json",
            icon=":material/download:",
            help="Kinds, missing values, orders, target and split, as applied.",
        )
        # The key follows the schema: a file that was taken is not taken again.
        key = f"schema file {schema.schema_id}"
        file = st.file_uploader("Load a saved schema", type=["json"], key=key)
        if file is None:
            return None
        try:
            found = read_schema(file.getvalue(), table.frame)
        except TjepaError as error:
            show_problem(error)
            return None
        return None if found.schema_id == schema.schema_id else found
