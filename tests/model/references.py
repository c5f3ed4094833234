"""The network once more, slowly: one row, one token, one head at a time, and no torch layer.

Everything is written with the parameters of the real modules, so gradients can be compared too.
"""

from collections.abc import Sequence
from math import sqrt

import torch
from torch import Tensor, nn

from tjepa.model import (
    TJEPA,
    Encoder,
    FeatureTokenizer,
    Masks,
    MaskShares,
    Predictor,
    Rows,
    Sizes,
    draw_masks,
)
from tjepa.model.transformer import Block, Transformer

TINY = Sizes(
    width=6,
    layers=2,
    heads=2,
    ffn=5,
    reg_tokens=2,
    predictor_width=4,
    predictor_layers=2,
    predictor_heads=2,
    predictor_ffn=7,
    dropout=0.0,
)

# Name, number of numeric features, cardinalities.
TABLES = {
    "numeric": (5, ()),
    "categorical": (0, (3, 2, 4, 2)),
    "mixed": (3, (2, 4)),
}


def random_rows(
    n: int, n_numeric: int, cardinalities: Sequence[int], *, missing: float = 0.2, seed: int = 0
) -> Rows:
    """Encoded rows f64 as `TableEncoder.transform` gives them: zeros where a cell is missing."""
    generator = torch.Generator().manual_seed(seed)
    absent = torch.rand(n, n_numeric + len(cardinalities), generator=generator) < missing
    x_num = torch.randn(n, n_numeric, generator=generator, dtype=torch.float64)
    x_cat = torch.zeros(n, len(cardinalities), dtype=torch.long)
    for j, cardinality in enumerate(cardinalities):
        x_cat[:, j] = torch.randint(cardinality, (n,), generator=generator)
    return Rows(
        x_num.masked_fill(absent[:, :n_numeric], 0.0),
        x_cat.masked_fill(absent[:, n_numeric:], 0),
        absent,
    )


