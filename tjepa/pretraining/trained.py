"""The artefact of a run: weights, configuration, table encoding and schema in one piece."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from tjepa.errors import ConfigError, EncodingError, StoreError
from tjepa.model import Encoder, Rows
from tjepa.pretraining.config import PretrainingConfig
from tjepa.pretraining.loop import embed, new_model, usable_device
from tjepa.progress import Progress, Work
from tjepa.table import EncodedTable, Schema, TableEncoder, typed

Pool = Literal["flat", "mean", "projected"]
POOLS: tuple[Pool, ...] = get_args(Pool)

PART_ROWS = 4_096
PART_VALUES = 2**25
"""Numbers in the tokens that are held at a time, at most: 128 MB."""
MOST_BYTES = 4_000_000_000
"""Of vectors that are returned at once."""
PROJECTED = 2_048
"""Numbers of a projected vector, at most."""
COPIES = 4
"""Of those, how many each number of a token is added to or subtracted from, on average."""


@dataclass(frozen=True)
class TrainedEncoder:
    """A context encoder that embeds any rows with the columns of its table."""

    encoder: Encoder
    config: PretrainingConfig
    table_encoder: TableEncoder
    schema: Schema

    @property
    def names(self) -> tuple[str, ...]:
        """The features in token order: numbers, ordinals and dates first, then categorical."""
        return tuple(feature.name for feature in self.table_encoder.features)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table that the features are made of."""
        columns = map(self.schema.column, self.table_encoder.columns)
        return tuple(dict.fromkeys(name for column in columns for name in column.names))

    def encode(self, frame: pd.DataFrame) -> EncodedTable:
        """Untyped rows, columns in any order, to tensors; EncodingError names an absent column."""
        return self.table_encoder.transform(typed(frame, self.schema))

    def tokens(self, encoded: EncodedTable, visible: list[int] | None = None) -> np.ndarray:
        """Latent tokens f32 [N, D, H] of the full rows, or of the `visible` features alone.

        Full rows of more than `config.max_features` features are embedded in groups of them.
        """
        return embed(self.encoder, as_rows(encoded), visible, self.config.max_features).numpy()

    def vectors(self, encoded: EncodedTable, pool: Pool) -> Work[np.ndarray]:
        """One vector per row, f32 [N, E].

        Raises
        ------
        EncodingError
            When they would take more than 4 GB of memory.
        """
        n, width = len(encoded), len(self.vector_names(pool))
        if 4 * n * width > MOST_BYTES:
            raise EncodingError(
                f"The vectors of {n:,} rows with {width:,} numbers each take "
                f"{4 * n * width / 1e9:.1f} GB, and at most {MOST_BYTES / 1e9:.0f} GB are held in "
                "memory. Choose the pool projected or mean, embed fewer rows at a time, or write "
                "them to a file: `tjepa embed`, or `Workbench.embed_file`."
            )
        found, done = np.empty((n, width), dtype=np.float32), 0
        yield Progress("embedding rows", 0.0)
        for part in self.parts(encoded, pool):
            found[done : done + len(part)] = part
            done += len(part)
            yield Progress("embedding rows", done / max(1, n))
        return found

    def vector_names(self, pool: Pool) -> list[str]:
        """What the E numbers of a vector are called: `column:dimension`, `mean:dimension` or
        `projected:dimension`.
        """
        width = self.encoder.token_width
        check_pool(pool)
        if pool == "projected" and len(self.names) * width > PROJECTED:
            return [f"projected:{k}" for k in range(PROJECTED)]
        owners = ("mean",) if pool == "mean" else self.names
        return [f"{owner}:{k}" for owner in owners for k in range(width)]

    def parts(self, encoded: EncodedTable, pool: Pool) -> Iterator[np.ndarray]:
        """Vectors f32 [n, E] of all rows, so many rows at a time that memory stays bounded."""
        per_row = max(1, len(self.names) * self.encoder.token_width)
        size = max(1, min(PART_ROWS, PART_VALUES // per_row))
        for start in range(0, len(encoded), size):
            some = encoded.rows(np.arange(start, min(start + size, len(encoded))))
            yield pool_tokens(self.tokens(some), pool)

    def untrained(self) -> "TrainedEncoder":
        """The control: the same encoder as it was before its first step, on the same device."""
        known = self.table_encoder
        model = new_model(known.n_numeric, known.cardinalities, self.config)
        encoder = model.context_encoder.to(self.encoder.reg.device)
        return TrainedEncoder(encoder, self.config, known, self.schema)

    def to_parts(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Weights, on the CPU, and everything else as JSON."""
        meta = {
            "config": self.config.to_json(),
            "table_encoder": self.table_encoder.to_json(),
            "schema": self.schema.to_json(),
        }
        return {name: value.cpu() for name, value in self.encoder.state_dict().items()}, meta

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as its parts: what was trained on a GPU opens where there is none."""
        return TrainedEncoder.from_parts, self.to_parts()

    @classmethod
    def from_parts(
        cls,
        tensors: Mapping[str, Tensor],
        meta: Mapping[str, Any],
        device: torch.device | str | None = None,
    ) -> "TrainedEncoder":
        """The inverse of `to_parts`, on `device` or where a `Pretrainer` would be by default.

        Raises
        ------
        ConfigError
            When torch cannot use the device.
        StoreError
            When the parts do not fit one another.
        """
        place = usable_device(device)
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
        return cls(encoder.to(place), config, table_encoder, schema)


def as_rows(encoded: EncodedTable) -> Rows:
    """The encoded table as tensors, without copying."""
    return Rows(
        torch.from_numpy(encoded.x_num),
        torch.from_numpy(encoded.x_cat),
        torch.from_numpy(encoded.missing),
    )


def pool_tokens(tokens: np.ndarray, pool: Pool) -> np.ndarray:
    """Tokens f32 [N, D, H] to one vector per row.

    [N, D·H] flattened; [N, H] mean-pooled; or [N, 2,048] projected: flattened and, where that is
    wider, projected at random, the same for every encoder. Distances between rows stay what they
    were, nearly (Johnson and Lindenstrauss, 1984; sparse: Li, Hastie and Church, 2006).
    """
    n, d, h = tokens.shape
    check_pool(pool)
    if pool == "mean":
        return tokens.mean(axis=1)
    flat = tokens.reshape(n, d * h)
    if pool == "flat" or d * h <= PROJECTED:
        return flat
    return np.ascontiguousarray((_projection(d * h) @ flat.T).T)


@lru_cache(maxsize=2)
def _projection(width: int) -> Any:
    """A sparse random matrix f32 [2,048, width]."""
    from sklearn.random_projection import SparseRandomProjection

    drawn = SparseRandomProjection(PROJECTED, density=COPIES / PROJECTED, random_state=0)
    return drawn.fit(np.zeros((1, width))).components_.astype(np.float32)


def check_pool(pool: Pool) -> None:
    """Refuse what is no pool, with a `ConfigError`."""
    if pool not in POOLS:
        raise ConfigError(f"pool is {pool!r}: choose {', '.join(POOLS[:-1])} or {POOLS[-1]}.")
