"""The kernels are held to the plain network in float64, and that one to the loops of references."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tests.model.references import (
    TINY,
    gradients,
    random_masks,
    random_model,
    random_rows,
    slow_loss,
)
from tjepa.model import TJEPA, Rows, kernels
from tjepa.model.transformer import Transformer

# batch, tokens, width, heads, ffn, layers, groups, group size
CASES = {
    "one token": (16, 1, 16, 1, 16, 1, 0, 0),
    "few rows": (3, 5, 32, 4, 48, 2, 0, 0),
    "a row more than full groups": (33, 9, 64, 4, 256, 3, 0, 0),
    "odd head": (20, 6, 48, 16, 32, 2, 0, 0),
    "more tokens than a tile": (16, 37, 32, 2, 64, 1, 0, 0),
    "groups of one": (17, 7, 32, 4, 64, 2, 3, 1),
    "groups": (40, 14, 32, 4, 128, 2, 4, 3),
    "one token before the groups": (16, 9, 16, 2, 32, 2, 2, 4),
}
SIZES = replace(
    TINY, width=16, heads=2, ffn=32, predictor_width=16, predictor_heads=4, predictor_ffn=16
)
ALL = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def transformer_and_tokens(case: tuple[int, ...]) -> tuple[Transformer, Tensor, tuple[int, int]]:
    batch, n, width, heads, ffn, layers, groups, size = case
    torch.manual_seed(0)
    made = Transformer(width, layers, heads, ffn, dropout=0.0)
    for parameter in made.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    return made, 2 * torch.randn(batch, n, width), (groups, size)


def answers_and_gradients(made: Transformer, x: Tensor, groups: tuple[int, int]) -> list[Tensor]:
    x = x.detach().requires_grad_()
    y = made(x, *groups)
    above = torch.randn(y.shape, generator=torch.Generator().manual_seed(1)).to(x.dtype)
    return [y.detach(), *torch.autograd.grad((y * above).sum(), [x, *made.parameters()])]


def largest_error(found: list[Tensor], expected: list[Tensor]) -> float:
    """Relative to the largest number of each tensor."""
    return max(
        float((a.double() - b).abs().max() / b.abs().max())
        for a, b in zip(found, expected, strict=True)
    )


def plain(made: Transformer, x: Tensor, groups: tuple[int, int]) -> list[Tensor]:
    return answers_and_gradients(made.double(), x.double(), groups)


@ALL
def test_answers_and_gradients_equal_the_plain_network(case: tuple[int, ...]) -> None:
    made, x, groups = transformer_and_tokens(case)
    assert kernels.fit(made, x)
    found = answers_and_gradients(made, x, groups)
    assert largest_error(found, plain(made, x, groups)) < 5e-6


@ALL
@pytest.mark.skipif(not kernels.HAS_BFLOAT16, reason="the processor has no bfloat16")
def test_under_autocast_they_are_off_by_the_rounding_of_bfloat16(case: tuple[int, ...]) -> None:
    made, x, groups = transformer_and_tokens(case)
    with torch.autocast("cpu", torch.bfloat16):
        found = answers_and_gradients(made, x, groups)
    assert all(value.dtype == torch.float32 for value in found)
    error = largest_error(found, plain(made, x, groups))
    assert 1e-4 < error < 3e-2


def test_two_threads_find_what_one_finds() -> None:
    made, x, groups = transformer_and_tokens(CASES["groups"])
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = answers_and_gradients(made, x, groups)
        torch.set_num_threads(2)
        two = answers_and_gradients(made, x, groups)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(two[0], one[0])
    assert largest_error(two, [value.double() for value in one]) < 1e-5


def test_extreme_scores_and_numbers_stay_finite_and_right() -> None:
    made, x, groups = transformer_and_tokens(CASES["few rows"])
    for block in made.blocks:
        block.get_parameter("qkv.weight").data *= 30
        block.get_parameter("up.weight").data *= 30
    x[0] = 0.0
    x[1] *= 1e4
    with torch.no_grad():
        found = made(x, *groups)
        assert largest_error([found], [made.double()(x.double(), *groups)]) < 1e-4


def test_a_view_that_begins_anywhere_is_read_all_the_same() -> None:
    made, x, groups = transformer_and_tokens(CASES["one token before the groups"])
    memory = torch.empty(x.numel() + 1)
    view = memory[1:].view_as(x).copy_(x)
    assert view.is_contiguous()
    assert view.data_ptr() % 64 != 0
    with torch.no_grad():
        assert torch.equal(made(view, *groups), made(x, *groups))


def test_what_is_no_number_is_not_hidden() -> None:
    made, x, groups = transformer_and_tokens(CASES["few rows"])
    x[1, 2, 3] = torch.nan
    with torch.no_grad():
        found = made(x, *groups)
    assert found[1].isnan().any()
    assert found[[0, 2]].isfinite().all()


def test_a_model_and_its_gradients_equal_the_loops() -> None:
    model = random_model(3, (2, 4), sizes=SIZES)
    rows, masks = random_rows(3, 3, (2, 4)), random_masks(3, 5, seed=1)
    slow = slow_loss(model, rows, masks)
    expected = gradients(slow, model)
    single = Rows(rows.x_num.float(), rows.x_cat, rows.missing)
    model.float()
    assert kernels.know(model.context_encoder.transformer)
    assert kernels.know(model.predictor.transformer)
    fast = model(single, masks).loss
    torch.testing.assert_close(fast.double(), slow, rtol=1e-5, atol=0.0)
    found = {name: value.double() for name, value in gradients(fast, model).items()}
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=2e-6)


def test_what_the_kernels_cannot_do_is_left_to_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Tensor:
        raise AssertionError("the kernels were used")

    monkeypatch.setattr(kernels, "run", refuse)
    x = torch.randn(4, 3, 32)
    made = Transformer(32, 1, 4, 64, dropout=0.1)
    assert made(x).shape == x.shape  # dropout
    with pytest.raises(AssertionError, match="used"):
        made.eval()(x)
    assert made.double()(x.double()).dtype == torch.float64
    assert Transformer(32, 1, 4, 40, dropout=0.0)(x).shape == x.shape
    assert Transformer(24, 1, 4, 64, dropout=0.0)(x[..., :24]).shape == (4, 3, 24)
    assert made.float()(x[:0]).shape == (0, 3, 32)
    monkeypatch.setattr(kernels, "ENABLED", False)
    assert made(x).shape == x.shape


def test_a_processor_without_bfloat16_leaves_it_to_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "HAS_BFLOAT16", False)
    made, x, _ = transformer_and_tokens(CASES["few rows"])
    model = TJEPA(2, (3,), SIZES)
    assert kernels.fit(made, x)
    assert not model.is_faster_in_bfloat16(torch.device("cpu"))
    with torch.autocast("cpu", torch.bfloat16):
        assert not kernels.fit(made, x)


@pytest.mark.skipif(not kernels.HAS_BFLOAT16, reason="the processor has no bfloat16")
def test_bfloat16_is_faster_where_the_kernels_do_the_work() -> None:
    cpu = torch.device("cpu")
    assert TJEPA(2, (3,), SIZES).is_faster_in_bfloat16(cpu)
    assert not TJEPA(2, (3,), replace(SIZES, ffn=40)).is_faster_in_bfloat16(cpu)
    assert not TJEPA(2, (3,), replace(SIZES, predictor_width=12)).is_faster_in_bfloat16(cpu)
