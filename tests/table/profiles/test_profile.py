"""Whole profiles: what goes with what, what is missing, and what is said about both."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tjepa.progress import Progress
from tjepa.table import Schema, TableProfile, infer_schema, override, profile
from tjepa.table.profiles import ByClass, ByMean, by_target, column_profile, draw, profiling


def people(n: int = 600) -> pd.DataFrame:
    """`size` and `mass` go together, `mark` turns on both ends of `size`, `dice` on nothing."""
    random = np.random.default_rng(0)
    size = random.normal(170, 10, n)
    frame = pd.DataFrame(
        {
            "id": [f"p-{i:05d}" for i in range(n)],
            "size": size.round(2),
            "mass": (-size + random.normal(0, 3, n)).round(2),
            "mark": np.where(np.abs(size - 170) > 10, "far", "near"),
            "dice": random.integers(1, 7, n),
            "town": random.choice(["Aix", "Bonn", "Ålesund"], n),
            "same": "x",
        }
    )
    gone = random.random(n) < 0.3
    frame["wage"] = np.where(gone, np.nan, random.normal(size=n).round(3))
    frame["bonus"] = np.where(gone, np.nan, random.normal(size=n).round(3))
    frame["note"] = np.where(frame["mark"] == "far", None, random.choice(["a", "b"], n))
    return frame


@pytest.fixture(scope="module")
def looked() -> TableProfile:
    frame = people()
    return profile(frame, override(infer_schema(frame), frame, target="mark"))


def named(pairs: object) -> set[frozenset[str]]:
    return {frozenset((pair.left, pair.right)) for pair in pairs}  # type: ignore[attr-defined]


def test_what_goes_together_stands_out_and_noise_does_not(looked: TableProfile) -> None:
    found = looked.associations
    assert named(found.pairs) == {
        frozenset(("size", "mass")),
        frozenset(("size", "mark")),
        frozenset(("mass", "mark")),
    }
    assert {name for name, _ in found.left_out} == {"id", "same"}
    first = next(pair for pair in found.pairs if {pair.left, pair.right} == {"size", "mass"})
    assert first.direction == pytest.approx(-0.95, abs=0.03)


def test_a_relation_without_a_direction_is_seen(looked: TableProfile) -> None:
    ranked = [pair.right for pair in looked.associations.to_target]
    assert ranked[:2] == ["size", "mass"]
    assert [pair.sure for pair in looked.associations.to_target[:3]] == [True, True, False]


def test_the_matrix_is_that_of_the_pairs(looked: TableProfile) -> None:
    found = looked.associations
    assert (found.v == found.v.T).all()
    assert (np.diag(found.v) == 1).all()
    above = np.triu(found.v, 1)
    assert sorted(above[above > 0]) == pytest.approx(sorted(p.strength for p in found.pairs))


def test_columns_of_noise_are_not_called_associated() -> None:
    calls = 0
    for seed in range(20):
        random = np.random.default_rng(seed)
        frame = pd.DataFrame({f"n{i}": random.normal(size=25) for i in range(6)})
        for i in range(4):
            frame[f"c{i}"] = random.choice(list("aaaaabc"), 25)
        calls += len(profile(frame).associations.pairs)
    assert calls <= 3  # 5 % of 20 tables are one


def test_a_number_that_is_mostly_one_value_can_be_related() -> None:
    random = np.random.default_rng(0)
    days = np.where(random.random(500) < 0.95, 999, random.integers(0, 30, 500))
    frame = pd.DataFrame({"days": days, "seen": np.where(days == 999, "no", "yes")})
    (pair,) = profile(frame).associations.pairs
    assert pair.strength > 0.9


def test_what_is_missing_together_is_found(looked: TableProfile) -> None:
    missing = looked.missing
    frame = people()
    assert missing.names == ("wage", "bonus", "note")
    assert missing.totals == tuple(int(frame[name].isna().sum()) for name in missing.names)
    assert missing.same == (("wage", "bonus"),)
    assert missing.complete == int(frame.notna().all(axis=1).sum())
    counted = frame.isna()[list(missing.names)].value_counts()
    patterns = {pattern.columns: pattern.rows for pattern in missing.patterns}
    assert patterns[("wage", "bonus")] == counted[(True, True, False)]
    assert patterns[("wage", "bonus", "note")] == counted[(True, True, True)]
    assert sum(patterns.values()) + missing.complete == len(frame)


def test_what_missing_cells_go_with_is_found(looked: TableProfile) -> None:
    follows = {(pair.left, pair.right): pair.strength for pair in looked.missing.follows}
    assert follows[("note", "mark")] == pytest.approx(1, abs=0.01)
    assert ("note", "size") in follows
    assert not any("dice" in pair or "town" in pair for pair in follows)
    assert looked.missing.together == ()  # the two that miss in the same rows are said already


def test_the_map_has_every_missing_cell_at_its_place() -> None:
    frame = pd.DataFrame({"a": np.arange(1_000.0) % 13, "b": np.arange(1_000) % 3})
    frame.loc[250:499, "a"] = np.nan
    missing = profile(frame).missing
    assert missing.names == ("a",)
    edges = np.array(missing.edges)
    inside = (edges[:-1] >= 250) & (edges[1:] <= 500)
    assert (missing.share[0, inside] == 1).all()
    assert missing.share[0].sum() * 10 == pytest.approx(250)


def test_nothing_missing_is_said_by_empty_results() -> None:
    missing = profile(pd.DataFrame({"a": range(40), "b": list("xy") * 20})).missing
    assert (missing.columns, missing.names, missing.patterns) == (0, (), ())
    assert missing.complete == 40


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_a_tiny_table_has_a_profile(n: int) -> None:
    frame = people(40).head(n)
    found = profile(frame)
    assert found.rows == n
    assert found.associations.pairs == ()
    assert len(found.to_frame()) == frame.shape[1]


def test_of_many_columns_those_are_related_that_go_with_something() -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(1_500, 90)), columns=[f"n{i}" for i in range(90)])
    frame["n70"] = frame["n5"] + random.normal(0, 0.1, 1_500)
    without = profile(frame).associations
    assert len(without.names) == 60
    assert "n70" in without.names
    assert "quick look" in without.chosen
    assert named(without.pairs) == {frozenset(("n5", "n70"))}
    frame["y"] = (frame["n80"] > 0).map({True: "yes", False: "no"})
    schema = override(infer_schema(frame), frame, target="y")
    found = profile(frame, schema).associations
    assert len(found.to_target) == 90
    assert {"y", "n80"} <= set(found.names)
    assert found.to_target[0].right == "n80"


def test_work_reports_where_it_is_and_never_goes_back() -> None:
    frame = people(200)
    shares = [
        moment.share for moment in profiling(frame, infer_schema(frame)) if _is_moment(moment)
    ]
    assert shares[0] == 0
    assert shares == sorted(shares)
    assert 0.9 < shares[-1] <= 1


def _is_moment(moment: object) -> bool:
    return isinstance(moment, Progress)


def test_the_frame_and_the_text_have_every_column(looked: TableProfile) -> None:
    frame = looked.to_frame()
    assert list(frame.index) == list(people().columns)
    assert frame.loc["wage", "missing"] == people()["wage"].isna().sum()
    assert frame.loc["size", "50%"] == pytest.approx(people()["size"].median())
    assert "Looked at all 600 rows." in repr(looked)
    assert "size and mass" in repr(looked) or "mass and size" in repr(looked)


def test_a_profile_is_json(looked: TableProfile) -> None:
    saved = json.loads(json.dumps(looked.to_json(), allow_nan=False))
    assert [column["name"] for column in saved["columns"]] == list(people().columns)
    assert saved["missing"]["names"] == ["wage", "bonus", "note"]
    huge = pd.DataFrame({"a": [1e308, -1e308, 1.5e308] * 9, "b": list("xyz") * 9})
    json.dumps(profile(huge).to_json(), allow_nan=False)


def test_classes_are_counted_in_each_bin() -> None:
    frame = people()
    schema = override(infer_schema(frame), frame, target="mark")
    found = _beside(frame, schema, "size")
    assert isinstance(found, ByClass)
    assert found.classes == ("near", "far")
    assert found.counts.sum() == len(frame)
    assert found.counts[1].sum() == (frame["mark"] == "far").sum()
    assert found.chance < 1e-6
    assert _beside(frame, schema, "town").chance > 0.01  # type: ignore[union-attr]
    assert _beside(frame, schema, "mark") is None


def test_the_mean_of_a_number_is_that_of_its_group() -> None:
    frame = people()
    schema = override(infer_schema(frame), frame, target="wage", task="regression")
    found = _beside(frame, schema, "town")
    assert isinstance(found, ByMean)
    towns = frame["town"].value_counts()
    order = sorted(towns.index, key=lambda town: (-towns[town], town))
    groups = frame.groupby("town")["wage"]
    assert found.means == pytest.approx(groups.mean()[order].to_numpy())
    assert found.half == pytest.approx(1.959964 * groups.sem()[order].to_numpy())
    assert found.overall == pytest.approx(frame["wage"].mean())
    assert 0.01 < found.chance <= 1


def test_rare_classes_are_one() -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": random.normal(size=400), "y": random.choice(list("abcdefgh"), 400)})
    found = _beside(frame, override(infer_schema(frame), frame, target="y"), "a")
    assert isinstance(found, ByClass)
    assert (len(found.classes), found.others) == (6, 3)
    assert found.counts.sum() == 400


def test_real_tables_have_profiles(shared_data: Path) -> None:
    for name in ("ames", "horse_colic", "superstore_us_2015", "bank_marketing"):
        frame = pd.read_parquet(shared_data / f"{name}.parquet")
        found = profile(frame)
        assert len(found.columns) == frame.shape[1]
        for column in found.columns:
            if column.shape is not None:
                counted = sum(column.shape.counts)
                counted += getattr(column.shape, "other", 0)
                counted += getattr(column.shape, "below", 0) + getattr(column.shape, "above", 0)
                assert counted == column.cells
        assert found.associations.pairs


def _beside(frame: pd.DataFrame, schema: Schema, name: str) -> ByClass | ByMean | None:
    look = draw(frame, schema)
    column = schema.column(name)
    shape = column_profile(look, column).shape
    assert shape is not None
    return by_target(look, column, shape)
