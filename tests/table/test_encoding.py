import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tjepa.errors import EncodingError
from tjepa.table import (
    Column,
    EncodedTable,
    Feature,
    Schema,
    TableEncoder,
    from_tree_matrix,
    infer_schema,
    raw_matrix,
    tree_matrix,
    typed,
)
from tjepa.table.encoding import LARGEST
from tjepa.table.parts import PARTS
from tjepa.table.strings import DIRECTIONS
from tjepa.table.strings import PARTS as TEXT_PARTS

N = 200
SCALINGS = pytest.mark.parametrize("scaling", ["standard", "quantile"])


def column(name: str, kind: Any) -> Column:
    return Column(name, kind, True, 0, 2, "")


def fit(frame: pd.DataFrame, *, scaling: Any = "standard", most: int = 256) -> TableEncoder:
    """An encoder of every column of a typed frame."""
    kinds = {
        name: "categorical" if values.dtype == object else "numeric"
        for name, values in frame.items()
    }
    columns = [column(str(name), kind) for name, kind in kinds.items()]
    return TableEncoder.fit(frame, columns, scaling=scaling, max_categories=most)


def words(*cells: str | None) -> pd.DataFrame:
    return pd.DataFrame({"c": pd.Series(cells, dtype=object)})


def numbers(cells: Any) -> pd.DataFrame:
    return pd.DataFrame({"x": np.asarray(cells, dtype=float)})


def equal(a: EncodedTable, b: EncodedTable) -> bool:
    return a.cardinalities == b.cardinalities and all(
        np.array_equal(getattr(a, part), getattr(b, part)) for part in ("x_num", "x_cat", "missing")
    )


@pytest.fixture
def mixed() -> pd.DataFrame:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "town": random.choice(["Oslo", "Rome", "Bonn"], N),
            "length": random.normal(40, 10, N),
            "seen": pd.date_range("2020-01-01", periods=N),
            "grade": pd.Series(random.integers(0, 4, N)).astype("str"),
        }
    )
    return frame.mask(random.random(frame.shape) < 0.1)


def test_numbers_and_dates_come_first_and_missing_cells_are_zero(mixed: pd.DataFrame) -> None:
    schema = infer_schema(mixed)
    encoder = TableEncoder.fit(
        typed(mixed, schema), schema.features, scaling="standard", max_categories=256
    )
    encoded = encoder.transform(typed(mixed, schema))
    names = [feature.name for feature in encoder.features]
    dates = ["seen: elapsed days", "seen: month", "seen: weekday"]
    assert names == ["length", *dates, "town", "grade"]
    assert (encoded.x_num.dtype, encoded.x_cat.dtype) == (np.float32, np.int64)
    sources = ["length", "seen", "seen", "seen", "town", "grade"]
    assert [feature.source for feature in encoder.features] == sources
    assert np.array_equal(encoded.missing, mixed[sources].isna())
    assert not encoded.x_num[encoded.missing[:, :4]].any()
    assert not encoded.x_cat[encoded.missing[:, 4:]].any()
    assert encoded.cardinalities == (4, 5)


def test_columns_may_come_in_any_order_among_others(mixed: pd.DataFrame) -> None:
    schema = infer_schema(mixed)
    encoder = TableEncoder.fit(
        typed(mixed, schema), schema.features, scaling="standard", max_categories=256
    )
    turned = mixed[["grade", "seen", "length", "town"]].assign(other="x")
    assert equal(encoder.transform(typed(turned, schema)), encoder.transform(typed(mixed, schema)))


def test_no_rows_are_a_table_too(mixed: pd.DataFrame) -> None:
    schema = infer_schema(mixed)
    encoder = TableEncoder.fit(
        typed(mixed, schema), schema.features, scaling="standard", max_categories=256
    )
    nothing = encoder.transform(typed(mixed.iloc[:0], schema))
    assert len(nothing) == 0
    assert (nothing.x_num.shape, nothing.x_cat.shape) == ((0, 4), (0, 2))
    assert raw_matrix(nothing).shape == (0, 4 + 6 + 4 + 5)


def test_an_absent_column_is_named() -> None:
    encoder = fit(pd.DataFrame({"a": [1.0, 2.0], "<b>": [1.0, 2.0]}))
    with pytest.raises(EncodingError, match="no column '<b>'"):
        encoder.transform(pd.DataFrame({"a": [1.0]}))


def test_two_columns_of_one_name_are_refused() -> None:
    twice = pd.DataFrame([[1.0, 2.0]], columns=["a", "a"])
    schema = Schema((column("a", "numeric"),))
    with pytest.raises(EncodingError, match="Two columns are called 'a'"):
        typed(twice, schema)


