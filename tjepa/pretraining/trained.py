"""The artefact of a run: weights, configuration, table encoding and schema in one piece."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from tjepa.errors import ConfigError, StoreError
from tjepa.model import Encoder, Rows
from tjepa.pretraining.config import PretrainingConfig
from tjepa.pretraining.loop import embed, new_model
from tjepa.table import EncodedTable, Schema, TableEncoder, typed

Pool = Literal["flat", "mean"]


@dataclass(frozen=True)
class TrainedEncoder:
    """A context encoder that embeds any rows with the columns of its table."""

    encoder: Encoder
    config: PretrainingConfig
    table_encoder: TableEncoder
    schema: Schema

    @property
    def names(self) -> tuple[str, ...]:
        """The features in token order: numeric and dates first, then categorical."""
        return tuple(feature.name for feature in self.table_encoder.features)

    def encode(self, frame: pd.DataFrame) -> EncodedTable:
        """Untyped rows, columns in any order, to tensors; EncodingError names an absent column."""
        return self.table_encoder.transform(typed(frame, self.schema))

    def tokens(self, encoded: EncodedTable, visible: list[int] | None = None) -> np.ndarray:
        """Latent tokens f32 [N, D, H] of the full rows, or of the `visible` features alone."""
        return embed(self.encoder, as_rows(encoded), visible).numpy()

    def untrained(self) -> "TrainedEncoder":
        """The control: the same encoder as it was before its first step."""
        known = self.table_encoder
        model = new_model(known.n_numeric, known.cardinalities, self.config)
        return TrainedEncoder(model.context_encoder, self.config, known, self.schema)

    def to_parts(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Weights, and everything else as JSON."""
        meta = {
            "config": self.config.to_json(),
            "table_encoder": self.table_encoder.to_json(),
            "schema": self.schema.to_json(),
        }
        return dict(self.encoder.state_dict()), meta

    @classmethod
    def from_parts(cls, tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> "TrainedEncoder":
        """The inverse of `to_parts`.

        Raises
        ------
        StoreError
            When the parts do not fit one another.
        """
        try:
            config = PretrainingConfig.from_json(meta["config"])
            table_encoder = TableEncoder.from_json(meta["table_encoder"])
            schema = Schema.from_json(meta["schema"])
            encoder = new_model(
                table_encoder.n_numeric, table_encoder.cardinalities, config
            ).context_encoder
            encoder.load_state_dict(dict(tensors))
        except (KeyError, TypeError, ValueError, RuntimeError, ConfigError) as error:
            raise StoreError(
                "The saved encoder is damaged or of another version: pre-train again."
            ) from error
        return cls(encoder, config, table_encoder, schema)


def as_rows(encoded: EncodedTable) -> Rows:
    """The encoded table as tensors, without copying."""
    return Rows(
        torch.from_numpy(encoded.x_num),
        torch.from_numpy(encoded.x_cat),
        torch.from_numpy(encoded.missing),
    )


def pool_tokens(tokens: np.ndarray, pool: Pool) -> np.ndarray:
    """Tokens f32 [N, D, H] to one vector per row: [N, D·H] flattened or [N, H] mean-pooled."""
    if pool not in get_args(Pool):
        raise ConfigError(f"pool is {pool!r}: choose {' or '.join(get_args(Pool))}.")
    n, d, h = tokens.shape
    return tokens.reshape(n, d * h) if pool == "flat" else tokens.mean(axis=1)
