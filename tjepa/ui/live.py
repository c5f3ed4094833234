"""One pre-training on the screen: while it waits, while it works, and when it has ended."""

import time
from collections.abc import Mapping
from typing import Any

import streamlit as st

from tjepa.report.figures import training_curves
from tjepa.report.words import kept_sentence, spread_sentence
from tjepa.runs import RunInfo
from tjepa.ui import address, process
from tjepa.ui.analyses import cancel_button, progress
from tjepa.ui.charts import chart, theme
from tjepa.ui.results import run_stamp
from tjepa.ui.sidebar import badge
from tjepa.ui.text import count, duration, md

CURVE_SECONDS = 5.0

_ONWARDS = {
    "embeddings": "See the map of the rows",
    "relevance": "See which columns matter",
    "probe": "Compare with boosted trees",
}


def show(run: RunInfo) -> None:
    """The run as it stands; polls while it is active."""
    if process.state_of(run) in process.ACTIVE:
        st.fragment(_active, run_every=1)(run.run_id)
    else:
        _ended(run)


def _active(run_id: str) -> None:
    run = process.bench().run(run_id)
    if process.state_of(run) not in process.ACTIVE:
        st.rerun(scope="app")
    job = process.job_of(run)
    _head(run)
    if job is None:
        st.caption("This run works in another process, perhaps a shell; cancel it there.")
    else:
        progress(job)
    moment: Mapping[str, float] = {} if job is None or not job.progress else job.progress.values
    metrics = process.bench().metrics(run_id)
    latest: Mapping[str, Any] = {**(metrics[-1] if metrics else {}), **moment}
    with st.grid(min_column_width=120):
        st.metric("Epoch", f"{latest.get('epoch', 0):.0f} of {run.config['epochs']}")
        st.metric("Loss", _number(latest.get("loss"), ".4f"))
        st.metric("Rows per second", _number(latest.get("rows_per_s"), ",.0f"))
        left = job.seconds_left if job is not None else None
        st.metric("Time left", "–" if left is None else duration(left))
    if metrics:
        _curves(run, _steady(run_id, metrics))
    if job is not None:
        cancel_button(job, "What it has learned up to the last whole epoch is kept; resume later.")
    st.caption("The run goes on when you reload or leave this page; its id is in the address.")


def _ended(run: RunInfo) -> None:
    state = process.state_of(run)
    metrics = process.bench().metrics(run.run_id)
    _head(run)
    if state == "finished":
        _summary(run, metrics)
    elif state == "failed":
        st.error(md(run.error or "The log of the server has the details."), icon=":material/error:")
    else:
        done = f"after {run.epochs_done} of {count(int(run.config['epochs']), 'epoch')}"
        kept = "What it has learned so far is kept."
        if not run.epochs_done:
            done, kept = "before its first epoch was over", "It would start from the beginning."
        st.markdown(f"The run was {state} {done}. {kept}")
    if metrics:
        _curves(run, metrics)
    if state != "finished":
        again = "Try again" if state == "failed" else "Resume"
        if st.button(again, type="primary", icon=":material/play_arrow:"):
            process.resume_run(run.run_id)
            st.rerun()


def _head(run: RunInfo) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Run {run.run_id}**", width="content")
        badge(process.state_of(run))


def _summary(run: RunInfo, metrics: list[dict[str, Any]]) -> None:
    seconds = sum(row.get("seconds", 0.0) for row in metrics)
    st.markdown(
        f"{count(run.epochs_done, 'epoch')} over {run.rows['train']:,} training rows in "
        f"{duration(seconds)}; {run.rows['validation']:,} rows were kept for validation and "
        f"{run.rows['test']:,} held out."
    )
    if metrics:
        kept = run.summary.get("best_epoch") or run.epochs_done
        st.markdown(f"{spread_sentence(metrics[:kept])} {kept_sentence(run)}")
    with st.container(horizontal=True):
        for name, label in _ONWARDS.items():
            if name != "probe" or run.schema.target is not None:
                address.link(name, label)


def _curves(run: RunInfo, metrics: list[dict[str, Any]]) -> None:
    last = metrics[-1]
    chart(
        training_curves(metrics, stamp=run_stamp(run), theme=theme()),
        f"Loss {last['loss']:.4g} after epoch {last['epoch']}",
        f"curves {run.run_id}",
    )


def _steady(run_id: str, metrics: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The numbers of a few seconds ago: every changed figure is drawn anew, which flickers."""
    key = f"curves drawn {run_id}"
    drawn, shown = st.session_state.get(key, (0.0, metrics))
    if time.monotonic() - drawn > CURVE_SECONDS:
        drawn, shown = time.monotonic(), metrics
        st.session_state[key] = (drawn, shown)
    return shown


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)
