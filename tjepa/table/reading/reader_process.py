"""The process that reads one file for `guarded`: `python -m tjepa.table.reading.reader_process`.

It gets ready, waits for a request on its standard input, reads, answers on its standard output and
ends. A request is a line of JSON and the bytes of the file; the answer is lines of JSON, the last
of them followed by the table as an Arrow stream. Nothing is pickled.
"""

import faulthandler
import json
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from tjepa.errors import ReadingError
from tjepa.table.reading import (  # noqa: F401  (loaded before there is something to read)
    arff_files,
    arrow_files,
    json_files,
    parquet_files,
    text_files,
    workbooks,
)
from tjepa.table.reading.choices import FileReading
from tjepa.table.reading.raw_table import RawTable, read_table
from tjepa.table.reading.stages import followed

if sys.platform != "win32":
    import resource

_ROWS = 100_000  # in one part of the answer


def main() -> None:
    """Serve one request."""
    requests, answers = sys.stdin.buffer, _answers()
    _outlive_nobody()
    _say(answers, ready=True)
    line = requests.readline()
    if not line:  # whoever started this has ended
        return
    request = json.loads(line)
    _limit(request)
    source: bytes | Path
    if request["path"] is None:
        source = requests.read(request["size"])
        if len(source) < request["size"]:
            return
    else:
        source = Path(request["path"])
    try:
        with followed(
            lambda words, share, form: _say(answers, stage=words, share=share, form=form)
        ):
            raw = read_table(
                source,
                name=request["name"],
                sheet=request["sheet"],
                reading=FileReading.from_json(request["reading"]),
            )
    except ReadingError as error:
        _say(answers, error=str(error))
        return
    del source
    _hand_over(answers, raw)


def _answers() -> IO[bytes]:
    """The real standard output; whatever a library prints goes to the log instead."""
    answers = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
    os.dup2(2, 1)
    faulthandler.enable()
    with suppress(ValueError, OSError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return answers


def _outlive_nobody() -> None:
    """End when the process that started this one has ended, in whatever state this one is."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    if sys.platform != "win32":
        threading.Thread(target=watch, daemon=True).start()


def _limit(request: dict[str, Any]) -> None:
    """What the system can hold this process to, should the one that watches it be too slow."""
    if sys.platform == "win32":
        return
    processors = os.cpu_count() or 1
    most = {
        resource.RLIMIT_CORE: 0,  # a core would hold the table
        resource.RLIMIT_CPU: round(request["seconds"] * processors) + 30,
        # Allocators reserve far more than they use, so this is no measure of what is used.
        resource.RLIMIT_DATA: 2 * request["memory"] + 2 * 1024**3,
    }
    for limit, value in most.items():
        with suppress(ValueError, OSError):
            hard = resource.getrlimit(limit)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(limit, (value, hard))
    with suppress(OSError):  # where memory ends all the same, the system takes this one first
        Path("/proc/self/oom_score_adj").write_text("1000")


def _say(answers: IO[bytes], **said: Any) -> None:
    answers.write(json.dumps(said).encode() + b"\n")
    answers.flush()


def _hand_over(answers: IO[bytes], raw: RawTable) -> None:
    table = pa.Table.from_pandas(raw.frame, preserve_index=False).replace_schema_metadata(None)
    _say(
        answers,
        name=raw.name,
        content_id=raw.content_id,
        sheet=raw.sheet,
        sheets=raw.sheets,
        notes=raw.notes,
        reading=raw.reading.told,
    )
    with pa.ipc.new_stream(answers, table.schema) as stream:
        stream.write_table(table, max_chunksize=_ROWS)
    answers.flush()


if __name__ == "__main__":
    main()
    # Nothing is left to tidy up, and a damaged library might hang over it.
    os._exit(0)
