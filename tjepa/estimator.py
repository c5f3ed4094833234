"""T-JEPA as a scikit-learn transformer: a frame goes in, vectors come out."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted

from tjepa.errors import EncodingError
from tjepa.pretraining import (
    Pool,
    PresetName,
    Pretrainer,
    TrainedEncoder,
    as_rows,
    check_pool,
    preset,
)
from tjepa.progress import finish
from tjepa.table import TableEncoder, infer_schema, typed


class TJEPAEncoder(TransformerMixin, BaseEstimator):
    """Pre-train T-JEPA on the rows given to `fit`; `transform` embeds rows with the same columns.

    No labels are used. Columns are understood as the app understands them (numeric, categorical,
    date; ids and free text are left out). Missing cells are welcome in `fit` and in `transform`,
    and infinite numbers are missing.

    Parameters
    ----------
    preset:
        `quick`, `balanced`, `thorough` or `paper`: sizes, losses and number of steps.
    epochs:
        Instead of the preset's.
    seed:
        Of weights, masks and batches.
    pool:
        `flat` for tokens side by side, f32 [rows, features × width]; `projected` for the same, but
        projected at random to 2,048 numbers where they are more; `mean` for their mean, f32
        [rows, width].
    device:
        Where to compute, as torch calls it: `cpu` or `cuda`. By default the GPU where torch can use
        one, the CPU otherwise.

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
    >>> rows = pd.DataFrame({"a": [1.5, 2.0, None, 4.5] * 16, "b": ["x", "y"] * 32})
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
        device: str | None = None,
    ) -> None:
        self.preset = preset
        self.epochs = epochs
        self.seed = seed
        self.pool = pool
        self.device = device

    def fit(self, X: Any, y: Any = None) -> "TJEPAEncoder":
        """Pre-train on the rows of `X`, a frame or an array; `y` is ignored.

        Raises
        ------
        ConfigError, EncodingError, SchemaError
            When a parameter is out of range or torch cannot use the device; when fewer than two
            columns or rows can be used; when two columns have one name.
        """
        frame = _as_frame(X, least=2)
        self.n_features_in_, self._columns = frame.shape[1], list(frame.columns)
        self._named = isinstance(X, pd.DataFrame)
        if self._named and all(isinstance(name, str) for name in X.columns):
            self.feature_names_in_ = np.asarray(self._columns, dtype=object)
        elif hasattr(self, "feature_names_in_"):  # of an earlier fit
            del self.feature_names_in_
        check_pool(self.pool)
        config = replace(preset(self.preset, len(frame)), seed=_whole(self.seed))
        if self.epochs is not None:
            config = replace(config, epochs=_whole(self.epochs))
        schema = infer_schema(frame)
        rows = typed(frame[[column.name for column in schema.features]], schema)
        encoder = TableEncoder.fit(
            rows, schema.features, scaling=config.scaling, max_categories=config.max_categories
        )
        encoded = encoder.transform(rows)
        pretrainer = Pretrainer(as_rows(encoded), encoder.cardinalities, config, self.device)
        for _ in pretrainer.events():
            pass
        self.encoder_ = TrainedEncoder(pretrainer.encoder, config, encoder, schema)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Vectors f32 [rows, E] of the rows of `X`.

        The columns of a frame may come in any order. They are taken by their place where `X`, or
        what was given to `fit`, is an array.

        Raises
        ------
        EncodingError
            When a column is absent or a cell does not fit its kind; when the vectors would take
            more than 4 GB of memory.
        """
        check_is_fitted(self, "encoder_")
        frame = _as_frame(X, least=1)
        if not (self._named and isinstance(X, pd.DataFrame)):
            frame = self._by_place(frame)
        encoder = self.encoder_
        encoded = encoder.encode(frame.loc[:, frame.columns.isin(encoder.columns)])
        return finish(encoder.vectors(encoded, self.pool))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """`column:dimension`, or `mean:dimension` and `projected:dimension`."""
        check_is_fitted(self, "encoder_")
        return np.array(self.encoder_.vector_names(self.pool), dtype=object)

    def _by_place(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The columns under the names that `fit` knows them by."""
        if frame.shape[1] != self.n_features_in_:
            raise EncodingError(
                f"X has {frame.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input."
            )
        return frame.set_axis(self._columns, axis=1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _as_frame(X: Any, least: int) -> pd.DataFrame:
    """`X` with a name for each column: those of an array are x0, x1, …"""
    if isinstance(X, pd.DataFrame):
        return X.set_axis([str(name) for name in X.columns], axis=1).reset_index(drop=True)
    array = check_array(X, dtype=None, ensure_all_finite=False, ensure_min_samples=least)
    names = [f"x{j}" for j in range(array.shape[1])]
    return pd.DataFrame(array, columns=names).infer_objects()


def _whole(number: Any) -> Any:
    """Python's own number for numpy's, as a search over parameters gives them."""
    return number.item() if isinstance(number, np.generic) else number
