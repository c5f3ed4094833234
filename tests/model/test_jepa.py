from dataclasses import replace

import pytest
import torch

from tests.model.references import (
    TABLES,
    TINY,
    gradients,
    random_masks,
    random_model,
    random_rows,
    slow_encode,
    slow_loss,
    slow_predict,
)
from tjepa.model import TJEPA, Encoder, Masks, Rows, Sizes
from tjepa.model.jepa import LEAST_STD
from tjepa.model.tokenizer import FeatureTokenizer

ALL = pytest.mark.parametrize(("n_numeric", "cardinalities"), TABLES.values(), ids=TABLES)
BOTH = pytest.mark.parametrize(
    "sizes",
    [TINY, replace(TINY, shared_context=False)],
    ids=["shared context", "repeated context"],
)

# What `permuted` does to the mixed table: numeric features first, whatever the order.
N_NUMERIC, CARDINALITIES = TABLES["mixed"]
NUMERIC_ORDER, CATEGORICAL_ORDER = [2, 0, 1], [1, 0]
ORDER = [*NUMERIC_ORDER, *(N_NUMERIC + j for j in CATEGORICAL_ORDER)]


@ALL
@torch.no_grad()
def test_an_encoder_equals_the_loops(n_numeric: int, cardinalities: tuple[int, ...]) -> None:
    encoder = random_model(n_numeric, cardinalities).context_encoder
    rows = random_rows(4, n_numeric, cardinalities)
    features = range(n_numeric + len(cardinalities))
    slow = torch.stack([torch.stack(slow_encode(encoder, rows, i, features)) for i in range(4)])
    torch.testing.assert_close(encoder(rows), slow, rtol=1e-11, atol=1e-11)


@ALL
@torch.no_grad()
def test_features_that_are_not_visible_are_not_in_the_sequence(
    n_numeric: int, cardinalities: tuple[int, ...]
) -> None:
    encoder = random_model(n_numeric, cardinalities).context_encoder
    rows = random_rows(3, n_numeric, cardinalities)
    visible = [[0, 2], [3, 1], [1, 2]]
    slow = torch.stack(
        [torch.stack(slow_encode(encoder, rows, i, seen)) for i, seen in enumerate(visible)]
    )
    torch.testing.assert_close(encoder(rows, torch.tensor(visible)), slow, rtol=1e-11, atol=1e-11)


@torch.no_grad()
def test_what_is_not_visible_has_no_effect() -> None:
    encoder = random_model(3, ()).context_encoder
    rows = random_rows(2, 3, (), missing=0.0)
    other = Rows(rows.x_num + torch.tensor([0.0, 5.0, 0.0]), rows.x_cat, rows.missing)
    visible = torch.tensor([[0, 2], [0, 2]])
    assert torch.equal(encoder(rows, visible), encoder(other, visible))
    assert not torch.equal(encoder(rows), encoder(other))


@torch.no_grad()
def test_the_order_of_columns_changes_nothing_but_the_order_of_tokens() -> None:
    encoder = random_model(N_NUMERIC, CARDINALITIES).context_encoder
    rows = random_rows(5, N_NUMERIC, CARDINALITIES)
    other_rows, other_encoder = permuted(rows, encoder)
    torch.testing.assert_close(
        other_encoder(other_rows), encoder(rows)[:, ORDER], rtol=1e-12, atol=1e-12
    )


@torch.no_grad()
def test_the_order_of_columns_does_not_change_the_loss() -> None:
    model = random_model(N_NUMERIC, CARDINALITIES)
    rows, masks = random_rows(5, N_NUMERIC, CARDINALITIES), random_masks(5, 5)
    before = model(rows, masks).loss
    place = torch.tensor(ORDER).argsort()
    other_rows, model.context_encoder = permuted(rows, model.context_encoder)
    _, model.target_encoder = permuted(rows, model.target_encoder)
    model.predictor.position.data = model.predictor.position[ORDER]
    other_masks = Masks(place[masks.context], place[masks.targets])
    torch.testing.assert_close(model(other_rows, other_masks).loss, before, rtol=1e-12, atol=0.0)


@ALL
@BOTH
@torch.no_grad()
def test_a_predictor_equals_a_loop_over_the_target_masks(
    n_numeric: int, cardinalities: tuple[int, ...], sizes: Sizes
) -> None:
    features = n_numeric + len(cardinalities)
    predictor = random_model(n_numeric, cardinalities, sizes=sizes).predictor
    masks = random_masks(3, features, seed=1)
    context = torch.randn(3, masks.context.shape[1], TINY.width, dtype=torch.float64)
    fast = predictor(context, masks)
    assert masks.targets.shape[1] > 1
    for i in range(3):
        for k, target in enumerate(masks.targets[i].tolist()):
            slow = slow_predict(predictor, list(context[i]), masks.context[i].tolist(), target)
            torch.testing.assert_close(fast[i, k], torch.stack(slow), rtol=1e-11, atol=1e-11)


