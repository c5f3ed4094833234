"""Small valid files of every format, and the tools to do them harm."""

import gzip
import io
import json
import re
import struct
import zipfile
from collections.abc import Callable

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

Harm = Callable[[bytes], bytes]


def frame(rows: int = 12) -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "number": random.normal(size=rows).round(3),
            "whole": np.arange(rows),
            "word": [f"w{i % 3}, “é”" for i in range(rows)],
            "day": pd.date_range("2020-01-01", periods=rows, unit="us"),
        }
    )


def zipped(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            # Without a date of its own a member has that of now, and the same file other bytes.
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def claiming(data: bytes, size: int) -> bytes:
    """A zip archive whose headers, all of them, claim that each part unpacks to `size` bytes."""
    lying = bytearray(data)
    for mark, offset in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
        at = -1
        while (at := lying.find(mark, at + 1)) >= 0:
            lying[at + offset : at + offset + 4] = struct.pack("<L", size)
    return bytes(lying)


def workbook(rows: list[list[object]], harm: dict[str, Harm] | None = None) -> bytes:
    """A workbook of these rows, its texts in a part of their own; `harm` changes parts by name."""
    made, file = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        made.active.append(row)
    made.save(file)
    with zipfile.ZipFile(file) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    about = "docProps/core.xml"  # says when the file was made
    parts[about] = re.sub(rb"\d{4}-\d\d-\d\dT[\d:]+Z", b"2020-01-01T00:00:00Z", parts[about])
    texts: list[bytes] = []

    def shared(cell: re.Match[bytes]) -> bytes:
        texts.append(cell[1])
        return b't="s"><v>%d</v>' % (len(texts) - 1)

    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = re.sub(rb't="inlineStr"><is>(.*?)</is>', shared, parts[sheet])
    space = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    items = b"".join(b"<si>%s</si>" % text for text in texts)
    parts["xl/sharedStrings.xml"] = b'<sst xmlns="%s">%s</sst>' % (space, items)
    for name, change in (harm or {}).items():
        parts[name] = change(parts[name])
    return zipped(parts)


def parquet(table: pa.Table, **options: str) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def arrow(table: pa.Table, *, stream: bool = False) -> bytes:
    file = io.BytesIO()
    opened = pa.ipc.new_stream if stream else pa.ipc.new_file
    with opened(file, table.schema) as writer:
        writer.write_table(table)
    return file.getvalue()


def every_format() -> dict[str, bytes]:
    """One small valid file of each form that is read."""
    table, some = frame(), frame().head(5)
    typed = pa.Table.from_pandas(table, preserve_index=False)
    csv = table.to_csv(index=False).encode()
    records = json.loads(table.to_json(orient="records", date_format="iso"))
    cells: list[list[object]] = [list(table), *some.to_numpy().tolist()]
    return {
        "csv": csv,
        "csv in windows-1252": csv.decode().encode("windows-1252", "replace"),
        "tsv": table.to_csv(index=False, sep="\t").encode("utf-16"),
        "prose": b"# a note\nTitle\n\n" + csv.replace(b",", b";") + b"\nSource: us\n",
        "ragged": csv + b'1,2\n\n"x\ny",1\n',
        "json": json.dumps(records).encode(),
        "json lines": "\n".join(map(json.dumps, records)).encode(),
        "json of columns": json.dumps({key: [1, 2, "x"] for key in "abc"}).encode(),
        "arff": b"% c\n@relation r\n@attribute a numeric\n@attribute 'b c' {x,'y z'}\n"
        b"@attribute d date 'yyyy-MM-dd'\n@data\n1,x,2020-01-01\n?,'y z',2021-02-03\n",
        "parquet": parquet(typed),
        "parquet, zstd": parquet(
            typed.append_column("l", [[[i] for i in range(12)]]), compression="zstd"
        ),
        "arrow": arrow(typed),
        "arrow stream": arrow(typed, stream=True),
        "xlsx": workbook(cells),
        "gzip": gzip.compress(csv, mtime=0),
        "zip": zipped({"table.csv": csv, "README.txt": b"no"}),
    }
