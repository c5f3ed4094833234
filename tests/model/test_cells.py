"""Replacing cells, and the loss of telling cells from tokens, beside loops over cells."""

import math
from statistics import NormalDist, fmean

import pytest
import torch
from torch import Tensor

from tests.pretraining.tables import independent, small
from tjepa.model import (
    TJEPA,
    CellDecoder,
    Replacements,
    Rows,
    draw_masks,
    draw_replacements,
    replaced,
)
from tjepa.model.cells import BIN_VARIANCE, BINS_WEIGHT, LARGEST, MOST_CATEGORIES, places


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def slow_loss(
    cells: CellDecoder, tokens: Tensor, rows: Rows, wanted: Tensor | None = None
) -> float:
    """Cell by cell, for rows of all features."""
    errors = []
    n = rows.x_num.shape[1]
    for i in range(len(rows)):
        for j in range(tokens.shape[1]):
            token = tokens[i, j]
            if rows.missing[i, j] or (wanted is not None and not wanted[i, j]):
                continue
            if j < n:
                told = (cells.number[j] @ token + cells.number_bias[j]).tolist()
                number = rows.x_num[i, j].item()
                itself = (told[0] - max(-LARGEST, min(LARGEST, number))) ** 2
                share = NormalDist().cdf(number) * cells.bins
                below = [min(1.0, max(0.0, share - k)) for k in range(cells.bins)]
                among = [(a - b) ** 2 for a, b in zip(told[1:], below, strict=True)]
                weight = BINS_WEIGHT if among else 0.0
                bins = fmean(among) / BIN_VARIANCE if among else 0.0
                errors.append((itself + weight * bins) / (1 + weight))
                continue
            count, start = int(cells.counts[j - n]), int(cells.starts[j - n])
            own = slice(start, start + count)
            scores = cells.category[own] @ token + cells.category_bias[own]
            code = int(rows.x_cat[i, j - n])
            errors.append(-scores.log_softmax(0)[code].item() / math.log(max(2, count)))
    return sum(errors) / max(1, len(errors))


def test_about_the_share_of_the_cells_is_drawn_and_donors_are_rows_of_the_batch() -> None:
    drawn = draw_replacements(400, 25, 0.3, generator())
    assert drawn.cells.float().mean().item() == pytest.approx(0.3, abs=0.02)
    assert drawn.donors.shape == (400, 25)
    assert (drawn.donors.min(), drawn.donors.max()) == (0, 399)


def test_replaced_cells_are_those_of_the_donors_and_the_others_their_own() -> None:
    rows, _ = independent(3, (4, 2), n=50, missing=0.3)
    drawn = draw_replacements(50, 5, 0.5, generator())
    found = replaced(rows, drawn)
    for i in range(50):
        for j in range(5):
            source = int(drawn.donors[i, j]) if drawn.cells[i, j] else i
            assert found.missing[i, j] == rows.missing[source, j]
            if j < 3:
                assert found.x_num[i, j] == rows.x_num[source, j]
            else:
                assert found.x_cat[i, j - 3] == rows.x_cat[source, j - 3]


def test_nothing_is_replaced_where_no_cell_is_drawn() -> None:
    rows, _ = independent(2, (3,))
    none = Replacements(torch.zeros(64, 3, dtype=torch.bool), torch.zeros(64, 3, dtype=torch.long))
    found = replaced(rows, none)
    assert torch.equal(found.x_num, rows.x_num)
    assert torch.equal(found.x_cat, rows.x_cat)
    assert torch.equal(found.missing, rows.missing)


@pytest.mark.parametrize(
    ("n_numeric", "cardinalities"), [(3, ()), (0, (3, 1, 7)), (2, (5, 2))],
    ids=["numbers", "categories", "both"],
)  # fmt: skip
@pytest.mark.parametrize("bins", [0, 1, 7])
def test_the_loss_equals_a_loop_over_cells(
    n_numeric: int, cardinalities: tuple[int, ...], bins: int
) -> None:
    rows, cardinalities = independent(n_numeric, cardinalities, n=20, missing=0.2)
    if n_numeric:
        rows.x_num[0, 0], rows.missing[0, 0] = 40.0, False
    torch.manual_seed(0)
    cells = CellDecoder(n_numeric, cardinalities, 8, bins)
    tokens = torch.randn(20, n_numeric + len(cardinalities), 8)
    expected = slow_loss(cells, tokens, rows)
    assert cells(tokens, rows).item() == pytest.approx(expected, rel=1e-5)


