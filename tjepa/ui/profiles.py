"""A table looked at, on the Data page: a picture per column, and a closer look below them."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from tjepa.errors import TjepaError
from tjepa.report import profile_figures as figures
from tjepa.report import profile_words as words
from tjepa.report.column_figures import column_figure
from tjepa.report.labels import stamp
from tjepa.report.profile_pictures import picture
from tjepa.table import Schema
from tjepa.table.profiles import ColumnProfile, Pair, Relations
from tjepa.ui import process
from tjepa.ui.analyses import cancel_button, progress
from tjepa.ui.charts import chart, theme
from tjepa.ui.problems import show_problem
from tjepa.ui.text import count, md

_VIEWS = ("One column", "Missing cells", "Associations")
_AT_ONCE = 1.5
"""Seconds that a quick answer may take before its progress is shown."""
_LISTED = 12
_MEASURE = (
    "Cramér’s V over at most ten levels of each column: 0 is none, 1 is that one tells the other. "
    "It sees relations of any form between numbers, dates and categories, and is modest: two "
    "numbers with a correlation of 0.9 have about 0.5. What stands out from chance does so among "
    "all pairs measured, at 5 % for all of them together."
)


def profiles(table_id: str, schema: Schema) -> tuple[ColumnProfile, ...]:
    """The distribution of each column."""
    with st.spinner("Looking at the columns …", show_time=False):
        return process.bench().column_profiles(table_id, schema)


def pictures(columns: Sequence[ColumnProfile]) -> list[str]:
    """Each distribution as a picture for the table of columns."""
    shown = theme()
    return [picture(column, shown) for column in columns]


def closer_look(
    table_id: str, name: str, schema: Schema, columns: tuple[ColumnProfile, ...]
) -> None:
    """One column, what is missing, or what goes with what: whichever is chosen."""
    at = schema.schema_id
    view = st.segmented_control(
        "A closer look at",
        _VIEWS,
        default=_VIEWS[0],
        required=True,
        key=f"view {table_id}",
        label_visibility="collapsed",
    )
    if view == _VIEWS[0]:
        with st.container():
            _one_column(table_id, name, schema, columns)
        return
    place = st.empty()  # at once, so that nothing of another view is left to be seen meanwhile
    found = _relations(table_id, schema, place)
    if found is None:
        return
    with place.container():
        if view == _VIEWS[1]:
            _missing(found, name, at)
        else:
            _associations(found, name, at)


@st.fragment
def _one_column(
    table_id: str, table: str, schema: Schema, columns: tuple[ColumnProfile, ...]
) -> None:
    names = [column.name for column in columns]
    drawn = [c.name for c in columns if c.shape is not None and c.distinct > 1]
    first = next((name for name in drawn if name != schema.target), names[0])
    chosen = st.selectbox(
        "Column",
        names,
        index=names.index(first),
        key=f"look at {table_id} {schema.target}",
        filter_mode="contains",
        label_visibility="collapsed",
    )
    column = columns[names.index(chosen)]
    st.markdown(md(" ".join(words.column_sentences(column))))
    if column.shape is None:
        if column.kind == "id" and column.distinct:
            st.caption("An identifier has no distribution.")
        return
    beside = process.bench().beside_target(table_id, schema, column.name, column.shape)
    told = words.by_target_sentence(beside, column) if beside is not None else ""
    if told:
        st.markdown(md(told))
    where = _stamp(table, column.rows, column.n_rows)
    figure = column_figure(column, beside, stamp=where, theme=theme())
    chart(figure, f"{words.shape_sentence(column)} {told}".strip(), f"profile column {table_id}")


def _missing(found: Relations, table: str, at: str) -> None:
    missing = found.missing
    sentences = words.missing_sentences(missing)
    st.markdown(md(" ".join(sentences)))
    if not missing.columns:
        return
    where = _stamp(table, missing.rows, missing.n_rows)
    figure = figures.missing_map(missing, stamp=where, theme=theme())
    chart(figure, sentences[0], f"profile missing {at}")
    if missing.same:
        groups = "; ".join(", ".join(md(name, 60) for name in some) for some in missing.same[:6])
        more = f"; and {len(missing.same) - 6:,} more groups" if len(missing.same) > 6 else ""
        st.markdown(f"**Missing in exactly the same rows:** {groups}{more}.")
    sides = st.columns(2)
    with sides[0]:
        st.markdown("**What is missing together**")
        lines = [
            {
                "rows": pattern.rows,
                "share": words.share_text(pattern.rows, missing.rows),
                "missing": ", ".join(pattern.columns),
            }
            for pattern in missing.patterns
        ]
        st.dataframe(
            pd.DataFrame(lines),
            hide_index=True,
            column_config={
                "rows": st.column_config.NumberColumn(format="localized", width="small"),
                "share": st.column_config.TextColumn(width="small"),
            },
            alt="Sets of columns that are missing together, and in how many rows",
        )
        rest = missing.n_patterns - len(missing.patterns)
        if rest:
            st.caption(f"{count(rest, 'rarer set')} of columns not listed.")
    with sides[1]:
        st.markdown("**What missing cells go with**")
        found_with = [(pair, "values") for pair in missing.follows]
        found_with += [(pair, "missing cells") for pair in missing.together]
        found_with.sort(key=lambda pair_and_what: -pair_and_what[0].strength)
        if not found_with:
            st.caption("Nothing that stands out from chance.")
            return
        follows = [_follow_line(pair, what) for pair, what in found_with]
        st.dataframe(
            pd.DataFrame(follows),
            hide_index=True,
            height=min(38 + 35 * len(follows), 400),
            column_config={"association": st.column_config.NumberColumn(format="%.2f")},
            alt="Columns that are missing, and the columns their missing cells go with",
        )


def _follow_line(pair: Pair, what: str) -> dict[str, object]:
    return {
        "missing in": pair.left,
        "goes with": f"{what} of {pair.right}",
        "association": pair.strength,
    }


def _associations(found: Relations, table: str, at: str) -> None:
    related = found.associations
    sentences = words.association_sentences(related)
    st.markdown(md(" ".join(sentences)), help=_MEASURE)
    where = _stamp(table, related.rows, related.n_rows)
    if related.to_target:
        bars = figures.target_bars(related, stamp=where, theme=theme())
        best = related.to_target[0]
        alt = f"{best.right} goes most with {best.left}: {best.strength:.2f}."
        chart(bars, alt, f"profile target {at}")
        drawn = figures.drawn_to_target(related)
        notes = []
        if len(drawn) < len(related.to_target):
            notes.append(
                f"Drawn: the {len(drawn)} strongest of {len(related.to_target):,} columns."
            )
        if not all(pair.sure for pair in drawn):
            notes.append("Grey: not told apart from chance.")
        if notes:
            st.caption(" ".join(notes))
    if not related.pairs:
        return
    strongest = "; ".join(words.pair_words(pair) for pair in related.pairs[:3])
    shown = len(figures.matrix_columns(related))
    if shown > 2:  # of two the table says it all
        matrix = figures.association_matrix(related, stamp=where, theme=theme())
        chart(matrix, f"Strongest associations: {strongest}.", f"profile associations {at}")
        if shown < len(related.names):
            st.caption(
                f"Drawn: {shown} of {len(related.names):,} columns, those with the strongest "
                "associations. The table has every pair that stands out from chance."
            )
    lines = [
        {
            "column": pair.left,
            "and": pair.right,
            "association": pair.strength,
            "rank correlation": pair.direction,
            "rows": pair.rows,
        }
        for pair in related.pairs
    ]
    st.dataframe(
        pd.DataFrame(lines),
        hide_index=True,
        height=min(38 + 35 * len(lines), 38 + 35 * _LISTED),
        column_config={
            "association": st.column_config.ProgressColumn(
                format="%.2f", min_value=0, max_value=1, help=_MEASURE
            ),
            "rank correlation": st.column_config.NumberColumn(
                format="%+.2f", help="Of two columns with an order: which way they go together."
            ),
            "rows": st.column_config.NumberColumn(
                format="localized", help="Rows in which both have a value."
            ),
        },
        placeholder="",
        alt="Pairs of columns that stand out from chance, strongest first",
    )


def _stamp(table: str, rows: int, n_rows: int) -> str:
    looked = count(n_rows, "row")
    return stamp((table, looked if rows == n_rows else f"{rows:,} of {looked}, drawn at random"))


def _relations(table_id: str, schema: Schema, place: Any) -> Relations | None:
    """The answer; or None, after following the work that finds it, or saying why there is none.

    Followed by the script itself: a fragment that runs every second would lose what is being
    edited in the table above, and one that is busy takes no click. Any click interrupts the script,
    never the job.
    """
    bench, jobs = process.bench(), process.jobs()
    found = bench.relations(table_id, schema)
    if found is not None:
        return found
    key = f"profile {table_id} {schema.schema_id}"
    job = jobs.snapshot(key)
    if job is not None and job.state in ("failed", "cancelled"):
        with place.container():
            if job.state == "failed":
                st.error(md(job.error or "This did not work."), icon=":material/error:")
            else:
                st.caption("Cancelled.")
            if not st.button("Try again", key=f"start {key}"):
                return None
    if job is None or job.state not in process.ACTIVE:
        try:
            jobs.submit(
                key,
                "Looking at the table",
                lambda: bench.compute_relations(table_id, schema),
                lane="profiles",
            )
        except TjepaError as error:
            with place.container():
                show_problem(error)
            return None
    job = jobs.wait(key, _AT_ONCE)
    if job is not None and job.state in process.ACTIVE:
        with place.container():
            bar = st.empty()
            cancel_button(job)
        while job is not None and job.state in process.ACTIVE:
            with bar:
                progress(job)
            job = jobs.wait(key, 0.4)
    if job is not None and job.state in ("failed", "cancelled"):
        st.rerun()  # says so, and offers to try again
    return bench.relations(table_id, schema)
