"""Damaged files of every format; more of them with TJEPA_FUZZ_SECONDS, or by `fuzz` itself."""

import os
import time
from pathlib import Path

from tests.table.reading.files import every_format
from tests.table.reading.fuzz import campaign, cases
from tjepa.table.reading.raw_table import read_table

CASES = 320


def test_the_files_are_whole_before_they_are_damaged() -> None:
    for name, data in every_format().items():
        assert read_table(data, name=name).frame.shape[1] > 1, name


def test_the_same_seed_makes_the_same_files() -> None:
    one, two = cases(3), cases(3)
    assert [next(one) for _ in range(40)] == [next(two) for _ in range(40)]


def test_the_same_files_have_the_same_bytes_at_any_time() -> None:
    before = every_format()
    time.sleep(2.1)  # dates in a zip have a resolution of two seconds
    assert every_format() == before


def test_a_damaged_file_is_a_table_or_a_sentence(tmp_path: Path) -> None:
    seconds = os.environ.get("TJEPA_FUZZ_SECONDS")
    if seconds is None:
        report = campaign(most=CASES, folder=tmp_path)
        assert report.cases == CASES
    else:
        report = campaign(seed=int(os.environ.get("TJEPA_FUZZ_SEED", "0")), seconds=float(seconds))
    assert not report.bad, "\n".join(what for what, _ in report.bad)
    assert report.read > report.cases / 10  # most damage is small: readers get far
    assert report.refused > report.cases / 10
