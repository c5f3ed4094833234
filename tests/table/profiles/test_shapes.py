import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tjepa.table.profiles import shapes
from tjepa.table.profiles.shapes import Counts, Histogram

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(arrays(float, st.integers(1, 60), elements=NUMBERS))
def test_every_number_is_in_a_bin_or_counted_outside(values: np.ndarray) -> None:
    values = np.sort(values)
    shape = shapes.of_numbers(values)
    assert shape is not None
    assert sum(shape.counts) + shape.below + shape.above == len(values)
    assert (np.diff(shape.edges) > 0).all()
    at = shapes.places(shape, pd.Series(values))
    assert (at == -1).sum() == shape.below + shape.above
    assert np.bincount(at[at >= 0], minlength=len(shape.counts)).tolist() == list(shape.counts)


def test_the_least_difference_that_a_float_has_is_no_trouble() -> None:
    shape = shapes.of_numbers(np.array([0.0, 5e-324, 5e-324]))
    assert shape is not None
    assert sum(shape.counts) + shape.below + shape.above == 3


@given(arrays(float, st.integers(1, 40), elements=st.floats(-1e6, 1e6)))
def test_quantiles_are_those_of_numpy(values: np.ndarray) -> None:
    shares = (0.0, 0.05, 0.25, 0.5, 0.95, 1.0)
    found = shapes.quantiles(np.sort(values), shares)
    assert np.allclose(found, np.quantile(values, shares), rtol=1e-9, atol=1e-6)


def test_whole_numbers_get_a_bin_each_where_they_are_few() -> None:
    values = np.repeat([1.0, 2, 3, 5, 6], [5, 20, 30, 1, 2])
    shape = shapes.of_numbers(values)
    assert shape is not None
    assert shape.of == "whole numbers"
    assert shape.edges == (0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5)
    assert shape.counts == (5, 20, 30, 0, 1, 2)


def test_bins_of_many_whole_numbers_hold_equally_many_of_them() -> None:
    shape = shapes.of_numbers(np.arange(10_000.0))
    assert shape is not None
    assert len(set(np.diff(shape.edges))) == 1
    assert len(set(shape.counts[1:-1])) == 1


def test_a_few_far_numbers_do_not_squeeze_the_others() -> None:
    near = np.random.default_rng(0).normal(size=5_000)
    shape = shapes.of_numbers(np.sort(np.append(near, [-1e9, 1e6, 1e7])))
    assert shape is not None
    assert (shape.below, shape.above) == (1, 2)
    assert shape.edges[-1] < 10
    assert max(shape.counts) < 1_000


def test_numbers_that_are_mostly_one_still_show_the_others() -> None:
    values = np.sort(np.append(np.zeros(900), np.arange(100.0)))
    shape = shapes.of_numbers(values)
    assert shape is not None
    assert shape.counts[0] >= 900
    assert sum(count > 0 for count in shape.counts) > 5


@pytest.mark.parametrize(
    ("first", "last", "edges"),
    [
        ("2015-01-01", "2015-06-28", "2014-12-29"),  # weeks, from Monday on
        ("2000-05-04", "2002-03-03", "2000-05-01"),  # months
        ("1700-01-01", "2020-01-01", "1700-01-01"),  # years
    ],
)
def test_bins_of_dates_begin_with_a_week_a_month_or_a_year(
    first: str, last: str, edges: str
) -> None:
    days = pd.date_range(first, last, periods=3_000, unit="us").to_numpy("datetime64[us]")
    shape = shapes.of_dates(days)
    assert shape is not None
    assert sum(shape.counts) == 3_000
    assert str(np.int64(shape.edges[0]).astype("datetime64[us]"))[:10] == edges


def test_dates_of_one_moment_are_one_bin() -> None:
    shape = shapes.of_dates(np.array(["2020-02-29T12:30"] * 3, dtype="datetime64[us]"))
    assert shape is not None
    assert shape.counts == (3,)


def test_the_largest_categories_are_counted_and_the_rest_is_one_number() -> None:
    texts = pd.Series([f"v{i:02d}" for i in range(30) for _ in range(30 - i)], dtype=object)
    shape = shapes.of_categories(texts)
    assert isinstance(shape, Counts)
    assert shape.values[:2] == ("v00", "v01")
    assert len(shape.values) == shapes.LARGEST
    assert shape.others == 10
    assert shape.other == sum(range(1, 11))
    at = shapes.places(shape, texts)
    assert np.bincount(at).tolist() == [*shape.counts, shape.other]


def test_an_ordinal_keeps_its_order_and_values_that_do_not_occur() -> None:
    shape = shapes.of_categories(pd.Series(["high", "low", "high"]), ("low", "medium", "high"))
    assert shape == Counts(("low", "medium", "high"), (1, 0, 2), ordered=True)


def test_of_nothing_there_is_no_shape() -> None:
    assert shapes.of_numbers(np.array([])) is None
    assert shapes.of_dates(np.array([], dtype="datetime64[us]")) is None
    assert shapes.of_categories(pd.Series([], dtype=object)) is None
    assert isinstance(shapes.of_numbers(np.array([3.0])), Histogram)
