"""What a finished run shows, as work: maps, agreement, relevance, probe and attribution."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, TypeVar

import numpy as np

from tjepa import analysis
from tjepa.analysis import (
    Agreement,
    Attribution,
    ChosenRows,
    LabelCurve,
    ProbeResult,
    Projection,
    Relevance,
    sample_rows,
)
from tjepa.analysis.waiting import in_thread
from tjepa.errors import AnalysisError
from tjepa.model import feature_groups
from tjepa.progress import Work, finish, within
from tjepa.table import from_tree_matrix, tree_matrix
from tjepa.workbench.loaded import LoadedRun, Source, vectors

Method = Literal["pca", "umap"]
C = TypeVar("C", ProbeResult, LabelCurve)

RELEVANCE_ROWS = 1_000
RELEVANCE_CELLS = 256_000
"""Rows × features that relevance is measured on: each is embedded twice per feature."""
LEAST_RELEVANCE_ROWS = 100
ATTRIBUTED_FEATURES = 1_000
"""SHAP values of more would take hours: the rows to embed grow with the features."""
BACKGROUND_ROWS = 50
EXPLAINED_ROWS = 60


def projection(loaded: LoadedRun, source: Source, method: Method) -> Work[Projection]:
    n, seed = len(loaded.encoded), loaded.seed
    rows = sample_rows(n, seed=seed)
    seen = yield from within(vectors(loaded, source, rows), 0.0, 0.2)
    if method == "pca":
        result = analysis.pca(seen, rows, source=source, n_total=n, seed=seed)
    else:
        work = analysis.umap(seen, rows, source=source, n_total=n, seed=seed)
        result = yield from within(work, 0.2, 1.0)
    return result if source == "raw" else replace(result, notes=loaded.pooling_notes)


def agreement(loaded: LoadedRun) -> Work[Agreement]:
    rows = sample_rows(len(loaded.encoded), seed=loaded.seed)
    views = yield from within(_views(loaded, rows), 0.0, 0.75)
    trained = views.pop("tjepa")
    work = analysis.agreement(trained, views, seed=loaded.seed)
    return (yield from within(work, 0.75, 1.0))


def relevance(loaded: LoadedRun) -> Work[Relevance]:
    trained, untrained = loaded.encoder, loaded.encoder.untrained()
    fewer = max(LEAST_RELEVANCE_ROWS, RELEVANCE_CELLS // len(trained.names))
    limit = min(RELEVANCE_ROWS, fewer)
    rows = sample_rows(len(loaded.encoded), limit=limit, seed=loaded.seed)
    some = loaded.encoded.rows(rows)
    groups = feature_groups(len(trained.names), trained.config.max_features)
    work = analysis.relevance(
        trained.names,
        lambda visible: trained.tokens(some, visible),
        lambda visible: untrained.tokens(some, visible),
        rows=len(rows),
        seed=loaded.seed,
        groups=[group.tolist() for group in groups],
    )
    return (yield from work)


def probe(loaded: LoadedRun) -> Work[ProbeResult]:
    y, task = loaded.target()
    split, seed = loaded.split, loaded.encoder.schema.split.seed
    sets = (split.train, split.validation, split.test)
    chosen = analysis.choose_rows(y, sets, task, seed=seed)
    return (yield from _beside_controls(loaded, chosen, analysis.probe))


def label_curve(loaded: LoadedRun) -> Work[LabelCurve]:
    y, task = loaded.target()
    split, seed = loaded.split, loaded.encoder.schema.split.seed
    chosen = analysis.choose_curve_rows(y, split.train, split.test, task, seed=seed)
    return (yield from _beside_controls(loaded, chosen, analysis.label_curve))


def attribution(loaded: LoadedRun) -> Work[Attribution]:
    encoder, split, seed = loaded.encoder, loaded.split, loaded.encoder.schema.split.seed
    y, task = loaded.target()
    if len(encoder.names) > ATTRIBUTED_FEATURES:
        raise AnalysisError(
            f"SHAP values of {len(encoder.names):,} features would take hours, and at most "
            f"{ATTRIBUTED_FEATURES:,} are attributed. Leave out the columns that relevance "
            "ranks last, and pre-train on the others."
        )
    sets = (split.train, split.validation, split.test[:0])
    chosen = analysis.choose_rows(y, sets, task, seed=seed)
    fitted = chosen.everything
    places = chosen.within(fitted)
    embedded = yield from within(vectors(loaded, "tjepa", fitted), 0.0, 0.1)
    trees = tree_matrix(loaded.encoded.rows(fitted))
    given = (y[fitted], places.train, places.validation, task, seed)
    on_embedding = yield from in_thread(
        lambda: analysis.fit_linear_probe(embedded, *given), "fitting the probe", 0.1
    )
    boosted = yield from in_thread(
        lambda: analysis.fit_gbdt(trees, *given), "fitting boosted trees", 0.15
    )
    cardinalities = loaded.encoded.cardinalities

    def predict(cells: np.ndarray) -> np.ndarray:
        encoded = from_tree_matrix(cells, cardinalities)
        return on_embedding.predict_score(finish(encoder.vectors(encoded, loaded.pool)))

    rows = sample_rows(len(split.test), limit=EXPLAINED_ROWS, seed=seed)
    background = sample_rows(len(split.train), limit=BACKGROUND_ROWS, seed=seed)
    work = analysis.attribution(
        encoder.names,
        predict,
        boosted.predict_score,
        tree_matrix(loaded.encoded.rows(split.test[rows]))[0],
        tree_matrix(loaded.encoded.rows(split.train[background]))[0],
        split.test[rows],
        output=on_embedding.output,
        seed=seed,
    )
    found = yield from within(work, 0.2, 1.0)
    left_out = (*chosen.left_out, *found.left_out, *loaded.pooling_notes)
    return replace(found, left_out=left_out)


def _beside_controls(
    loaded: LoadedRun, chosen: ChosenRows, compare: Callable[..., Work[C]]
) -> Work[C]:
    """What `compare` finds with the chosen rows in every representation, and as columns."""
    y, task = loaded.target()
    rows, seed = chosen.everything, loaded.encoder.schema.split.seed
    views = yield from within(_views(loaded, rows), 0.0, 0.3)
    trees = tree_matrix(loaded.encoded.rows(rows))
    work = compare(views, trees, y[rows], chosen.within(rows), task, seed=seed)
    found: C = yield from within(work, 0.3, 1.0)
    return replace(found, left_out=(*found.left_out, *loaded.pooling_notes))


def _views(loaded: LoadedRun, rows: np.ndarray) -> Work[dict[str, np.ndarray]]:
    """Vectors of `rows` in every representation."""
    sources: tuple[Source, ...] = ("raw", "untrained", "tjepa")
    found: dict[str, np.ndarray] = {}
    for i, source in enumerate(sources):
        work = vectors(loaded, source, rows)
        found[source] = yield from within(work, i / len(sources), (i + 1) / len(sources))
    return found
