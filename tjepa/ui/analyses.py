"""Results of analyses on a page: from disk, or a job with its stage, time left and cancel."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from tjepa.errors import TjepaError
from tjepa.progress import Work
from tjepa.runs import JobSnapshot, RunInfo
from tjepa.ui import address, process
from tjepa.ui.problems import show_problem
from tjepa.ui.text import duration, md

T = TypeVar("T")


def analysed(
    run: RunInfo,
    what: str,
    stored: Callable[[], T | None],
    work: Callable[[], Work[T]],
    *,
    button: str | None = None,
) -> T | None:
    """The stored result; or None, after drawing how to get it.

    `what` names the analysis for people ("the probe") and, with the run, its job. With `button`
    a person starts it; without, it starts by itself.
    """
    result = stored()
    if result is not None:
        return result
    key = f"{what} {run.run_id}"
    job = process.jobs().snapshot(key)
    if job is not None and job.state in process.ACTIVE:
        watch(key)
        return None
    if job is not None and job.state == "failed":
        st.error(md(job.error or "This did not work."), icon=":material/error:")
    elif job is not None and job.state == "cancelled":
        st.caption(f"{what[:1].upper()}{what[1:]}: cancelled.")
    label = button if job is None else "Try again"
    if label is None or st.button(label, key=f"start {key}", type="primary"):
        try:
            process.jobs().submit(key, what, work, lane="analysis")
        except TjepaError as error:
            show_problem(error)
            return None
        st.rerun()
    return None


def watch(key: str, show: Callable[[JobSnapshot], object] | None = None) -> None:
    """Follow the job `key` until it ends, then run the page once more.

    `show` draws it; without, its progress and a button to cancel it are drawn.
    """
    st.fragment(_follow, run_every=1)(key, show)


def finished_run(page: str, purpose: str) -> RunInfo:
    """The finished run of the address; without one, say what comes next and stop the page."""
    run = address.run_here()
    if run is None or process.state_of(run) != "finished":
        _what_comes_next(run, page, purpose)
        st.stop()
    return run


def _what_comes_next(run: RunInfo | None, page: str, purpose: str) -> None:
    place = address.here()
    with st.container(border=True):
        if place.table is None:
            st.markdown(f"**No table is open.** Open one, pre-train on it, and {purpose}.")
            address.link("data", "Open a table", icon=":material/table:")
        elif run is None:
            st.markdown(f"**This table has no run yet.** Pre-train on it, and {purpose}.")
            address.link("pretrain", "Pre-train", icon=":material/model_training:")
        else:
            state = process.state_of(run)
            st.markdown(f"**This run is {state}.** When it has finished, {purpose}.")
            address.link("pretrain", "Look at the run", icon=":material/model_training:")
        offer_example(page)


def offer_example(page: str) -> None:
    """A link to the finished example on `page`, unless it is open already."""
    run_id = process.example_run()
    if run_id is None or run_id == address.here().run:
        return
    place = address.Address(run=run_id)
    address.link(page, "Or look at a finished example", place, ":material/visibility:")


def _follow(key: str, show: Callable[[JobSnapshot], object] | None) -> None:
    job = process.jobs().snapshot(key)
    if job is None or job.state not in process.ACTIVE:
        st.rerun(scope="app")
    if show is not None:
        show(job)
        return
    progress(job)
    cancel_button(job)


def progress(job: JobSnapshot, *, named: bool = False) -> None:
    """One job: its stage or place in the queue, its share, the time left; `named`, its title."""
    if job.state == "queued":
        before = "next in line" if job.position <= 1 else f"number {job.position} in line"
        st.progress(0.0, text=f"{md(job.title)}: waiting, {before}.")
        return
    moment = job.progress
    stage = "starting" if moment is None else moment.stage
    if job.cancelling:
        stage = f"{stage}, stopping"
    left = "" if job.seconds_left is None else f" · {duration(job.seconds_left)} left"
    share = 0.0 if moment is None else min(1.0, max(0.0, moment.share))
    words = f"{job.title}: {stage}" if named else stage[:1].upper() + stage[1:]
    st.progress(share, text=f"{md(words)}{left}")


def cancel_button(job: JobSnapshot, words: str | None = None) -> None:
    """A button that asks the job to stop, once."""
    st.button(
        "Cancel",
        key=f"cancel {job.key}",
        icon=":material/close:",
        help=words,
        disabled=job.cancelling,
        on_click=process.jobs().cancel,
        args=(job.key,),
    )
