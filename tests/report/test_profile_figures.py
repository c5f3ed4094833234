import base64

import numpy as np
import pandas as pd
import pytest

from tjepa.report import profile_figures as figures
from tjepa.report.column_figures import column_figure
from tjepa.report.profile_pictures import WIDTH, picture
from tjepa.report.template import LOOKS
from tjepa.table import Schema, infer_schema, override, profile
from tjepa.table.profiles import ByClass, ByMean, ColumnProfile, by_target, column_profile, draw

LOOK = {"stamp": "t.csv · 300 rows", "theme": "light"}


def odd(n: int = 300) -> pd.DataFrame:
    random = np.random.default_rng(0)
    size = random.normal(size=n)
    return pd.DataFrame(
        {
            "<b>size</b>": size.round(3),
            "[kind](http://a.b)": np.where(size > 0, "<i>tall</i>", "**short**"),
            "when": pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 900, n), "D"),
            "gaps": np.where(random.random(n) < 0.25, np.nan, size + random.normal(0, 0.3, n)),
            "name": [f"n-{i:05d}" for i in range(n)],
        }
    )


def schema_of(frame: pd.DataFrame, target: str | None = None) -> Schema:
    schema = infer_schema(frame)
    return schema if target is None else override(schema, frame, target=target)


def column(
    frame: pd.DataFrame, name: str, target: str | None = None
) -> tuple[ColumnProfile, ByClass | ByMean | None]:
    schema = schema_of(frame, target)
    look = draw(frame, schema)
    found = column_profile(look, schema.column(name))
    beside = None if found.shape is None else by_target(look, schema.column(name), found.shape)
    return found, beside


def texts(figure: object) -> str:
    return figure.to_json()  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["<b>size</b>", "when", "gaps", "[kind](http://a.b)"])
@pytest.mark.parametrize("target", [None, "[kind](http://a.b)", "gaps"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_row_with_a_value_is_in_the_figure(name: str, target: str, theme: str) -> None:
    if target == name:
        return
    found, beside = column(odd(), name, target)
    figure = column_figure(found, beside, stamp="t.csv", theme=theme)
    across = figure.data[0].orientation == "h"
    of_rows = [t for t in figure.data if t.type == "bar" and t.xaxis in (None, "x")]
    of_rows = [t for t in of_rows if t.yaxis in (None, "y")]
    drawn = sum(np.nansum(t.x if across else t.y) for t in of_rows)
    assert found.shape is not None
    assert drawn == sum(
        found.shape.counts
        if beside is None or isinstance(beside, ByMean)
        else beside.counts.sum(axis=0)
    )
    assert "<b>size</b>" not in texts(figure).replace("&lt;b&gt;", "")


def test_the_shares_of_the_classes_are_one_in_each_bin() -> None:
    found, beside = column(odd(), "<b>size</b>", "[kind](http://a.b)")
    figure = column_figure(found, beside, **LOOK)
    shares = np.array([t.y for t in figure.data if t.yaxis == "y2"], dtype=float)
    assert shares.shape[0] == 2
    whole = np.nansum(shares, axis=0)
    assert set(np.round(whole, 9)) <= {0.0, 1.0}


def test_a_column_without_a_shape_has_no_figure() -> None:
    found, _ = column(odd(), "name")
    with pytest.raises(ValueError, match="name has no shape"):
        column_figure(found, None, **LOOK)


def test_the_missing_map_has_the_first_column_on_top_and_its_exact_share() -> None:
    frame = odd().assign(second=lambda f: f["gaps"].where(f["gaps"] > -1))
    figure = figures.missing_map(profile(frame).missing, **LOOK)
    labels = figure.layout.yaxis.ticktext
    assert labels[-1].startswith("gaps")
    assert labels[0].startswith("second")
    share = frame["gaps"].isna().mean()
    assert f"{share:.0%}".replace("%", " %") in labels[-1]
    assert figure.data[0].z.shape[0] == 2


def test_the_matrix_names_columns_literally_and_leaves_out_those_without_an_association() -> None:
    found = profile(odd()).associations
    figure = figures.association_matrix(found, **LOOK)
    assert set(figure.layout.xaxis.ticktext) == {
        "&lt;b&gt;size&lt;/b&gt;", "[kind](http://a.b)", "gaps",
    }  # fmt: skip
    assert figure.layout.yaxis.ticktext == figure.layout.xaxis.ticktext[::-1]


def test_what_is_not_told_apart_from_chance_is_grey() -> None:
    frame = odd()
    found = profile(frame, schema_of(frame, "[kind](http://a.b)")).associations
    figure = figures.target_bars(found, **LOOK)
    colours = dict(zip(figure.layout.yaxis.ticktext, figure.data[0].marker.color, strict=True))
    look = LOOKS["light"]
    assert colours["when"] == look.faint
    assert colours["&lt;b&gt;size&lt;/b&gt;"] == look.categories[0]
    assert figure.layout.yaxis.ticktext[-1] == "&lt;b&gt;size&lt;/b&gt;"


def test_a_picture_is_an_image_without_a_name_or_cell_of_the_table() -> None:
    for name in odd():
        found, _ = column(odd(), str(name))
        head, _, data = picture(found, "dark").partition(",")
        svg = base64.b64decode(data).decode()
        assert head == "data:image/svg+xml;base64"
        assert svg.startswith("<svg ")
        assert "tall" not in svg
        assert "size" not in svg
        assert ("<path" in svg) == (name != "name")


def test_the_strip_of_a_picture_is_as_long_as_the_share_of_missing_cells() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0, None, None]})
    found, _ = column(frame, "a")
    svg = base64.b64decode(picture(found, "light").partition(",")[2]).decode()
    assert f"h{WIDTH / 2:.1f}v3" in svg
