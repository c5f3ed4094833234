"""Free text as a few numbers: groups of letters, hashed, and their main directions.

Texts that share words, or parts of words, get alike numbers; what they mean is not understood.
Similar to skrub's StringEncoder, with weights small enough to be kept as JSON. Linear probes on six
columns of text do as well on these directions as on as many of a full vocabulary, which take two to
four times as long to find.
"""

from typing import Any

import numpy as np
import pandas as pd

DIRECTIONS = 12
"""Numbers, and so features, that a column of text becomes: six say clearly less, thirty cost more
than most tables have in other columns."""
NEGLIGIBLE = 1e-3
"""Of the strength of the first direction: weaker ones are rounding that new rows would amplify."""
PARTS = tuple(f"text {i + 1}" for i in range(DIRECTIONS))
BUCKETS = 1_024
FITTED = 20_000
"""Texts that the directions are found in, at most, drawn at random."""


def letters(cells: pd.Series) -> Any:
    """Counts of groups of 3 and 4 letters, sparse f32 [n, BUCKETS]; of none in a missing cell."""
    from sklearn.feature_extraction.text import HashingVectorizer

    codes, uniques = pd.factorize(cells)
    hashing = HashingVectorizer(
        analyzer="char_wb", ngram_range=(3, 4), n_features=BUCKETS, alternate_sign=False
    )
    counts = hashing.transform([*map(str, uniques), ""]).astype(np.float32)
    return counts[codes]


def directions(counts: Any) -> np.ndarray:
    """The main directions f32 [DIRECTIONS, BUCKETS] of the letters of training rows.

    Rare groups of letters weigh more. Where there are fewer texts than directions, some are zero.
    """
    from sklearn.decomposition import TruncatedSVD

    counts = counts[np.diff(counts.indptr) > 0]
    if counts.shape[0] > FITTED:
        rows = np.random.default_rng(0).choice(counts.shape[0], FITTED, replace=False)
        counts = counts[np.sort(rows)]
    found = np.zeros((DIRECTIONS, BUCKETS), dtype=np.float32)
    k = min(DIRECTIONS, counts.shape[0] - 1)
    if k < 1:
        return found
    rows_with = np.bincount(counts.indices, minlength=BUCKETS)
    weights = np.log((1 + counts.shape[0]) / (1 + rows_with)) + 1
    svd = TruncatedSVD(k, random_state=0).fit(counts.multiply(weights).tocsr())
    strong = svd.singular_values_ > NEGLIGIBLE * svd.singular_values_[0]
    found[:k] = np.where(strong[:, None], svd.components_ * weights, 0)
    return found
