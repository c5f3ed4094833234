"""Dates and times as people and programs write them: the format that fits every cell.

A format is what `strptime` takes, as `%d %b %Y` or `%H:%M`, or one of `unix seconds`,
`unix milliseconds`, `excel days` (since 1900, as a spreadsheet counts), `%Y-Q%q` (a quarter) and
`%G-W%V` (a week). `… or excel days` is for cells of which some were typed and some converted. The
formats of columns that make a date together are joined by ` + `.
"""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from tjepa.table.written import GLANCE, Format

UNIX = {"unix seconds": "s", "unix milliseconds": "ms"}
EXCEL = "excel days"
OR_EXCEL = f" or {EXCEL}"
EXCEL_DAYS = (20_000, 60_000)
"""Spreadsheets count days from 1900: these are of the years 1954 to 2064."""
TOGETHER = " + "
CLOCK_NUMBER = "%H%M"
"""A time as a number: 517 is 5:17."""
FEW_MONTHS = 6
"""Fewer distinct numbers may look like YYYYMM by chance."""
YEARS = (1800, 2100)
"""Whole numbers are taken for dates within these years only."""
LEAST_HOURS, LEAST_MINUTES, LEAST_TIMES = 6, 10, 50
"""Distinct hours, minutes and times without which numbers are no times but by chance."""
LAST_YEAR = 2035
"""Two digits of a later year mean one of the last century: more were born then than are to be."""
MOSTLY_DATES = 0.1
"""Of the cells, that are dates beside the days of a spreadsheet."""

# Of two formats of a pair that both fit, the first is taken, and it is said that this is a guess.
_WORDED = (
    ("%d %b %Y",),
    ("%d %B %Y",),
    ("%d. %b %Y",),
    ("%d. %B %Y",),
    ("%b %d %Y",),
    ("%B %d %Y",),
    ("%b %d, %Y",),
    ("%B %d, %Y",),
    ("%d-%b-%Y",),
    ("%d/%b/%Y",),
    ("%d%b%Y",),
    ("%Y-%b-%d",),
    ("%Y %b %d",),
    ("%d-%b-%y",),
    ("%d %b %y",),
    ("%a, %d %b %Y",),
    ("%a %b %d %Y",),
    ("%A, %d %B %Y",),
    ("%A, %B %d, %Y",),
    ("%b %Y",),
    ("%B %Y",),
    ("%b-%Y",),
    ("%b-%y",),
    ("%Y-Q%q",),
    ("%YQ%q",),
    ("%Y Q%q",),
    ("Q%q %Y",),
    ("Q%q-%Y",),
    ("%G-W%V",),
    ("%GW%V",),
    ("%G-W%V-%u",),
)
_DIGITS = (
    ("%Y-%m",),
    ("%Y/%m",),
    ("%m/%Y",),
    ("%m/%d/%Y", "%d/%m/%Y"),
    ("%m-%d-%Y", "%d-%m-%Y"),
    ("%d.%m.%Y",),
    ("%Y-%m-%d",),
    ("%Y/%m/%d",),
    ("%Y.%m.%d",),
    ("%m/%d/%y", "%d/%m/%y"),
    ("%d.%m.%y",),
    ("%Y%m%d",),
)
_CLOCK = re.compile(
    r"(?P<gap>T|,? +|^)\d{1,2}:\d{2}(?P<second>:\d{2}(?P<part>\.\d{1,6})?)?"
    r"(?:(?P<space> ?)(?P<half>[AaPp][Mm]))?(?P<zone> ?(?:[+-]\d{2}:?\d{2}|Z))?"
    r"(?P<utc> (?:UTC|GMT))?$"
)
_SPREADSHEET_DAY = r"[2-5][0-9]{4}(?:\.[0-9]+)?"

# Months of the large European languages, in full and shortened, where they are not as in English.
_MONTHS = {
    name: english
    for english, names in {
        "January": "januar jänner janvier janv enero ene gennaio gen janeiro januari styczeń "
        "stycznia",
        "February": "februar feber février févr fév febrero febbraio fevereiro fev februari "
        "luty lutego",
        "March": "märz mär mrz mars marzo março maart mrt marzec marca",
        "April": "avril avr abril abr aprile kwiecień kwietnia",
        "May": "mai mayo maggio mag maio mei maj maja",
        "June": "juni juin junio giugno giu junho czerwiec czerwca",
        "July": "juli juillet juil julio luglio lug julho lipiec lipca",
        "August": "août aout agosto ago augustus augusti sierpień sierpnia",
        "September": "sept septembre septiembre settembre set setembro wrzesień września",
        "October": "oktober okt octobre octubre ottobre ott outubro out październik października",
        "November": "novembre noviembre novembro listopad listopada",
        "December": "dezember dez décembre déc diciembre dic dicembre dezembro grudzień grudnia",
    }.items()
    for name in names.split()
}
_ENGLISH = frozenset(_MONTHS.values()) | {name[:3] for name in _MONTHS.values()}
_MONTH_WORDS = frozenset(_MONTHS) | {name.lower() for name in _ENGLISH}
_WORD = re.compile(r"[^\W\d_]+\.?")
_QUARTER_OR_WEEK = re.compile(r"Q[1-4]|W\d{2}")


