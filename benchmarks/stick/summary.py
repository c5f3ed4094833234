"""Many seeds and tables → intervals, wins, ties and losses, and the table of RESULTS.md."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.stick.measuring import COMPARISONS, best
from benchmarks.stick.records import Record, Store

SHOWN = ("linear_flat", "linear_pool", "linear_200")
SUMMARISED = (*SHOWN, "best")
OTHERS = {
    "linear_50": "linear, 50 labels",
    "linear_1000": "linear, 1,000",
    "knn": "neighbours",
    "mlp": "MLP",
    "xgboost": "XGBoost",
}


@dataclass(frozen=True)
class Mean:
    """A mean gain over seeds with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        return "wins" if self.low > 0 else "losses" if self.high < 0 else "ties"


def interval(gain: Record) -> Mean:
    """Of a stored gain. Seeds are few, so Student's t has the degrees of freedom of Welch and
    Satterthwaite.
    """
    rows, seeds = gain["error"] ** 2, gain["spread"] ** 2
    freedom = np.inf if seeds == 0 else (gain["seeds"] - 1) * ((rows + seeds) / seeds) ** 2
    half = float(stats.t.ppf(0.975, freedom)) * (rows + seeds) ** 0.5
    return Mean(gain["value"], gain["value"] - half, gain["value"] + half)


def gain_of(record: Record, other: str, probe: str) -> Mean | None:
    """Of one table; None where it lacks the probe."""
    found = record["gains"][other].get(probe)
    return interval(found) if found else None


def summary(store: Store, variant: str) -> dict[str, Any]:
    """Wins, ties and losses over the tables, for each comparison and probe."""
    records = store.gains(variant)
    result: dict[str, Any] = {
        "variant": variant,
        "tables": len(records),
        "seeds": min((len(record["seeds"]) for record in records), default=0),
    }
    for other in COMPARISONS:
        result[other] = {}
        for probe in SUMMARISED:
            counts = {"wins": 0, "ties": 0, "losses": 0}
            for record in records:
                if (found := gain_of(record, other, probe)) is not None:
                    counts[found.verdict] += 1
            result[other][probe] = counts
    result["collapsed"] = sum(run["collapsed"] for run in store.runs(variant))
    return result


def scores(runs: list[Record], whose: str, probe: str) -> float | None:
    found = [run["scores"][whose][probe]["score"] for run in runs if probe in run["scores"][whose]]
    return float(np.mean(found)) if found else None


def rendered(store: Store, variant: str) -> str:
    """The results of a variant as a Markdown table: scores, and gains with their intervals."""
    lines = [
        "| table | metric | seeds | dummy | raw, linear | untrained, flat / pooled / 200 "
        "| **T-JEPA, flat / pooled / 200** | best probe | best GBDT | GBDT, 200 "
        "| gain over untrained: flat; pooled; 200 labels | collapsed |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for record in store.gains(variant):
        name = record["table"]
        table = store.table(name)
        runs = _runs(store, record)
        if table is None:
            continue
        tried = [run["scores"]["tjepa"] for run in runs]
        found = [one[probe]["score"] for one in tried if (probe := best(one))]
        cells = [
            name,
            table["metric"],
            str(len(runs)),
            number(table["dummy"]),
            number(table["raw"]["linear_flat"]["score"]),
            " / ".join(number(scores(runs, "untrained", probe)) for probe in SHOWN),
            " / ".join(number(scores(runs, "tjepa", probe)) for probe in SHOWN),
            number(float(np.mean(found)) if found else None),
            number(table["gbdt"]["all"]["score"]),
            number(table["gbdt"].get("linear_200", {}).get("score")),
            "; ".join(gain_in_words(gain_of(record, "untrained", probe)) for probe in SHOWN),
            str(sum(run["collapsed"] for run in runs)),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def other_probes(store: Store, variant: str) -> str:
    """The probes that `rendered` leaves out, as a Markdown table: T-JEPA's scores, marked by what
    they gain over the untrained encoder, beside those of the two controls.
    """
    lines = [
        f"| **T-JEPA** / untrained / raw | {' | '.join(OTHERS.values())} |",
        "|---" * (len(OTHERS) + 1) + "|",
    ]
    for record in store.gains(variant):
        table = store.table(record["table"])
        runs = _runs(store, record)
        if table is None:
            continue
        cells = [record["table"]]
        for probe in OTHERS:
            mine, untrained = (number(scores(runs, who, probe)) for who in ("tjepa", "untrained"))
            raw = number(table["raw"].get(probe, {}).get("score"))
            mine = marked(mine, gain_of(record, "untrained", probe))
            cells.append("–" if mine == "–" else f"{mine} / {untrained} / {raw}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _runs(store: Store, gains: Record) -> list[Record]:
    """The runs that gains are of."""
    found = (store.run(gains["table"], gains["variant"], seed) for seed in gains["seeds"])
    return [run for run in found if run]


def number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.4f}" if abs(value) < 100 else f"{value:,.0f}"


def gain_in_words(found: Mean | None) -> str:
    if found is None:
        return "–"
    digits = 4 if abs(found.high) < 100 else 0
    words = f"{found.value:+,.{digits}f} [{found.low:+,.{digits}f}, {found.high:+,.{digits}f}]"
    return marked(words, found)


def marked(words: str, found: Mean | None) -> str:
    """Bold for a win, italics for a loss."""
    mark = {"wins": "**", "losses": "_"}.get(found.verdict, "") if found else ""
    return f"{mark}{words}{mark}"
