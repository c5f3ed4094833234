"""Every pre-training on this machine."""

import streamlit as st

from tjepa.errors import TjepaError
from tjepa.ui import address, process
from tjepa.ui.address import Address
from tjepa.ui.problems import show_problem
from tjepa.ui.sidebar import badge
from tjepa.ui.text import count, md

SHOWN = 50

runs = process.bench().runs()
damaged = process.bench().store.damaged_runs()
if not runs and not damaged:
    with st.container(border=True):
        st.markdown("**There is no run yet.** Open a table and pre-train on it.")
        address.link("data", "Open a table", icon=":material/table:")
    st.stop()

st.caption(
    f"{count(len(runs), 'run')}, newest first"
    + (f"; the newest {SHOWN} are shown." if len(runs) > SHOWN else ".")
)


def delete(run_id: str) -> None:
    try:
        process.bench().store.delete_run(run_id)
    except TjepaError as error:
        show_problem(error)
    if address.here().run == run_id:
        st.query_params.pop("run", None)


def delete_button(run_id: str, *, disabled: bool = False) -> None:
    with st.popover("Delete", disabled=disabled):
        st.markdown("The run, its encoder and its results will be gone.")
        st.button("Delete this run", key=f"delete {run_id}", on_click=delete, args=(run_id,))


for run in runs[:SHOWN]:
    state = process.state_of(run)
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="left"
    ):
        st.markdown(f"**{md(run.table_name, 60)}**", width="content")
        badge(state)
        target = f"target {run.schema.target}" if run.schema.target else "no target"
        st.caption(
            f"{run.run_id} · {count(run.epochs_done, 'epoch')} · {md(target, 60)}", width="stretch"
        )
        onwards = "embeddings" if state == "finished" else "pretrain"
        address.link(onwards, "Open", Address(run=run.run_id), ":material/open_in_new:")
        delete_button(run.run_id, disabled=state in process.ACTIVE)

for run_id, problem in damaged.items():
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":orange[:material/warning:] {md(problem)}", width="stretch")
        delete_button(run_id)
