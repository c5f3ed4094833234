from collections.abc import Callable
from threading import Thread

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from tests.pretraining.tables import dependent, independent, small
from tjepa.errors import ConfigError, EncodingError, StoreError
from tjepa.model import TJEPA, Masks, Prediction, Rows, draw_masks
from tjepa.pretraining import (
    EpochEvent,
    Pretrainer,
    PretrainingConfig,
    StepEvent,
    embed,
    new_model,
    schedules,
)
from tjepa.pretraining.config import OptimiserName
from tjepa.pretraining.loop import EMBEDDING_BATCH, EMBEDDING_TOKENS

GOLDEN_LOSS = 1.0756729643399054
GOLDEN_CHECKSUMS = [150.5176007127437, 150.50502463427168, 47.94849723064062]

TABLES = {"numeric": (4, ()), "categorical": (0, (3, 2, 4)), "mixed": (2, (2, 4))}
ALL = pytest.mark.parametrize(("n_numeric", "cardinalities"), TABLES.values(), ids=TABLES)


def epochs(pretrainer: Pretrainer) -> list[EpochEvent]:
    return [event for event in pretrainer.events() if isinstance(event, EpochEvent)]


def losses(pretrainer: Pretrainer) -> list[float]:
    return [event.loss for event in pretrainer.events(interval=0)]


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_one_step_in_double_precision_gives_the_stored_numbers() -> None:
    """A guard against any change of the arithmetic.

    The numbers depend on how torch draws (masks, initial weights): torch==2.13.0, as pinned. If
    only torch changed, the tests against the slow references still hold: store the new numbers.
    """
    place = torch.arange(24).reshape(8, 3)
    missing = torch.zeros(8, 5, dtype=torch.bool)
    missing[2, 0] = missing[5, 4] = True
    rows = Rows(
        (place * 7 % 11 / 4 - 1.25).masked_fill(missing[:, :3], 0.0),
        (place[:, :2] // 2 % 3).masked_fill(missing[:, 3:], 0),
        missing,
    )
    # Muon computes in bfloat16, whatever the weights are.
    config = small(epochs=30, batch_size=8, optimiser="adamw")
    pretrainer = Pretrainer(rows, (3, 3), config)
    for parameter in pretrainer.model.double().parameters():
        # The last bits of a draw may differ from machine to machine.
        parameter.data = (parameter.data * 1024).round() / 1024
    event = next(pretrainer.events())
    checksums = [
        sum(p.square().sum().item() for p in part.parameters())
        for part in (
            pretrainer.model.context_encoder,
            pretrainer.model.target_encoder,
            pretrainer.model.predictor,
        )
    ]
    assert event.loss == pytest.approx(GOLDEN_LOSS, rel=1e-10)
    assert checksums == pytest.approx(GOLDEN_CHECKSUMS, rel=1e-10)


@ALL
@pytest.mark.parametrize("weights", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)])
def test_every_kind_of_table_trains(
    n_numeric: int, cardinalities: tuple[int, ...], weights: tuple[int, int, int]
) -> None:
    rows, cardinalities = independent(n_numeric, cardinalities)
    losses = ("prediction", "imputation", "restoration")
    config = small(epochs=20, **dict(zip(losses, map(float, weights), strict=True)))
    pretrainer = Pretrainer(rows, cardinalities, config)
    found = epochs(pretrainer)
    assert found[-1].loss < found[0].loss
    tokens = embed(pretrainer.encoder, rows)
    assert tokens.shape == (64, n_numeric + len(cardinalities), 16)
    assert tokens.isfinite().all()


@pytest.mark.parametrize("reg_tokens", [0, 3])
def test_any_number_of_reg_tokens_will_do(reg_tokens: int) -> None:
    rows, cardinalities = dependent(64)
    config = small(reg_tokens=reg_tokens, imputation=1.0, restoration=1.0, readout="average")
    pretrainer = Pretrainer(rows, cardinalities, config)
    found = epochs(pretrainer)
    assert found[-1].loss < found[0].loss
    assert embed(pretrainer.encoder, rows).shape == (64, 6, 16)


def test_two_features_are_enough() -> None:
    assert len(epochs(Pretrainer(*independent(1, (2,)), small()))) == 4


