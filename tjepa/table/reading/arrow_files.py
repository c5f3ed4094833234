"""Arrow files and streams, Feather included → columns."""

import pyarrow as pa

from tjepa.errors import ReadingError
from tjepa.table.reading.cells import Read
from tjepa.table.reading.limits import check_columns, check_rows
from tjepa.table.reading.typed_columns import plain_columns


def read_arrow(data: bytes, name: str) -> Read:
    """Either form, compressed or not. ReadingError where it is damaged."""
    buffer = pa.BufferReader(data)
    batches, rows = [], 0
    try:
        if data.startswith(b"ARROW1"):
            file = pa.ipc.open_file(buffer)
            parts = map(file.get_batch, range(file.num_record_batches))
        else:
            file = parts = pa.ipc.open_stream(buffer)
        check_columns(name, len(file.schema))
        for batch in parts:
            rows += batch.num_rows
            check_rows(name, max(1, rows), len(file.schema))
            batches.append(batch)
        table = pa.Table.from_batches(batches, file.schema)
        table.validate(full=True)
    except (pa.ArrowException, OSError, UnicodeDecodeError, MemoryError) as error:
        raise ReadingError(
            f"{name} is a damaged Arrow or Feather file. Write it again and open that."
        ) from error
    check_rows(name, rows, len(file.schema))
    return plain_columns(table)
