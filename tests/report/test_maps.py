import numpy as np
import pandas as pd
import pytest

from tjepa.analysis.projection import Projection
from tjepa.report.colouring import colouring
from tjepa.report.maps import projection_map


def the_map(n: int = 300, **changes: object) -> Projection:
    random = np.random.default_rng(0)
    parts = {
        "method": "umap",
        "source": "tjepa",
        "coordinates": random.normal(size=(n, 2)).astype("float32"),
        "rows": np.arange(n) * 2,
        "n_total": 2 * n,
        "seed": 0,
        "explained": None,
    }
    return Projection(**parts | changes)  # type: ignore[arg-type]


def drawn(values: pd.Series, n: int = 300, **options: object):
    parts = {"column": "<b>c</b>", "stamp": "t.csv · run 1", "theme": "light"}
    return projection_map(the_map(n), colouring(values), **parts | options)  # type: ignore[arg-type]


def test_every_row_is_drawn_once_whatever_its_category() -> None:
    values = pd.Series([f"c{k % 14}" for k in range(290)] + [None] * 10, dtype="str")
    figure = drawn(values)
    points = figure.data[0]
    assert len(points.x) == 300
    names = [trace.name for trace in figure.data[1:]]
    assert names[-1].startswith("(missing)")
    assert names[-2].startswith("(other 4)")
    assert len(names) == 12


def test_points_keep_their_own_colour_and_name_when_they_are_shuffled() -> None:
    values = pd.Series(np.arange(300, dtype=float))
    points = drawn(values).data[0]
    place = {float(x): row for row, (x, _) in enumerate(the_map().coordinates)}
    rows = [place[float(np.float32(x))] for x in points.x]
    assert rows != sorted(rows)
    assert list(points.marker.color) == [float(row) for row in rows]
    assert list(points.text) == [f"row {2 * row:,}" for row in rows]


def test_missing_numbers_are_grey_below_the_ramp_and_counted() -> None:
    values = pd.Series([np.nan] * 20 + list(np.arange(280.0)))
    figure = drawn(values)
    assert len(figure.data[0].x) == 20
    assert figure.data[1].name == "(missing)  20"
    ticks = figure.data[2].marker.colorbar.ticktext
    assert (ticks[0], ticks[-1]) == ("0", "279")


def test_a_constant_column_is_drawn() -> None:
    assert len(drawn(pd.Series([1.5] * 300)).data[0].x) == 300


def test_selected_points_are_the_same_rows_after_shuffling() -> None:
    selected = np.zeros(300, bool)
    selected[[3, 250]] = True
    points = drawn(pd.Series(np.arange(300.0)), selected=selected).data[0]
    assert sorted(points.marker.color[list(points.selectedpoints)]) == [3.0, 250.0]
    assert points.unselected.marker.opacity > 0


def test_a_large_map_sends_neither_names_nor_custom_data() -> None:
    points = drawn(pd.Series(np.arange(6_000.0)), n=6_000).data[0]
    assert points.text is None
    assert points.customdata is None


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_map_carries_its_stamp_and_no_mark_up(theme: str) -> None:
    figure = drawn(pd.Series(["<i>x</i>"] * 300, dtype="str"), theme=theme)
    assert "run" in figure.layout.annotations[0].text
    assert figure.data[1].name.startswith("&lt;i&gt;x")


def test_the_legend_has_room_above_the_plot() -> None:
    few = drawn(pd.Series(["a", "b"] * 150, dtype="str"))
    many = drawn(pd.Series([f"a rather long name, {k % 10}" for k in range(300)], dtype="str"))
    assert many.layout.margin.t > few.layout.margin.t
    grown = many.layout.height - few.layout.height
    assert grown == many.layout.margin.t - few.layout.margin.t