@pytest.mark.parametrize(("n_numeric", "cardinalities"), [(1, ()), (0, (3,)), (0, ())])
def test_fewer_than_two_features_are_refused(
    n_numeric: int, cardinalities: tuple[int, ...]
) -> None:
    with pytest.raises(EncodingError, match=f"has {n_numeric + len(cardinalities)}. Use more"):
        Pretrainer(*independent(n_numeric, cardinalities), small())


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_rows_are_refused(n: int) -> None:
    with pytest.raises(EncodingError, match=f"2 training rows; this table has {n}"):
        Pretrainer(*independent(3, (), n=n), small())


def test_two_rows_are_enough() -> None:
    assert len(epochs(Pretrainer(*independent(3, (), n=2), small()))) == 4


def test_constant_and_wholly_missing_columns_do_no_harm() -> None:
    rows, cardinalities = dependent(64)
    rows.x_num[:, 0] = 0.0
    rows.missing[:, 1] = rows.missing[:, 4] = True
    rows.x_num[:, 1] = 0.0
    rows.x_cat[:, 0] = 0
    pretrainer = Pretrainer(rows, cardinalities, small())
    assert all(event.loss < 10 for event in epochs(pretrainer))
    assert embed(pretrainer.encoder, rows).isfinite().all()


def test_a_table_whose_columns_depend_on_each_other_is_learned() -> None:
    rows, cardinalities = dependent()
    config = small(layers=1, predictor_width=16, predictor_ffn=32, epochs=50, seed=1)
    pretrainer = Pretrainer(rows, cardinalities, config)
    found = epochs(pretrainer)
    assert found[-1].loss < 0.1 * found[0].loss
    assert not any(event.collapsed for event in found)
    answer = predicted(pretrainer.model, rows, config)
    mean = embed(pretrainer.model.target_encoder, rows).mean(dim=0)
    blind = F.mse_loss(mean[answer[1].targets], answer[0].targets)
    assert answer[0].loss < 0.5 * blind


def test_events_count_steps_and_epochs_from_1() -> None:
    pretrainer = Pretrainer(*independent(3, (), n=70), small(epochs=2, batch_size=32))
    events = list(pretrainer.events(interval=0))
    assert pretrainer.steps_per_epoch == 3
    assert pretrainer.steps == 6
    assert [type(event) for event in events] == [*[StepEvent] * 3, EpochEvent] * 2
    steps = [event for event in events if isinstance(event, StepEvent)]
    assert [(event.step, event.steps, event.epoch) for event in steps] == [
        (1, 6, 1), (2, 6, 1), (3, 6, 1), (4, 6, 2), (5, 6, 2), (6, 6, 2),
    ]  # fmt: skip
    assert [event.epoch for event in events if isinstance(event, EpochEvent)] == [1, 2]
    assert all(event.rows_per_s > 0 for event in events)


def test_the_loss_of_an_epoch_is_the_mean_over_its_rows() -> None:
    pretrainer = Pretrainer(*independent(3, (), n=70), small(epochs=1))
    *steps, epoch = pretrainer.events(interval=0)
    expected = (32 * steps[0].loss + 32 * steps[1].loss + 6 * steps[2].loss) / 70
    assert epoch.loss == pytest.approx(expected)


def test_every_epoch_sees_every_row_once_in_an_order_of_its_own() -> None:
    rows, cardinalities = independent(3, (), n=70, missing=0.0)
    rows.x_num[:, 0] = torch.arange(70)
    orders = [range(70)]
    for seed in (0, 1):
        seen: list[float] = []
        pretrainer = Pretrainer(rows, cardinalities, small(epochs=2, seed=seed))
        watch(pretrainer.model, lambda batch, seen=seen: seen.extend(batch.x_num[:, 0].tolist()))
        epochs(pretrainer)
        orders += [seen[:70], seen[70:]]
    assert [sorted(order) for order in orders] == [list(range(70))] * 5
    assert len({tuple(order) for order in orders}) == 5


def test_dropout_is_on_in_every_step() -> None:
    pretrainer = Pretrainer(*independent(3, ()), small(epochs=2, dropout=0.1))
    model, modes = pretrainer.model, []
    parts = (model.context_encoder, model.predictor, model.target_encoder)
    watch(model, lambda batch: modes.append([part.training for part in parts]))
    epochs(pretrainer)
    assert modes == [[True, True, False]] * 4


