import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from tjepa.errors import StoreError
from tjepa.runs import RunInfo, Store
from tjepa.table import RawTable, Schema

ROOT = Path(__file__).resolve().parent.parent.parent


def in_another_process(code: str, store: Store, run: RunInfo) -> subprocess.Popen[str]:
    """Python that has `store` and `run_id`; it says a line when it is ready."""
    start = (
        "import sys; from pathlib import Path; from tjepa.runs import Store; "
        "store, run_id = Store(Path(sys.argv[1])), sys.argv[2]\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", start + code, str(store.home), run.run_id],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def written(store: Store, run_id: str) -> Path:
    return store.home / "runs" / run_id / "run.json"


def test_a_new_run_waits_in_this_process(store: Store, run: RunInfo, schema: Schema) -> None:
    assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{4}", run.run_id)
    assert (run.state, run.pid, run.epochs_done) == ("queued", os.getpid(), 0)
    assert run.schema == schema
    assert run.config == {"epochs": 3}
    assert run.rows == {"total": 30, "train": 20}
    assert run == store.run(run.run_id) == Store(store.home).run(run.run_id)


def test_a_run_needs_its_table(store: Store, schema: Schema) -> None:
    with pytest.raises(StoreError, match="There is no table 'ab12'"):
        store.create_run(table_id="ab12", table_name="x", schema=schema, config_json={}, rows={})


def test_runs_are_listed_newest_first(store: Store, run: RunInfo, schema: Schema) -> None:
    later = [
        store.create_run(
            table_id=run.table_id, table_name="x", schema=schema, config_json={}, rows={}
        ).run_id
        for _ in range(3)
    ]
    assert [known.run_id for known in store.runs()] == [*reversed(later), run.run_id]


def test_an_update_is_kept_and_changes_nothing_else(store: Store, run: RunInfo) -> None:
    store.update_run(run.run_id, state="running", epochs_done=2)
    updated = store.update_run(run.run_id, summary={"loss": float("nan"), "rank": 3.5})
    assert (updated.state, updated.epochs_done) == ("running", 2)
    assert updated.summary == {"loss": None, "rank": 3.5}
    assert (updated.created, updated.config) == (run.created, run.config)
    assert Store(store.home).run(run.run_id) == updated


def test_what_a_caller_does_to_a_run_stays_with_the_caller(store: Store, run: RunInfo) -> None:
    run.config["epochs"] = 99
    run.rows.clear()
    assert store.run(run.run_id).config == {"epochs": 3}
    assert store.run(run.run_id).rows == {"total": 30, "train": 20}


def test_only_what_changes_in_a_run_can_be_changed(store: Store, run: RunInfo) -> None:
    with pytest.raises(TypeError, match="config, schema"):
        store.update_run(run.run_id, config={}, schema=None)
    with pytest.raises(ValueError, match="unknown state 'done'"):
        store.update_run(run.run_id, state="done")
    assert store.run(run.run_id) == run


