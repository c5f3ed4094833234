"""How fast files become typed tables, beside what pyarrow needs for the bare cells.

``make bench-reading``, or ``python -m benchmarks.reading`` with ``--quick``, ``--json`` or
``--threads N``. The large CSV is read to a table and a schema (`read_table`, `infer_schema`) and,
in turn in the same process, by ``pyarrow.csv.read_csv`` with its own settings; what is given is the
median of each and of the ratio within a round. Both have the same number of threads, one unless
told. Peak memory is that of a process of its own, which does nothing but read the large file once.
The other formats have smaller tables and are given as rates: megabytes of the file and cells of
the table per second.
"""

import os

# Before numpy is imported; the pool of pyarrow is set by `main`.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq

from tjepa.table import RawTable, infer_schema, read_table

ROWS, ROUNDS = 1_000_000, 5
QUICK_ROWS, QUICK_ROUNDS = 20_000, 2
SMALLER = {
    "csv.gz": 5,
    "json lines": 10,
    "json": 20,
    "arff": 10,
    "xlsx": 50,
    "parquet": 1,
    "arrow": 1,
}
"""The formats that are given as rates, and what the rows of the large file are divided by."""
CHUNK = 100_000
TOWNS = ("Graz", "Malmö", "Łódź", "Porto", "Gent", "Brno", "Cork", "Split", "Vigo", "Tartu")
PLANS = ("basic", "plus", "family", "business")
STATES = ("open", "closed", "waiting for a reply")


