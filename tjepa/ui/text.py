"""Words on the screen: untrusted names, counts and durations."""

import re

from tjepa.report.labels import count
from tjepa.report.words import duration

__all__ = ["count", "duration", "md"]

_SPECIAL = re.compile(r"([!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~])")


def md(text: object, limit: int = 2_000) -> str:
    """`text` from a table or a file name, to be shown literally where Markdown is read."""
    words = " ".join(str(text).split())
    if len(words) > limit:
        words = words[: limit - 1] + "…"
    return _SPECIAL.sub(r"\\\1", words)