def test_learning_rate_and_momentum_follow_their_schedules() -> None:
    config = small(epochs=3)
    pretrainer = Pretrainer(*independent(3, (), n=70), config)
    used: list[float] = []
    update = pretrainer.model.update_target
    pretrainer.model.update_target = lambda m: (used.append(m), update(m))[1]  # type: ignore[method-assign, func-returns-value]
    rates = []
    for event in pretrainer.events(interval=0):
        if isinstance(event, StepEvent):
            rates.append([group["lr"] for group in pretrainer.optimiser.param_groups])
        else:
            assert event.learning_rate == rates[-1][0]
            assert event.momentum == used[-1]
    assert rates == [[schedules.learning_rate(step, 9, config)] * 2 for step in range(9)]
    assert used == [schedules.momentum(step, 9, config) for step in range(9)]


@pytest.mark.parametrize("optimiser", ["adamw", "muon"])
def test_only_matrices_of_linear_layers_decay(optimiser: OptimiserName) -> None:
    config = small(layers=1, weight_decay=0.5, optimiser=optimiser)
    pretrainer = Pretrainer(*independent(2, (3,)), config)
    decayed, kept = pretrainer.optimiser.param_groups
    names = {p: name for name, p in pretrainer.model.named_parameters()}
    assert decayed["weight_decay"] == 0.5
    assert kept["weight_decay"] == 0.0
    assert {names[p].removeprefix("context_encoder.") for p in decayed["params"]} == {
        f"{part}transformer.blocks.0.{layer}.weight"
        for part in ("", "predictor.")
        for layer in ("qkv", "out", "up", "down")
    } | {"predictor.enter.weight", "predictor.leave.weight"}
    learned = {p for p in names if not names[p].startswith("target_encoder.")}
    assert {*decayed["params"], *kept["params"]} == learned


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_a_seed_decides_everything(dropout: float) -> None:
    def run(seed: int) -> tuple[list[float], dict[str, Tensor]]:
        torch.manual_seed(torch.seed())
        pretrainer = Pretrainer(*independent(2, (3,)), small(seed=seed, dropout=dropout))
        return losses(pretrainer), pretrainer.checkpoint()

    first, again, other = run(1), run(1), run(2)
    assert first[0] == again[0]
    assert same(first[1], again[1])
    assert first[0] != other[0]
    assert not same(first[1], other[1])


def test_training_leaves_the_randomness_of_others_alone() -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    losses(Pretrainer(*independent(2, (3,)), small(epochs=1, dropout=0.3)))
    assert torch.equal(torch.get_rng_state(), before)


def test_threads_do_not_disturb_each_others_seeds() -> None:
    def run() -> dict[str, Tensor]:
        pretrainer = Pretrainer(rows, cardinalities, small(epochs=3, dropout=0.3))
        losses(pretrainer)
        return pretrainer.checkpoint()

    rows, cardinalities = independent(2, (3,))
    alone, together = run(), []
    threads = [Thread(target=lambda: together.append(run())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(together) == 4
    assert all(same(found, alone) for found in together)


@pytest.mark.parametrize("max_features", [2, 128], ids=["wide", "whole"])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("restoration", [0.0, 1.0])
@pytest.mark.parametrize("stop", [0, 1, 3])
def test_a_resumed_run_equals_one_that_was_never_stopped(
    stop: int, restoration: float, dropout: float, max_features: int
) -> None:
    rows, cardinalities = independent(2, (3,), n=200 if restoration else 64)
    config = small(
        epochs=4, dropout=dropout, max_features=max_features, restoration=restoration,
        batch_size=64 if restoration else 32,
    )  # fmt: skip
    whole = Pretrainer(rows, cardinalities, config)
    expected = list(whole.events(interval=0))
    stopped = Pretrainer(rows, cardinalities, config)
    events = stopped.events()
    while stopped.epoch < stop:
        next(events)
    saved = stopped.checkpoint()
    events.close()
    resumed = Pretrainer(rows, cardinalities, config)
    resumed.restore(saved)
    rest = list(resumed.events(interval=0))
    per_epoch = whole.steps_per_epoch + 1
    assert [event.loss for event in rest] == [event.loss for event in expected[stop * per_epoch :]]
    last, wanted = rest[-1], expected[-1]
    assert isinstance(last, EpochEvent)
    assert isinstance(wanted, EpochEvent)
    assert (last.spread, last.std_ratio) == (wanted.spread, wanted.std_ratio)
    assert last.held_out == wanted.held_out
    assert same(resumed.checkpoint(), whole.checkpoint())


@pytest.mark.parametrize("optimiser", ["adamw", "muon"])
def test_a_checkpoint_is_a_copy_and_can_be_used_twice(optimiser: OptimiserName) -> None:
    rows, cardinalities = independent(2, (3,))
    config = small(epochs=3, optimiser=optimiser)
    pretrainer = Pretrainer(rows, cardinalities, config)
    events = pretrainer.events(interval=0)
    while pretrainer.epoch < 1:
        next(events)
    saved = pretrainer.checkpoint()
    copy = {name: value.clone() for name, value in saved.items()}
    expected = [event.loss for event in events]
    for _ in range(2):
        again = Pretrainer(rows, cardinalities, config)
        again.restore(saved)
        assert losses(again) == expected
    assert same(saved, copy)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda saved: saved.pop("epoch"),
        lambda saved: saved.pop("model.predictor.mask_token"),
        lambda saved: saved.update({"model.predictor.mask_token": torch.zeros(5)}),
        lambda saved: saved.update({"optimiser.exp_avg": torch.zeros(5)}),
        lambda saved: saved.update({"optimiser.999.exp_avg": torch.zeros(5)}),
    ],
    ids=["no epoch", "a weight absent", "another size", "an odd name", "no such weight"],
)
def test_a_checkpoint_that_does_not_fit_is_refused(
    spoil: Callable[[dict[str, Tensor]], object],
) -> None:
    rows, cardinalities = independent(2, (3,))
    saved = Pretrainer(rows, cardinalities, small()).checkpoint()
    spoil(saved)
    with pytest.raises(StoreError, match="start the run again"):
        Pretrainer(rows, cardinalities, small()).restore(saved)


