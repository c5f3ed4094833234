from collections.abc import Iterator
from dataclasses import fields
from threading import Event

import pytest

from tests.ui.conftest import Open, flowers, settle, tiny, words
from tjepa.errors import TjepaError
from tjepa.pretraining import PretrainingConfig
from tjepa.progress import Progress, finish
from tjepa.ui import process
from tjepa.ui.address import Address


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Pre-training waits for this event; without steps of its own it would be over too soon."""
    let_go = Event()
    real = process.bench().pretrain

    def slow(run_id: str):
        while not let_go.wait(0.02):
            yield Progress("pre-training", 0.0)
        return (yield from real(run_id))

    monkeypatch.setattr(process.bench(), "pretrain", slow)
    yield let_go
    let_go.set()
    for job in process.jobs().snapshots():
        process.jobs().wait(job.key, 60)


def test_a_started_run_is_in_the_address_and_survives_a_reload(
    open_page: Open, table: Address, held: Event
) -> None:
    app = open_page("pretrain", **table.params())
    assert "on this machine" in words(app)
    next(entry for entry in app.number_input if entry.label == "Epochs").set_value(2).run()
    _press(app, "Start")
    assert not app.exception
    run_id = app.query_params["run"]

    reloaded = open_page("pretrain", run=run_id)
    assert not reloaded.exception
    assert "Cancel" in [button.label for button in reloaded.button]
    _press(reloaded, "Cancel")
    process.jobs().wait(process.job_key(run_id), 60)
    reloaded.run()
    assert "Resume" in [button.label for button in reloaded.button]
    held.set()
    _press(reloaded, "Resume")
    process.jobs().wait(process.job_key(run_id), 300)
    assert process.bench().run(run_id).state == "finished"


def test_starting_twice_is_one_run(table: Address, held: Event) -> None:
    bench = process.bench()
    assert table.table is not None
    schema = bench.schema(table.table)
    first = process.start_run(table.table, schema, tiny(seed=3))
    assert process.start_run(table.table, schema, tiny(seed=3)) == first
    assert process.start_run(table.table, schema, tiny(seed=4)) != first


def test_a_waiting_run_says_its_place_in_the_queue(
    open_page: Open, table: Address, held: Event
) -> None:
    bench = process.bench()
    assert table.table is not None
    schema = bench.schema(table.table)
    process.start_run(table.table, schema, tiny(seed=5))
    second = process.start_run(table.table, schema, tiny(seed=6))
    app = open_page("pretrain", run=second)
    assert not app.exception
    assert process.state_of(bench.run(second)) == "queued"


def test_a_setting_that_does_not_fit_says_why_and_cannot_start(
    open_page: Open, table: Address
) -> None:
    app = open_page("pretrain", **table.params())
    field = next(entry for entry in app.number_input if entry.label == "Heads")
    field.set_value(5).run()
    assert not app.exception
    assert "width" in app.error[0].value
    start = next(button for button in app.button if button.label == "Start")
    assert start.disabled


def test_presets_bring_their_own_settings(open_page: Open, table: Address) -> None:
    app = open_page("pretrain", **table.params())
    before = {entry.label: entry.value for entry in app.number_input}
    app.segmented_control(key="preset").select("thorough").run()
    after = {entry.label: entry.value for entry in app.number_input}
    assert after["Width"] > before["Width"]
    assert after["Epochs"] > before["Epochs"]


def test_every_setting_can_be_changed(open_page: Open, table: Address) -> None:
    app = open_page("pretrain", **table.params())
    shown = {
        widget.key.split()[0]
        for widget in (*app.number_input, *app.selectbox, *app.checkbox)
        if widget.key
    }
    assert {field.name for field in fields(PretrainingConfig)} <= shown


def test_a_finished_run_says_which_weights_it_kept(open_page: Open) -> None:
    bench = process.bench()
    table_id = bench.open_table(flowers(320).to_csv(index=False).encode(), name="many.csv")
    run_id = bench.create_run(table_id, bench.schema(table_id), tiny(seed=11))
    finish(bench.pretrain(run_id))
    app = open_page("pretrain", run=run_id)
    assert not app.exception
    assert "weights" in words(app)
    assert "training rows set aside" in words(app)


def test_a_run_that_set_no_row_aside_says_nothing_of_it(open_page: Open, run: str) -> None:
    app = open_page("pretrain", run=run)
    assert not app.exception
    assert "collapse" in words(app)
    assert "set aside" not in words(app)


def test_a_run_cut_off_in_this_process_reads_as_interrupted(
    open_page: Open, table: Address
) -> None:
    bench = process.bench()
    assert table.table is not None
    run_id = bench.create_run(table.table, bench.schema(table.table), tiny(seed=8))
    app = open_page("pretrain", run=run_id)
    assert process.state_of(bench.run(run_id)) == "interrupted"
    _press(app, "Resume")
    process.jobs().wait(process.job_key(run_id), 60)
    settle(app)
    assert bench.run(run_id).state == "finished"


def test_a_failed_run_shows_its_sentence(
    open_page: Open, table: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = process.bench()
    assert table.table is not None
    run_id = bench.create_run(table.table, bench.schema(table.table), tiny(seed=10))
    bench.store.update_run(run_id, state="failed", error="The loss is no longer a *number*.")
    app = open_page("pretrain", run=run_id)
    assert not app.exception
    assert "no longer a \\*number\\*" in app.error[0].value
    assert "Try again" in [button.label for button in app.button]
    assert issubclass(TjepaError, Exception)


def _press(app, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()