def random_model(
    n_numeric: int, cardinalities: Sequence[int], seed: int = 0, sizes: Sizes = TINY
) -> TJEPA:
    """A model f64 whose target encoder differs from its context encoder."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = TJEPA(n_numeric, cardinalities, sizes).double()
        for parameter in model.parameters():
            # Normalisations start as the identity and would hide that they are forgotten.
            parameter.data += 0.1 * torch.randn_like(parameter)
    return model


def random_masks(batch: int, features: int, seed: int = 0) -> Masks:
    """Masks of at least two targets per row; from 5 features on, of two features each."""
    shares = MaskShares(context=(0.4, 0.4), target=(0.3, 0.3), targets=4)
    return draw_masks(batch, features, shares, torch.Generator().manual_seed(seed))


def gradients(loss: Tensor, module: nn.Module) -> dict[str, Tensor]:
    """The gradient of every parameter that learns; zeros for one that the loss does not use."""
    named = {name: p for name, p in module.named_parameters() if p.requires_grad}
    found = torch.autograd.grad(loss, list(named.values()), allow_unused=True)
    return {
        name: torch.zeros_like(p) if gradient is None else gradient
        for (name, p), gradient in zip(named.items(), found, strict=True)
    }


def slow_loss(
    model: TJEPA, rows: Rows, masks: Masks, features: Sequence[int] | None = None
) -> Tensor:
    """The mean of every squared difference, added one at a time.

    With `features`, only those are in the sequence of the target encoder.
    """
    seen = range(rows.missing.shape[1]) if features is None else features
    total, count = torch.zeros((), dtype=torch.float64), 0
    for i in range(len(rows)):
        visible = masks.context[i].tolist()
        context = slow_encode(model.context_encoder, rows, i, visible)
        latent = dict(zip(seen, slow_encode(model.target_encoder, rows, i, seen), strict=True))
        for target in masks.targets[i].tolist():
            predicted = slow_predict(model.predictor, context, visible, target)
            for place, j in enumerate(target):
                for h in range(len(latent[j])):
                    total = total + (predicted[place][h] - latent[j][h].detach()) ** 2
                    count += 1
    return total / count


def slow_predict(
    predictor: Predictor, context: list[Tensor], visible: list[int], target: list[int]
) -> list[Tensor]:
    """One row and one target mask: latent tokens [H], one for each feature of `target`."""
    known = [
        linear(predictor.enter, token) + predictor.position[j]
        for token, j in zip(context, visible, strict=True)
    ]
    asked = [predictor.mask_token + predictor.position[j] for j in target]
    together = range(len(known) + len(asked))
    sees = [
        range(len(known)) if predictor.shared_context and i < len(known) else together
        for i in together
    ]
    answers = slow_transformer(predictor.transformer, known + asked, sees)
    return [linear(predictor.leave, answer) for answer in answers[len(known) :]]


def slow_encode(encoder: Encoder, rows: Rows, i: int, visible: Sequence[int]) -> list[Tensor]:
    """One row: latent tokens [H] of the visible features; the others are never in the sequence."""
    tokens = slow_tokens(encoder.tokenizer, rows, i)
    sequence = list(encoder.reg) + [tokens[j] for j in visible]
    return slow_transformer(encoder.transformer, sequence)[len(encoder.reg) :]


def slow_tokens(tokenizer: FeatureTokenizer, rows: Rows, i: int) -> list[Tensor]:
    """One row: tokens [H] of every feature."""
    tokens = []
    n_numeric = rows.x_num.shape[1]
    tables = tokenizer.categories.tensor_split(tokenizer.starts[1:].tolist())
    for j in range(rows.missing.shape[1]):
        if rows.missing[i, j]:
            value = tokenizer.missing[j]
        elif j < n_numeric:
            value = rows.x_num[i, j] * tokenizer.weight[j] + tokenizer.bias[j]
        else:
            value = tables[j - n_numeric][rows.x_cat[i, j - n_numeric]]
        tokens.append(value + tokenizer.index[j] + tokenizer.kind[int(j >= n_numeric)])
    return tokens


def slow_transformer(
    transformer: Transformer, tokens: list[Tensor], sees: Sequence[Sequence[int]] | None = None
) -> list[Tensor]:
    """One sequence of tokens [H]; token i attends to those of `sees[i]`, by default to all."""
    for block in transformer.blocks:
        assert isinstance(block, Block)
        tokens = slow_block(block, tokens, sees)
    return [standardised(token) for token in tokens]


def slow_block(
    block: Block, tokens: list[Tensor], sees: Sequence[Sequence[int]] | None = None
) -> list[Tensor]:
    """Pre-norm: softmax attention per head, then the feed-forward layer."""
    normed = [norm(block.norm_attention, token) for token in tokens]
    query, key, value = (
        [
            block.qkv.weight.chunk(3)[part] @ token + block.qkv.bias.chunk(3)[part]
            for token in normed
        ]
        for part in range(3)
    )
    size = len(tokens[0]) // block.heads
    attended = []
    for i, q in enumerate(query):
        seen = range(len(tokens)) if sees is None else sees[i]
        heads = []
        for head in range(block.heads):
            own = slice(head * size, (head + 1) * size)
            weights = [torch.exp(q[own] @ key[j][own] / sqrt(size)) for j in seen]
            mixed = sum(w * value[j][own] for w, j in zip(weights, seen, strict=True))
            heads.append(mixed / sum(weights))
        attended.append(linear(block.out, torch.cat(heads)))
    tokens = [token + change for token, change in zip(tokens, attended, strict=True)]
    changes = [
        linear(block.down, gelu(linear(block.up, norm(block.norm_ffn, token)))) for token in tokens
    ]
    return [token + change for token, change in zip(tokens, changes, strict=True)]


def linear(layer: nn.Linear, x: Tensor) -> Tensor:
    return layer.weight @ x + layer.bias


def norm(layer: nn.LayerNorm, x: Tensor) -> Tensor:
    return standardised(x) * layer.weight + layer.bias


def standardised(x: Tensor) -> Tensor:
    mean = x.sum() / len(x)
    variance = ((x - mean) ** 2).sum() / len(x)
    return (x - mean) / torch.sqrt(variance + 1e-5)


def gelu(x: Tensor) -> Tensor:
    return x * 0.5 * (1 + torch.erf(x / sqrt(2)))
