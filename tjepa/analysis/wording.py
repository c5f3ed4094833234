"""What a probe found, in plain words: directions, intervals, and what was left out."""

from collections.abc import Mapping, Sequence

import numpy as np

from tjepa.analysis.fitting import ChosenRows, Target
from tjepa.analysis.scoring import AUC_CLASSES

FEW_ROWS = 200

METRICS = {"accuracy": "accuracy", "rmse": "RMSE"}
OTHERS = {"untrained": "untrained encoder", "raw": "raw columns", "dummy": "dummy"}

Difference = tuple[float, float, float]
"""Value, low, high."""


def verdict(
    *,
    metric: str,
    tjepa: float,
    others: Mapping[str, float],
    differences: Mapping[str, Difference],
    trees: str,
    n_test: int,
) -> str:
    """The sentences of a probe result: the value of pre-training first, then its place."""
    write = _Figures(metric, [tjepa, *others.values()])
    gain = _side(metric, differences["untrained"])
    opening = {
        1: "Pre-training helped",
        0: "Pre-training added nothing measurable here",
        -1: "Pre-training made the representation worse",
    }[gain]
    sentences = [
        f"{opening}: a linear probe reaches {METRICS[metric]} {write(tjepa)} on the T-JEPA "
        f"embedding and {write(others['untrained'])} on the untrained encoder's "
        f"({_gap(write, differences['untrained'])})."
    ]
    for other, what in (
        ("raw", "the same probe on the raw columns"),
        ("trees", f"the best boosted trees ({trees})"),
    ):
        place = {
            1: "It is better than",
            0: "It cannot be told apart from",
            -1: "It is worse than",
        }[_side(metric, differences[other])]
        sentences.append(
            f"{place} {what}, {write(others[other])} ({_gap(write, differences[other])})."
        )
    if _side(metric, differences["dummy"]) <= 0:
        answer = "the most frequent class" if metric == "accuracy" else "the mean"
        sentences.append(
            f"It is no better than always answering {answer}, {write(others['dummy'])} "
            f"({_gap(write, differences['dummy'])})."
        )
    if n_test < FEW_ROWS:
        sentences.append(_few_rows(n_test))
    return " ".join(sentences)


def label_verdict(
    *,
    metric: str,
    tjepa: Mapping[int, float],
    differences: Mapping[str, Mapping[int, Difference]],
    trees: str,
    n_test: int,
) -> str:
    """The sentences of a label curve: with how many labels pre-training helped, then its place.

    `tjepa` is the probe's score by labelled rows, and `differences` that score minus each other
    model's.
    """
    sides = {
        other: {labels: _side(metric, gap) for labels, gap in gaps.items()}
        for other, gaps in differences.items()
    }
    values = [*tjepa.values()]
    for gaps in differences.values():
        values += [tjepa[labels] - gap[0] for labels, gap in gaps.items()]
    write = _Figures(metric, values)
    opening = {
        1: "helped with {}",
        0: "added nothing measurable with {}",
        -1: "made the representation worse with {}",
    }
    figures = "; ".join(
        f"{write(score)} and {write(score - gap[0])} with {labels:,} ({_gap(write, gap)})"
        for labels, score in tjepa.items()
        for gap in [differences["untrained"][labels]]
    )
    sentences = [
        f"Pre-training {_by_labels(sides['untrained'], opening)} labelled rows.",
        f"The {METRICS[metric]} of a linear probe on the T-JEPA embedding and on the untrained "
        f"encoder's: {figures}.",
    ]
    for other, what in (
        ("raw", "the same probe on the raw columns"),
        ("trees", f"boosted trees ({trees}) with the same labels"),
    ):
        places = {
            1: "better with {}",
            0: "not to be told apart with {}",
            -1: "worse with {}",
        }
        sentences.append(f"Beside {what} it is {_by_labels(sides[other], places)}.")
    answer = "the most frequent class" if metric == "accuracy" else "the mean"
    if useless := [f"{labels:,}" for labels, side in sides["dummy"].items() if side <= 0]:
        sentences.append(
            f"With {_listed(useless)} it is no better than always answering {answer} among the "
            "labelled rows."
        )
    if n_test < FEW_ROWS:
        sentences.append(_few_rows(n_test))
    return " ".join(sentences)


def left_out(y: np.ndarray, target: Target, chosen: ChosenRows) -> tuple[str, ...]:
    """One sentence for each kind of row that the result does without."""
    if not target.classes:
        return chosen.left_out
    sentences = list(chosen.left_out)
    validation, test = chosen.validation, chosen.test
    unknown = validation[target.values[validation] < 0]
    if len(unknown):
        sentences.append(
            f"Validation rows whose class no training row has, left out: {len(unknown):,} "
            f"({_names(y, unknown)})."
        )
    unknown = test[target.values[test] < 0]
    if len(unknown):
        sentences.append(
            f"Held-out rows whose class no training row has: {len(unknown):,} "
            f"({_names(y, unknown)}). They count as wrong for every model."
        )
    absent = sorted(set(target.labels) - {str(value) for value in y[test]})
    if absent:
        sentences.append(f"Classes with no held-out row, not scored: {_some(absent)}.")
    return tuple(sentences)


def no_auc(target: Target) -> tuple[str, ...]:
    """A sentence where there are too many classes for the score."""
    if target.classes <= AUC_CLASSES:
        return ()
    return (f"ROC AUC is not given for more than {AUC_CLASSES} classes.",)


def _few_rows(n_test: int) -> str:
    return (
        f"Only {n_test:,} rows were held out: small differences cannot be seen, and another split "
        "may read differently."
    )


def _by_labels(sides: Mapping[int, int], words: Mapping[int, str]) -> str:
    """`better with 50 and 200, worse with 1,000`: numbers of labels, by side, in those words."""
    parts = []
    for side, phrase in words.items():
        if some := [f"{labels:,}" for labels, found in sides.items() if found == side]:
            parts.append(phrase.format(_listed(some)))
    return _listed(parts)


def _listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _side(metric: str, difference: Difference) -> int:
    """1 better, −1 worse, 0 when the interval does not exclude zero."""
    _, low, high = difference
    if low <= 0 <= high:
        return 0
    return (1 if low > 0 else -1) * (-1 if metric == "rmse" else 1)


class _Figures:
    """Writes every figure of a verdict with the same number of decimals."""

    def __init__(self, metric: str, values: Sequence[float]) -> None:
        largest = max(abs(value) for value in values)
        if metric == "accuracy":
            self.decimals = 3
        else:
            # Four significant digits of the largest value.
            self.decimals = max(0, 3 - int(np.floor(np.log10(largest)))) if largest > 0 else 3

    def __call__(self, value: float, sign: str = "") -> str:
        # Adding zero turns a rounded −0.0 into 0.0, which carries no sign.
        rounded = round(value, self.decimals) + 0.0
        return f"{rounded:{sign if rounded else ''},.{self.decimals}f}".replace("-", "−")


def _gap(write: _Figures, difference: Difference) -> str:
    value, low, high = (write(part, "+") for part in difference)
    return f"difference {value}, 95 % interval {low} to {high}"


def _names(y: np.ndarray, rows: np.ndarray) -> str:
    return _some(sorted({str(value) for value in y[rows]}))


def _some(labels: Sequence[str]) -> str:
    shown = ", ".join(f"'{label}'" for label in labels[:5])
    return shown if len(labels) <= 5 else f"{shown} and {len(labels) - 5:,} more"
