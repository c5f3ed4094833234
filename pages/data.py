"""Open a table, correct what was understood of it, choose a target and a split."""

import streamlit as st

from tjepa.ui import (
    address,
    advice,
    columns,
    openings,
    profiles,
    queries,
    schema_files,
    tables,
    uploads,
)
from tjepa.ui.address import Address
from tjepa.ui.analyses import offer_example
from tjepa.ui.process import bench
from tjepa.ui.text import md

place = address.here()
opening = openings.panel()

if place.table is None:
    st.caption("Drop a table here, or take a sample. Then: pre-train, look, compare.")
    uploads.uploader()
    queries.from_database()
    st.subheader("Try it on a sample", anchor=False)
    tables.samples()
    offer_example("embeddings")
    st.stop()

with st.expander("Open another table", icon=":material/folder_open:"):
    uploads.uploader()
    queries.from_database()
    tables.samples()

table = bench().table(place.table)
uploads.how_it_was_read(table)
tables.overview(table)
if opening:  # the panel polls, and beside the table editor that would lose edits
    st.stop()

schema = address.schema_here()
st.subheader("Columns", anchor=False)
st.caption(columns.facts(table, schema))
advised = st.container()
looked_at = profiles.profiles(place.table, schema)
changes = columns.editor(schema, profiles.pictures(looked_at))
with advised:
    clicked = advice.offer(place.table, schema)
waiting = columns.pending(changes)

with st.container(horizontal=True, vertical_alignment="center"):
    applies = st.button("Apply", disabled=not changes, icon=":material/check:")
    resets = st.button("Reset", help="Back to the kinds as they were inferred.")
    loaded = schema_files.save_or_load(table, schema)
    if waiting:
        st.markdown(f":orange[Not applied yet: {md(waiting)}.]")

st.subheader("A closer look", anchor=False)
closer = st.container()

st.subheader("Left out", anchor=False)
columns.left_out(schema)
st.subheader("Rows", anchor=False)
can_be_split = tables.split_in_words(place.table, schema)

goes_on = st.button(
    "Apply and go to Pre-train" if changes else "Next: pre-train",
    type="primary",
    disabled=not (can_be_split or changes),
    icon=":material/arrow_forward:",
    icon_position="right",
)
if resets:
    address.go("data", Address(place.table))
if loaded is not None:
    address.go("data", Address(place.table, bench().save_schema(place.table, loaded)))
if clicked is not None and (advised_id := columns.apply(place.table, schema, changes, clicked)):
    address.go("data", Address(place.table, advised_id))
if applies or (goes_on and changes):
    applied = columns.apply(place.table, schema, changes)
    if applied is not None:
        address.go("pretrain" if goes_on else "data", Address(place.table, applied))
elif goes_on:
    address.go("pretrain", address.here())
with closer:  # the last of all: it may take a while
    profiles.closer_look(place.table, table.name, schema, looked_at)
