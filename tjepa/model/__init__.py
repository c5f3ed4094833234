"""The T-JEPA network: tensors in, tensors out; no frames, no files."""

from tjepa.model.cells import CellDecoder, Replacements, draw_replacements, replaced
from tjepa.model.jepa import TJEPA, Encoder, Prediction, Predictor, Readout, Sizes
from tjepa.model.masking import Masks, MaskShares, draw_features, draw_masks, feature_groups
from tjepa.model.tokenizer import FeatureTokenizer, Rows

__all__ = [
    "TJEPA",
    "CellDecoder",
    "Encoder",
    "FeatureTokenizer",
    "MaskShares",
    "Masks",
    "Prediction",
    "Predictor",
    "Readout",
    "Replacements",
    "Rows",
    "Sizes",
    "draw_features",
    "draw_masks",
    "draw_replacements",
    "feature_groups",
    "replaced",
]
