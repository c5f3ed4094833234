from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.workbench.conftest import Finished
from tests.workbench.tables import N, kept, people, tiny, trained
from tjepa import Workbench, finish
from tjepa.errors import ConfigError, EncodingError, SchemaError, StoreError
from tjepa.pretraining import trained as artefact
from tjepa.table import infer_schema, override
from tjepa.workbench import loaded, streaming

WIDTH = tiny().sizes.token_width
BORN = [f"born: {part}" for part in ("elapsed days", "year", "month", "weekday")]
FEATURES = ["height", "weight", *BORN, "town"]


def embed(finished: Finished, source: Any = None, **how: Any) -> pd.DataFrame:
    return finish(finished.bench.embed(finished.run_id, source, **how))


def test_a_run_embeds_its_own_rows(finished: Finished) -> None:
    found = embed(finished)
    assert list(found.columns) == [f"{name}:{k}" for name in FEATURES for k in range(WIDTH)]
    assert found.shape[0] == N
    assert set(found.dtypes) == {np.dtype("float32")}
    assert np.isfinite(found).all(axis=None)


def test_the_mean_pool_is_the_mean_of_the_tokens(finished: Finished) -> None:
    found = embed(finished, pool="mean")
    assert list(found.columns) == [f"mean:{k}" for k in range(WIDTH)]
    tokens = embed(finished).to_numpy().reshape(N, len(FEATURES), WIDTH)
    np.testing.assert_allclose(found, tokens.mean(axis=1), rtol=1e-5, atol=1e-6)


def test_an_unknown_pool_is_refused(finished: Finished) -> None:
    with pytest.raises(ConfigError, match="pool is 'max'"):
        embed(finished, pool="max")


@pytest.mark.parametrize("pool", ["flat", "mean"])
def test_new_rows_may_have_other_columns_in_another_order(finished: Finished, pool: str) -> None:
    new = people()[["town", "born", "weight", "height"]].iloc[::-1].assign(extra="?")
    expected = embed(finished, pool=pool).iloc[::-1]
    np.testing.assert_allclose(embed(finished, new, pool=pool), expected, rtol=1e-4, atol=1e-5)


def test_unseen_categories_and_missing_cells_are_welcome(finished: Finished) -> None:
    new = people().iloc[:4].drop(columns=["size", "number"])
    new["town"] = ["Atlantis", "El Dorado", None, new["town"].iloc[3]]
    new["weight"] = [1e12, np.nan, np.nan, new["weight"].iloc[3]]
    new["born"] = [pd.Timestamp("9999-01-01"), pd.NaT, pd.NaT, new["born"].iloc[3]]
    found = embed(finished, new)
    assert np.isfinite(found).all(axis=None)
    np.testing.assert_allclose(found.iloc[3], embed(finished).iloc[3], rtol=1e-4, atol=1e-5)


def test_unseen_categories_are_all_alike(finished: Finished) -> None:
    new = people().iloc[[1, 1]].assign(town=["Atlantis", "El Dorado"])
    first, second = embed(finished, new).to_numpy()
    assert np.array_equal(first, second)


def test_rows_can_come_from_a_file(finished: Finished, tmp_path: Path) -> None:
    file = tmp_path / "new.csv"
    people().iloc[:10].to_csv(file, index=False)
    np.testing.assert_allclose(
        embed(finished, file), embed(finished).iloc[:10], rtol=1e-4, atol=1e-5
    )


def test_no_rows_give_no_vectors(finished: Finished) -> None:
    assert embed(finished, people().iloc[:0]).shape == (0, len(FEATURES) * WIDTH)


def test_a_column_that_is_no_feature_may_hold_anything(bench: Workbench) -> None:
    frame = people()
    off = override(infer_schema(frame), frame, target="size", used={"weight": False})
    run_id = trained(bench, frame, off)
    found = finish(bench.embed(run_id, frame.assign(weight="?", size=object(), number=1.5)))
    np.testing.assert_array_equal(found, finish(bench.embed(run_id)))


def test_an_absent_feature_is_named(finished: Finished) -> None:
    with pytest.raises(EncodingError, match="no column 'weight', which the encoder was trained"):
        embed(finished, people().drop(columns="weight"))


def test_a_cell_that_does_not_fit_is_named(finished: Finished) -> None:
    new = people().astype({"height": "str"})
    new.loc[2, "height"] = "tall"
    with pytest.raises(EncodingError, match="Column 'height', row 2: 'tall' is not a number"):
        embed(finished, new)


def test_a_feature_twice_is_refused(finished: Finished) -> None:
    new = pd.concat([people(), people()[["town"]]], axis=1)
    with pytest.raises(EncodingError, match="Two columns are called 'town'"):
        embed(finished, new)


