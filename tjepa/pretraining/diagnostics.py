"""Whether a representation still tells rows apart."""

from dataclasses import dataclass
from math import nan

import torch
from torch import Tensor

COLLAPSED_BELOW = 0.1
"""A run has collapsed when its std or its rank fell below this share of what it was at step 0."""
ROUNDING = 1e-5
"""A std below this is rounding: the dimensions of a latent token have variance 1."""


@dataclass(frozen=True)
class Spread:
    """How far rows lie apart: see `spread`."""

    std: float
    rank: float


def spread(tokens: Tensor) -> Spread:
    """Diagnostics of latent tokens f32 [N, D, H], not rescaled.

    ``std`` is the standard deviation over rows, averaged over features and dimensions. ``rank``
    is RankMe: exp of the entropy of the normalised singular values of the centred [N, D·H]
    matrix (Garrido et al. 2023, arXiv 2210.02885). Rank alone hides a shrinking representation,
    std alone one that keeps a single direction: read both against step 0. Both are nan for tokens
    that are not finite.
    """
    if len(tokens) < 2:
        return Spread(0.0, 0.0)
    if not tokens.isfinite().all():
        return Spread(nan, nan)
    std = tokens.std(dim=0, correction=0).mean().item()
    flat = tokens.flatten(1).double()
    flat = flat - flat.mean(dim=0)
    gram = flat @ flat.T if flat.shape[0] <= flat.shape[1] else flat.T @ flat
    singular = torch.linalg.eigvalsh(gram).clamp_min(0).sqrt()
    total = singular.sum()
    if total <= 1e-12:
        return Spread(std, 1.0)
    p = singular / total
    entropy = -(p * p.clamp_min(1e-300).log()).sum()
    return Spread(std, entropy.exp().item())


def has_collapsed(now: Spread, start: Spread) -> bool:
    """Whether rows can hardly be told apart any more, compared with the untrained encoder."""
    least = max(COLLAPSED_BELOW * start.std, ROUNDING)
    # `not (>=)` also says so of nan.
    return not (now.std >= least and now.rank >= COLLAPSED_BELOW * start.rank)
