"""What the name of a column says about its cells: a hint, never a proof."""

import re

_WORDS = re.compile(r"[A-Z]+(?![a-zà-ÿ])|[A-ZÀ-Þ]?[a-zß-ÿ]+|\d+")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_IDENTIFIERS = _set("id ids uuid guid key index nr no")
_CODES = _set("id ids code codes zip zipcode postcode")
_NUMBERS = _set("number num nummer")
_GROUPS = _set(
    "category cat cluster color colour district dow ethnicity gender group label method race "
    "region season segment sex species status type weather weekday zone"
)
_AMOUNTS = _set(
    "adults age bathrooms baths bedrooms beds cars children count counts cylinders days degree "
    "doors floors grade hours kids level members minutes months parity people persons points "
    "quality quantity qty rank rating rooms score seconds size stage stars storeys stories times "
    "weeks year years"
)
_DATES = _set(
    "at birth birthday closed created date dated datum day dob due end ended expiry fecha from "
    "geburtstag hired issued joined last modified on opened start started time timestamp to until "
    "updated when"
)
_WEEKDAYS = ("dayofweek", "weekday", "dow")


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in lower case, of `DayOfWeek` as of `day_of_week`."""
    return tuple(word.lower() for word in _WORDS.findall(name))


def identifies(name: str) -> bool:
    """Named like an identifier of rows: customer_id, customerID, invoice no."""
    return _last(name) in _IDENTIFIERS


def is_code(name: str) -> bool:
    """Named like a code of a thing or a place: store_id, zip code."""
    return _last(name) in _CODES


def is_number_of_one(name: str) -> bool:
    """Named like the number that one thing has: FlightNum, hospital_number; not num_flights."""
    return len(words_of(name)) > 1 and _last(name) in _NUMBERS


def counts(name: str) -> bool:
    """Named like a count: num_dependents, number of rooms, word count."""
    words = words_of(name)
    if len(words) < 2:
        return False
    return words[0] in ("num", "n", "nb", "number", "count") or words[-1] in ("count", "counts")


def is_amount(name: str) -> bool:
    """Named like a count, or like something that has more and less of it: quality, children."""
    return counts(name) or not _AMOUNTS.isdisjoint(words_of(name))


def is_group(name: str) -> bool:
    """Named like a group that rows belong to: type, class, season, day of week."""
    words = words_of(name)
    if not words or counts(name):
        return False
    return words[-1] in _GROUPS or words[-1].endswith("class") or "".join(words).endswith(_WEEKDAYS)


def is_month(name: str) -> bool:
    """Named like a month of the year; months are a duration, and a day of the month is none."""
    words = words_of(name)
    return _last(name) == "month" and "day" not in "".join(words)


def is_date(name: str) -> bool:
    """Named like a date: order_date, created_at, orderdate, DOB."""
    words = words_of(name)
    return bool(words) and (words[-1] in _DATES or words[0] in _DATES or words[-1].endswith("date"))


def _last(name: str) -> str:
    words = words_of(name)
    return words[-1] if words else ""
