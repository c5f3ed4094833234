"""Where a run computes, and when it asks the device for a number.

Torch's *meta* device has shapes and no values, so whatever needs a value fails there: on a GPU the
same would wait until everything sent before is done. The tests at the end need a real GPU.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib import import_module
from math import inf, nan
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tests.pretraining.tables import dependent, independent, small
from tjepa.errors import ConfigError
from tjepa.model import Rows, draw_features, draw_masks, draw_replacements
from tjepa.pretraining import (
    EpochEvent,
    Pretrainer,
    PretrainingConfig,
    Spread,
    StepEvent,
    embed,
    loop,
    new_model,
    schedules,
)
from tjepa.pretraining.config import OptimiserName
from tjepa.pretraining.held_out import HeldOut

gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


def step_events(pretrainer: Pretrainer, interval: float) -> list[StepEvent]:
    return [event for event in pretrainer.events(interval) if isinstance(event, StepEvent)]


def epoch_losses(pretrainer: Pretrainer, interval: float) -> list[float]:
    return [e.loss for e in pretrainer.events(interval) if isinstance(e, EpochEvent)]


def written_out(
    rows: Rows, cardinalities: tuple[int, ...], config: PretrainingConfig
) -> tuple[list[float], dict[str, Tensor]]:
    """The losses and the weights of a run whose loop knows no device and reads every loss."""
    model = new_model(rows.x_num.shape[1], cardinalities, config).train()
    learned = {name: p for name, p in model.named_parameters() if p.requires_grad}
    optimisers: list[torch.optim.Optimizer] = []
    if config.optimiser == "muon":
        linear = ("qkv", "out", "up", "down", "enter", "leave")
        ends = tuple(f"{name}.weight" for name in linear)
        matrices = [learned.pop(name) for name in list(learned) if name.endswith(ends)]
        optimisers.append(
            torch.optim.Muon(matrices, lr=0.0, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")
        )
    optimisers.append(
        torch.optim.AdamW(list(learned.values()), lr=0.0, weight_decay=0.0, fused=True)
    )
    per_epoch = -(-len(rows) // config.batch_size)
    steps, losses = per_epoch * config.epochs, []
    for epoch in range(config.epochs):
        generator = torch.Generator().manual_seed(config.seed * 1_000_003 + epoch + 1)
        order = torch.randperm(len(rows), generator=generator)
        for index in order.split(config.batch_size):
            for optimiser in optimisers:
                rate = schedules.learning_rate(len(losses), steps, config)
                optimiser.param_groups[0]["lr"] = rate
                optimiser.zero_grad()
            batch = rows[index]
            chosen = draw_features(rows.missing.shape[1], config.max_features, generator)
            batch = batch if chosen is None else batch.only(chosen)
            if config.dropout:
                torch.manual_seed(int(torch.randint(2**31, (), generator=generator)))
            features = batch.missing.shape[1]
            masks = draw_masks(len(batch), features, config.mask_shares, generator)
            found = model(batch, masks)
            loss = config.prediction * found.loss
            if config.imputation:
                loss = loss + config.imputation * model.impute(found.context, batch, masks)
            if config.restoration:
                drawn = draw_replacements(len(batch), features, config.replaced, generator)
                loss = loss + config.restoration * model.restore(batch, drawn)
            loss.backward()
            for optimiser in optimisers:
                optimiser.step()
            model.update_target(schedules.momentum(len(losses), steps, config))
            losses.append(loss.item())
    return losses, model.state_dict()


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("restoration", [0.0, 0.7])
@pytest.mark.parametrize("max_features", [3, 128], ids=["wide", "whole"])
@pytest.mark.parametrize("optimiser", ["adamw", "muon"])
def test_on_the_cpu_a_run_is_to_the_bit_the_loop_written_out(
    optimiser: OptimiserName, max_features: int, restoration: float, dropout: float
) -> None:
    rows, cardinalities = independent(2, (3, 4), n=70)
    config = small(
        epochs=2,
        optimiser=optimiser,
        weight_decay=0.0,
        dropout=dropout,
        max_features=max_features,
        precision="float32",
        restoration=restoration,
        imputation=restoration / 2,
        prediction=1.5,
    )
    losses, weights = written_out(rows, cardinalities, config)
    pretrainer = Pretrainer(rows, cardinalities, config, "cpu")
    assert [event.loss for event in step_events(pretrainer, 0)] == losses
    found = pretrainer.model.state_dict()
    assert all(torch.equal(found[name], weights[name]) for name in weights)


def test_how_often_losses_are_read_changes_nothing_else() -> None:
    rows, cardinalities = independent(2, (3,), n=200)
    often, seldom = (Pretrainer(rows, cardinalities, small(), "cpu") for _ in range(2))
    assert epoch_losses(often, 0) == epoch_losses(seldom, inf)
    a, b = often.checkpoint(), seldom.checkpoint()
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_between_the_first_and_the_last_step_losses_are_read_when_the_interval_has_passed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretrainer = Pretrainer(*independent(3, (), n=320), small(epochs=2), "cpu")
    clock = SimpleNamespace(now=0)
    step = pretrainer._step

    def slow_step(*arguments: Any) -> Tensor:
        clock.now += 10
        return step(*arguments)

    monkeypatch.setattr(pretrainer, "_step", slow_step)
    monkeypatch.setattr(loop, "time", SimpleNamespace(perf_counter=lambda: clock.now))
    found = []
    for event in pretrainer.events(interval=25):
        clock.now += 1_000  # what a listener does with an event is no time of the loop
        if isinstance(event, StepEvent):
            found.append((event.step, event.rows_per_s))
    assert [step for step, _ in found] == [1, 4, 7, 10, 11, 14, 17, 20]
    assert [rate for _, rate in found] == [3.2] * 8


def test_an_event_tells_the_mean_loss_over_the_rows_since_the_last_one() -> None:
    rows, cardinalities = independent(3, (), n=70)
    config = small(epochs=1)
    one, two, three = step_events(Pretrainer(rows, cardinalities, config, "cpu"), 0)
    first, last = step_events(Pretrainer(rows, cardinalities, config, "cpu"), inf)
    assert (first.step, last.step, last.steps, last.epoch) == (1, 3, 3, 1)
    assert first.loss == one.loss
    assert last.loss == pytest.approx((32 * two.loss + 6 * three.loss) / 38)


def test_a_run_that_diverged_before_a_reading_names_the_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretrainer = Pretrainer(*independent(3, (), n=320), small(), "cpu")
    losses = iter([*[1.0] * 14, nan, 1.0, nan, *[1.0] * 3])
    monkeypatch.setattr(pretrainer, "_step", lambda *arguments: torch.tensor(next(losses)))
    with pytest.raises(ConfigError, match="no longer a number at step 15"):
        step_events(pretrainer, inf)
    assert pretrainer.epoch == 1


class OneDevice(TorchDispatchMode):
    """Refuses operations on tensors of two devices: they would be copied, and waited for."""

    def __torch_dispatch__(
        self, operation: Any, types: Any, arguments: Any = (), keywords: Any = None
    ) -> Any:
        keywords = keywords or {}
        tensors = [t for t in tree_leaves((arguments, keywords)) if isinstance(t, Tensor)]
        devices = {tensor.device.type for tensor in tensors}
        assert len(devices) < 2, f"{operation} on {devices}"
        return operation(*arguments, **keywords)


@pytest.fixture
def without_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run on the meta device, but for the diagnostics of an epoch: they read embeddings."""
    # The fused optimiser works there and is not offered; bfloat16 is not known there.
    offers = import_module("torch.optim.optimizer")
    monkeypatch.setattr(offers, "_get_fused_kernels_supported_devices", lambda: ["meta"])
    monkeypatch.setattr(torch, "autocast", lambda *arguments, **keywords: nullcontext())
    monkeypatch.setattr(Pretrainer, "_spread", lambda self: Spread(1.0, 1.0))
    monkeypatch.setattr(HeldOut, "check", lambda *arguments: 1.0)


