"""Cells told from tokens: whole rows restored after some cells were replaced, hidden cells imputed.

T-JEPA's context encoder learns from parts of rows alone, and what is used downstream are tokens of
whole rows. To restore, it sees whole rows while it learns: cells are replaced by those of other
rows, and from its token each is to be told as it was. So corrupted by VIME (Yoon et al., NeurIPS
2020), which restores rows from one vector, not from tokens. To impute, the mean of the context's
tokens must tell each hidden cell, as a mean-pooled row must tell a target downstream.

Of a number not only itself is told, whose best guess is a mean, but also where it lies among
quantiles. The mean over bins of those squared errors is a continuous ranked probability score,
least where the whole distribution is known (Gneiting & Raftery, JASA 2007).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from tjepa.model.tokenizer import Rows, moved

LARGEST = 3.0
"""Scaled numbers are restored up to here: a few far ones would be the whole loss."""
MOST_CATEGORIES = 256
"""Of a column, by their codes; cells with other codes are not restored."""
BINS_WEIGHT = 3.0
"""Of a number's bins, where the number itself has 1."""
BIN_VARIANCE = 1 / 6
"""Of `places`, a mean over many bins, where each is as likely: by it both errors have one scale."""


@dataclass(frozen=True)
class Replacements:
    """``cells`` bool [B, D], and ``donors`` i64 [B, D]: the row of the batch each may come from."""

    cells: Tensor
    donors: Tensor

    def to(self, device: torch.device) -> "Replacements":
        return Replacements(moved(self.cells, device), moved(self.donors, device))


def draw_replacements(
    batch: int, features: int, share: float, generator: Generator
) -> Replacements:
    """Each cell with probability `share`, by that of a random row of the same batch."""
    cells = torch.rand(batch, features, generator=generator) < share
    return Replacements(cells, torch.randint(batch, (batch, features), generator=generator))


def replaced(rows: Rows, replacements: Replacements) -> Rows:
    """The rows with those cells, missing ones too, as the donors have them."""
    n = rows.x_num.shape[1]

    def mixed(own: Tensor, columns: slice) -> Tensor:
        donors, cells = replacements.donors[:, columns], replacements.cells[:, columns]
        return torch.where(cells, own.gather(0, donors), own)

    return Rows(
        mixed(rows.x_num, slice(0, n)),
        mixed(rows.x_cat, slice(n, None)),
        mixed(rows.missing, slice(0, None)),
        rows.features,
    )


def places(numbers: Tensor, bins: int) -> Tensor:
    """How much of each bin lies below a number, 0 to 1: f32 [..., bins], from scaled numbers.

    The piecewise-linear encoding of Gorishniy et al. (NeurIPS 2022). Bins are as likely as one
    another in a normal distribution, which is what quantile scaling makes of a column.
    """
    quantile = 0.5 * (1 + torch.erf(numbers / 2**0.5))
    first = torch.arange(bins, device=numbers.device)
    return (quantile.unsqueeze(-1) * bins - first).clamp(0, 1)


class CellDecoder(nn.Module):
    """A linear map per feature, from a token to its number and the number's `places` among `bins`
    (none with 0), or to scores of its categories.
    """

    weights: Tensor
    starts: Tensor
    counts: Tensor

    def __init__(
        self, n_numeric: int, cardinalities: Sequence[int], width: int, bins: int = 0
    ) -> None:
        super().__init__()
        self.n_numeric, self.bins = n_numeric, bins
        counts = [min(count, MOST_CATEGORIES) for count in cardinalities]
        self.most = max(counts, default=0)
        self.number = nn.Parameter(torch.empty(n_numeric, 1 + bins, width))
        self.number_bias = nn.Parameter(torch.zeros(n_numeric, 1 + bins))
        self.category = nn.Parameter(torch.empty(sum(counts), width))
        self.category_bias = nn.Parameter(torch.zeros(sum(counts)))
        for parameter in (self.number, self.category):
            nn.init.uniform_(parameter, -(width**-0.5), width**-0.5)
        weights = torch.ones(1 + bins)
        weights[1:] = BINS_WEIGHT / (max(1, bins) * BIN_VARIANCE)
        if bins:
            weights /= 1 + BINS_WEIGHT
        self.register_buffer("weights", weights, persistent=False)
        starts = torch.tensor([0, *counts], dtype=torch.long).cumsum(0)[:-1]
        self.register_buffer("starts", starts, persistent=False)
        self.register_buffer("counts", torch.tensor(counts, dtype=torch.long), persistent=False)

    def forward(self, tokens: Tensor, rows: Rows, wanted: Tensor | None = None) -> Tensor:
        """The scalar loss of tokens f32 [B, D, H] for the cells that the rows hold.

        The mean over cells, those `wanted` bool [B, D] or all. A number has the squared error of
        itself or, with bins, the weighted mean of that and of its bins'; a category has its
        cross-entropy as a share of that of a guess among all its categories. Missing cells do not
        count.
        """
        n = rows.x_num.shape[1]
        errors = torch.cat(
            [self._of_numbers(tokens[:, :n], rows), self._of_categories(tokens[:, n:], rows)], dim=1
        )
        known = ~rows.missing if wanted is None else ~rows.missing & wanted
        if self.most == MOST_CATEGORIES:
            known = known & torch.cat(
                [known.new_ones(len(rows), n), rows.x_cat < MOST_CATEGORIES], dim=1
            )
        return (errors * known).sum() / known.sum().clamp(min=1)

    def _of_numbers(self, tokens: Tensor, rows: Rows) -> Tensor:
        chosen = slice(None) if rows.features is None else rows.features[: tokens.shape[1]]
        told = torch.einsum("bdh,dkh->bdk", tokens, self.number[chosen]) + self.number_bias[chosen]
        itself = rows.x_num.clamp(-LARGEST, LARGEST).unsqueeze(-1)
        meant = torch.cat([itself, places(rows.x_num, self.bins)], dim=-1)
        return (told - meant).square() @ self.weights

    def _of_categories(self, tokens: Tensor, rows: Rows) -> Tensor:
        b, d, _ = tokens.shape
        if d == 0:
            return tokens.new_zeros(b, 0)
        starts, counts = self.starts, self.counts
        if rows.features is not None:
            chosen = rows.features[-d:] - self.n_numeric
            starts, counts = starts[chosen], counts[chosen]
        # Columns have as many scores as the one with most: those beyond their own never win.
        places = torch.arange(self.most, device=tokens.device)
        absent = places >= counts.unsqueeze(1)  # (Dc, C)
        index = (starts.unsqueeze(1) + places).clamp(max=len(self.category) - 1)
        scores = torch.einsum("bdh,dch->bdc", tokens, self.category[index])
        scores = (scores + self.category_bias[index]).masked_fill(absent, -torch.inf)
        codes = rows.x_cat.minimum(counts - 1)
        errors = F.cross_entropy(scores.flatten(0, 1), codes.flatten(), reduction="none").view(b, d)
        return errors / counts.clamp(min=2).log()
