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
from tjepa.table.queries import QUERY_ROWS, QUERY_SECONDS, read_query
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
from tjepa.table.splits import Split, make_split, split_table, target_cells

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
    "RawTable",
    "Sample",
    "Scaling",
    "Schema",
    "Split",
    "SplitSpec",
    "Suggestion",
    "TableEncoder",
    "Task",
    "from_tree_matrix",
    "infer_schema",
    "load_sample",
    "make_split",
    "override",
    "raw_matrix",
    "read_query",
    "read_schema",
    "read_table",
    "schema_text",
    "split_table",
    "suggestions",
    "target_cells",
    "tree_matrix",
    "typed",
]
