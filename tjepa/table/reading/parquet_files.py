"""Parquet → columns: one file, or several with the same columns."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from tjepa.errors import ReadingError, quoted
from tjepa.table.reading.cells import Read
from tjepa.table.reading.limits import check_columns, check_rows
from tjepa.table.reading.names import listed
from tjepa.table.reading.typed_columns import plain_columns


def read_parquet(data: bytes, name: str) -> Read:
    """ReadingError names the column that is damaged, if it is one."""
    return plain_columns(_table(data, name))


def read_parts(parts: Sequence[tuple[str, bytes]], name: str) -> Read:
    """The rows of one file after those of another; each part has its own name.

    ReadingError names the part that has other columns than the first, and the column.
    """
    first, *others = parts
    tables = [_table(first[1], first[0])]
    rows = tables[0].num_rows
    for part, data in others:
        table = _table(data, part)
        rows += table.num_rows
        check_rows(name, rows, table.num_columns)
        tables.append(_aligned(table, part, tables[0], first[0]))
    return plain_columns(pa.concat_tables(tables, promote_options="permissive"))


def _table(data: bytes, name: str) -> pa.Table:
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        schema = file.schema_arrow
        check_columns(name, len(schema))
        check_rows(name, file.metadata.num_rows, len(schema))
        table = file.read()
        table.validate(full=True)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise ReadingError(
            f"{name} is a damaged or encrypted Parquet file. Write it again and open that."
        ) from error
    return table


def _aligned(table: pa.Table, part: str, first: pa.Table, first_part: str) -> pa.Table:
    """The table with its columns in the order of the first one."""
    names, wanted = table.column_names, first.column_names
    for owner, other, missing in (
        (first_part, part, [name for name in wanted if name not in names]),
        (part, first_part, [name for name in names if name not in wanted]),
    ):
        if missing:
            raise ReadingError(
                f"{owner} has columns that {other} has not: {listed(missing)}. Files that are read "
                "together need the same columns."
            )
    if names != wanted:
        table = table.select(wanted)
    for name in wanted:
        fields = [pa.schema([found.schema.field(name)]) for found in (first, table)]
        try:
            pa.unify_schemas(fields, promote_options="permissive")
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            one, two = (str(found.schema.field(name).type) for found in (first, table))
            raise ReadingError(
                f"Column {quoted(name)} is {one} in {first_part} and {two} in {part}. Files that "
                "are read together need the same types."
            ) from error
    return table