def test_rows_may_share_an_index_label(mixed: pd.DataFrame) -> None:
    schema = infer_schema(mixed)
    again = mixed.set_axis(np.zeros(N, dtype=int), axis=0)
    assert len(typed(again, schema)) == N


def test_standard_numbers_have_mean_0_and_variance_1_in_training() -> None:
    frame = numbers(np.random.default_rng(0).normal(1e6, 3.0, N))
    found = fit(frame).transform(frame).x_num[:, 0]
    assert found.mean() == pytest.approx(0.0, abs=1e-4)
    assert found.std() == pytest.approx(1.0, abs=1e-4)


def test_quantile_numbers_are_the_normal_quantiles_of_their_ranks() -> None:
    from scipy.stats import norm

    frame = numbers(np.exp(np.random.default_rng(0).normal(0.0, 3.0, N)))
    found = fit(frame, scaling="quantile").transform(frame).x_num[:, 0]
    ranks = frame["x"].rank().to_numpy() - 1
    inner = (ranks > 0) & (ranks < N - 1)
    np.testing.assert_allclose(found[inner], norm.ppf(ranks[inner] / (N - 1)), atol=1e-3)
    assert np.abs(found).max() < 4


def test_a_number_that_most_rows_share_is_in_the_middle_of_its_quantiles() -> None:
    frame = numbers([0.0] * 60 + [1.0] * 140)
    found = fit(frame, scaling="quantile").transform(frame).x_num[:, 0]
    assert found[0] == pytest.approx(-1.036, abs=0.02)  # the quantile of 0.15
    assert found[-1] == pytest.approx(0.385, abs=0.02)  # the quantile of 0.65


@SCALINGS
@given(
    cells=st.lists(
        st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20
    ),
    new=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20),
)
@example(cells=[0.0, 1e-300], new=[-1e308, 0.0, 1e308])
@example(cells=[-1.7e308, 1.7e308], new=[-1.7e308, 0.0, 1.7e308])
@example(cells=[0.0, 5e-324], new=[-5e-324, 0.0, 5e-324, 1e-323])
@pytest.mark.filterwarnings("error")
def test_any_numbers_are_encoded_as_finite_ones_in_their_order(
    scaling: str, cells: list[float | None], new: list[float]
) -> None:
    encoder = fit(numbers(cells), scaling=scaling)
    found = encoder.transform(numbers(sorted(new))).x_num[:, 0]
    assert np.isfinite(found).all()
    assert np.abs(found).max() <= LARGEST
    assert (np.diff(found) >= 0).all()


@SCALINGS
@pytest.mark.parametrize("cells", [[], [np.nan] * 3, [7.0], [3e300, 3e300]])
def test_numbers_that_do_not_vary_are_0(scaling: str, cells: list[float]) -> None:
    frame = numbers(cells)
    found = fit(frame, scaling=scaling).transform(frame)
    np.testing.assert_allclose(found.x_num, 0.0, atol=1e-6)


def test_a_difference_that_is_only_rounding_is_not_blown_up() -> None:
    frame = numbers([0.1 + 0.2, 0.3])
    np.testing.assert_allclose(fit(frame).transform(frame).x_num, 0.0, atol=1e-6)


def test_dates_beyond_the_reach_of_nanoseconds_keep_their_order() -> None:
    frame = pd.DataFrame({"d": np.array(["0001-01-01", "2020-01-01", "9999-12-31"], "M8[us]")})
    found = fit(frame).transform(frame).x_num[:, 0]
    assert (np.diff(found) > 0.4).all()


def test_an_unseen_category_and_one_of_a_single_row_share_the_code_0() -> None:
    encoder = fit(words("a", "a", "b", "b", "once", None))
    encoded = encoder.transform(words("a", "b", "once", "new", None))
    assert encoded.x_cat[:, 0].tolist() == [1, 2, 0, 0, 0]
    assert encoded.missing[:, 0].tolist() == [False, False, False, False, True]
    assert encoder.cardinalities == (3,)


def test_categories_that_never_repeat_are_kept_all_the_same() -> None:
    frame = words("a", "b", "c")
    assert fit(frame).transform(frame).x_cat[:, 0].tolist() == [1, 2, 3]


def test_the_most_frequent_categories_are_kept() -> None:
    encoder = fit(words(*"aaabbbbccdd"), most=2)
    assert encoder.features[0].categories == ("a", "b")


@given(st.permutations(list("aabbccdde")))
def test_the_codes_do_not_depend_on_the_order_of_rows(cells: list[str]) -> None:
    assert fit(words(*cells), most=3) == fit(words(*"aabbccdde"), most=3)


