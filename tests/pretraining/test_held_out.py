"""Which rows are held out, which weights are kept, and when a run stops."""

import pytest
import torch
from torch import Tensor

from tests.pretraining.tables import dependent, independent, small
from tjepa.model import Encoder, Rows, feature_groups, replaced
from tjepa.pretraining import EpochEvent, Pretrainer, embed, new_model
from tjepa.pretraining.held_out import CHECKS, MOST, HeldOut, held_out_count

RESTORING = {"restoration": 1.0, "batch_size": 64}


def epochs(pretrainer: Pretrainer) -> list[EpochEvent]:
    return [event for event in pretrainer.events() if isinstance(event, EpochEvent)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [(2, 0), (190, 0), (200, 20), (5_000, 500), (10_240, MOST), (1_000_000, MOST)],
)
def test_a_tenth_is_held_out_where_there_are_rows_enough(rows: int, expected: int) -> None:
    assert held_out_count(rows, small(**RESTORING)) == expected
    assert held_out_count(rows, small()) == 0


def test_held_out_rows_are_in_no_step() -> None:
    rows, cardinalities = independent(3, (), n=300, missing=0.0)
    rows.x_num[:, 0] = torch.arange(300)
    pretrainer = Pretrainer(rows, cardinalities, small(epochs=2, **RESTORING))
    seen: set[float] = set()
    restore = pretrainer.model.restore

    def watching(batch: Rows, *rest: object) -> Tensor:
        if pretrainer.model.training:
            seen.update(batch.x_num[:, 0].tolist())
        return restore(batch, *rest)  # type: ignore[arg-type]

    pretrainer.model.restore = watching  # type: ignore[method-assign, assignment]
    epochs(pretrainer)
    assert pretrainer.held_out is not None
    held_out = set(pretrainer.held_out._rows.x_num[:, 0].tolist())
    assert len(seen) == 270
    assert len(held_out) == 30
    assert not seen & held_out
    assert pretrainer.steps == 10


def test_the_encoder_ends_with_the_weights_of_the_best_epoch() -> None:
    pretrainer = Pretrainer(*independent(4, (3,), n=220), small(epochs=30, bins=0, **RESTORING))
    assert pretrainer.held_out is not None
    snapshots, found = {}, []
    for event in pretrainer.events():
        if isinstance(event, EpochEvent):
            found.append(event)
            state = pretrainer.encoder.state_dict()
            snapshots[event.epoch] = {name: value.clone() for name, value in state.items()}
    checked = {event.epoch: event.held_out for event in found if event.held_out is not None}
    best = min(checked, key=lambda epoch: checked[epoch])
    assert pretrainer.held_out.best_epoch == best
    assert pretrainer.held_out.best_loss == checked[best]
    kept = pretrainer.encoder.state_dict()
    assert all(torch.equal(kept[name], snapshots[best][name]) for name in kept)
    # Noise cannot be restored, so that the run grows worse, and ends before its last epoch.
    assert best < len(found) < 30
    assert len(found) - best == 9
    assert pretrainer.has_stopped


def test_with_all_patience_a_run_goes_to_its_last_epoch() -> None:
    config = small(epochs=30, patience=1.0, **RESTORING)
    assert len(epochs(Pretrainer(*independent(4, (3,), n=220), config))) == 30


def test_a_table_with_structure_is_restored_better_and_better() -> None:
    found = epochs(Pretrainer(*dependent(512), small(epochs=12, **RESTORING)))
    checked = [event.held_out for event in found if event.held_out is not None]
    assert len(checked) == 12
    assert checked[-1] < 0.6 * checked[0]


def test_a_run_of_many_epochs_is_not_checked_in_each() -> None:
    rows, _ = independent(2, (), n=200)
    judge = HeldOut(rows, small(epochs=333, **RESTORING), torch.Generator().manual_seed(0))
    due = [epoch for epoch in range(1, 334) if judge.is_due(epoch)]
    assert len(due) == CHECKS
    assert due[-1] == 333
    few = HeldOut(rows, small(epochs=4, **RESTORING), torch.Generator().manual_seed(0))
    assert [few.is_due(epoch) for epoch in range(1, 5)] == [True] * 4


def test_each_check_replaces_the_same_cells() -> None:
    rows, cardinalities = independent(2, (3,), n=50)
    config = small(**RESTORING)
    model = new_model(2, cardinalities, config)
    judge = HeldOut(rows, config, torch.Generator().manual_seed(0))
    assert judge.check(model, 1) == judge.check(model, 2)
    expected = model.restored(
        model.context_encoder(replaced(rows, judge._replacements)), rows
    ).item()
    assert judge.best_loss == pytest.approx(expected)
    assert judge.best_epoch == 1


def test_without_restoration_nothing_is_held_out_and_the_last_weights_stay() -> None:
    pretrainer = Pretrainer(*independent(3, (), n=300), small(epochs=2))
    found = epochs(pretrainer)
    assert pretrainer.held_out is None
    assert [event.held_out for event in found] == [None, None]
    assert pretrainer.steps_per_epoch == 10


@pytest.mark.parametrize("width", [16, 12], ids=["kernels", "torch"])
def test_a_readout_is_of_the_normalised_layers(width: int) -> None:
    rows, cardinalities = independent(2, (3,), n=40)

    def made(readout: str) -> Encoder:
        config = small(width=width, layers=3, readout=readout)
        return new_model(2, cardinalities, config).context_encoder

    encoder = made("last")
    x = torch.cat([encoder.reg.expand(40, -1, -1), encoder.tokenizer(rows)], dim=1)
    embedded = torch.nn.functional.layer_norm(x, (width,))
    layers = []
    for block in encoder.transformer.blocks:
        x = block(x)
        layers.append(torch.nn.functional.layer_norm(x, (width,)))
    expected = {
        "last": layers[-1],
        "average": torch.stack(layers).mean(0),
        "concatenation": torch.cat(layers, dim=-1),
        "all": torch.cat([embedded, *layers], dim=-1),
    }
    for readout, tokens in expected.items():
        found = embed(made(readout), rows)
        torch.testing.assert_close(found, tokens[:, 1:].detach(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("readout", "token_width"), [("concatenation", 24), ("all", 36)])
def test_concatenated_tokens_of_a_subset_and_of_groups_have_all_layers(
    readout: str, token_width: int
) -> None:
    rows, cardinalities = independent(3, (3,), n=10)
    config = small(width=12, layers=2, readout=readout)
    encoder = new_model(3, cardinalities, config).context_encoder
    assert encoder.token_width == token_width
    in_groups = embed(encoder, rows, max_features=2)
    assert in_groups.shape == (10, 4, token_width)
    for group in feature_groups(4, 2):
        torch.testing.assert_close(in_groups[:, group], embed(encoder, rows, group.tolist()))
