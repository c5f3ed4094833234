"""The settings of a pre-training: a preset, and every field behind an expander."""

from dataclasses import replace
from typing import Any

import streamlit as st

from tjepa.errors import TjepaError
from tjepa.pretraining import CHOICES, PRESETS, PretrainingConfig, preset
from tjepa.report.words import cost_sentences
from tjepa.table import Schema
from tjepa.ui import process
from tjepa.ui.problems import show_problem

_PRESET_WORDS = {
    "quick": "The fewest steps. On six tables Balanced was not surely better.",
    "balanced": "Two and a half to four times the steps of Quick.",
    "thorough": "A wider encoder, a deeper predictor and three times the steps of Balanced.",
    "paper": "T-JEPA as its paper describes it: latent prediction alone, to the last epoch.",
}

# Group → fields: name, label, help. Bounds are the library's: it says what does not fit.
_GROUPS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "Schedule": (
        ("epochs", "Epochs", "Passes over the training rows."),
        ("batch_size", "Batch size", "Rows per step."),
        (
            "optimiser",
            "Optimiser",
            "Of the matrices of linear layers; all other weights have AdamW.",
        ),
        ("learning_rate", "Learning rate", "The highest one, after warm-up; then a cosine to 0."),
        ("warmup", "Warm-up share", "Share of all steps in which the learning rate rises."),
        (
            "patience",
            "Patience",
            "Share of the epochs after which a run stops if training rows set aside are restored "
            "no better; 1: never.",
        ),
        ("weight_decay", "Weight decay", "Of the matrices of linear layers."),
        (
            "momentum",
            "Target momentum",
            "How slowly the target encoder follows, at the first step.",
        ),
        (
            "precision",
            "Precision",
            "Of matrix products in training; auto is bfloat16 where the machine is built for it.",
        ),
        ("seed", "Seed", "The same seed on the same machine gives the same weights."),
    ),
    "Encoder": (
        ("width", "Width", "Numbers per token."),
        ("layers", "Layers", "Transformer layers of the encoder."),
        ("heads", "Heads", "Attention heads; the width is a multiple of them."),
        ("ffn", "Feed-forward width", ""),
        ("dropout", "Dropout", ""),
        ("reg_tokens", "[REG] tokens", "Always visible, never predicted, dropped downstream."),
        (
            "readout",
            "Readout",
            "Tokens downstream: of the last layer, averaged over layers, of all layers side by "
            "side (concatenation), or these after the embedded cell (all).",
        ),
    ),
    "Losses": (
        ("prediction", "Latent prediction", "Weight of T-JEPA's own loss; 0 leaves it out."),
        (
            "standardised_targets",
            "Standardise targets",
            "Latent targets less their mean over rows, by their spread: what all rows share is not "
            "to be predicted.",
        ),
        (
            "imputation",
            "Imputation",
            "Weight of telling hidden cells from the mean of the visible tokens; 0 leaves it out.",
        ),
        (
            "restoration",
            "Restoration",
            "Weight of restoring whole rows, some of their cells replaced; 0 leaves it out, and "
            "then no training row is set aside.",
        ),
        ("replaced", "Share replaced", "Of the cells of a row to restore."),
        (
            "bins",
            "Bins of numbers",
            "Hidden and replaced numbers are told also by where they lie among so many quantile "
            "bins; 0 leaves it out.",
        ),
    ),
    "Predictor": (
        ("predictor_width", "Predictor width", ""),
        ("predictor_layers", "Predictor layers", ""),
        ("predictor_heads", "Predictor heads", ""),
        ("predictor_ffn", "Predictor feed-forward width", ""),
        (
            "shared_context",
            "Share the context",
            "Compute the context once per row, not once per target as in the paper: faster.",
        ),
    ),
    "Masks": (
        ("targets", "Targets per row", "How many sets of hidden features are predicted per row."),
        ("context_min", "Context share, least", "Share of the features the encoder sees."),
        ("context_max", "Context share, most", ""),
        ("target_min", "Target share, least", "Share of the features to predict at once."),
        ("target_max", "Target share, most", ""),
        (
            "max_features",
            "Features at once, most",
            "Of a wider table each step sees a random subset of that many.",
        ),
    ),
    "Table encoding": (
        ("scaling", "Scaling of numbers", "Fitted on the training rows only."),
        ("max_categories", "Most categories per column", "Rarer ones share one code."),
    ),
}
_STEPS = {
    "learning_rate": 1e-4,
    "momentum": 0.001,
    "weight_decay": 0.01,
    "prediction": 0.1,
    "imputation": 0.1,
    "restoration": 0.1,
}


def choose(training_rows: int) -> PretrainingConfig | None:
    """The chosen configuration, or None after saying what does not fit."""
    name = st.segmented_control(
        "Preset",
        PRESETS,
        default=PRESETS[0],
        required=True,
        format_func=str.capitalize,
        key="preset",
        persist_state="session",
    )
    start = preset(name, training_rows)
    st.caption(_PRESET_WORDS[name])
    with st.expander("All settings", icon=":material/tune:"):
        values = _fields(start, f"{name} {training_rows}")
    try:
        return replace(start, **values)
    except TjepaError as error:
        show_problem(error)
        return None


def estimate(table_id: str, schema: Schema, config: PretrainingConfig) -> bool:
    """Say what the configuration costs here; False after saying why it cannot run."""
    try:
        with st.spinner("Timing a few real steps on this table …"):
            cost = process.bench().estimate(table_id, schema, config)
    except TjepaError as error:
        show_problem(error)
        return False
    st.markdown(" ".join(cost_sentences(cost)))
    st.caption("Measured just now with a few real steps of this table; other work makes it longer.")
    return True


def _fields(start: PretrainingConfig, at: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for group, fields in _GROUPS.items():
        st.markdown(f"**{group}**")
        with st.grid(min_column_width=190):
            for name, label, words in fields:
                values[name] = _field(name, label, words, getattr(start, name), at)
    return values


def _field(name: str, label: str, words: str, value: Any, at: str) -> Any:
    key, help_text = f"{name} {at}", words or None
    if name in CHOICES:
        options = CHOICES[name]
        return st.selectbox(label, options, options.index(value), key=key, help=help_text)
    if isinstance(value, bool):
        return st.checkbox(label, value, key=key, help=help_text)
    if isinstance(value, int):
        return int(st.number_input(label, value=value, step=1, key=key, help=help_text))
    step = _STEPS.get(name, 0.05)
    shown = "%.4g" if name == "learning_rate" else "%.3f"
    return float(
        st.number_input(label, value=value, step=step, format=shown, key=key, help=help_text)
    )