def test_a_new_file_may_store_its_categories_as_numbers() -> None:
    schema = Schema((column("zip", "categorical"),))
    as_text = pd.DataFrame({"zip": pd.Series(["10", "20", "20", "10"], dtype="str")})
    encoder = fit(typed(as_text, schema))
    for new in ([10, 20], [10.0, 20.0], ["10 ", "20"]):
        cells = typed(pd.DataFrame({"zip": new}), schema)
        assert encoder.transform(cells).x_cat[:, 0].tolist() == [1, 2]


def test_encoding_rows_teaches_the_encoder_nothing() -> None:
    encoder = fit(numbers([1.0, 2.0, 4.0]))
    before = encoder.to_json()
    encoder.transform(numbers([1e9, np.nan]))
    assert encoder.to_json() == before


def test_rows_are_taken_by_number(mixed: pd.DataFrame) -> None:
    frame = typed(mixed, infer_schema(mixed))[["length", "town"]]
    encoder = fit(frame)
    some = encoder.transform(frame).rows(np.array([5, 2]))
    assert equal(some, encoder.transform(frame.iloc[[5, 2]]))


def test_a_date_becomes_its_parts_and_an_old_schema_the_time_alone() -> None:
    frame = pd.DataFrame({"t": pd.to_datetime(["2021-03-01 06:30", None, "2022-12-25 18:00"])})
    schema = infer_schema(frame)
    encoder = TableEncoder.fit(frame, schema.columns, scaling="standard", max_categories=256)
    assert [feature.name for feature in encoder.features] == [f"t: {part}" for part in PARTS]
    means = {feature.part: feature.mean for feature in encoder.features}
    assert (means["year"], means["month"], means["weekday"]) == (2021.5, 7.5, 3.0)
    assert (means["hour"], encoder.columns) == (12.25, ("t",))
    old = TableEncoder.fit(frame, [column("t", "date")], scaling="standard", max_categories=256)
    assert [feature.name for feature in old.features] == ["t"]
    elapsed = encoder.transform(frame).x_num[:, 0]
    np.testing.assert_allclose(old.transform(frame).x_num[:, 0], elapsed, rtol=1e-5)


def test_a_part_of_a_date_does_not_take_the_name_of_a_column() -> None:
    frame = pd.DataFrame({"t": pd.date_range("2020", periods=9), "t: month": np.arange(9.0)})
    columns = [replace(column("t", "date"), parts=("month",)), column("t: month", "numeric")]
    encoder = TableEncoder.fit(frame, columns, scaling="standard", max_categories=256)
    assert [feature.name for feature in encoder.features] == ["t: month*", "t: month"]


def test_text_becomes_a_few_numbers_of_its_training_rows() -> None:
    random = np.random.default_rng(0)
    topics = np.array([["sweet jam", "jam jars", "jams"], ["old spoon", "spoons", "silver spoon"]])
    about = random.integers(0, 2, N)
    cells = [" ".join(random.choice(topics[k], 4)) for k in about]
    frame = words(*cells, None)
    schema = Schema((replace(column("c", "text"), used=True),))
    assert schema.n_tokens == DIRECTIONS
    encoder = TableEncoder.fit(frame, schema.columns, scaling="standard", max_categories=256)
    assert [feature.name for feature in encoder.features] == [f"c: {part}" for part in TEXT_PARTS]
    assert encoder == TableEncoder.from_json(json.loads(json.dumps(encoder.to_json())))
    new = encoder.transform(words("a jar of jam", "jammed", "one spoon", None, ""))
    assert new.missing.all(axis=1).tolist() == [False, False, False, True, False]
    # What was never seen as a whole is near what shares its letters.
    apart = np.linalg.norm(new.x_num[:, None] - new.x_num[None], axis=2)
    assert apart[0, 1] < apart[0, 2]
    means = encoder.transform(frame).x_num[:-1].mean(axis=0)
    np.testing.assert_allclose(means, 0, atol=1e-4)


@pytest.mark.parametrize("cells", [[], [None], ["one text"], ["", "a"]])
def test_text_of_hardly_any_rows_is_encoded_too(cells: list[str | None]) -> None:
    frame = words(*cells)
    columns = [column("c", "text")]
    encoder = TableEncoder.fit(frame, columns, scaling="quantile", max_categories=256)
    assert np.isfinite(encoder.transform(words("another text", None)).x_num).all()


def test_an_ordinal_is_a_number_in_its_order() -> None:
    size = replace(column("c", "ordinal"), order=("low", "medium", "high"))
    frame = words("high", "low", "medium", None)
    encoder = TableEncoder.fit(frame, [size], scaling="standard", max_categories=256)
    encoded = encoder.transform(words("low", "medium", "high", None))
    step = np.sqrt(1.5)
    np.testing.assert_allclose(encoded.x_num[:, 0], [-step, 0, step, 0], atol=1e-6)
    assert encoded.missing[:, 0].tolist() == [False, False, False, True]


