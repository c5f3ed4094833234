"""Which columns the embedding depends on, without labels, beside the untrained encoder."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tjepa.analysis.ranks import kendall, written
from tjepa.errors import AnalysisError
from tjepa.progress import Progress, Work

Embed = Callable[[list[int]], np.ndarray]

DEFINITIONS = ("influence", "token_variance")
ALIKE = 0.7
"""From this Kendall's tau on, a ranking is mostly that of the untrained encoder."""
APART = 0.4
"""Below this, two rankings are called different."""


@dataclass(frozen=True)
class Relevance:
    """Rankings of the features `names`, one value per feature.

    `rankings` has the keys `influence`, `token_variance` and both with `_untrained`.
    `agreement` is Kendall's tau of each definition with its untrained control, and of the two
    definitions with each other (`definitions`); None where a ranking is constant. With several
    `groups`, influence is that on the other features of one's group.
    """

    names: tuple[str, ...]
    rankings: dict[str, tuple[float, ...]]
    agreement: dict[str, float | None]
    rows: int
    seed: int
    groups: int = 1

    @property
    def sentence(self) -> str:
        if not any(value > 0 for value in self.rankings["token_variance"]):
            return (
                "The tokens do not vary over the rows: the encoder has collapsed, and these"
                " rankings mean nothing."
            )
        influence = np.asarray(self.rankings["influence"])
        top = [self.names[j] for j in np.argsort(-influence, kind="stable")[:3]]
        text = f"Leaving out {_list(top)} changes the other columns' tokens most."
        if self.groups > 1:
            text += (
                f" The table is wide: the encoder sees its columns in {self.groups} groups, and"
                " each was left out of its own."
            )
        tau, between = self.agreement["influence"], self.agreement["definitions"]
        if tau is None:
            text += " The ranking cannot be compared with the untrained encoder's: one is constant."
        elif tau >= ALIKE:
            text += (
                f" The untrained encoder ranks the columns much alike (Kendall τ = {written(tau)}):"
                " most of this ranking is not learned."
            )
        elif tau >= APART:
            text += (
                f" The untrained encoder ranks the columns partly alike"
                f" (Kendall τ = {written(tau)})."
            )
        else:
            text += (
                f" The untrained encoder ranks the columns differently"
                f" (Kendall τ = {written(tau)})."
            )
        if between is not None and between < APART:
            text += (
                f" Influence and token variance disagree (τ = {written(between)}): read neither"
                " as the importance of a column."
            )
        return text

    def to_parts(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        data = {
            "names": list(self.names),
            "rankings": {key: list(values) for key, values in self.rankings.items()},
            "agreement": dict(self.agreement),
            "rows": self.rows,
            "seed": self.seed,
            "groups": self.groups,
            "sentence": self.sentence,
        }
        return data, {}

    @classmethod
    def from_parts(cls, data: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> "Relevance":
        return cls(
            names=tuple(data["names"]),
            rankings={key: tuple(values) for key, values in data["rankings"].items()},
            agreement=dict(data["agreement"]),
            rows=data["rows"],
            seed=data["seed"],
            groups=data.get("groups", 1),
        )


def token_variance(tokens: np.ndarray) -> np.ndarray:
    """Mean over dimensions of the variance over rows, f64 [D], of tokens f32 [n, D, H]."""
    return np.asarray(tokens.var(axis=0, dtype=np.float64).mean(axis=1))


def relevance(
    names: Sequence[str],
    embed: Embed,
    embed_untrained: Embed,
    *,
    rows: int,
    seed: int,
    groups: Sequence[list[int]] | None = None,
) -> Work[Relevance]:
    """Rank the features by token variance and by influence, trained and untrained.

    `embed(visible)` gives the tokens f32 [n, len(visible), H] of those features, in that order,
    for the same `rows` rows every time. The influence of feature j is the mean squared change
    of the other features' tokens when j is left out of the sequence, divided by the variance
    of those tokens over the rows (both means over features and dimensions). With `groups`, each
    feature being in one of them, the other features are those of its group, and no others are in
    the sequence.

    Raises
    ------
    AnalysisError
        With fewer than two features or two rows, or tokens that are not finite.
    """
    if len(names) < 2 or rows < 2:
        raise AnalysisError("Relevance compares columns: it needs two features and two rows.")
    rankings: dict[str, tuple[float, ...]] = {}
    if groups is None:
        groups = [list(range(len(names)))]
    for i, (ending, call) in enumerate((("", embed), ("_untrained", embed_untrained))):
        influence, variance = np.zeros(len(names)), np.zeros(len(names))
        done = 0
        for group in groups:
            yield Progress("tokens of all columns", (i + done / len(names)) / 2)
            tokens = np.asarray(call(group))
            if not np.isfinite(tokens).all():
                raise AnalysisError("Some tokens are not finite, so there is nothing to rank.")
            variance[group] = token_variance(tokens)
            for place, j in enumerate(group):
                yield Progress("leaving out one column at a time", (i + done / len(names)) / 2)
                done += 1
                if len(group) == 1:
                    continue  # nobody could hear it
                rest = [*range(place), *range(place + 1, len(group))]
                others = [group[k] for k in rest]
                change = np.square(call(others) - tokens[:, rest], dtype=np.float64).mean()
                spread = variance[others].mean()
                influence[j] = change / spread if spread > 0 else 0.0
        rankings[f"influence{ending}"] = tuple(influence.tolist())
        rankings[f"token_variance{ending}"] = tuple(variance.tolist())
    close: dict[str, float | None] = {
        name: kendall(rankings[name], rankings[f"{name}_untrained"]) for name in DEFINITIONS
    }
    close["definitions"] = kendall(rankings["influence"], rankings["token_variance"])
    return Relevance(
        names=tuple(names),
        rankings=rankings,
        agreement=close,
        rows=rows,
        seed=seed,
        groups=len(groups),
    )


def _list(names: Sequence[str]) -> str:
    quoted = [f"'{name}'" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
