"""What moves a prediction: SHAP values of the probe on the embedding beside boosted trees."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tjepa.analysis.ranks import kendall, written
from tjepa.analysis.waiting import in_thread, preload
from tjepa.errors import AnalysisError
from tjepa.progress import Work

Predict = Callable[[np.ndarray], np.ndarray]

EVALUATIONS = 600_000
"""Rows given to each model at most, unless that would leave fewer than `LEAST_ROWS` to explain."""
LEAST_ROWS = 10
BATCH = 4_096
AGREE = 0.5


@dataclass(frozen=True)
class Attribution:
    """SHAP values f64 [n, D] of both models for the held-out rows `rows` i64 [n].

    `base` is each model's mean output over the background; a row's values add up to its
    prediction minus that base. `left_out` says what was not explained.
    """

    names: tuple[str, ...]
    probe: np.ndarray
    gbdt: np.ndarray
    rows: np.ndarray
    base: dict[str, float]
    output: str
    kendall: float | None
    left_out: tuple[str, ...]
    seed: int

    @property
    def importance(self) -> dict[str, np.ndarray]:
        """Mean |SHAP value| per feature, f64 [D], of `probe` and `gbdt`."""
        return {
            "probe": np.abs(self.probe).mean(axis=0),
            "gbdt": np.abs(self.gbdt).mean(axis=0),
        }

    @property
    def sentence(self) -> str:
        tops = {key: self.names[int(sizes.argmax())] for key, sizes in self.importance.items()}
        if tops["probe"] == tops["gbdt"]:
            text = f"'{tops['probe']}' moves both models most."
        else:
            text = (
                f"'{tops['probe']}' moves the probe on the embedding most, "
                f"'{tops['gbdt']}' the boosted trees."
            )
        if self.kendall is None:
            text += " One of the two models treats all columns alike, so no ranking is compared."
        else:
            verdict = "agree" if self.kendall >= AGREE else "agree little"
            if self.kendall <= 0:
                verdict = "do not agree"
            text += (
                f" Their rankings of the columns {verdict} (Kendall τ = {written(self.kendall)})."
            )
        return " ".join((text, *self.left_out))

    def to_parts(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        data = {
            "names": list(self.names),
            "base": dict(self.base),
            "output": self.output,
            "kendall": self.kendall,
            "left_out": list(self.left_out),
            "seed": self.seed,
            "sentence": self.sentence,
        }
        return data, {"probe": self.probe, "gbdt": self.gbdt, "rows": self.rows}

    @classmethod
    def from_parts(cls, data: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> "Attribution":
        return cls(
            names=tuple(data["names"]),
            probe=arrays["probe"],
            gbdt=arrays["gbdt"],
            rows=arrays["rows"],
            base=dict(data["base"]),
            output=data["output"],
            kendall=data["kendall"],
            left_out=tuple(data["left_out"]),
            seed=data["seed"],
        )


def attribution(
    names: Sequence[str],
    predict_probe: Predict,
    predict_gbdt: Predict,
    x_explained: np.ndarray,
    x_background: np.ndarray,
    rows: np.ndarray,
    *,
    output: str,
    seed: int,
) -> Work[Attribution]:
    """SHAP values of both models for the rows of `x_explained` f64 [n, D].

    A hidden feature takes its value from each row of `x_background` f64 [m, D]; one random
    order of the features, forwards and backwards, the same for both models, so that their units
    match. Exact for models with interactions of at most two features. A wide table has fewer
    rows explained, and `left_out` says so.

    Raises
    ------
    AnalysisError
        With no row to explain, or no background row.
    """
    n, width = x_explained.shape
    if n == 0 or len(x_background) == 0:
        raise AnalysisError("There is no held-out row to explain, or no row to compare it with.")
    cost = (2 * width + 1) * len(x_background)
    kept = min(n, max(LEAST_ROWS, EVALUATIONS // cost))
    chosen = np.sort(np.random.default_rng(seed).permutation(n)[:kept])
    notes = []
    if kept < n:
        notes.append(f"{kept:,} of {n:,} rows are explained: the table is wide.")
    yield from preload("shap")
    values = {"probe": np.zeros((kept, width)), "gbdt": np.zeros((kept, width))}
    base = {}
    for i, row in enumerate(chosen):
        for j, (key, predict) in enumerate((("probe", predict_probe), ("gbdt", predict_gbdt))):
            explain = _explanation(predict, x_explained[row], x_background, seed + int(row))
            share = (i + j / 2) / kept
            values[key][i], base[key] = yield from in_thread(explain, "explaining rows", share)
    probe, gbdt = values["probe"], values["gbdt"]
    return Attribution(
        names=tuple(names),
        probe=probe,
        gbdt=gbdt,
        rows=np.asarray(rows, dtype=np.int64)[chosen],
        base=base,
        output=output,
        kendall=kendall(np.abs(probe).mean(axis=0).tolist(), np.abs(gbdt).mean(axis=0).tolist()),
        left_out=tuple(notes),
        seed=seed,
    )


def _explanation(
    predict: Predict, row: np.ndarray, background: np.ndarray, seed: int
) -> Callable[[], tuple[np.ndarray, float]]:
    def explain() -> tuple[np.ndarray, float]:
        from shap.explainers import PermutationExplainer
        from shap.maskers import Independent

        masker = Independent(background, max_samples=len(background))
        # shap shuffles with numpy's global generator: leave it as it was found.
        before = np.random.get_state()  # noqa: NPY002
        try:
            found = PermutationExplainer(predict, masker, seed=seed)(
                row[None],
                max_evals=2 * len(row) + 1,
                batch_size=max(1, BATCH // len(background)),
                silent=True,
            )
        finally:
            np.random.set_state(before)  # noqa: NPY002
        return np.asarray(found.values[0]), float(np.ravel(found.base_values)[0])

    return explain
