from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from tjepa.table.profiles.independence import _Tables, only_v, strength, told_apart


def table(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    counts = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(counts, (a, b), 1)
    return counts


@pytest.mark.parametrize(("n", "r", "c", "skew"), [(20, 3, 2, 0), (60, 4, 3, 1.5), (300, 7, 2, 2)])
def test_chance_is_what_shuffling_gives(n: int, r: int, c: int, skew: float) -> None:
    random = np.random.default_rng(1)
    shares = np.arange(1, r + 1.0) ** -skew
    a = random.choice(r, n, p=shares / shares.sum())
    b = random.integers(c, size=n)
    shuffled = strength(np.array([table(random.permutation(a), b) for _ in range(4_000)]))
    for level in (0.05, 0.01):
        assert (shuffled.p < level).mean() == pytest.approx(level, abs=0.4 * level + 0.002)
    ordered = stats.rankdata(shuffled.p) / len(shuffled.p)
    middle = (shuffled.p > 0.2) & (shuffled.p < 0.8)
    assert np.abs(ordered - shuffled.p)[middle].mean() < 0.08


def test_mean_and_variance_are_those_of_every_shuffle() -> None:
    a, b = np.array([0, 0, 0, 0, 0, 1, 2]), np.array([0, 0, 0, 0, 1, 1, 2])
    counts = np.array([table(a, b[list(order)]) for order in permutations(range(7))])
    n = 7
    chi2 = np.array([stats.chi2_contingency(some, correction=False)[0] for some in counts[::60]])
    seen = _Tables(counts)
    assert seen.chi2[::60] == pytest.approx(chi2)
    assert seen.chi2.mean() == pytest.approx(n * 4 / (n - 1))
    assert seen.variance()[0] == pytest.approx(seen.chi2.var())


def test_the_strength_of_large_tables_is_plain_cramers_v() -> None:
    random = np.random.default_rng(0)
    a = random.integers(4, size=50_000)
    b = np.where(random.random(50_000) < 0.3, a, random.integers(4, size=50_000))
    counts = table(a, b)
    plain = stats.contingency.association(counts.astype(int), method="cramer")
    assert strength(counts).v == pytest.approx(plain, abs=0.001)
    assert only_v(counts) == pytest.approx(strength(counts).v)


def test_one_column_that_tells_the_other_is_one() -> None:
    assert strength(np.diag([30.0, 20, 10])).v == pytest.approx(1)


def test_small_tables_of_noise_have_no_strength_on_average() -> None:
    random = np.random.default_rng(0)
    counts = [table(random.integers(5, size=30), random.integers(5, size=30)) for _ in range(500)]
    full = np.array([c for c in counts if c.shape == (5, 5) and c.sum(0).all() and c.sum(1).all()])
    plain = [stats.contingency.association(c.astype(int), method="cramer") for c in full]
    assert np.mean(plain) > 0.3
    assert np.median(strength(full).v) < 0.1


def test_levels_that_do_not_occur_change_nothing() -> None:
    counts = np.array([[8.0, 2], [1, 9]])
    padded = np.zeros((4, 5))
    padded[1:3, 2:4] = counts
    for name in ("v", "p", "rows"):
        assert getattr(strength(padded), name) == pytest.approx(getattr(strength(counts), name))


def test_what_has_one_level_is_not_measured() -> None:
    found = strength(np.array([[[5.0, 6.0], [0, 0]], [[0, 0], [0, 0]]]))
    assert not found.measured.any()
    assert (found.v == 0).all()
    assert (found.p == 1).all()
    assert not told_apart(found).any()
