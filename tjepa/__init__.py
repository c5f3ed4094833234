"""T-JEPA: self-supervised representations of tables, and the instruments to judge them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tjepa.estimator import TJEPAEncoder
    from tjepa.pretraining import preset
    from tjepa.progress import finish
    from tjepa.workbench import Workbench

__version__ = "0.1.0"

__all__ = ["TJEPAEncoder", "Workbench", "finish", "preset"]

_HOMES = {
    "TJEPAEncoder": "tjepa.estimator",
    "Workbench": "tjepa.workbench",
    "finish": "tjepa.progress",
    "preset": "tjepa.pretraining",
}


def __getattr__(name: str) -> Any:
    """What the package offers, imported when it is asked for: torch takes seconds to import."""
    if name not in _HOMES:
        raise AttributeError(f"module 'tjepa' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
