"""The two maps of the Embeddings page: their jobs, their colour, the selection between them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, cast

import numpy as np
import pandas as pd
import streamlit as st

from tjepa.analysis import Projection
from tjepa.errors import TjepaError
from tjepa.progress import Work
from tjepa.report.colouring import Colouring, colouring
from tjepa.report.export import to_csv, to_parquet
from tjepa.report.labels import NAME_CHARACTERS, count
from tjepa.report.maps import projection_map
from tjepa.report.selection import inside
from tjepa.runs import RunInfo
from tjepa.ui import previews, process
from tjepa.ui.analyses import progress
from tjepa.ui.charts import companion_map, selectable_map, theme
from tjepa.ui.problems import show_problem
from tjepa.ui.results import run_stamp
from tjepa.ui.text import md

Source = Literal["tjepa", "untrained", "raw"]
Method = Literal["pca", "umap"]

SOURCES: dict[Source, str] = {
    "tjepa": "T-JEPA embedding",
    "raw": "Raw columns",
    "untrained": "Untrained encoder",
}
_IN_A_SENTENCE: dict[Source, str] = {
    "tjepa": "the T-JEPA embedding",
    "raw": "the raw columns",
    "untrained": "the untrained encoder",
}
METHODS: dict[Method, str] = {"pca": "PCA", "umap": "UMAP"}
_TOUCHED = "method chosen for"


@dataclass(frozen=True)
class Wanted:
    """One analysis the page needs: what it is called, and the work that makes it."""

    name: str
    key: str
    work: Callable[[], Work[Any]]


def prepare(run: RunInfo, beside: Source) -> None:
    """Start whatever is missing for the page, PCA first, and follow it until something is new."""
    bench, jobs = process.bench(), process.jobs()
    missing = [
        _map_job(run, source, method)
        for method in METHODS
        for source in ("tjepa", beside)
        if bench.projection(run.run_id, source, method) is None
    ]
    if bench.agreement(run.run_id) is None:
        work = partial(bench.compute_agreement, run.run_id)
        missing.append(Wanted("Agreement of the maps", f"agreement {run.run_id}", work))
    for wanted in missing:
        job = jobs.snapshot(wanted.key)
        if job is None:
            _submit(wanted)
        elif job.state in ("failed", "cancelled"):
            _stopped(wanted, job.error)
    keys = [wanted.key for wanted in missing]
    active = _active(keys)
    if active:
        st.fragment(_follow, run_every=1)(keys, len(active))


def choose_method(run: RunInfo) -> Method:
    """PCA or UMAP: UMAP from the moment both of its maps are there, unless a person chose."""
    ready = process.bench().projection(run.run_id, "tjepa", "umap") is not None
    if st.session_state.get(_TOUCHED) != run.run_id:
        st.session_state["method"] = "umap" if ready else "pca"
    chosen: Method | None = st.segmented_control(
        "Map",
        list(METHODS),
        format_func=METHODS.__getitem__,
        required=True,
        key="method",
        on_change=partial(st.session_state.__setitem__, _TOUCHED, run.run_id),
    )
    return chosen or "pca"


def choose_colour(run: RunInfo) -> str:
    """Any column of the table; the target first, where there is one."""
    names = [column.name for column in run.schema.columns]
    first = run.schema.target or next((f.name for f in run.schema.features), names[0])
    chosen: str = st.selectbox(
        "Colour by",
        names,
        index=names.index(first),
        key=f"colour {run.run_id}",
        filter_mode="contains",
    )
    return chosen


def draw(run: RunInfo, beside: Source, method: Method, column: str) -> tuple[np.ndarray, int]:
    """Both maps side by side; returns the row numbers selected on the left one, and how many
    rows it shows."""
    values = process.bench().colour_values(run.run_id, column)
    left, right = st.columns(2, gap="medium")
    chosen, n_shown = np.array([], dtype=np.int64), 0
    with left:
        shown = _available(run, "tjepa", method)
        if shown is not None:
            _title("tjepa", shown, method)
            outlines = selectable_map(
                projection_map(
                    shown,
                    _colours(values, shown),
                    column=column,
                    stamp=_stamp(run, "tjepa", shown, column),
                    theme=theme(),
                    selectable=True,
                ),
                f"Map of the rows, {METHODS[_method(shown)]} of {_IN_A_SENTENCE['tjepa']}",
                f"map {run.run_id} {shown.method} {column} {theme()}",
            )
            _notes(shown)
            chosen = shown.rows[inside(shown.coordinates, outlines)]
            n_shown = len(shown.rows)
            if len(chosen):  # the map must not change under a drawn lasso
                st.session_state[_TOUCHED] = run.run_id
    with right:
        shown = _available(run, beside, method)
        if shown is not None:
            _title(beside, shown, method)
            companion_map(
                projection_map(
                    shown,
                    _colours(values, shown),
                    column=column,
                    stamp=_stamp(run, beside, shown, column),
                    theme=theme(),
                    selected=np.isin(shown.rows, chosen) if len(chosen) else None,
                ),
                f"The same rows, {METHODS[_method(shown)]} of {_IN_A_SENTENCE[beside]}",
                f"companion {run.run_id} {beside} {shown.method} {column}",
            )
            _notes(shown)
    return chosen, n_shown


def selection(run: RunInfo, chosen: np.ndarray, n_shown: int) -> None:
    """The selected rows as a table, to read and to download."""
    if not len(chosen):
        st.caption(
            "Draw a lasso on the left map, or a box with the second tool above it: the rows inside "
            "are listed here, and stand out on the right map."
        )
        return
    frame = process.bench().rows(run.run_id, chosen)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{len(chosen):,} of {n_shown:,} rows selected**", width="stretch")
        name = f"selection-{run.run_id}"
        csv, parquet = _files(run.run_id, chosen.tobytes(), frame)
        st.download_button(
            "Download CSV",
            csv,
            f"{name}.csv",
            "text/csv",
            on_click="ignore",
            help="A text that a spreadsheet would run as a formula gets a leading apostrophe. "
            "Parquet has every cell as it was read.",
        )
        st.download_button("Download Parquet", parquet, f"{name}.parquet", on_click="ignore")
    shown, any_cut = previews.cut(frame)
    st.dataframe(shown, hide_index=True, height=320, alt="The selected rows, as they were read")
    if any_cut:
        st.caption(previews.CUT)
    st.caption(
        f"“{md(str(frame.columns[0]))}” is the number of a row in the whole table, counted from 0, "
        "without header and blank lines; it is in the files too."
    )


@st.cache_data(max_entries=8, show_spinner=False)
def _files(run_id: str, chosen: bytes, _frame: pd.DataFrame) -> tuple[bytes, bytes]:
    """CSV and Parquet of the selected rows, whose numbers are `chosen`.

    Made before anyone asks: a file that is made on demand is gone when the page runs again between
    the click and the answer.
    """
    return to_csv(_frame), to_parquet(_frame)


def _available(run: RunInfo, source: Source, method: Method) -> Projection | None:
    """The wanted map, or the PCA while UMAP is on its way."""
    bench = process.bench()
    found = bench.projection(run.run_id, source, method)
    return found if found is not None else bench.projection(run.run_id, source, "pca")


def _method(shown: Projection) -> Method:
    return cast(Method, shown.method)


def _title(source: Source, shown: Projection, wanted: Method) -> None:
    waits = "" if shown.method == wanted else f" :gray[({METHODS[wanted]} is on its way)]"
    st.markdown(f"**{SOURCES[source]}**, {METHODS[_method(shown)]}{waits}")


def _notes(shown: Projection) -> None:
    for note in shown.notes:
        st.caption(md(note))


def _stamp(run: RunInfo, source: Source, shown: Projection, column: str) -> str:
    rows = count(shown.n_total, "row")
    if len(shown.rows) < shown.n_total:
        rows = f"{len(shown.rows):,} of {rows}, at random"
    method = f"{SOURCES[source]}, {METHODS[_method(shown)]}"
    return run_stamp(run, method, rows, f"colour: {column[:NAME_CHARACTERS]}")


def _colours(values: pd.Series, shown: Projection) -> Colouring:
    return colouring(values.iloc[shown.rows])


def _map_job(run: RunInfo, source: Source, method: Method) -> Wanted:
    name = f"{METHODS[method]} of {_IN_A_SENTENCE[source]}"
    work = partial(process.bench().compute_projection, run.run_id, source, method)
    return Wanted(name, f"{method} {source} {run.run_id}", work)


def _stopped(wanted: Wanted, error: str | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        reason = f": {md(error)}" if error else " was cancelled."
        st.markdown(f":orange[:material/info:] {md(wanted.name)}{reason}", width="stretch")
        if st.button("Try again", key=f"again {wanted.key}"):
            _submit(wanted)
            st.rerun()


def _submit(wanted: Wanted) -> None:
    try:
        process.jobs().submit(wanted.key, wanted.name, wanted.work, lane="analysis")
    except TjepaError as error:
        show_problem(error)


def _active(keys: list[str]) -> list[str]:
    found = (process.jobs().snapshot(key) for key in keys)
    return [job.key for job in found if job is not None and job.state in process.ACTIVE]


def _follow(keys: list[str], before: int) -> None:
    """One line for the job that works; a full rerun whenever one of them has ended."""
    active = _active(keys)
    if len(active) < before or not active:
        st.rerun(scope="app")
    jobs = [job for job in map(process.jobs().snapshot, active) if job is not None]
    working = next((job for job in jobs if job.state == "running"), jobs[0])
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch"):
            progress(working, named=True)
        st.button("Cancel", key="cancel maps", on_click=_cancel, args=(active,))


def _cancel(keys: list[str]) -> None:
    for key in keys:
        process.jobs().cancel(key)