def test_cells_are_typed_by_the_format_the_order_and_the_missing_values_of_the_schema() -> None:
    schema = Schema(
        (
            replace(column("a", "numeric"), format="$1,234.5", missing_values=("n/k",)),
            replace(column("b", "ordinal"), order=("low", "high")),
            replace(column("c", "numeric"), missing_values=("-200",)),
            replace(column("d", "date"), format="%d %b %Y"),
        )
    )
    rows = pd.DataFrame(
        {
            "a": ["$1,200.50 ", "-$3", "n/k"],
            "b": ["high", None, "low "],
            "c": [1, -200, 3],
            "d": ["2 Jan 2020", None, "31 Dec 1999"],
        }
    )
    found = typed(rows, schema)
    np.testing.assert_array_equal(found["a"], [1200.5, -3.0, np.nan])
    assert found["b"].tolist() == ["high", None, "low"]
    np.testing.assert_array_equal(found["c"], [1.0, np.nan, 3.0])
    assert found["d"].dt.strftime("%Y-%m-%d").tolist()[::2] == ["2020-01-02", "1999-12-31"]
    with pytest.raises(EncodingError, match=r"'a', row 1: '€3' is not a number written as \$1,234"):
        typed(rows.assign(a=["$1", "€3", "$2"]), schema)
    with pytest.raises(EncodingError, match="'b', row 2: 'huge' is not one of its ordered values"):
        typed(rows.assign(b=["low", "high", "huge"]), schema)
    with pytest.raises(EncodingError, match="'d', row 0: '2020-01-02' is not a date written as %d"):
        typed(rows.assign(d="2020-01-02"), schema)


features = st.builds(
    Feature,
    name=st.text(),
    kind=st.sampled_from(["numeric", "ordinal", "date", "categorical"]),
    mean=st.floats(allow_nan=False, allow_infinity=False),
    scale=st.floats(allow_nan=False, allow_infinity=False),
    quantiles=st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=3).map(tuple),
    categories=st.lists(st.text(), max_size=3).map(tuple),
    part=st.sampled_from(["", *PARTS]),
    column=st.text(),
    direction=st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=3).map(tuple),
)


@given(st.lists(features, max_size=4))
def test_a_table_encoder_survives_json(found: list[Feature]) -> None:
    encoder = TableEncoder(tuple(found))
    assert TableEncoder.from_json(json.loads(json.dumps(encoder.to_json()))) == encoder


@st.composite
def encoded_tables(draw: st.DrawFn) -> EncodedTable:
    n, n_num = draw(st.integers(0, 6)), draw(st.integers(0, 3))
    sizes = draw(st.lists(st.integers(1, 300), max_size=3))
    real = st.floats(width=32, allow_nan=False, allow_infinity=False)
    x_num = draw(arrays.arrays(np.float32, (n, n_num), elements=real))
    x_cat = np.zeros((n, len(sizes)), dtype=np.int64)
    for j, size in enumerate(sizes):
        x_cat[:, j] = draw(arrays.arrays(np.int64, n, elements=st.integers(0, size - 1)))
    missing = draw(arrays.arrays(np.bool_, (n, n_num + len(sizes))))
    x_num[missing[:, :n_num]] = 0.0
    x_cat[missing[:, n_num:]] = 0
    return EncodedTable(x_num, x_cat, missing, tuple(sizes))


@given(encoded_tables())
def test_a_table_survives_the_matrix_for_trees(encoded: EncodedTable) -> None:
    matrix, categorical = tree_matrix(encoded)
    assert np.array_equal(np.isnan(matrix), encoded.missing)
    assert categorical.sum() == len(encoded.cardinalities)
    assert equal(from_tree_matrix(matrix, encoded.cardinalities), encoded)


@given(encoded_tables())
def test_raw_vectors_are_numbers_flags_and_one_column_per_code(encoded: EncodedTable) -> None:
    n_num = encoded.x_num.shape[1]
    slow = [
        [
            *encoded.x_num[i],
            *encoded.missing[i].astype(float),
            *(
                float(code == encoded.x_cat[i, j] and not encoded.missing[i, n_num + j])
                for j, size in enumerate(encoded.cardinalities)
                for code in range(size)
            ),
        ]
        for i in range(len(encoded))
    ]
    found = raw_matrix(encoded)
    assert found.dtype == np.float32
    if slow:
        np.testing.assert_array_equal(found, np.array(slow, dtype=np.float32))
