import pytest
import torch

from tests.model.references import TABLES, gradients, random_rows, slow_tokens
from tjepa.model import FeatureTokenizer, Rows

ALL = pytest.mark.parametrize(("n_numeric", "cardinalities"), TABLES.values(), ids=TABLES)


def tokenizer(n_numeric: int, cardinalities: tuple[int, ...], width: int = 4) -> FeatureTokenizer:
    return FeatureTokenizer(n_numeric, cardinalities, width).double()


@ALL
def test_tokens_equal_the_formula_written_out(
    n_numeric: int, cardinalities: tuple[int, ...]
) -> None:
    made, rows = tokenizer(n_numeric, cardinalities), random_rows(7, n_numeric, cardinalities)
    slow = torch.stack([torch.stack(slow_tokens(made, rows, i)) for i in range(7)])
    fast = made(rows)
    torch.testing.assert_close(fast, slow, rtol=1e-12, atol=1e-12)
    above = torch.randn_like(fast)
    torch.testing.assert_close(
        gradients((fast * above).sum(), made), gradients((slow * above).sum(), made)
    )


@ALL
@torch.no_grad()
def test_a_cell_changes_only_the_token_of_its_feature(
    n_numeric: int, cardinalities: tuple[int, ...]
) -> None:
    made = tokenizer(n_numeric, cardinalities)
    rows = random_rows(1, n_numeric, cardinalities, missing=0.0)
    before = made(rows)[0]
    for j in range(made.n_features):
        x_num, x_cat = rows.x_num.clone(), rows.x_cat.clone()
        if j < n_numeric:
            x_num[0, j] += 1.0
        else:
            c = j - n_numeric
            x_cat[0, c] = (x_cat[0, c] + 1) % cardinalities[c]
        changed = (made(Rows(x_num, x_cat, rows.missing))[0] != before).any(dim=1)
        assert changed.tolist() == [k == j for k in range(made.n_features)]


@torch.no_grad()
def test_every_category_of_every_column_has_a_vector_of_its_own() -> None:
    cardinalities = (3, 1, 4)
    made = tokenizer(0, cardinalities)
    made.index.zero_()
    made.kind.zero_()
    vectors = []
    for j, cardinality in enumerate(cardinalities):
        for code in range(cardinality):
            x_cat = torch.zeros(1, 3, dtype=torch.long)
            x_cat[0, j] = code
            rows = Rows(torch.zeros(1, 0), x_cat, torch.zeros(1, 3, dtype=torch.bool))
            vectors.append(made(rows)[0, j])
    assert torch.equal(torch.stack(vectors), made.categories)


@torch.no_grad()
def test_the_type_embedding_follows_the_order_of_the_tokens() -> None:
    """In the released code it followed the columns of the table, and was wrong on mixed ones."""
    made = tokenizer(2, (3, 3))
    rows = random_rows(1, 2, (3, 3), missing=0.0)
    before = made(rows)
    made.kind[0] += 1.0
    made.kind[1] += 10.0
    steps = (made(rows) - before).mean(dim=2)[0]
    torch.testing.assert_close(steps, torch.tensor([1.0, 1.0, 10.0, 10.0], dtype=torch.float64))


@torch.no_grad()
def test_a_missing_cell_is_not_a_zero_nor_the_first_category() -> None:
    rows = Rows(
        torch.zeros(1, 1), torch.zeros(1, 1, dtype=torch.long), torch.zeros(1, 2, dtype=torch.bool)
    )
    absent = Rows(rows.x_num, rows.x_cat, torch.ones(1, 2, dtype=torch.bool))
    made = tokenizer(1, (2,))
    assert ((made(rows) - made(absent)).abs() > 1e-6).any(dim=2).all()


@torch.no_grad()
def test_what_a_missing_cell_holds_has_no_effect() -> None:
    made = tokenizer(1, (2,))
    absent = torch.ones(1, 2, dtype=torch.bool)
    zero = Rows(torch.zeros(1, 1), torch.zeros(1, 1, dtype=torch.long), absent)
    other = Rows(torch.full((1, 1), 9.0), torch.ones(1, 1, dtype=torch.long), absent)
    assert torch.equal(made(zero), made(other))


def test_no_gradient_reaches_the_value_of_a_missing_cell() -> None:
    made = tokenizer(1, (2,))
    absent = torch.ones(3, 2, dtype=torch.bool)
    rows = Rows(torch.zeros(3, 1), torch.zeros(3, 1, dtype=torch.long), absent)
    found = gradients(made(rows).sum(), made)
    assert {name for name, gradient in found.items() if gradient.any()} == {
        "missing",
        "index",
        "kind",
    }


@ALL
def test_no_rows_give_no_tokens(n_numeric: int, cardinalities: tuple[int, ...]) -> None:
    rows = random_rows(3, n_numeric, cardinalities)[slice(0, 0)]
    assert len(rows) == 0
    made = tokenizer(n_numeric, cardinalities)
    assert made(rows).shape == (0, n_numeric + len(cardinalities), 4)


def test_rows_are_picked_by_index_and_by_slice() -> None:
    rows = random_rows(6, 2, (3,))
    some, first = rows[torch.tensor([4, 1])], rows[slice(2, 4)]
    assert torch.equal(some.x_num, rows.x_num[[4, 1]])
    assert torch.equal(some.missing, rows.missing[[4, 1]])
    assert torch.equal(first.x_cat, rows.x_cat[2:4])
    assert len(first) == 2


@ALL
def test_rows_of_some_features_have_the_tokens_of_those(
    n_numeric: int, cardinalities: tuple[int, ...]
) -> None:
    made, rows = tokenizer(n_numeric, cardinalities), random_rows(7, n_numeric, cardinalities)
    features = torch.tensor([0, 2, 3])
    some, whole = made(rows.only(features)), made(rows)[:, features]
    assert torch.equal(some, whole)
    above = torch.randn_like(some)
    torch.testing.assert_close(
        gradients((some * above).sum(), made), gradients((whole * above).sum(), made)
    )


def test_rows_keep_their_features_when_they_are_picked() -> None:
    rows = random_rows(6, 2, (3,)).only(torch.tensor([1, 2]))
    features = rows[slice(0, 2)].to("cpu").features
    assert features is not None
    assert features.tolist() == [1, 2]
    with pytest.raises(ValueError, match="only some of their features already"):
        rows.only(torch.tensor([0]))
