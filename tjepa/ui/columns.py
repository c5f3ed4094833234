"""Correcting a schema: kinds and use of columns, target, task and split, applied all at once."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import pandas as pd
import streamlit as st

from tjepa.errors import TjepaError
from tjepa.table import KINDS, RawTable, Schema, SplitSpec, Task, override
from tjepa.ui import process
from tjepa.ui.problems import show_problem
from tjepa.ui.text import md

Changes = dict[str, Any]

_TASKS: dict[str | None, str] = {None: "guess from the target"} | {
    task: task for task in get_args(Task)
}
_COUNTED = {
    "kinds": "changed kinds",
    "used": "changed uses",
    "missing_values": "changed missing values",
}
_LISTED = 12


def editor(schema: Schema, pictures: Sequence[str]) -> Changes:
    """The widgets over `schema`; returns what differs from it, as arguments of `override`.

    `pictures` show the distribution of each column, as addresses of images.

    Every key carries the schema's id: once the changes are applied, the widgets start afresh from
    the new schema, so nothing is ever fed back into itself.
    """
    changes: Changes = {}
    at = schema.schema_id
    names = [column.name for column in schema.columns]
    target_side, task_side, *split_sides = st.columns([2, 2, 1, 1, 1])
    target = target_side.selectbox(
        "Target (optional)",
        [None, *names],
        index=0 if schema.target is None else names.index(schema.target) + 1,
        format_func=lambda name: "no target" if name is None else name,
        key=f"target {at}",
        help="Predicted by the probe only. Pre-training never sees it.",
        filter_mode="contains",
    )
    task = task_side.selectbox(
        "Task",
        list(_TASKS),
        index=list(_TASKS).index(schema.task),
        format_func=_TASKS.__getitem__,
        key=f"task {at}",
        disabled=target is None,
    )
    split = SplitSpec(
        validation=_percent(split_sides[0], "Validation, %", schema.split.validation, at),
        test=_percent(split_sides[1], "Held out, %", schema.split.test, at),
        seed=int(
            split_sides[2].number_input(
                "Split seed", 0, 2**31 - 1, schema.split.seed, key=f"split seed {at}"
            )
        ),
        equal_together=st.checkbox(
            "Keep equal rows on one side of the split",
            value=schema.split.equal_together,
            key=f"equal together {at}",
            help="Else a held-out row may also be among those to train on, and be remembered.",
        ),
    )
    if target != schema.target:
        changes["target"] = target
    if target != schema.target or task != schema.task:
        # A new target asks for a new guess, unless a task was chosen for it as well.
        changes["task"] = task if task != schema.task else None
    if split != schema.split:
        changes["split"] = split
    return changes | _column_changes(schema, _column_editor(schema, pictures))


def pending(changes: Changes) -> str:
    """What waits to be applied, in words."""
    parts = [f"{len(changes[key])} {words}" for key, words in _COUNTED.items() if key in changes]
    parts += [key for key in ("target", "task", "split") if key in changes]
    return ", ".join(parts)


def apply(table_id: str, schema: Schema, *changes: Changes) -> str | None:
    """Apply the changes in turn and return the new schema's id; or say why they do not fit."""
    bench = process.bench()
    try:
        frame = bench.table(table_id).frame
        for some in changes:
            schema = override(schema, frame, **some)
        return bench.save_schema(table_id, schema)
    except TjepaError as error:
        show_problem(error)
        return None


def left_out(schema: Schema) -> None:
    """Every column that is neither feature nor target, with the reason."""
    if not schema.left_out:
        st.caption("No column is left out.")
        return
    if len(schema.left_out) > _LISTED:
        frame = pd.DataFrame(schema.left_out, columns=["column", "reason"])
        st.dataframe(frame, hide_index=True, height=240, alt="Columns left out, with the reason")
        return
    st.markdown("\n".join(f"- **{md(name, 80)}**: {md(why)}" for name, why in schema.left_out))


def facts(table: RawTable, schema: Schema) -> str:
    """Features by kind, in one line."""
    kinds = pd.Series([column.kind for column in schema.features]).value_counts()
    listed = ", ".join(f"{kinds[kind]} {kind}" for kind in KINDS if kind in kinds)
    cells = sum(column.missing for column in schema.features)
    missing = f"; {cells:,} missing cells among them, kept as missing" if cells else ""
    share = f"{len(schema.features):,} of {table.frame.shape[1]:,} columns are features"
    return f"{share}: {listed}{missing}."


def _percent(place: Any, label: str, share: float, at: str) -> float:
    value = place.number_input(label, 1, 80, round(share * 100), key=f"{label} {at}")
    return share if value == round(share * 100) else value / 100


def _column_editor(schema: Schema, pictures: Sequence[str]) -> Mapping[int, Mapping[str, Any]]:
    """The edits by row: `{row: {"kind": …, "used": …, "as missing": …}}`."""
    frame = pd.DataFrame(
        {
            "column": [column.name for column in schema.columns],
            "distribution": list(pictures),
            "kind": [column.kind for column in schema.columns],
            "used": [column.used for column in schema.columns],
            "as missing": ["; ".join(column.missing_values) for column in schema.columns],
            "missing": [column.missing for column in schema.columns],
            "distinct": [column.distinct for column in schema.columns],
            "evidence": [column.note for column in schema.columns],
        }
    )
    config = st.column_config
    key = f"columns {schema.schema_id}"
    edited = st.data_editor(
        frame,
        hide_index=True,
        key=key,
        height=min(38 + 35 * len(frame), 460),
        disabled=["column", "distribution", "missing", "distinct", "evidence"],
        column_config={
            "column": config.TextColumn("Column", width="medium", pinned=True),
            "distribution": config.ImageColumn(
                "Distribution",
                width=150,
                help="Bins of numbers and dates, or the largest categories; grey: all others. The "
                "orange strip is the share of missing cells.",
            ),
            "kind": config.SelectboxColumn(
                "Kind", options=list(KINDS), required=True, width="small"
            ),
            "used": config.CheckboxColumn("Used", width="small"),
            "as missing": config.TextColumn(
                "As missing",
                width=120,
                help="Values that mean “missing”, such as -999 or unknown; separate them by ;",
            ),
            "missing": config.NumberColumn("Missing", format="localized", width="small"),
            "distinct": config.NumberColumn("Distinct", format="localized", width="small"),
            "evidence": config.TextColumn("Evidence", width="large"),
        },
        alt="Columns with their kind; kind, use and missing values can be changed",
    )
    edited["as missing"] = edited["as missing"].fillna("")
    fields = ["kind", "used", "as missing"]
    changed = (edited[fields] != frame[fields]).any(axis=1)
    return {int(row): edited.loc[row, fields].to_dict() for row in frame.index[changed]}


def _column_changes(schema: Schema, edits: Mapping[int, Mapping[str, Any]]) -> Changes:
    kinds, used, missing = {}, {}, {}
    for row, edit in edits.items():
        column = schema.columns[row]
        if edit["kind"] != column.kind:
            kinds[column.name] = edit["kind"]
        if bool(edit["used"]) != column.used:
            used[column.name] = bool(edit["used"])
        values = tuple(filter(None, (text.strip() for text in edit["as missing"].split(";"))))
        if values != column.missing_values:
            missing[column.name] = values
    found = {"kinds": kinds, "used": used, "missing_values": missing}
    return {key: value for key, value in found.items() if value}
