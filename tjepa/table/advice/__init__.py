"""What could be understood better in a table: suggestions with their evidence, none applied."""

from dataclasses import replace

import pandas as pd

from tjepa.table.advice.apart import apart
from tjepa.table.advice.codes import codes
from tjepa.table.advice.forms import forms
from tjepa.table.advice.leaks import leaks
from tjepa.table.advice.look import look_at
from tjepa.table.advice.repeats import duplicates, nearly_constant
from tjepa.table.advice.sentinels import sentinel_numbers, sentinel_words
from tjepa.table.advice.suggestion import Suggestion
from tjepa.table.schema import Schema

__all__ = ["Suggestion", "suggestions"]


def suggestions(frame: pd.DataFrame, schema: Schema) -> tuple[Suggestion, ...]:
    """What to change in `schema`, the most consequential first; the same every time.

    Of a large table 50,000 rows are looked at, drawn at random with a fixed seed, and the evidence
    says so. Every suggestion fits the whole table: `override` takes it. Raises as `target_cells`.
    """
    seen = look_at(frame, schema)
    read = forms(seen)
    words = {
        (column, word)
        for suggestion in read
        for column, values in suggestion.change.get("missing_values", {}).items()
        for word in values
    }
    numbers = sentinel_numbers(seen)
    return (
        # Gaps that two columns share would look like a leak.
        *leaks(replace(seen, schema=_without(schema, numbers))),
        *numbers,
        *sentinel_words(seen, words),
        *apart(seen),
        *read,
        *codes(seen, read),
        *duplicates(seen),
        *nearly_constant(seen),
    )


def _without(schema: Schema, sentinels: list[Suggestion]) -> Schema:
    """The schema as if the suggested values were missing."""
    values: dict[str, tuple[str, ...]] = {}
    for suggestion in sentinels:
        for name, some in suggestion.change["missing_values"].items():
            values[name] = (*values.get(name, ()), *some)
    columns = (
        replace(c, missing_values=(*c.missing_values, *values.get(c.name, ())))
        for c in schema.columns
    )
    return replace(schema, columns=tuple(columns))
