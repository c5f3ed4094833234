"""Everything that is kept, below one home folder.

::

    home/tables/<table_id>/   table.json, frame.parquet, schemas/<schema_id>.json
    home/runs/<run_id>/       run.json, metrics.jsonl, <name>.safetensors, artefacts/<key>.json|npz
    home/imported/<run_id>    marks a shipped run, so that it stays deleted once it was deleted
    home/tmp/                 unfinished writes: may be emptied whenever nothing is at work

Files are JSON, JSON lines, Parquet, npz and safetensors, never pickles. Each is written whole or
not at all. Threads may share a `Store`, and processes its home.
"""

import shutil
from pathlib import Path

from tjepa.runs.files import writing
from tjepa.runs.home import make_folder, move_in, subfolders
from tjepa.runs.results import Results
from tjepa.runs.tables import Tables


class Store(Tables, Results):
    """Tables and runs in one home folder, by default `default_home()`.

    Ids and names that come from people are checked: none can leave the home.

    Raises
    ------
    StoreError
        From every method: when what is asked for is absent or damaged, or the disk refuses.
    """

    def import_run(self, folder: Path) -> None:
        """Copy in the tables and runs of another home, `folder`.

        What is here already stays as it is, and what was deleted here stays deleted.
        """
        for table in subfolders(folder / "tables"):
            self._copy_in(table, self._path("tables", table.name))
        for run in subfolders(folder / "runs"):
            mark = self.home / "imported" / run.name
            if mark.exists():
                continue
            self._copy_in(run, self._path("runs", run.name))
            make_folder(mark.parent)
            with writing(mark):
                mark.touch()

    def _copy_in(self, source: Path, place: Path) -> None:
        if place.exists():
            return
        copied = self._unfinished()
        with writing(place):
            shutil.copytree(source, copied)
        if not move_in(copied, place):
            shutil.rmtree(copied)
