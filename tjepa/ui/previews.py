"""Rows as a page shows them: whole, but for the end of long texts."""

import pandas as pd

CELL_CHARACTERS = 500
CUT = f"Texts of more than {CELL_CHARACTERS} characters are cut here, and nowhere else."


def cut(frame: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """The frame with long texts cut, and whether there were any: a browser gets what it shows."""
    shown, any_long = frame.copy(deep=False), False
    for place, dtype in enumerate(frame.dtypes):
        if not isinstance(dtype, pd.StringDtype):
            continue
        cells = frame.iloc[:, place]
        long = cells.str.len().gt(CELL_CHARACTERS).fillna(False)
        if long.any():
            any_long = True
            kept = cells.str.slice(0, CELL_CHARACTERS - 1) + "…"
            shown.isetitem(place, cells.mask(long, kept))
    return shown, any_long
