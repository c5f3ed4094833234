from pathlib import Path

import numpy as np
import pandas as pd

from tests.workbench.tables import N, people, trained
from tjepa import Workbench, finish
from tjepa.table import infer_schema, override, suggestions


def journeys() -> pd.DataFrame:
    """People with a day in three columns, and a time as a number."""
    frame = people()
    day = pd.Series(pd.Timestamp("2003-01-01") + pd.to_timedelta(np.arange(N) * 11 % 900, "D"))
    frame = frame.drop(columns="born")
    return frame.assign(
        year=day.dt.year,
        month=day.dt.month,
        day=day.dt.day,
        departs=np.arange(N) % 24 * 100 + np.arange(N) * 7 % 60,
    )


def test_a_date_of_three_columns_and_a_time_are_trained_on_and_new_rows_embedded(
    bench: Workbench, tmp_path: Path
) -> None:
    frame = journeys()
    schema = infer_schema(frame)
    actions = []
    for suggestion in suggestions(frame, schema):
        if suggestion.action in ("Read as one date", "Read as times"):
            schema = override(schema, frame, **suggestion.taking(schema))
            actions.append(suggestion.action)
    assert sorted(actions) == ["Read as one date", "Read as times"]
    run = trained(bench, frame, schema)
    own = finish(bench.embed(run))
    assert any(name.startswith("year: weekday:") for name in own)
    assert any(name.startswith("departs: hour:") for name in own)
    path = tmp_path / "new.csv"
    frame.iloc[::-1].to_csv(path, index=False)
    again = finish(bench.embed(run, path))
    np.testing.assert_allclose(again.to_numpy()[::-1], own.to_numpy(), atol=1e-5)
    assert bench.colour_values(run, "year").dt.year.tolist() == frame["year"].tolist()
    assert bench.run(run).schema == schema
