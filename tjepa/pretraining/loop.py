"""The training loop: a generator of events, without threads, files or a screen.

All randomness but that of dropout is drawn on the CPU, so that it is the same on every device. The
loop sends work to the device and never asks it for anything but the losses, now and then: on a GPU
a question waits until everything sent before is done.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil, isfinite
from statistics import fmean
from threading import Lock

import torch
from torch import Generator, Tensor

from tjepa.errors import ConfigError, EncodingError, StoreError
from tjepa.model import (
    TJEPA,
    Encoder,
    Masks,
    Rows,
    draw_features,
    draw_masks,
    draw_replacements,
    feature_groups,
)
from tjepa.model.tokenizer import moved
from tjepa.pretraining import schedules
from tjepa.pretraining.config import PretrainingConfig
from tjepa.pretraining.diagnostics import Spread, has_collapsed, spread
from tjepa.pretraining.held_out import HeldOut, held_out_count
from tjepa.pretraining.optimiser import Optimiser

READING_SECONDS = 0.2
"""Between two readings of the loss: the least time in which a run can be cancelled."""
DIAGNOSTIC_ROWS = 512
EMBEDDING_BATCH = 1024
EMBEDDING_TOKENS = 32_768
"""In one batch at most, so that its memory does not depend on the number of features."""

CPU = torch.device("cpu")
_SEEDING = Lock()


@dataclass(frozen=True)
class StepEvent:
    """The optimiser steps since the last event.

    ``step`` counts the last of them, from 1 over the whole run; ``loss`` is the mean over their
    rows, ``rows_per_s`` that of the epoch so far.
    """

    step: int
    steps: int
    epoch: int
    loss: float
    rows_per_s: float


@dataclass(frozen=True)
class EpochEvent:
    """The end of an epoch, counted from 1. ``loss`` is the mean over its rows.

    ``held_out`` is the loss of restoring held-out rows, which says without a label whether a run
    still learns; None where it was not computed.
    """

    epoch: int
    loss: float
    held_out: float | None
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

    Where whole rows are restored, a tenth of the rows is held out, and the run ends with the
    weights that restored them best.

    Parameters
    ----------
    rows:
        On the CPU. They are copied to the device once where they take at most half of the memory
        that is free there, else batch by batch.
    cardinalities:
        Of the categorical features.
    config:
        Sizes, masks and schedule.
    device:
        By default the GPU where torch can use one (`cuda`), the CPU otherwise.

    Raises
    ------
    ConfigError
        When torch cannot use the device.
    EncodingError
        When there are fewer than two rows or two features: nothing could be predicted.
    """

    def __init__(
        self,
        rows: Rows,
        cardinalities: tuple[int, ...],
        config: PretrainingConfig,
        device: torch.device | str | None = None,
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
        self.device = usable_device(device)
        order = torch.randperm(len(rows), generator=_generator(config.seed, 0))
        learned = len(rows) - held_out_count(len(rows), config)
        kept = rows if learned == len(rows) else rows[order[:learned].sort().values]
        self.rows = _resident(kept, self.device)
        self.model = new_model(rows.x_num.shape[1], cardinalities, config).to(self.device)
        self.in_bfloat16 = config.precision == "bfloat16" or (
            config.precision == "auto" and self.model.is_faster_in_bfloat16(self.device)
        )
        self.epoch = 0
        self.optimiser = Optimiser(self.model, config)
        # Of a wide table only its first group: the whole would cost more than the steps.
        groups = feature_groups(features, config.max_features)

        def some(chosen: Tensor) -> Rows:
            few = rows[chosen] if len(groups) == 1 else rows[chosen].only(groups[0])
            return few.to(self.device)

        self._watched = some(order[:DIAGNOSTIC_ROWS])
        self.start = self._spread()
        self.held_out: HeldOut | None = None
        if learned < len(rows):
            draws = _generator(config.seed, 0)
            self.held_out = HeldOut(some(order[learned:]), config, draws)

    @property
    def encoder(self) -> Encoder:
        """The context encoder: the representation that is used downstream."""
        return self.model.context_encoder

    @property
    def has_stopped(self) -> bool:
        """Whether the run is out of patience before its last epoch."""
        if self.held_out is None or self.epoch >= self.config.epochs:
            return False
        return self.held_out.is_out_of_patience(self.epoch)

    @property
    def steps_per_epoch(self) -> int:
        return ceil(len(self.rows) / self.config.batch_size)

    @property
    def steps(self) -> int:
        return self.steps_per_epoch * self.config.epochs

    def events(self, interval: float = READING_SECONDS) -> Iterator[Event]:
        """Train from where the run stands to its last epoch, or until held-out rows are restored no
        better; then the encoder has the weights of the best epoch.

        Losses are read, and told as a `StepEvent`, after the first and the last step of an epoch
        and between them as soon as `interval` seconds have passed; with 0, after every step.

        Raises
        ------
        ConfigError
            When loss or weights are no longer finite numbers: the learning rate is too high.
        """
        while self.epoch < self.config.epochs and not self.has_stopped:
            yield from self._run_epoch(self.epoch, interval)
        if self.held_out is not None:
            self.held_out.give_best(self.encoder)

    def checkpoint(self) -> dict[str, Tensor]:
        """Everything `restore` needs, as a flat dictionary of copies on the CPU.

        Call between epochs.
        """
        state = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        for name, value in self.optimiser.checkpoint().items():
            state[f"optimiser.{name}"] = value
        if self.held_out is not None:
            state |= self.held_out.checkpoint()
        state = {name: value.to("cpu", copy=True) for name, value in state.items()}
        state["epoch"] = torch.tensor(self.epoch)
        return state

    def restore(self, checkpoint: dict[str, Tensor]) -> None:
        """Go on from a `checkpoint` of a run with the same rows and configuration, on any device.

        Raises
        ------
        StoreError
            When the checkpoint does not fit the configuration.
        """
        weights: dict[str, Tensor] = {}
        moments: dict[str, Tensor] = {}
        try:
            for name, value in checkpoint.items():
                if name.startswith("model."):
                    weights[name.removeprefix("model.")] = value
                elif name.startswith("optimiser."):
                    moments[name.removeprefix("optimiser.")] = value
            self.epoch = int(checkpoint["epoch"])
            self.model.load_state_dict(weights)
            self.optimiser.restore(moments)
            if self.held_out is not None:
                self.held_out.restore(checkpoint, self.device)
        except (KeyError, ValueError, RuntimeError) as error:
            raise StoreError(
                "The checkpoint is damaged or of another configuration: start the run again."
            ) from error

    def _run_epoch(self, epoch: int, interval: float) -> Iterator[Event]:
        started = due = time.perf_counter()
        paused = 0.0
        generator = _generator(self.config.seed, epoch + 1)
        order = torch.randperm(len(self.rows), generator=generator)
        batches = moved(order, self.rows.missing.device).split(self.config.batch_size)
        total, seen, unread = 0.0, 0, []
        for i, index in enumerate(batches):
            step = epoch * self.steps_per_epoch + i
            unread.append(self._step(self.rows[index].to(self.device), step, generator))
            if i + 1 < len(batches) and time.perf_counter() < due:
                continue
            losses, unread = self._read(unread, step), []
            sizes = [len(batch) for batch in batches[i + 1 - len(losses) : i + 1]]
            for loss, size in zip(losses, sizes, strict=True):
                total, seen = total + loss * size, seen + size
            mean = fmean(losses, weights=sizes)
            before = time.perf_counter()
            yield StepEvent(
                step + 1, self.steps, epoch + 1, mean, seen / (before - started - paused)
            )
            after = time.perf_counter()
            paused, due = paused + after - before, after + interval
        seconds = time.perf_counter() - started - paused
        self.epoch = epoch + 1
        held_out = None
        if self.held_out is not None and self.held_out.is_due(self.epoch):
            held_out = self.held_out.check(self.model, self.epoch)
        now = self._spread()
        if not isfinite(now.std):
            raise self._diverged(step)
        yield EpochEvent(
            epoch=self.epoch,
            loss=total / seen,
            held_out=held_out,
            learning_rate=schedules.learning_rate(step, self.steps, self.config),
            momentum=schedules.momentum(step, self.steps, self.config),
            rows_per_s=seen / seconds,
            seconds=seconds,
            spread=now,
            std_ratio=now.std / self.start.std if self.start.std else 0.0,
            collapsed=has_collapsed(now, self.start),
        )

    def _step(self, batch: Rows, step: int, generator: Generator) -> Tensor:
        """The loss, a number on the device that may still be at work on it."""
        features = draw_features(batch.missing.shape[1], self.config.max_features, generator)
        batch = batch if features is None else batch.only(features)
        self.model.train()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.in_bfloat16):
            if self.config.dropout > 0:
                with _seeded(int(torch.randint(2**31, (), generator=generator)), self.device):
                    loss = self._loss(batch, generator)
            else:
                loss = self._loss(batch, generator)
        loss.backward()
        self.optimiser.step(schedules.learning_rate(step, self.steps, self.config))
        self.model.update_target(schedules.momentum(step, self.steps, self.config))
        return loss.detach()

    def _loss(self, batch: Rows, generator: Generator) -> Tensor:
        config, (count, features) = self.config, batch.missing.shape
        total = torch.zeros((), device=self.device)
        if config.prediction or config.imputation:
            masks = draw_masks(count, features, config.mask_shares, generator)
            masks = Masks(moved(masks.context, self.device), moved(masks.targets, self.device))
            if config.prediction:
                found = self.model(batch, masks)
                context, total = found.context, total + config.prediction * found.loss
            else:
                context = self.model.context_encoder(batch, masks.context)
            if config.imputation:
                total = total + config.imputation * self.model.impute(context, batch, masks)
        if config.restoration:
            drawn = draw_replacements(count, features, config.replaced, generator)
            total = total + config.restoration * self.model.restore(batch, drawn.to(self.device))
        return total

    def _read(self, losses: list[Tensor], step: int) -> list[float]:
        """The losses of the steps up to `step`, in one question to the device."""
        values: list[float] = torch.stack(losses).tolist()
        for place, value in enumerate(values, start=step + 1 - len(values)):
            if not isfinite(value):
                raise self._diverged(place)
        return values

    def _diverged(self, step: int) -> ConfigError:
        return ConfigError(
            f"The loss is no longer a number at step {step + 1}. "
            f"Lower the learning rate (now {self.config.learning_rate:g}) and start again."
        )

    def _spread(self) -> Spread:
        """Of the last layer, which T-JEPA predicts; whatever else is read cannot hide it."""
        return spread(latent(self.encoder, self._watched))


