"""Vectors of any number of rows as a file: what is held in memory does not grow with the rows."""

import os
import uuid
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tjepa.pretraining import Pool, TrainedEncoder
from tjepa.progress import Progress, Work
from tjepa.runs.files import writing
from tjepa.table import EncodedTable

GROUP_VALUES = 2**25
"""Numbers in a row group, about: 128 MB."""


def write_vectors(
    encoder: TrainedEncoder, encoded: EncodedTable, pool: Pool, out: Path
) -> Work[tuple[int, int]]:
    """Write the vectors f32 [N, E] as the Parquet file `out`; it is there when all of it is.

    Returns N and E.

    Raises
    ------
    StoreError
        When the disk is full or the folder cannot be written.
    """
    names = encoder.vector_names(pool)
    schema = pa.schema([(name, pa.float32()) for name in names])
    unfinished = out.with_name(f".{uuid.uuid4().hex}.parquet")
    done, waiting = 0, []
    with writing(out):
        try:
            # Vectors neither repeat nor have ranges worth asking for.
            with pq.ParquetWriter(
                unfinished, schema, use_dictionary=False, write_statistics=False
            ) as file:
                yield Progress("embedding rows", 0.0)
                for part in encoder.parts(encoded, pool):
                    waiting.append(part)
                    done += len(part)
                    if len(names) * sum(map(len, waiting)) >= GROUP_VALUES:
                        file.write_table(_as_table(waiting, schema))
                        waiting = []
                    yield Progress("embedding rows", done / len(encoded))
                if waiting:
                    file.write_table(_as_table(waiting, schema))
            os.replace(unfinished, out)
        finally:
            unfinished.unlink(missing_ok=True)
    return done, len(names)


def _as_table(parts: list[np.ndarray], schema: pa.Schema) -> pa.Table:
    columns = np.ascontiguousarray(np.concatenate(parts).T)
    return pa.Table.from_arrays([pa.array(column) for column in columns], schema=schema)