def test_updates_from_two_processes_and_two_threads_are_all_kept(
    store: Store, run: RunInfo
) -> None:
    """Each writer has a field of its own and finds there what it wrote last."""
    code = (
        "print('ready', flush=True); input()\n"
        "for i in range(100):\n"
        "    store.update_run(run_id, summary={'i': i})\n"
        "    assert store.run(run_id).summary == {'i': i}"
    )
    lost: list[str] = []

    def write(field: str, values: Iterable[object]) -> None:
        for value in values:
            store.update_run(run.run_id, **{field: value})
            if getattr(store.run(run.run_id), field) != value:
                lost.append(field)

    other = in_another_process(code, store, run)
    assert other.stdout is not None
    assert other.stdin is not None
    other.stdout.readline()
    other.stdin.write("\n")
    other.stdin.flush()
    threads = [
        threading.Thread(target=write, args=("epochs_done", range(100))),
        threading.Thread(target=write, args=("error", [str(i) for i in range(100)])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.communicate()
    assert other.returncode == 0
    assert lost == []
    end = store.run(run.run_id)
    assert (end.summary, end.epochs_done, end.error) == ({"i": 99}, 99, "99")


def test_a_run_whose_process_is_gone_reads_as_interrupted(store: Store, run: RunInfo) -> None:
    code = (
        "import os; store.update_run(run_id, state='running', pid=os.getpid()); print('ready')\n"
        "input()"
    )
    other = in_another_process(code, store, run)
    assert other.stdout is not None
    other.stdout.readline()
    assert store.run(run.run_id).state == "running"
    other.kill()
    other.communicate()
    assert store.run(run.run_id).state == "interrupted"
    assert json.loads(written(store, run.run_id).read_bytes())["state"] == "running"
    assert store.update_run(run.run_id, epochs_done=1).state == "interrupted"
    assert store.update_run(run.run_id, state="running", pid=os.getpid()).state == "running"


def test_a_process_number_that_was_given_out_again_is_not_the_old_process(
    store: Store, run: RunInfo
) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux says when a process began")
    entry = json.loads(written(store, run.run_id).read_bytes())
    written(store, run.run_id).write_text(json.dumps(entry | {"pid_birth": "another boot 17"}))
    assert store.run(run.run_id).state == "interrupted"


def test_a_run_without_a_process_is_not_at_work(store: Store, run: RunInfo) -> None:
    assert store.update_run(run.run_id, state="running", pid=None).state == "interrupted"
    assert store.update_run(run.run_id, state="finished").state == "finished"


@pytest.mark.parametrize("run_id", ["nope", "", "..", "../runs", "a/b", "/etc/passwd", "a\0"])
def test_a_run_that_is_not_here_gets_its_sentence(store: Store, run: RunInfo, run_id: str) -> None:
    for ask in (
        lambda: store.run(run_id),
        lambda: store.update_run(run_id, state="failed"),
        lambda: store.delete_run(run_id),
        lambda: store.metrics(run_id),
        lambda: store.append_metrics(run_id, [{}]),
        lambda: store.artefact(run_id, "probe"),
    ):
        with pytest.raises(StoreError, match="There is no run"):
            ask()
    assert store.runs() == [run]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff", b"{}", b'{"run_id": 3}'],
)
def test_a_damaged_run_is_named_and_hides_no_other(
    store: Store, run: RunInfo, schema: Schema, content: bytes
) -> None:
    other = store.create_run(
        table_id=run.table_id, table_name="x", schema=schema, config_json={}, rows={}
    )
    written(store, run.run_id).write_bytes(content)
    with pytest.raises(StoreError, match=f"The run {run.run_id} is damaged"):
        store.run(run.run_id)
    with pytest.raises(StoreError, match="is damaged"):
        store.update_run(run.run_id, state="failed")
    assert written(store, run.run_id).read_bytes() == content
    assert store.runs() == [other]
    assert list(store.damaged_runs()) == [run.run_id]
    assert "delete it" in store.damaged_runs()[run.run_id]


@pytest.mark.parametrize(
    "change",
    [{"state": "resting"}, {"rows": None}, {"epochs_done": "3"}, {"schema": {}}, {"run_id": "x"}],
)
def test_a_field_of_the_wrong_type_is_damage(
    store: Store, run: RunInfo, change: dict[str, object]
) -> None:
    entry = json.loads(written(store, run.run_id).read_bytes())
    written(store, run.run_id).write_text(json.dumps(entry | change))
    with pytest.raises(StoreError, match="is damaged"):
        store.run(run.run_id)


def test_a_folder_without_its_file_is_damage(store: Store, run: RunInfo) -> None:
    written(store, run.run_id).unlink()
    assert list(store.damaged_runs()) == [run.run_id]
    with pytest.raises(StoreError, match="damaged"):
        store.run(run.run_id)


def test_a_deleted_run_is_gone_and_its_table_stays(
    store: Store, run: RunInfo, raw: RawTable
) -> None:
    store.append_metrics(run.run_id, [{"epoch": 1}])
    store.delete_run(run.run_id)
    assert store.runs() == []
    assert not written(store, run.run_id).parent.exists()
    assert list((store.home / "tmp").iterdir()) == []
    assert store.table(run.table_id).name == raw.name
    with pytest.raises(StoreError, match="There is no run"):
        store.append_metrics(run.run_id, [{"epoch": 2}])


def test_a_damaged_run_can_be_deleted(store: Store, run: RunInfo) -> None:
    written(store, run.run_id).write_bytes(b"{")
    store.delete_run(run.run_id)
    assert store.damaged_runs() == {}


def test_a_run_at_work_in_another_process_is_not_deleted(store: Store, run: RunInfo) -> None:
    code = "import os; store.update_run(run_id, pid=os.getpid()); print('ready')\ninput()"
    other = in_another_process(code, store, run)
    assert other.stdout is not None
    other.stdout.readline()
    with pytest.raises(StoreError, match="at work in another process"):
        store.delete_run(run.run_id)
    other.communicate("\n")
    store.delete_run(run.run_id)


def test_metrics_come_back_in_order(store: Store, run: RunInfo) -> None:
    assert store.metrics(run.run_id) == []
    store.append_metrics(run.run_id, [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}])
    store.append_metrics(run.run_id, [{"epoch": 3, "loss": float("nan")}])
    assert store.metrics(run.run_id) == [
        {"epoch": 1, "loss": 0.5},
        {"epoch": 2, "loss": 0.25},
        {"epoch": 3, "loss": None},
    ]


@pytest.mark.parametrize("torn", [b'{"epoch": 2, "lo', b'{"epoch": 2', b"\xff", b"3"])
def test_a_torn_line_is_left_out_and_spoils_none_after_it(
    store: Store, run: RunInfo, torn: bytes
) -> None:
    store.append_metrics(run.run_id, [{"epoch": 1}])
    with (store.home / "runs" / run.run_id / "metrics.jsonl").open("ab") as file:
        file.write(torn)
    assert store.metrics(run.run_id) == [{"epoch": 1}]
    store.append_metrics(run.run_id, [{"epoch": 2}])
    assert store.metrics(run.run_id) == [{"epoch": 1}, {"epoch": 2}]


def test_a_resumed_run_forgets_the_epochs_it_will_repeat(store: Store, run: RunInfo) -> None:
    store.append_metrics(run.run_id, [{"epoch": epoch} for epoch in range(1, 6)])
    store.truncate_metrics(run.run_id, after_epoch=3)
    store.append_metrics(run.run_id, [{"epoch": 4}])
    assert [row["epoch"] for row in store.metrics(run.run_id)] == [1, 2, 3, 4]
    store.truncate_metrics(run.run_id, after_epoch=0)
    assert store.metrics(run.run_id) == []


def test_listing_reads_only_what_has_changed(
    store: Store, run: RunInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages ask every second; a schema of 2,000 columns takes its time."""
    store.runs()
    monkeypatch.setattr(Schema, "from_json", lambda saved: pytest.fail("read again"))
    started = time.perf_counter()
    for _ in range(100):
        assert store.runs() == [run]
    assert time.perf_counter() - started < 2
