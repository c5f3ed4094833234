"""Tables, runs and their analyses in one home folder.

A question about a run is either answered from the run's folder (``probe(run_id)``, None while
there is no answer) or is work that yields progress and leaves its answer there
(``compute_probe(run_id)``).
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Protocol, TypeVar, Unpack

import numpy as np
import pandas as pd

from tjepa.analysis import (
    Agreement,
    Attribution,
    LabelCurve,
    ProbeResult,
    Projection,
    Relevance,
)
from tjepa.analysis.waiting import in_thread
from tjepa.errors import TjepaError
from tjepa.pretraining import Pool, PretrainingConfig, TrainedEncoder
from tjepa.progress import Progress, Work, within
from tjepa.runs import RunInfo, Store
from tjepa.table import (
    FOUND_OUT,
    Column,
    EncodedTable,
    FileReading,
    RawTable,
    Schema,
    Suggestion,
    infer_schema,
    load_sample,
    read_query,
    read_table,
    repeated_rows,
    split_table,
    suggestions,
    typed,
)
from tjepa.table.profiles import (
    ByClass,
    ByMean,
    ColumnProfile,
    Relations,
    Shape,
    by_target,
    column_profile,
    draw,
    relating,
)
from tjepa.table.queries import QueryOptions
from tjepa.table.reading.guarded import read_guarded
from tjepa.table.reading.limits import Bounds
from tjepa.workbench import answers, training
from tjepa.workbench.answers import Method
from tjepa.workbench.loaded import LoadedRun, Source, load
from tjepa.workbench.streaming import write_vectors
from tjepa.workbench.training import Estimate

PROFILED = 8_192
"""Columns whose distribution is kept in memory."""
RELATED_TABLES = 8


class _Result(Protocol):
    def to_parts(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]: ...

    @classmethod
    def from_parts(cls, data: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Any: ...


R = TypeVar("R", bound=_Result)


class Workbench:
    """Everything that can be asked for. Safe to share between threads.

    Parameters
    ----------
    home:
        The folder of tables and runs, by default `TJEPA_HOME` or the platform's data folder.
    """

    def __init__(self, home: Path | None = None) -> None:
        self.store = Store(home)
        self._loaded = lru_cache(maxsize=2)(
            lambda run_id: load(self.store, self.table(self.store.run(run_id).table_id), run_id)
        )
        self._table = lru_cache(maxsize=4)(self.store.table)
        self._inferred = lru_cache(maxsize=16)(lambda id_: infer_schema(self.table(id_).frame))
        self._suggestions = lru_cache(maxsize=16)(
            lambda id_, before: suggestions(self.table(id_).frame, before)
        )
        self._column_profiles: dict[tuple[str, Column], ColumnProfile] = {}
        self._relations: dict[tuple[str, Schema], Relations] = {}
        self._estimates: dict[tuple[str, str, PretrainingConfig], Estimate] = {}

    # Tables

    def open_table(
        self,
        source: bytes | Path,
        *,
        name: str | None = None,
        sheet: str | None = None,
        reading: FileReading = FOUND_OUT,
    ) -> str:
        """Read and keep a table, as `read_table` does; returns its id.

        ReadingError says what is wrong with it.
        """
        return self._add(read_table(source, name=name, sheet=sheet, reading=reading))

    def opening_table(
        self,
        source: bytes | Path,
        *,
        name: str | None = None,
        sheet: str | None = None,
        reading: FileReading = FOUND_OUT,
        bounds: Bounds | None = None,
        known: Callable[[str], object] = lambda form: None,
    ) -> Work[str]:
        """`open_table` as work, read in a process of its own; see `read_guarded`."""
        work = read_guarded(
            source, name=name, sheet=sheet, reading=reading, bounds=bounds, known=known
        )
        raw = yield from within(work, 0.0, 0.9)
        yield Progress("keeping the table", 0.9)
        return self._add(raw)

    def open_query(self, source: str | Path, query: str, **options: Unpack[QueryOptions]) -> str:
        """Read and keep the result of a query, as `read_query` does; returns its id.

        ReadingError says what is wrong with the query, the database or the result.
        """
        return self._add(read_query(source, query, **options))

    def opening_query(
        self, source: str | Path, query: str, **options: Unpack[QueryOptions]
    ) -> Work[str]:
        """`open_query` as work; closing it tells the database to stop."""
        closed = threading.Event()
        ask = partial(read_query, source, query, cancelled=closed.is_set, **options)
        raw = yield from in_thread(ask, "asking the database", 0.0, stop=closed.set)
        yield Progress("keeping the table", 0.9)
        return self._add(raw)

    def open_sample(self, key: str) -> str:
        """Keep the sample called `key` as a table; returns its id."""
        return self._add(load_sample(key))

    def table(self, table_id: str) -> RawTable:
        return self._table(table_id)

    def schema(self, table_id: str, schema_id: str | None = None) -> Schema:
        """The schema of that id, or the inferred one."""
        return self.store.schema(table_id, schema_id) if schema_id else self._inferred(table_id)

    def suggestions(self, table_id: str, schema: Schema) -> tuple[Schema, tuple[Suggestion, ...]]:
        """What could be understood better, and the schema that it is about.

        That is the inferred one with the target of `schema`, so that what was taken stays listed.
        """
        before = self.schema(table_id)
        if schema.target is not None:
            target = schema.column(schema.target)
            if target.kind == before.column(target.name).kind:
                target = before.column(target.name)
            columns = tuple(target if c.name == target.name else c for c in before.columns)
            before = replace(before, columns=columns, target=target.name, task=schema.task)
        return before, self._suggestions(table_id, before)

    def column_profiles(self, table_id: str, schema: Schema) -> tuple[ColumnProfile, ...]:
        """The distribution of each column; after a change, only of what has changed."""
        look = draw(self.table(table_id).frame, schema)
        found = []
        for column in schema.columns:
            key = (table_id, column)
            known = self._column_profiles.get(key)
            if known is None:
                if len(self._column_profiles) >= PROFILED:
                    self._column_profiles.clear()
                known = self._column_profiles[key] = column_profile(look, column)
            found.append(known)
        return tuple(found)

    def relations(self, table_id: str, schema: Schema) -> Relations | None:
        """What is missing and what goes with what, once `compute_relations` has found it."""
        return self._relations.get((table_id, schema))

    def compute_relations(self, table_id: str, schema: Schema) -> Work[Relations]:
        """Find what is missing and what goes with what; kept while this process lives."""
        yield Progress("reading the table", 0.0)
        found = yield from relating(draw(self.table(table_id).frame, schema))
        while len(self._relations) >= RELATED_TABLES:
            self._relations.pop(next(iter(self._relations)), None)
        self._relations[table_id, schema] = found
        return found

    def beside_target(
        self, table_id: str, schema: Schema, column: str, shape: Shape
    ) -> ByClass | ByMean | None:
        """A column by the target; None of the target itself and without one."""
        look = draw(self.table(table_id).frame, schema)
        return by_target(look, schema.column(column), shape)

    def save_schema(self, table_id: str, schema: Schema) -> str:
        return self.store.add_schema(table_id, schema)

    # Pre-training

    def estimate(self, table_id: str, schema: Schema, config: PretrainingConfig) -> Estimate:
        """Time a few steps of this configuration on this table, here and now (about a second).

        Raises
        ------
        SchemaError
            When the schema leaves fewer than two features.
        """
        key = (table_id, schema.schema_id, config)
        if key not in self._estimates:
            if len(self._estimates) > 256:
                self._estimates.clear()
            self._estimates[key] = training.measure(self.table(table_id), schema, config)
        return self._estimates[key]

    def create_run(self, table_id: str, schema: Schema, config: PretrainingConfig) -> str:
        """A new run in state *queued*; `pretrain` does the work. Returns its id.

        Raises
        ------
        SchemaError
            When the schema leaves fewer than two features.
        """
        training.check_features(schema)
        table = self.table(table_id)
        split = split_table(table.frame, schema)
        rows = {
            "total": len(table.frame),
            "train": len(split.train),
            "validation": len(split.validation),
            "test": len(split.test),
            "unlabelled": len(split.unlabelled),
            "repeated": len(repeated_rows(table.frame, schema, split)),
        }
        run = self.store.create_run(
            table_id=table_id,
            table_name=table.name,
            schema=schema,
            config_json=config.to_json(),
            rows=rows,
        )
        return run.run_id

    def pretrain(self, run_id: str) -> Work[RunInfo]:
        """Pre-train a run, from its checkpoint where there is one; see `training.pretraining`."""
        run = self.store.run(run_id)
        if run.state == "finished":
            return run
        return (yield from training.pretraining(self.store, run, self.table(run.table_id)))

    def run(self, run_id: str) -> RunInfo:
        return self.store.run(run_id)

    def runs(self) -> list[RunInfo]:
        return self.store.runs()

    def metrics(self, run_id: str) -> list[dict[str, Any]]:
        """Loss, spread and speed of each epoch so far."""
        return self.store.metrics(run_id)

    # The rows of a finished run

    def embed(
        self, run_id: str, source: Path | pd.DataFrame | None = None, *, pool: Pool = "flat"
    ) -> Work[pd.DataFrame]:
        """Vectors of the run's own rows, or of other rows with its columns: f32, one line per row.

        The lines are in the order of the rows; those of a frame keep its index.

        Raises
        ------
        EncodingError
            When the rows lack a feature of the run, or a cell does not fit its kind. Other
            columns are not looked at. When the vectors would take more than 4 GB of memory.
        """
        yield Progress("reading the rows", 0.0)
        encoder, encoded = self._to_embed(run_id, source)
        found = yield from encoder.vectors(encoded, pool)
        index = source.index if isinstance(source, pd.DataFrame) else None
        return pd.DataFrame(found, index=index, columns=encoder.vector_names(pool), copy=False)

    def embed_file(
        self,
        run_id: str,
        out: Path,
        source: Path | pd.DataFrame | None = None,
        *,
        pool: Pool = "flat",
    ) -> Work[tuple[int, int]]:
        """The frame of `embed` as the Parquet file `out`, of any size; returns its shape.

        Raises as `embed` does, and StoreError when the file cannot be written.
        """
        yield Progress("reading the rows", 0.0)
        encoder, encoded = self._to_embed(run_id, source)
        return (yield from write_vectors(encoder, encoded, pool, out))

    def rows(self, run_id: str, numbers: np.ndarray) -> pd.DataFrame:
        """Those rows of the run's table as they were read, their numbers in the first column."""
        frame = self.table(self.store.run(run_id).table_id).frame.iloc[numbers]
        name = "row"
        while name in frame:
            name += " number"
        frame = frame.reset_index(drop=True)
        frame.insert(0, name, numbers)
        return frame

    def colour_values(self, run_id: str, column: str) -> pd.Series:
        """Any column of the table as its kind, one value per row. SchemaError if it is absent."""
        run = self.store.run(run_id)
        found = run.schema.column(column)
        frame = self.table(run.table_id).frame[list(found.names)]
        return typed(frame, run.schema)[found.name]

    # What a finished run shows

    def projection(self, run_id: str, source: Source, method: Method) -> Projection | None:
        return self._kept(run_id, f"{method}-{source}", Projection)

    def compute_projection(self, run_id: str, source: Source, method: Method) -> Work[Projection]:
        """A map of the rows, or of a random 20,000 of them."""
        make = partial(answers.projection, source=source, method=method)
        return (yield from self._answer(run_id, f"{method}-{source}", make))

    def agreement(self, run_id: str) -> Agreement | None:
        return self._kept(run_id, "agreement", Agreement)

    def compute_agreement(self, run_id: str) -> Work[Agreement]:
        """How much of the raw and of the untrained neighbourhoods the embedding keeps."""
        return (yield from self._answer(run_id, "agreement", answers.agreement))

    def relevance(self, run_id: str) -> Relevance | None:
        return self._kept(run_id, "relevance", Relevance)

    def compute_relevance(self, run_id: str) -> Work[Relevance]:
        """Label-free relevance of every feature, beside the untrained encoder's."""
        return (yield from self._answer(run_id, "relevance", answers.relevance))

    def probe(self, run_id: str) -> ProbeResult | None:
        return self._kept(run_id, "probe", ProbeResult)

    def compute_probe(self, run_id: str) -> Work[ProbeResult]:
        """Probes on the frozen vectors next to GBDTs and every control, on held-out rows.

        Only rows that are used are embedded; see `tjepa.analysis.choose_rows`.

        Raises
        ------
        AnalysisError
            When the run has no target, or too few rows have one.
        """
        return (yield from self._answer(run_id, "probe", answers.probe))

    def label_curve(self, run_id: str) -> LabelCurve | None:
        return self._kept(run_id, "label-curve", LabelCurve)

    def compute_label_curve(self, run_id: str) -> Work[LabelCurve]:
        """Probes and boosted trees with 50, 200 and 1,000 labelled rows, beside every control.

        Raises
        ------
        AnalysisError
            When the run has no target, or no more than 50 training rows have one.
        """
        return (yield from self._answer(run_id, "label-curve", answers.label_curve))

    def attribution(self, run_id: str) -> Attribution | None:
        return self._kept(run_id, "attribution", Attribution)

    def compute_attribution(self, run_id: str) -> Work[Attribution]:
        """SHAP values of the probe and of boosted trees for some held-out rows.

        Raises as `compute_probe` does, and AnalysisError when there are more than 1,000 features.
        """
        return (yield from self._answer(run_id, "attribution", answers.attribution))

    def _to_embed(
        self, run_id: str, source: Path | pd.DataFrame | None
    ) -> tuple[TrainedEncoder, EncodedTable]:
        loaded = self._loaded(run_id)
        encoder = loaded.encoder
        if source is None:
            return encoder, loaded.encoded
        frame = read_table(source).frame if isinstance(source, Path) else source
        return encoder, encoder.encode(frame.loc[:, frame.columns.isin(encoder.columns)])

    # The answers on disk

    def _add(self, raw: RawTable) -> str:
        table_id = self.store.add_table(raw)
        if self.table(table_id).name != raw.name:  # known under another name until now
            self._table.cache_clear()
        return table_id

    def _answer(self, run_id: str, key: str, make: Callable[[LoadedRun], Work[R]]) -> Work[R]:
        yield Progress("reading the run", 0.0)
        result = yield from make(self._loaded(run_id))
        self.store.save_artefact(run_id, key, *result.to_parts())
        return result

    def _kept(self, run_id: str, key: str, kind: type[R]) -> R | None:
        """The answer on disk; None where it is damaged or of another version: it is made again."""
        parts = self.store.artefact(run_id, key)
        if parts is None:
            return None
        try:
            found: R = kind.from_parts(*parts)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, TjepaError):
            return None
        return found
