"""The pages without a browser: Streamlit's own AppTest over the shell, and one finished run."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from tjepa.pretraining import PretrainingConfig, preset
from tjepa.progress import finish
from tjepa.table import override
from tjepa.ui import maps, openings, process
from tjepa.ui.address import Address

ROOT = Path(__file__).resolve().parent.parent.parent
SHELL = ROOT / "tjepa" / "ui" / "shell.py"

Open = Callable[..., AppTest]


def flowers(n: int = 120) -> pd.DataFrame:
    """A table whose names and cells are not to be trusted, with one column nobody wants."""
    random = np.random.default_rng(0)
    length = random.normal(5, 1, n)
    return pd.DataFrame(
        {
            "sample": [f"s-{number:05d}" for number in range(n)],
            "<b>length</b>": length.round(3),
            "*width*": (length / 2 + random.normal(0, 0.2, n)).round(3),
            "colour": random.choice(["=red", "blue", "white"], n),
            "kind": np.where(length > 5, "tall", "short"),
        }
    )


def tiny(**changes: object) -> PretrainingConfig:
    small = replace(preset("quick"), epochs=2, batch_size=32, width=8, heads=2, ffn=16)
    return replace(small, predictor_width=8, predictor_ffn=16, **changes)


@pytest.fixture
def open_page() -> Open:
    """Open a page as its address would: `open_page("probe", run=…)`."""

    def opened(name: str, **params: str) -> AppTest:
        app = AppTest.from_file(str(SHELL), default_timeout=60)
        app.run()
        for key, value in params.items():
            app.query_params[key] = value
        app.switch_page(f"../../pages/{name}.py").run()
        return app

    return opened


@pytest.fixture(scope="session")
def table() -> Address:
    bench = process.bench()
    return Address(bench.open_table(flowers().to_csv(index=False).encode(), name="flowers<i>.csv"))


@pytest.fixture(scope="session")
def run(table: Address) -> str:
    """The id of a finished run with a target."""
    bench = process.bench()
    assert table.table is not None
    frame = bench.table(table.table).frame
    schema = override(bench.schema(table.table), frame, target="kind")
    run_id = bench.create_run(table.table, schema, tiny())
    finish(bench.pretrain(run_id))
    return run_id


@pytest.fixture
def no_umap(monkeypatch: pytest.MonkeyPatch) -> None:
    """UMAP compiles for a quarter of a minute: its own tests wait for that, these do not."""
    monkeypatch.setattr(maps, "METHODS", {"pca": "PCA"})


def words(app: AppTest) -> str:
    """Everything a person reads on the page, in one string."""
    parts = [*app.title, *app.subheader, *app.markdown, *app.caption]
    parts += [*app.error, *app.warning, *app.info]
    return "\n".join(str(part.value) for part in parts)


def settle(app: AppTest, timeout: float = 60) -> AppTest:
    """Wait for the jobs that are under way, then draw the page again."""
    for job in process.jobs().snapshots():
        if job.state in process.ACTIVE:
            process.jobs().wait(job.key, timeout)
    return app.run()


@pytest.fixture(autouse=True)
def _waits_for_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine is not a wrong page: what is quick elsewhere is waited for here."""
    monkeypatch.setattr(openings, "INLINE_SECONDS", 60.0)