@ALL
@BOTH
def test_loss_and_gradients_equal_the_loops(
    n_numeric: int, cardinalities: tuple[int, ...], sizes: Sizes
) -> None:
    model = random_model(n_numeric, cardinalities, sizes=sizes)
    rows = random_rows(3, n_numeric, cardinalities)
    masks = random_masks(3, n_numeric + len(cardinalities), seed=1)
    fast, slow = model(rows, masks).loss, slow_loss(model, rows, masks)
    torch.testing.assert_close(fast, slow, rtol=1e-12, atol=0.0)
    torch.testing.assert_close(
        gradients(fast, model), gradients(slow, model), rtol=1e-8, atol=1e-10
    )


@ALL
@BOTH
def test_of_some_features_loss_and_gradients_equal_the_loops_too(
    n_numeric: int, cardinalities: tuple[int, ...], sizes: Sizes
) -> None:
    model = random_model(n_numeric, cardinalities, sizes=sizes)
    rows, features = random_rows(3, n_numeric, cardinalities), torch.tensor([0, 2, 3])
    masks = random_masks(3, 3, seed=1)
    fast = model(rows.only(features), masks).loss
    slow = slow_loss(model, rows, masks.among(features), features.tolist())
    torch.testing.assert_close(fast, slow, rtol=1e-12, atol=0.0)
    torch.testing.assert_close(
        gradients(fast, model), gradients(slow, model), rtol=1e-8, atol=1e-10
    )


def test_gradients_equal_finite_differences() -> None:
    model, rows = random_model(2, (2,)), random_rows(2, 2, (2,))
    masks = random_masks(2, 3)

    def loss(reg: torch.Tensor, mask_token: torch.Tensor) -> torch.Tensor:
        replaced = {"context_encoder.reg": reg, "predictor.mask_token": mask_token}
        answer = torch.func.functional_call(model, replaced, (rows, masks))
        return answer.loss

    learned = (model.context_encoder.reg, model.predictor.mask_token)
    assert torch.autograd.gradcheck(loss, learned)


def test_predictions_and_targets_are_those_of_the_loss() -> None:
    model, rows, masks = random_model(3, (2, 4)), random_rows(4, 3, (2, 4)), random_masks(4, 5)
    answer = model(rows, masks)
    assert answer.predictions.shape == (*masks.targets.shape, TINY.width)
    assert answer.targets.shape == answer.predictions.shape
    distance = (answer.predictions - answer.targets).square().mean()
    torch.testing.assert_close(answer.loss, distance, rtol=1e-12, atol=0.0)


@torch.no_grad()
def test_targets_are_the_target_encoder_on_the_full_row() -> None:
    model, rows, masks = random_model(3, (2, 4)), random_rows(4, 3, (2, 4)), random_masks(4, 5)
    latent = model.target_encoder(rows)
    targets = model(rows, masks).targets
    for i in range(4):
        for k, target in enumerate(masks.targets[i].tolist()):
            assert torch.equal(targets[i, k], latent[i, target])


@torch.no_grad()
def test_standardised_targets_say_only_how_rows_differ() -> None:
    sizes = replace(TINY, standardised_targets=True)
    model = random_model(3, (2, 4), sizes=sizes)
    rows, masks = random_rows(4, 3, (2, 4)), random_masks(4, 5)
    latent = model.target_encoder(rows)
    answer = model(rows, masks)
    for i in range(4):
        for k, target in enumerate(masks.targets[i].tolist()):
            for place, j in enumerate(target):
                away = latent[i, j] - latent[:, j].mean(dim=0)
                spread = latent[:, j].var(dim=0, correction=0).sqrt() + LEAST_STD
                torch.testing.assert_close(answer.targets[i, k, place], away / spread)
    alone = model(rows[:1], Masks(masks.context[:1], masks.targets[:1]))
    assert not alone.targets.any()


def test_the_target_encoder_gets_no_gradient_and_all_else_does() -> None:
    model, rows, masks = random_model(3, (2, 4)), random_rows(64, 3, (2, 4)), random_masks(64, 5)
    model(rows, masks).loss.backward()
    assert all(p.grad is None for p in model.target_encoder.parameters())
    assert not any(p.requires_grad for p in model.target_encoder.parameters())
    for part in (model.context_encoder, model.predictor):
        for name, parameter in part.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.any(), name


def test_the_gradient_reaches_reg() -> None:
    model, rows, masks = random_model(3, ()), random_rows(8, 3, ()), random_masks(8, 3)
    model(rows, masks).loss.backward()
    assert model.context_encoder.reg.grad is not None
    assert model.context_encoder.reg.grad.any(dim=1).all()


