"""Orders that words have: known scales, steps with a number, bands of numbers, places."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from tjepa.table import calendars
from tjepa.table.written import in_bands

LEAST = 3
"""Two values have no order that an encoding could miss."""

# From low to high, a step's other words after a bar.
_SCALES = tuple(
    tuple(tuple(step.split("|")) for step in scale.split(","))
    for scale in (
        "none,very low,low|lo,mild,medium low,medium|med|mid|middle|average,moderate,medium high,"
        "high|hi,very high,extreme",
        "none,minimal,minor,mild,moderate,major,severe,very severe,critical,fatal",
        "xxs|2xs,xs,s,m,l,xl,xxl|2xl,xxxl|3xl,4xl",
        "tiny,extra small,very small,small,medium|mid|midsize|mid size,large|big,very large,"
        "extra large,huge|enormous",
        "never,almost never,rarely,seldom,sometimes,occasionally,often,frequently,usually,"
        "almost always,always",
        "strongly disagree,disagree,somewhat disagree,slightly disagree,neutral|undecided|"
        "neither agree nor disagree,slightly agree,somewhat agree,agree,strongly agree",
        "very dissatisfied,dissatisfied,somewhat dissatisfied,neutral|"
        "neither satisfied nor dissatisfied,somewhat satisfied,satisfied,very satisfied",
        "very unlikely|extremely unlikely,unlikely,somewhat unlikely,neutral,somewhat likely,"
        "likely,very likely,extremely likely",
        "not at all,a little|slightly|a little bit,somewhat,moderately,quite a bit,very|very much,"
        "extremely",
        "very negative,negative,neutral,positive,very positive",
        "awful,terrible,very poor,poor,below average,fair,average,typical,above average,good,"
        "very good,excellent,outstanding",
        "none,po,fa,ta,gd,ex",
        "very bad,bad,poor,ok|okay,fair,good,very good,great,excellent,perfect",
        "very weak,weak,moderate|medium,strong,very strong",
        "very easy,easy,medium|moderate|normal|intermediate,hard|difficult,"
        "very hard|very difficult",
        "very slow,slow,medium|moderate|normal,fast,very fast",
        "light,medium,dark",
        "freezing,cold,cool,mild,warm,hot",
        "bronze,silver,gold,platinum,diamond",
        "first,second,third,fourth,fifth,sixth,seventh,eighth,ninth,tenth",
        "novice,beginner,elementary,intermediate,advanced,expert",
        "intern,trainee,junior,mid,senior,lead,principal",
        "not urgent,low,normal,medium,high,urgent,critical",
        "fair,good,very good,premium,ideal",
        "i3,i2,i1,si2,si1,vs2,vs1,vvs2,vvs1,if,fl",
        "hourly,daily,weekly,biweekly|fortnightly,monthly,quarterly,yearly|annually|annual",
        "infant|baby|newborn,toddler,child|kid,teen|teenager|adolescent|youth,young adult|young,"
        "adult,middle aged|middle age,old|senior|elderly",
        "illiterate|no education|no schooling|no formal education|none,preschool|kindergarten,"
        "primary|primary school|elementary|elementary school|basic,1st 4th,5th 6th,7th 8th,"
        "middle school|junior high|lower secondary,9th,10th,11th,12th,"
        "some high school|less than high school|below high school,"
        "high school|hs|hs grad|high school graduate|high school or equivalent|secondary|"
        "secondary school|upper secondary|ged,below college,some college|college,"
        "vocational|trade school|assoc voc|post secondary,"
        "associate|associates|associate s|assoc acdm,"
        "bachelor|bachelors|bachelor s|undergraduate|university|graduation|tertiary,"
        "graduate|postgraduate|post graduate|master|masters|master s|graduate school,"
        "prof school|professional|professional school,phd|ph d|doctor|doctorate|doctoral",
        "jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec",
        "january,february,march,april,may,june,july,august,september,october,november,december",
        "mon,tue|tues,wed,thu|thur|thurs,fri,sat,sun",
        "monday,tuesday,wednesday,thursday,friday,saturday,sunday",
        "q1,q2,q3,q4",
        "spring,summer,autumn|fall,winter",
        "morning,noon,afternoon,evening,night",
        # German, French, Spanish and Portuguese, Italian
        "sehr niedrig|sehr gering,niedrig|gering|klein,mittel,hoch|groß,sehr hoch|sehr groß",
        "sehr schlecht,schlecht,mittel|mittelmäßig,gut,sehr gut",
        "nie,selten,manchmal,oft|häufig,immer",
        "stimme gar nicht zu,stimme nicht zu|stimme eher nicht zu,teils teils|neutral,"
        "stimme zu|stimme eher zu,stimme voll zu|stimme voll und ganz zu",
        "très faible|très bas,faible|bas|basse|petit,moyen|moyenne,élevé|élevée|haut|fort|grand,"
        "très élevé|très élevée|très fort",
        "jamais,rarement,parfois,souvent,toujours",
        "muy bajo|muy baja|muito baixo,bajo|baja|baixo|baixa,medio|media|médio|média,alto|alta,"
        "muy alto|muy alta|muito alto",
        "nunca,rara vez|raramente,a veces|às vezes,a menudo|frequentemente,siempre|sempre",
        "molto basso,basso|bassa,medio|media,alto|alta,molto alto",
        "mai,raramente,a volte,spesso,sempre",
    )
)
_RANKS = tuple({word: i for i, step in enumerate(scale) for word in step} for scale in _SCALES)

# Letters are mostly names: only with a sign, or with F after D, for failed, are they marks.
_MARKS = tuple(f"{letter}{sign}" for letter in "fedcba" for sign in ("-", "", "+"))
_RATINGS = tuple(
    f"{letters}{sign}"
    for letters in ("d", "c", "cc", "ccc", "b", "bb", "bbb", "a", "aa", "aaa")
    for sign in ("-", "", "+")
)
_STEP = re.compile(
    r"(?:level|stage|grade|tier|phase|step|degree|class|priority|stufe|niveau|nivel|livello|étape)"
    r"\s*[-#:]?\s*(?P<place>\d{1,2}|[ivx]+)"
)
_NUMBERED = re.compile(r"(?P<place>\d{1,2})\s*[-–.:)=]\s*[^\W\d_].*")
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")


def known_order(categories: Sequence[str]) -> tuple[str, ...] | None:
    """The categories from low to high where they are a known scale, bands or places; or None."""
    if len(categories) < LEAST:
        return None
    plain = [_plain(text) for text in categories]
    for ranks in _RANKS:
        if all(text in ranks for text in plain):
            found = _sorted(categories, [ranks[text] for text in plain])
            if found is not None:
                return found
    lower = [text.strip().lower() for text in categories]
    return (
        _marks(categories, lower)
        or _steps(categories, lower)
        or in_bands(categories)
        or _months(categories)
    )


def any_order(categories: Sequence[str]) -> tuple[str, ...]:
    """A known order; else that of the first number in each category, else the alphabet's."""
    found = known_order(categories)
    if found is not None:
        return found

    def key(text: str) -> tuple[float, str]:
        number = re.search(r"-?\d+(?:\.\d+)?", text)
        return (float(number[0]) if number else float("inf"), text)

    return tuple(sorted(categories, key=key))


