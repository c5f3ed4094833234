"""Numbers of a run in words."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tjepa.pretraining.diagnostics import COLLAPSED_BELOW


def spread_sentence(metrics: Sequence[Mapping[str, Any]]) -> str:
    """Whether the embedding still tells rows apart, from the last epoch of a run."""
    last = metrics[-1]
    ratio, rank = float(last["std_ratio"]), float(last["rank"])
    numbers = (
        f"its spread over rows is {ratio:.2g} times that of the untrained encoder, "
        f"its effective rank {rank:.3g}"
    )
    if last.get("collapsed") or ratio < COLLAPSED_BELOW:
        return (
            f"**The embedding has collapsed**: {numbers}. Rows can hardly be told apart; "
            "a lower learning rate or more features may help."
        )
    if ratio < 0.5:
        return f"The embedding has become narrow, without collapsing: {numbers}."
    return f"No sign of collapse: {numbers}."


def headline(text: str) -> tuple[str, str]:
    """The first sentence of `text`, and the rest."""
    first, *rest = re.split(r"(?<=[.!?])\s+(?=[A-Z])", text, maxsplit=1)
    return first, " ".join(rest)
