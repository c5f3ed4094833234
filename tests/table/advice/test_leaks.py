import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tjepa.table import Suggestion, infer_schema, override, suggestions

N = 2_000


def base() -> dict[str, Any]:
    random = np.random.default_rng(0)
    return {
        "a": random.normal(size=N),
        "b": random.gamma(2, 3, N),
        "town": pd.Series(random.choice(["Oslo", "Rome", "Bonn"], N), dtype="str"),
    }


def found(target: Any, task: str | None = None, **columns: Any) -> tuple[Suggestion, ...]:
    table = pd.DataFrame({**base(), **columns, "y": target})
    return suggestions(table, override(infer_schema(table), table, target="y", task=task))


def labels() -> np.ndarray:
    return np.random.default_rng(1).choice(["no", "yes"], N, p=[0.8, 0.2])


def test_a_target_that_no_column_knows_has_no_leak() -> None:
    assert found(labels()) == ()
    assert found(np.random.default_rng(1).normal(size=N)) == ()


def test_a_number_that_decides_the_class_is_a_leak() -> None:
    y = labels()
    delay = np.where(y == "yes", 15.0, -5.0) + np.random.default_rng(2).uniform(-9, 9, N).round(1)
    (leak,) = found(y, delay=delay)
    assert (leak.columns, leak.action) == (("delay",), "Leave it out")
    assert leak.change == {"used": {"delay": False}}
    assert "'delay' predicts 'y' almost perfectly: accuracy " in leak.evidence
    assert "on 1,000 rows not used to find it" in leak.evidence


def test_a_finer_class_beside_the_target_is_a_leak() -> None:
    fine = np.random.default_rng(3).integers(0, 10, N)
    fine_names = pd.Series([f"pattern {n}" for n in fine], dtype="str")
    (leak,) = found(np.where(fine < 6, "normal", "other"), CLASS=fine_names)
    assert leak.columns == ("CLASS",)


def test_a_column_that_is_right_nine_times_in_ten_is_a_question_and_no_leak() -> None:
    y = labels()
    wrong = np.random.default_rng(4).random(N) < 0.1
    (asked,) = found(y, guess=pd.Series(np.where(wrong, labels()[::-1], y), dtype="str"))
    assert asked.columns == ("guess",)
    assert "alone says most about 'y' (ROC AUC 0.9" in asked.evidence
    assert "Is it known before the target is?" in asked.evidence


def test_a_sum_of_two_columns_is_a_leak() -> None:
    one, two = np.random.default_rng(5).poisson([[20], [70]], (2, N)).astype(float)
    (leak,) = found(one + two, casual=one, registered=two)
    assert leak.columns == ("casual", "registered")
    assert "'casual + registered' predicts 'y' almost perfectly: R² 1.0000" in leak.evidence


@pytest.mark.parametrize(
    ("weights", "label"),
    [
        ((1, -1), "'one − two'"),
        ((-1, 1), "'two − one'"),
        ((3, 2), "'a weighted sum of one and two'"),
    ],
)
def test_the_sum_says_how_the_columns_are_put_together(
    weights: tuple[float, float], label: str
) -> None:
    one, two = np.random.default_rng(6).normal(size=(2, N))
    (leak,) = found(weights[0] * one + weights[1] * two, "regression", one=one, two=two)
    assert leak.evidence.startswith(label)


def test_gaps_that_the_target_shares_with_a_column_are_no_leak() -> None:
    gone = np.random.default_rng(6).random(N) < 0.05
    y = np.where(gone, -200.0, np.random.default_rng(7).gamma(2, 1, N).round(2))
    x = np.where(gone, -200.0, np.random.default_rng(8).normal(20, 3, N).round(2))
    (missing,) = found(y, "regression", x=x)
    assert missing.columns == ("x", "y")
    assert missing.action == "Read -200 as missing"


def test_a_difference_that_decides_the_class_is_a_leak() -> None:
    planned = np.random.default_rng(7).uniform(0, 24, N)
    late = np.random.default_rng(8).normal(0, 1, N).round(2)
    (leak,) = found(np.where(late > 0, "late", "on time"), planned=planned, real=planned + late)
    assert set(leak.columns) == {"planned", "real"}


def test_a_monotone_copy_of_a_numeric_target_is_a_leak() -> None:
    y = np.random.default_rng(9).gamma(2, 3, N)
    (leak,) = found(y, log=np.log(y))
    assert leak.columns == ("log",)


def test_with_few_rows_or_none_of_a_class_nothing_is_claimed() -> None:
    y = labels()[:150]
    table = pd.DataFrame({"copy": y, "x": np.arange(150) % 7, "y": y})
    schema = override(infer_schema(table), table, target="y")
    assert all("predicts" not in s.evidence for s in suggestions(table, schema))
    rare = np.where(np.arange(N) < 8, "yes", "no")
    assert found(rare, copy=pd.Series(rare, dtype="str"))[:1] == ()


def test_missing_cells_and_an_unlabelled_half_are_no_obstacle() -> None:
    y = pd.Series(labels(), dtype="str")
    copy = y.map({"no": 1.0, "yes": 2.5}).where(np.arange(N) % 50 > 0)
    other = base()["a"] + np.where(np.arange(N) % 3, 0, np.nan)
    leaks = found(
        y.where(np.arange(N) % 2 == 0), copy=copy.add(other * 1e-6, fill_value=0), x=other
    )
    assert [leak.columns for leak in leaks] == [("copy",)]


REAL = {
    "bank_marketing": {("duration",), ("pdays",), ("month",)},
    "bike_sharing": {("casual", "registered")},
    "airlines": {("DepDelay",), ("TailNum",)},
    "adult": {("education",)},
    "ufo": {("City",)},
    "superstore_us_2015": {("Order Priority",)},
}


@pytest.mark.parametrize("name", REAL)
def test_what_is_known_of_real_tables_is_found(name: str, shared_data: Path) -> None:
    target = json.loads((shared_data / f"{name}.json").read_text(encoding="utf-8"))["target"]
    table = pd.read_parquet(shared_data / f"{name}.parquet")
    said = suggestions(table, override(infer_schema(table), table, target=target))
    assert REAL[name] <= {suggestion.columns for suggestion in said}


@pytest.mark.parametrize("name", ["penguins", "california", "telco_churn"])
def test_of_clean_tables_nothing_is_said(name: str, shared_data: Path) -> None:
    target = json.loads((shared_data / f"{name}.json").read_text(encoding="utf-8"))["target"]
    table = pd.read_parquet(shared_data / f"{name}.parquet")
    assert suggestions(table, override(infer_schema(table), table, target=target)) == ()