def main() -> None:
    arguments = _arguments()
    if arguments.path:
        pa.set_cpu_count(arguments.threads)
        print(json.dumps(one_reading(arguments.path)))
        return
    rows, rounds = (QUICK_ROWS, QUICK_ROUNDS) if arguments.quick else (ROWS, ROUNDS)
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder, "large.csv")
        write_csv(large, rows)
        # First: a child inherits the peak that its parent has reached.
        alone = _child(large, arguments.threads)
        pa.set_cpu_count(arguments.threads)
        result: dict[str, Any] = {
            "threads": arguments.threads,
            "pyarrow": pa.__version__,
            "csv": compared(large, rounds) | {"peak_mb": alone["peak_mb"]},
            "imports_mb": alone["imports_mb"],
            "rates": rates(Path(folder), rows, max(1, rounds // 2)),
        }
    print(json.dumps(result, indent=2) if arguments.json else _table(result))


def compared(file: Path, rounds: int) -> dict[str, Any]:
    """Seconds of the bare reader and of each of our steps, and the ratios within rounds."""
    found: list[dict[str, float]] = []
    shape = (0, 0)
    for turn in range(rounds + 1):
        bare, _ = _timed(lambda: pyarrow.csv.read_csv(file))
        seconds, raw = _timed(lambda: read_table(file))
        schema, _ = _timed(lambda raw=raw: infer_schema(raw.frame))
        shape = raw.frame.shape
        del raw
        if turn:  # the first warms up
            whole = seconds + schema
            found.append(
                {"pyarrow_s": bare, "read_s": seconds, "schema_s": schema, "whole_s": whole}
            )
            found[-1] |= {"read_ratio": seconds / bare, "whole_ratio": whole / bare}
    middle = {name: round(median(turn[name] for turn in found), 3) for name in found[0]}
    return {"rows": shape[0], "columns": shape[1], "mb": _mb(file), "rounds": rounds, **middle}


def rates(folder: Path, rows: int, rounds: int) -> dict[str, dict[str, Any]]:
    """For each of the smaller files its size, and how much of it is read in a second."""
    found = {}
    for form, divisor in SMALLER.items():
        file = folder / f"smaller.{form.replace(' ', '_')}"
        write(file, form, max(100, rows // divisor))
        times = [_timed(lambda file=file: read_table(file)) for _ in range(rounds + 1)]
        seconds = median(time for time, _ in times[1:])
        shape = times[0][1].frame.shape
        found[form] = {
            "rows": shape[0],
            "columns": shape[1],
            "mb": _mb(file),
            "s": round(seconds, 3),
            "mb_per_s": round(_mb(file) / seconds, 1),
            "cells_per_s": round(shape[0] * shape[1] / seconds),
        }
        del times
        file.unlink()
    return found


def one_reading(file: Path) -> dict[str, Any]:
    """Peak memory before and after the file is read to a typed table."""
    before = peak_mb()
    raw: RawTable = read_table(file)
    schema = infer_schema(raw.frame)
    assert len(schema.columns) == raw.frame.shape[1]
    return {"imports_mb": before, "peak_mb": peak_mb()}


def table(rows: int, first: int = 0) -> pa.Table:
    """Rows of 20 columns: ids, numbers, words, dates, some of them missing."""
    random = np.random.default_rng(first)
    at = np.arange(first, first + rows)

    def pick(words: tuple[str, ...], missing: float = 0.0) -> pa.Array:
        gone = random.random(rows) < missing
        return pa.DictionaryArray.from_arrays(
            pa.array(random.integers(len(words), size=rows).astype("int32"), mask=gone),
            pa.array(words),
        ).cast(pa.string())

    def number(values: np.ndarray, missing: float = 0.0) -> pa.Array:
        return pa.array(values, mask=random.random(rows) < missing)

    day = np.datetime64("2019-01-01") + random.integers(1_500, size=rows)
    moment = day.astype("datetime64[s]") + random.integers(86_400, size=rows)
    names = random.integers(300_000, size=rows)
    return pa.table(
        {
            "order id": pa.array(at + 10_000_000),
            "customer": _formatted("C-{:07d}", names),
            "postcode": _formatted("{:05d}", random.integers(100_000, size=rows)),
            "town": pick(TOWNS, 0.02),
            "plan": pick(PLANS),
            "state": pick(STATES, 0.1),
            "is new": pick(("yes", "no")),
            "ordered": pa.array(day),
            "shipped": pa.array(moment, mask=random.random(rows) < 0.05),
            "items": number(random.poisson(3, rows)),
            "age": number(random.integers(18, 90, rows), 0.03),
            "visits": number(random.geometric(0.01, rows)),
            "points": number(random.integers(-50_000, 50_000, rows), 0.2),
            "price": number(random.gamma(2, 30, rows).round(2)),
            "weight": number(random.gamma(3, 2, rows).round(3), 0.04),
            "discount": number(random.beta(1, 5, rows).round(4), 0.5),
            "latitude": number(random.normal(50, 5, rows).round(6)),
            "longitude": number(random.normal(10, 8, rows).round(6)),
            "score": number(random.normal(size=rows)),
            "remark": pick(("fragile, handle with care", 'says "soon"', "", "call first"), 0.7),
        }
    )


def _formatted(form: str, numbers: np.ndarray) -> pa.Array:
    return pa.array([form.format(number) for number in numbers.tolist()])


def write_csv(file: Path, rows: int) -> None:
    """`table` as CSV, in chunks: the memory of this process is inherited."""
    writer = None
    for start in range(0, rows, CHUNK):
        part = table(min(CHUNK, rows - start), start)
        writer = writer or pyarrow.csv.CSVWriter(file, part.schema)
        writer.write_table(part)
    if writer is not None:
        writer.close()


def write(file: Path, form: str, rows: int) -> None:
    """`table` in one of the other formats."""
    found = table(rows)
    if form == "parquet":
        pq.write_table(found, file)
    elif form == "arrow":
        pyarrow.feather.write_feather(found, file)
    elif form == "csv.gz":
        with pa.CompressedOutputStream(str(file), "gzip") as stream:
            pyarrow.csv.write_csv(found, stream)
    elif form == "xlsx":
        found.to_pandas().to_excel(file, index=False, engine="openpyxl")
    elif form == "arff":
        _write_arff(file, found)
    else:
        found.to_pandas().to_json(
            file, orient="records", lines=form == "json lines", date_format="iso"
        )


def _write_arff(file: Path, found: pa.Table) -> None:
    kinds = {
        "int64": "numeric",
        "double": "numeric",
        "string": "string",
        "date32[day]": "date yyyy-MM-dd",
        "timestamp[s]": "date 'yyyy-MM-dd HH:mm:ss'",
    }
    frame = found.to_pandas()
    with file.open("w", encoding="utf-8") as stream:
        stream.write("@relation orders\n")
        stream.writelines(
            f"@attribute '{field.name}' {kinds[str(field.type)]}\n" for field in found.schema
        )
        stream.write("@data\n")
        frame.to_csv(stream, index=False, header=False, na_rep="?")


def peak_mb() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _mb(file: Path) -> float:
    return round(file.stat().st_size / 1e6, 1)


def _child(file: Path, threads: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.reading", "--path", str(file)]
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(
        [*command, "--threads", str(threads)], cwd=root, stdout=subprocess.PIPE, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    value = call()
    return time.perf_counter() - started, value


def _table(result: dict[str, Any]) -> str:
    csv = result["csv"]
    lines = [
        f"{csv['rows']:,} rows × {csv['columns']} columns of CSV, {csv['mb']:,.0f} MB, "
        f"{result['threads']} thread(s), medians of {csv['rounds']} rounds",
        f"{'pyarrow.csv alone':>24} {csv['pyarrow_s']:8.2f} s",
        f"{'read_table':>24} {csv['read_s']:8.2f} s {csv['read_ratio']:6.2f}×",
        f"{'infer_schema':>24} {csv['schema_s']:8.2f} s",
        f"{'both':>24} {csv['whole_s']:8.2f} s {csv['whole_ratio']:6.2f}×",
        f"{'peak memory':>24} {csv['peak_mb']:8,} MB, {result['imports_mb']:,} MB of it imports\n",
        f"{'format':>12} {'rows':>10} {'MB':>7} {'s':>7} {'MB/s':>7} {'cells/s':>12}",
    ]
    lines += [
        f"{form:>12} {case['rows']:10,} {case['mb']:7,.1f} {case['s']:7.2f} "
        f"{case['mb_per_s']:7,.1f} {case['cells_per_s']:12,}"
        for form, case in result["rates"].items()
    ]
    return "\n".join(lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller tables: a few seconds")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--threads", type=int, default=1, help="for pyarrow and for tjepa alike")
    # What this script asks of itself, in a process of its own.
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
