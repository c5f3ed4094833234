import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tjepa.model import Masks, MaskShares, draw_features, draw_masks, feature_groups
from tjepa.model.masking import ENUMERATE_UP_TO

SHARES = MaskShares(context=(0.2, 0.8), target=(0.15, 0.6), targets=4)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def bounds() -> st.SearchStrategy[tuple[float, float]]:
    share = st.floats(0.01, 0.99)
    return st.tuples(share, share).map(lambda pair: (min(pair), max(pair)))


def exactly(context: float, target: float, targets: int) -> MaskShares:
    return MaskShares((context, context), (target, target), targets)


def assert_valid(masks: Masks, batch: int, features: int, targets: int) -> None:
    """Row by row: features of the table, each once, disjoint, target sets distinct."""
    assert masks.context.shape[0] == masks.targets.shape[0] == batch
    assert masks.context.shape[1] >= 1
    assert masks.targets.shape[2] >= 1
    assert 1 <= masks.targets.shape[1] <= targets
    for context, sets in zip(masks.context.tolist(), masks.targets.tolist(), strict=True):
        assert context == sorted(set(context))
        assert set(context) <= set(range(features))
        assert len({tuple(one) for one in sets}) == len(sets)
        for one in sets:
            assert one == sorted(set(one))
            assert set(one) <= set(range(features)) - set(context)


@given(
    batch=st.integers(0, 8),
    features=st.integers(2, 40),
    context=bounds(),
    target=bounds(),
    targets=st.integers(1, 12),
    seed=st.integers(0, 2**31 - 1),
)
def test_targets_are_distinct_and_never_context(
    batch: int,
    features: int,
    context: tuple[float, float],
    target: tuple[float, float],
    targets: int,
    seed: int,
) -> None:
    masks = draw_masks(batch, features, MaskShares(context, target, targets), seeded(seed))
    assert_valid(masks, batch, features, targets)


@pytest.mark.parametrize("features", [2, 3, 5, 9, 30])
def test_every_feature_is_context_and_is_target_over_time(features: int) -> None:
    generator = seeded()
    context, targets = set(), set()
    for _ in range(20):
        masks = draw_masks(16, features, SHARES, generator)
        context |= set(masks.context.flatten().tolist())
        targets |= set(masks.targets.flatten().tolist())
    assert context == targets == set(range(features))


def test_no_feature_is_preferred() -> None:
    features, batch = 6, 20_000
    masks = draw_masks(batch, features, exactly(0.5, 1 / 6, 1), seeded())
    for drawn, share in ((masks.context, 1 / 2), (masks.targets, 1 / 6)):
        counts = torch.bincount(drawn.flatten(), minlength=features)
        assert (counts / batch - share).abs().max() < 5 * (share * (1 - share) / batch) ** 0.5


@pytest.mark.parametrize(
    ("features", "size", "total"),
    [(6, 2, 15), (12, 2, 66), (26, 3, 2600)],
    ids=["listed", "listed, many", "drawn"],
)
def test_every_target_set_is_as_likely_as_any_other(features: int, size: int, total: int) -> None:
    batch, k = 20_000, 3
    # One feature of context; the sets are counted by their places among the others.
    masks = draw_masks(batch, features + 1, exactly(0.01, size / (features + 1), k), seeded())
    places = masks.targets - (masks.targets > masks.context.unsqueeze(1)).long()
    code = (places * features ** torch.arange(size)).sum(-1).flatten()
    counts = torch.unique(code, return_counts=True)[1].double()
    expected = batch * k / total
    assert len(counts) == total
    assert (counts - expected).abs().max() < 6 * expected**0.5


def test_sizes_are_drawn_per_batch_between_their_bounds() -> None:
    generator = seeded()
    drawn = [
        draw_masks(2, 100, MaskShares((0.2, 0.4), (0.1, 0.3), 2), generator) for _ in range(200)
    ]
    contexts = {masks.context.shape[1] for masks in drawn}
    targets = {masks.targets.shape[2] for masks in drawn}
    assert (min(contexts), max(contexts)) == (20, 40)
    assert (min(targets), max(targets)) == (10, 30)


