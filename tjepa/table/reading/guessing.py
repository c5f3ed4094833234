"""Which encoding bytes that are no Unicode are in: the one in which they read as words.

Each candidate is judged by the letters beyond ASCII that it makes of the bytes: whether one
language has them all, whether capitals stand where they may, whether ideographs are common ones.
The general detectors are made for long prose; over the few short words of a table they are often
wrong, and do not say when they are not sure.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

_HEAD = 1 << 16  # bytes of lines with something beyond ASCII, which are looked at
_LEAST = 0.8  # less is no text in that encoding
_LEAST_WESTERN = 0.6
_AHEAD = 0.12  # closer ones leave doubt
_WESTERN = 0.06  # for the encoding that most files are in
_IN_ONE, _IN_ANY = 0.6, 0.4  # what letters of one language count for, and of any of the encoding's
_MOST_ACCENTS = 0.75  # of the letters of a Latin word, which has three or more

_WEST = (
    *("àâæçèéêëîïôœùûüÿ", "äöüß", "åäöé", "æøåéò", "áéíóúüñ", "ãõáéíóúâêôçàü", "àèéìòùóî"),
    *("ëïéèöüê", "áðéíóúýþæö", "àçèéíïòóúü"),
)
_CENTRE = (*("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíľňóôšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž"),)
_TURKISH = ("çğıiöşüâîİI",)
_BALTIC = ("ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž")
_CYRILLIC = (
    "абвгдежзийклмнопрстуфхцчшщъыьэюяё",
    "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "абвгдеёжзійклмнопрстуўфхцчшыьэюя",
    "абвгдђежзијклљмнњопрстћуфхцчџш",
)
_GREEK = ("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ",)
_HEBREW = ("אבגדהוזחטיךכלםמןנסעףפץצקרשת",)
_ARABIC = ("ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژگ",)
_THAI = ("".join(map(chr, (*range(0x0E01, 0x0E3B), *range(0x0E40, 0x0E4F)))),)
_TYPOGRAPHY = "\u00a0’‘“”„«»–—…·"
_WITHIN = "’" + "".join(map(chr, (0x0E31, *range(0x0E34, 0x0E3B), *range(0x0E47, 0x0E4F))))
_VOWELS = frozenset("аеёиоуыэюяіїєАЕЁИОУЫЭЮЯІЇЄ")
_ONLY_CAPITALS = 0.85
_FEW_LETTERS = 4  # of an alphabet other than Latin prove nothing
_LEAST_VOWELS = 0.28  # of the letters of Cyrillic text, of which they are about 0.4
# What no word of these languages has: Portuguese õ without e, þ within and ð to begin a word in
# Icelandic, a final sigma or a final Hebrew letter that is not final, a Thai sign upon nothing.
_NEVER = re.compile(
    "õ(?!e)|Õ(?!E)|(?<=.)[þÞ]|^[ðÐ]|ς(?=.)|(?<=.)σ$|[ךםןףץ](?=.)"
    "|(?<![\u0e01-\u0e2e\u0e31-\u0e3a])[\u0e31\u0e34-\u0e3a]"
)

# Without those that touch a digit, which are codes.
_WORD = re.compile(r"(?<![^\x00-/:-@\[-`{-\x7f])[^\x00-@\[-`{-\x7f]+(?![0-9])")
_LINE = re.compile(rb"[^\n]*[\x80-\xff][^\n]*")
_IDEOGRAPH = re.compile("[\u3040-\u30ff\u3131-\u318e\u3400-\u9fff\uac00-\ud7a3\uff66-\uff9f]")

_AMID_LETTERS = re.compile(f"[A-Za-z](?={_IDEOGRAPH.pattern})|{_IDEOGRAPH.pattern}(?=[A-Za-z])")


@dataclass(frozen=True)
class Guess:
    encoding: str
    sure: bool
    other: str = ""  # the next best, where that reads otherwise and is not much worse
    word: str = ""  # that reads otherwise in the other


def guessed_encoding(data: bytes) -> Guess | None:
    """The likeliest encoding that all the bytes fit into; None where they read as words in none."""
    some = b"\n".join(_lines(data))
    read: list[tuple[float, str, str]] = []
    for encoding, score in _CANDIDATES.items():
        try:
            text = some.decode(encoding)
        except UnicodeDecodeError:
            continue
        least = _LEAST_WESTERN if encoding == "windows-1252" else _LEAST
        if (found := score(text)) >= least:
            read.append((found, encoding, text))
    read.sort(key=lambda candidate: -candidate[0])  # the order of candidates where they are equal
    while read:
        best, encoding, text = read[0]
        if _fits(data, encoding):
            break
        del read[0]
    else:
        return None
    for next_best, other, otherwise in read[1:]:
        if otherwise != text:
            if next_best + _AHEAD > best and _fits(data, other):
                return Guess(encoding, False, other, _differing(text, otherwise))
            break
    return Guess(encoding, True)


def _lines(data: bytes) -> Iterator[bytes]:
    size = 0
    for line in _LINE.finditer(data.replace(b"\r", b"\n")):
        yield line[0][:_HEAD]
        size += len(line[0])
        if size > _HEAD:
            return


def _fits(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _differing(text: str, otherwise: str) -> str:
    """A word of a text that reads otherwise."""
    others = set(_WORD.findall(otherwise))
    return next((word for word in _WORD.findall(text) if word not in others), "")


def _alphabetic(languages: tuple[str, ...], bonus: float, text: str) -> float:
    """How well the letters beyond ASCII are those of one language, 0 to 1."""
    letters = vowels = 0
    counts: dict[str, int] = {}
    for found in _WORD.findall(text):
        word = found.strip(_TYPOGRAPHY)
        beyond = [character for character in word if character > "\x7f" and character != "’"]
        if not beyond or len(word) == 1:
            continue  # what stands alone says nothing
        letters += len(beyond)
        if not _may_be_word(word, len(beyond), latin=languages[0] < "\u0250"):
            continue
        for character in beyond:
            counts[character] = counts.get(character, 0) + 1
            vowels += character in _VOWELS
    if not letters:
        return _LEAST_WESTERN if bonus else 0.0
    known = [{*language, *language.upper()} for language in languages]
    one = max(sum(counts[c] for c in counts if c in alphabet) for alphabet in known)
    some = sum(counts[c] for c in counts if any(c in alphabet for alphabet in known))
    score = (_IN_ONE * one + _IN_ANY * some) / letters + bonus
    if languages is _CYRILLIC and vowels < _LEAST_VOWELS * letters:
        score /= 2
    if languages[0] >= "\u0250" and letters < _FEW_LETTERS:
        score /= 2
    # Other alphabets have no capitals, and look like nothing but capitals in some encodings.
    if languages is _CYRILLIC and not any(character.islower() for character in counts):
        score *= _ONLY_CAPITALS
    return score


def _may_be_word(word: str, beyond: int, *, latin: bool) -> bool:
    if any(a.islower() and b.isupper() and max(a, b) > "\x7f" for a, b in pairwise(word)):
        return False
    if _NEVER.search(word) or not all(c.isalpha() or c in _WITHIN for c in word):
        return False
    if not latin:
        return beyond == len(word.replace("’", ""))
    return len(word) < 3 or beyond <= _MOST_ACCENTS * len(word)


def _ideographic(worth: Callable[[str], float], text: str) -> float:
    """How common the ideographs and syllables are, 0 to 1; those in words of letters are none."""
    beyond = [character for character in text if character > "\x7f"]
    if not beyond:
        return 0.0
    amid = len(_AMID_LETTERS.findall(text))
    found = _IDEOGRAPH.findall(text)
    others = sum(c not in "　、。・「」（）：；！？" for c in beyond) - len(found)
    total = max(1, len(found) + others)
    return max(0.0, sum(map(worth, found)) - amid) / total


def _lead(character: str, encoding: str) -> int:
    try:
        return character.encode(encoding)[0]
    except UnicodeEncodeError:
        return 0


def _japanese(character: str) -> float:
    if "\u3040" <= character <= "\u30ff":
        return 1.0
    return 0.85 if 0xB0 <= _lead(character, "euc_jp") <= 0xCF else 0.2


def _chinese(character: str) -> float:
    return 0.95 if 0xB0 <= _lead(character, "gb2312") <= 0xD7 else 0.1


def _chinese_of_taiwan(character: str) -> float:
    return 0.95 if 0xA4 <= _lead(character, "big5") <= 0xC6 else 0.2


def _korean(character: str) -> float:
    return 1.0 if 0xB0 <= _lead(character, "euc_kr") <= 0xC8 else 0.1


def _mainland(text: str) -> float:
    """As Chinese, which uses all of its range, where Korean uses the first half alone."""
    leads = [_lead(character, "gb2312") for character in _IDEOGRAPH.findall(text)]
    narrow = len(leads) > 3 and max(leads) <= 0xC8
    return _ideographic(_chinese, text) * (0.6 if narrow else 1.0)


_CANDIDATES: dict[str, Callable[[str], float]] = {
    "windows-1252": partial(_alphabetic, _WEST, _WESTERN),
    "windows-1250": partial(_alphabetic, _CENTRE, 0.0),
    "windows-1251": partial(_alphabetic, _CYRILLIC, 0.0),
    "koi8-r": partial(_alphabetic, _CYRILLIC, 0.0),
    "iso-8859-2": partial(_alphabetic, _CENTRE, 0.0),
    "windows-1253": partial(_alphabetic, _GREEK, 0.0),
    "windows-1254": partial(_alphabetic, _TURKISH, 0.0),
    "windows-1255": partial(_alphabetic, _HEBREW, 0.0),
    "windows-1256": partial(_alphabetic, _ARABIC, 0.0),
    "windows-1257": partial(_alphabetic, _BALTIC, 0.0),
    "shift_jis": partial(_ideographic, _japanese),
    "cp932": partial(_ideographic, _japanese),
    "euc_jp": partial(_ideographic, _japanese),
    "gb18030": _mainland,
    "big5": partial(_ideographic, _chinese_of_taiwan),
    "euc-kr": partial(_ideographic, _korean),
    "cp874": partial(_alphabetic, _THAI, 0.0),
    "mac-roman": partial(_alphabetic, _WEST, 0.0),
    "cp850": partial(_alphabetic, _WEST, 0.0),
    "iso-8859-5": partial(_alphabetic, _CYRILLIC, 0.0),
    "cp866": partial(_alphabetic, _CYRILLIC, 0.0),
    "mac-cyrillic": partial(_alphabetic, _CYRILLIC, 0.0),
    "iso-8859-7": partial(_alphabetic, _GREEK, 0.0),
}
"""The score of a text that was decoded by each, the likelier encoding first."""
