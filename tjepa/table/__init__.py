"""Bytes → frame → schema → split → arrays: what a table is, before any network sees it."""

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
from tjepa.table.reading import RawTable, read_table
from tjepa.table.samples import SAMPLES, Sample, load_sample
from tjepa.table.schema import Column, Schema, SplitSpec, Task, infer_schema, override
from tjepa.table.splits import Split, make_split, split_table, target_cells

__all__ = [
    "KINDS",
    "SAMPLES",
    "Column",
    "EncodedTable",
    "Feature",
    "Kind",
    "RawTable",
    "Sample",
    "Scaling",
    "Schema",
    "Split",
    "SplitSpec",
    "TableEncoder",
    "Task",
    "from_tree_matrix",
    "infer_schema",
    "load_sample",
    "make_split",
    "override",
    "raw_matrix",
    "read_table",
    "split_table",
    "target_cells",
    "tree_matrix",
    "typed",
]