@pytest.mark.parametrize("reg_tokens", [1, 3])
@torch.no_grad()
def test_reg_tokens_are_heard_but_never_returned(reg_tokens: int) -> None:
    encoder = Encoder(2, (3,), replace(TINY, reg_tokens=reg_tokens)).double()
    rows = random_rows(4, 2, (3,))
    before = encoder(rows)
    assert before.shape == (4, 3, TINY.width)
    assert encoder(rows, torch.zeros(4, 1, dtype=torch.long)).shape == (4, 1, TINY.width)
    for i in range(reg_tokens):
        encoder.reg[i] += torch.arange(TINY.width)
        after = encoder(rows)
        assert (after != before).any(dim=2).all()
        before = after


def test_the_last_feature_is_context_and_is_target() -> None:
    """The released code applied D indices to D + 1 tokens, so the last feature was never used."""
    model, rows = random_model(2, (3,)), random_rows(16, 2, (3,), missing=0.0)
    last = torch.full((16, 1), 2)
    first = torch.zeros(16, 1, dtype=torch.long)
    as_context = gradients(model(rows, Masks(last, first[:, None])).loss, model)
    assert as_context["context_encoder.tokenizer.categories"].any(dim=1).all()
    as_target = model(rows, Masks(first, last[:, None]))
    torch.testing.assert_close(
        as_target.targets[:, 0, 0], model.target_encoder(rows)[:, 2], rtol=0.0, atol=0.0
    )


def test_a_target_encoder_starts_as_the_context_encoder() -> None:
    model = TJEPA(2, (3,), TINY)
    found, expected = model.target_encoder.state_dict(), model.context_encoder.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in found)
    assert not {p.data_ptr() for p in model.target_encoder.parameters() if p.numel()} & {
        p.data_ptr() for p in model.context_encoder.parameters() if p.numel()
    }


@ALL
@pytest.mark.parametrize("momentum", [0.0, 0.3, 0.5, 0.996, 1.0])
def test_the_target_follows_as_the_formula_says(
    n_numeric: int, cardinalities: tuple[int, ...], momentum: float
) -> None:
    model = random_model(n_numeric, cardinalities)
    context = [p.clone() for p in model.context_encoder.parameters()]
    expected = [
        momentum * target + (1 - momentum) * source
        for target, source in zip(model.target_encoder.parameters(), context, strict=True)
    ]
    model.update_target(momentum)
    for found, slow in zip(model.target_encoder.parameters(), expected, strict=True):
        # Exactly, where nothing has to be added.
        tolerance = 0.0 if momentum in (0.0, 1.0) else 1e-14
        torch.testing.assert_close(found.detach(), slow, rtol=tolerance, atol=tolerance)
    for found, before in zip(model.context_encoder.parameters(), context, strict=True):
        assert torch.equal(found, before)


@torch.no_grad()
def test_dropout_is_for_what_learns_and_targets_are_never_noisy() -> None:
    torch.manual_seed(0)
    model = TJEPA(3, (), replace(TINY, dropout=0.5)).double()
    model.train()
    rows = random_rows(4, 3, ())
    masks = random_masks(4, 3)
    first, second = model(rows, masks), model(rows, masks)
    assert torch.equal(first.targets, second.targets)
    assert not torch.equal(first.predictions, second.predictions)
    model.eval()
    assert torch.equal(model(rows, masks).loss, model(rows, masks).loss)


@ALL
def test_no_rows_give_no_tokens(n_numeric: int, cardinalities: tuple[int, ...]) -> None:
    encoder = random_model(n_numeric, cardinalities).context_encoder
    rows = random_rows(2, n_numeric, cardinalities)[slice(0, 0)]
    assert encoder(rows).shape == (0, n_numeric + len(cardinalities), TINY.width)


def permuted(rows: Rows, encoder: Encoder) -> tuple[Rows, Encoder]:
    """The mixed table with its columns in `ORDER`, and the encoder that belongs to it."""
    old = encoder.tokenizer
    cardinalities = [CARDINALITIES[j] for j in CATEGORICAL_ORDER]
    new = FeatureTokenizer(N_NUMERIC, cardinalities, TINY.width).double()
    tables = old.categories.split(CARDINALITIES)
    new.weight.data = old.weight[NUMERIC_ORDER]
    new.bias.data = old.bias[NUMERIC_ORDER]
    new.categories.data = torch.cat([tables[j] for j in CATEGORICAL_ORDER])
    new.missing.data = old.missing[ORDER]
    new.index.data = old.index[ORDER]
    new.kind.data = old.kind.clone()
    other = Encoder(N_NUMERIC, cardinalities, TINY).double()
    other.load_state_dict(encoder.state_dict() | new.state_dict(prefix="tokenizer."))
    return (
        Rows(
            rows.x_num[:, NUMERIC_ORDER], rows.x_cat[:, CATEGORICAL_ORDER], rows.missing[:, ORDER]
        ),
        other,
    )
