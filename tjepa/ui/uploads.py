"""A file that is dropped on the page: read, and read again when a person says how."""

from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from tjepa.errors import TjepaError
from tjepa.report.reading_words import reading_in_words
from tjepa.table import APPLIES, FORMATS, FOUND_OUT, FileReading, RawTable
from tjepa.table.reading.content import format_of
from tjepa.table.reading.unpacking import unpacked
from tjepa.ui import address, process, readings
from tjepa.ui.address import Address
from tjepa.ui.text import md

TYPES = (
    *("csv", "tsv", "tab", "txt", "data", "dat", "gz", "zip", "parquet", "pq"),
    *("feather", "arrow", "ipc", "json", "jsonl", "ndjson", "arff", "xlsx", "xlsm", "xls"),
)
_UPLOAD = "the upload"
_Told = tuple[FileReading, str | None]  # what a person decided, and the sheet


@dataclass
class _Upload:
    """What is known of the file that lies in the uploader of this session."""

    file_id: str
    form: str | None = None  # where it could not be read
    found: dict[str | None, FileReading] = field(default_factory=dict)  # by sheet, nothing told
    tables: dict[str, _Told] = field(default_factory=dict)  # its tables by id, and how
    failed: _Told | None = None  # the last attempt, where it went wrong
    problem: str = ""


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
        upload.form = _form(file)
    if upload.tables:
        return
    said = st.container()
    if upload.form is not None and APPLIES[upload.form]:
        st.caption("Say how to read it:")
        changed = readings.controls(upload.form, FOUND_OUT, file.file_id)
        _read_again(file, upload, (FileReading(**changed), None))
    said.error(md(upload.problem), icon=":material/error:")


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
        if upload.failed == wanted:
            st.error(md(upload.problem), icon=":material/error:")


def _merged(told: FileReading, changed: dict[str, Any], found: FileReading | None) -> FileReading:
    """All that was told so far; nothing, where that is what the file says by itself."""
    fields = told.told | changed
    if found is not None and all(getattr(found, name) == fields[name] for name in fields):
        return FOUND_OUT
    return FileReading(**fields)


def _read_again(file: Any, upload: _Upload, wanted: _Told) -> None:
    if wanted != upload.failed:  # else it has just been tried
        _read(file, upload, wanted)


def _read(file: Any, upload: _Upload, wanted: _Told) -> None:
    reading, sheet = wanted
    try:
        with st.spinner(f"Reading {md(file.name)} …"):
            table_id = process.bench().open_table(
                file.getvalue(), name=file.name, sheet=sheet, reading=reading
            )
    except TjepaError as error:
        upload.failed, upload.problem = wanted, str(error)
        return
    upload.failed = None
    upload.tables[table_id] = wanted
    if reading == FOUND_OUT:
        upload.found[sheet] = process.bench().table(table_id).reading
    address.go("data", Address(table_id))


def _form(file: Any) -> str | None:
    """The format of a file; None where it has none, or nothing about it can be told."""
    try:
        return format_of(unpacked(file.getvalue(), file.name)[0], file.name)
    except TjepaError:
        return None