def usable_device(device: torch.device | str | None = None) -> torch.device:
    """`device`; by default the GPU where torch can use one (`cuda`), the CPU otherwise.

    Raises
    ------
    ConfigError
        When torch cannot use `device`.
    """
    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(
            f"device is {str(device)!r}, which torch cannot use here: choose cpu, or cuda where "
            "there is a GPU."
        ) from error
    return torch.device(device)


def new_model(n_numeric: int, cardinalities: tuple[int, ...], config: PretrainingConfig) -> TJEPA:
    """The randomly initialised model of `config.seed`: also the untrained control of its run.

    It is on the CPU.
    """
    with _seeded(config.seed):
        return TJEPA(n_numeric, cardinalities, config.sizes)


@torch.no_grad()
def embed(
    encoder: Encoder,
    rows: Rows,
    visible: list[int] | None = None,
    max_features: int | None = None,
) -> Tensor:
    """The representation, tokens f32 [N, D, H] in evaluation mode, on the CPU; N may be 0.

    They are computed where the encoder is, a batch of bounded size at a time.

    With `visible`, the other features are left out of the sequence: f32 [N, len(visible), H].
    Without, more features than `max_features` are embedded in groups that do not see each other.
    """
    encoder.eval()
    features = rows.missing.shape[1]
    if visible is None and max_features is not None and features > max_features:
        tokens = torch.empty(len(rows), features, encoder.token_width, dtype=encoder.reg.dtype)
        for group in feature_groups(features, max_features):
            tokens[:, group] = embed(encoder, rows.only(group))
        return tokens
    index = None
    if visible is not None:
        chosen = torch.tensor(visible, dtype=torch.long)
        rows, index = rows.only(chosen.sort().values), chosen.argsort().argsort()
    parts = []
    for batch in _batches(rows, encoder.reg.device):
        places = None if index is None else index.to(batch.missing.device).expand(len(batch), -1)
        parts.append(encoder.represent(batch, places).cpu())
    return torch.cat(parts)


