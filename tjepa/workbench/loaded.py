"""A finished run opened for analysis, and its rows as each representation sees them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tjepa.analysis import MOST_ROWS
from tjepa.errors import AnalysisError, StoreError
from tjepa.pretraining import Pool, TrainedEncoder
from tjepa.progress import Progress, Work
from tjepa.runs import Store
from tjepa.table import (
    EncodedTable,
    RawTable,
    Split,
    Task,
    raw_matrix,
    split_table,
    target_cells,
    typed,
)

Source = Literal["tjepa", "untrained", "raw"]

FLAT_LIMIT = 8_192
FLAT_VALUES = 2**28
"""Wider vectors, or more numbers in those of all rows (1 GB), are projected to fewer numbers before
rows are compared, mapped or probed."""


@dataclass(frozen=True)
class LoadedRun:
    """Table, encoder and split of a run, and its rows as the encoder takes them."""

    table: RawTable
    encoder: TrainedEncoder
    encoded: EncodedTable
    split: Split

    @property
    def seed(self) -> int:
        return self.encoder.config.seed

    @property
    def pool(self) -> Pool:
        """How tokens become the vector of a row: side by side, f32 [D·H], unless that is wide."""
        width = len(self.encoder.names) * self.encoder.config.sizes.token_width
        rows = min(len(self.encoded), MOST_ROWS)
        return "projected" if width > FLAT_LIMIT or rows * width > FLAT_VALUES else "flat"

    @property
    def pooling_notes(self) -> tuple[str, ...]:
        """A sentence where rows stand as projections of their tokens."""
        if self.pool == "flat":
            return ()
        flat = len(self.encoder.names) * self.encoder.config.sizes.token_width
        return (
            f"A row stood as {len(self.encoder.vector_names(self.pool)):,} numbers, a random "
            f"projection of its tokens: side by side they are {flat:,}, too many to compare "
            f"{len(self.encoded):,} rows by.",
        )

    def target(self) -> tuple[np.ndarray, Task]:
        """Class names (object) or numbers (f64) of every row, None or NaN where unknown.

        Raises
        ------
        AnalysisError
            When the run has no target.
        """
        schema = self.encoder.schema
        cells = target_cells(self.table.frame, schema)
        if cells is None or schema.task is None:
            raise AnalysisError(
                "This run has no target, so there is nothing to predict: choose one and "
                "pre-train again. The target is never part of the pre-training."
            )
        return cells.to_numpy(dtype=float if schema.task == "regression" else object), schema.task


def load(store: Store, table: RawTable, run_id: str) -> LoadedRun:
    """Open a finished run; StoreError when it is not finished."""
    run = store.run(run_id)
    if run.state != "finished":
        raise StoreError(f"The run {run_id} is {run.state}: its encoder is not finished yet.")
    encoder = TrainedEncoder.from_parts(*store.load_tensors(run_id, "encoder"))
    frame = typed(table.frame[list(encoder.columns)], encoder.schema)
    return LoadedRun(
        table=table,
        encoder=encoder,
        encoded=encoder.table_encoder.transform(frame),
        split=split_table(table.frame, encoder.schema),
    )


def vectors(loaded: LoadedRun, source: Source, rows: np.ndarray) -> Work[np.ndarray]:
    """The vectors f32 [n, E] of `rows` in one representation."""
    if source == "raw":
        yield Progress("raw columns", 0.0)
        return raw_matrix(loaded.encoded.rows(rows))
    encoder = loaded.encoder if source == "tjepa" else loaded.encoder.untrained()
    return (yield from encoder.vectors(loaded.encoded.rows(rows), loaded.pool))
