"""Agreement of two rankings."""

from collections.abc import Sequence


def kendall(left: Sequence[float], right: Sequence[float]) -> float | None:
    """Kendall's tau-b of two rankings; None where one of them is constant."""
    from scipy.stats import kendalltau

    if len(set(left)) < 2 or len(set(right)) < 2:
        return None
    return float(kendalltau(left, right).statistic)


def written(tau: float) -> str:
    """Two decimals, with a true minus sign."""
    return f"{tau:.2f}".replace("-", "−")
