"""The distribution of a column as a small picture: an SVG as a data address, for a table's cell."""

import base64

from tjepa.report.template import LOOKS, Look, Theme
from tjepa.table.profiles import ColumnProfile, Counts

WIDTH, HEIGHT = 132, 30
STRIP = 3
"""The height of the strip whose length is the share of missing cells."""
GAP = 0.12
"""Between bars, as a share of their width; none where it would be a hair."""


def picture(column: ColumnProfile, theme: Theme) -> str:
    """Bars, and a strip below them for missing cells; empty where there is nothing to show."""
    look = LOOKS[theme]
    shapes = []
    if column.shape is not None and any(column.shape.counts):
        shapes.append(_bars(column, look))
    if column.missing:
        length = max(1.5, WIDTH * column.missing_share)
        top = HEIGHT - STRIP
        shapes.append(_path(f"M0 {top}h{WIDTH}v{STRIP}H0z", look.line))
        shapes.append(_path(f"M0 {top}h{length:.1f}v{STRIP}H0z", look.categories[3]))
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{HEIGHT}' "
        f"viewBox='0 0 {WIDTH} {HEIGHT}'>{''.join(shapes)}</svg>"
    )
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def _bars(column: ColumnProfile, look: Look) -> str:
    shape = column.shape
    assert shape is not None
    counts = list(shape.counts)
    rest = isinstance(shape, Counts) and shape.other > 0
    if isinstance(shape, Counts) and shape.other:
        counts.append(shape.other)
    tallest, room = max(counts), HEIGHT - STRIP - 2
    # A column of two values is no reason for bars as broad as the picture.
    width = min(WIDTH / len(counts), 22)
    gap = width * GAP if width > 5 or isinstance(shape, Counts) else 0
    colour = look.soft if column.kind == "text" else look.categories[0]
    if not gap:
        tops = (room + 1 - (max(1.0, room * n / tallest) if n else 0) for n in counts)
        # One outline: pictures of thousands of columns are sent with the page.
        steps = "".join(f"V{top:.3g}h{width:.3g}" for top in tops)
        return _path(f"M0 {room + 1}{steps}V{room + 1}z", colour)
    paths = []
    for i, n in enumerate(counts):
        if n:
            height = max(1.0, room * n / tallest)
            paths.append(
                f"M{i * width:.1f} {room + 1 - height:.1f}h{width - gap:.1f}v{height:.1f}"
                f"h-{width - gap:.1f}z"
            )
    if rest:
        return _path("".join(paths[:-1]), colour) + _path(paths[-1], look.faint)
    return _path("".join(paths), colour)


def _path(steps: str, colour: str) -> str:
    return f"<path d='{steps}' fill='{colour}'/>"
