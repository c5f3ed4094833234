import json
from pathlib import Path

import pandas as pd
import pytest

from tjepa.table.scales import any_order, known_order


@pytest.mark.parametrize(
    "order",
    [
        ["low", "medium", "high"],
        ["Very Poor", "poor", "Fair", "GOOD", "excellent"],
        ["1st", "2nd", "3rd"],
        ["<20", "20-29", "30-59", "60+"],
        ["under 18", "18 to 25", "over 25"],
        ["1-2 years", "3-9 years", "10+ years"],
        ["< 1 year", "1 year", "2 years", "10+ years"],
        ["$1,000-$1,999", "$2,000-$2,999", "$3,000+"],
        ["mar", "apr", "jun", "dec"],
        ["strongly_disagree", "disagree", "neutral", "agree", "strongly_agree"],
        ["Lo", "Med", "Hi"],
        ["XS", "S", "M", "L", "2XL"],
        ["F", "C", "B", "A"],
        ["C-", "C", "B+", "A"],
        ["BB", "BBB", "A", "AAA"],
        ["High school", "Bachelor's degree", "Master's Degree", "PhD"],
        ["9th", "12th", "HS-grad", "Some-college", "Assoc-voc", "Bachelors", "Doctorate"],
        ["primary", "secondary", "tertiary"],
        ["1 - Low", "2 - Medium", "3 - High"],
        ["level 1", "level 2", "level 10"],
        ["stage I", "stage II", "stage IV"],
        ["10k-20k", "20k-30k", "500K-1M", "1M+"],
        ["(-inf, -1.5]", "(-1.5, 0]", "(0, 2.5]", "(2.5, inf]"],
        ["under 20", "20s", "30s", "40s"],
        ["not at all", "somewhat", "extremely"],
        ["daily", "weekly", "monthly"],
        ["niedrig", "mittel", "hoch"],
        ["Faible", "Moyen", "Élevé"],
        ["jamais", "parfois", "toujours"],
        ["Januar", "Februar", "März"],
        ["févr.", "avr.", "août"],
    ],
    ids=" ".join,
)
def test_known_orders_are_found(order: list[str]) -> None:
    assert known_order(order[::-1]) == tuple(order)


@pytest.mark.parametrize(
    "categories",
    [
        ["low", "high"],
        ["low", "medium", "blue"],
        ["Oslo", "Rome", "Bonn"],
        ["1-2", "1-3", "2-4"],
        ["1 year", "2 years", "3 years"],
        ["00.00.00", "01.00.00", "02.00.00"],
        ["10:30", "11:00", "11:30+"],
        ["1,2-3", "4", "5+"],
        ["A1", "A2", "A3"],
        ["2020-01", "2020-02", "2020-03"],
        ["A", "B", "C"],
        ["M", "F", "I"],
        ["I", "II", "III"],
        ["A", "B", "C", "D", "E", "F"],
        ["1", "2", "3"],
        ["1-red", "3-blue", "9-green"],
        ["medium", "mid", "low"],
        ["stage 1", "stage one", "stage 2"],
    ],
    ids=" ".join,
)
def test_what_has_no_order_has_none(categories: list[str]) -> None:
    assert known_order(categories) is None


def test_any_categories_can_be_put_in_some_order() -> None:
    assert any_order(["step 10", "step 9", "none"]) == ("step 9", "step 10", "none")


ORDERED = {
    "adult: education",
    "bank_marketing: month",
    "bank_marketing: day_of_week",
    "soybean: date",
    *(
        f"ames: {place} {what}"
        for place in ("Exter", "Bsmt", "Garage")
        for what in ("Qual", "Cond")
    ),
    "ames: Heating QC",
    "ames: Kitchen Qual",
    "ames: Fireplace Qu",
    "ames: Pool QC",
}


def test_the_order_of_schooling_is_that_of_its_years(shared_data: Path) -> None:
    adult = pd.read_parquet(shared_data / "adult.parquet")
    years = adult.groupby("education", observed=True)["education-num"].first().sort_values()
    assert known_order(sorted(years.index.astype(str))) == tuple(years.index.astype(str))


def test_the_words_of_all_tables_have_no_order_but_these(shared_data: Path) -> None:
    """False alarms are seen here: every column of words of every table is looked at."""
    found = set()
    for file in sorted(shared_data.glob("*.json")):
        sidecar = json.loads(file.read_bytes())
        if sidecar["n_columns"] > 2_000:
            continue
        frame = pd.read_parquet(file.with_suffix(".parquet"))
        for name in frame.select_dtypes(["object", "str", "category"]):
            words = sorted(map(str, frame[name].dropna().unique()))
            if len(words) <= 60 and known_order(words) is not None:
                found.add(f"{file.stem}: {name}")
    assert found == ORDERED
