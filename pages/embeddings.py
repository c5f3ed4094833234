"""The map of the rows, beside a control."""

import streamlit as st

from tjepa.ui import maps
from tjepa.ui.analyses import finished_run
from tjepa.ui.process import bench
from tjepa.ui.text import md

run = finished_run("embeddings", "look here at the map of its rows")

with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    with st.container(width=280):
        column = maps.choose_colour(run)
    method = maps.choose_method(run)
    beside = st.segmented_control(
        "Beside it",
        ["raw", "untrained"],
        default="raw",
        required=True,
        format_func=maps.SOURCES.__getitem__,
        key="beside",
        help="The control: the same rows, as their raw columns or by the encoder before training.",
    )

maps.prepare(run, beside)
chosen, n_shown = maps.draw(run, beside, method, column)
agreement = bench().agreement(run.run_id)
if agreement is not None:
    st.markdown(md(agreement.sentence))
st.caption(
    "Near points are alike; distances between clusters, and their sizes, mean little. "
    "Both maps show the same rows, each placed by its own representation."
)
maps.selection(run, chosen, n_shown)
