import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from tests.workbench.tables import N, encoder, kept, people, tiny, trained
from tjepa import Workbench, finish
from tjepa.errors import EncodingError, StoreError
from tjepa.progress import Progress
from tjepa.table import Column, Schema, infer_schema, override, split_table
from tjepa.workbench import training


def queued(bench: Workbench, rows: int = N, **changes: Any) -> str:
    frame = people(rows)
    return bench.create_run(kept(bench, frame), infer_schema(frame), tiny(**changes))


def same_weights(bench: Workbench, a: str, b: str) -> bool:
    one, two = encoder(bench, a), encoder(bench, b)
    return one.keys() == two.keys() and all(torch.equal(one[k], two[k]) for k in one)


def cancel_in_epoch(bench: Workbench, run_id: str, epoch: int) -> None:
    """Close the work after a step of that epoch, counted from 1."""
    work = bench.pretrain(run_id)
    for moment in work:
        if moment.values.get("epoch") == epoch:
            work.close()
            return
    raise AssertionError(f"there was no epoch {epoch}")


def test_a_run_is_queued_then_running_then_finished(bench: Workbench) -> None:
    run_id = queued(bench)
    assert bench.run(run_id).state == "queued"
    work = bench.pretrain(run_id)
    next(work)
    assert bench.run(run_id).state == "running"
    run = finish(work)
    assert (run.state, run.error, run.pid, run.epochs_done) == ("finished", None, None, 2)
    numbers = {"loss", "std", "std_ratio", "rank", "collapsed"}
    assert set(run.summary) == numbers | {"held_out_rows", "best_epoch", "stopped_early"}
    # Too few rows to hold some out.
    assert (run.summary["held_out_rows"], run.summary["best_epoch"]) == (0, None)
    assert not run.summary["stopped_early"]
    assert [run.run_id for run in bench.runs()] == [run_id]


def test_a_run_counts_the_rows_of_each_part(bench: Workbench) -> None:
    frame = people()
    frame.loc[3:7, "size"] = None
    schema = override(infer_schema(frame), frame, target="size")
    rows = bench.run(bench.create_run(kept(bench, frame), schema, tiny())).rows
    assert rows["total"] == N == rows["train"] + rows["validation"] + rows["test"]
    assert rows["unlabelled"] == 5


def test_progress_goes_from_nothing_to_everything(bench: Workbench) -> None:
    seen: list[Progress] = []
    finish(bench.pretrain(queued(bench)), seen.append)
    shares = [moment.share for moment in seen]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert all(math.isfinite(moment.values["loss"]) for moment in seen[1:])


def test_each_epoch_leaves_one_row_of_numbers(bench: Workbench) -> None:
    run_id = queued(bench, epochs=3)
    finish(bench.pretrain(run_id))
    rows = bench.metrics(run_id)
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert all(row["loss"] > 0 and row["rows_per_s"] > 0 and row["std"] > 0 for row in rows)
    assert bench.run(run_id).summary["loss"] == rows[-1]["loss"]


def test_a_finished_run_is_not_trained_again(bench: Workbench) -> None:
    run_id = queued(bench)
    run = finish(bench.pretrain(run_id))
    assert finish(bench.pretrain(run_id)) == run


def test_a_run_that_grows_no_better_stops_early_and_is_finished(bench: Workbench) -> None:
    run_id = queued(bench, 320, epochs=40, learning_rate=0.03, patience=0.05)
    seen: list[Progress] = []
    run = finish(bench.pretrain(run_id), seen.append)
    checked = {row["epoch"]: row["held_out"] for row in bench.metrics(run_id)}
    best = min(checked, key=lambda epoch: checked[epoch])
    assert (run.state, run.summary["stopped_early"]) == ("finished", True)
    assert run.epochs_done == best + 2 < 40
    # 320 rows less 64 held out and 48 for validation are 208 to train on.
    assert (run.summary["best_epoch"], run.summary["held_out_rows"]) == (best, 21)
    kept_row = bench.metrics(run_id)[best - 1]
    told = ("loss", "std", "std_ratio", "rank", "collapsed")
    assert {name: run.summary[name] for name in told} == {name: kept_row[name] for name in told}
    assert seen[-1].share == 1.0


def test_a_run_of_an_older_version_embeds_as_before(bench: Workbench) -> None:
    """Its configuration lacks the settings that came later, and its checkpoint their weights."""
    before = {"readout": "last", "imputation": 0.0, "restoration": 0.0, "bins": 0, "patience": 1.0}
    run_id, broken = queued(bench, **before), queued(bench, **before)
    finish(bench.pretrain(run_id))
    vectors = finish(bench.embed(run_id))
    cancel_in_epoch(bench, broken, 2)
    for run in (run_id, broken):
        _age(bench, run)
    bench = Workbench(bench.store.home)
    assert bench.run(run_id).summary.keys() == {"loss"}
    pd.testing.assert_frame_equal(finish(bench.embed(run_id)), vectors)
    with pytest.raises(StoreError, match="start the run again"):
        finish(bench.pretrain(broken))
    assert "start the run again" in str(bench.run(broken).error)


