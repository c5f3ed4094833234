"""The honest instrument: arrays in, small frozen results out, every result beside its controls."""

from tjepa.analysis.agreement import Agreement, agreement
from tjepa.analysis.attribution import Attribution, attribution
from tjepa.analysis.fitting import Fitted, fit_gbdt, fit_linear_probe
from tjepa.analysis.probing import Difference, Interval, ProbeResult, ProbeRow, probe
from tjepa.analysis.projection import Projection, pca, sample_rows, umap, warm_up
from tjepa.analysis.relevance import Relevance, relevance, token_variance

__all__ = [
    "Agreement",
    "Attribution",
    "Difference",
    "Fitted",
    "Interval",
    "ProbeResult",
    "ProbeRow",
    "Projection",
    "Relevance",
    "agreement",
    "attribution",
    "fit_gbdt",
    "fit_linear_probe",
    "pca",
    "probe",
    "relevance",
    "sample_rows",
    "token_variance",
    "umap",
    "warm_up",
]
