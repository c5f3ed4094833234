"""Bytes → frame: what a file says, in any of the forms people have."""

from tjepa.table.reading.choices import APPLIES, FORMATS, FOUND_OUT, FileReading
from tjepa.table.reading.raw_table import RawTable, read_table

__all__ = ["APPLIES", "FORMATS", "FOUND_OUT", "FileReading", "RawTable", "read_table"]
