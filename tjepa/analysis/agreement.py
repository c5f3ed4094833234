"""How much of another view's geometry an embedding keeps: neighbours and linear CKA."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tjepa.errors import AnalysisError
from tjepa.progress import Progress, Work

NEIGHBOURS = 10
QUERIES = 2_000
BLOCK = 128
HIGH = 0.9
"""Overlap and CKA above this: the embedding changed little."""

NAMES = {"untrained": "the untrained encoder", "raw": "the raw columns"}


@dataclass(frozen=True)
class Agreement:
    """Agreement of the embedding with other views of the same rows, by name of the view.

    `knn_overlap` is the mean share of the `k` nearest neighbours that both views name, over
    `rows` query rows; `chance` is what two unrelated views would reach. `cka` is linear CKA of
    the query rows, by the unbiased estimator (Song et al. 2012; Nguyen et al. 2021), so that
    wide vectors of few rows do not agree by their width alone; its noise is cut at 0 and 1.
    """

    knn_overlap: dict[str, float]
    cka: dict[str, float]
    k: int
    rows: int
    chance: float
    seed: int

    @property
    def sentence(self) -> str:
        parts = [
            f"{self.knn_overlap[name]:.0%} of the {self.k} nearest neighbours are shared with "
            f"{NAMES.get(name, name)} (chance: {self.chance:.1%}; linear CKA {self.cka[name]:.2f})"
            for name in self.knn_overlap
        ]
        text = "; ".join(parts) + "."
        if min(self.knn_overlap.get("untrained", 0.0), self.cka.get("untrained", 0.0)) >= HIGH:
            text += (
                " The embedding changed little in pre-training: it keeps almost the whole"
                " geometry of the untrained encoder."
            )
        return text

    def to_parts(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        data = {
            "knn_overlap": dict(self.knn_overlap),
            "cka": dict(self.cka),
            "k": self.k,
            "rows": self.rows,
            "chance": self.chance,
            "seed": self.seed,
            "sentence": self.sentence,
        }
        return data, {}

    @classmethod
    def from_parts(cls, data: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> "Agreement":
        return cls(
            knn_overlap=dict(data["knn_overlap"]),
            cka=dict(data["cka"]),
            k=data["k"],
            rows=data["rows"],
            chance=data["chance"],
            seed=data["seed"],
        )


def agreement(
    tjepa_vectors: np.ndarray, others: Mapping[str, np.ndarray], *, seed: int
) -> Work[Agreement]:
    """Compare `tjepa_vectors` f32 [n, E] with other views f32 [n, E'] of the same rows.

    Neighbours are Euclidean, of at most 2,000 sampled rows among all n; rows at equal distance
    are taken in an arbitrary order, so tables of many duplicates read low.

    Raises
    ------
    AnalysisError
        With fewer than five rows, or values that are not finite.
    """
    n = len(tjepa_vectors)
    if n < 5:
        raise AnalysisError(f"Comparing neighbours needs at least 5 rows, and there are {n}.")
    k = min(NEIGHBOURS, (n - 1) // 2)
    queries = np.sort(np.random.default_rng(seed).permutation(n)[:QUERIES])
    neighbours, grams = [], []
    names = list(others)
    views = [tjepa_vectors, *others.values()]
    for i, vectors in enumerate(views):
        scaled = _scaled(vectors)
        found = []
        for start in range(0, len(queries), BLOCK):
            yield Progress("comparing neighbours", (i + start / len(queries)) / len(views))
            found.append(nearest(scaled, queries[start : start + BLOCK], k))
        neighbours.append(np.concatenate(found))
        grams.append((scaled[queries] @ scaled[queries].T).astype(np.float64))
    overlap, similarity = {}, {}
    for name, others_neighbours, gram in zip(names, neighbours[1:], grams[1:], strict=True):
        shared = (neighbours[0][:, :, None] == others_neighbours[:, None, :]).any(axis=2)
        overlap[name] = float(shared.mean())
        similarity[name] = cka(grams[0], gram)
    return Agreement(
        knn_overlap=overlap, cka=similarity, k=k, rows=len(queries), chance=k / (n - 1), seed=seed
    )


def nearest(vectors: np.ndarray, queries: np.ndarray, k: int) -> np.ndarray:
    """The k nearest other rows of each query row, i64 [q, k], in no particular order."""
    distances = np.square(vectors).sum(axis=1) - 2.0 * (vectors[queries] @ vectors.T)
    distances[np.arange(len(queries)), queries] = np.inf
    return np.argpartition(distances, k - 1, axis=1)[:, :k]


def cka(left: np.ndarray, right: np.ndarray) -> float:
    """CKA of two Gram matrices f64 [n, n], n ≥ 4; 0 where one of them does not vary."""
    product = _hsic(left, left) * _hsic(right, right)
    return float(np.clip(_hsic(left, right) / np.sqrt(product), 0.0, 1.0)) if product > 0 else 0.0


def _hsic(left: np.ndarray, right: np.ndarray) -> float:
    """The unbiased estimator of HSIC (Song et al. 2012, eq. 5)."""
    n = len(left)
    left, right = left - np.diag(np.diag(left)), right - np.diag(np.diag(right))
    total = (left * right).sum() + left.sum() * right.sum() / ((n - 1) * (n - 2))
    return float((total - 2 * left.sum(axis=0) @ right.sum(axis=0) / (n - 2)) / (n * (n - 3)))


def _scaled(vectors: np.ndarray) -> np.ndarray:
    """Centred f32, scaled to unit total variance: neither measure depends on the scale."""
    if not np.isfinite(vectors).all():
        raise AnalysisError("Some vectors hold values that are not finite: nothing to compare.")
    centred = vectors - vectors.mean(axis=0, dtype=np.float64)
    size = float(np.sqrt(np.square(centred).sum(axis=1).mean()))
    return (centred / size if size > 0 else centred).astype(np.float32)
