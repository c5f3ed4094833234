"""T-JEPA: predict the latent tokens of some features of a row from those of others.

Thimonier et al., "T-JEPA: Augmentation-Free Self-Supervised Learning for Tabular Data",
ICLR 2025, arXiv 2410.05016.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tjepa.model import kernels
from tjepa.model.cells import CellDecoder, Replacements, replaced
from tjepa.model.masking import Masks
from tjepa.model.tokenizer import FeatureTokenizer, Rows
from tjepa.model.transformer import Transformer

LEAST_STD = 0.1
"""Of a target dimension over rows, where targets are standardised: less is hardly a signal."""
Readout = Literal["last", "average", "concatenation", "all"]
"""Downstream a token is that of the last layer, the average over layers, or all of them side by
side (see `Transformer.layers`); with `all` after the embedded cell, as ELMo is read (Peters et al.,
NAACL 2018)."""


@dataclass(frozen=True)
class Sizes:
    """Widths and depths of the encoder and of its narrower predictor, what is read from it, whether
    targets are standardised over rows, and the bins in which a number is told.
    """

    width: int
    layers: int
    heads: int
    ffn: int
    reg_tokens: int
    predictor_width: int
    predictor_layers: int
    predictor_heads: int
    predictor_ffn: int
    dropout: float
    shared_context: bool = True
    readout: Readout = "last"
    standardised_targets: bool = False
    bins: int = 0

    @property
    def token_width(self) -> int:
        """Numbers of a token downstream."""
        return self.width * {"concatenation": self.layers, "all": 1 + self.layers}.get(
            self.readout, 1
        )


class Encoder(nn.Module):
    """Tokenizer, [REG] tokens and transformer. [REG] is always visible and never returned."""

    def __init__(self, n_numeric: int, cardinalities: Sequence[int], sizes: Sizes) -> None:
        super().__init__()
        self.tokenizer = FeatureTokenizer(n_numeric, cardinalities, sizes.width)
        self.reg = nn.Parameter(torch.empty(sizes.reg_tokens, sizes.width))
        nn.init.uniform_(self.reg, -(sizes.width**-0.5), sizes.width**-0.5)
        self.transformer = Transformer(
            sizes.width, sizes.layers, sizes.heads, sizes.ffn, sizes.dropout
        )
        self.readout, self.token_width = sizes.readout, sizes.token_width

    def forward(self, rows: Rows, visible: Tensor | None = None) -> Tensor:
        """Latent tokens f32 [B, D, H]; with `visible` i64 [B, Nv] only those, f32 [B, Nv, H].

        Features that are not visible are not in the sequence at all.
        """
        return self.transformer(self._sequence(rows, visible))[:, len(self.reg) :]

    def represent(self, rows: Rows, visible: Tensor | None = None) -> Tensor:
        """The representation that is used downstream: tokens as `forward` says, by `readout`.

        They have `token_width` numbers each.
        """
        if self.readout == "last":
            return self(rows, visible)
        sequence = self._sequence(rows, visible)
        layers = self.transformer.layers(sequence)[:, :, len(self.reg) :]
        if self.readout == "average":
            return layers.mean(dim=0)
        if self.readout == "all":
            embedded = self.transformer.norm(sequence[:, len(self.reg) :])
            layers = torch.cat([embedded.unsqueeze(0), layers])
        return layers.permute(1, 2, 0, 3).flatten(2)

    def _sequence(self, rows: Rows, visible: Tensor | None) -> Tensor:
        tokens = self.tokenizer(rows)
        if visible is not None:
            tokens = _gather(tokens, visible)
        reg = self.reg.expand(len(tokens), -1, -1)
        return torch.cat([reg, tokens], dim=1)


class Predictor(nn.Module):
    """A narrower transformer from context tokens to the latent tokens of each target mask.

    With a shared context the context tokens attend to one another alone, so they are computed
    once per row; else, as in the paper, they also attend to the mask tokens of a target, and are
    computed anew for each.
    """

    def __init__(self, n_features: int, sizes: Sizes) -> None:
        super().__init__()
        width = sizes.predictor_width
        self.shared_context = sizes.shared_context
        self.enter = nn.Linear(sizes.width, width)
        self.position = nn.Parameter(torch.empty(n_features, width))
        self.mask_token = nn.Parameter(torch.empty(width))
        for parameter in (self.position, self.mask_token):
            nn.init.uniform_(parameter, -(width**-0.5), width**-0.5)
        self.transformer = Transformer(
            width, sizes.predictor_layers, sizes.predictor_heads, sizes.predictor_ffn, sizes.dropout
        )
        self.leave = nn.Linear(width, sizes.width)

    def forward(self, context: Tensor, masks: Masks) -> Tensor:
        """Context tokens f32 [B, Nc, H] to predictions f32 [B, K, Nt, H]."""
        b, k, n_target = masks.targets.shape
        # In and out are small, and the loss is about small differences: float32 also in autocast.
        with torch.autocast(context.device.type, enabled=False):
            known = self.enter(context) + self.position[masks.context]  # (B, Nc, P)
        asked = self.mask_token + self.position[masks.targets]  # (B, K, Nt, P)
        if self.shared_context:
            sequence = torch.cat([known, asked.flatten(1, 2)], dim=1)  # (B, Nc + K·Nt, P)
            answers = self.transformer(sequence, k, n_target)[:, -k * n_target :]
        else:
            known = known.unsqueeze(1).expand(-1, k, -1, -1)
            sequence = torch.cat([known, asked], dim=2).flatten(0, 1)  # (B·K, Nc + Nt, P)
            answers = self.transformer(sequence)[:, -n_target:]
        with torch.autocast(context.device.type, enabled=False):
            return self.leave(answers).view(b, k, n_target, -1)


@dataclass(frozen=True)
class Prediction:
    """One forward pass: the scalar ``loss``, f32 [B, K, Nt, H] twice, and context tokens."""

    loss: Tensor
    predictions: Tensor
    targets: Tensor
    context: Tensor


class TJEPA(nn.Module):
    """Context encoder, predictor, and the target encoder that follows the context encoder.

    Beside the latent prediction the context encoder may learn to impute hidden cells and to restore
    whole rows (see `tjepa.model.cells`).
    """

    def __init__(self, n_numeric: int, cardinalities: Sequence[int], sizes: Sizes) -> None:
        super().__init__()
        self.context_encoder = Encoder(n_numeric, cardinalities, sizes)
        self.target_encoder = deepcopy(self.context_encoder).requires_grad_(False)
        self.predictor = Predictor(n_numeric + len(cardinalities), sizes)
        self.standardised_targets = sizes.standardised_targets
        self.imputed = CellDecoder(n_numeric, cardinalities, sizes.width, sizes.bins)
        self.restored = CellDecoder(n_numeric, cardinalities, sizes.width, sizes.bins)

    def train(self, mode: bool = True) -> "TJEPA":
        """Dropout for what learns; targets are never noisy."""
        super().train(mode)
        self.target_encoder.eval()
        return self

    def forward(self, rows: Rows, masks: Masks) -> Prediction:
        """Mean squared latent distance over rows, target masks, target features and dimensions.

        The masks count the features that the rows hold; the others are in no sequence.
        """
        context = self.context_encoder(rows, masks.context)
        named = masks if rows.features is None else masks.among(rows.features)
        predictions = self.predictor(context, named)
        with torch.no_grad():
            latent = self.target_encoder(rows)
            if self.standardised_targets:
                std, mean = torch.std_mean(latent, dim=0, correction=0)
                latent = (latent - mean) / (std + LEAST_STD)
            targets = _gather(latent, masks.targets.flatten(1)).view_as(predictions)
        return Prediction(F.mse_loss(predictions, targets), predictions, targets, context)

    def impute(self, context: Tensor, rows: Rows, masks: Masks) -> Tensor:
        """The scalar loss of all cells that are not context, from the mean of context tokens."""
        hidden = torch.ones_like(rows.missing).scatter_(1, masks.context, value=False)
        mean = context.mean(dim=1, keepdim=True).expand(-1, hidden.shape[1], -1)
        with torch.autocast(context.device.type, enabled=False):
            loss: Tensor = self.imputed(mean, rows, hidden)
        return loss

    def restore(self, rows: Rows, replacements: Replacements) -> Tensor:
        """The scalar loss of restoring rows some of whose cells were replaced."""
        tokens = self.context_encoder(replaced(rows, replacements))
        with torch.autocast(tokens.device.type, enabled=False):
            loss: Tensor = self.restored(tokens, rows)
        return loss

    def is_faster_in_bfloat16(self, device: torch.device) -> bool:
        """Whether the device, and on a processor the kernels for it, are built for bfloat16."""
        if device.type == "cpu":
            transformers = (self.context_encoder.transformer, self.predictor.transformer)
            return kernels.HAS_BFLOAT16 and all(map(kernels.know, transformers))
        return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)

    @torch.no_grad()
    def update_target(self, momentum: float) -> None:
        """Target weights ← momentum · target + (1 − momentum) · context."""
        torch._foreach_lerp_(
            list(self.target_encoder.parameters()),
            list(self.context_encoder.parameters()),
            1.0 - momentum,
        )


def _gather(tokens: Tensor, index: Tensor) -> Tensor:
    """Tokens [B, D, H] at `index` [B, N]: [B, N, H]."""
    return tokens.gather(1, index.unsqueeze(-1).expand(-1, -1, tokens.shape[-1]))