@torch.no_grad()
def latent(encoder: Encoder, rows: Rows) -> Tensor:
    """The tokens of the last layer, f32 [N, D, H] in evaluation mode, on the CPU; N may be 0."""
    encoder.eval()
    batches = _batches(rows, encoder.reg.device)
    return torch.cat([encoder(batch).cpu() for batch in batches])


def _batches(rows: Rows, device: torch.device) -> Iterator[Rows]:
    """On the device, of bounded size; of no rows one batch without any."""
    size = max(1, min(EMBEDDING_BATCH, EMBEDDING_TOKENS // max(1, rows.missing.shape[1])))
    for start in range(0, max(len(rows), 1), size):
        yield rows[slice(start, start + size)].to(device)


def _resident(rows: Rows, device: torch.device) -> Rows:
    """The rows on the device, or as they are where they take over half of its free memory."""
    if device.type == "cuda":
        size = rows.x_num.nbytes + rows.x_cat.nbytes + rows.missing.nbytes
        if size > torch.cuda.mem_get_info(device)[0] / 2:
            return rows
    return rows.to(device)


@contextmanager
def _seeded(seed: int, device: torch.device = CPU) -> Iterator[None]:
    """Draws without a generator, on the CPU and on `device`, come from `seed` and leave no trace.

    Layers draw from the one generator that the process has per device, so another thread has to
    wait.
    """
    gpus = [device] if device.type == "cuda" else []
    with _SEEDING, torch.random.fork_rng(devices=gpus):
        torch.default_generator.manual_seed(seed)
        for gpu in gpus:
            with torch.cuda.device(gpu):
                torch.cuda.manual_seed(seed)
        yield


def _generator(seed: int, epoch: int) -> Generator:
    return Generator().manual_seed(seed * 1_000_003 + epoch)
