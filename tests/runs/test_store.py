import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tjepa.runs import RunInfo, Store

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def shipped(store: Store, run: RunInfo) -> RunInfo:
    """A finished run in the home of `store`, as an example would be shipped."""
    store.save_tensors(run.run_id, "encoder", {"w": torch.ones(2)}, {})
    store.save_artefact(run.run_id, "probe", {"task": "regression"})
    return store.update_run(run.run_id, state="finished", pid=None)


def test_a_shipped_run_is_brought_in_with_its_table(
    store: Store, shipped: RunInfo, tmp_path: Path
) -> None:
    home = Store(tmp_path / "mine")
    home.import_run(store.home)
    home.import_run(store.home)
    assert home.runs() == [shipped]
    assert home.table(shipped.table_id).name == shipped.table_name
    assert home.artefact(shipped.run_id, "probe") == ({"task": "regression"}, {})
    assert list((home.home / "tmp").iterdir()) == []


def test_what_is_here_already_stays_as_it_is(
    store: Store, shipped: RunInfo, tmp_path: Path
) -> None:
    home = Store(tmp_path / "mine")
    home.import_run(store.home)
    home.update_run(shipped.run_id, summary={"mine": True})
    (home.home / "imported" / shipped.run_id).unlink()
    home.import_run(store.home)
    assert home.run(shipped.run_id).summary == {"mine": True}


def test_a_shipped_run_that_was_deleted_stays_deleted(
    store: Store, shipped: RunInfo, tmp_path: Path
) -> None:
    home = Store(tmp_path / "mine")
    home.import_run(store.home)
    home.delete_run(shipped.run_id)
    home.import_run(store.home)
    assert home.runs() == []


def test_two_processes_may_bring_it_in_at_once(
    store: Store, shipped: RunInfo, tmp_path: Path
) -> None:
    code = (
        "import sys; from pathlib import Path; from tjepa.runs import Store\n"
        "print('ready', flush=True); input()\n"
        "Store(Path(sys.argv[1])).import_run(Path(sys.argv[2]))"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "mine"), str(store.home)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    assert Store(tmp_path / "mine").runs() == [shipped]


def test_a_folder_without_examples_brings_nothing_in(store: Store, tmp_path: Path) -> None:
    store.import_run(tmp_path / "absent")
    assert store.runs() == []


def test_reading_and_keeping_tables_needs_no_torch() -> None:
    code = "import sys, tjepa.runs; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
