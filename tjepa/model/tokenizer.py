"""Rows to tokens, one token per feature (FT-Transformer, Gorishniy et al. 2021)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Rows:
    """A batch of encoded rows: D = Dn + Dc features, the Dn numeric ones first.

    ``x_num`` f32 [B, Dn] and ``x_cat`` i64 [B, Dc] hold zero where ``missing`` bool [B, D] is set.
    ``features`` i64 [D] are the features of the table that they hold, ascending; None for all.
    """

    x_num: Tensor
    x_cat: Tensor
    missing: Tensor
    features: Tensor | None = None

    def __len__(self) -> int:
        return len(self.missing)

    def __getitem__(self, index: Tensor | slice) -> "Rows":
        return Rows(self.x_num[index], self.x_cat[index], self.missing[index], self.features)

    def to(self, device: torch.device | str) -> "Rows":
        target = torch.device(device)
        features = None if self.features is None else moved(self.features, target)
        return Rows(
            moved(self.x_num, target),
            moved(self.x_cat, target),
            moved(self.missing, target),
            features,
        )

    def only(self, features: Tensor) -> "Rows":
        """Whole rows cut down to some of their features, i64, ascending."""
        if self.features is not None:
            raise ValueError("these rows hold only some of their features already")
        n, device = self.x_num.shape[1], self.missing.device
        numbers, categories = features[features < n], features[features >= n] - n
        chosen = moved(features, device)
        return Rows(
            self.x_num[:, moved(numbers, device)],
            self.x_cat[:, moved(categories, device)],
            self.missing[:, chosen],
            chosen,
        )


def moved(tensor: Tensor, device: torch.device) -> Tensor:
    """The tensor on that device; on its way from the CPU to a GPU nobody waits for it."""
    if tensor.device.type == "cpu" and device.type == "cuda":
        # Only from pinned memory can the GPU fetch it in its own time.
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


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
        features = numbers = categories = rows.features
        if features is not None:
            # Not by comparing: how many there are is known here, and a GPU would have to be asked.
            n = rows.x_num.shape[1]
            numbers, categories = features[:n], features[n:] - self.n_numeric
        weight, bias = _some(self.weight, numbers), _some(self.bias, numbers)
        numeric = rows.x_num.unsqueeze(-1) * weight + bias  # (B, Dn, H)
        categorical = self.categories[rows.x_cat + _some(self.starts, categories)]  # (B, Dc, H)
        value = torch.cat([numeric, categorical], dim=1)
        value = torch.where(rows.missing.unsqueeze(-1), _some(self.missing, features), value)
        return value + _some(self.index, features) + self.kind[_some(self.kind_of, features)]


def _some(of_features: Tensor, chosen: Tensor | None) -> Tensor:
    return of_features if chosen is None else of_features[chosen]
