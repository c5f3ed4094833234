"""Results of DuckDB → Arrow tables of the types that a table is read from, with remarks."""

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from tjepa.table.queries.cells import LONGEST_CELL, Remarks, cell_too_long

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation

_AS_TEXT = ("BIGNUM", "BIT", "TIME WITH TIME ZONE", "VARINT")
"""Types that lose something, or their form, on the way to Arrow."""
_DAY_IN_US = 86_400 * 10**6
_ENDLESS = {"date": 2**31 - 1, "timestamp": 2**63 - 1}


def readable(result: "DuckDBPyRelation", remarks: Remarks) -> "DuckDBPyRelation":
    """The result with columns of unusual types as the text that DuckDB writes of them."""
    places = {i for i, kind in enumerate(result.types) if str(kind) in _AS_TEXT}
    if not places:
        return result
    remarks.other |= places
    columns = []
    for i, name in enumerate(result.columns):
        named = '"' + name.replace('"', '""') + '"'
        columns.append(f"#{i + 1}::VARCHAR AS {named}" if i in places else f"#{i + 1} AS {named}")
    return result.project(", ".join(columns))


def tidied(table: pa.Table, remarks: Remarks) -> pa.Table:
    """Infinite dates as missing, intervals as durations, whole decimals as whole numbers."""
    columns = [_tidied(column, i, remarks) for i, column in enumerate(table.columns)]
    return pa.Table.from_arrays(columns, names=table.column_names)


def check_cells(table: pa.Table, rows: int) -> None:
    """Raise ReadingError for a cell that is too long, in a part that follows so many rows."""
    for column in table.columns:
        if pa.types.is_string(column.type) or pa.types.is_binary(column.type):
            lengths = pc.binary_length(column)
            if (pc.max(lengths).as_py() or 0) > LONGEST_CELL:
                raise cell_too_long(rows + pc.index(lengths, pc.max(lengths)).as_py())


def _tidied(column: pa.ChunkedArray, place: int, remarks: Remarks) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_interval(kind):
        remarks.months.add(place)
        spans = [None if cell is None else _span(cell) for cell in column.to_pylist()]
        return pa.chunked_array([pa.array(spans, pa.duration("us"))])
    if pa.types.is_decimal(kind) and kind.scale == 0:
        try:
            return column.cast(pa.int64())
        except pa.ArrowInvalid:
            remarks.large.add(place)
            return column.cast(pa.string())
    if pa.types.is_date32(kind) or pa.types.is_timestamp(kind):
        most = _ENDLESS["date" if pa.types.is_date32(kind) else "timestamp"]
        numbers = column.cast(pa.int32() if pa.types.is_date32(kind) else pa.int64())
        endless = pc.or_(pc.equal(numbers, most), pc.equal(numbers, -most))
        if count := pc.sum(endless).as_py():
            remarks.count(remarks.endless, place, count)
            return pc.if_else(endless, pa.scalar(None, kind), column)
    return column


def _span(cell: pa.MonthDayNano) -> int:
    years, months = divmod(abs(cell.months), 12)
    days = (365 * years + 30 * months) * (1 if cell.months >= 0 else -1) + cell.days
    return int(days * _DAY_IN_US + cell.nanoseconds // 1_000)