def test_places_fill_bin_after_bin_as_a_number_rises() -> None:
    quartiles = [NormalDist().inv_cdf(share) for share in (0.25, 0.5, 0.625)]
    found = places(torch.tensor([-40.0, *quartiles, 40.0]), 4)
    expected = [[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0.5, 0], [1, 1, 1, 1]]
    assert torch.allclose(found, torch.tensor(expected, dtype=torch.float32), atol=1e-5)


def test_the_variance_of_places_is_a_sixth_where_bins_are_as_likely() -> None:
    found = places(torch.randn(100_000, generator=generator()), 64)
    assert found.var(dim=0).mean().item() == pytest.approx(BIN_VARIANCE, rel=0.02)


def test_some_features_of_wide_rows_have_their_own_weights() -> None:
    rows, cardinalities = independent(3, (4, 2, 6), n=10, missing=0.2)
    torch.manual_seed(0)
    cells = CellDecoder(3, cardinalities, 8, bins=3)
    tokens = torch.randn(10, 6, 8)
    features = torch.tensor([1, 2, 3, 5])
    found = cells(tokens[:, features], rows.only(features))
    hidden = Rows(rows.x_num, rows.x_cat, rows.missing.clone())
    hidden.missing[:, [0, 4]] = True
    assert found.item() == pytest.approx(slow_loss(cells, tokens, hidden), rel=1e-5)


def test_rows_without_a_known_cell_have_no_loss() -> None:
    rows, cardinalities = independent(2, (3,), missing=1.1)
    loss = CellDecoder(2, cardinalities, 8)(torch.randn(64, 3, 8), rows)
    assert loss.item() == 0.0


def test_codes_beyond_the_most_do_not_count() -> None:
    count = MOST_CATEGORIES + 40
    torch.manual_seed(0)
    cells = CellDecoder(0, (count, 3), 8)
    assert len(cells.category) == MOST_CATEGORIES + 3
    x_cat = torch.tensor([[count - 1, 2], [5, 1], [MOST_CATEGORIES, 0]])
    rows = Rows(torch.zeros(3, 0), x_cat, torch.zeros(3, 2, dtype=torch.bool))
    tokens = torch.randn(3, 2, 8)
    without = Rows(rows.x_num, x_cat, x_cat >= MOST_CATEGORIES)
    assert cells(tokens, rows).item() == pytest.approx(slow_loss(cells, tokens, without), rel=1e-5)


def test_what_a_token_holds_can_be_learned() -> None:
    rows, cardinalities = independent(2, (3,), n=256)
    torch.manual_seed(0)
    cells = CellDecoder(2, cardinalities, 4)
    hot = torch.nn.functional.one_hot(rows.x_cat[:, 0], 4).float()
    tokens = torch.stack([rows.x_num[:, :1].expand(-1, 4), rows.x_num[:, 1:].expand(-1, 4), hot], 1)
    optimiser = torch.optim.Adam(cells.parameters(), lr=0.1)
    for _ in range(200):
        optimiser.zero_grad()
        loss = cells(tokens, rows)
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.05


def test_only_hidden_cells_are_imputed_and_from_the_mean_of_the_context() -> None:
    rows, cardinalities = independent(3, (4, 2), n=30, missing=0.2)
    torch.manual_seed(0)
    model = TJEPA(3, cardinalities, small().sizes)
    masks = draw_masks(30, 5, small().mask_shares, generator())
    context = model.context_encoder(rows, masks.context)
    hidden = torch.ones(30, 5, dtype=torch.bool)
    for i, features in enumerate(masks.context.tolist()):
        hidden[i, features] = False
    mean = context.mean(dim=1, keepdim=True).expand(-1, 5, -1)
    expected = slow_loss(model.imputed, mean, rows, hidden)
    assert model.impute(context, rows, masks).item() == pytest.approx(expected, rel=1e-5)
