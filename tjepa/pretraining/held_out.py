"""Rows that a run does not learn from, and the best weights by them: a stop without labels.

T-JEPA's own loss cannot choose: its targets move, and it is smallest where they have collapsed. The
loss of restoring whole rows has targets that stay, the cells.
"""

from math import ceil, inf

import torch
from torch import Generator, Tensor

from tjepa.model import TJEPA, Encoder, Rows, draw_replacements
from tjepa.pretraining.config import PretrainingConfig

SHARE, MOST, LEAST = 0.1, 1_024, 20
"""Of the rows; with fewer than `LEAST` rows to judge by there is no judging."""
CHECKS = 50
"""In a whole run, at most."""


def held_out_count(rows: int, config: PretrainingConfig) -> int:
    """How many of so many rows a run holds out: none without restoration."""
    count = min(round(SHARE * rows), MOST)
    return count if config.restoration and count >= LEAST else 0


class HeldOut:
    """The judge of a run over `epochs`, and what it found best so far.

    ``best_epoch`` counts from 1, 0 before the first check.
    """

    def __init__(self, rows: Rows, config: PretrainingConfig, generator: Generator) -> None:
        self._rows = rows
        self._epochs, self._patience = config.epochs, config.patience
        count, features = rows.missing.shape
        # The same in every check, so that losses differ by the weights alone.
        drawn = draw_replacements(count, features, config.replaced, generator)
        self._replacements = drawn.to(rows.missing.device)
        self.best_loss, self.best_epoch = inf, 0
        self._best: dict[str, Tensor] = {}

    def is_due(self, epoch: int) -> bool:
        """Whether to check after this epoch, counted from 1."""
        return epoch * CHECKS // self._epochs > (epoch - 1) * CHECKS // self._epochs

    @torch.no_grad()
    def check(self, model: TJEPA, epoch: int) -> float:
        """The loss of restoring the held-out rows; keeps the encoder's weights where it is best."""
        model.eval()
        loss = model.restore(self._rows, self._replacements).item()
        if loss < self.best_loss:
            self.best_loss, self.best_epoch = loss, epoch
            state = model.context_encoder.state_dict()
            self._best = {name: value.clone() for name, value in state.items()}
        return loss

    def is_out_of_patience(self, epoch: int) -> bool:
        return self._patience < 1 and epoch - self.best_epoch >= ceil(self._patience * self._epochs)

    def give_best(self, encoder: Encoder) -> None:
        """Put the best weights into the encoder."""
        if self._best:
            encoder.load_state_dict(self._best)

    def checkpoint(self) -> dict[str, Tensor]:
        best = {f"best.{name}": value for name, value in self._best.items()}
        found = {"best_loss": self.best_loss, "best_epoch": self.best_epoch}
        return best | {name: torch.tensor(value) for name, value in found.items()}

    def restore(self, checkpoint: dict[str, Tensor], device: torch.device) -> None:
        """The inverse of `checkpoint`; KeyError where it has none."""
        self.best_loss = checkpoint["best_loss"].item()
        self.best_epoch = int(checkpoint["best_epoch"])
        self._best = {
            name.removeprefix("best."): value.to(device)
            for name, value in checkpoint.items()
            if name.startswith("best.")
        }
