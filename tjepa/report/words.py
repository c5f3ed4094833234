"""Numbers of a run in words."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tjepa.pretraining.diagnostics import COLLAPSED_BELOW
from tjepa.runs import RunInfo
from tjepa.workbench import Estimate

LONG_SECONDS = 2 * 3_600.0


def spread_sentence(metrics: Sequence[Mapping[str, Any]]) -> str:
    """Whether latent tokens still tell rows apart, from the last epoch of `metrics`."""
    last = metrics[-1]
    ratio, rank = float(last["std_ratio"]), float(last["rank"])
    numbers = (
        f"the spread of its latent tokens over rows is {ratio:.2g} times that of the untrained "
        f"encoder's, their effective rank {rank:.3g}"
    )
    if last.get("collapsed") or ratio < COLLAPSED_BELOW:
        return (
            f"**The encoder has collapsed**: {numbers}. They hardly tell rows apart; "
            "a lower learning rate or more features may help."
        )
    if ratio < 0.5:
        return f"The encoder has become narrow, without collapsing: {numbers}."
    return f"No sign that the encoder has collapsed: {numbers}."


def kept_sentence(run: RunInfo) -> str:
    """Which epoch's weights a finished run kept, and whether it stopped early; empty where the run
    held no row out.
    """
    best, rows = run.summary.get("best_epoch"), run.summary.get("held_out_rows", 0)
    if best is None:
        return ""
    judges = f"the {rows:,} training rows set aside to judge it"
    if run.summary.get("stopped_early"):
        return (
            f"Stopped after epoch {run.epochs_done} of {run.config['epochs']}: {judges} were "
            f"restored no better since epoch {best}, whose weights were kept."
        )
    if best == run.epochs_done:
        return f"The weights of the last epoch were kept: {judges} were restored best then."
    return (
        f"The weights of epoch {best} of {run.epochs_done} were kept: {judges} were restored no "
        "better after it."
    )


def headline(text: str) -> tuple[str, str]:
    """The first sentence of `text`, and the rest."""
    first, *rest = re.split(r"(?<=[.!?])\s+(?=[A-Z])", text, maxsplit=1)
    return first, " ".join(rest)


def cost_sentences(cost: Estimate) -> list[str]:
    """What a pre-training costs here, then what else should be known before it starts."""
    sentences = [
        f"**About {duration(cost.seconds)}** on this machine: {cost.steps:,} "
        f"step{'' if cost.steps == 1 else 's'} of {cost.ms_per_step:.0f} ms, "
        f"{cost.parameters:,} parameters."
    ]
    if cost.features_per_step < cost.features:
        sentences.append(
            f"The table is wide: each step uses {cost.features_per_step:,} of its "
            f"{cost.features:,} features, drawn at random, and rows are embedded in groups of at "
            "most as many."
        )
    if cost.embedding_seconds > max(60.0, cost.seconds / 2):
        sentences.append(
            f"Embedding all {cost.rows:,} rows afterwards takes about "
            f"{duration(cost.embedding_seconds)}; the analyses embed a sample."
        )
    if cost.seconds > LONG_SECONDS:
        sentences.append(
            "This is long: leave out columns, or take the quick preset or fewer epochs."
        )
    return sentences


def duration(seconds: float) -> str:
    """`under a second`, `42 s`, `3 min 20 s`, `1 h 5 min`."""
    if seconds < 1:
        return "under a second"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 10 and rest:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
