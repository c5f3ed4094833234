"""Which points lie inside a drawn box or lasso, worked out from its outline alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def inside(points: np.ndarray, drawn: Mapping[str, Any]) -> np.ndarray:
    """Membership bool [n] of `points` f [n, 2] in the union of the outlines of a plotly selection.

    `drawn` has `box` and `lasso`: lists of `{"x": [...], "y": [...]}`, two corners of a box, the
    corners of a lasso. Anything malformed selects nothing.
    """
    chosen = np.zeros(len(points), bool)
    for box in _outlines(drawn.get("box"), least=2):
        low, high = box.min(axis=0), box.max(axis=0)
        chosen |= ((points >= low) & (points <= high)).all(axis=1)
    for ring in _outlines(drawn.get("lasso"), least=3):
        chosen |= _in_polygon(points, ring)
    return chosen


def _outlines(shapes: object, least: int) -> list[np.ndarray]:
    found = []
    for shape in shapes if isinstance(shapes, Sequence) else ():
        try:
            outline = np.column_stack([shape["x"], shape["y"]]).astype(float)
        except (KeyError, TypeError, ValueError):
            continue
        if len(outline) >= least and np.isfinite(outline).all():
            found.append(outline)
    return found


def _in_polygon(points: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """Even-odd rule: a point is inside when a ray to the right crosses the ring an odd number of
    times (Shimrat, 1962)."""
    within = np.zeros(len(points), bool)
    box = ((points >= ring.min(axis=0)) & (points <= ring.max(axis=0))).all(axis=1)
    x, y = points[box, 0], points[box, 1]
    odd = np.zeros(len(x), bool)
    for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        crosses = (y0 > y) != (y1 > y)
        odd ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    within[box] = odd
    return within
