"""The kinds of columns: guessed from cells with the evidence, and cells as their kind."""

import re
from typing import Literal, get_args

import numpy as np
import pandas as pd

from tjepa.errors import TjepaError

Kind = Literal["numeric", "categorical", "date", "id", "text"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FEATURE_KINDS: tuple[Kind, ...] = ("numeric", "categorical", "date")
"""The kinds the encoder has tokens for."""

FEW = 50
"""Text with at most this many distinct values is categorical, unless hardly one repeats."""
REPEATS = 0.5
"""Text with more distinct values than this share of its cells hardly repeats."""
LONG = 40
"""Text of more characters than this on average reads as prose."""
IDENTIFIES_FROM = 10
"""With fewer rows, distinct values prove nothing."""
DATE_SHAPE = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"

_ID_NAME = re.compile(r"(^|[\s_\-.])(id|ids|uuid|guid|key|index|nr|no)$|[a-z]I[Dd]$", re.IGNORECASE)


def guess_kind(values: pd.Series, name: str) -> tuple[Kind, str]:
    """The kind of a column as it was read, and the evidence in a few words."""
    present = values.dropna()
    distinct, cells = int(present.nunique()), len(present)
    if distinct == 0:
        return "categorical", "no value"
    if pd.api.types.is_datetime64_any_dtype(values):
        return "date", f"dates from {present.min():%Y-%m-%d} to {present.max():%Y-%m-%d}"
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return _guess_number(present, name, distinct)
    counted = f"{distinct:,} distinct of {cells:,}"
    # Mappings are looked through once per distinct value: cells may be millions.
    lengths = present.astype(str).str.len()
    unique = distinct == cells and cells >= IDENTIFIES_FROM
    hardly_repeats = distinct > REPEATS * cells and distinct > FEW
    if lengths.mean() > LONG and (unique or distinct > FEW):
        return "text", f"{counted}, {lengths.mean():.0f} characters on average"
    if unique or hardly_repeats:
        spaced = present.astype(str).str.contains(r"\s", regex=True).mean()
        return ("text" if spaced > 0.5 else "id"), counted
    return "categorical", counted


def _guess_number(present: pd.Series, name: str, distinct: int) -> tuple[Kind, str]:
    if distinct <= 2:
        return "categorical", f"{distinct} distinct {'value' if distinct == 1 else 'values'}"
    numbers = present.to_numpy(dtype=float)
    whole = bool((numbers == np.round(numbers)).all())
    if whole and distinct == len(present) >= IDENTIFIES_FROM:
        steps = np.diff(numbers)
        if (steps == 1).all():
            return "id", "it counts the rows"
        if _ID_NAME.search(name):
            return "id", f"{distinct:,} distinct whole numbers"
    what = "whole numbers" if whole else "numbers"
    return "numeric", f"{what} from {_short(numbers.min())} to {_short(numbers.max())}"


def typed_column(values: pd.Series, kind: Kind, name: str, problem: type[TjepaError]) -> pd.Series:
    """The cells as `kind`: f64, datetime64[ns], or text (object, None where missing).

    Raises
    ------
    problem
        When a cell does not fit; it names the column, the row and the cell.
    """
    if kind == "numeric":
        return _numbers(values, name, problem)
    if kind == "date":
        return _dates(values, name, problem)
    return _texts(values)


def _numbers(values: pd.Series, name: str, problem: type[TjepaError]) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values):
        raise problem(f"Column {name!r} holds dates, not numbers: choose the kind date.")
    found = pd.to_numeric(_trimmed(values), errors="coerce")
    numbers = found.to_numpy(dtype="float64", na_value=np.nan)
    _every_cell_fits(values, np.isnan(numbers), name, "a number", problem)
    numbers = np.where(np.isfinite(numbers), numbers, np.nan)
    return pd.Series(numbers, index=values.index, name=values.name)


def _dates(values: pd.Series, name: str, problem: type[TjepaError]) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values):
        raise problem(f"Column {name!r} holds numbers, not dates: keep the kind numeric.")
    if not pd.api.types.is_datetime64_any_dtype(values):
        texts = _trimmed(values)
        # Without this, "1" and "12" would be read as dates of the current month.
        texts = texts.where(texts.astype(str).str.contains(DATE_SHAPE, regex=True))
        values_as_dates = pd.to_datetime(texts, errors="coerce", format="mixed", utc=True)
        _every_cell_fits(values, values_as_dates.isna().to_numpy(), name, "a date", problem)
        values = values_as_dates
    if values.dt.tz is not None:
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    # Beyond the years 1677 to 2262 nanoseconds cannot count.
    return pd.Series(values.astype("datetime64[ns]"))


def _texts(values: pd.Series) -> pd.Series:
    """Numbers without a needless ".0", so that 1, 1.0 and "1" are one category."""
    codes, uniques = pd.factorize(values)
    names = np.array([*map(_text, uniques), None], dtype=object)
    return pd.Series(names[codes], index=values.index, name=values.name, dtype=object)


def _text(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else str(number)
    return str(value).strip()


def _trimmed(values: pd.Series) -> pd.Series:
    """Text without outer blanks, nothing left being a missing cell; other cells as they are."""
    if pd.api.types.is_numeric_dtype(values):
        return values
    texts = values.astype("str").str.strip()
    return texts.where(values.notna() & (texts != ""))


def _every_cell_fits(
    values: pd.Series, failed: np.ndarray, name: str, what: str, problem: type[TjepaError]
) -> None:
    wrong = np.flatnonzero(failed & _trimmed(values).notna().to_numpy())
    if len(wrong):
        cell = str(values.iloc[wrong[0]])
        shown = repr(cell if len(cell) <= 40 else cell[:39] + "…")
        others = f", nor are {len(wrong) - 1:,} other cells" if len(wrong) > 1 else ""
        raise problem(
            f"Column {name!r}, row {wrong[0]:,}: {shown} is not {what}{others}. "
            "Correct the cells or choose another kind."
        )


def _short(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e9 else f"{value:.4g}"
