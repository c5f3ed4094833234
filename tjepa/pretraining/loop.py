"""The training loop: a generator of events, without threads, files or a screen."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil, isfinite
from threading import Lock

import torch
from torch import Generator, Tensor

from tjepa.errors import ConfigError, EncodingError, StoreError
from tjepa.model import TJEPA, Encoder, Rows, draw_masks
from tjepa.pretraining import schedules
from tjepa.pretraining.config import PretrainingConfig
from tjepa.pretraining.diagnostics import Spread, has_collapsed, spread

DIAGNOSTIC_ROWS = 512
EMBEDDING_BATCH = 1024

_SEEDING = Lock()


@dataclass(frozen=True)
class StepEvent:
    """One optimiser step, counted from 1 over the whole run."""

    step: int
    steps: int
    epoch: int
    loss: float
    rows_per_s: float


@dataclass(frozen=True)
class EpochEvent:
    """The end of an epoch, counted from 1. ``loss`` is the mean over its rows."""

    epoch: int
    loss: float
    learning_rate: float
    momentum: float
    rows_per_s: float
    seconds: float
    spread: Spread
    std_ratio: float
    collapsed: bool


Event = StepEvent | EpochEvent


class Pretrainer:
    """One pre-training over the rows it was given, which should be training rows only.

    Randomness of epoch e comes from (seed, e) alone, so a run that is resumed at the end of an
    epoch equals one that was never stopped.

    Raises
    ------
    EncodingError
        When there are fewer than two rows or two features: nothing could be predicted.
    """

    def __init__(
        self, rows: Rows, cardinalities: tuple[int, ...], config: PretrainingConfig
    ) -> None:
        features = rows.missing.shape[1]
        if features < 2:
            raise EncodingError(
                f"Pre-training needs at least 2 feature columns, one to predict from another; "
                f"this table has {features}. Use more columns."
            )
        if len(rows) < 2:
            raise EncodingError(
                f"Pre-training needs at least 2 training rows; this table has {len(rows)}."
            )
        self.config = config
        self.rows = rows
        self.model = new_model(rows.x_num.shape[1], cardinalities, config)
        self.epoch = 0
        self.optimiser = torch.optim.AdamW(self._parameter_groups(), lr=0.0, fused=True)
        seen = torch.randperm(len(rows), generator=_generator(config.seed, 0))[:DIAGNOSTIC_ROWS]
        self._watched = rows[seen]
        self.start = self._spread()

    @property
    def encoder(self) -> Encoder:
        """The context encoder: the representation that is used downstream."""
        return self.model.context_encoder

    @property
    def steps_per_epoch(self) -> int:
        return ceil(len(self.rows) / self.config.batch_size)

    @property
    def steps(self) -> int:
        return self.steps_per_epoch * self.config.epochs

    def events(self) -> Iterator[Event]:
        """Train from where the run stands to its last epoch.

        Raises
        ------
        ConfigError
            When loss or weights are no longer finite numbers: the learning rate is too high.
        """
        while self.epoch < self.config.epochs:
            yield from self._run_epoch(self.epoch)

    def checkpoint(self) -> dict[str, Tensor]:
        """Everything `restore` needs, as a flat dictionary of copies. Call between epochs."""
        state = {f"model.{name}": value.clone() for name, value in self.model.state_dict().items()}
        for index, moments in self.optimiser.state_dict()["state"].items():
            for name, value in moments.items():
                state[f"optimiser.{index}.{name}"] = value.clone()
        state["epoch"] = torch.tensor(self.epoch)
        return state

    def restore(self, checkpoint: dict[str, Tensor]) -> None:
        """Go on from a `checkpoint` of a run with the same rows and configuration.

        Raises
        ------
        StoreError
            When the checkpoint does not fit the configuration.
        """
        weights: dict[str, Tensor] = {}
        moments: dict[int, dict[str, Tensor]] = {}
        try:
            for name, value in checkpoint.items():
                if name.startswith("model."):
                    weights[name.removeprefix("model.")] = value
                elif name.startswith("optimiser."):
                    _, index, moment = name.split(".")
                    # The optimiser would go on in the tensors it is given.
                    moments.setdefault(int(index), {})[moment] = value.clone()
            self.epoch = int(checkpoint["epoch"])
            self.model.load_state_dict(weights)
            state = self.optimiser.state_dict()
            self.optimiser.load_state_dict({**state, "state": moments})
        except (KeyError, ValueError, RuntimeError) as error:
            raise StoreError(
                "The checkpoint is damaged or of another configuration: start the run again."
            ) from error

    def _run_epoch(self, epoch: int) -> Iterator[Event]:
        started, paused = time.perf_counter(), 0.0
        generator = _generator(self.config.seed, epoch + 1)
        order = torch.randperm(len(self.rows), generator=generator)
        total, seen = 0.0, 0
        for i, index in enumerate(order.split(self.config.batch_size)):
            step = epoch * self.steps_per_epoch + i
            loss = self._step(self.rows[index], step, generator)
            total, seen = total + loss * len(index), seen + len(index)
            before = time.perf_counter()
            yield StepEvent(
                step + 1, self.steps, epoch + 1, loss, seen / (before - started - paused)
            )
            paused += time.perf_counter() - before
        seconds = time.perf_counter() - started - paused
        self.epoch = epoch + 1
        now = self._spread()
        if not isfinite(now.std):
            raise self._diverged(step)
        yield EpochEvent(
            epoch=self.epoch,
            loss=total / seen,
            learning_rate=schedules.learning_rate(step, self.steps, self.config),
            momentum=schedules.momentum(step, self.steps, self.config),
            rows_per_s=seen / seconds,
            seconds=seconds,
            spread=now,
            std_ratio=now.std / self.start.std if self.start.std else 0.0,
            collapsed=has_collapsed(now, self.start),
        )

    def _step(self, batch: Rows, step: int, generator: Generator) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = schedules.learning_rate(step, self.steps, self.config)
        masks = draw_masks(len(batch), batch.missing.shape[1], self.config.mask_shares, generator)
        self.model.train()
        if self.config.dropout > 0:
            with _seeded(int(torch.randint(2**31, (), generator=generator))):
                loss = self.model(batch, masks).loss
        else:
            loss = self.model(batch, masks).loss
        value = loss.item()
        if not isfinite(value):
            raise self._diverged(step)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.model.update_target(schedules.momentum(step, self.steps, self.config))
        return float(value)

    def _diverged(self, step: int) -> ConfigError:
        return ConfigError(
            f"The loss is no longer a number at step {step + 1}. "
            f"Lower the learning rate (now {self.config.learning_rate:g}) and start again."
        )

    def _spread(self) -> Spread:
        return spread(embed(self.encoder, self._watched))

    def _parameter_groups(self) -> list[dict[str, object]]:
        """Weight decay for the matrices of linear layers only, as usual for transformers."""
        learned = [p for p in self.model.named_parameters() if p[1].requires_grad]
        decayed = [
            p
            for name, p in learned
            if name.endswith(".weight") and "tokenizer" not in name and p.ndim == 2
        ]
        ids = {id(p) for p in decayed}
        return [
            {"params": decayed, "weight_decay": self.config.weight_decay},
            {"params": [p for _, p in learned if id(p) not in ids], "weight_decay": 0.0},
        ]


def new_model(n_numeric: int, cardinalities: tuple[int, ...], config: PretrainingConfig) -> TJEPA:
    """The randomly initialised model of `config.seed`: also the untrained control of its run."""
    with _seeded(config.seed):
        return TJEPA(n_numeric, cardinalities, config.sizes)


@torch.no_grad()
def embed(encoder: Encoder, rows: Rows, visible: list[int] | None = None) -> Tensor:
    """Latent tokens f32 [N, D, H] in evaluation mode; N may be 0.

    With `visible`, the other features are left out of the sequence: f32 [N, len(visible), H].
    """
    encoder.eval()
    index = None if visible is None else torch.tensor(visible, dtype=torch.long)
    parts = []
    for start in range(0, max(len(rows), 1), EMBEDDING_BATCH):
        batch = rows[slice(start, start + EMBEDDING_BATCH)]
        parts.append(encoder(batch, None if index is None else index.expand(len(batch), -1)))
    return torch.cat(parts)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Draws without a generator come from `seed`, and leave no trace.

    Layers draw from the one generator of the process, so another thread has to wait.
    """
    with _SEEDING, torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


def _generator(seed: int, epoch: int) -> Generator:
    return Generator().manual_seed(seed * 1_000_003 + epoch)
