"""Orders that words have: known scales, bands of numbers, places."""

import re
from collections.abc import Sequence

from tjepa.table.written import in_bands

LEAST = 3
"""Two values have no order that an encoding could miss."""

_SCALES = tuple(
    tuple(scale.split(","))
    for scale in (
        "none,very low,low,mild,medium low,medium,moderate,medium high,high,very high,extreme",
        "none,minimal,minor,mild,moderate,major,severe,very severe,critical,fatal",
        "xxs,xs,s,m,l,xl,xxl,xxxl",
        "extra small,very small,small,medium,large,very large,extra large",
        "never,rarely,seldom,sometimes,occasionally,often,usually,frequently,always",
        "strongly disagree,disagree,somewhat disagree,neutral,neither agree nor disagree,"
        "somewhat agree,agree,strongly agree",
        "very dissatisfied,dissatisfied,neutral,satisfied,very satisfied",
        "awful,terrible,very poor,poor,below average,fair,average,typical,above average,good,"
        "very good,excellent,outstanding",
        "none,po,fa,ta,gd,ex",
        "bad,poor,ok,fair,good,very good,great,excellent,perfect",
        "bronze,silver,gold,platinum,diamond",
        "first,second,third,fourth,fifth,sixth,seventh,eighth,ninth,tenth",
        "beginner,elementary,intermediate,advanced,expert",
        "intern,trainee,junior,mid,senior,lead,principal",
        "not urgent,low,normal,medium,high,urgent,critical",
        "fair,good,very good,premium,ideal",
        "jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec",
        "january,february,march,april,may,june,july,august,september,october,november,december",
        "mon,tue,wed,thu,fri,sat,sun",
        "monday,tuesday,wednesday,thursday,friday,saturday,sunday",
        "spring,summer,autumn,fall,winter",
        "morning,noon,afternoon,evening,night",
    )
)


def known_order(categories: Sequence[str]) -> tuple[str, ...] | None:
    """The categories from low to high where they are a known scale, bands or places; or None."""
    if len(categories) < LEAST:
        return None
    plain = [re.sub(r"[\s_-]+", " ", text.strip().lower()) for text in categories]
    if len(set(plain)) == len(plain):
        for scale in _SCALES:
            if set(plain) <= set(scale):
                place = {c: scale.index(text) for c, text in zip(categories, plain, strict=True)}
                return tuple(sorted(categories, key=place.__getitem__))
    return in_bands(categories)


def any_order(categories: Sequence[str]) -> tuple[str, ...]:
    """A known order; else that of the first number in each category, else the alphabet's."""
    found = known_order(categories)
    if found is not None:
        return found

    def key(text: str) -> tuple[float, str]:
        number = re.search(r"-?\d+(?:\.\d+)?", text)
        return (float(number[0]) if number else float("inf"), text)

    return tuple(sorted(categories, key=key))
