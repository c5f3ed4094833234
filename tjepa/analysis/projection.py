"""Maps of the rows: two coordinates per row, of a stated sample of the table."""

import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from tjepa.analysis.waiting import PAUSE, Stopped, in_thread, preload
from tjepa.errors import AnalysisError
from tjepa.progress import Progress, Work, finish, within

LEAST_ROWS = 5
REDUCED = 50
"""UMAP sees at most this many principal components."""
EXACT_WIDTH = 1_000
"""Up to this width the components come from the covariance matrix, above from a random sketch."""

COMPILING = 300.0
"""Seconds another process may compile UMAP for: some 25 where nothing else is done."""

_compilers: list[subprocess.Popen[bytes]] = []
"""Processes that compile UMAP for this one."""


@dataclass(frozen=True)
class Projection:
    """`coordinates` f32 [n, 2] of the table's rows `rows` i64 [n], out of `n_total` rows.

    `explained` is the share of the variance along each coordinate (PCA only), `notes` say what else
    must be known of the vectors.
    """

    method: str
    source: str
    coordinates: np.ndarray
    rows: np.ndarray
    n_total: int
    seed: int
    explained: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()

    def to_parts(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        data = {
            "method": self.method,
            "source": self.source,
            "n_total": self.n_total,
            "seed": self.seed,
            "explained": None if self.explained is None else list(self.explained),
            "notes": list(self.notes),
        }
        return data, {"coordinates": self.coordinates, "rows": self.rows}

    @classmethod
    def from_parts(cls, data: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> "Projection":
        explained = data["explained"]
        return cls(
            method=data["method"],
            source=data["source"],
            coordinates=arrays["coordinates"],
            rows=arrays["rows"],
            n_total=data["n_total"],
            seed=data["seed"],
            explained=None if explained is None else (explained[0], explained[1]),
            notes=tuple(data.get("notes", ())),  # maps that are kept from before have none
        )


def sample_rows(n_total: int, *, limit: int = 20_000, seed: int) -> np.ndarray:
    """Row numbers i64, ascending: all of them, or a random `limit` of them."""
    if n_total <= limit:
        return np.arange(n_total, dtype=np.int64)
    chosen = np.random.default_rng(seed).choice(n_total, size=limit, replace=False)
    return np.sort(chosen).astype(np.int64)


def pca(
    vectors: np.ndarray, rows: np.ndarray, *, source: str, n_total: int, seed: int
) -> Projection:
    """The first two principal components of `vectors` f32 [n, E].

    Each component points where its largest loading is positive, so a map does not flip.

    Raises
    ------
    AnalysisError
        With fewer than five rows, values that are not finite, or rows that are all alike.
    """
    vectors = _centred(vectors, rows)
    coordinates, shares = _components(vectors, 2, seed)
    return Projection(
        method="pca",
        source=source,
        coordinates=coordinates,
        rows=np.asarray(rows, dtype=np.int64),
        n_total=n_total,
        seed=seed,
        explained=(float(shares[0]), float(shares[1])),
    )


def umap(
    vectors: np.ndarray,
    rows: np.ndarray,
    *,
    source: str,
    n_total: int,
    seed: int,
    n_neighbors: int = 15,
    min_dist: float = 0.1,
) -> Work[Projection]:
    """UMAP of `vectors` f32 [n, E], Euclidean, reproducible for a seed on one machine.

    Vectors wider than 50 are first reduced to their first 50 principal components. A table of
    no more rows than `n_neighbors` uses all the others as neighbours. Neighbours are exact, so
    time grows with the square of n: draw a sample of more than some 50,000. Raises as `pca` does.
    """
    yield Progress("preparing the map", 0.0)
    vectors = _centred(vectors, rows)
    if vectors.shape[1] > REDUCED:
        wide = vectors
        vectors = yield from in_thread(
            lambda: _components(wide, REDUCED, seed)[0], "reducing to 50 components", 0.02
        )
    coordinates = yield from within(_fit(vectors, seed, n_neighbors, min_dist), 0.1, 1.0)
    return Projection(
        method="umap",
        source=source,
        coordinates=coordinates,
        rows=np.asarray(rows, dtype=np.int64),
        n_total=n_total,
        seed=seed,
    )


def warm_up() -> Work[None]:
    """Load UMAP into this process, so that the first map is quick.

    What has to be compiled, another process of lower priority compiles first, into numba's cache
    on disk: here the compiler would hold the interpreter's lock, and everybody else up. Maps that
    are asked for meanwhile wait for it. Where that process fails, this one compiles.
    """
    command = [sys.executable, "-c", "from tjepa.analysis import projection as p; p.compile_umap()"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, env=environment, stdin=quiet, stdout=quiet, stderr=quiet)
    _compilers.append(process)
    try:
        yield from _compiled()
    finally:
        _compilers.remove(process)
        process.kill()
        process.wait()
    yield from within(_small_fit(), 0.8, 1.0)


def compile_umap() -> None:
    """Fill numba's cache on disk: in a process of its own, at a lower priority.

    Not at the lowest, where it might never end on a busy machine, and maps wait for it.
    """
    if sys.platform != "win32":
        os.nice(5)
    finish(_small_fit())


def _compiled() -> Work[None]:
    """Wait for other processes that compile UMAP, but not for one that hangs."""
    latest = time.monotonic() + COMPILING
    for process in tuple(_compilers):
        while process.poll() is None and time.monotonic() < latest:
            yield Progress("compiling", 0.0)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PAUSE)


def _small_fit() -> Work[np.ndarray]:
    points = np.random.default_rng(0).normal(size=(100, 4)).astype(np.float32)
    return _fit(points, 0, 15, 0.1, epochs=5)


class _Meter:
    """The file that tqdm writes its count of epochs to: read for progress, raises to stop."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self.done = 0
        self.stopping = threading.Event()

    def write(self, text: str) -> None:
        if self.stopping.is_set():
            # Once only: tqdm writes again while it is being closed.
            self.stopping.clear()
            raise Stopped
        found = re.search(r"\d+", text)
        if found:
            self.done = int(found.group())

    def flush(self) -> None:
        """Nothing is kept back."""

    def share(self) -> float:
        # The neighbour graph comes before the first epoch.
        return 0.2 + 0.8 * min(1.0, self.done / self.epochs) if self.done else 0.0


def _fit(
    vectors: np.ndarray, seed: int, n_neighbors: int, min_dist: float, epochs: int | None = None
) -> Work[np.ndarray]:
    n, width = vectors.shape
    meter = _Meter(epochs or (500 if n <= 10_000 else 200))

    def fit() -> np.ndarray:
        from sklearn.neighbors import NearestNeighbors
        from umap import UMAP

        _keep_compiled_code()
        # UMAP's own search is compiled anew in every process, for half a minute.
        k = min(n_neighbors, n - 1)
        distances, neighbours = NearestNeighbors(n_neighbors=k).fit(vectors).kneighbors(vectors)
        model = UMAP(
            n_neighbors=k,
            precomputed_knn=(neighbours, distances.astype(np.float32)),
            min_dist=min_dist,
            n_epochs=meter.epochs,
            # Unlike the spectral start, this one copes with groups that are not connected.
            init="pca" if width > 1 else "random",
            random_state=seed,
            n_jobs=1,
            tqdm_kwds={"disable": False, "file": meter, "bar_format": "{n}", "mininterval": 0.1},
        )
        return np.asarray(model.fit_transform(np.ascontiguousarray(vectors)), dtype=np.float32)

    yield from _compiled()
    yield from preload("umap")
    coordinates = yield from in_thread(fit, "drawing the map", meter.share, stop=meter.stopping.set)
    if not np.isfinite(coordinates).all():
        raise AnalysisError("UMAP found no place for some rows. Look at the PCA map instead.")
    return coordinates


@cache
def _keep_compiled_code() -> None:
    """Let numba keep on disk what UMAP compiles; by itself it keeps next to nothing."""
    from numba.core.dispatcher import Dispatcher
    from umap import layouts, umap_

    for function in (*vars(umap_).values(), *vars(layouts).values()):
        if isinstance(function, Dispatcher):
            # Where no folder can be written to, it is compiled once per process, as before.
            with contextlib.suppress(RuntimeError):
                function.enable_caching()


def _centred(vectors: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The vectors less their mean, f32, after every check that a map needs."""
    vectors = np.asarray(vectors)
    if vectors.ndim != 2 or len(vectors) != len(rows):
        raise ValueError("vectors must be [n, E] with one row number each")
    if len(vectors) < LEAST_ROWS:
        raise AnalysisError(
            f"A map needs at least {LEAST_ROWS} rows, and there are {len(vectors)}."
        )
    if not np.isfinite(vectors).all():
        raise AnalysisError(
            "Some vectors hold values that are not finite, so there is no map. "
            "Pre-train again with a smaller learning rate."
        )
    centred = (vectors - vectors.mean(axis=0, dtype=np.float64)).astype(np.float32)
    if np.abs(centred).max(initial=0.0) <= 1e-6 * np.abs(vectors).max(initial=0.0):
        raise AnalysisError("All rows have the same vector: there is nothing to map.")
    return centred


def _components(vectors: np.ndarray, k: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates f32 [n, k] and shares of variance f64 [k] of centred vectors."""
    n, width = vectors.shape
    variance = float(np.square(vectors, dtype=np.float64).sum())
    if width <= EXACT_WIDTH:
        covariance = vectors.T.astype(np.float64) @ vectors.astype(np.float64)
        axes = np.linalg.eigh(covariance)[1][:, ::-1][:, :k]
    else:
        from sklearn.utils.extmath import randomized_svd

        axes = randomized_svd(vectors, n_components=min(k, n), random_state=seed)[2].T
    largest = np.abs(axes).argmax(axis=0)
    axes = axes * np.where(axes[largest, np.arange(axes.shape[1])] < 0, -1.0, 1.0)
    coordinates = np.zeros((n, k), dtype=np.float32)
    coordinates[:, : axes.shape[1]] = vectors @ axes.astype(np.float32)
    return coordinates, np.square(coordinates, dtype=np.float64).sum(axis=0) / variance
