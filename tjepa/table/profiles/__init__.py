"""A table looked at: the distribution of each column, what is missing, what goes with what.

Of a large table some rows are looked at, drawn at random with a fixed seed; how many is part of
every result. Counts of missing and of distinct cells are exact: they are the schema's.
"""

from tjepa.table.profiles.associations import Associations, Pair
from tjepa.table.profiles.by_target import ByClass, ByMean, by_target
from tjepa.table.profiles.columns import ColumnProfile, NumberFacts, column_profile
from tjepa.table.profiles.missing import Missing, Pattern
from tjepa.table.profiles.rows import draw, rows_sentence
from tjepa.table.profiles.shapes import Counts, Histogram, Shape
from tjepa.table.profiles.whole import Relations, TableProfile, profile, profiling, relating

__all__ = [
    "Associations",
    "ByClass",
    "ByMean",
    "ColumnProfile",
    "Counts",
    "Histogram",
    "Missing",
    "NumberFacts",
    "Pair",
    "Pattern",
    "Relations",
    "Shape",
    "TableProfile",
    "by_target",
    "column_profile",
    "draw",
    "profile",
    "profiling",
    "relating",
    "rows_sentence",
]
