"""Column names: as they are in the file, but never empty and never twice the same."""

from collections.abc import Iterable, Sequence

_SHOWN = 5


def unique_names(found: Sequence[str]) -> tuple[list[str], list[str]]:
    """The names stripped, numbered where empty or repeated; and sentences about that."""
    stripped = [name.strip() for name in found]
    taken = {name for name in stripped if name}
    names: list[str] = []
    seen: set[str] = set()
    empty, repeated = [], []
    for i, name in enumerate(stripped):
        wanted = name or f"column {i + 1}"
        if (not name and wanted in taken) or wanted in seen:
            wanted = _free(wanted, taken)
        names.append(wanted)
        seen.add(wanted)
        taken.add(wanted)
        if not name:
            empty.append(wanted)
        elif wanted != name:
            repeated.append(wanted)
    notes = []
    if empty:
        notes.append(f"Columns without a name were named by their place: {listed(empty)}.")
    if repeated:
        notes.append(f"Columns with the name of an earlier one were numbered: {listed(repeated)}.")
    return names, notes


def listed(items: Iterable[object]) -> str:
    """The first few of them, and how many more there are; long ones cut."""
    words = [str(item) for item in items]
    shown = [word if len(word) <= 60 else word[:59] + "…" for word in words[:_SHOWN]]
    if len(words) > _SHOWN:
        return f"{', '.join(shown)} and {len(words) - _SHOWN:,} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def _free(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name} ({number})" in taken:
        number += 1
    return f"{name} ({number})"
