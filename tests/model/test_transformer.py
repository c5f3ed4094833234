import pytest
import torch
from torch import Tensor

from tests.model.references import gradients, slow_block, slow_transformer
from tjepa.model.transformer import Block, Transformer


def transformer(*, dropout: float = 0.0, heads: int = 2) -> Transformer:
    torch.manual_seed(0)
    made = Transformer(width=8, layers=2, heads=heads, ffn=5, dropout=dropout).double()
    for parameter in made.parameters():
        parameter.data += 0.2 * torch.randn_like(parameter)
    return made


def tokens(batch: int = 3, n: int = 4) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(batch, n, 8, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("heads", [1, 2, 8])
def test_a_block_equals_softmax_attention_written_out(heads: int) -> None:
    block, x = transformer(heads=heads).blocks[0], tokens()
    assert isinstance(block, Block)
    slow = torch.stack([torch.stack(slow_block(block, list(row))) for row in x])
    torch.testing.assert_close(block(x), slow, rtol=1e-12, atol=1e-12)


def test_a_transformer_and_its_gradients_equal_the_loops() -> None:
    made, x = transformer(), tokens()
    fast = made(x)
    slow = torch.stack([torch.stack(slow_transformer(made, list(row))) for row in x])
    torch.testing.assert_close(fast, slow, rtol=1e-12, atol=1e-12)
    above = torch.randn_like(fast)
    torch.testing.assert_close(
        gradients((fast * above).sum(), made),
        gradients((slow * above).sum(), made),
        rtol=1e-9,
        atol=1e-10,
    )


def test_gradients_equal_finite_differences() -> None:
    made = transformer()
    x = tokens(batch=1, n=3).requires_grad_()
    assert torch.autograd.gradcheck(made, (x,))


@torch.no_grad()
def test_the_order_of_tokens_has_no_effect_but_on_their_order() -> None:
    made, x = transformer(), tokens(n=6)
    order = torch.tensor([3, 5, 0, 1, 4, 2])
    torch.testing.assert_close(made(x[:, order]), made(x)[:, order], rtol=1e-12, atol=1e-12)


@torch.no_grad()
def test_rows_do_not_see_each_other() -> None:
    made, x = transformer(), tokens()
    torch.testing.assert_close(made(x)[1:2], made(x[1:2]), rtol=1e-12, atol=1e-12)


@torch.no_grad()
def test_every_token_sees_every_other() -> None:
    made, x = transformer(), tokens(batch=1)
    before = made(x)
    for j in range(x.shape[1]):
        changed = x.clone()
        changed[0, j, 0] += 1.0
        assert (made(changed) != before).any(dim=2).all()


@torch.no_grad()
def test_answers_have_mean_0_and_variance_1_so_they_cannot_shrink() -> None:
    answers = transformer()(100 * tokens())
    torch.testing.assert_close(answers.mean(-1), torch.zeros(3, 4, dtype=torch.float64))
    torch.testing.assert_close(
        answers.var(-1, correction=0), torch.ones(3, 4, dtype=torch.float64), rtol=1e-3, atol=0.0
    )


@torch.no_grad()
def test_dropout_works_in_training_only() -> None:
    made, x = transformer(dropout=0.5), tokens()
    assert not torch.equal(made(x), made(x))
    made.eval()
    assert torch.equal(made(x), made(x))


@torch.no_grad()
def test_dropout_is_on_what_each_layer_adds() -> None:
    made, x = transformer(dropout=1.0), tokens()
    assert torch.equal(made(x), made.norm(x))
