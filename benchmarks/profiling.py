"""How long it takes to look at a table, and how much memory: a million rows, 2,000 columns.

``make bench-profile``, or ``python -m benchmarks.profiling [--quick] [--json]``. Each table in a
process of its own, in one thread. The schema is the workbench's and not counted; *columns* is what
the Data page waits for, *relations* what it follows as a job; *longest* is the longest time between
two moments of progress, in which a job cannot be cancelled.
"""

import os

# Before numpy is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import argparse
import contextlib
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tjepa.progress import Progress, finish
from tjepa.report.profile_pictures import picture
from tjepa.table import infer_schema, override
from tjepa.table.profiles import column_profile, draw, relating

LONG, WIDE = (1_000_000, 50), (20_000, 2_000)
QUICK_LONG, QUICK_WIDE = (60_000, 20), (6_000, 300)


def main() -> None:
    arguments = _arguments()
    if arguments.table:
        print(json.dumps(measured(table(*arguments.table), "target")))
        return
    sizes = (QUICK_LONG, QUICK_WIDE) if arguments.quick else (LONG, WIDE)
    found = [_child(*size) for size in sizes]
    print(json.dumps(found, indent=2) if arguments.json else "\n".join(map(_line, found)))


def measured(frame: pd.DataFrame, target: str) -> dict[str, Any]:
    """Seconds of each part of a look at `frame`, and what it adds to the peak memory, in MB."""
    schema = override(infer_schema(frame), frame, target=target)
    _forget_peak()
    before = _peak_mb()
    started = time.perf_counter()
    look = draw(frame, schema)
    columns = [column_profile(look, column) for column in schema.columns]
    columns_s = time.perf_counter() - started
    started = time.perf_counter()
    pictures = [picture(column, "light") for column in columns]
    pictures_s = time.perf_counter() - started
    moments = [time.perf_counter()]

    def report(_: Progress) -> None:
        moments.append(time.perf_counter())

    found = finish(relating(look), report)
    moments.append(time.perf_counter())
    return {
        "rows": len(frame),
        "columns": frame.shape[1],
        "looked_at": len(look.rows),
        "columns_s": round(columns_s, 2),
        "pictures_s": round(pictures_s, 2),
        "pictures_kb": round(sum(map(len, pictures)) / 1024),
        "relations_s": round(moments[-1] - moments[0], 2),
        "longest_s": round(float(np.diff(moments).max()), 2),
        "pairs": found.associations.measured,
        "before_mb": before,
        "added_mb": _peak_mb() - before,
    }


def table(rows: int, columns: int, seed: int = 0) -> pd.DataFrame:
    """Numbers, skewed numbers with gaps, categories with gaps and dates in turn, and a target."""
    random = np.random.default_rng(seed)
    made: dict[str, Any] = {}
    for j in range(columns - 1):
        if j % 5 == 0:
            levels = np.array([f"level {k}" for k in range(12)], dtype=object)
            cells = pd.Series(levels[random.integers(12, size=rows)], dtype="str")
            made[f"category {j}"] = cells.mask(random.random(rows) < 0.05)
        elif j % 5 == 1:
            days = pd.to_timedelta(random.integers(0, 3_000, rows), unit="D")
            made[f"date {j}"] = pd.Timestamp("2010-01-01") + days
        elif j % 5 == 2:
            skewed = random.lognormal(size=rows).round(3)
            made[f"skewed {j}"] = np.where(random.random(rows) < 0.1, np.nan, skewed)
        else:
            made[f"number {j}"] = random.normal(size=rows).round(2)
    noise = random.normal(size=rows)
    made["target"] = np.where(made["number 3"] + noise > 0, "yes", "no")
    return pd.DataFrame(made)


def _peak_mb() -> int:
    """The most memory since `_forget_peak`; since the start where there is no /proc."""
    with contextlib.suppress(OSError, StopIteration):
        status = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) // 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _forget_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _child(rows: int, columns: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.profiling", "--table", str(rows), str(columns)]
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _line(found: dict[str, Any]) -> str:
    return (
        f"{found['rows']:,} rows × {found['columns']:,} columns, {found['looked_at']:,} looked at: "
        f"columns {found['columns_s']} s, pictures {found['pictures_s']} s and "
        f"{found['pictures_kb']:,} kB, relations {found['relations_s']} s (longest step "
        f"{found['longest_s']} s, {found['pairs']:,} pairs); memory {found['before_mb']:,} MB with "
        f"the table, {found['added_mb']:,} MB more at most"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller tables: a few seconds")
    parser.add_argument("--json", action="store_true", help="print JSON")
    # What this script asks of itself, in a process of its own.
    parser.add_argument("--table", type=int, nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
