import math
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.workbench.tables import kept, people, tiny
from tjepa import Workbench
from tjepa.errors import ReadingError, SchemaError, StoreError
from tjepa.model import Rows
from tjepa.pretraining import PretrainingConfig
from tjepa.progress import finish
from tjepa.table import infer_schema, override
from tjepa.workbench import training


def test_a_file_is_kept_under_the_id_of_its_content(bench: Workbench) -> None:
    data = people().to_csv(index=False).encode()
    table_id = bench.open_table(data, name="people.csv")
    assert bench.open_table(data, name="people.csv") == table_id
    assert bench.table(table_id).frame.shape == people().shape


def test_the_same_content_under_a_new_name_is_called_by_it(bench: Workbench) -> None:
    data = people().to_csv(index=False).encode()
    table_id = bench.open_table(data, name="old.csv")
    assert bench.table(table_id).name == "old.csv"
    assert bench.open_table(data, name="new.csv") == table_id
    assert bench.table(table_id).name == "new.csv"


def test_a_file_that_cannot_be_read_is_not_kept(bench: Workbench) -> None:
    with pytest.raises(ReadingError, match=r"empty\.csv is empty"):
        bench.open_table(b"", name="empty.csv")
    assert bench.store.tables() == []


def test_a_file_read_in_another_process_is_the_same_table(bench: Workbench) -> None:
    data, forms = people().to_csv(index=False).encode(), list[str]()
    opened = finish(bench.opening_table(data, name="people.csv", known=forms.append))
    assert opened == bench.open_table(data, name="people.csv")
    assert forms == ["text"]
    with pytest.raises(ReadingError, match=r"PNG image"):
        finish(bench.opening_table(b"\x89PNG\r\n", name="people.csv"))


def test_a_query_as_work_is_the_same_table_and_closing_it_ends_it(
    bench: Workbench, tmp_path: Path
) -> None:
    source = tmp_path / "x.db"
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("CREATE TABLE t (a, b)")
        connection.execute("INSERT INTO t VALUES (1, 2)")
        connection.commit()
    query = "SELECT a, b FROM t"
    assert finish(bench.opening_query(source, query)) == bench.open_query(source, query)
    endless = "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) "
    work = bench.opening_query(source, f"{endless} SELECT count(*), 1 FROM r")
    next(work)
    work.close()  # returns when the database has stopped
    assert not any("asking" in thread.name for thread in threading.enumerate())


def test_a_sample_is_a_table(bench: Workbench) -> None:
    assert "cultivar" in bench.table(bench.open_sample("wine_mixed")).frame


def test_a_schema_is_the_inferred_one_or_a_kept_one(bench: Workbench) -> None:
    frame = people()
    table_id = kept(bench, frame)
    inferred = bench.schema(table_id)
    assert inferred == infer_schema(frame)
    chosen = override(inferred, frame, target="size")
    assert bench.schema(table_id, bench.save_schema(table_id, chosen)) == chosen


def test_an_unknown_table_gets_a_sentence(bench: Workbench) -> None:
    with pytest.raises(StoreError, match="no table 'abc' here"):
        bench.schema("abc")


def test_an_estimate_counts_the_steps_of_the_whole_run(bench: Workbench) -> None:
    frame = people()
    table_id, schema = kept(bench, frame), infer_schema(frame)
    short = bench.estimate(table_id, schema, tiny(epochs=3))
    # 120 rows less 24 held out and 18 for validation are 78, in three batches of at most 32.
    assert short.steps == 9
    assert short.parameters > 1_000
    assert 0 < short.ms_per_step < 10_000
    assert short.seconds >= short.steps * short.ms_per_step / 1_000
    assert bench.estimate(table_id, schema, tiny(epochs=3)) is short
    assert bench.estimate(table_id, schema, tiny(epochs=30)).steps == 90


def test_an_estimate_of_a_wide_table_counts_what_each_step_sees(bench: Workbench) -> None:
    frame = people()
    table_id, schema = kept(bench, frame), infer_schema(frame)
    whole = bench.estimate(table_id, schema, tiny())
    wide = bench.estimate(table_id, schema, tiny(max_features=2))
    assert (whole.features, whole.features_per_step) == (8, 8)
    assert (wide.features, wide.features_per_step) == (8, 2)
    assert whole.rows == wide.rows == len(frame)
    assert wide.embedding_seconds > 0


def test_an_estimate_times_large_steps_on_fewer_rows(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int]] = []

    class Watched(training.Pretrainer):
        def __init__(self, rows: Rows, cardinalities: Any, config: PretrainingConfig) -> None:
            seen.append((len(rows), config.batch_size))
            super().__init__(rows, cardinalities, config)

    monkeypatch.setattr(training, "Pretrainer", Watched)
    frame = people()
    table_id, schema = kept(bench, frame), infer_schema(frame)
    monkeypatch.setattr(training, "TRIAL_TOKENS", 8 * 8)
    monkeypatch.setattr(training, "TRIAL_CELLS", 8 * 24)
    found = bench.estimate(table_id, schema, tiny())
    assert seen == [(24, 8)]
    assert found.steps == 6


def test_an_estimate_does_not_count_the_rows_that_the_run_holds_out(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials: list[training.Pretrainer] = []

    class Watched(training.Pretrainer):
        def __init__(self, *parts: Any) -> None:
            super().__init__(*parts)
            trials.append(self)

    monkeypatch.setattr(training, "Pretrainer", Watched)
    frame = people(1_000)
    table_id, schema = kept(bench, frame), infer_schema(frame)
    # Of 650 training rows 65 are held out; the trial learns from eight whole batches.
    assert bench.estimate(table_id, schema, tiny(epochs=3)).steps == 3 * math.ceil(585 / 32)
    assert (len(trials[0].rows), trials[0].held_out is None) == (8 * 32, False)
    everything = tiny(epochs=3, restoration=0.0)
    assert bench.estimate(table_id, schema, everything).steps == 3 * math.ceil(650 / 32)
    # A batch that the table has no two of: the trial is the run's own epochs.
    large = tiny(epochs=3, batch_size=512)
    assert bench.estimate(table_id, schema, large).steps == 6
    assert len(trials[-1].rows) == 585


def test_an_estimate_leaves_no_run(bench: Workbench) -> None:
    frame = people()
    bench.estimate(kept(bench, frame), infer_schema(frame), tiny())
    assert bench.runs() == []


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_features_are_refused_before_anything_starts(
    bench: Workbench, n: int
) -> None:
    frame = pd.DataFrame({"same": ["x"] * 30, "a": np.arange(30.0) % 7 if n else ["y"] * 30})
    table_id, schema = kept(bench, frame), infer_schema(frame)
    for use in (bench.estimate, bench.create_run):
        with pytest.raises(SchemaError, match=f"{n} columns? can be given to the encoder"):
            use(table_id, schema, tiny())
    assert bench.runs() == []
