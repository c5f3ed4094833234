"""The sidebar: which table, which run, and how it is doing, on every page."""

import streamlit as st

from tjepa.runs import RunInfo
from tjepa.ui import address, process
from tjepa.ui.text import count, duration, md

STATES = {
    "queued": ("waiting", "gray", ":material/schedule:"),
    "running": ("running", "blue", ":material/play_circle:"),
    "finished": ("finished", "green", ":material/check_circle:"),
    "cancelled": ("cancelled", "orange", ":material/cancel:"),
    "interrupted": ("interrupted", "orange", ":material/pause_circle:"),
    "failed": ("failed", "red", ":material/error:"),
}


def sidebar(*, polls: bool) -> None:
    """Draw the sidebar; with `polls`, it follows a run that is going on."""
    with st.sidebar:
        place = address.here()
        if place.table is None:
            st.caption("TABLE")
            st.markdown("None open yet.")
        else:
            _table(place.table)
            run = address.run_here()
            active = polls and run is not None and process.state_of(run) in process.ACTIVE
            st.fragment(_run, run_every=2 if active else None)(active)
        address.link("runs", "All runs", icon=":material/list:")


def badge(state: str) -> None:
    """The state of a run as a small coloured label."""
    name, colour, icon = STATES[state]
    st.badge(name, color=colour, icon=icon)  # type: ignore[arg-type]


def _table(table_id: str) -> None:
    table = process.bench().table(table_id)
    schema = address.schema_here()
    st.caption("TABLE")
    st.markdown(f"**{md(table.name, 60)}**")
    target = f" · target {md(schema.target, 40)}" if schema.target else ""
    st.caption(
        f"{count(len(table.frame), 'row')} · {count(len(schema.features), 'feature')}{target}"
    )


def _run(active: bool) -> None:
    """The run's lines; redrawn by itself while `active`, with one full rerun at the end."""
    run = address.run_here()
    st.caption("RUN")
    if run is None:
        st.markdown("No run of this table yet.")
        return
    state = process.state_of(run)
    if active and state not in process.ACTIVE:
        st.rerun(scope="app")
    badge(state)
    st.caption(f"{run.run_id} · {_lines(run, state)}")
    job = process.job_of(run)
    if job is not None and job.progress is not None:
        left = "" if job.seconds_left is None else f"{duration(job.seconds_left)} left"
        st.progress(min(1.0, job.progress.share), text=left or None)


def _lines(run: RunInfo, state: str) -> str:
    epochs = f"{run.epochs_done} of {count(int(run.config['epochs']), 'epoch')}"
    return epochs if state != "finished" else count(run.epochs_done, "epoch")
