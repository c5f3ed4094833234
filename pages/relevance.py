"""Which columns the representation turns on."""

import streamlit as st

from tjepa.report.figures import COLUMNS_SHOWN, attribution_bars, relevance_bars
from tjepa.ui.analyses import analysed, finished_run
from tjepa.ui.charts import chart, theme
from tjepa.ui.process import bench
from tjepa.ui.results import attribution_table, relevance_table, run_stamp
from tjepa.ui.text import count, md

run = finished_run("relevance", "see here which columns matter to the representation")

st.subheader("Without labels", anchor=False)
st.caption(
    "Influence: how much the other columns' tokens change when this column is left out, as a share "
    "of their variance. Token variance: how far this column's own token moves between rows. The "
    "upright mark is the same encoder before training: only what differs from it was learned."
)
relevance = analysed(
    run,
    "relevance",
    lambda: bench().relevance(run.run_id),
    lambda: bench().compute_relevance(run.run_id),
    button="Measure relevance",
)
if relevance is not None:
    st.markdown(md(relevance.sentence))
    rows, total = count(relevance.rows, "row"), run.rows.get("total", relevance.rows)
    if relevance.rows < total:
        rows = f"{relevance.rows:,} of {count(total, 'row')}, at random"
    stamp = run_stamp(run, rows, f"seed {relevance.seed}")
    chart(relevance_bars(relevance, stamp=stamp, theme=theme()), relevance.sentence, "relevance")
    if len(relevance.names) > COLUMNS_SHOWN:
        st.caption(f"The {COLUMNS_SHOWN} most influential of {len(relevance.names):,} columns.")
    with st.expander("All columns as a table"):
        st.dataframe(relevance_table(relevance), hide_index=True, alt="Relevance of every column")

st.subheader("With the target", anchor=False)
if run.schema.target is None:
    st.caption(
        "This run has no target, so there is nothing to attribute. Set one on the Data page and "
        "pre-train again; the target is never part of the pre-training."
    )
    st.stop()
st.caption(
    f"How much each original column moves the prediction of {md(run.schema.target)} on held-out "
    "rows, for two models of the same rows: the linear probe on the frozen embedding, and "
    "gradient-boosted trees on the raw columns. One bar per original column, same units."
)
attribution = analysed(
    run,
    "attribution",
    lambda: bench().attribution(run.run_id),
    lambda: bench().compute_attribution(run.run_id),
    button="Compute attributions",
)
if attribution is not None:
    st.markdown(md(attribution.sentence))
    stamp = run_stamp(run, f"{count(len(attribution.rows), 'held-out row')} explained")
    st.caption(f"Bars: mean |SHAP value|, in units of the {md(attribution.output)}.")
    figure = attribution_bars(attribution, stamp=stamp, theme=theme())
    chart(figure, attribution.sentence, "attribution")
    with st.expander("All columns as a table"):
        st.dataframe(attribution_table(attribution), hide_index=True, alt="Mean SHAP per column")
