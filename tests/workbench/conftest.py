"""An empty workbench for each test, and one with a finished run for those that only look."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.workbench.tables import people, trained
from tjepa import Workbench
from tjepa.table import infer_schema, override


@dataclass(frozen=True)
class Finished:
    bench: Workbench
    run_id: str
    without_target: str


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path / "home")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    bench, frame = Workbench(tmp_path_factory.mktemp("finished")), people()
    schema = infer_schema(frame)
    with_target = override(schema, frame, target="size")
    return Finished(bench, trained(bench, frame, with_target), trained(bench, frame, schema))
