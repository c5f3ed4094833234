"""A file that is dropped on the page: read, and read again when a person says how."""

from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from tjepa.report.reading_words import reading_in_words
from tjepa.table import APPLIES, FORMATS, FOUND_OUT, FileReading, RawTable
from tjepa.table.reading.limits import Bounds
from tjepa.ui import openings, process, readings
from tjepa.ui.openings import Refusal
from tjepa.ui.server_settings import limit, settings
from tjepa.ui.text import md

TYPES = (
    *("csv", "tsv", "tab", "txt", "data", "dat", "gz", "zip", "parquet", "pq"),
    *("feather", "arrow", "ipc", "json", "jsonl", "ndjson", "arff", "xlsx", "xlsm", "xls"),
)
SMALL = 4 * 1024**2  # bytes of a file that does not wait behind larger ones
_UPLOAD = "the upload"
_Told = tuple[FileReading, str | None]  # what a person decided, and the sheet


@dataclass
class _Upload:
    """What is known of the file that lies in the uploader of this session."""

    file_id: str
    form: str | None = None  # None where nothing about it can be told
    found: dict[str | None, FileReading] = field(default_factory=dict)  # by sheet, nothing told
    tables: dict[str, _Told] = field(default_factory=dict)  # its tables by id, and how
    trying: _Told | None = None  # how it is being read just now
    failed: _Told | None = None  # the last attempt, where it went wrong
    refusal: Refusal | None = None  # and why


def uploader() -> None:
    """Read a file that was just dropped and go to it; or say what is wrong, with controls."""
    file = st.file_uploader(
        "CSV, TSV and other text, Excel, Parquet, Arrow, JSON or ARFF, also as .gz or .zip, up to "
        "200 MB. Nothing leaves this machine.",
        type=TYPES,
        key="upload",
    )
    if file is None:
        st.session_state.pop(_UPLOAD, None)
        return
    upload = st.session_state.get(_UPLOAD)
    if upload is None or upload.file_id != file.file_id:
        upload = st.session_state[_UPLOAD] = _Upload(file.file_id)
        _read(file, upload, (FOUND_OUT, None))
    if upload.tables or upload.refusal is None:
        return
    said = st.container()
    if upload.form is not None and APPLIES[upload.form]:
        st.caption("Say how to read it:")
        changed = readings.controls(upload.form, FOUND_OUT, file.file_id)
        _read_again(file, upload, (FileReading(**changed), None))
    with said:
        upload.refusal.show()
        # What was stopped may be read all the same; what is no table stays none.
        may_be_read = upload.form is not None or upload.refusal.cancelled
        if may_be_read and st.button("Read it again", icon=":material/refresh:"):
            _read(file, upload, upload.failed or (FOUND_OUT, None))
            st.rerun()


def how_it_was_read(table: RawTable) -> None:
    """What was found out about the file, and controls while it is still in this session."""
    if table.reading.format is None:
        return
    table_id = table.content_id[:16]
    file = st.session_state.get("upload")
    upload: _Upload | None = st.session_state.get(_UPLOAD)
    if file is None or upload is None or table_id not in upload.tables:
        upload = None
    # The same words after a correction, or it would close.
    with st.expander(f"How it was read: {FORMATS[table.reading.format]}", icon=":material/tune:"):
        if upload is None:
            sheet = f"Sheet “{table.sheet}” of {len(table.sheets)}. " if table.sheet else ""
            st.caption(md(f"{sheet}{reading_in_words(table.reading)}."))
            st.caption("Upload the file again to change that.")
            return
        if not APPLIES[table.reading.format]:
            st.caption("Its columns have types: there is nothing to find out.")
        told, wanted_sheet = upload.tables[table_id]
        chosen = table.sheet
        if len(table.sheets) > 1:
            chosen = st.selectbox(
                "Sheet",
                table.sheets,
                table.sheets.index(table.sheet or ""),
                key=f"sheet {table_id}",
            )
        if chosen != table.sheet:
            wanted = (FOUND_OUT, chosen)  # another sheet is another table
        else:
            changed = readings.controls(table.reading.format, table.reading, table_id)
            if not changed:
                return
            wanted = (_merged(told, changed, upload.found.get(wanted_sheet)), wanted_sheet)
        _read_again(file, upload, wanted)
        if upload.trying == wanted:
            st.caption("It is being read again: how far it is stands at the top of the page.")
        if upload.failed == wanted and upload.refusal is not None:
            upload.refusal.show()


def _merged(told: FileReading, changed: dict[str, Any], found: FileReading | None) -> FileReading:
    """All that was told so far; nothing, where that is what the file says by itself."""
    fields = told.told | changed
    if found is not None and all(getattr(found, name) == fields[name] for name in fields):
        return FOUND_OUT
    return FileReading(**fields)


def _read_again(file: Any, upload: _Upload, wanted: _Told) -> None:
    if wanted not in (upload.failed, upload.trying):  # else it has just been tried, or is
        _read(file, upload, wanted)


def _read(file: Any, upload: _Upload, wanted: _Told) -> None:
    reading, sheet = wanted
    content, name = file.getvalue(), file.name

    def opened(table_id: str) -> None:
        upload.trying = upload.failed = upload.refusal = None
        upload.tables[table_id] = wanted
        if reading == FOUND_OUT:
            upload.found[sheet] = process.bench().table(table_id).reading

    def refused(refusal: Refusal) -> None:
        upload.trying, upload.failed, upload.refusal = None, wanted, refusal

    def known(form: str) -> None:  # in the thread of the job
        upload.form = form

    upload.trying = wanted
    bounds = _bounds()
    openings.begin(
        f"Reading {name}",
        lambda: process.bench().opening_table(
            content, name=name, sheet=sheet, reading=reading, bounds=bounds, known=known
        ),
        process.SMALL_FILES if len(content) <= SMALL else process.LARGE_FILES,
        opened=opened,
        refused=refused,
    )


def _bounds() -> Bounds:
    """What reading a file may take, as the server's secrets say."""
    found, usual = settings(), Bounds()
    return Bounds(
        seconds=limit(found, "reading_seconds", usual.seconds),
        memory=round(limit(found, "reading_gb", usual.memory / 1024**3) * 1024**3),
    )
