"""Learning rate and EMA momentum as functions of the step."""

from math import cos, pi

from tjepa.pretraining.config import PretrainingConfig


def learning_rate(step: int, steps: int, config: PretrainingConfig) -> float:
    """Linear from 0 to the peak over the warm-up, then a cosine that reaches 0 as the run ends."""
    warmup = max(1, round(config.warmup * steps))
    if step < warmup:
        return config.learning_rate * (step + 1) / warmup
    turn = (step - warmup) / max(1, steps - warmup)
    return config.learning_rate * 0.5 * (1 + cos(pi * turn))


def momentum(step: int, steps: int, config: PretrainingConfig) -> float:
    """Linear from the first momentum to 1 at the last step.

    The first momentum is at most 1 - 10 / steps: with 0.996 a run of 500 steps would leave more
    than a third of the target encoder at its random start.
    """
    first = max(0.0, min(config.momentum, 1 - 10 / steps))
    # Counted from the end, so that rounding never makes it more than 1.
    return 1 - (1 - first) * (1 - step / max(1, steps - 1))