def is_date_format(text: str) -> bool:
    """Whether the format is one of dates or times, as `%d %b %Y`."""
    if text.endswith(OR_EXCEL):
        text = text.removesuffix(OR_EXCEL)
    if text in UNIX or text == EXCEL:
        return True
    try:
        as_dates(pd.Series(["x"]), text)
    except (ValueError, TypeError):  # an unknown directive
        return False
    return bool(re.search("%[YyG]|%H|%I.*%p", text))


def is_clock(form: str) -> bool:
    """Whether the format has a time and no day."""
    return bool(re.search("%H|%I", form)) and not re.search("%[YyGdmbBj]", form)


def date_format(texts: pd.Series) -> Format | None:
    """The format of distinct trimmed cells that are dates or times, or None."""
    glance = texts.iloc[:GLANCE]
    if len(glance) == 0 or not glance.str.contains(r"^\w[\w,./:+ º-]{3,40}$", regex=True).all():
        return None
    if not glance.str.contains("[0-9]", regex=True).all():
        return None
    some = glance.str.fullmatch(_SPREADSHEET_DAY)
    if some.any() and not some.all():
        return _or_excel(texts)
    clock, days_alone = _clock(str(glance.iloc[0]))
    words = [word.removesuffix(".").lower() for word in _WORD.findall(days_alone)]
    worded = len(words) > 0
    if worded and _MONTH_WORDS.isdisjoint(words) and not _QUARTER_OR_WEEK.search(days_alone):
        return None
    for days in (("",),) if not days_alone else _WORDED if worded else _DIGITS:
        fitting = [
            day + clock
            for day in days
            if not np.isnat(_parsed(glance, day + clock)).any()
            and not np.isnat(_parsed(texts, day + clock)).any()
        ]
        if fitting:
            found = fitting[0]
            short = "%y" in found or found.startswith("%Y%m%d")
            # 2:05 may be five minutes past two, or two minutes and five seconds.
            short = short or (not days_alone and "%p" not in found)
            return Format(found, len(fitting) == 1 and not short, "".join(fitting[1:]))
    return _or_excel(texts)


def _clock(first: str) -> tuple[str, str]:
    """The format of the time at the end of a cell, with what is before it, and the day's text."""
    found = _CLOCK.search(first)
    if found is None:
        return "", first
    hour = "%I" if found["half"] else "%H"
    form = f"{found['gap']}{hour}:%M"
    if found["second"]:
        form += ":%S.%f" if found["part"] else ":%S"
    if found["half"]:
        form += f"{found['space']}%p"
    if zone := found["zone"]:
        form += " %z" if zone.startswith(" ") else "%z"
    return form + (found["utc"] or ""), first[: found.start()]


def _or_excel(texts: pd.Series) -> Format | None:
    """Dates, and among them the days that a spreadsheet has made of some."""
    converted = texts.str.fullmatch(_SPREADSHEET_DAY).fillna(value=False).astype(bool)
    if not converted.any() or (~converted).mean() < MOSTLY_DATES:
        return None
    found = date_format(texts[~converted])
    if found is None or found.text.endswith(OR_EXCEL) or is_clock(found.text):
        return None
    form = found.text + OR_EXCEL
    return None if np.isnat(as_dates(texts, form)).any() else Format(form, False, found.rival)


