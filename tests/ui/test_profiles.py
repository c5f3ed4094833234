"""Looking at the table on the Data page: a picture per column, and the closer look below."""

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import Open, flowers, words
from tjepa.progress import Progress, Work
from tjepa.table import Schema, override
from tjepa.table.profiles import Relations
from tjepa.ui import process
from tjepa.ui.address import Address


def opened(frame: pd.DataFrame, name: str = "t.csv") -> Address:
    return Address(process.bench().open_table(frame.to_csv(index=False).encode(), name=name))


def view(app: AppTest, place: Address, name: str) -> AppTest:
    groups = {group.key: group for group in app.get("button_group")}
    groups[f"view {place.table}"].set_value(name)
    return app.run()


def test_every_column_has_its_picture_in_its_own_row(open_page: Open, table: Address) -> None:
    app = open_page("data", **table.params())
    assert not app.exception
    editor = next(frame.value for frame in app.dataframe if "distribution" in frame.value)
    assert list(editor["column"]) == list(flowers().columns)
    assert editor["distribution"].str.startswith("data:image/svg+xml;base64,").all()


def test_one_column_is_looked_at_closely(open_page: Open, table: Address) -> None:
    app = open_page("data", **table.params())
    assert "119 distinct values" in words(app)
    app.selectbox(key=f"look at {table.table} None").select("colour").run()
    assert not app.exception
    assert "Commonest: " in words(app).replace("\\", "")
    assert "=red (" in words(app).replace("\\", "")
    app.selectbox(key=f"look at {table.table} None").select("sample").run()
    assert "An identifier has no distribution" in words(app)


def test_a_table_without_missing_cells_says_so(open_page: Open, table: Address) -> None:
    app = view(open_page("data", **table.params()), table, "Missing cells")
    assert not app.exception
    assert "No cell is missing" in words(app)


def test_missing_cells_are_shown_with_what_they_go_with(open_page: Open) -> None:
    frame = flowers()
    frame.loc[frame["kind"] == "tall", "colour"] = None
    place = opened(frame)
    app = view(open_page("data", **place.params()), place, "Missing cells")
    assert not app.exception
    assert "1 column of 5 has missing cells" in words(app)
    follows = next(frame.value for frame in app.dataframe if "goes with" in frame.value)
    assert "values of kind" in set(follows["goes with"])


def test_associations_are_listed_strongest_first(open_page: Open, table: Address) -> None:
    app = view(open_page("data", **table.params()), table, "Associations")
    assert not app.exception
    assert "stand out from chance" in words(app)
    pairs = next(frame.value for frame in app.dataframe if "association" in frame.value)
    assert pairs["association"].is_monotonic_decreasing
    assert {"<b>length</b>", "*width*"} <= set(pairs["column"]) | set(pairs["and"])


def test_a_constant_and_an_empty_column_are_no_trouble(open_page: Open) -> None:
    frame = pd.DataFrame({"one": ["x"] * 30, "none": [None] * 30, "a": np.arange(30.0) % 7 + 0.5})
    place = opened(frame)
    app = open_page("data", **place.params())
    for name in frame:
        app.selectbox(key=f"look at {place.table} None").select(name).run()
        assert not app.exception
    for name in ("Missing cells", "Associations"):
        view(app, place, name)
        assert not app.exception
    assert "Fewer than two columns can be related" in words(app)


def test_a_look_that_fails_says_so_and_can_be_tried_again(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(table_id: str, schema: Schema) -> Work[Relations]:
        yield Progress("reading the table", 0.0)
        raise ValueError("no")

    place = opened(flowers(77))
    with monkeypatch.context() as patch:
        patch.setattr(process.bench(), "compute_relations", failing)
        app = view(open_page("data", **place.params()), place, "Associations")
        assert not app.exception
        assert any("unexpected" in error.value for error in app.error)
    next(button for button in app.button if button.label == "Try again").click().run()
    assert not app.exception
    assert "stand out from chance" in words(app)


def test_with_a_target_every_view_shows_it(open_page: Open) -> None:
    frame = flowers(90)
    frame.loc[::7, "colour"] = None
    place = opened(frame)
    bench = process.bench()
    assert place.table is not None
    schema = override(bench.schema(place.table), frame, target="kind")
    place = Address(place.table, bench.save_schema(place.table, schema))
    app = open_page("data", **place.params())
    assert "The share of kind = " in words(app).replace("\\", "")
    for name in ("Missing cells", "Associations"):
        view(app, place, name)
        assert not app.exception
        assert not app.error
    assert len(app.get("plotly_chart")) == 2  # with the target, and of each pair