@pytest.mark.usefixtures("without_values")
@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("restoration", [0.0, 1.0])
@pytest.mark.parametrize("resident", [True, False])
@pytest.mark.parametrize("max_features", [4, 128], ids=["wide", "whole"])
def test_between_two_readings_nothing_waits_for_the_device(
    max_features: int,
    resident: bool,
    restoration: float,
    dropout: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows, cardinalities = dependent()
    config = small(
        epochs=2,
        dropout=dropout,
        max_features=max_features,
        imputation=restoration,
        restoration=restoration,
        patience=1.0,
    )
    pretrainer = Pretrainer(rows, cardinalities, config, "meta")
    assert pretrainer.rows.x_num.device.type == "meta"
    if not resident:
        pretrainer.rows = rows
    readings: list[int] = []

    def read(self: Pretrainer, losses: list[Tensor], step: int) -> list[float]:
        assert {loss.device.type for loss in losses} == {"meta"}
        readings.append(len(losses))
        return [0.0] * len(losses)

    monkeypatch.setattr(Pretrainer, "_read", read)
    with OneDevice():
        events = list(pretrainer.events(inf))
    assert readings == [1, 7] * 2
    assert len(events) == 6


@pytest.mark.usefixtures("without_values")
def test_a_reading_does_wait() -> None:
    """So the test above can fail."""
    pretrainer = Pretrainer(*dependent(), small(), "meta")
    with pytest.raises(NotImplementedError, match="meta tensor; no data"):
        next(pretrainer.events())


@pytest.mark.parametrize("device", ["gpu", "cuda:99"])
def test_a_device_that_torch_cannot_use_is_refused_by_name(device: str) -> None:
    with pytest.raises(ConfigError, match=f"device is '{device}'.*choose cpu"):
        Pretrainer(*dependent(), small(), device)


def test_a_gpu_is_taken_where_there_is_one() -> None:
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    pretrainer = Pretrainer(*dependent(64), small())
    assert pretrainer.device.type == expected
    assert {p.device.type for p in pretrainer.model.parameters()} == {expected}


# On a GPU


@contextmanager
def no_waiting() -> Iterator[None]:
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


@gpu
def test_a_gpu_learns_what_the_cpu_learns() -> None:
    rows, cardinalities = dependent()
    config = small(precision="float32")
    here = Pretrainer(rows, cardinalities, config, "cpu")
    there = Pretrainer(rows, cardinalities, config, "cuda")
    assert epoch_losses(there, inf) == pytest.approx(epoch_losses(here, inf), rel=1e-2)
    tokens = embed(there.encoder, rows)
    assert tokens.device.type == "cpu"
    torch.testing.assert_close(tokens, embed(here.encoder, rows), rtol=0.05, atol=0.05)


@gpu
@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("restoration", [0.0, 1.0])
@pytest.mark.parametrize("resident", [True, False])
def test_no_step_waits_for_a_gpu(
    resident: bool, restoration: float, dropout: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pretrainer, "_spread", lambda self: Spread(1.0, 1.0))
    monkeypatch.setattr(HeldOut, "check", lambda *arguments: 1.0)
    monkeypatch.setattr(Pretrainer, "_read", lambda self, losses, step: [0.0] * len(losses))
    rows, cardinalities = dependent()
    config = small(
        epochs=2, dropout=dropout, imputation=restoration, restoration=restoration, patience=1.0
    )
    pretrainer = Pretrainer(rows, cardinalities, config, "cuda")
    if not resident:
        pretrainer.rows = rows
    with no_waiting():
        assert len(list(pretrainer.events(inf))) == 6


@gpu
@pytest.mark.parametrize(("first", "then"), [("cuda", "cpu"), ("cpu", "cuda")])
def test_a_run_goes_on_on_another_device(first: str, then: str) -> None:
    rows, cardinalities = dependent()
    config = small(precision="float32")
    expected = epoch_losses(Pretrainer(rows, cardinalities, config, "cpu"), inf)
    begun, resumed = (Pretrainer(rows, cardinalities, config, name) for name in (first, then))
    for event in begun.events():
        if isinstance(event, EpochEvent) and event.epoch == 2:
            break
    saved = begun.checkpoint()
    assert {value.device.type for value in saved.values()} == {"cpu"}
    resumed.restore(saved)
    assert epoch_losses(resumed, inf) == pytest.approx(expected[2:], rel=1e-2)


@gpu
def test_dropout_on_a_gpu_comes_from_the_seed_and_leaves_no_trace() -> None:
    rows, cardinalities = dependent()
    torch.cuda.manual_seed(3)
    before = torch.cuda.get_rng_state()
    config = small(epochs=2, dropout=0.3)
    a, b = (epoch_losses(Pretrainer(rows, cardinalities, config, "cuda"), inf) for _ in range(2))
    assert a == pytest.approx(b, rel=1e-3)
    assert torch.equal(torch.cuda.get_rng_state(), before)
