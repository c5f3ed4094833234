"""T-JEPA as a scikit-learn transformer: a frame goes in, vectors come out."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted

from tjepa.errors import ConfigError, EncodingError
from tjepa.pretraining import (
    Pool,
    PresetName,
    Pretrainer,
    TrainedEncoder,
    as_rows,
    pool_tokens,
    preset,
)
from tjepa.table import TableEncoder, infer_schema, typed


class TJEPAEncoder(TransformerMixin, BaseEstimator):
    """Pre-train T-JEPA on the rows given to `fit`; `transform` embeds rows with the same columns.

    No labels are used. Columns are understood as the app understands them (numeric, categorical,
    date; ids and free text are left out), missing cells are welcome in `fit` and in `transform`.

    Parameters
    ----------
    preset:
        `quick`, `balanced` or `thorough`: sizes and number of steps.
    epochs:
        Instead of the preset's.
    seed:
        Of weights, masks and batches.
    pool:
        `flat` for tokens side by side, f32 [rows, features × width]; `mean` for their mean,
        f32 [rows, width].

    Attributes
    ----------
    encoder_ : TrainedEncoder
        The trained encoder with the table encoding and the schema.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only when the columns of `X` were called by strings.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"a": range(64), "b": range(64, 0, -1), "c": ["x", "y"] * 32})
    >>> TJEPAEncoder(epochs=1, pool="mean").fit_transform(rows).shape
    (64, 32)
    """

    def __init__(
        self,
        preset: PresetName = "quick",
        *,
        epochs: int | None = None,
        seed: int = 0,
        pool: Pool = "flat",
    ) -> None:
        self.preset = preset
        self.epochs = epochs
        self.seed = seed
        self.pool = pool

    def fit(self, X: Any, y: Any = None) -> "TJEPAEncoder":
        """Pre-train on the rows of `X`, a frame or an array; `y` is ignored.

        Raises
        ------
        ConfigError, EncodingError
            When a parameter is out of range; when fewer than two columns or rows can be used.
        """
        frame = self._frame(X, reset=True)
        if self.pool not in ("flat", "mean"):
            raise ConfigError(f"pool is {self.pool!r}: choose flat or mean.")
        config = replace(preset(self.preset, len(frame)), seed=self.seed)
        if self.epochs is not None:
            config = replace(config, epochs=self.epochs)
        schema = infer_schema(frame)
        rows = typed(frame, schema)
        encoder = TableEncoder.fit(
            rows, schema.features, scaling=config.scaling, max_categories=config.max_categories
        )
        encoded = encoder.transform(rows)
        pretrainer = Pretrainer(as_rows(encoded), encoder.cardinalities, config)
        for _ in pretrainer.events():
            pass
        self.encoder_ = TrainedEncoder(pretrainer.encoder, config, encoder, schema)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Vectors f32 [rows, E] of the rows of `X`; columns of a frame may come in any order.

        Raises
        ------
        EncodingError
            When a column is absent or a cell does not fit its kind.
        """
        check_is_fitted(self, "encoder_")
        frame = self._frame(X, reset=False)
        return pool_tokens(self.encoder_.tokens(self.encoder_.encode(frame)), self.pool)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """`column:dimension` for `flat`, `mean:dimension` for `mean`."""
        check_is_fitted(self, "encoder_")
        owners = self.encoder_.names if self.pool == "flat" else ("mean",)
        width = self.encoder_.config.width
        return np.array([f"{owner}:{k}" for owner in owners for k in range(width)], dtype=object)

    def _frame(self, X: Any, *, reset: bool) -> pd.DataFrame:
        """`X` as a frame; an array gets the column names x0, x1, …"""
        if isinstance(X, pd.DataFrame):
            frame = X.reset_index(drop=True)
            named = all(isinstance(name, str) for name in frame.columns)
            frame.columns = [str(name) for name in frame.columns]
            if not frame.columns.is_unique:
                raise EncodingError("Two columns have the same name: rename one of them.")
        else:
            array = check_array(X, dtype=None, ensure_all_finite="allow-nan", ensure_min_samples=2)
            frame = pd.DataFrame(array, columns=[f"x{j}" for j in range(array.shape[1])])
            frame, named = frame.infer_objects(), False
        if reset:
            self.n_features_in_ = frame.shape[1]
            if named:
                self.feature_names_in_ = np.asarray(frame.columns, dtype=object)
        elif not isinstance(X, pd.DataFrame) and frame.shape[1] != self.n_features_in_:
            raise EncodingError(
                f"X has {frame.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input."
            )
        return frame

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []
        return tags