def _age(bench: Workbench, run_id: str) -> None:
    later = {"readout", "prediction", "imputation", "restoration", "replaced", "bins", "patience"}
    folder = bench.store.home / "runs" / run_id
    saved = json.loads((folder / "run.json").read_text())
    saved["config"] = {k: v for k, v in saved["config"].items() if k not in later}
    saved["summary"] = {"loss": 0.5}
    (folder / "run.json").write_text(json.dumps(saved))
    for name in ("encoder", "checkpoint"):
        if bench.store.has_tensors(run_id, name):
            tensors, meta = bench.store.load_tensors(run_id, name)
            tensors = {k: v for k, v in tensors.items() if "imputed" not in k and "rest" not in k}
            if "config" in meta:
                meta = {**meta, "config": saved["config"]}
            bench.store.save_tensors(run_id, name, tensors, meta)


def test_a_cancelled_run_goes_on_as_if_it_had_never_stopped(bench: Workbench) -> None:
    straight, broken = queued(bench, epochs=4), queued(bench, epochs=4)
    finish(bench.pretrain(straight))
    cancel_in_epoch(bench, broken, 3)
    run = bench.run(broken)
    assert (run.state, run.epochs_done, run.pid) == ("cancelled", 2, None)
    assert bench.store.has_tensors(broken, "checkpoint")
    seen: list[Progress] = []
    assert finish(bench.pretrain(broken), seen.append).state == "finished"
    assert min(moment.values["epoch"] for moment in seen[1:]) == 3
    assert same_weights(bench, straight, broken)
    numbers = ("epoch", "loss", "std", "rank", "learning_rate", "momentum")
    assert [[row[name] for name in numbers] for row in bench.metrics(broken)] == [
        [row[name] for name in numbers] for row in bench.metrics(straight)
    ]


def test_numbers_written_after_the_last_checkpoint_are_not_there_twice(bench: Workbench) -> None:
    """As after a crash: numbers are written more often than checkpoints."""
    run_id = queued(bench, epochs=4)
    cancel_in_epoch(bench, run_id, 3)
    bench.store.append_metrics(run_id, [{"epoch": 3, "loss": 0.5}])
    finish(bench.pretrain(run_id))
    assert [row["epoch"] for row in bench.metrics(run_id)] == [1, 2, 3, 4]


def test_a_run_cancelled_before_its_first_epoch_starts_anew(bench: Workbench) -> None:
    straight, broken = queued(bench), queued(bench)
    finish(bench.pretrain(straight))
    cancel_in_epoch(bench, broken, 1)
    assert not bench.store.has_tensors(broken, "checkpoint")
    finish(bench.pretrain(broken))
    assert same_weights(bench, straight, broken)


def test_nothing_but_the_encoder_is_left_after_the_end(bench: Workbench) -> None:
    run_id = queued(bench)
    cancel_in_epoch(bench, run_id, 2)
    finish(bench.pretrain(run_id))
    assert bench.store.has_tensors(run_id, "encoder")
    assert not bench.store.has_tensors(run_id, "checkpoint")


