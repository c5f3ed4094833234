"""Every choice of a pre-training, validated once and saved with the run."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from tjepa.errors import ConfigError
from tjepa.model import MaskShares, Readout, Sizes
from tjepa.table import Scaling

OptimiserName = Literal["adamw", "muon"]
Precision = Literal["auto", "float32", "bfloat16"]
CHOICES: dict[str, tuple[str, ...]] = {
    "scaling": get_args(Scaling),
    "optimiser": get_args(OptimiserName),
    "precision": get_args(Precision),
    "readout": get_args(Readout),
}
"""What the settings that are words can be."""


@dataclass(frozen=True)
class PretrainingConfig:
    """Sizes, losses, mask shares and schedule of one pre-training.

    Defaults are those of the *balanced* preset. The paper's method (arXiv 2410.05016) is the preset
    *paper*: latent prediction alone, the last layer, standardised numbers, the context anew for
    each target, AdamW alone, and no early stop.

    Raises
    ------
    ConfigError
        When a value is out of range or two contradict each other; it names both and the bound.
    """

    width: int = 64
    layers: int = 3
    heads: int = 4
    ffn: int = 128
    dropout: float = 0.0
    reg_tokens: int = 1
    readout: Readout = "all"
    """A token downstream is the embedded cell and what each layer of the encoder makes of it, side
    by side (`all`), the layers alone (`concatenation`), their average, or the last."""
    predictor_width: int = 32
    predictor_layers: int = 2
    predictor_heads: int = 2
    predictor_ffn: int = 64
    shared_context: bool = True
    """The predictor computes the context once per row; off, as in the paper, once per target."""
    prediction: float = 1.0
    """Weight of T-JEPA's loss, the latent prediction."""
    standardised_targets: bool = False
    """Target tokens are standardised over the rows of a batch: what is common to all rows is no
    part of the loss."""
    imputation: float = 1.0
    """Weight of the loss of telling hidden cells from the mean of the context's tokens."""
    restoration: float = 1.0
    """Weight of the loss of restoring whole rows some of whose cells were replaced."""
    replaced: float = 0.3
    """Share of the cells that are replaced."""
    bins: int = 32
    """Numbers are imputed and restored also by where they lie among so many equally likely bins; 0:
    by themselves alone."""
    context_min: float = 0.2
    context_max: float = 0.8
    target_min: float = 0.15
    target_max: float = 0.6
    targets: int = 4
    """K, the number of target masks per row."""
    max_features: int = 128
    """The most features in one sequence: of a wider table each step sees a random subset of that
    many, and rows are embedded in groups of at most that many."""
    epochs: int = 30
    batch_size: int = 512
    optimiser: OptimiserName = "muon"
    """Of the matrices of linear layers; all else has AdamW. See `optimiser.Optimiser`."""
    learning_rate: float = 4e-3
    warmup: float = 0.05
    """Share of all steps in which the learning rate rises from 0; then a cosine to 0."""
    weight_decay: float = 0.01
    momentum: float = 0.996
    """EMA momentum at the first step of a long run; see `schedules.momentum` for short ones."""
    patience: float = 0.3
    """A run stops after this share of its epochs without restoring held-out rows any better; 1 or
    without restoration: never."""
    scaling: Scaling = "quantile"
    """Numbers by their quantiles to a normal distribution; or, as in the paper, standardised."""
    max_categories: int = 256
    precision: Precision = "auto"
    """Of matrix products in training; by itself bfloat16 where the processor or GPU is built for
    it. Weights, sums and everything after training are float32."""
    seed: int = 0

    def __post_init__(self) -> None:
        # The last normalisation leaves nothing of a width of 2 but a sign, which has no gradient.
        whole = [
            ("width", 4, 1024),
            ("layers", 1, 32),
            ("heads", 1, 32),
            ("ffn", 1, 4096),
            ("reg_tokens", 0, 16),
            ("predictor_width", 4, 1024),
            ("predictor_layers", 1, 32),
            ("predictor_heads", 1, 32),
            ("predictor_ffn", 1, 4096),
            ("targets", 1, 32),
            ("bins", 0, 256),
            ("max_features", 2, 10_000),
            ("epochs", 1, 100_000),
            ("batch_size", 2, 65_536),
            ("max_categories", 2, 100_000),
            ("seed", 0, 2**31 - 1),
        ]
        for name, low, high in whole:
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool):
                raise ConfigError(f"{name} is {value!r}: give a whole number.")
            self._within(name, low, high)
        for name in ("context_min", "context_max", "target_min", "target_max"):
            self._within(name, 0.01, 0.99)
        for name, least, most in (
            ("dropout", 0.0, 0.9),
            ("learning_rate", 1e-7, 1.0),
            ("warmup", 0.0, 0.9),
            ("weight_decay", 0.0, 10.0),
            ("momentum", 0.0, 1.0),
            ("prediction", 0.0, 100.0),
            ("imputation", 0.0, 100.0),
            ("restoration", 0.0, 100.0),
            ("replaced", 0.01, 0.99),
            ("patience", 0.01, 1.0),
        ):
            self._within(name, least, most)
        for low_name, high_name in (("context_min", "context_max"), ("target_min", "target_max")):
            if getattr(self, low_name) > getattr(self, high_name):
                raise ConfigError(
                    f"{low_name} is {getattr(self, low_name)} and {high_name} is "
                    f"{getattr(self, high_name)}: the first must not be the larger one."
                )
        # With rounding to spare, so that 0.7 and 0.3 are allowed in any arithmetic.
        if self.context_min + self.target_min > 1 + 1e-9:
            raise ConfigError(
                f"context_min is {self.context_min} and target_min is {self.target_min}: together "
                "they must not exceed 1, since no feature is both."
            )
        for width_name, heads_name in (("width", "heads"), ("predictor_width", "predictor_heads")):
            if getattr(self, width_name) % getattr(self, heads_name):
                raise ConfigError(
                    f"{width_name} is {getattr(self, width_name)} and {heads_name} is "
                    f"{getattr(self, heads_name)}: the first must be a multiple of the second."
                )
        if not self.prediction and not self.imputation and not self.restoration:
            raise ConfigError(
                "prediction, imputation and restoration are all 0: nothing would be learned. "
                "Give one of them a weight."
            )
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ConfigError(
                    f"{name} is {getattr(self, name)!r}: choose {' or '.join(choices)}."
                )
        for name in ("shared_context", "standardised_targets"):
            if not isinstance(getattr(self, name), bool):
                raise ConfigError(f"{name} is {getattr(self, name)!r}: choose True or False.")

    @property
    def sizes(self) -> Sizes:
        return Sizes(**{field.name: getattr(self, field.name) for field in fields(Sizes)})

    @property
    def mask_shares(self) -> MaskShares:
        return MaskShares(
            (self.context_min, self.context_max), (self.target_min, self.target_max), self.targets
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> "PretrainingConfig":
        """The configuration of a saved run; ConfigError when it has fields unknown here.

        Settings that an older run lacks are as they were before there was a choice.
        """
        unknown = sorted(set(saved) - {field.name for field in fields(cls)})
        if unknown:
            raise ConfigError(
                f"The saved configuration has unknown settings: {', '.join(unknown)}."
            )
        return cls(**(_EARLIER | saved))

    def _within(self, name: str, low: float, high: float) -> None:
        value = getattr(self, name)
        # `not (low <= value)` also refuses nan.
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or not (low <= value <= high)
        ):
            raise ConfigError(f"{name} is {value!r}: it must lie between {low:g} and {high:g}.")


_EARLIER: dict[str, Any] = {
    "optimiser": "adamw",
    "readout": "last",
    "prediction": 1.0,
    "imputation": 0.0,
    "restoration": 0.0,
    "bins": 0,
    "patience": 1.0,
}
"""What runs did that were saved without these settings."""
