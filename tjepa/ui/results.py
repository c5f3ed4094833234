"""Results as tables, and the stamp that every figure of a run prints."""

from typing import Any

import pandas as pd
import streamlit as st

from tjepa.analysis import Attribution, Interval, LabelCurve, ProbeResult, Relevance
from tjepa.report.figures import METRICS, REPRESENTATIONS
from tjepa.report.labels import count, stamp
from tjepa.runs import RunInfo

TableAndColumns = tuple[pd.DataFrame, dict[str, Any]]


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


def probe_table(result: ProbeResult) -> TableAndColumns:
    """One line per model: every metric with its interval beside it."""
    metrics = [name for name in METRICS if any(name in row.scores for row in result.rows)]
    lines, settings = [], {}
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
    for name in metrics:
        settings[METRICS[name]] = st.column_config.NumberColumn(
            format=f"%.{_decimals(result, name)}f"
        )
    return pd.DataFrame(lines), settings


def difference_table(result: ProbeResult) -> TableAndColumns:
    """Paired differences on the main metric, each with its interval."""
    metric, decimals = METRICS[result.metric], _decimals(result, result.metric)
    lines = [
        {
            "difference": difference.name,
            f"in {metric}": difference.interval.value,
            "95 %": _span(difference.interval, decimals, sign="+"),
        }
        for difference in result.differences
    ]
    return pd.DataFrame(lines), {
        f"in {metric}": st.column_config.NumberColumn(format=f"%+.{decimals}f")
    }


def label_table(curve: LabelCurve) -> TableAndColumns:
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
    return pd.DataFrame(lines), {
        "labelled rows": st.column_config.NumberColumn(format="localized"),
        metric: st.column_config.NumberColumn(format=f"%.{decimals}f"),
    }


def _gap(interval: Interval, decimals: int) -> str:
    return f"{interval.value:+,.{decimals}f} ({_span(interval, decimals, sign='+')})"


def _decimals(result: ProbeResult, metric: str) -> int:
    return _places(
        max(abs(row.scores[metric].value) for row in result.rows if metric in row.scores)
    )


def _places(largest: float) -> int:
    """Four decimals for shares; fewer for errors in large units."""
    return 4 if largest < 10 else 2 if largest < 1_000 else 0


def _span(interval: Interval, decimals: int, sign: str = "") -> str:
    return f"{interval.low:{sign},.{decimals}f} – {interval.high:{sign},.{decimals}f}"
