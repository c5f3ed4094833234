"""Bytes → frame → schema → split → arrays: what a table is, before any network sees it."""

from tjepa.table.advice import Suggestion, suggestions
from tjepa.table.encoding import (
    EncodedTable,
    Feature,
    Scaling,
    TableEncoder,
    from_tree_matrix,
    raw_matrix,
    tree_matrix,
    typed,
)
from tjepa.table.kinds import KINDS, Kind
from tjepa.table.profiles import TableProfile, profile
from tjepa.table.queries import QUERY_ROWS, QUERY_SECONDS, QueryCancelledError, read_query
from tjepa.table.reading import (
    APPLIES,
    FORMATS,
    FOUND_OUT,
    FileReading,
    RawTable,
    read_table,
)
from tjepa.table.samples import SAMPLES, Sample, load_sample
from tjepa.table.schema import Column, Schema, SplitSpec, Task, infer_schema, override
from tjepa.table.schema_files import read_schema, schema_text
from tjepa.table.splits import (
    Split,
    make_split,
    repeated_rows,
    repeats_sentence,
    split_table,
    target_cells,
    with_repeats,
)

__all__ = [
    "APPLIES",
    "FORMATS",
    "FOUND_OUT",
    "KINDS",
    "QUERY_ROWS",
    "QUERY_SECONDS",
    "SAMPLES",
    "Column",
    "EncodedTable",
    "Feature",
    "FileReading",
    "Kind",
    "QueryCancelledError",
    "RawTable",
    "Sample",
    "Scaling",
    "Schema",
    "Split",
    "SplitSpec",
    "Suggestion",
    "TableEncoder",
    "TableProfile",
    "Task",
    "from_tree_matrix",
    "infer_schema",
    "load_sample",
    "make_split",
    "override",
    "profile",
    "raw_matrix",
    "read_query",
    "read_schema",
    "read_table",
    "repeated_rows",
    "repeats_sentence",
    "schema_text",
    "split_table",
    "suggestions",
    "target_cells",
    "tree_matrix",
    "typed",
    "with_repeats",
]
