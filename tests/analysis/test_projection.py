import subprocess
import sys
import threading
from collections.abc import Callable

import numpy as np
import pytest

from tjepa.analysis import Projection, pca, projection, sample_rows, umap, warm_up
from tjepa.analysis.projection import _components
from tjepa.errors import AnalysisError
from tjepa.progress import Progress, Work, finish


def the_pca(vectors: np.ndarray, **changes: object) -> Projection:
    options = {"source": "tjepa", "n_total": len(vectors), "seed": 0} | changes
    return pca(vectors, np.arange(len(vectors)), **options)  # type: ignore[arg-type]


def test_all_rows_are_taken_up_to_the_limit() -> None:
    assert sample_rows(7, limit=7, seed=0).tolist() == list(range(7))


def test_above_the_limit_the_rows_are_a_random_sorted_sample() -> None:
    rows = sample_rows(1_000, limit=100, seed=0)
    assert len(set(rows.tolist())) == 100
    assert (np.diff(rows) > 0).all()
    assert 300 < np.median(rows) < 700
    assert rows.tolist() == sample_rows(1_000, limit=100, seed=0).tolist()
    assert rows.tolist() != sample_rows(1_000, limit=100, seed=1).tolist()


def test_pca_matches_the_singular_values_of_the_centred_vectors() -> None:
    random = np.random.default_rng(0)
    vectors = (random.normal(size=(60, 5)) * [5, 3, 1, 1, 1] + 100).astype(np.float32)
    u, s, _ = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    found = the_pca(vectors)
    np.testing.assert_allclose(np.abs(found.coordinates), np.abs(u * s)[:, :2], atol=1e-3)
    np.testing.assert_allclose(found.explained, s[:2] ** 2 / (s**2).sum(), rtol=1e-4)


def test_wide_vectors_go_through_the_sketch_with_the_same_result() -> None:
    random = np.random.default_rng(0)
    low = random.normal(size=(80, 2)) * [9, 4]
    vectors = (low @ random.normal(size=(2, 1_200))).astype(np.float32)
    vectors -= vectors.mean(axis=0)
    s = np.linalg.svd(vectors, compute_uv=False)
    coordinates, shares = _components(vectors, 2, 0)
    np.testing.assert_allclose(np.linalg.norm(coordinates, axis=0), s[:2], rtol=1e-3)
    assert shares.sum() == pytest.approx(1.0, abs=1e-4)


def test_a_single_dimension_is_drawn_along_the_first_axis() -> None:
    found = the_pca(np.arange(9, dtype=np.float32)[:, None])
    assert (found.coordinates[:, 1] == 0).all()
    assert found.explained == pytest.approx((1.0, 0.0))


@pytest.mark.parametrize(
    ("vectors", "sentence"),
    [
        (np.zeros((4, 3), np.float32), "at least 5 rows"),
        (np.full((9, 3), 7.1, np.float32), "same vector"),
        (np.full((9, 3), np.nan, np.float32), "not finite"),
    ],
)
def test_what_cannot_be_mapped_is_said(vectors: np.ndarray, sentence: str) -> None:
    with pytest.raises(AnalysisError, match=sentence):
        the_pca(vectors)


def test_a_projection_survives_its_parts() -> None:
    random = np.random.default_rng(0)
    found = the_pca(random.normal(size=(9, 3)).astype(np.float32))
    data, arrays = found.to_parts()
    again = Projection.from_parts(data, arrays)
    assert again.explained == found.explained
    np.testing.assert_array_equal(again.coordinates, found.coordinates)
    assert again.to_parts()[0] == data


def test_umap_separates_groups_repeats_itself_prints_nothing_and_can_be_stopped(
    capfd: pytest.CaptureFixture[str],
) -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(40, 60)).astype(np.float32)
    vectors[20:] += 10

    def the_map() -> Callable[[], object]:
        return umap(vectors, np.arange(40), source="raw", n_total=40, seed=3)  # type: ignore

    moments = []
    first = finish(the_map(), moments.append)  # type: ignore[arg-type]
    second = finish(the_map())  # type: ignore[arg-type]
    np.testing.assert_array_equal(first.coordinates, second.coordinates)
    gap = first.coordinates[:20].mean(axis=0) - first.coordinates[20:].mean(axis=0)
    spread = first.coordinates[:20].std(axis=0).max()
    assert np.linalg.norm(gap) > 2 * spread
    shares = [moment.share for moment in moments]
    assert shares == sorted(shares)

    work = the_map()
    for _ in range(5):
        next(work, None)  # type: ignore[call-overload]
    work.close()  # type: ignore[attr-defined]
    assert not [t for t in threading.enumerate() if t.name.startswith("analysis")]
    assert capfd.readouterr() == ("", "")


