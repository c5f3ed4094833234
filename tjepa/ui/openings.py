"""A table that is being opened, from a file or a database: a job that leads to its table.

What is quick is waited for. The rest shows what it is at on the Data page, can be cancelled, and
goes on when the page is reloaded: its id is in the address.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from tjepa.errors import TjepaError
from tjepa.progress import Work
from tjepa.runs import JobSnapshot
from tjepa.ui import address, process
from tjepa.ui.address import Address
from tjepa.ui.analyses import cancel_button, watch
from tjepa.ui.text import duration, md

INLINE_SECONDS = 1.0
_OPENING = "opening"  # in the address and in the session
_PROBLEM = "opening problem"
_KEPT = 200

_tables: dict[str, str] = {}  # what was opened, by key, for the whole server


@dataclass(frozen=True)
class Refusal:
    """Why there is no table: a sentence; and whether a person wanted it so."""

    sentence: str
    cancelled: bool = False

    def show(self) -> None:
        if self.cancelled:
            st.info(md(self.sentence), icon=":material/cancel:")
        else:
            st.error(md(self.sentence), icon=":material/error:")


@dataclass(frozen=True)
class _Opening:
    key: str
    opened: Callable[[str], object]
    refused: Callable[[Refusal], object]


def begin(
    title: str,
    work: Callable[[], Work[str]],
    lanes: Sequence[str],
    *,
    opened: Callable[[str], object],
    refused: Callable[[Refusal], object],
) -> None:
    """Open a table, in place of what this session is opening, and go to it.

    `work` returns the table's id; it waits in the shortest line of `lanes`. `opened` gets the id
    before the page is left; `refused` gets the reason where there is no table. Returns only in
    that case.
    """
    under_way = _here()
    if under_way is not None:
        process.jobs().cancel(under_way.key)
    st.session_state.pop(_PROBLEM, None)
    opening = _Opening(f"open {uuid.uuid4().hex}", opened, refused)
    st.session_state[_OPENING] = opening
    try:
        process.jobs().submit(
            opening.key, title, lambda: _kept(opening.key, work()), _shortest(lanes)
        )
    except TjepaError as error:
        del st.session_state[_OPENING]
        refused(Refusal(str(error)))
        return
    job = process.jobs().wait(opening.key, INLINE_SECONDS)
    if job is not None and job.state in process.ACTIVE:
        st.rerun()
    _end(opening, job)


def panel() -> bool:
    """What this session is opening, above everything else; whether there is something.

    Follows it to its end and then goes to its table.
    """
    # Always there, or what comes below would move and its expanders close.
    with st.container():
        return _drawn()


def _drawn() -> bool:
    opening = _here()
    if opening is None:
        refusal, table_id = st.session_state.get(_PROBLEM, (None, None))
        if refusal is not None and table_id == address.here().table:
            refusal.show()
        return False
    job = process.jobs().snapshot(opening.key)
    if job is None or job.state not in process.ACTIVE:
        _end(opening, job)
        return _drawn()
    st.query_params[_OPENING] = opening.key.removeprefix("open ")
    with st.container(border=True):
        st.markdown(f"**{md(job.title, 200)}**")
        watch(opening.key, _show)
    return True


def _shortest(lanes: Sequence[str]) -> str:
    active = [job.lane for job in process.jobs().snapshots() if job.state in process.ACTIVE]
    return min(lanes, key=active.count)


def _here() -> _Opening | None:
    """What this session is opening, or was before a reload."""
    opening: _Opening | None = st.session_state.get(_OPENING)
    if opening is None and _OPENING in st.query_params:
        key = f"open {st.query_params[_OPENING]}"
        opening = st.session_state[_OPENING] = _Opening(key, lambda _: None, _remember)
    return opening


def _end(opening: _Opening, job: JobSnapshot | None) -> None:
    del st.session_state[_OPENING]
    st.query_params.pop(_OPENING, None)
    table_id = _tables.get(opening.key)
    if job is None and table_id is None:
        opening.refused(
            Refusal(
                "What was being opened here is not known any more: the app was started anew, or it "
                "ended long ago. Open it again."
            )
        )
    elif table_id is not None:
        opening.opened(table_id)
        address.go("data", Address(table_id))
    elif job is not None and job.state == "cancelled":
        opening.refused(Refusal(f"{job.title}: cancelled.", cancelled=True))
    elif job is not None:
        opening.refused(Refusal(job.error or "This did not work."))


def _kept(key: str, work: Work[str]) -> Work[None]:
    """Note the table of `work` for whoever asks for it, in this session or after a reload."""
    table_id = yield from work
    # Read here once, so that the page need not.
    process.bench().table(table_id)
    _tables[key] = table_id
    for old in list(_tables)[:-_KEPT]:
        _tables.pop(old, None)


def _remember(refusal: Refusal) -> None:
    st.session_state[_PROBLEM] = (refusal, address.here().table)


def _show(job: JobSnapshot) -> None:
    moment = job.progress
    if job.state == "queued":
        what = "Waiting for another file"
    else:
        stage = "starting" if moment is None else moment.stage
        what = stage[:1].upper() + stage[1:]
    if job.cancelling:
        what = f"{what}, stopping"
    spent = duration(time.time() - (job.started or job.submitted))
    st.progress(0.0 if moment is None else moment.share, text=f"{md(what)} · {md(spent)}")
    with st.container(horizontal=True, vertical_alignment="center"):
        cancel_button(job)
        st.caption("It goes on when you reload this page; its id is in the address.")
