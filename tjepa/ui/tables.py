"""Opening a table: an upload or a sample, what was understood of it, how its rows are split."""

import pandas as pd
import streamlit as st

from tjepa.errors import TjepaError
from tjepa.pretraining import preset
from tjepa.report.labels import count
from tjepa.table import SAMPLES, RawTable, Schema, Split, override, split_table
from tjepa.ui import address, process
from tjepa.ui.address import Address
from tjepa.ui.problems import show_problem
from tjepa.ui.text import md

PREVIEW_ROWS = 100
PREVIEW_COLUMNS = 200
_SEEN = "upload seen"
_TYPES = ("csv", "tsv", "txt", "parquet", "xlsx", "xls")


def uploader() -> None:
    """Read a file that was just dropped, go to it; or say what is wrong with it."""
    file = st.file_uploader(
        "CSV, TSV, Parquet or Excel, up to 200 MB. Nothing leaves this machine.",
        type=_TYPES,
        key="upload",
    )
    if file is None:
        st.session_state.pop(_SEEN, None)
        return
    seen = st.session_state.get(_SEEN)
    if seen is None or seen["file"] != file.file_id:
        _read(file, sheet=None)
    elif seen["problem"] is not None:
        st.error(md(seen["problem"]), icon=":material/error:")


def sheet_choice(table: RawTable) -> None:
    """Another sheet of the workbook, while its file is still in this session."""
    if len(table.sheets) < 2:
        return
    file = st.session_state.get("upload")
    if file is None or file.name != table.name:
        st.caption(
            f"Sheet “{md(table.sheet)}” of {len(table.sheets)}. "
            "Upload the file again to choose another one."
        )
        return
    sheet = st.selectbox("Sheet", table.sheets, index=table.sheets.index(table.sheet or ""))
    if sheet != table.sheet:
        _read(file, sheet=sheet)


def samples() -> None:
    """The samples as cards: open one, or go from nothing to a map with one click."""
    for sample, card in zip(SAMPLES, st.columns(len(SAMPLES)), strict=True):
        with card.container(border=True, height="stretch", vertical_alignment="distribute"):
            with st.container():
                st.markdown(f"**{md(sample.title)}**")
                st.caption(md(sample.description))
            with st.container(horizontal=True, vertical_alignment="bottom"):
                if st.button("Open", key=f"open {sample.key}"):
                    address.go("data", _open_sample(sample.key))
                if st.button(
                    "Open and pre-train",
                    key=f"try {sample.key}",
                    type="tertiary",
                    icon=":material/bolt:",
                    help="Quick pre-training at once: a map in about a minute.",
                ):
                    _try(sample.key)


def overview(table: RawTable) -> None:
    """What was understood while reading, and the first rows."""
    rows, columns = table.frame.shape
    st.markdown(f"**{md(table.name)}** · {count(rows, 'row')} · {count(columns, 'column')}")
    for note in table.notes:
        st.caption(md(note))
    shown = table.frame.iloc[:PREVIEW_ROWS, :PREVIEW_COLUMNS]
    st.dataframe(shown, height=215, alt=f"The first rows of {table.name}")
    if shown.shape != table.frame.shape:
        st.caption(
            f"Shown: the first {count(len(shown), 'row')} and "
            f"{count(shown.shape[1], 'column')}. Empty cells are missing values."
        )


@st.cache_data(max_entries=32, show_spinner=False)
def split_of(table_id: str, schema_id: str, _schema: Schema) -> Split:
    """The split a run of this table and schema will use."""
    return split_table(process.bench().table(table_id).frame, _schema)


def split_sentence(split: Split) -> str:
    """How many rows go where, and how they were drawn."""
    sizes = (
        f"{count(len(split.train), 'row')} to train, {len(split.validation):,} to validate, "
        f"{len(split.test):,} held out."
    )
    return f"{sizes} {split.note}".strip()


def _read(file: "st.runtime.uploaded_file_manager.UploadedFile", sheet: str | None) -> None:
    problem = None
    try:
        with st.spinner(f"Reading {md(file.name)} …"):
            table_id = process.bench().open_table(file.getvalue(), name=file.name, sheet=sheet)
    except TjepaError as error:
        problem = str(error)
        show_problem(error)
    st.session_state[_SEEN] = {"file": file.file_id, "problem": problem}
    if problem is None:
        address.go("data", Address(table_id))


def _open_sample(key: str) -> Address:
    """The sample with its target set, as an address."""
    bench = process.bench()
    sample = next(sample for sample in SAMPLES if sample.key == key)
    table_id = bench.open_sample(key)
    frame: pd.DataFrame = bench.table(table_id).frame
    schema = override(bench.schema(table_id), frame, target=sample.target, task=sample.task)
    return Address(table_id, bench.save_schema(table_id, schema))


def _try(key: str) -> None:
    place = _open_sample(key)
    assert place.table is not None
    schema = process.bench().schema(place.table, place.schema)
    rows = len(split_of(place.table, schema.schema_id, schema).train)
    run_id = process.start_run(place.table, schema, preset("quick", rows))
    address.go("pretrain", Address(place.table, place.schema, run_id))