def test_what_umap_compiles_is_kept_on_disk_for_the_next_process() -> None:
    finish(umap(np.eye(9, 4, dtype=np.float32), np.arange(9), source="raw", n_total=9, seed=0))
    script = """
from numba.core.dispatcher import Dispatcher
from tjepa.analysis import projection
from tjepa.progress import finish
from umap import layouts, umap_
functions = [f for m in (layouts, umap_) for f in vars(m).values() if isinstance(f, Dispatcher)]
at_import = sum(len(f.stats.cache_misses) for f in functions)
finish(projection._small_fit())
print(sum(len(f.stats.cache_misses) for f in functions) - at_import)
print(sum(len(f.stats.cache_hits) for f in functions) >= 3)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "0\nTrue\n", done.stderr


class Compiler:
    """Stands for the process that compiles; it ends when it has been waited for twice."""

    def __init__(self, command: list[str], **_: object) -> None:
        self.command, self.waits, self.killed = command, 0, False

    def poll(self) -> int | None:
        return 1 if self.killed or self.waits > 1 else None

    def wait(self, timeout: float | None = None) -> int:
        self.waits += 1
        if timeout is not None:
            raise subprocess.TimeoutExpired(self.command, timeout)
        return 1

    def kill(self) -> None:
        self.killed = True


@pytest.fixture
def compilers(monkeypatch: pytest.MonkeyPatch) -> list[Compiler]:
    begun: list[Compiler] = []

    def begin(*arguments: object, **options: object) -> Compiler:
        begun.append(Compiler(*arguments, **options))  # type: ignore[arg-type]
        return begun[-1]

    monkeypatch.setattr(projection.subprocess, "Popen", begin)
    return begun


def test_umap_is_loaded_after_another_process_compiled_it_or_failed(
    compilers: list[Compiler], monkeypatch: pytest.MonkeyPatch
) -> None:
    def loading() -> Work[np.ndarray]:
        yield Progress("loading", 0.5)
        assert compilers[0].poll() == 1
        return np.zeros((0, 2))

    monkeypatch.setattr(projection, "_small_fit", loading)
    moments: list[Progress] = []
    finish(warm_up(), moments.append)
    assert [moment.stage for moment in moments] == ["compiling", "compiling", "loading"]


def test_a_warm_up_that_is_stopped_leaves_no_process(compilers: list[Compiler]) -> None:
    work = warm_up()
    next(work)
    work.close()
    assert compilers[0].killed


def test_a_process_that_hangs_is_ended_and_holds_nothing_up(
    compilers: list[Compiler], monkeypatch: pytest.MonkeyPatch
) -> None:
    def loading() -> Work[np.ndarray]:
        yield Progress("loading", 0.5)
        return np.zeros((0, 2))

    monkeypatch.setattr(projection, "_small_fit", loading)
    monkeypatch.setattr(Compiler, "poll", lambda self: None)
    monkeypatch.setattr(projection, "COMPILING", 0.0)
    moments: list[Progress] = []
    finish(warm_up(), moments.append)
    assert compilers[0].killed
    assert [moment.stage for moment in moments] == ["loading"]


def test_a_map_waits_while_another_process_compiles(compilers: list[Compiler]) -> None:
    warming = warm_up()
    next(warming)
    vectors = np.random.default_rng(0).normal(size=(30, 3)).astype(np.float32)
    moments: list[Progress] = []
    shown = finish(umap(vectors, np.arange(30), source="raw", n_total=30, seed=0), moments.append)
    assert compilers[0].waits == 2
    stages = [moment.stage for moment in moments]
    assert stages[:3] == ["preparing the map", "compiling", "compiling"]
    assert "compiling" not in stages[3:]
    assert shown.coordinates.shape == (30, 2)
    warming.close()
    assert not projection._compilers