def number_date_format(numbers: np.ndarray, *, dated: bool = False) -> str | None:
    """The format of whole numbers that are all dates: YYYYMMDD, YYYYMM, seconds since 1970, times.

    Where they are `dated`, by the name of their column or by a person, they may be a spreadsheet's
    days too.
    """
    if len(numbers) == 0:
        return None
    low, high = numbers.min(), numbers.max()
    if dated and EXCEL_DAYS[0] <= low and high <= EXCEL_DAYS[1]:
        return EXCEL
    if not (numbers == np.round(numbers)).all() or max(abs(low), abs(high)) > 1e15:
        return None
    for form, factor in (("%Y%m%d", 1e4), ("%Y%m", 1e2)):
        if YEARS[0] * factor < low and high < YEARS[1] * factor:
            texts = pd.Series(np.unique(numbers).astype("int64")).astype("str")
            enough = len(texts) >= FEW_MONTHS or form != "%Y%m"
            return form if enough and not np.isnat(as_dates(texts, form)).any() else None
    # From September 2001 to 2100, in seconds or in milliseconds.
    for form, factor in zip(UNIX, (1, 1000), strict=True):
        if 1e9 * factor <= low and high <= 4.1e9 * factor:
            return form
    if low >= 0 and high <= 2400 and (numbers % 100 < 60).all():
        distinct = np.unique(numbers)
        hours, minutes = len(np.unique(distinct // 100)), len(np.unique(distinct % 100))
        if hours >= LEAST_HOURS and minutes >= LEAST_MINUTES and len(distinct) >= LEAST_TIMES:
            return CLOCK_NUMBER
    return None


def as_dates(texts: pd.Series, form: str) -> np.ndarray:
    """Trimmed cells as datetime64[us] [n] by a date's format, NaT where it does not fit.

    Times are of the first of January 1900, weeks their Monday, months and quarters their first day.
    Names of months may be in full or shortened.
    """
    if form.endswith(OR_EXCEL):
        found = as_dates(texts, form.removesuffix(OR_EXCEL))
        return np.where(np.isnat(found), as_dates(texts, EXCEL), found)
    if form in UNIX:
        numbers = pd.to_numeric(texts, errors="coerce")
        return _stamps(pd.to_datetime(numbers, unit=UNIX[form], errors="coerce"))
    if form == EXCEL:
        numbers = pd.to_numeric(texts, errors="coerce")
        numbers = numbers.where(numbers.between(*EXCEL_DAYS)).astype("float64")
        # To the second: an hour is a fraction that cannot be written exactly.
        seconds = (numbers * 86_400).round()
        return _stamps(pd.to_datetime(seconds, unit="s", origin="1899-12-30", errors="coerce"))
    found = _parsed(texts, form)
    other = re.sub("%[bB]", lambda directive: directive[0].swapcase(), form)
    if other != form and np.isnat(found).any():
        found = np.where(np.isnat(found), _parsed(texts, other), found)
    return found


def _parsed(texts: pd.Series, form: str) -> np.ndarray:
    if re.search("%[bB]", form):
        texts = _in_english(texts, short="%b" in form)
    if "%q" in form:
        return _quarters(texts, form)
    if "%V" in form and "%u" not in form:
        texts, form = texts + "-1", form + "-%u"
    elif form.endswith(CLOCK_NUMBER):
        texts = _padded_clock(texts)
    dates = pd.to_datetime(texts, format=form, errors="coerce", utc="%z" in form)
    if "%y" in form:
        dates = dates.where(~(dates.dt.year > LAST_YEAR), dates - pd.DateOffset(years=100))
    return _stamps(dates.dt.tz_localize(None))


def joined(columns: Sequence[pd.Series], form: str) -> pd.Series:
    """One text for each row, of the cells of columns that make a date together by `form`.

    Missing where one of them is.
    """
    cells: list[pd.Series] = []
    for values, piece in zip(columns, form.split(TOGETHER), strict=True):
        if pd.api.types.is_datetime64_any_dtype(values):
            texts = values.dt.strftime(piece)
        elif pd.api.types.is_numeric_dtype(values):
            numbers = values.astype("float64")
            whole = numbers.where(numbers == numbers.round()).astype("Int64").astype("str")
            texts = whole.where(numbers.notna())
        else:
            texts = values.astype("str").str.strip()
        cells.append(texts.where(values.notna()))
    text = cells[0].astype("str")
    known = cells[0].notna()
    for more in cells[1:]:
        text, known = text + TOGETHER + more.astype("str"), known & more.notna()
    return text.where(known).astype("str")


def _stamps(found: pd.Series) -> np.ndarray:
    return np.asarray(found.to_numpy("datetime64[us]"))


def _in_english(texts: pd.Series, *, short: bool) -> pd.Series:
    """Dates with the names of other languages' months in English, without the words between."""

    def word(match: re.Match[str]) -> str:
        text = match[0].removesuffix(".")
        english = _MONTHS.get(text.lower())
        return text if english is None else english[:3] if short else english

    plain = texts.astype(object).str.replace(_WORD, word, regex=True)
    plain = plain.str.replace(r"(?<=\d)(?:st|nd|rd|th|er|º)\b", "", regex=True)
    return plain.str.replace(r"\s+del?\s+", " ", regex=True)


def _quarters(texts: pd.Series, form: str) -> np.ndarray:
    """The first day of each quarter."""
    pattern = re.escape(form).replace("%Y", r"(?P<year>\d{4})").replace("%q", "(?P<q>[1-4])")
    found = texts.astype(object).str.extract(f"^{pattern}$")
    year, quarter = (
        pd.to_numeric(found[part], errors="coerce").to_numpy("float64", na_value=np.nan)
        for part in ("year", "q")
    )
    since_1970 = 12 * (year - 1970) + 3 * (quarter - 1)
    known = ~np.isnan(since_1970)
    days = np.where(known, since_1970, 0).astype("datetime64[M]").astype("datetime64[us]")
    return np.where(known, days, np.datetime64("NaT"))


def _padded_clock(texts: pd.Series) -> pd.Series:
    """517 as 0517, and midnight at the end of a day as its last minute: the order stays."""
    texts = texts.astype(object)
    padded = texts.str.replace(r"(?<![0-9])([0-9]{1,3})$", lambda m: m[0].zfill(4), regex=True)
    return padded.str.replace(r"(?<![0-9])2400$", "2359", regex=True)
