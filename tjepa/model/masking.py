"""Which features of each row are context and which are to be predicted (T-JEPA, section 3.2).

Attention costs the square of the features, so that of a wide table only some are seen at once.

[REG] tokens have no index here, so they can be neither masked nor predicted.
"""

from dataclasses import dataclass
from itertools import combinations
from math import comb

import torch
from torch import Generator, Tensor

ENUMERATE_UP_TO = 512
"""Target sets are listed outright while there are at most this many of them, or K² of them."""


@dataclass(frozen=True)
class MaskShares:
    """Shares of the features, in (0, 1): the bounds that each batch draws its own share between."""

    context: tuple[float, float]
    target: tuple[float, float]
    targets: int
    """K, the number of target masks per row."""


@dataclass(frozen=True)
class Masks:
    """Feature indices: ``context`` i64 [B, Nc] and ``targets`` i64 [B, K, Nt].

    In every row the K target sets differ from one another and share no feature with the context;
    they may overlap. K is smaller than asked for where what the context leaves over has fewer
    distinct sets.
    """

    context: Tensor
    targets: Tensor

    def among(self, features: Tensor) -> "Masks":
        """Masks of places in `features` as masks of the features themselves."""
        return Masks(features[self.context], features[self.targets])


def draw_features(features: int, at_most: int, generator: Generator) -> Tensor | None:
    """`at_most` of range(`features`) at random, i64, ascending; None, undrawn, where all fit."""
    if features <= at_most:
        return None
    return torch.randperm(features, generator=generator)[:at_most].sort().values


def feature_groups(features: int, at_most: int) -> list[Tensor]:
    """range(`features`) in as few groups of at most `at_most` as it takes, i64, ascending.

    Each group is spread evenly over the features, as a random one would be.
    """
    groups = -(-features // at_most)
    return [torch.arange(first, features, groups) for first in range(groups)]


def draw_masks(batch: int, features: int, shares: MaskShares, generator: Generator) -> Masks:
    """Masks for `batch` rows of `features` ≥ 2 features: sizes per batch, positions per row."""
    n_context = _count(shares.context, features, features - 1, generator)
    n_target = _count(shares.target, features, features - n_context, generator)
    order = torch.rand(batch, features, generator=generator).argsort(dim=1)
    context, pool = order[:, :n_context], order[:, n_context:]
    places = _distinct_subsets(batch, features - n_context, n_target, shares.targets, generator)
    k = places.shape[1]
    targets = pool.unsqueeze(1).expand(-1, k, -1).gather(2, places)
    return Masks(context.sort(dim=1).values, targets.sort(dim=2).values)


def _count(bounds: tuple[float, float], features: int, at_most: int, generator: Generator) -> int:
    share = bounds[0] + (bounds[1] - bounds[0]) * torch.rand((), generator=generator).item()
    return max(1, min(at_most, round(share * features)))


def _distinct_subsets(batch: int, pool: int, size: int, k: int, generator: Generator) -> Tensor:
    """`k` different `size`-subsets of range(`pool`) for each row: i64 [batch, k, size]."""
    total = comb(pool, size)
    # Below k² sets, k drawn at random would often repeat one.
    if total <= max(k * k, ENUMERATE_UP_TO):
        subsets = torch.tensor(list(combinations(range(pool), size)))
        chosen = torch.rand(batch, total, generator=generator).argsort(dim=1)[:, :k]
        return subsets[chosen]
    keys = torch.rand(batch, k, pool, generator=generator)
    places = keys.argsort(dim=2)[:, :, :size].sort(dim=2).values
    while (again := _has_repeats(places)).any():
        keys = torch.rand(int(again.sum()), k, pool, generator=generator)
        places[again] = keys.argsort(dim=2)[:, :, :size].sort(dim=2).values
    return places


def _has_repeats(sets: Tensor) -> Tensor:
    """Rows of i64 [B, K, S] in which two of the K sorted sets are equal: bool [B]."""
    equal = (sets.unsqueeze(1) == sets.unsqueeze(2)).all(dim=-1)  # (B, K, K)
    return equal.triu(diagonal=1).any(dim=(1, 2))
