"""What a person can ask for, said once for shell and screen alike."""

from tjepa.workbench.answers import Method
from tjepa.workbench.bench import Workbench
from tjepa.workbench.loaded import Source
from tjepa.workbench.training import Estimate

__all__ = ["Estimate", "Method", "Source", "Workbench"]
