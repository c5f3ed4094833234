"""The T-JEPA network: tensors in, tensors out; no frames, no files."""

from tjepa.model.jepa import TJEPA, Encoder, Prediction, Predictor, Sizes
from tjepa.model.masking import Masks, MaskShares, draw_features, draw_masks, feature_groups
from tjepa.model.tokenizer import FeatureTokenizer, Rows

__all__ = [
    "TJEPA",
    "Encoder",
    "FeatureTokenizer",
    "MaskShares",
    "Masks",
    "Prediction",
    "Predictor",
    "Rows",
    "Sizes",
    "draw_features",
    "draw_masks",
    "feature_groups",
]
