"""Opening a sample; what was understood of a table, and how its rows are split."""

import pandas as pd
import streamlit as st

from tjepa.errors import TjepaError
from tjepa.pretraining import preset
from tjepa.report.labels import count
from tjepa.table import SAMPLES, RawTable, Schema, Split, override, split_table, with_repeats
from tjepa.ui import address, previews, process
from tjepa.ui.address import Address
from tjepa.ui.problems import show_problem
from tjepa.ui.text import md

PREVIEW_ROWS = 100
PREVIEW_COLUMNS = 200


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
    shown, any_cut = previews.cut(table.frame.iloc[:PREVIEW_ROWS, :PREVIEW_COLUMNS])
    st.dataframe(
        shown, height=min(215, 38 + 35 * len(shown)), alt=f"The first rows of {table.name}"
    )
    said = "Rows are counted from 0, without header and blank lines, and keep their numbers."
    if shown.shape != table.frame.shape:
        said += (
            f" Shown: the first {count(len(shown), 'row')} and "
            f"{count(shown.shape[1], 'column')}. Empty cells are missing values."
        )
    st.caption(f"{said} {previews.CUT}" if any_cut else said)


@st.cache_data(max_entries=32, show_spinner=False)
def split_of(table_id: str, schema_id: str, _schema: Schema) -> Split:
    """The split a run of this table and schema will use, with a note of repeated rows."""
    frame = process.bench().table(table_id).frame
    return with_repeats(split_table(frame, _schema), frame, _schema)


def split_in_words(table_id: str, schema: Schema) -> bool:
    """How many rows go where, and how they were drawn; or why not. Whether they can be split."""
    try:
        split = split_of(table_id, schema.schema_id, schema)
    except TjepaError as error:
        show_problem(error)
        return False
    sizes = (
        f"{count(len(split.train), 'row')} to train, {len(split.validation):,} to validate, "
        f"{len(split.test):,} held out."
    )
    st.markdown(md(f"{sizes} {split.note}".strip()))
    return True


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