def test_a_run_that_broke_off_after_its_last_epoch_keeps_its_numbers(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = queued(bench)

    def power_cut(*parts: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training, "TrainedEncoder", power_cut)
        with pytest.raises(KeyboardInterrupt):
            finish(bench.pretrain(run_id))
    assert bench.run(run_id).state == "cancelled"
    run = finish(bench.pretrain(run_id))
    assert run.summary["loss"] == bench.metrics(run_id)[-1]["loss"]
    assert run.epochs_done == len(bench.metrics(run_id)) == 2


def test_a_failed_run_keeps_its_sentence(bench: Workbench) -> None:
    frame = people()
    columns = (
        Column("height", "numeric", True, 0, 90, ""),
        Column("town", "numeric", True, 0, 3, "chosen by hand"),
    )
    run_id = bench.create_run(kept(bench, frame), Schema(columns), tiny())
    with pytest.raises(EncodingError):
        finish(bench.pretrain(run_id))
    run = bench.run(run_id)
    assert run.state == "failed"
    assert run.error is not None
    town = frame["town"].dropna()
    assert f"Column 'town', row {town.index[0]}: '{town.iloc[0]}' is not a number" in run.error
    with pytest.raises(StoreError, match="is failed: its encoder is not finished"):
        finish(bench.embed(run_id))


def test_an_unexpected_failure_shows_none_of_its_inside(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*parts: object) -> None:
        raise RuntimeError("/home/me/secret.csv")

    monkeypatch.setattr(training, "Pretrainer", broken)
    run_id = queued(bench)
    with pytest.raises(RuntimeError):
        finish(bench.pretrain(run_id))
    run = bench.run(run_id)
    assert (run.state, run.error) == ("failed", "Something went wrong (RuntimeError).")


def test_a_seed_gives_one_encoder_and_another_seed_another(bench: Workbench) -> None:
    frame, schema = people(), infer_schema(people())
    one, two = trained(bench, frame, schema), trained(bench, frame, schema)
    other = trained(bench, frame, schema, tiny(seed=1))
    assert same_weights(bench, one, two)
    assert not same_weights(bench, one, other)


def test_the_cells_of_held_out_rows_change_no_weight(bench: Workbench) -> None:
    frame, schema = people(), infer_schema(people())
    split = split_table(frame, schema)
    held = np.concatenate([split.validation, split.test])
    changed = frame.copy()
    changed.loc[held, "height"] = 1e6
    changed.loc[held, "town"] = "Atlantis"
    changed.loc[held, "weight"] = np.nan
    changed.loc[held, "born"] = pd.Timestamp("2200-01-01")
    one, two = trained(bench, frame, schema), trained(bench, changed, schema)
    assert same_weights(bench, one, two)
    about = [bench.store.load_tensors(run_id, "encoder")[1] for run_id in (one, two)]
    assert about[0]["table_encoder"] == about[1]["table_encoder"]


def test_the_cells_of_training_rows_do_change_the_weights(bench: Workbench) -> None:
    """Or the test above could not fail."""
    frame, schema = people(), infer_schema(people())
    changed = frame.copy()
    changed.loc[split_table(frame, schema).train[0], "height"] = 1e6
    one, two = trained(bench, frame, schema), trained(bench, changed, schema)
    assert not same_weights(bench, one, two)


def test_what_a_class_is_called_changes_no_weight(bench: Workbench) -> None:
    frame = people()
    renamed = frame.assign(size=frame["size"].map({"small": "z", "medium": "y", "large": "x"}))
    runs = [
        trained(bench, table, override(infer_schema(table), table, target="size"))
        for table in (frame, renamed)
    ]
    assert same_weights(bench, *runs)


def test_the_numbers_of_the_target_change_no_weight(bench: Workbench) -> None:
    frame = people()
    changed = frame.assign(height=-5 * frame["height"] ** 2)
    runs = [
        trained(bench, table, override(infer_schema(table), table, target="height"))
        for table in (frame, changed)
    ]
    assert same_weights(bench, *runs)
    names = bench.store.load_tensors(runs[0], "encoder")[1]["table_encoder"]["features"]
    assert [feature["name"] for feature in names] == [
        "weight",
        "born: elapsed days",
        "born: year",
        "born: month",
        "born: weekday",
        "town",
        "size",
    ]


def test_every_kind_of_feature_is_trained_on_and_embedded(bench: Workbench) -> None:
    frame = people()
    frame["note"] = [
        f"a remark about number {i % 7} of the {size} ones" for i, size in enumerate(frame["size"])
    ]
    frame["pay"] = [f"${i % 50 + 1000:,}" if i % 9 else "none" for i in range(len(frame))]
    schema = override(
        infer_schema(frame),
        frame,
        kinds={"size": "ordinal", "note": "text", "pay": "numeric"},
        missing_values={"pay": ["none"]},
        used={"note": True},
        target="weight",
    )
    run_id = trained(bench, frame, schema)
    kinds = bench.store.load_tensors(run_id, "encoder")[1]["table_encoder"]["features"]
    assert {feature["kind"] for feature in kinds} == {
        "numeric",
        "ordinal",
        "date",
        "text",
        "categorical",
    }
    own = finish(bench.embed(run_id))
    again = finish(bench.embed(run_id, frame.iloc[::-1].reset_index(drop=True)))
    np.testing.assert_allclose(own, again.iloc[::-1], rtol=1e-4, atol=1e-5)
    assert finish(bench.compute_relevance(run_id)).names[-1] == "town"
    with pytest.raises(EncodingError, match="'size', row 0: 'huge' is not one of its ordered"):
        finish(bench.embed(run_id, frame.assign(size="huge")))


def test_a_table_of_three_rows_says_that_it_is_too_small(bench: Workbench) -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": [2.0, 1.0, 7.0]})
    run_id = bench.create_run(kept(bench, frame), infer_schema(frame), tiny())
    with pytest.raises(EncodingError, match="at least 2 training rows"):
        finish(bench.pretrain(run_id))
    assert bench.run(run_id).state == "failed"
