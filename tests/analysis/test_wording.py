import pytest

from tjepa.analysis.wording import label_verdict, verdict

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


def said_of_labels(metric: str = "accuracy", n_test: int = 1_000, **gaps: list) -> str:
    counts = (50, 200, 1_000)
    every = dict.fromkeys(("untrained", "raw", "trees", "dummy"), [UP] * 3) | gaps
    return label_verdict(
        metric=metric,
        tjepa=dict(zip(counts, (0.7, 0.8, 0.85), strict=True)),
        differences={
            other: dict(zip(counts, several, strict=True)) for other, several in every.items()
        },
        trees="XGBoost",
        n_test=n_test,
    )


@pytest.mark.parametrize(
    ("metric", "gaps", "opening"),
    [
        ("accuracy", [UP, UP, UP], "helped with 50, 200 and 1,000 labelled rows."),
        ("rmse", [DOWN, DOWN, SAME], "helped with 50 and 200 and added nothing measurable with"),
        ("accuracy", [SAME] * 3, "added nothing measurable with 50, 200 and 1,000 labelled"),
        (
            "accuracy",
            [UP, SAME, DOWN],
            "helped with 50, added nothing measurable with 200 and made the representation worse "
            "with 1,000 labelled rows.",
        ),
    ],
)
def test_a_label_curve_opens_with_the_labels_with_which_pre_training_helped(
    metric: str, gaps: list, opening: str
) -> None:
    assert said_of_labels(metric, untrained=gaps).startswith(f"Pre-training {opening}")


def test_a_label_curve_gives_both_scores_and_their_place_among_the_others() -> None:
    text = said_of_labels(trees=[UP, SAME, DOWN], raw=[DOWN] * 3, dummy=[SAME, UP, UP])
    assert "0.700 and 0.650 with 50 (difference +0.050, 95 % interval +0.020 to +0.080); " in text
    assert "raw columns it is worse with 50, 200 and 1,000." in text
    assert (
        "Beside boosted trees (XGBoost) with the same labels it is better with 50, not to be told "
        "apart with 200 and worse with 1,000." in text
    )
    assert "With 50 it is no better than always answering the most frequent class" in text
    assert "no better" not in said_of_labels()
    assert "Only 71 rows were held out" in said_of_labels(n_test=71)
