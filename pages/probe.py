"""How good the representation is, beside every control."""

import streamlit as st

from tjepa.report.figures import probe_intervals
from tjepa.report.label_figures import label_lines
from tjepa.report.words import headline
from tjepa.table import repeats_sentence
from tjepa.ui import address
from tjepa.ui.analyses import analysed, finished_run
from tjepa.ui.charts import chart, theme
from tjepa.ui.process import bench
from tjepa.ui.results import difference_table, label_table, probe_table, run_stamp
from tjepa.ui.text import count, md

run = finished_run("probe", "see here how a probe on its embedding does beside boosted trees")

if run.schema.target is None:
    with st.container(border=True):
        st.markdown(
            "**This run has no target.** A probe predicts a column from the frozen embedding: "
            "choose one on the Data page and pre-train again. The target is never part of the "
            "pre-training."
        )
        address.link("data", "Choose a target", icon=":material/table:")
    st.stop()

st.caption(
    f"Predicting {md(run.schema.target)} on held-out rows that neither the encoder nor a probe has "
    "seen. Every representation gets the same linear probe; the trees see the raw columns. "
    "Intervals: 95 %, bootstrap over the held-out rows."
)
result = analysed(
    run,
    "the probe",
    lambda: bench().probe(run.run_id),
    lambda: bench().compute_probe(run.run_id),
    button="Run the probe",
)
if result is not None:
    first, rest = headline(result.sentence)
    st.subheader(md(first), anchor=False)
    st.markdown(md(rest))
    stamp = run_stamp(
        run,
        f"{result.n_train:,} + {result.n_validation:,} rows to fit, {result.n_test:,} held out",
        f"seed {result.seed}",
    )
    chart(probe_intervals(result, stamp=stamp, theme=theme()), result.sentence, "probe")
    st.dataframe(probe_table(result), hide_index=True, alt="Scores of every model")
    st.markdown("**Differences on the same held-out rows**")
    st.dataframe(difference_table(result), hide_index=True, alt="Paired differences")
    for note in result.left_out:
        st.caption(md(note))
    if said := repeats_sentence(run.rows.get("repeated", 0), run.rows.get("test", 0)):
        st.caption(said)
    if not result.left_out:
        st.caption(f"Nothing was left out: {count(result.n_test, 'held-out row')} scored.")

st.subheader("With few labels", anchor=False)
st.caption(
    "Labels are what is dear in many tables, and pre-training needs none. So here only 50, 200 and "
    "1,000 training rows are labelled, as far as there are more, drawn at random several times: "
    "the same draws for every model, which chooses its settings within them. The encoder is the "
    "one that is probed above. Intervals: 95 %, bootstrap over the draws and the held-out rows."
)
curve = analysed(
    run,
    "few labels",
    lambda: bench().label_curve(run.run_id),
    lambda: bench().compute_label_curve(run.run_id),
    button="Compare with few labels",
)
if curve is not None:
    first, rest = headline(curve.sentence)
    st.markdown(f"**{md(first)}** {md(rest)}")
    stamp = run_stamp(
        run,
        f"{count(curve.draws, 'draw')} of labels, {curve.n_test:,} rows held out",
        f"seed {curve.seed}",
    )
    chart(label_lines(curve, stamp=stamp, theme=theme()), curve.sentence, "label curve")
    with st.expander("All scores as a table"):
        st.dataframe(label_table(curve), hide_index=True, alt="Scores with few labels")
    for note in curve.left_out:
        st.caption(md(note))
