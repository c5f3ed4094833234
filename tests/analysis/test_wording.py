import pytest

from tjepa.analysis.wording import verdict

SAME = (0.0, -0.01, 0.01)
UP, DOWN = (0.05, 0.02, 0.08), (-0.05, -0.08, -0.02)


def said(metric: str, n_test: int = 1_000, **differences: tuple[float, float, float]) -> str:
    return verdict(
        metric=metric,
        tjepa=0.85,
        others={"untrained": 0.8, "raw": 0.9, "trees": 0.9, "dummy": 0.5},
        differences={"untrained": SAME, "raw": SAME, "trees": SAME, "dummy": SAME} | differences,
        trees="XGBoost",
        n_test=n_test,
    )


@pytest.mark.parametrize(
    ("metric", "untrained", "opening"),
    [
        ("accuracy", UP, "Pre-training helped"),
        ("accuracy", SAME, "Pre-training added nothing measurable here"),
        ("accuracy", (0.01, 0.0, 0.02), "Pre-training added nothing measurable here"),
        ("accuracy", DOWN, "Pre-training made the representation worse"),
        ("rmse", UP, "Pre-training made the representation worse"),
        ("rmse", DOWN, "Pre-training helped"),
    ],
)
def test_the_opening_follows_the_interval_and_the_direction(
    metric: str, untrained: tuple[float, float, float], opening: str
) -> None:
    assert said(metric, untrained=untrained).startswith(opening + ":")


def test_the_place_against_raw_columns_and_trees_follows_with_figures() -> None:
    text = said("accuracy", raw=DOWN, trees=DOWN)
    assert (
        "It is worse than the same probe on the raw columns, 0.900 "
        "(difference −0.050, 95 % interval −0.080 to −0.020)." in text
    )
    assert "It is worse than the best boosted trees (XGBoost), 0.900" in text


def test_no_better_than_the_dummy_is_said_and_better_is_not() -> None:
    assert "no better than always answering the most frequent class" in said("accuracy")
    assert "no better" not in said("accuracy", dummy=UP)


def test_few_held_out_rows_are_warned_about() -> None:
    assert "Only 71 rows were held out" in said("accuracy", n_test=71)
    assert "held out" not in said("accuracy", n_test=200)
