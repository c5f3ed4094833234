"""The kinds of columns: guessed from cells with the evidence, and cells as their kind."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from tjepa.errors import TjepaError, quoted
from tjepa.table import calendars, hints, written
from tjepa.table.counting import Cells, distinct_in, factorized, holds_numbers, natural

Kind = Literal["numeric", "ordinal", "categorical", "date", "id", "text"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FEATURE_KINDS: tuple[Kind, ...] = ("numeric", "ordinal", "categorical", "date")
"""The kinds the encoder is given by itself."""
ENCODED_KINDS: tuple[Kind, ...] = (*FEATURE_KINDS, "text")
"""The kinds the encoder has tokens for: text only when a person asks for it."""

FEW = 50
"""Text with at most this many distinct values is categorical, unless none repeats."""
REPEATS, REPEATS_IF_NAMED, REPEATS_IF_LONG, REPEATS_IF_CODE = 0.5, 0.2, 0.05, 0.9
"""Cells hardly repeat when more than this share of them is distinct: in any column, in one that is
named like an identifier, in one of long text, in one of codes: a zip code is of a place, not of a
row."""
LONG = 30
"""Text of more characters than this on average reads as prose."""
IDENTIFIES_FROM = 10
"""With fewer rows, distinct values prove nothing."""
LOOKED_AT = 10_000
"""Cells that are enough to see how long they are and whether they have spaces."""
DATE_SHAPE = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"
MOST_CODES = 9
"""Codes without a name for them go from 1 to at most this."""
EACH_CODE = 10
"""Cells that each code has on average: fewer of them may be anything."""
WORDS_IN = 2_000
"""Rows that are enough to see whether a table has words."""


@dataclass(frozen=True)
class Meaning:
    """What the cells of a column mean, beyond their kind.

    `missing_values` are cells that mean "missing", `order` the categories of an ordinal column from
    low to high, `format` how numbers or dates are written: see `tjepa.table.written` and
    `tjepa.table.calendars`.
    """

    missing_values: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    format: str = ""


AS_IT_IS = Meaning()


def guess_kind(values: pd.Series, name: str) -> tuple[Kind, str]:
    """The kind of a column as it was read, and the evidence in a few words."""
    return _guess(Cells(values), name)


def _guess(column: Cells, name: str) -> tuple[Kind, str]:
    column = column.natural
    values = column.values
    if holds_numbers(values):
        return _guess_number(column, name)
    if pd.api.types.is_datetime64_any_dtype(values) and values.notna().any():
        return "date", f"dates from {_day(values.min())} to {_day(values.max())}"
    codes, uniques = column.factorized
    present = np.flatnonzero(codes >= 0)
    distinct, cells = len(uniques), len(present)
    if distinct == 0:
        return "categorical", "no value"
    counted = f"{distinct:,} distinct of {cells:,}"
    if distinct <= FEW and not _none_repeats(distinct, cells):
        return "categorical", counted
    some = [str(cell) for cell in values.iloc[present[:: max(1, cells // LOOKED_AT)]].tolist()]
    characters = float(np.mean([len(cell) for cell in some]))
    if characters > LONG and _hardly_repeats(distinct, cells, REPEATS_IF_LONG):
        return "text", f"{counted}, {characters:,.0f} characters on average"
    if _hardly_repeats(distinct, cells, REPEATS_IF_NAMED if hints.identifies(name) else REPEATS):
        spaced = float(np.mean([len(cell.split()) > 1 for cell in some]))
        return ("text" if spaced > 0.5 else "id"), counted
    return "categorical", counted


def _guess_number(column: Cells, name: str) -> tuple[Kind, str]:
    numbers = column.numbers
    distinct, cells = column.distinct_numbers, len(numbers)
    if distinct == 0:
        return "numeric", "no value"
    if distinct == 1:
        return "numeric", f"only the number {_short(numbers[0])}"
    whole = bool((numbers == np.round(numbers)).all())
    from_to = f"from {_short(numbers.min())} to {_short(numbers.max())}"
    if distinct == 2:
        if whole and hints.counts(name):
            return "numeric", f"whole numbers {from_to}, named like a count"
        return "categorical", "2 distinct values"
    if whole and (found := _guess_code(numbers, name, distinct, cells)) is not None:
        return found
    return "numeric", f"{'whole numbers' if whole else 'numbers'} {from_to}"


def _guess_code(
    numbers: np.ndarray, name: str, distinct: int, cells: int
) -> tuple[Kind, str] | None:
    """Whole numbers that are identifiers or codes, which their name or their order says."""
    named = f"{distinct:,} distinct whole numbers"
    if _none_repeats(distinct, cells):
        if (np.diff(numbers) == 1).all():
            return "id", "it counts the rows"
        if hints.identifies(name):
            return "id", named
    if hints.is_code(name):
        share = REPEATS_IF_NAMED if hints.identifies(name) else REPEATS_IF_CODE
        return ("id" if _hardly_repeats(distinct, cells, share) else "categorical"), named
    if hints.is_number_of_one(name) and _hardly_repeats(distinct, cells, REPEATS_IF_CODE):
        return "id", named
    month = hints.is_month(name) and numbers.min() >= 1 and numbers.max() <= 12
    if distinct <= FEW and cells >= EACH_CODE * distinct and (month or hints.is_group(name)):
        what = "a month" if month else "a group"
        return "categorical", f"{distinct:,} distinct of {cells:,}, named like {what}"
    return None


def code_like(values: pd.Series, name: str) -> tuple[int, bool] | None:
    """How many codes whole numbers may be, and whether their frequencies say so; None if not.

    Codes are numbered from 1 without a gap, counts mostly from 0; and the lowest count is mostly
    the most frequent, the next the next, which for codes would be chance.
    """
    values = natural(values)
    if not holds_numbers(values) or hints.is_amount(name):
        return None
    numbers = values.dropna().to_numpy(dtype=float)
    if len(numbers) == 0 or numbers.min() != 1 or not 3 <= numbers.max() <= MOST_CODES:
        return None
    codes = numbers.astype(np.int64)
    cells, k = np.bincount(codes)[1:], int(codes.max())
    if (codes != numbers).any() or (cells == 0).any() or len(codes) < EACH_CODE * k:
        return None
    return k, bool((np.diff(cells) > 0).any())


def codes_in(frame: pd.DataFrame) -> dict[str, str]:
    """The columns of numbers that are codes, each with the evidence, in a table without words.

    A table writes its categories in words or as codes, hardly in both ways: where there are words,
    numbers are numbers.
    """
    found = {
        str(name): codes
        for name, values in frame.items()
        if (codes := code_like(values, str(name))) is not None
    }
    unlike_counts = sum(unlike for _, unlike in found.values())
    if unlike_counts < len(found) / 2 or not found or _has_words(frame):
        return {}
    return {name: f"codes from 1 to {k} in a table without words" for name, (k, _) in found.items()}


def _has_words(frame: pd.DataFrame) -> bool:
    """Whether some column has words that repeat, or truth values."""
    some = frame.iloc[:WORDS_IN]
    for i in range(some.shape[1]):
        values = some.iloc[:, i]
        if holds_numbers(values) or pd.api.types.is_datetime64_any_dtype(values):
            continue
        uniques = factorized(natural(values))[1]
        texts = pd.Series([_text(value) for value in uniques], dtype="str")
        worded = texts.str.contains(r"[^\W\d_]", regex=True)
        repeat = len(texts) <= values.notna().sum() / 2
        if len(texts) and worded.mean() > 0.5 and repeat and written_as(texts) is None:
            return True
    return False


def _none_repeats(distinct: int, cells: int) -> bool:
    return distinct == cells >= IDENTIFIES_FROM


def _hardly_repeats(distinct: int, cells: int, share: float) -> bool:
    return _none_repeats(distinct, cells) or (distinct > FEW and distinct > share * cells)


def guess_meaning(column: Cells, name: str) -> tuple[Kind, str, Meaning]:
    """The kind, the evidence, and the format where text is surely numbers or dates."""
    found = written_as(column.values)
    if found is None or not found[1].sure:
        return (*_guess(column, name), AS_IT_IS)
    kind, form = found
    meaning = Meaning(format=form.text)
    return kind, f"{span(column.values, kind, name, meaning)}, written as text", meaning


def written_as(values: pd.Series) -> tuple[Kind, written.Format] | None:
    """Whether all present cells of a column of text are numbers or dates, and their format."""
    values = natural(values)
    if holds_numbers(values) or not pd.api.types.is_string_dtype(values):
        return None
    found: tuple[Kind, written.Format] | None = None
    # Most columns of words end after a glance.
    for cells in (values.iloc[: 20 * written.GLANCE], values):
        texts = pd.Series(_trimmed(cells).dropna().unique())
        if len(texts) == 0:
            continue
        if (form := written.number_format(texts)) is not None:
            found = ("numeric", form)
        elif (form := calendars.date_format(texts)) is not None:
            found = ("date", form)
        else:
            return None
    return found


def find_format(values: pd.Series, kind: Kind, meaning: Meaning) -> Meaning:
    """`meaning` with the format that numbers or dates of `values` are written in, if one is needed.

    For a kind that a person chose: what is not sure will do.
    """
    values = natural(read(values, meaning))
    form = ""
    if kind == "date" and holds_numbers(values):
        numbers = values.dropna().to_numpy(dtype=float)
        form = calendars.number_date_format(numbers, dated=True) or ""
    elif (found := written_as(values)) is not None and found[0] == kind:
        form = found[1].text
    return Meaning(meaning.missing_values, meaning.order, form)


def span(values: pd.Series, kind: Kind, name: str, meaning: Meaning) -> str:
    """From where to where numbers or dates go, in words, with the unit of numbers."""
    cells = typed_column(values, kind, name, TjepaError, meaning)
    if kind == "date" and calendars.is_clock(meaning.format) and cells.notna().any():
        return f"times from {cells.min():%H:%M} to {cells.max():%H:%M}"
    words = guess_kind(cells, "")[1]
    unit = written.Format(meaning.format, sure=True).unit
    return f"{words} ({unit})" if unit else words


def in_order(order: tuple[str, ...]) -> str:
    """`low < medium < high`, and only the ends of a long order."""
    return " < ".join(order if len(order) <= 8 else (*order[:4], "…", order[-1]))


def read(values: pd.Series, meaning: Meaning) -> pd.Series:
    """The cells, missing where their text is one of the `missing_values`."""
    if not meaning.missing_values:
        return values
    values = natural(values)
    if holds_numbers(values):
        known = pd.to_numeric(pd.Series(meaning.missing_values), errors="coerce").dropna()
        hit = values.isin(known.tolist())
    elif pd.api.types.is_datetime64_any_dtype(values):
        texts = pd.Series(meaning.missing_values)
        days = pd.to_datetime(texts, errors="coerce", format="mixed", utc=True).dropna()
        hit = values.isin(days if values.dt.tz is not None else days.dt.tz_localize(None))
    else:
        codes, uniques = factorized(values)
        same = np.array([*(_text(cell) in meaning.missing_values for cell in uniques), False])
        hit = pd.Series(same[codes], index=values.index)
    return values.where(~hit.fillna(value=False).astype(bool))


def typed_column(
    values: pd.Series,
    kind: Kind,
    name: str,
    problem: type[TjepaError],
    meaning: Meaning = AS_IT_IS,
) -> pd.Series:
    """The cells as `kind`: f64, datetime64[us], or text (object, None where missing).

    Raises
    ------
    problem
        When a cell does not fit; it names the column, the row and the cell.
    """
    values = natural(read(values, meaning))
    if kind == "numeric":
        return _numbers(values, name, problem, meaning.format)
    if kind == "date":
        return _dates(values, name, problem, meaning.format)
    texts = _texts(values)
    if kind == "ordinal":
        strange = texts.notna() & ~texts.isin(meaning.order)
        what = f"one of its ordered values ({in_order(meaning.order)})"
        _every_cell_fits(values, strange.to_numpy(), name, what, problem)
    return texts


def counted_cells(
    column: Cells,
    kind: Kind,
    name: str,
    problem: type[TjepaError],
    meaning: Meaning = AS_IT_IS,
) -> tuple[int, int]:
    """How many cells are missing and how many distinct, as `kind`; raises as `typed_column`."""
    if meaning.missing_values:
        column = Cells(read(column.values, meaning))
    if kind == "categorical":
        codes, uniques = column.natural.factorized
        if isinstance(uniques.dtype, pd.StringDtype):
            texts = pd.Series(uniques).str.strip()
        else:
            texts = pd.Series([_text(value) for value in uniques], dtype="str")
        blank = np.flatnonzero(texts == "")
        missing = codes < 0 if len(blank) == 0 else np.isin(codes, [-1, *blank])
        return int(missing.sum()), texts.nunique() - (len(blank) > 0)
    if kind == "numeric" and holds_numbers(column.natural.values):
        column = column.natural
        return len(column.values) - len(column.numbers), column.distinct_numbers
    # Identifiers and prose are text as they are, and long to rewrite.
    if kind in FEATURE_KINDS:
        column = Cells(typed_column(column.values, kind, name, problem, meaning))
    if kind == "date" or holds_numbers(column.values):
        present = column.values.dropna().to_numpy()
        return len(column.values) - len(present), distinct_in(present)
    codes, uniques = column.factorized
    return int((codes < 0).sum()), len(uniques)


def _numbers(values: pd.Series, name: str, problem: type[TjepaError], form: str) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values):
        raise problem(f"Column {quoted(name)} holds dates, not numbers: choose the kind date.")
    if pd.api.types.is_complex_dtype(values):
        raise problem(
            f"Column {quoted(name)} holds complex numbers: give their real and imaginary parts as "
            "two columns."
        )
    cells, what = _trimmed(values), "a number"
    if written.is_number_format(form) and not pd.api.types.is_numeric_dtype(values):
        codes, uniques = pd.factorize(cells)
        numbers = np.append(written.as_numbers(pd.Series(uniques, dtype="str"), form), np.nan)
        numbers, what = numbers[codes], f"a number written as {form}"
    else:
        found = pd.to_numeric(cells, errors="coerce")
        numbers = found.to_numpy(dtype="float64", na_value=np.nan)
    _every_cell_fits(values, np.isnan(numbers), name, what, problem)
    numbers = np.where(np.isfinite(numbers), numbers, np.nan)
    return pd.Series(numbers, index=values.index, name=values.name)


def _dates(values: pd.Series, name: str, problem: type[TjepaError], form: str) -> pd.Series:
    if form and not pd.api.types.is_datetime64_any_dtype(values):
        codes, uniques = pd.factorize(_texts(values))
        days = calendars.as_dates(pd.Series(uniques, dtype="str"), form)
        days = np.append(days, np.datetime64("NaT"))
        what = f"a {'time' if calendars.is_clock(form) else 'date'} written as {form}"
        _every_cell_fits(values, np.isnat(days[codes]), name, what, problem)
        return pd.Series(days[codes], index=values.index, name=values.name)
    if pd.api.types.is_numeric_dtype(values):
        raise problem(f"Column {quoted(name)} holds numbers, not dates: keep the kind numeric.")
    if not pd.api.types.is_datetime64_any_dtype(values):
        # Reading a date is slow, and dates repeat.
        codes, uniques = pd.factorize(_trimmed(values))
        texts = pd.Series(uniques, dtype="str")
        # Without this, "1" and "12" would be read as dates of the current month.
        texts = texts.where(texts.str.contains(DATE_SHAPE, regex=True))
        found = pd.to_datetime(texts, errors="coerce", format="mixed", utc=True)
        days = np.append(
            found.dt.tz_localize(None).to_numpy("datetime64[us]"), np.datetime64("NaT")
        )
        _every_cell_fits(values, np.isnat(days[codes]), name, "a date", problem)
        return pd.Series(days[codes], index=values.index, name=values.name)
    if values.dt.tz is not None:
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    # Nanoseconds cannot count beyond the years 1677 to 2262.
    return pd.Series(values.astype("datetime64[us]"))


def _texts(values: pd.Series) -> pd.Series:
    """Numbers lose a needless ".0", so that 1, 1.0 and "1" are one category; blanks are missing."""
    codes, uniques = factorized(values)
    names = np.array([*(_text(value) or None for value in uniques), None], dtype=object)
    return pd.Series(names[codes], index=values.index, name=values.name, dtype=object)


def _text(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 2**53 else str(number)
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
        others = ""
        if len(wrong) > 1:
            others = f", nor {'is' if len(wrong) == 2 else 'are'} {len(wrong) - 1:,} other cell"
            others += "s" * (len(wrong) > 2)
        raise problem(
            f"Column {quoted(name)}, row {wrong[0]:,}: {quoted(values.iloc[wrong[0]])} is not "
            f"{what}{others}. Correct the cells or choose another kind."
        )


def _short(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e9 else f"{value:.4g}"


def _day(moment: pd.Timestamp) -> str:
    return str(moment)[:10]