def test_closing_the_events_stops_between_steps() -> None:
    pretrainer = Pretrainer(*independent(2, (3,)), small())
    events = pretrainer.events()
    next(events)
    events.close()
    assert pretrainer.epoch == 0
    with pytest.raises(StopIteration):
        next(events)


def test_a_run_that_diverges_says_to_lower_the_learning_rate() -> None:
    config = small(epochs=50, learning_rate=1.0, weight_decay=10.0)
    with pytest.raises(ConfigError, match=r"Lower the learning rate \(now 1\)"):
        losses(Pretrainer(*dependent(128), config))


def test_weights_that_are_no_numbers_after_the_last_step_are_not_called_finished() -> None:
    pretrainer = Pretrainer(*independent(3, ()), small(epochs=1))
    events = pretrainer.events(interval=0)
    for _ in range(pretrainer.steps):
        next(events)
    pretrainer.encoder.reg.data.fill_(float("nan"))
    with pytest.raises(ConfigError, match="Lower the learning rate"):
        next(events)


@pytest.mark.parametrize("readout", ["last", "all"])
def test_without_a_stopped_gradient_the_representation_collapses_and_is_flagged(
    readout: str,
) -> None:
    """The canary: targets that are free to move to where they are easily predicted do so."""

    def with_gradient(rows: Rows, masks: Masks) -> Prediction:
        context = model.context_encoder(rows, masks.context)
        predictions = model.predictor(context, masks)
        latent = model.context_encoder(rows)
        place = masks.targets.flatten(1).unsqueeze(-1).expand(-1, -1, latent.shape[-1])
        targets = latent.gather(1, place).view_as(predictions)
        return Prediction(F.mse_loss(predictions, targets), predictions, targets, context)

    rows, cardinalities = dependent()
    config = small(epochs=10, learning_rate=0.02, readout=readout)
    pretrainer = Pretrainer(rows, cardinalities, config)
    model = pretrainer.model
    model.forward = with_gradient  # type: ignore[method-assign]
    last = epochs(pretrainer)[-1]
    assert last.loss < 0.01
    assert last.std_ratio < 0.1
    assert last.collapsed


def test_a_learning_rate_far_too_high_is_flagged() -> None:
    found = epochs(Pretrainer(*dependent(), small(epochs=5, learning_rate=0.3, optimiser="adamw")))
    assert found[-1].collapsed


@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("n", [0, 1, EMBEDDING_BATCH, EMBEDDING_BATCH + 1])
def test_rows_embed_alike_alone_and_among_any_number(n: int, dropout: float) -> None:
    rows, cardinalities = independent(2, (3,), n=EMBEDDING_BATCH + 1)
    encoder = new_model(2, cardinalities, small(dropout=dropout)).context_encoder
    encoder.train()
    tokens = embed(encoder, rows[slice(0, n)])
    assert tokens.shape == (n, 3, 16)
    assert not tokens.requires_grad
    for i in {0, n - 1} if n else ():
        torch.testing.assert_close(tokens[i], embed(encoder, rows[slice(i, i + 1)])[0])