def _plain(text: str) -> str:
    plain = re.sub(r"[\s_.'’-]+", " ", text.strip().lower()).strip()
    return re.sub(r" (?:degree|diploma)$", "", plain)


def _sorted(categories: Sequence[str], places: Sequence[int]) -> tuple[str, ...] | None:
    """The categories by their places; None where two have one."""
    if len(set(places)) < len(places):
        return None
    return tuple(categories[i] for i in np.argsort(places))


def _marks(categories: Sequence[str], lower: Sequence[str]) -> tuple[str, ...] | None:
    found = set(lower)
    signed = any(text[-1] in "+-" for text in lower if text)
    if found <= set(_MARKS) and (signed or ({*"abcf"} <= found <= {*"abcdf"})):
        return _sorted(categories, [_MARKS.index(text) for text in lower])
    if found <= set(_RATINGS) and {"bbb", "aaa"} & found:
        return _sorted(categories, [_RATINGS.index(text) for text in lower])
    return None


def _steps(categories: Sequence[str], lower: Sequence[str]) -> tuple[str, ...] | None:
    """`stage II`, `level 3`, and `1 - low`, that without a gap."""
    for pattern in (_STEP, _NUMBERED):
        matches = [pattern.fullmatch(text) for text in lower]
        if all(matches):
            places = [_number(match["place"]) for match in matches if match]
            if None in places:
                return None
            known = [place for place in places if place is not None]
            if pattern is _NUMBERED and max(known) - min(known) >= len(known):
                return None
            return _sorted(categories, known)
    return None


def _number(text: str) -> int | None:
    if text.isdigit():
        return int(text)
    return _ROMAN.index(text) + 1 if text in _ROMAN else None


def _months(categories: Sequence[str]) -> tuple[str, ...] | None:
    """Months in any of the languages in which dates are read."""
    texts = pd.Series(list(categories), dtype="str").str.strip()
    dates = calendars.as_dates(texts, "%B")
    if np.isnat(dates).any():
        return None
    return _sorted(categories, list(dates.astype("datetime64[M]").astype(int)))
