"""What is kept on disk, and what works in the background."""

from tjepa.runs.home import default_home
from tjepa.runs.info import RunInfo, State, TableInfo
from tjepa.runs.jobs import JobManager, JobSnapshot
from tjepa.runs.pace import Pace
from tjepa.runs.store import Store

__all__ = [
    "JobManager",
    "JobSnapshot",
    "Pace",
    "RunInfo",
    "State",
    "Store",
    "TableInfo",
    "default_home",
]
