"""The tables of ``benchmarks/RESULTS.md``: each stands between marks that say what it holds."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

BOOK = Path(__file__).parents[1] / "RESULTS.md"
MARKED = re.compile(r"(<!-- ([^\n:]+): ([^\n]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def write(renders: Mapping[str, Callable[[str], str]], book: Path = BOOK) -> None:
    """Put tables between the marks ``<!-- kind: variant -->`` and ``<!-- end -->``.

    What writes a table is found by its kind and is given the variant; marks of other kinds are
    left as they are.
    """

    def written(mark: re.Match) -> str:
        start, kind, variant, end = mark.groups()
        render = renders.get(kind)
        return f"{start}{render(variant)}{end}" if render else mark.group()

    book.write_text(MARKED.sub(written, book.read_text()))
