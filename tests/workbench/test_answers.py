"""Every analysis of a run: made once, kept in its folder, and made again when it is damaged."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.workbench.conftest import Finished
from tests.workbench.tables import N, people, tiny, trained
from tjepa import Workbench, finish
from tjepa.analysis import Projection, fitting
from tjepa.errors import AnalysisError, StoreError
from tjepa.pretraining import TrainedEncoder
from tjepa.progress import Progress, Work
from tjepa.table import EncodedTable, infer_schema, override, split_table
from tjepa.workbench import answers, loaded
from tjepa.workbench.loaded import Source

Ask = Callable[[Workbench, str], Any]
Make = Callable[[Workbench, str], Work[Any]]

ANSWERS: dict[str, tuple[Ask, Make]] = {
    **{
        f"pca-{source}": (
            lambda bench, run, source=source: bench.projection(run, source, "pca"),
            lambda bench, run, source=source: bench.compute_projection(run, source, "pca"),
        )
        for source in ("tjepa", "untrained", "raw")
    },
    "agreement": (Workbench.agreement, Workbench.compute_agreement),
    "relevance": (Workbench.relevance, Workbench.compute_relevance),
    "probe": (Workbench.probe, Workbench.compute_probe),
    "label-curve": (Workbench.label_curve, Workbench.compute_label_curve),
    "attribution": (Workbench.attribution, Workbench.compute_attribution),
}


def same(one: Any, two: Any) -> bool:
    (data, arrays), (other_data, other_arrays) = one.to_parts(), two.to_parts()
    return (
        type(one) is type(two)
        and data == other_data
        and arrays.keys() == other_arrays.keys()
        and all(np.array_equal(arrays[name], other_arrays[name]) for name in arrays)
    )


def artefact(finished: Finished, run_id: str, key: str) -> Path:
    return finished.bench.store.home / "runs" / run_id / "artefacts" / f"{key}.json"


@pytest.mark.parametrize("key", ANSWERS)
def test_an_answer_is_kept_and_comes_back_equal(finished: Finished, key: str) -> None:
    ask, make = ANSWERS[key]
    artefact(finished, finished.run_id, key).unlink(missing_ok=True)  # of another test
    assert ask(finished.bench, finished.run_id) is None
    seen: list[Progress] = []
    found = finish(make(finished.bench, finished.run_id), seen.append)
    assert all(0.0 <= moment.share <= 1.0 for moment in seen)
    elsewhere = Workbench(finished.bench.store.home)
    for bench in (finished.bench, elsewhere):
        assert same(ask(bench, finished.run_id), found)


@pytest.mark.parametrize(
    "content",
    [
        "no JSON",
        "{}",
        '{"data": {}, "arrays_sha256": null}',
        '{"data": {"rows": [1], "features": 3, "cka": []}, "arrays_sha256": null}',
    ],
)
@pytest.mark.parametrize("key", ANSWERS)
def test_a_damaged_answer_is_none(finished: Finished, key: str, content: str) -> None:
    file = artefact(finished, finished.without_target, key)
    file.parent.mkdir(exist_ok=True)
    file.write_text(content, encoding="utf-8")
    assert ANSWERS[key][0](finished.bench, finished.without_target) is None


def test_a_damaged_answer_is_made_again(finished: Finished) -> None:
    bench, run_id = finished.bench, finished.without_target
    made = finish(bench.compute_relevance(run_id))
    file = artefact(finished, run_id, "relevance")
    file.write_bytes(file.read_bytes()[:40])
    assert bench.relevance(run_id) is None
    again = finish(bench.compute_relevance(run_id))
    assert same(again, made)
    assert same(bench.relevance(run_id), made)


def test_a_score_that_is_none_is_damage_too(finished: Finished) -> None:
    bench, run_id = finished.bench, finished.run_id
    found = bench.probe(run_id) or finish(bench.compute_probe(run_id))
    data, arrays = found.to_parts()
    for damage in ([], "0.9", [["accuracy"]]):
        data["rows"][0]["scores"] = damage
        bench.store.save_artefact(run_id, "probe", data, arrays)
        assert bench.probe(run_id) is None


@pytest.mark.parametrize(
    "make",
    [Workbench.compute_probe, Workbench.compute_label_curve, Workbench.compute_attribution],
)
def test_without_a_target_nothing_can_be_predicted(finished: Finished, make: Make) -> None:
    with pytest.raises(AnalysisError, match="This run has no target"):
        finish(make(finished.bench, finished.without_target))


@pytest.mark.parametrize("key", ANSWERS)
def test_an_unknown_run_gets_a_sentence(finished: Finished, key: str) -> None:
    ask, make = ANSWERS[key]
    with pytest.raises(StoreError, match="no run 'nowhere' here"):
        ask(finished.bench, "nowhere")
    with pytest.raises(StoreError, match="no run 'nowhere' here"):
        finish(make(finished.bench, "nowhere"))


def test_an_answer_closed_halfway_keeps_nothing(finished: Finished) -> None:
    work = finished.bench.compute_agreement(finished.without_target)
    next(work)
    next(work)
    work.close()
    assert finished.bench.agreement(finished.without_target) is None


def test_a_map_has_a_place_for_every_row(finished: Finished) -> None:
    found: Projection = finish(
        finished.bench.compute_projection(finished.without_target, "tjepa", "pca")
    )
    assert np.array_equal(found.rows, np.arange(N))
    assert np.isfinite(found.coordinates).all()


def test_the_probe_scores_every_model_on_the_held_out_rows(finished: Finished) -> None:
    bench, run_id = finished.bench, finished.run_id
    found = bench.probe(run_id) or finish(bench.compute_probe(run_id))
    schema, rows = bench.run(run_id).schema, bench.run(run_id).rows
    split = split_table(bench.table(bench.run(run_id).table_id).frame, schema)
    assert found.n_test == len(split.test) == rows["test"]
    assert found.n_train == len(split.train)
    assert {row.representation for row in found.rows} == {"raw", "untrained", "tjepa", "none"}
    assert found.sentence


def test_a_label_curve_draws_from_training_rows_and_scores_the_held_out_ones(
    finished: Finished,
) -> None:
    bench, run_id = finished.bench, finished.run_id
    found = bench.label_curve(run_id) or finish(bench.compute_label_curve(run_id))
    schema = bench.run(run_id).schema
    split = split_table(bench.table(bench.run(run_id).table_id).frame, schema)
    assert (found.n_train, found.n_test) == (len(split.train), len(split.test))
    assert found.counts == (50,)
    assert {point.representation for point in found.points} == {"raw", "untrained", "tjepa", "none"}


def test_attributions_name_the_original_columns_and_the_parts_of_dates(finished: Finished) -> None:
    bench, run_id = finished.bench, finished.run_id
    found = bench.attribution(run_id) or finish(bench.compute_attribution(run_id))
    assert set(found.names) == {
        "height",
        "weight",
        "born: elapsed days",
        "born: year",
        "born: month",
        "born: weekday",
        "town",
    }


def test_what_has_a_target_says_that_rows_stood_as_projections(
    finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaded, "FLAT_LIMIT", 0)
    bench = finished.bench
    for work in (bench.compute_probe, bench.compute_label_curve, bench.compute_attribution):
        assert "a random projection of its tokens" in finish(work(finished.run_id)).left_out[-1]


@pytest.mark.parametrize(("source", "noted"), [("tjepa", 1), ("untrained", 1), ("raw", 0)])
def test_a_map_of_projections_says_so(
    source: Source, noted: int, finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaded, "FLAT_LIMIT", 0)
    finish(finished.bench.compute_projection(finished.run_id, source, "pca"))
    shown = finished.bench.projection(finished.run_id, source, "pca")
    assert shown is not None
    assert ["a random projection" in note for note in shown.notes] == [True] * noted


def test_only_rows_that_the_probe_uses_are_embedded(
    finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "TRAIN_LIMIT", 40)
    monkeypatch.setattr(fitting, "VALIDATION_LIMIT", 15)
    monkeypatch.setattr(fitting, "TEST_LIMIT", 15)
    embedded: list[int] = []
    whole = TrainedEncoder.tokens

    def counted(self: TrainedEncoder, encoded: EncodedTable, *more: Any) -> np.ndarray:
        embedded.append(len(encoded))
        return whole(self, encoded, *more)

    monkeypatch.setattr(TrainedEncoder, "tokens", counted)
    found = finish(finished.bench.compute_probe(finished.run_id))
    assert (found.n_train, found.n_validation, found.n_test) == (40, 15, 15)
    assert embedded == [70, 70]
    assert "Scores are those of a random 15 of 24 held-out rows." in found.left_out
    embedded.clear()
    about = finish(finished.bench.compute_attribution(finished.run_id))
    assert embedded[0] == 55
    assert "a random 40 of 78 training rows" in about.sentence


def test_attributions_of_too_many_columns_are_refused_before_the_work(
    finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "ATTRIBUTED_FEATURES", 3)
    with pytest.raises(AnalysisError, match="SHAP values of 7 features would take hours"):
        finish(finished.bench.compute_attribution(finished.run_id))


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A finished run that saw four features at a time."""
    bench, frame = Workbench(tmp_path_factory.mktemp("wide")), people()
    schema = override(infer_schema(frame), frame, target="size")
    run_id = trained(bench, frame, schema, tiny(max_features=4))
    return Finished(bench, run_id, run_id)


@pytest.mark.parametrize("key", ANSWERS)
def test_a_wide_table_has_every_answer(wide: Finished, key: str) -> None:
    ask, make = ANSWERS[key]
    found = finish(make(wide.bench, wide.run_id))
    assert same(ask(wide.bench, wide.run_id), found)


def test_relevance_compares_the_columns_of_a_group(wide: Finished) -> None:
    found = finish(wide.bench.compute_relevance(wide.run_id))
    assert found.groups == 2
    assert all(value > 0 for value in found.rankings["influence"])


def test_fewer_rows_of_a_wide_table_are_enough_for_relevance(
    finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "RELEVANCE_CELLS", 8 * 60)
    monkeypatch.setattr(answers, "LEAST_RELEVANCE_ROWS", 10)
    assert finish(finished.bench.compute_relevance(finished.without_target)).rows == 60
