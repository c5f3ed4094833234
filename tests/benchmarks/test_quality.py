"""The measuring stick itself: gains and their errors, what is compared, what is stored."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import quality
from benchmarks.stick import changes, losses, measuring, probes, rivals, summary, tables
from benchmarks.stick.losses import Losses, gain
from benchmarks.stick.probes import Vectors
from benchmarks.stick.records import Record, Store, Variant, change
from benchmarks.stick.tables import Table
from tjepa.pretraining import PretrainingConfig
from tjepa.table import infer_schema, override, typed

SMALL = tuple(map(change, ("layers=1", "width=8", "heads=2", "epochs=2", "batch_size=64")))


def _table(task: str, rows: int = 400) -> Table:
    """The target follows from two of the columns, and a third copies one of them."""
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, rows))
    c = random.choice(["x", "y", "z"], rows)
    signal = a + (c == "x") + 0.1 * random.normal(size=rows)
    target = signal if task == "regression" else np.where(signal > 0.3, "yes", "no")
    frame = pd.DataFrame({"a": a, "b": b, "c": c, "copy": a + 0.01 * b, "target": target})
    schema = override(infer_schema(frame), frame, target="target", task=task)
    y = frame["target"].to_numpy(np.float64 if task == "regression" else object)
    train, validation, test = np.split(np.arange(rows), [rows // 2, 3 * rows // 4])
    return Table("made", typed(frame, schema), schema, y, task, train, validation, test, ())


def _stand_in(monkeypatch: pytest.MonkeyPatch, task: str) -> None:
    """The made table in place of any, with few trials for its rivals."""
    monkeypatch.setattr(rivals, "TRIALS", 2)
    monkeypatch.setattr(rivals, "FEW_TRIALS", 1)
    monkeypatch.setattr(tables, "load", lambda name: _table(task))


def _losses(rows: np.ndarray, squared: bool) -> Losses:
    return losses.together([rows.astype(np.float32)], squared)


@pytest.mark.parametrize("squared", [False, True])
def test_the_error_of_a_gain_is_that_of_many_samples_of_rows(squared: bool) -> None:
    random = np.random.default_rng(1)

    def draw(rows: int) -> tuple[Losses, Losses]:
        shared = random.normal(size=rows)
        mine, other = shared + 0.5 * random.normal(size=(2, rows))
        if squared:
            return _losses(mine**2, True), _losses((1.2 * other) ** 2, True)
        return _losses(mine > 0.5, False), _losses(other > 0.4, False)

    found = [gain([mine], [other]) for mine, other in (draw(500) for _ in range(400))]
    spread = np.std([one.value for one in found])
    assert np.mean([one.error for one in found]) == pytest.approx(spread, rel=0.15)


def test_a_gain_is_positive_where_less_is_lost() -> None:
    none, all_lost = _losses(np.zeros(9), False), _losses(np.ones(9), False)
    assert gain([none], [all_lost]).value == 1
    assert gain([all_lost], [none]).value == -1
    near, far = _losses(np.full(9, 4.0), True), _losses(np.full(9, 9.0), True)
    assert gain([near], [far]).value == pytest.approx(1)
    assert near.score == pytest.approx(2)


def test_draws_of_labels_that_disagree_make_a_gain_less_sure() -> None:
    random = np.random.default_rng(2)
    rows = random.random((4, 300)) < 0.3
    mine = losses.together([row.astype(np.float32) for row in rows], False)
    better = rows & (random.random((4, 300)) < 0.5)
    better[::2] = rows[::2]  # only in every second draw
    other = losses.together([row.astype(np.float32) for row in better], False)
    agreeing = gain([_losses(rows.mean(axis=0), False)], [_losses(better.mean(axis=0), False)])
    assert gain([other], [mine]).error > 1.5 * agreeing.error
    with pytest.raises(ValueError, match="4 label draws beside 1"):
        gain([other], [_losses(rows[0], False)])


@pytest.mark.parametrize("squared", [False, True])
def test_the_error_of_a_gain_over_seeds_is_that_of_many_samples_of_rows_and_seeds(
    squared: bool,
) -> None:
    random = np.random.default_rng(5)

    def draw(rows: int, seeds: int) -> tuple[list[Losses], list[Losses]]:
        """Rows are hard for all, seeds are lucky, and each encoder errs in its own way, too."""
        shared = random.normal(size=rows)
        mine = shared + 0.7 * random.normal(size=(seeds, rows))
        other = shared + 0.7 * random.normal(size=(seeds, rows))
        luck = 1.2 + 0.1 * random.normal(size=(seeds, 1))
        lost = (mine**2, (luck * other) ** 2) if squared else (mine > 0.5, luck * other > 0.4)
        ours, theirs = ([_losses(one, squared) for one in some] for some in lost)
        return ours, theirs

    found = [gain(*draw(400, 3)) for _ in range(400)]
    spread = np.std([one.value for one in found])
    stated = np.mean([one.error**2 + one.spread**2 for one in found]) ** 0.5
    # What single encoders err is in both parts: the interval is on the safe side.
    assert spread <= 1.1 * stated
    assert stated < 1.5 * spread
    assert {one.seeds for one in found} == {3}


def test_an_interval_over_seeds_is_wider_than_one_of_rows_alone() -> None:
    def found(value: float, spread: float) -> summary.Mean:
        one = {"value": value, "error": 0.02, "spread": spread, "seeds": 3 if spread else 1}
        return summary.interval(one)

    alike = found(0.1, 0.0)
    assert (alike.high - alike.low) / 2 == pytest.approx(1.96 * 0.02, rel=1e-3)
    assert alike.verdict == "wins"
    apart = found(0.1, 0.1 / 3**0.5)
    assert apart.value == pytest.approx(0.1)
    assert apart.low < -0.03
    assert apart.verdict == "ties"
    assert found(-0.1, 0.0).verdict == "losses"


def test_few_labels_are_the_same_for_every_model_and_hold_two_classes() -> None:
    table = _table("classification")
    rare = table.y.copy()
    rare[table.train] = "no"
    rare[table.train[:4]] = "yes"
    table = Table(**{**vars(table), "y": rare})
    draws = probes.labelled_rows(table, 20)
    assert len(draws) == probes.MOST_DRAWS
    assert probes.GBDT_DRAWS <= probes.MOST_DRAWS
    for rows, again in zip(draws, probes.labelled_rows(table, 20), strict=True):
        assert rows.tolist() == again.tolist()
        assert set(rare[rows]) == {"yes", "no"}
        assert set(rows) <= set(table.train)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_every_probe_finds_a_plain_signal_and_none_finds_noise(task: str) -> None:
    table = _table(task)
    target = probes.target_of(table)
    signal = target.values[:, None] + 0.01 * np.random.default_rng(3).normal(size=(400, 6))
    noise = np.random.default_rng(4).normal(size=(400, 6))
    for name in probes.NAMES:
        if not probes.has(name, table):
            continue
        score = probes.probe(name, Vectors.raw(signal), table, 0).test.score
        chance = probes.probe(name, Vectors.raw(noise), table, 0).test.score
        if task == "classification":
            assert score > 0.95, name
            assert chance < 0.75, name
        else:
            assert score < 0.35, name
            assert chance > 0.8 * target.values[table.test].std(), name
    assert not probes.has("linear_200", table)


def test_wide_vectors_are_projected_for_all_but_a_linear_probe() -> None:
    table, random = _table("classification"), np.random.default_rng(5)
    wide = Vectors(random.normal(size=(400, 9, 1_000)).astype(np.float32))
    assert wide.flat.shape == (400, 9_000)
    assert wide.pooled.shape == (400, 1_000)
    assert wide.compared is wide.projected
    assert wide.compared.shape == (400, probes.PROJECTED)
    narrow = Vectors(wide.flat[:, :4_000].reshape(400, 4, 1_000))
    assert narrow.compared is narrow.flat
    assert "linear_projected" in probes.possible(table, narrow.width)
    assert "linear_projected" not in probes.possible(table, probes.PROJECTED)
    assert "linear_1000" not in probes.possible(table, narrow.width)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_table_is_measured_once_with_all_that_is_compared(
    task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stand_in(monkeypatch, task)
    store, variant = Store(tmp_path / "q.jsonl"), Variant("quick", SMALL)
    quality.run_table("made", variant, [0, 1], probes.NAMES, store, as_json=True)
    lines = store.file.read_text().splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["table", "run", "gains", "run", "gains"]
    quality.run_table("made", variant, [0, 1], probes.NAMES, Store(store.file), as_json=True)
    assert store.file.read_text().splitlines() == lines

    about, runs = store.table("made"), list(store.runs(variant.name))
    [gains] = store.gains(variant.name)
    assert about is not None
    assert gains["seeds"] == [0, 1]
    boosted = about["gbdt"]["all"]["score"]
    assert boosted > 0.9 if task == "classification" else boosted < 0.3
    assert {one["library"] for one in about["libraries"]} == set(rivals.LIBRARIES)
    full = {*probes.FULL, "linear_50"}  # narrow vectors are their own projection
    for run in runs:
        assert set(run["scores"]["tjepa"]) == set(run["scores"]["untrained"]) == full
    for other in measuring.COMPARISONS:
        assert set(gains["gains"][other]) == full | {"best"}
    sign = 1 if task == "classification" else -1

    def mean(whose: str, probe: str) -> float:
        return float(np.mean([run["scores"][whose][probe]["score"] for run in runs]))

    for probe in full:
        stored = gains["gains"]["untrained"][probe]["value"]
        gained = sign * (mean("tjepa", probe) - mean("untrained", probe))
        assert stored == pytest.approx(gained, abs=1e-6)
    raw = sign * (mean("tjepa", "linear_pool") - about["raw"]["linear_flat"]["score"])
    assert gains["gains"]["raw"]["linear_pool"]["value"] == pytest.approx(raw, abs=1e-6)
    # Boosted trees have the first of the label draws alone.
    few = gains["gains"]["gbdt"]["linear_50"]
    assert few["seeds"] == 2
    files = [tmp_path / "losses" / "made" / f"{variant.name}, seed {seed}.npz" for seed in (0, 1)]
    ours = [measuring._losses_in(file, sign < 0)["tjepa linear_50"] for file in files]
    assert {len(one.draws) for one in ours} == {probes.MOST_DRAWS}
    first = [measuring._losses_in(file, sign < 0)["tjepa linear_50, first draws"] for file in files]
    for one, whole in zip(first, ours, strict=True):
        assert one.draws.tolist() == whole.draws[: probes.GBDT_DRAWS].tolist()
    gained = sign * (np.mean([one.score for one in first]) - about["gbdt"]["linear_50"]["score"])
    assert few["value"] == pytest.approx(gained, abs=1e-6)


def test_a_gain_is_over_the_seeds_that_have_its_probe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stand_in(monkeypatch, "regression")
    store, variant = Store(tmp_path / "q.jsonl"), Variant("quick", SMALL)
    quality.run_table("made", variant, [0, 2], ("linear_pool",), store, as_json=True)
    quality.run_table("made", variant, [1], probes.NAMES, store, as_json=True)
    [gains] = store.gains(variant.name)
    assert gains["seeds"] == [0, 1, 2]
    for other in measuring.COMPARISONS:
        seeds = {name: one["seeds"] for name, one in gains["gains"][other].items()}
        assert seeds.pop("linear_pool") == 3
        assert set(seeds.values()) == {1}
        assert "best" in seeds
    run, about = store.run("made", variant.name, 1), store.table("made")
    assert run is not None
    assert about is not None
    ours = measuring.best(run["scores"]["tjepa"])
    gained = about["gbdt"]["all"]["score"] - run["scores"]["tjepa"][ours]["score"]
    assert gains["gains"]["gbdt"]["best"]["value"] == pytest.approx(gained, abs=1e-6)


def test_runs_of_another_configuration_are_measured_anew_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A preset may have meant something else when they were stored."""
    _stand_in(monkeypatch, "regression")
    store, variant, wanted = Store(tmp_path / "q.jsonl"), Variant("quick", SMALL), ("linear_pool",)
    quality.run_table("made", variant, [0, 1], wanted, store, as_json=True)
    for run in list(store.runs()):
        store.add(run | {"config": run["config"] | {"ffn": 8}})
    quality.run_table("made", variant, [1], wanted, store, as_json=True)
    assert {run["seed"]: run["config"]["ffn"] for run in store.runs()} == {1: 128}
    assert [one["seeds"] for one in store.gains(variant.name)] == [[1]]


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_an_untrained_encoder_is_probed_once_for_all_that_start_from_it(
    task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stand_in(monkeypatch, task)
    wanted, fewer = ("linear_pool", "linear_50", "knn"), ("linear_pool", "linear_50")
    plain, changed, smaller = (
        Variant("quick", (*SMALL, *map(change, more)))
        for more in ((), ("targets=1", "learning_rate=0.5"), ("reg_tokens=0",))
    )
    store, alone = Store(tmp_path / "q.jsonl"), Store(tmp_path / "alone" / "q.jsonl")
    quality.run_table("made", plain, [0], fewer, store, as_json=True)
    for variant in (changed, smaller):
        quality.run_table("made", variant, [0], wanted, alone, as_json=True)
    probed: list[str] = []
    probe = probes.probe
    monkeypatch.setattr(
        probes, "probe", lambda name, *rest: (probed.append(name), probe(name, *rest))[1]
    )
    quality.run_table("made", changed, [0], wanted, store, as_json=True)
    assert sorted(probed) == ["knn", "knn", "linear_50", "linear_pool"]
    probed.clear()
    quality.run_table("made", smaller, [0], wanted, store, as_json=True)
    assert sorted(probed) == sorted([*wanted, *wanted])
    for variant in (changed, smaller):
        again, expected = (one.run("made", variant.name, 0) for one in (store, alone))
        assert again is not None
        assert expected is not None
        assert again["scores"] == expected["scores"]
        assert store.gains(variant.name) == alone.gains(variant.name)


def test_the_best_probe_is_best_on_validation_rows_and_asks_for_all_of_them() -> None:
    scores = {name: {"score": 0.5, "validation": 0.3} for name in probes.FULL}
    scores["knn"] = {"score": 0.1, "validation": 0.2}
    scores["linear_200"] = {"score": 0.9}
    assert measuring.best(scores) == "knn"
    assert measuring.best({k: v for k, v in scores.items() if k != "linear_pool"}) == "knn"
    for missing in ("linear_flat", "mlp", "xgboost"):
        assert measuring.best({k: v for k, v in scores.items() if k != missing}) is None


def _about(table: str) -> Record:
    return {"kind": "table", "table": table, "rows": [640, 160, 200], "metric": "accuracy"}


def _run(table: str, seed: int, variant: str = "balanced", collapsed: bool = False) -> Record:
    of = Variant.named(variant)
    return {
        "kind": "run", "table": table, "variant": variant, "preset": of.preset, "seed": seed,
        "config": of.config(640, seed).to_json(), "collapsed": collapsed,
    }  # fmt: skip


def _gains(table: str, value: float, seeds: int = 3) -> Record:
    one = {"value": value, "error": 0.01, "spread": 0.01 * (seeds > 1), "seeds": seeds}
    by_probe = dict.fromkeys(summary.SUMMARISED, one)
    return {
        "kind": "gains", "table": table, "variant": "balanced", "seeds": list(range(seeds)),
        "gains": dict.fromkeys(measuring.COMPARISONS, by_probe),
    }  # fmt: skip


def test_a_summary_counts_tables_not_runs(tmp_path: Path) -> None:
    store = Store(tmp_path / "q.jsonl")
    for name, value in (("better", 0.1), ("worse", -0.1), ("same", 0.0)):
        store.add(_about(name))
        for seed in range(3):
            store.add(_run(name, seed, collapsed=name == "worse" and seed == 2))
        store.add(_gains(name, value))
    store.add(_about("other"))
    for seed in range(3):
        store.add(_run("other", seed, "quick"))
    store.add({**_gains("other", 0.1), "variant": "quick"})
    found = summary.summary(Store(store.file), "balanced")
    assert (found["tables"], found["seeds"], found["collapsed"]) == (3, 3, 1)
    for other in measuring.COMPARISONS:
        for probe in summary.SUMMARISED:
            assert found[other][probe] == {"wins": 1, "ties": 1, "losses": 1}


def test_a_later_line_counts(tmp_path: Path) -> None:
    store = Store(tmp_path / "q.jsonl")
    store.add(_about("same"))
    store.add(_run("same", 0))
    store.add(_gains("same", 0.0, seeds=1))
    store.add(_gains("same", 0.5, seeds=1))
    [found] = Store(store.file).gains("balanced")
    assert found["gains"]["raw"]["best"]["value"] == 0.5


def test_what_a_preset_once_meant_is_not_counted(tmp_path: Path) -> None:
    store = Store(tmp_path / "q.jsonl")
    store.add(_about("made"))
    for seed in range(3):
        store.add(_run("made", seed))
    store.add(_gains("made", 0.1))
    once = _run("made", 2, collapsed=True)
    store.add(once | {"config": once["config"] | {"bins": 0}})
    store.add(_run("made", 0, "balanced, targets=1") | {"variant": "balanced, no_more=1"})
    assert sorted(run["seed"] for run in store.runs()) == [0, 1]
    found = summary.summary(store, "balanced")
    assert (found["tables"], found["collapsed"]) == (0, 0)
    store.add(_gains("made", 0.1, seeds=2))
    assert summary.summary(store, "balanced")["tables"] == 1


def test_a_variant_changes_what_it_says_and_nothing_else() -> None:
    plain, changed = Variant("balanced"), Variant("balanced", (change("targets=1"),))
    assert changed.name == "balanced, targets=1"
    assert changed.config(5_000, 3).targets == 1
    back = {**changed.config(5_000, 3).to_json(), "targets": PretrainingConfig().targets}
    assert back == plain.config(5_000, 3).to_json()
    assert change("shared_context=False") == ("shared_context", False)
    with pytest.raises(ValueError, match="no setting 'target'"):
        change("target=1")


def test_an_original_split_is_kept_and_another_is_made_where_there_is_none() -> None:
    train, validation, test = tables._split(None, 1_000)
    assert (len(train), len(validation), len(test)) == (640, 160, 200)
    assert sorted([*train, *validation, *test]) == list(range(1_000))
    whole = {"ranges": {"train": [0, 6], "val": [6, 8], "test": [8, 10]}}
    parts = [rows.tolist() for rows in tables._split(whole, 10)]
    assert parts == [[0, 1, 2, 3, 4, 5], [6, 7], [8, 9]]
    part = {"ranges": {"val": [0, 50], "test": [50, 100]}}
    train, validation, test = tables._split(part, 100)
    assert (len(train), len(validation)) == (40, 10)
    assert test.tolist() == list(range(50, 100))
    assert not set(train) & set(validation)


def test_what_tells_the_target_is_left_out_and_said() -> None:
    if not (tables.DATA / "bike_sharing.json").exists():
        pytest.skip("the tables of the benchmark are not here (TJEPA_BENCH_DATA)")
    table = tables.load("bike_sharing")
    assert not {"casual", "registered"} & set(table.frame.columns)
    assert any("casual, registered" in note for note in table.notes)
    horses = tables.load("horse_colic")
    assert len(horses.train) + len(horses.validation) + len(horses.test) == 299
    assert any("1 rows without a target" in note for note in horses.notes)


def test_ablations_stand_beside_their_preset_on_the_seeds_that_all_have(tmp_path: Path) -> None:
    store = Store(tmp_path / "q.jsonl")

    def add(variant: str, table: str, seed: int, score: float) -> None:
        found = {name: {"score": score} for name in ("linear_flat", "linear_pool", "linear_200")}
        store.add({**_run(table, seed, variant), "scores": {"tjepa": found}})

    store.add(_about("made"))
    store.add(_about("other"))
    for seed, score in enumerate((0.7, 0.8)):
        add("quick", "made", seed, score)
        add("quick, targets=1", "made", seed, score - 0.1)
    add("quick", "made", 2, 0.99)
    add("quick", "other", 0, 0.5)
    add("quick, bins=0", "made", 1, 0.75)
    add("quick, bins=0", "other", 0, 0.5)
    add("balanced, targets=2", "made", 0, 0.5)
    found = changes.ablations(store, "quick").splitlines()
    assert found[0] == "| flat / pooled / 200 labels | made, 1 seed |"
    assert found[2:] == [
        "| quick | 0.8000 / 0.8000 / 0.8000 |",
        "| targets=1 | 0.7000 / 0.7000 / 0.7000 |",
        "| bins=0 | 0.7500 / 0.7500 / 0.7500 |",
    ]


def test_a_change_is_marked_where_it_is_surely_better_or_worse(tmp_path: Path) -> None:
    store, random = Store(tmp_path / "q.jsonl"), np.random.default_rng(6)
    store.add(_about("made"))
    lost = {"quick": 0.3, "quick, bins=0": 0.6, "quick, targets=1": 0.1, "quick, layers=2": 0.3}
    for variant, share in lost.items():
        for seed in range(2):
            flat = _losses(random.random(2_000) < share, False)
            file = store.losses_file("made", variant, seed)
            measuring._keep_losses(file, {"tjepa": {"linear_flat": probes.Probed(flat, 0.0)}})
            scores = {"tjepa": {"linear_flat": {"score": flat.score}}}
            store.add({**_run("made", seed, variant), "scores": scores})

    def score(variant: str) -> str:
        return f"{summary.scores(list(store.runs(variant)), 'tjepa', 'linear_flat'):.4f}"

    found = changes.ablations(store, "quick").splitlines()
    assert found[0].endswith("| made, 2 seeds |")
    assert found[2:] == [
        f"| quick | {score('quick')} / – / – |",
        f"| bins=0 | _{score('quick, bins=0')}_ / – / – |",
        f"| targets=1 | **{score('quick, targets=1')}** / – / – |",
        f"| layers=2 | {score('quick, layers=2')} / – / – |",
    ]
    store.add(_about("other"))
    store.add({**_run("other", 0, "quick"), "scores": {"tjepa": {}}})
    [row] = changes.change(store, "quick, bins=0").splitlines()[2:]
    assert row.startswith(f"| made | 2 | {score('quick, bins=0')} / – / – | {score('quick')} / –")
    assert "| **+0.29" in row
    assert row.endswith("**; –; – |")


def test_the_table_of_the_book_is_written_between_its_marks(tmp_path: Path) -> None:
    store = Store(tmp_path / "q.jsonl")
    book = tmp_path / "RESULTS.md"
    start, end = "<!-- results: balanced, targets=1 -->\n", "<!-- end -->"
    book.write_text(
        f"Words before.\n{start}old\n{end}\nWords between.\n"
        f"<!-- ablations: balanced -->\n{end}\nWords after.\n"
    )
    three = {probe: {"score": 0.75} for probe in ("linear_flat", "linear_pool", "linear_200")}
    store.add({
        **_about("made"), "dummy": 0.5,
        "raw": {"linear_flat": {"score": 0.6}}, "gbdt": {"all": {"score": 0.8}},
    })  # fmt: skip
    for variant in ("balanced", "balanced, targets=1"):
        run = _run("made", 0, variant)
        store.add({**run, "scores": {"tjepa": three, "untrained": three}})
    store.add({**_gains("made", 0.1, seeds=1), "variant": "balanced, targets=1"})
    quality.write_book(store, book)
    text = book.read_text()
    assert text.startswith("Words before.\n")
    assert text.endswith("\nWords after.\n")
    assert "old" not in text
    assert "| made | accuracy | 1 | 0.5000 | 0.6000 |" in text
    assert "**+0.1000" in text
    assert f"{end}\nWords between.\n" in text
    assert "| targets=1 | 0.7500 / 0.7500 / 0.7500 |" in text


def test_the_other_probes_stand_beside_their_controls(tmp_path: Path) -> None:
    store = Store(tmp_path / "q.jsonl")
    store.add({**_about("made"), "raw": {"knn": {"score": 0.6}, "linear_50": {"score": 0.5}}})
    for seed, score in enumerate((0.7, 0.8)):
        mine = {"knn": {"score": score}} | ({"mlp": {"score": 0.9}} if seed else {})
        untrained = {probe: {"score": 0.65} for probe in mine}
        store.add({**_run("made", seed), "scores": {"tjepa": mine, "untrained": untrained}})
    gains = _gains("made", 0.1, seeds=2)
    surely, unsure = gains["gains"]["untrained"]["best"], {"value": 0.25, "error": 0.2}
    gains["gains"] = {"untrained": {"knn": surely, "mlp": surely | unsure}}
    store.add(gains)
    head, _, row = summary.other_probes(store, "balanced").splitlines()
    assert head.count("|") == row.count("|")
    cells = "| – | – | **0.7500** / 0.6500 / 0.6000 | 0.9000 / 0.6500 / – | – |"
    assert row == f"| made {cells}"
