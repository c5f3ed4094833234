import numpy as np
import pandas as pd

from tjepa.table import strings

ITEMS = ["chips", "canned soda", "steak bowl", "chicken bowl", "veggie burrito"]


def cells(*texts: str) -> pd.Series:
    return pd.Series(texts, dtype=object)


def numbers(texts: pd.Series, directions: np.ndarray) -> np.ndarray:
    return np.asarray(strings.letters(texts) @ directions.T)


def test_fewer_texts_than_directions_leave_the_others_zero() -> None:
    train = cells(*ITEMS * 40)
    directions = strings.directions(strings.letters(train))
    used = np.abs(directions).sum(axis=1) > 0
    assert directions.shape == (strings.DIRECTIONS, strings.BUCKETS)
    assert 3 <= used.sum() <= len(ITEMS)
    # Else what is rounding in training would be the largest number of a new text.
    spread = numbers(train, directions)[:, used].std(axis=0)
    new = numbers(cells("tofu tacos", "CHICKEN", "x" * 200), directions)[:, used]
    assert (spread > 1e-3).all()
    assert (np.abs(new) < 100 * spread.max()).all()


def test_texts_that_share_words_get_alike_numbers() -> None:
    train = cells(*ITEMS * 40)
    directions = strings.directions(strings.letters(train))
    steak, chicken, chips = numbers(cells("steak bowl", "chicken bowl", "chips"), directions)

    def likeness(a: np.ndarray, b: np.ndarray) -> float:
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    assert likeness(steak, chicken) > likeness(steak, chips) + 0.1


def test_no_text_has_no_directions() -> None:
    assert not strings.directions(strings.letters(cells("", "", ""))).any()
    assert not strings.directions(strings.letters(pd.Series([None, None], dtype=object))).any()
