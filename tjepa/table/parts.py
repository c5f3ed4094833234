"""The features of a date: elapsed time, and the parts that come round again.

One number can say how long ago something was, but not that two Mondays are alike. Each part is a
feature of its own, named "when: month", so that relevance can tell the season from the trend.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tjepa.errors import SchemaError, quoted

ELAPSED = "elapsed days"
HOUR = "hour"
PARTS = (ELAPSED, "year", "month", "weekday", HOUR)
"""Days since 1970; the year; 1 to 12; 0 (Monday) to 6; 0 to 23, with minutes as a fraction."""


def telling(dates: pd.Series, *, clock: bool = False) -> tuple[str, ...]:
    """The parts that differ among the dates: elapsed days always, hours where times are given.

    Times of a `clock`, without a day, have their hour alone.
    """
    if clock:
        return (HOUR,)
    moments = dates.dropna()
    # Days repeat, and have all parts but the hour.
    days = pd.Series(moments.dt.normalize().unique())
    return tuple(
        part
        for part in PARTS
        if part == ELAPSED or _differ(moments if part == HOUR else days, part)
    )


def _differ(dates: pd.Series, part: str) -> bool:
    found = part_of(dates, part)
    return bool((found != found[:1]).any())


def part_of(dates: pd.Series, part: str) -> np.ndarray:
    """One part of datetime64 cells, f64 [n], NaN where missing."""
    if part == ELAPSED:
        stamps = dates.to_numpy("datetime64[us]")
        return np.where(np.isnat(stamps), np.nan, stamps.astype("int64") / 86_400e6)
    found = getattr(dates.dt, "day_of_week" if part == "weekday" else part).astype("float64")
    if part == HOUR:
        found = found + dates.dt.minute / 60
    return np.asarray(found.to_numpy("float64", na_value=np.nan))


def feature_name(column: str, part: str) -> str:
    return f"{column}: {part}"


def checked(parts: Sequence[str], column: str) -> tuple[str, ...]:
    """The parts in their usual order; SchemaError where one is unknown."""
    for part in parts:
        if part not in PARTS:
            raise SchemaError(
                f"Column {quoted(column)}: a date has no part {quoted(part)}, only "
                f"{', '.join(PARTS)}."
            )
    return tuple(part for part in PARTS if part in parts)
