"""gzip and zip: what is inside is read as if it had never been packed, within limits."""

import gzip
import hashlib
import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from tjepa.errors import ReadingError
from tjepa.table.reading import unpacking
from tjepa.table.reading.raw_table import RawTable, read_table

CSV = b"a,b\n1,x\n2,y\n"


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def read(data: bytes) -> RawTable:
    return read_table(data, name="t.pack")


def problem(data: bytes) -> str:
    with pytest.raises(ReadingError) as refusal:
        read(data)
    return str(refusal.value)


def test_gzip_is_read_as_what_is_inside() -> None:
    raw = read(gzip.compress(CSV))
    assert raw.content_id == hashlib.sha256(CSV).hexdigest()
    assert raw.frame.to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}
    assert raw.notes == ("t.pack was unpacked (gzip).",)


def test_gzip_of_several_parts_and_padding_is_one_file() -> None:
    data = gzip.compress(CSV) + gzip.compress(b"3,z\n") + bytes(100)
    assert read(data).frame["a"].to_list() == [1, 2, 3]


def test_zip_of_one_file_is_read_whatever_systems_leave_beside_it() -> None:
    data = zipped(**{"d/x.csv": CSV, "__MACOSX/d/._x.csv": b"\0", "d/.DS_Store": b"\0"})
    raw = read(data)
    assert raw.content_id == hashlib.sha256(CSV).hexdigest()
    assert raw.notes == ("d/x.csv was unpacked from t.pack (zip).",)


def test_documents_beside_a_table_are_named() -> None:
    raw = read(zipped(**{"x.csv": CSV, "README.txt": b"hello", "license": b"free"}))
    assert raw.notes[1] == "Other files in t.pack were not looked at: README.txt and license."


@pytest.mark.parametrize("inside", ["penguins.parquet", "raw/superstore_us_2015.xlsx"])
def test_other_formats_are_unpacked_too(inside: str, shared_data: Path) -> None:
    data = (shared_data / inside).read_bytes()
    plain = read_table(data)
    for packed in (gzip.compress(data), zipped(x=data)):
        raw = read(packed)
        assert raw.content_id == plain.content_id
        pd.testing.assert_frame_equal(raw.frame, plain.frame)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (zipped(**{"x.csv": CSV, "y.tsv": CSV}), "of 2 tables (x.csv and y.tsv)"),
        (zipped(**{"x.pdf": CSV, "y.doc": CSV}), "of 2 files and no table (x.pdf and y.doc)"),
        (zipped(), "no file in it"),
        (zipped(**{"x.zip": zipped(x=CSV)}), "holds another archive inside"),
        (zipped(**{"x.gz": gzip.compress(CSV)}), "holds another archive inside"),
        (gzip.compress(zipped(x=CSV)), "holds another archive inside"),
        (gzip.compress(gzip.compress(CSV)), "holds another archive inside"),
        (gzip.compress(CSV)[:-9], "damaged or incomplete gzip"),
        (gzip.compress(CSV) + b"more", "damaged or incomplete gzip"),
        (gzip.compress(b""), "is empty"),
    ],
)
def test_what_is_no_single_table_gets_its_sentence(data: bytes, what: str) -> None:
    text = problem(data)
    assert text.startswith("t.pack ")
    assert what in text


def test_a_damaged_member_gets_its_sentence() -> None:
    data = bytearray(zipped(x=CSV * 1000))
    data[60] ^= 0xFF
    assert "is a damaged zip archive" in problem(bytes(data))


def test_a_member_that_needs_a_password_gets_its_sentence() -> None:
    data = bytearray(zipped(x=CSV))
    data[data.rindex(b"PK\1\2") + 8] |= 1
    assert "is protected by a password" in problem(bytes(data))


def test_unusual_packing_gets_its_sentence() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("x.csv", CSV)
    assert "packed in a way that cannot be read here" in problem(file.getvalue())


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped(x=data)])
def test_a_bomb_is_given_up_early(pack, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "unpacks to more than 500 times its size" in problem(pack(bytes(20 * 1024**2)))
    monkeypatch.setattr(unpacking, "MAX_BYTES", 1000)
    assert "unpacks to more than 0 MB" in problem(pack(CSV * 100))


def test_the_size_that_a_header_claims_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    content = CSV + b"3,z\n" * 1000
    data = zipped(x=content)
    lie = data.replace(len(content).to_bytes(4, "little"), (20).to_bytes(4, "little"))
    assert lie != data
    assert "is a damaged zip archive" in problem(lie)
