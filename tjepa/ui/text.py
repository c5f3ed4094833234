"""Words on the screen: untrusted names, counts and durations."""

import re

from tjepa.report.labels import count

__all__ = ["count", "duration", "md"]

_SPECIAL = re.compile(r"([!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~])")


def md(text: object, limit: int = 2_000) -> str:
    """`text` from a table or a file name, to be shown literally where Markdown is read."""
    words = " ".join(str(text).split())
    if len(words) > limit:
        words = words[: limit - 1] + "…"
    return _SPECIAL.sub(r"\\\1", words)


def duration(seconds: float) -> str:
    """`under a second`, `42 s`, `3 min 20 s`, `1 h 5 min`."""
    if seconds < 1:
        return "under a second"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 10 and rest:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
