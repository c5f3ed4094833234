"""Results as tables, and the stamp that every figure of a run prints."""

from functools import partial

import pandas as pd
from pandas.io.formats.style import Styler

from tjepa.analysis import Attribution, Interval, LabelCurve, ProbeResult, Relevance
from tjepa.report.figures import METRICS, REPRESENTATIONS
from tjepa.report.labels import count, stamp
from tjepa.runs import RunInfo


def run_stamp(run: RunInfo, *parts: str) -> str:
    """Table, run, epochs and the run's seed, then what is particular to the figure."""
    return stamp(
        (
            run.table_name,
            f"run {run.run_id}",
            f"{count(run.epochs_done, 'epoch')}, seed {run.config['seed']}",
            *parts,
        )
    )


def relevance_table(relevance: Relevance) -> pd.DataFrame:
    """Every ranking of every column, most influential first."""
    names = {
        "influence": "influence",
        "influence_untrained": "influence, untrained",
        "token_variance": "token variance",
        "token_variance_untrained": "token variance, untrained",
    }
    frame = pd.DataFrame({"column": relevance.names})
    for key, name in names.items():
        frame[name] = relevance.rankings[key]
    return frame.sort_values("influence", ascending=False, kind="stable")


def attribution_table(attribution: Attribution) -> pd.DataFrame:
    """Mean |SHAP value| per column and model, largest for the probe first."""
    frame = pd.DataFrame(
        {
            "column": attribution.names,
            "probe on the embedding": attribution.importance["probe"],
            "boosted trees": attribution.importance["gbdt"],
        }
    )
    return frame.sort_values("probe on the embedding", ascending=False, kind="stable")


def probe_table(result: ProbeResult) -> Styler:
    """One line per model: every metric with its interval beside it."""
    metrics = [name for name in METRICS if any(name in row.scores for row in result.rows)]
    lines = []
    for row in result.rows:
        line: dict[str, object] = {
            "model": row.model,
            "sees": REPRESENTATIONS[row.representation],
        }
        for name in metrics:
            score = row.scores.get(name)
            line[METRICS[name]] = None if score is None else score.value
            line[f"{METRICS[name]}, 95 %"] = (
                None if score is None else _span(score, _decimals(result, name))
            )
        lines.append(line)
    shown = {METRICS[name]: partial(_number, decimals=_decimals(result, name)) for name in metrics}
    return pd.DataFrame(lines).style.format(shown, na_rep="")


def difference_table(result: ProbeResult) -> Styler:
    """Paired differences on the main metric, each with its interval."""
    metric, decimals = METRICS[result.metric], _decimals(result, result.metric)
    lines = [
        {
            "difference": difference.name,
            f"in {metric}": difference.interval.value,
            "95 %": _span(difference.interval, decimals, "+"),
        }
        for difference in result.differences
    ]
    return pd.DataFrame(lines).style.format(
        {f"in {metric}": partial(_number, decimals=decimals, sign="+")}
    )


def label_table(curve: LabelCurve) -> Styler:
    """One line per number of labels and model: its score, and T-JEPA's minus it."""
    metric = METRICS[curve.metric]
    decimals = _places(max(abs(point.score.value) for point in curve.points))
    lines = [
        {
            "labelled rows": point.labels,
            "model": point.model,
            "sees": REPRESENTATIONS[point.representation],
            metric: point.score.value,
            f"{metric}, 95 %": _span(point.score, decimals),
            "T-JEPA − this, 95 %": "" if point.gap is None else _gap(point.gap, decimals),
        }
        for point in curve.points
    ]
    shown = {"labelled rows": "{:,}", metric: partial(_number, decimals=decimals)}
    return pd.DataFrame(lines).style.format(shown)


def _gap(interval: Interval, decimals: int) -> str:
    return f"{_number(interval.value, decimals, '+')} ({_span(interval, decimals, '+')})"


def _decimals(result: ProbeResult, metric: str) -> int:
    return _places(
        max(abs(row.scores[metric].value) for row in result.rows if metric in row.scores)
    )


def _places(largest: float) -> int:
    """Four decimals for shares; fewer for errors in large units."""
    return 4 if largest < 10 else 2 if largest < 1_000 else 0


def _span(interval: Interval, decimals: int, sign: str = "") -> str:
    return f"{_number(interval.low, decimals, sign)} to {_number(interval.high, decimals, sign)}"


def _number(value: float, decimals: int, sign: str = "") -> str:
    return f"{value:{sign},.{decimals}f}".replace("-", "−")