def test_a_run_that_is_not_finished_embeds_nothing(bench: Workbench) -> None:
    frame = people()
    run_id = bench.create_run(kept(bench, frame), infer_schema(frame), tiny())
    with pytest.raises(StoreError, match="is queued: its encoder is not finished"):
        finish(bench.embed(run_id))


def test_rows_come_as_they_were_read_with_their_numbers(finished: Finished) -> None:
    numbers = np.array([7, 2, 100])
    found = finished.bench.rows(finished.run_id, numbers)
    assert found["row"].tolist() == [7, 2, 100]
    expected = people().iloc[numbers].reset_index(drop=True)
    pd.testing.assert_frame_equal(found.drop(columns="row"), expected)


def test_a_table_may_have_columns_called_row(bench: Workbench) -> None:
    values = np.arange(30.0) % 7
    frame = pd.DataFrame({"row": values, "row number": values, "row number number": values})
    run_id = bench.create_run(kept(bench, frame), infer_schema(frame), tiny())
    found = bench.rows(run_id, np.array([4, 9]))
    assert found.shape == (2, 4)
    assert found.iloc[:, 0].tolist() == [4, 9]
    assert found["row"].tolist() == [4.0, 2.0]


@pytest.mark.parametrize("column", people().columns)
def test_any_column_can_colour_the_rows(finished: Finished, column: str) -> None:
    found = finished.bench.colour_values(finished.run_id, column)
    cells = people()[column]
    assert len(found) == N
    assert np.array_equal(found.isna(), cells.isna())
    known = cells.notna()
    assert (found[known] == cells[known]).all()


def test_an_absent_column_colours_nothing(finished: Finished) -> None:
    with pytest.raises(SchemaError, match="no column 'age'"):
        finished.bench.colour_values(finished.run_id, "age")


@pytest.mark.parametrize("pool", ["flat", "mean"])
def test_a_file_of_vectors_holds_what_embed_returns(
    finished: Finished, tmp_path: Path, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Several row groups, of several parts each.
    width = WIDTH * (len(FEATURES) if pool == "flat" else 1)
    monkeypatch.setattr(streaming, "GROUP_VALUES", 40 * width)
    monkeypatch.setattr(artefact, "PART_ROWS", 25)
    out = tmp_path / "vectors.parquet"
    shape = finish(finished.bench.embed_file(finished.run_id, out, pool=pool))
    expected = embed(finished, pool=pool)
    assert shape == expected.shape
    pd.testing.assert_frame_equal(pd.read_parquet(out), expected)
    assert pq.ParquetFile(out).num_row_groups == 3
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    ("limits", "expected"), [((0, 0), "flat"), ((-1, 0), "projected"), ((0, -1), "projected")]
)
def test_rows_are_compared_by_all_their_tokens_unless_those_are_many(
    limits: tuple[int, int], expected: str, finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, flat = finished.bench.store, len(FEATURES) * WIDTH
    monkeypatch.setattr(loaded, "FLAT_LIMIT", flat + limits[0])
    monkeypatch.setattr(loaded, "FLAT_VALUES", N * flat + limits[1])
    table = store.table(store.run(finished.run_id).table_id)
    run = loaded.load(store, table, finished.run_id)
    assert run.pool == expected
    monkeypatch.setattr(artefact, "PROJECTED", 7)
    note = f"7 numbers, a random projection of its tokens: side by side they are {flat:,}, too many"
    assert [note in said for said in run.pooling_notes] == [True] * (expected == "projected")
    vectors = finish(loaded.vectors(run, "untrained", np.arange(5)))
    assert vectors.shape == (5, flat if expected == "flat" else 7)


def test_no_rows_make_an_empty_file(finished: Finished, tmp_path: Path) -> None:
    out = tmp_path / "vectors.parquet"
    work = finished.bench.embed_file(finished.run_id, out, people().iloc[:0])
    assert finish(work) == (0, len(FEATURES) * WIDTH) == pd.read_parquet(out).shape


def test_a_file_is_not_there_before_it_is_whole(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artefact, "PART_ROWS", 25)
    out = tmp_path / "vectors.parquet"
    out.write_text("old")
    work = finished.bench.embed_file(finished.run_id, out)
    while next(work).share < 0.4:
        pass
    work.close()
    assert out.read_text() == "old"
    assert list(tmp_path.iterdir()) == [out]


def test_a_file_in_no_folder_gets_a_sentence(finished: Finished, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="could not be written"):
        finish(finished.bench.embed_file(finished.run_id, tmp_path / "absent" / "x.parquet"))
