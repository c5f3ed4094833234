"""A typed frame as tensors' arrays and back: everything is fitted on training rows only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from tjepa.errors import EncodingError, quoted
from tjepa.table import strings
from tjepa.table.kinds import typed_column
from tjepa.table.parts import feature_name, part_of
from tjepa.table.schema import Column, Schema

Scaling = Literal["standard", "quantile"]

QUANTILES = 1_000
LARGEST = 1e6
"""Scaled numbers are cut here: a new row may be arbitrarily far from the training rows."""
HUGE = 1e300
LEAST_ROWS = 2
"""Categories in fewer training rows share the code 0, which unseen ones get: so it is learned."""


@dataclass(frozen=True)
class EncodedTable:
    """N rows of D = Dn + Dc features, the Dn that are numbers (of ordinals and dates too) first.

    `x_num` f32 [N, Dn] and `x_cat` i64 [N, Dc] are zero where `missing` bool [N, D] is set;
    `cardinalities` has the number of codes of each categorical feature.
    """

    x_num: np.ndarray
    x_cat: np.ndarray
    missing: np.ndarray
    cardinalities: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.missing)

    def rows(self, index: np.ndarray) -> "EncodedTable":
        return EncodedTable(
            self.x_num[index], self.x_cat[index], self.missing[index], self.cardinalities
        )


@dataclass(frozen=True)
class Feature:
    """A feature and what its encoding learned.

    `quantiles` (one number for each of evenly spaced probabilities) or `mean` and `scale` for
    numbers, dates and ordinals; `categories` for categories (codes 1, 2, …; 0 is any other) and
    ordinals (1, 2, … from low to high); `direction` f32 [BUCKETS] for text. A `part` of a date or a
    text belongs to its `column`, which is otherwise the `name`.
    """

    name: str
    kind: str
    mean: float = 0.0
    scale: float = 1.0
    quantiles: tuple[float, ...] = ()
    categories: tuple[str, ...] = ()
    part: str = ""
    column: str = ""
    direction: tuple[float, ...] = ()

    @property
    def source(self) -> str:
        """The column that the feature is made of."""
        return self.column or self.name

    @cached_property
    def codes(self) -> dict[str, int]:
        return {category: code for code, category in enumerate(self.categories, start=1)}


@dataclass(frozen=True)
class TableEncoder:
    """Typed frame → `EncodedTable`, with the numbers and categories of the training rows."""

    features: tuple[Feature, ...]

    @classmethod
    def fit(
        cls,
        frame: pd.DataFrame,
        features: Sequence[Column],
        *,
        scaling: Scaling,
        max_categories: int,
    ) -> "TableEncoder":
        """Learn from the rows of a typed `frame`, which should be training rows only.

        A categorical feature keeps its `max_categories` most frequent categories, and a date
        becomes a feature for each of its parts.
        """
        taken = {column.name for column in features}
        fitted: list[Feature] = []
        for column in sorted(features, key=lambda column: column.kind == "categorical"):
            cells = frame[column.name]
            if column.kind == "categorical":
                fitted.append(_fit_categories(cells, column.name, max_categories))
            elif column.kind == "text":
                fitted += _fit_text(cells, column, taken, scaling)
            else:
                fitted += [_fit_numbers(cells, blank, scaling) for blank in _blank(column, taken)]
        return cls(tuple(fitted))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the features are made of, each once."""
        return tuple(dict.fromkeys(feature.source for feature in self.features))

    @property
    def n_numeric(self) -> int:
        return sum(feature.kind != "categorical" for feature in self.features)

    @property
    def cardinalities(self) -> tuple[int, ...]:
        return tuple(len(f.categories) + 1 for f in self.features if f.kind == "categorical")

    def transform(self, frame: pd.DataFrame) -> EncodedTable:
        """A typed frame, columns in any order, as arrays.

        Raises
        ------
        EncodingError
            When the frame lacks a feature.
        """
        absent = [column for column in self.columns if column not in frame.columns]
        if absent:
            names = ", ".join(map(quoted, absent[:5])) + (" and others" if len(absent) > 5 else "")
            raise EncodingError(
                f"The rows have no column {names}, which the encoder was trained on. "
                "Add it; its cells may be empty."
            )
        n, first = len(frame), self.n_numeric
        x_num = np.zeros((n, first), dtype=np.float32)
        x_cat = np.zeros((n, len(self.features) - first), dtype=np.int64)
        missing = np.zeros((n, len(self.features)), dtype=bool)
        letters = {
            feature.source: strings.letters(frame[feature.source])
            for feature in self.features
            if feature.part == strings.PARTS[0]
        }
        for j, feature in enumerate(self.features):
            cells = frame[feature.source]
            missing[:, j] = cells.isna().to_numpy()
            if j < first:
                if feature.kind == "text":
                    numbers = letters[feature.source] @ np.asarray(feature.direction)
                else:
                    numbers = numbers_of(cells, feature)
                scaled = _scaled(numbers, feature)
                x_num[:, j] = np.where(missing[:, j], 0.0, scaled)
            else:
                x_cat[:, j - first] = cells.map(feature.codes).fillna(0).to_numpy(dtype=np.int64)
        return EncodedTable(x_num, x_cat, missing, self.cardinalities)

    def to_json(self) -> dict[str, Any]:
        return {
            "features": [
                {
                    "name": feature.name,
                    "kind": feature.kind,
                    "mean": feature.mean,
                    "scale": feature.scale,
                    "quantiles": list(feature.quantiles),
                    "categories": list(feature.categories),
                    "part": feature.part,
                    "column": feature.column,
                    "direction": list(feature.direction),
                }
                for feature in self.features
            ]
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> "TableEncoder":
        """The inverse of `to_json`; KeyError or TypeError when it is none of its answers."""
        return cls(
            tuple(
                Feature(
                    **feature
                    | {
                        "quantiles": tuple(feature["quantiles"]),
                        "categories": tuple(feature["categories"]),
                        "direction": tuple(feature.get("direction", ())),
                    }
                )
                for feature in saved["features"]
            )
        )


def typed(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The columns of `schema` that `frame` has, in the schema's order, each cell as its kind.

    Raises
    ------
    EncodingError
        When a cell does not fit the kind of its column; it names column, row and cell. When two
        columns have one name, or one that completes a date is absent.
    """
    if not frame.columns.is_unique:
        repeated = quoted(frame.columns[frame.columns.duplicated()][0])
        raise EncodingError(f"Two columns are called {repeated}: rename one of them.")
    here = [column for column in schema.columns if column.name in frame.columns]
    for column in here:
        for name in column.together:
            if name not in frame.columns:
                raise EncodingError(
                    f"The rows have no column {quoted(name)}, which completes the date "
                    f"{quoted(column.name)}. Add it; its cells may be empty."
                )
    columns = {
        column.name: typed_column(
            column.cells(frame), column.kind, column.name, EncodingError, column.meaning
        )
        for column in here
    }
    return pd.DataFrame(columns, index=frame.index)


def raw_matrix(encoded: EncodedTable) -> np.ndarray:
    """The raw columns as vectors f32 [N, E]: scaled numbers, one-hot categories, missing flags.

    A missing number is 0, the middle of its scale; every feature has a missing flag.
    """
    parts = [encoded.x_num, encoded.missing.astype(np.float32)]
    n_numeric = encoded.x_num.shape[1]
    for j, cardinality in enumerate(encoded.cardinalities):
        hot = np.zeros((len(encoded), cardinality), dtype=np.float32)
        hot[np.arange(len(encoded)), encoded.x_cat[:, j]] = 1.0
        hot[encoded.missing[:, n_numeric + j]] = 0.0
        parts.append(hot)
    return np.concatenate(parts, axis=1)


def tree_matrix(encoded: EncodedTable) -> tuple[np.ndarray, np.ndarray]:
    """The raw columns for trees: f64 [N, D], NaN where missing; and bool [D], which are codes."""
    n_numeric = encoded.x_num.shape[1]
    matrix = np.concatenate([encoded.x_num, encoded.x_cat], axis=1, dtype=np.float64)
    matrix[encoded.missing] = np.nan
    return matrix, np.arange(matrix.shape[1]) >= n_numeric


def from_tree_matrix(matrix: np.ndarray, cardinalities: tuple[int, ...]) -> EncodedTable:
    """The inverse of `tree_matrix`, for f64 [N, D] of real cells in any combination."""
    missing = np.isnan(matrix)
    filled = np.where(missing, 0.0, matrix)
    n_numeric = matrix.shape[1] - len(cardinalities)
    return EncodedTable(
        filled[:, :n_numeric].astype(np.float32),
        filled[:, n_numeric:].astype(np.int64),
        missing,
        cardinalities,
    )


def _fit_categories(cells: pd.Series, name: str, max_categories: int) -> Feature:
    counts = cells.value_counts()
    frequent = counts[counts >= min(LEAST_ROWS, counts.max())] if len(counts) else counts
    # By count, then by name: the order of equal counts must not depend on the order of rows.
    ranked = sorted(frequent.items(), key=lambda item: (-item[1], str(item[0])))
    kept = sorted(str(category) for category, _ in ranked[:max_categories])
    return Feature(name, "categorical", categories=tuple(kept))


def _blank(column: Column, taken: set[str]) -> list[Feature]:
    """The features of a column of numbers, before anything is learned."""
    parts = strings.PARTS if column.kind == "text" else column.parts
    if not parts:
        return [Feature(column.name, column.kind, categories=column.order)]
    features = []
    for part in parts:
        name = feature_name(column.name, part)
        while name in taken:  # a column of the table may be called so
            name += "*"
        features.append(Feature(name, column.kind, part=part, column=column.name))
    return features


def _fit_text(cells: pd.Series, column: Column, taken: set[str], scaling: Scaling) -> list[Feature]:
    letters = strings.letters(cells)
    fitted = []
    found = strings.directions(letters)
    for feature, direction in zip(_blank(column, taken), found, strict=True):
        numbers = pd.Series(letters @ direction).where(cells.notna().to_numpy())
        feature = _fit_numbers(numbers, feature, scaling)
        fitted.append(replace(feature, direction=tuple(map(float, direction))))
    return fitted


def _fit_numbers(cells: pd.Series, feature: Feature, scaling: Scaling) -> Feature:
    numbers = numbers_of(cells, feature)
    numbers = numbers[~np.isnan(numbers)]
    if len(numbers) == 0:
        return feature
    if scaling == "quantile":
        points = np.linspace(0, 1, max(2, min(QUANTILES, len(numbers))))
        return replace(feature, quantiles=tuple(np.quantile(numbers, points).tolist()))
    # Divided by the largest first: sums of squares of numbers near 1e300 are infinite.
    largest = float(np.abs(numbers).max()) or 1.0
    mean, spread = (numbers / largest).mean() * largest, (numbers / largest).std() * largest
    # A column that is constant but for rounding is not blown up to unit variance.
    constant = spread <= 1e-12 * abs(mean)
    return replace(feature, mean=float(mean), scale=1.0 if constant else float(spread))


def _scaled(numbers: np.ndarray, feature: Feature) -> np.ndarray:
    """Numbers f64 [N] with mean 0 and variance 1 in training, or with its normal quantiles."""
    if not feature.quantiles:
        with np.errstate(over="ignore"):  # of a tiny scale: cut like any other
            scaled = numbers / feature.scale - feature.mean / feature.scale
        return np.clip(scaled, -LARGEST, LARGEST)
    from scipy.special import ndtri

    known = np.asarray(feature.quantiles)
    points = np.linspace(0, 1, len(known))
    # From both sides, so that a number that many rows share gets the middle of their quantiles.
    up = np.interp(numbers, known, points)
    down = -np.interp(-numbers, -known[::-1], -points[::-1])
    edge = 0.5 / max(len(known), 2)
    return np.asarray(ndtri(np.clip((up + down) / 2, edge, 1 - edge)))


def numbers_of(cells: pd.Series, feature: Feature) -> np.ndarray:
    """Numbers f64 [N]; dates as their part, or as seconds since 1970; ordinals from 1."""
    if feature.kind == "ordinal":
        return cells.map(feature.codes).to_numpy(dtype=np.float64, na_value=np.nan)
    if feature.kind == "date" and feature.part:
        return part_of(cells, feature.part)
    if pd.api.types.is_datetime64_any_dtype(cells):
        stamps = cells.to_numpy("datetime64[us]")
        seconds = stamps.astype("int64") / 1e6
        return np.where(np.isnat(stamps), np.nan, seconds)
    numbers = cells.to_numpy(dtype=np.float64, na_value=np.nan)
    # The difference of two larger ones could be infinite.
    return np.clip(numbers, -HUGE, HUGE)
