"""The table of the main job: the real one where it is present, one of its shape otherwise."""

from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent.parent
REAL = ROOT.parent / "shared" / "data" / "raw" / "telco_churn.csv"


def churn_table(folder: Path) -> Path:
    """A CSV with customers, mixed columns, 11 blank cells and the target `Churn`."""
    if REAL.is_file():
        return REAL
    made = folder / "telco_churn.csv"
    _customers(3_000).to_csv(made, index=False)
    return made


def _customers(n: int) -> pd.DataFrame:
    random = np.random.default_rng(0)
    tenure = random.integers(0, 73, n)
    monthly = random.uniform(18, 119, n).round(2)
    contract = random.choice(["Month-to-month", "One year", "Two year"], n, p=[0.55, 0.21, 0.24])
    internet = random.choice(["DSL", "Fiber optic", "No"], n)
    leaving = 0.8 * (contract == "Month-to-month") + 0.5 * (internet == "Fiber optic") - tenure / 40
    total = pd.Series((tenure * monthly).round(2)).astype(str)
    total[:11] = ""
    yes_no = {
        name: random.choice(["Yes", "No"], n)
        for name in ("Partner", "Dependents", "PhoneService", "OnlineSecurity", "TechSupport")
    }
    return pd.DataFrame(
        {
            "customerID": [f"{number:04d}-{number * 7919 % 99991:05d}" for number in range(n)],
            "gender": random.choice(["Female", "Male"], n),
            "SeniorCitizen": random.choice([0, 1], n, p=[0.84, 0.16]),
            **yes_no,
            "tenure": tenure,
            "InternetService": internet,
            "Contract": contract,
            "MonthlyCharges": monthly,
            "TotalCharges": total,
            "Churn": np.where(leaving + random.normal(0, 0.6, n) > 0.3, "Yes", "No"),
        }
    )
