"""The honest instrument: arrays in, small frozen results out, every result beside its controls."""

from tjepa.analysis.agreement import Agreement, agreement
from tjepa.analysis.attribution import Attribution, attribution
from tjepa.analysis.fitting import (
    MOST_ROWS,
    ChosenRows,
    Fitted,
    choose_rows,
    fit_gbdt,
    fit_linear_probe,
)
from tjepa.analysis.label_curve import LabelCurve, LabelPoint, choose_curve_rows, label_curve
from tjepa.analysis.probing import Difference, Interval, ProbeResult, ProbeRow, probe
from tjepa.analysis.projection import Projection, pca, sample_rows, umap, warm_up
from tjepa.analysis.relevance import Relevance, relevance, token_variance

__all__ = [
    "MOST_ROWS",
    "Agreement",
    "Attribution",
    "ChosenRows",
    "Difference",
    "Fitted",
    "Interval",
    "LabelCurve",
    "LabelPoint",
    "ProbeResult",
    "ProbeRow",
    "Projection",
    "Relevance",
    "agreement",
    "attribution",
    "choose_curve_rows",
    "choose_rows",
    "fit_gbdt",
    "fit_linear_probe",
    "label_curve",
    "pca",
    "probe",
    "relevance",
    "sample_rows",
    "token_variance",
    "umap",
    "warm_up",
]