@pytest.mark.parametrize("visible", [[0, 1, 2], [2], [1, 0], []])
def test_only_what_is_visible_is_embedded(visible: list[int]) -> None:
    rows, cardinalities = independent(2, (3,), n=EMBEDDING_BATCH + 1)
    encoder = new_model(2, cardinalities, small()).context_encoder
    tokens = embed(encoder, rows, visible)
    assert tokens.shape == (EMBEDDING_BATCH + 1, len(visible), 16)
    expected = encoder(rows[slice(0, 1)], torch.tensor([visible], dtype=torch.long))
    torch.testing.assert_close(tokens[:1], expected.detach())
    if visible == [0, 1, 2]:
        torch.testing.assert_close(tokens, embed(encoder, rows))
    assert embed(encoder, rows[slice(0, 0)], visible).shape == (0, len(visible), 16)


def test_a_table_within_the_bound_is_trained_as_without_one() -> None:
    rows, cardinalities = dependent(64)

    def run(max_features: int) -> tuple[list[float], dict[str, Tensor]]:
        pretrainer = Pretrainer(rows, cardinalities, small(max_features=max_features))
        return losses(pretrainer), pretrainer.checkpoint()

    at_the_bound, far_below, above = run(6), run(10_000), run(5)
    assert at_the_bound[0] == far_below[0]
    assert same(at_the_bound[1], far_below[1])
    assert at_the_bound[0] != above[0]


def test_each_step_of_a_wide_table_sees_a_subset_of_its_own() -> None:
    rows, cardinalities = independent(6, (2, 3, 2, 3))
    pretrainer = Pretrainer(rows, cardinalities, small(epochs=10, max_features=4))
    seen: list[Rows] = []
    watch(pretrainer.model, seen.append)
    found = epochs(pretrainer)
    assert found[-1].loss < found[0].loss
    assert {batch.missing.shape for batch in seen} == {(32, 4)}
    subsets = [tuple(batch.features.tolist()) for batch in seen if batch.features is not None]
    assert len(subsets) == 20
    assert len(set(subsets)) > 10
    assert {j for subset in subsets for j in subset} == set(range(10))


def test_wide_rows_are_embedded_in_groups_that_do_not_see_each_other() -> None:
    rows, cardinalities = independent(3, (2, 3), n=10)
    encoder = new_model(3, cardinalities, small()).context_encoder
    tokens = embed(encoder, rows, max_features=2)
    assert tokens.shape == (10, 5, 16)
    for group in ([0, 3], [1, 4], [2]):
        torch.testing.assert_close(tokens[:, group], embed(encoder, rows, group))
    torch.testing.assert_close(embed(encoder, rows, max_features=5), embed(encoder, rows))
    assert embed(encoder, rows[slice(0, 0)], max_features=2).shape == (0, 5, 16)


@pytest.mark.parametrize("features", [3, 1_000])
def test_a_batch_to_embed_holds_a_bounded_number_of_tokens(features: int) -> None:
    rows, _ = independent(features, (), n=EMBEDDING_BATCH + 1)
    sizes = []

    class Encoder(torch.nn.Module):
        reg = torch.zeros(1, 4)

        def represent(self, batch: Rows, visible: Tensor | None) -> Tensor:
            sizes.append(len(batch))
            return torch.zeros(len(batch), features, 4)

    assert embed(Encoder(), rows).shape == (EMBEDDING_BATCH + 1, features, 4)  # type: ignore[arg-type]
    assert max(sizes) == min(EMBEDDING_BATCH, EMBEDDING_TOKENS // features)


def test_the_untrained_model_is_where_a_run_starts() -> None:
    rows, cardinalities = independent(2, (3,))
    started, control = (
        Pretrainer(rows, cardinalities, small(seed=4)),
        new_model(2, (3,), small(seed=4)),
    )
    assert same(started.model.state_dict(), control.state_dict())


def watch(model: TJEPA, look: Callable[[Rows], object]) -> None:
    """Show every batch to `look` before it is used."""
    forward = model.forward

    def watched(batch: Rows, masks: Masks) -> Prediction:
        look(batch)
        return forward(batch, masks)

    model.forward = watched  # type: ignore[method-assign]


def predicted(model: TJEPA, rows: Rows, config: PretrainingConfig) -> tuple[Prediction, Masks]:
    generator = torch.Generator().manual_seed(99)
    masks = draw_masks(len(rows), rows.missing.shape[1], config.mask_shares, generator)
    model.eval()
    with torch.no_grad():
        return model(rows, masks), masks
