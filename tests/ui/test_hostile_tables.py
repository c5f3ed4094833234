"""Names and cells that would like to be something else, all the way: read, kinds, run, pages."""

import io
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import Open, settle, tiny, words
from tjepa.progress import finish
from tjepa.report.export import to_csv
from tjepa.table import override
from tjepa.ui import previews, process

NAMES = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "**bold** [x](http://x.example) :red[r] $x$ `c`",
    "n" * 10_000,
    "",
    "same",
    "same",
    "index",
    "None",
    "nan",
    "__proto__",
    "constructor",
    "missing",
    "column",
    "row",
    "\u202eright to left",
    "zero\u200bwidth",
    "two\nlines",
    "=cmd|'/C calc'!A0",
    "\u05e2\u05de\u05d5\u05d3\u05d4",
    "{name}",
    "%s",
    "a|b",
    ":material/delete:",
]
WORDS = ["<b>x</b>", "=1+1", "__proto__", "*y*", "\u202ez", ":red[z]", "NaN.", "two\nlines"]


def hostile(rows: int = 90) -> bytes:
    random = np.random.default_rng(0)
    cells = {i: random.normal(size=rows).round(3) for i in range(len(NAMES))}
    for i in (0, 2, 13, 17):
        cells[i] = random.choice(WORDS, rows)
    frame = pd.DataFrame(cells)
    frame.columns = NAMES
    frame["kind"] = np.where(cells[1] > 0, "<i>tall</i>", "*short*")
    return frame.to_csv(index=False).encode()


def seen(app: AppTest) -> str:
    """All that is said in Markdown, which is where mark-up could come to life."""
    labels = [
        *app.selectbox,
        *app.button,
        *app.checkbox,
        *app.expander,
        *app.metric,
        *app.multiselect,
    ]
    return words(app) + "\n" + "\n".join(str(part.label) for part in labels)


def check(app: AppTest) -> None:
    assert not app.exception
    text = seen(app)
    assert not re.search(r"(?<!\\)<(script|img|b>|i>)", text)
    assert not re.search(r"(?<!\\)\*\*bold", text)
    assert not re.search(r"(?<!\\):red(?!\\)\[", text)
    assert not re.search(r"(?<!\\):material/delete", text)
    assert not any(part.allow_html for part in [*app.markdown, *app.caption])
    assert "went wrong" not in text


@pytest.fixture(scope="module")
def hostile_run() -> tuple[str, str]:
    """The ids of the table and of a finished run of all its columns."""
    bench = process.bench()
    table_id = bench.open_table(hostile(), name="<script>*x*.csv")
    schema = override(bench.schema(table_id), bench.table(table_id).frame, target="kind")
    run_id = bench.create_run(table_id, schema, tiny())
    finish(bench.pretrain(run_id))
    return table_id, run_id


def test_hostile_names_are_read_as_they_are() -> None:
    bench = process.bench()
    frame = bench.table(bench.open_table(hostile())).frame
    expected = [name or "column 5" for name in NAMES]
    expected[6] = "same (2)"
    assert list(frame)[:-1] == expected
    assert set(frame["<script>alert(1)</script>"]) == set(WORDS)


def test_they_are_shown_literally_when_they_are_dropped_on_the_page(open_page: Open) -> None:
    app = open_page("data")
    app.file_uploader(key="upload").upload("<script>*x*.csv", hostile())
    app.run()
    check(app)
    assert "90 rows" in words(app)
    # A correction of such a table is followed too.
    header = next(box for box in app.number_input if box.label == "Header in line")
    header.set_value(0).run()
    check(app)


@pytest.mark.parametrize("name", ["data", "pretrain", "embeddings", "relevance", "probe", "runs"])
def test_no_page_brings_them_to_life(
    name: str, open_page: Open, hostile_run: tuple[str, str], no_umap: None
) -> None:
    app = open_page(name, run=hostile_run[1])
    check(app)
    for label in ("Measure relevance", "Run the probe"):
        for found in [part for part in app.button if part.label == label]:
            settle(found.click().run(), 120)
            check(app)
            assert "did not work" not in words(app)
    check(settle(app))


def test_they_survive_the_run_and_the_export(hostile_run: tuple[str, str], tmp_path: Path) -> None:
    bench, (table_id, run_id) = process.bench(), hostile_run
    schema = bench.schema(table_id)
    assert json.loads(json.dumps(schema.to_json())) == schema.to_json()
    assert bench.store.schema(table_id, bench.save_schema(table_id, schema)) == schema
    vectors = finish(bench.embed(run_id))
    assert np.isfinite(vectors.to_numpy()).all()
    out = tmp_path / "v.parquet"
    finish(bench.embed_file(run_id, out))
    pd.testing.assert_frame_equal(pd.read_parquet(out), vectors)
    rows = bench.rows(run_id, np.arange(20))
    text = to_csv(rows)
    again = pd.read_csv(io.BytesIO(text), dtype=str, keep_default_na=False)
    cells = [*again.columns, *again.to_numpy().ravel()]
    formulas = [cell for cell in cells if re.match(r"[=+@\t\r\n]|-\D", cell)]
    assert formulas == []
    assert "'=cmd|'/C calc'!A0" in again.columns


def test_a_cell_of_a_megabyte_does_not_break_the_page(open_page: Open) -> None:
    lines = "".join(f"{i},w{i}-{'x' * 1_000_000}\n" for i in range(30))
    app = open_page("data")
    app.file_uploader(key="upload").upload("long.csv", ("a,b\n" + lines).encode())
    app.run()
    check(app)
    assert "30 rows" in words(app)
    assert app.dataframe[0].value["b"].str.len().max() == previews.CELL_CHARACTERS
    assert previews.CUT in words(app)
    protos = [part.proto for part in app.main if part.proto is not None]
    assert protos
    assert sum(proto.ByteSize() for proto in protos) < 1_000_000
