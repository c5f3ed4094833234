import pytest

from tjepa.analysis import Interval, LabelCurve, LabelPoint
from tjepa.report.label_figures import label_lines
from tjepa.report.template import LOOKS, Theme

MODELS = (
    ("linear probe", "tjepa"),
    ("linear probe", "untrained"),
    ("linear probe", "raw"),
    ("XGBoost", "raw"),
    ("dummy", "none"),
)


def curve(metric: str = "accuracy", counts: tuple[int, ...] = (50, 1_000)) -> LabelCurve:
    points = tuple(
        LabelPoint(
            labels, model, seen, Interval(0.5 + place, 0.4 + place, 0.7 + place),
            None if seen == "tjepa" else Interval(0.1, 0.0, 0.2),
        )
        for labels in counts
        for place, (model, seen) in enumerate(MODELS)
    )  # fmt: skip
    return LabelCurve("classification", metric, points, 10, 2_000, 400, (), 0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_model_is_a_line_of_its_colour_with_its_intervals(theme: Theme) -> None:
    figure = label_lines(curve(), stamp="t.csv · run 1", theme=theme)
    names = ["T-JEPA embedding", "untrained encoder", "raw columns", "XGBoost", "dummy"]
    assert [line.name for line in figure.data] == names
    roles = LOOKS[theme].roles
    colours = [roles[role] for role in ("tjepa", "untrained", "raw", "trees", "none")]
    assert [line.line.color for line in figure.data] == colours
    first = figure.data[0]
    assert first.y == (0.5, 0.5)
    assert first.error_y.array == pytest.approx([0.2, 0.2])
    assert first.error_y.arrayminus == pytest.approx([0.1, 0.1])
    assert "1,000 labels" in first.customdata[1]
    assert len([note for note in figure.layout.annotations if note.name == "stamp"]) == 1


def test_numbers_of_labels_are_marked_and_models_do_not_cover_each_other() -> None:
    figure = label_lines(curve(), stamp="", theme="light")
    assert figure.layout.xaxis.ticktext == ("50", "1,000")
    starts = [line.x[0] for line in figure.data]
    assert len(set(starts)) == len(starts)
    assert all(abs(start) < 0.35 for start in starts)


@pytest.mark.parametrize(
    ("metric", "said"), [("accuracy", "larger is better"), ("rmse", "smaller is better")]
)
def test_the_axis_says_which_way_is_better(metric: str, said: str) -> None:
    figure = label_lines(curve(metric, (50,)), stamp="", theme="light")
    assert said in figure.layout.yaxis.title.text
