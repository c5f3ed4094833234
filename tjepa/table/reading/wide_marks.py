"""Cells divided by two characters or by runs of blanks → cells divided by one that text has not."""

import re

from tjepa.errors import ReadingError

BLANKS = "  "
"""Stands for a run of blanks, as between columns that are aligned."""
WIDE = ("||", "::", BLANKS)
UNIT = "\x1f"
"""The separator that ASCII has for this, and nobody uses."""
_LINES = 200
_HEAD = 1 << 16
_QUOTED = re.compile(rb'"[^"\n]*"')
_BLANKS = {rb" +": re.compile(rb" +"), rb" {2,}": re.compile(rb" {2,}")}


def wide_mark(text: bytes) -> str | None:
    """Which of the wide marks divides each of the first lines, equally often; None if none does."""
    found = text[:_HEAD].split(b"\n")[:-1][:_LINES]
    lines = [_QUOTED.sub(b"x", line) for line in found if line.strip()]
    if len(lines) < 2:
        return None
    for mark in WIDE[:2]:
        wide, one = mark.encode(), mark[:1].encode()
        counts = {line.count(wide) for line in lines}
        if len(counts) == 1 and min(counts) and all(_only_in_pairs(line, one) for line in lines):
            return mark
    if any(mark in text[:_HEAD] for mark in (b",", b";", b"\t", b"|")):
        return None
    aligned = all(BLANKS.encode() in line.strip() for line in lines[1:])
    return BLANKS if aligned and _run(lines) is not None else None


def with_one_mark(text: bytes, mark: str, name: str) -> bytes:
    """The text with `UNIT` for the mark, except in quotes. ReadingError where it has one."""
    if UNIT.encode() in text:
        raise ReadingError(
            f"{name} has control characters (unit separators), so {mark!r} cannot divide its "
            "cells. Take them out, or save the table with commas."
        )
    if mark != BLANKS:
        return _outside_quotes(text, re.escape(mark.encode()))
    lines = [line.strip(b" ") for line in text.split(b"\n")]
    run = _run([line for line in lines[:_LINES] if line]) or rb" +"
    return _outside_quotes(b"\n".join(lines), run)


def _outside_quotes(text: bytes, pattern: bytes) -> bytes:
    unit = UNIT.encode()
    if b'"' not in text:
        return re.sub(pattern, unit, text)
    found = re.compile(rb'("[^"\n]*")|' + pattern)
    return found.sub(lambda match: match[1] or unit, text)


def _only_in_pairs(line: bytes, character: bytes) -> bool:
    return line.count(character) == 2 * line.count(2 * character)


def _run(lines: list[bytes]) -> bytes | None:
    """The runs of blanks that cut all lines into equally many cells."""
    for pattern, run in _BLANKS.items():
        widths = {len(run.split(line.strip())) for line in lines}
        if len(widths) == 1 and min(widths) > 1:
            return pattern
    return None
