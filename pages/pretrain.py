"""Pre-train an encoder on the table, without labels."""

import streamlit as st

from tjepa.errors import TjepaError
from tjepa.ui import address, live, process, settings, tables
from tjepa.ui.address import Address
from tjepa.ui.analyses import offer_example
from tjepa.ui.problems import show_problem
from tjepa.ui.text import count, md

place = address.here()

if place.table is None:
    with st.container(border=True):
        st.markdown("**No table is open.** Open one first; then an encoder can learn from it.")
        address.link("data", "Open a table", icon=":material/table:")
        offer_example("pretrain")
    st.stop()

run = address.run_here()
if run is not None:
    live.show(run)
    st.space("small")
    if st.button("New run of this table", help="The present run stays in the list of runs."):
        address.go("pretrain", Address(place.table, place.schema))
    st.stop()

schema = address.schema_here()
st.caption(
    "The encoder learns, without labels, to predict what is hidden of a row from what is visible. "
    f"It sees {count(len(schema.features), 'feature')} of the training rows; "
    + (f"the target {md(schema.target)} is never shown to it." if schema.target else "no target.")
)
rows = len(tables.split_of(place.table, schema.schema_id, schema).train)
config = settings.choose(rows)
runnable = config is not None and settings.estimate(place.table, schema, config)

if st.button("Start", type="primary", icon=":material/play_arrow:", disabled=not runnable):
    assert config is not None
    try:
        run_id = process.start_run(place.table, schema, config)
    except TjepaError as error:
        show_problem(error)
    else:
        address.go("pretrain", Address(place.table, place.schema, run_id))
