"""The whole profile of a table."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from tjepa.progress import Progress, Work, finish, within
from tjepa.table.advice.look import Look
from tjepa.table.profiles.associations import Associations, associating, coding_columns
from tjepa.table.profiles.columns import QUANTILES, ColumnProfile, column_profile
from tjepa.table.profiles.missing import Missing, finding_missing
from tjepa.table.profiles.rows import draw, rows_sentence
from tjepa.table.schema import Schema, infer_schema


@dataclass(frozen=True)
class Relations:
    """What is missing and what goes with what."""

    missing: Missing
    associations: Associations


@dataclass(frozen=True)
class TableProfile:
    """A table looked at: `columns` in its order, what is `missing`, and the `associations`."""

    rows: int
    n_rows: int
    columns: tuple[ColumnProfile, ...]
    missing: Missing
    associations: Associations

    @property
    def sentence(self) -> str:
        return rows_sentence(self.rows, self.n_rows)

    def to_frame(self) -> pd.DataFrame:
        """A line per column: missing and distinct of all rows, the rest of those looked at."""
        lines = []
        for column in self.columns:
            line: dict[str, Any] = {
                "column": column.name,
                "kind": column.kind,
                "missing": column.missing,
                "missing share": column.missing_share,
                "distinct": column.distinct,
                "commonest": column.commonest[0][0] if column.commonest else None,
                "times": column.commonest[0][1] if column.commonest else None,
            }
            if column.numbers is not None:
                line["mean"], line["deviation"] = column.numbers.mean, column.numbers.deviation
                line["zeros"] = column.numbers.zeros
                for share, quantile in zip(QUANTILES, column.numbers.quantiles, strict=True):
                    line[f"{share:.0%}"] = quantile
            if column.first:
                line["first"], line["last"] = column.first, column.last
            lines.append(line)
        return pd.DataFrame(lines).set_index("column")

    def to_json(self) -> dict[str, Any]:
        """Everything, as JSON can hold it: None for what is not finite."""
        missing, related = asdict(self.missing), asdict(self.associations)
        missing["share"] = self.missing.share.round(4).tolist()
        related["v"] = self.associations.v.round(4).tolist()
        return {
            "rows": self.rows,
            "n_rows": self.n_rows,
            "columns": [_finite(asdict(column)) for column in self.columns],
            "missing": missing,
            "associations": related,
        }

    def __repr__(self) -> str:
        width = len(self.columns)
        lines = [f"{self.n_rows:,} rows, {width:,} columns. {self.sentence}", ""]
        lines.append(self.to_frame().to_string(max_rows=60, max_cols=8, max_colwidth=32))
        pairs = [
            f"{pair.left} and {pair.right} {pair.strength:.2f}"
            for pair in self.associations.pairs[:5]
        ]
        if pairs:
            lines += ["", f"Strongest associations: {'; '.join(pairs)}."]
        return "\n".join(lines)


def profile(frame: pd.DataFrame, schema: Schema | None = None) -> TableProfile:
    """Look at a table as its schema (the inferred one, if None) understands it.

    Of more than 50,000 rows as many are looked at, drawn at random with a fixed seed, and fewer of
    a table with more than 200 columns; `sentence` says so. `profiling` is the same as work that can
    be followed.

    Raises
    ------
    SchemaError
        When a cell does not fit its kind, or two columns have one name.
    """
    return finish(profiling(frame, infer_schema(frame) if schema is None else schema))


def profiling(frame: pd.DataFrame, schema: Schema) -> Work[TableProfile]:
    """`profile` as work; raises as it does."""
    look = draw(frame, schema)
    columns = []
    for i, column in enumerate(schema.columns):
        yield Progress("looking at each column", 0.2 * i / len(schema.columns))
        columns.append(column_profile(look, column))
    found = yield from within(relating(look), 0.2, 1.0)
    return TableProfile(
        len(look.rows), len(frame), tuple(columns), found.missing, found.associations
    )


def relating(look: Look) -> Work[Relations]:
    """What is missing and what goes with what, in the rows of `look`."""
    known, left_out = yield from within(coding_columns(look), 0.0, 0.35)
    missing = yield from within(finding_missing(look, known), 0.35, 0.6)
    related = yield from within(associating(look, known, left_out), 0.6, 1.0)
    return Relations(missing, related)


def _finite(saved: Any) -> Any:
    if isinstance(saved, dict):
        return {name: _finite(value) for name, value in saved.items()}
    if isinstance(saved, list | tuple):
        return [_finite(value) for value in saved]
    return None if isinstance(saved, float) and not math.isfinite(saved) else saved
