"""Columns of text → typed columns, where one column says how the numbers of another are meant."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from tjepa.table.reading.cells import Findings, parsed
from tjepa.table.reading.marks import Marks, has_decimal_point, may_be_grouped


def text_columns(
    columns: Sequence[pa.ChunkedArray],
    names: Sequence[str],
    findings: Findings,
    delimiter: str | None,
    told: Marks,
) -> tuple[list[pa.ChunkedArray], Marks]:
    """Each column in its own type, as `parsed` says, and the marks of the numbers in them.

    A column where 1,234 may mean 1234 or 1.234 follows the other columns, if those agree.
    """
    found: list[pa.ChunkedArray] = []
    doubtful, plain = [], []
    for i, (column, name) in enumerate(zip(columns, names, strict=True)):
        unsure, commas = len(findings.unsure_comma), len(findings.decimal_comma)
        found.append(parsed(column, name, findings, delimiter=delimiter, marks=told))
        if len(findings.unsure_comma) > unsure:
            doubtful.append(i)
        elif found[-1].type == pa.float64() and len(findings.decimal_comma) == commas:
            plain.append(i)
    commas_divide = bool(findings.decimal_comma)
    if (doubtful or commas_divide) and told == Marks():
        trimmed = {i: pc.utf8_trim_whitespace(columns[i]) for i in plain}
        points_divide = any(map(has_decimal_point, trimmed.values()))
        if commas_divide != points_divide:
            marks = Marks(decimal="," if commas_divide else ".")
            grouped = [i for i in plain if commas_divide and may_be_grouped(trimmed[i])]
            findings.unsure_comma.clear()
            for i in doubtful:
                found[i] = parsed(columns[i], names[i], findings, delimiter=delimiter, marks=marks)
            for i in grouped:
                marks = Marks(decimal=",", thousands=".")
                found[i] = parsed(columns[i], names[i], findings, delimiter=delimiter, marks=marks)
    decimal = told.decimal or ("," if findings.decimal_comma else ".")
    thousands = next(iter(findings.thousands), "") if told.thousands is None else told.thousands
    return found, Marks(decimal, thousands)
