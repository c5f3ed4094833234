"""What every test shares: an own home, quiet threads, and the benchmark tables where present."""

import os

# Before numpy or torch is imported: two busy libraries with two threads each are slower than one.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

# A slow machine is not a wrong result, and examples are not kept between runs.
settings.register_profile("tjepa", deadline=None, database=None, derandomize=True)
settings.load_profile("tjepa")


@pytest.fixture(scope="session", autouse=True)
def _home_of_its_own() -> Iterator[None]:
    """No test reads or writes the runs of the person who runs it."""
    with (
        tempfile.TemporaryDirectory(prefix="tjepa-tests-") as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("TJEPA_HOME", folder)
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of benchmark tables: `TJEPA_BENCH_DATA`, or `shared/data` beside the project."""
    named = os.environ.get("TJEPA_BENCH_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no benchmark tables at {folder}: name their folder in TJEPA_BENCH_DATA")
    return folder