def test_positions_are_drawn_per_row() -> None:
    masks = draw_masks(50, 20, exactly(0.5, 0.2, 4), seeded())
    assert len({tuple(row) for row in masks.context.tolist()}) == 50


def test_as_many_targets_as_asked_for_where_there_are_enough_sets() -> None:
    assert draw_masks(3, 10, exactly(0.5, 0.3, 8), seeded()).targets.shape == (3, 8, 3)


def test_fewer_targets_where_the_context_leaves_fewer_sets() -> None:
    # Of the 3 features left over there are 3 pairs.
    assert draw_masks(3, 6, exactly(0.5, 0.34, 8), seeded()).targets.shape == (3, 3, 2)


def test_two_features_leave_one_of_each() -> None:
    masks = draw_masks(100, 2, exactly(0.99, 0.99, 4), seeded())
    assert masks.context.shape == (100, 1)
    assert masks.targets.shape == (100, 1, 1)
    assert (masks.context + masks.targets[:, 0] == 1).all()


@pytest.mark.parametrize("targets", [32, 300])
def test_many_targets_of_barely_more_sets_are_found(targets: int) -> None:
    # 1 + 34 features: 561 pairs, more than are listed outright.
    masks = draw_masks(20, 35, exactly(0.01, 2 / 35, targets), seeded())
    assert ENUMERATE_UP_TO < 34 * 33 // 2
    assert masks.targets.shape == (20, targets, 2)
    assert_valid(masks, 20, 35, targets)


def test_the_generator_alone_decides() -> None:
    torch.manual_seed(1)
    first = draw_masks(8, 30, SHARES, seeded(5))
    torch.manual_seed(2)
    again, other = draw_masks(8, 30, SHARES, seeded(5)), draw_masks(8, 30, SHARES, seeded(6))
    assert torch.equal(first.context, again.context)
    assert torch.equal(first.targets, again.targets)
    assert first.context.shape != other.context.shape or not torch.equal(
        first.context, other.context
    )


@pytest.mark.parametrize("features", [2, 9, 10])
def test_features_that_all_fit_are_not_drawn(features: int) -> None:
    generator = seeded()
    before = generator.get_state()
    assert draw_features(features, 10, generator) is None
    assert torch.equal(generator.get_state(), before)


def test_of_more_features_a_random_subset_is_drawn_each_time() -> None:
    generator = seeded()
    subsets = [draw_features(11, 4, generator) for _ in range(40)]
    found = [subset.tolist() for subset in subsets if subset is not None]
    assert len(found) == 40
    for subset in found:
        assert subset == sorted(set(subset))
        assert len(subset) == 4
    assert {j for subset in found for j in subset} == set(range(11))
    assert len({tuple(subset) for subset in found}) > 20


@given(features=st.integers(1, 500), at_most=st.integers(2, 60))
def test_groups_hold_every_feature_once_and_are_of_even_size(features: int, at_most: int) -> None:
    groups = [group.tolist() for group in feature_groups(features, at_most)]
    assert sorted(j for group in groups for j in group) == list(range(features))
    assert all(group == sorted(group) for group in groups)
    sizes = [len(group) for group in groups]
    assert max(sizes) <= at_most
    assert max(sizes) - min(sizes) <= 1
    assert len(groups) == -(-features // at_most)


def test_masks_of_places_become_masks_of_features() -> None:
    masks = Masks(torch.tensor([[0, 2]]), torch.tensor([[[1], [3]]]))
    named = masks.among(torch.tensor([4, 7, 8, 20]))
    assert named.context.tolist() == [[4, 8]]
    assert named.targets.tolist() == [[[7], [20]]]
