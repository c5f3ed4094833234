"""`tjepa inspect --profile`, as a person types it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tjepa.cli import main


@pytest.fixture
def file(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    size = random.normal(50, 10, 300).round(2)
    frame = pd.DataFrame(
        {
            "key": [f"k-{i:05d}" for i in range(300)],
            "size": size,
            "price": (3 * size + random.normal(0, 4, 300)).round(2),
            "town\x1b[31m": random.choice(["Aix", "Bonn"], 300),
            "sold": np.where(size > 52, "yes", "no"),
        }
    )
    frame.loc[::6, "price"] = np.nan
    path = tmp_path / "houses.csv"
    frame.to_csv(path, index=False)
    return path


def test_each_column_has_its_distribution_in_one_line(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", str(file), "--profile", "--target", "sold"]) == 0
    out = capsys.readouterr().out
    said = out[out.index("Looked at all 300 rows.") :].splitlines()
    lines = {line.split()[0]: line for line in reversed(said) if line}
    assert "█" in lines["size"]
    assert "17 %" in lines["price"]
    assert "no " in lines["sold"]
    assert "yes " in lines["sold"]
    assert "e.g. k-00000" in lines["key"]
    assert "1 column of 5 has missing cells" in out
    assert "Not related: key (an identifier)." in out
    pairs = [line for line in said if line.startswith("size") and "price" in line]
    assert float(pairs[0].split()[2]) > 0.4
    assert "with sold" in out
    assert "\x1b" not in out


def test_json_has_the_profile_only_when_it_is_asked_for(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", str(file), "--json"]) == 0
    assert "profile" not in json.loads(capsys.readouterr().out)
    assert main(["inspect", str(file), "--json", "--profile"]) == 0
    found = json.loads(capsys.readouterr().out)["profile"]
    assert (found["rows"], found["n_rows"]) == (300, 300)
    size = next(column for column in found["columns"] if column["name"] == "size")
    assert sum(size["shape"]["counts"]) == 300
    assert found["associations"]["pairs"][0]["strength"] > 0.4
