"""What steps the weights: AdamW, or Muon for the matrices of linear layers and AdamW for the rest.

AdamW: Loshchilov & Hutter, ICLR 2019, arXiv 1711.05101. Muon orthogonalises the momentum of a
matrix, so that a step is of one size in every direction: Jordan et al. 2024,
https://kellerjordan.github.io/posts/muon; here scaled as AdamW steps are, so that one learning rate
does for both: Liu et al. 2025, arXiv 2502.16982.
"""

from typing import Any

import torch
from torch import Tensor, nn

from tjepa.pretraining.config import PretrainingConfig


class Optimiser:
    """One or two of torch's optimisers as one. Weights decay in the matrices of linear layers only,
    as usual for transformers.
    """

    def __init__(self, model: nn.Module, config: PretrainingConfig) -> None:
        learned = {name: p for name, p in model.named_parameters() if p.requires_grad}
        matrices = [
            p
            for name, p in learned.items()
            if name.endswith(".weight") and "tokenizer" not in name and p.ndim == 2
        ]
        ids = {id(p) for p in matrices}
        others = {"params": [p for p in learned.values() if id(p) not in ids], "weight_decay": 0.0}
        decay = config.weight_decay
        self._parts: list[torch.optim.Optimizer]
        if config.optimiser == "muon":
            muon = torch.optim.Muon(
                matrices, lr=0.0, weight_decay=decay, adjust_lr_fn="match_rms_adamw"
            )
            self._parts = [muon, torch.optim.AdamW([others], lr=0.0, fused=True)]
        else:
            decayed = {"params": matrices, "weight_decay": decay}
            self._parts = [torch.optim.AdamW([decayed, others], lr=0.0, fused=True)]

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Torch's: first the matrices of linear layers, then what else is learned."""
        return [group for part in self._parts for group in part.param_groups]

    def step(self, learning_rate: float) -> None:
        """Follow the gradients, and forget them."""
        for group in self.param_groups:
            group["lr"] = learning_rate
        for part in self._parts:
            part.step()
            part.zero_grad()

    def checkpoint(self) -> dict[str, Tensor]:
        """Moments as `<place of the weight>.<name>`. They are no copies."""
        return {
            f"{first + index}.{name}": value
            for part, first in self._numbered()
            for index, moments in part.state_dict()["state"].items()
            for name, value in moments.items()
        }

    def restore(self, checkpoint: dict[str, Tensor]) -> None:
        """The inverse of `checkpoint`; ValueError where it does not fit."""
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in checkpoint.items():
            index, moment = name.split(".")
            # The optimiser would go on in the tensors it is given.
            moments.setdefault(int(index), {})[moment] = value.clone()
        for part, first in self._numbered():
            state = part.state_dict()
            count = sum(len(group["params"]) for group in part.param_groups)
            own = {index: moments.pop(first + index, {}) for index in range(count)}
            part.load_state_dict({**state, "state": {k: v for k, v in own.items() if v}})
        if moments:
            raise ValueError(f"there are no weights {sorted(moments)}")

    def _numbered(self) -> list[tuple[torch.optim.Optimizer, int]]:
        """Each part, and the number of weights of those before it."""
        found, first = [], 0
        for part in self._parts:
            found.append((part, first))
            first += sum(len(group["params"]) for group in part.param_groups)
        return found
