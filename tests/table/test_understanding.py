"""What holds for any cells: a kind, finite features, a schema file that says the same."""

import datetime
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tjepa.table import (
    Scaling,
    Schema,
    TableEncoder,
    infer_schema,
    override,
    read_schema,
    schema_text,
    suggestions,
    typed,
)
from tjepa.table.kinds import FEATURE_KINDS, KINDS

MOST = 40
_dates = st.dates(datetime.date(1700, 1, 1), datetime.date(2200, 1, 1))
_written = st.one_of(
    _dates.map(lambda day: f"{day:%d.%m.%Y}"),
    _dates.map(lambda day: f"{day:%m/%d/%y}"),
    _dates.map(lambda day: f"{day.day} {day:%b %Y}"),
    st.times().map(lambda time: f"{time:%H:%M}"),
    st.integers(20_000, 60_000).map(str),
    st.floats(0, 1e9).map(lambda number: f"${number:,.2f}"),
    st.sampled_from(["", " ", "?", "n/a", "unknown", "low", "medium", "high", "10+", "1-5", "007"]),
    st.text(max_size=12),
)
_CELLS: list[st.SearchStrategy[Any]] = [
    st.integers(-3, 9),
    st.integers(0, 2400),
    st.integers(-(2**62), 2**62),
    st.floats(allow_nan=True, allow_infinity=True),
    st.booleans(),
    st.datetimes(datetime.datetime(1, 1, 1), datetime.datetime(9999, 1, 1)),
    _dates,
    st.times(),
    _written,
    st.sampled_from(["low", "medium", "high", "very high"]),
    st.one_of(st.integers(), st.text(max_size=4), st.booleans(), st.floats()),
]
_NAMES = st.sampled_from(
    ["x", "type", "Month", "year", "num_cats", "zip code", "id", "time", "date"]
)


@st.composite
def columns(draw: st.DrawFn) -> pd.DataFrame:
    """One to three columns of up to 40 cells, some of them missing; cells may repeat."""
    n = draw(st.integers(0, MOST))
    names = draw(st.lists(_NAMES, min_size=1, max_size=3, unique=True))
    table = {}
    for name in names:
        cell = draw(st.sampled_from(_CELLS))
        some = draw(st.lists(st.one_of(cell, st.none()), min_size=1, max_size=6))
        often = st.sampled_from(some)
        cells = draw(st.lists(draw(st.sampled_from([cell, often])), min_size=n, max_size=n))
        table[name] = pd.Series(cells, dtype=object)
        if draw(st.booleans()):
            table[name] = table[name].infer_objects()
    return pd.DataFrame(table)


_any = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])


@_any
@given(columns())
def test_any_column_has_a_kind_and_its_features_are_finite(frame: pd.DataFrame) -> None:
    schema = infer_schema(frame)
    rows = typed(frame, schema)
    for column in schema.columns:
        assert column.kind in KINDS
        assert column.note
        assert 0 <= column.missing <= len(frame)
        assert column.distinct <= len(frame) - column.missing
    features = [column for column in schema.columns if column.kind in FEATURE_KINDS]
    scalings: tuple[Scaling, ...] = ("standard", "quantile")
    for scaling in scalings:
        encoder = TableEncoder.fit(rows.iloc[::2], features, scaling=scaling, max_categories=4)
        encoded = encoder.transform(rows)
        assert np.isfinite(encoded.x_num).all()
        for codes, cardinality in zip(encoded.x_cat.T, encoded.cardinalities, strict=True):
            assert 0 <= codes.min(initial=0) <= codes.max(initial=0) < cardinality


@_any
@given(columns())
def test_any_schema_is_the_same_after_its_file(frame: pd.DataFrame) -> None:
    schema = infer_schema(frame)
    assert read_schema(schema_text(schema), frame) == schema
    assert Schema.from_json(schema.to_json()) == schema


@_any
@given(columns())
def test_any_suggestion_can_be_taken_saved_and_undone(frame: pd.DataFrame) -> None:
    schema = infer_schema(frame)
    for suggestion in suggestions(frame, schema):
        taken = override(schema, frame, **suggestion.taking(schema))
        assert suggestion.is_taken(taken)
        assert read_schema(schema_text(taken), frame) == taken
        assert override(taken, frame, **suggestion.undoing(taken, schema)) == schema
