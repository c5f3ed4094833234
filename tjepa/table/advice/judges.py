"""How well one column, or two together, predict a target, on rows not used to find out."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

ALMOST = 0.95
"""Share of the mistakes of always saying the commonest class that are avoided."""
ALMOST_RANKED = 0.995
"""Rank correlation of predicted and true numbers; R² of a sum."""
PROMISING = 0.9
"""R² of a sum of two columns, with means for missing cells, that is worth a look."""
PAIRED = 24
"""Numeric columns of which sums and differences are tried where the target is classes."""
FEWEST = 40
"""Leaves of the tree that ranks columns hold at least a 40th of the rows: it must not overfit."""


@dataclass(frozen=True)
class Score:
    """`strength` is a ROC AUC or a rank correlation, and 0 where there are more classes than two.

    `almost` says that the prediction is nearly perfect, and `words` how good it is.
    """

    columns: tuple[str, ...]
    label: str
    words: str
    almost: bool
    strength: float


class Classes:
    """A target of classes i64 [n], in random order: the first half finds, the second judges."""

    measure = "ROC AUC"

    def __init__(self, y: np.ndarray) -> None:
        self.half = len(y) // 2
        self.rows = len(y) - self.half
        self._fit, self._test = y[: self.half], y[self.half :]
        self._classes = int(y.max()) + 1
        self.mistakes = int((self._test != np.bincount(self._fit).argmax()).sum())
        """Of always saying the commonest class."""

    def score(self, name: str, x: np.ndarray, *, codes: bool) -> Score:
        """One column f64 [n]: numbers with NaN, or codes from −1."""
        close = self._rates(x, codes, leaf=5)
        strength = 0.0
        if self._classes == 2 and self.mistakes:
            from sklearn.metrics import roc_auc_score

            coarse = self._rates(x, codes, leaf=max(5, self.half // FEWEST))
            strength = float(roc_auc_score(self._test, coarse[:, 1]))
        return self._judged((name,), name, close, strength)

    def pairs(self, x: dict[str, np.ndarray]) -> list[Score]:
        """The first sum or difference of two numeric columns that is nearly perfect."""
        if len(x) > PAIRED:
            return []
        for (a, one), (b, two) in combinations(x.items(), 2):
            for sign, mixed in (("−", one - two), ("+", one + two)):
                rates = self._rates(mixed, codes=False, leaf=5)
                score = self._judged((a, b), f"{a} {sign} {b}", rates, 1.0)
                if score.almost:
                    return [score]
        return []

    def _rates(self, x: np.ndarray, codes: bool, leaf: int) -> np.ndarray:
        """Class probabilities f64 [rows, classes], from a tree or from the rows of each code."""
        if codes:
            counts = np.zeros((int(x.max()) + 2, self._classes))
            np.add.at(counts, (x[: self.half].astype(int) + 1, self._fit), 1.0)
            counts += 1e-3 * np.bincount(self._fit, minlength=self._classes) / self.half
            seen = counts[x[self.half :].astype(int) + 1]
            return np.asarray(seen / seen.sum(axis=1, keepdims=True))
        from sklearn.tree import DecisionTreeClassifier

        tree = DecisionTreeClassifier(max_leaf_nodes=64, min_samples_leaf=leaf, random_state=0)
        x = _ranks(x)
        tree.fit(x[: self.half, None], self._fit)
        rates = np.zeros((self.rows, self._classes))
        rates[:, tree.classes_] = tree.predict_proba(x[self.half :, None])
        return rates

    def _judged(
        self, columns: tuple[str, ...], label: str, rates: np.ndarray, strength: float
    ) -> Score:
        wrong = int((rates.argmax(axis=1) != self._test).sum())
        words = (
            f"accuracy {1 - wrong / self.rows:.3f} "
            f"({1 - self.mistakes / self.rows:.3f} by always saying the commonest class)"
        )
        return Score(columns, label, words, wrong <= (1 - ALMOST) * self.mistakes, strength)


class Numbers:
    """A target of numbers f64 [n], in random order: the first half finds, the second judges."""

    measure = "rank correlation"

    def __init__(self, y: np.ndarray) -> None:
        self.half = len(y) // 2
        self.rows = len(y) - self.half
        self._fit, self._test = y[: self.half], y[self.half :]

    def score(self, name: str, x: np.ndarray, *, codes: bool) -> Score:
        """One column f64 [n]: numbers with NaN, or codes from −1."""
        close = self._ranked(x, codes, leaf=3)
        strength = self._ranked(x, codes, leaf=max(3, self.half // FEWEST))
        words = f"rank correlation {close:.4f}"
        return Score((name,), name, words, close >= ALMOST_RANKED, strength)

    def pairs(self, x: dict[str, np.ndarray]) -> list[Score]:
        """The best weighted sum of two numeric columns, where it is nearly perfect."""
        x = {n: cells for n, cells in x.items() if np.isfinite(cells[: self.half]).mean() > 0.5}
        names = list(x)
        if len(names) < 2:
            return []
        best = self._best_pair(np.stack([x[name][: self.half] for name in names]))
        if best is None:
            return []
        i, j = best
        pair = np.stack([x[names[i]], x[names[j]], np.ones(len(x[names[i]]))], axis=1)
        known = np.isfinite(pair).all(axis=1)
        fit, test = known[: self.half], known[self.half :]
        if fit.sum() < FEWEST or test.sum() < FEWEST:
            return []
        weights = np.linalg.lstsq(pair[: self.half][fit], self._fit[fit], rcond=None)[0]
        true = self._test[test]
        spread = ((true - true.mean()) ** 2).sum()
        left = ((true - pair[self.half :][test] @ weights) ** 2).sum()
        r2 = 1 - left / spread if spread > 0 else 0.0
        if not r2 >= ALMOST_RANKED:
            return []
        label = _sum_in_words(names[i], names[j], weights)
        return [Score((names[i], names[j]), label, f"R² {r2:.4f}", True, 1.0)]

    def _ranked(self, x: np.ndarray, codes: bool, leaf: int) -> float:
        """Rank correlation of the target and what a tree, or the mean of each code, predicts."""
        from scipy.stats import spearmanr
        from sklearn.tree import DecisionTreeRegressor

        if codes:
            means = pd.Series(self._fit).groupby(x[: self.half]).mean()
            predicted = pd.Series(x[self.half :]).map(means).fillna(self._fit.mean()).to_numpy()
        else:
            tree, x = DecisionTreeRegressor(min_samples_leaf=leaf, random_state=0), _ranks(x)
            predicted = tree.fit(x[: self.half, None], self._fit).predict(x[self.half :, None])
        if np.ptp(predicted) == 0 or np.ptp(self._test) == 0:
            return 0.0
        return float(spearmanr(predicted, self._test).statistic)

    def _best_pair(self, x: np.ndarray) -> tuple[int, int] | None:
        """The rows of f64 [columns, half] with the largest R² together, from their correlations.

        None where it is far from 1.
        """
        known = np.where(np.isfinite(x), x, np.nanmean(x, axis=1, keepdims=True))
        with np.errstate(all="ignore"):
            r = np.corrcoef(np.vstack([known, self._fit]))
            among, with_y = r[:-1, :-1], r[:-1, -1]
            r2 = with_y[:, None] ** 2 + with_y**2 - 2 * np.outer(with_y, with_y) * among
            r2 = np.triu(np.where(np.abs(among) < 0.999, r2 / (1 - among**2), 0.0), 1)
        r2 = np.nan_to_num(r2)
        i, j = np.unravel_index(int(r2.argmax()), r2.shape)
        return (int(i), int(j)) if r2[i, j] > PROMISING else None


def _ranks(x: np.ndarray) -> np.ndarray:
    """Numbers f64 [n] by their place: trees split them alike, and have only float32 for them."""
    places = np.unique(x, return_inverse=True)[1]
    return np.where(np.isnan(x), np.nan, places.reshape(x.shape).astype(float))


def _sum_in_words(a: str, b: str, weights: np.ndarray) -> str:
    one, two = weights[:2]
    if not np.allclose(np.abs(weights[:2]), 1, atol=0.02):
        return f"a weighted sum of {a} and {b}"
    if one * two > 0:
        return f"{a} + {b}"
    return f"{a} − {b}" if one > 0 else f"{b} − {a}"
