"""Tables to try the app on, from data that scikit-learn carries: nothing is fetched."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tjepa.errors import ReadingError
from tjepa.table.reading.raw_table import RawTable
from tjepa.table.schema import Task


@dataclass(frozen=True)
class Sample:
    """A sample on offer; `target` and `task` are what it is usually used for."""

    key: str
    title: str
    description: str
    target: str
    task: Task
    make: Callable[[], pd.DataFrame]


def load_sample(key: str) -> RawTable:
    """The sample called `key`; ReadingError when there is none."""
    for sample in SAMPLES:
        if sample.key == key:
            frame = sample.make()
            content = frame.to_csv(index=False, lineterminator="\n").encode()
            return RawTable(
                name=sample.title,
                content_id=hashlib.sha256(content).hexdigest(),
                frame=frame,
                sheet=None,
                sheets=(),
                notes=(sample.description,),
            )
    known = ", ".join(sample.key for sample in SAMPLES)
    raise ReadingError(f"There is no sample {key!r}: choose one of {known}.")


def _breast_cancer() -> pd.DataFrame:
    from sklearn.datasets import load_breast_cancer

    loaded = load_breast_cancer(as_frame=True)
    return loaded.data.assign(diagnosis=_names(loaded))


def _diabetes() -> pd.DataFrame:
    from sklearn.datasets import load_diabetes

    loaded = load_diabetes(as_frame=True, scaled=False)
    data = loaded.data.rename(
        columns={
            "bp": "blood pressure",
            "s1": "total cholesterol",
            "s2": "LDL",
            "s3": "HDL",
            "s4": "cholesterol / HDL",
            "s5": "log triglycerides",
            "s6": "glucose",
        }
    )
    data["sex"] = np.where(loaded.data["sex"] == 1, "a", "b")
    return data.assign(progression=loaded.target)


def _wine_mixed() -> pd.DataFrame:
    """Wine, with two measured columns cut into categories and a twentieth of the cells removed."""
    from sklearn.datasets import load_wine

    loaded = load_wine(as_frame=True)
    random = np.random.default_rng(0)
    data = loaded.data.copy()
    shades = pd.qcut(data.pop("hue"), 4, labels=["violet", "ruby", "garnet", "brick"])
    tastes = pd.qcut(data.pop("color_intensity"), 3, labels=["light", "medium", "full"])
    data = data.assign(shade=shades.astype("str"), body=tastes.astype("str"))
    data["cellar"] = random.choice(["north", "south", "old mill"], len(data))
    for name in data.columns:
        data[name] = data[name].mask(random.random(len(data)) < 0.05)
    return data.assign(cultivar=_names(loaded))


def _names(loaded: object) -> pd.Series:
    """The target of a scikit-learn bunch as class names."""
    names = np.asarray(loaded.target_names)  # type: ignore[attr-defined]
    return pd.Series(names[loaded.target], dtype="str")  # type: ignore[attr-defined]


SAMPLES: tuple[Sample, ...] = (
    Sample(
        "wine_mixed",
        "Wine, mixed columns",
        "178 wines: measurements, categories, missing cells. Two columns were cut into categories, "
        "'cellar' and the gaps are made up.",
        "cultivar",
        "classification",
        _wine_mixed,
    ),
    Sample(
        "breast_cancer",
        "Breast cancer",
        "569 biopsies with 30 measurements each, benign or malignant (Wisconsin, 1995).",
        "diagnosis",
        "classification",
        _breast_cancer,
    ),
    Sample(
        "diabetes",
        "Diabetes progression",
        "442 patients with ten measurements, and the progression of the disease after a year.",
        "progression",
        "regression",
        _diabetes,
    ),
)
