"""Rows to tokens, one token per feature (FT-Transformer, Gorishniy et al. 2021)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Rows:
    """A batch of encoded rows: D = Dn + Dc features, the Dn numeric ones first.

    ``x_num`` f32 [B, Dn] and ``x_cat`` i64 [B, Dc] hold zero where ``missing`` bool [B, D] is set.
    """

    x_num: Tensor
    x_cat: Tensor
    missing: Tensor

    def __len__(self) -> int:
        return len(self.missing)

    def __getitem__(self, index: Tensor | slice) -> "Rows":
        return Rows(self.x_num[index], self.x_cat[index], self.missing[index])

    def to(self, device: torch.device | str) -> "Rows":
        return Rows(self.x_num.to(device), self.x_cat.to(device), self.missing.to(device))


class FeatureTokenizer(nn.Module):
    """Value + feature-index + feature-type embedding for every feature of a row.

    A numeric value x of feature j becomes x·w_j + b_j, a category its learned vector, a missing
    cell of either kind the learned *missing* vector of its column.
    """

    starts: Tensor
    kind_of: Tensor

    def __init__(self, n_numeric: int, cardinalities: Sequence[int], width: int) -> None:
        super().__init__()
        self.n_numeric = n_numeric
        self.n_features = n_numeric + len(cardinalities)
        self.weight = nn.Parameter(torch.empty(n_numeric, width))
        self.bias = nn.Parameter(torch.empty(n_numeric, width))
        self.categories = nn.Parameter(torch.empty(sum(cardinalities), width))
        self.missing = nn.Parameter(torch.empty(self.n_features, width))
        self.index = nn.Parameter(torch.empty(self.n_features, width))
        self.kind = nn.Parameter(torch.empty(2, width))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(width**-0.5), width**-0.5)
        starts = torch.tensor([0, *cardinalities], dtype=torch.long).cumsum(0)[:-1]
        is_categorical = torch.arange(self.n_features) >= n_numeric
        self.register_buffer("starts", starts, persistent=False)
        self.register_buffer("kind_of", is_categorical.long(), persistent=False)

    def forward(self, rows: Rows) -> Tensor:
        """Tokens f32 [B, D, H], numeric features first."""
        numeric = rows.x_num.unsqueeze(-1) * self.weight + self.bias  # (B, Dn, H)
        categorical = self.categories[rows.x_cat + self.starts]  # (B, Dc, H)
        value = torch.cat([numeric, categorical], dim=1)
        value = torch.where(rows.missing.unsqueeze(-1), self.missing, value)
        return value + self.index + self.kind[self.kind_of]
