from types import SimpleNamespace

import numpy as np
import pytest

from tjepa.analysis import Attribution
from tjepa.report.figures import (
    COLUMNS_SHOWN,
    CURVE_POINTS,
    attribution_bars,
    probe_intervals,
    relevance_bars,
    row_name,
    training_curves,
)
from tjepa.report.words import headline, spread_sentence

LOOK = {"stamp": "t.csv · run 1", "theme": "light"}


def epochs(n: int, **last: float) -> list[dict]:
    rows = [{"epoch": e, "loss": 1 / e, "std_ratio": 1.0, "rank": 9.0} for e in range(1, n + 1)]
    rows[-1] |= last
    return rows


def relevance(n: int) -> SimpleNamespace:
    sizes = np.linspace(0, 1, n)
    keys = ("influence", "influence_untrained", "token_variance", "token_variance_untrained")
    return SimpleNamespace(
        names=tuple(f"<b>{j}</b>" for j in range(n)),
        rankings={key: tuple(sizes * (k + 1)) for k, key in enumerate(keys)},
    )


def probe(metric: str, values: dict[tuple[str, str], float]) -> SimpleNamespace:
    rows = [
        SimpleNamespace(
            model=model,
            representation=sees,
            scores={metric: SimpleNamespace(value=v, low=v - 0.1, high=v + 0.2)},
        )
        for (model, sees), v in values.items()
    ]
    return SimpleNamespace(metric=metric, rows=tuple(rows))


def test_a_long_curve_is_thinned_but_keeps_its_ends() -> None:
    curve = training_curves(epochs(3_000), **LOOK).data[0]
    assert len(curve.x) <= CURVE_POINTS
    assert (curve.x[0], curve.x[-1]) == (1, 3_000)


def test_an_epoch_without_diagnostics_is_left_out_of_their_curve_only() -> None:
    loss, spread = training_curves([*epochs(3), {"epoch": 4, "loss": 0.2}], **LOOK).data[:2]
    assert (len(loss.x), len(spread.x)) == (4, 3)


def test_what_was_held_out_has_a_panel_of_its_own_with_a_mark_at_its_least() -> None:
    rows = epochs(3_000)
    assert len(training_curves(rows, **LOOK).data) == 2
    for row, loss in zip(rows[59::60], [0.9, 0.4, *[0.5] * 48], strict=True):
        row["held_out"] = loss
    _, _, curve, mark = training_curves(rows, **LOOK).data
    # A check is rare, and none is thinned out.
    assert list(curve.x) == list(range(60, 3_001, 60))
    assert (mark.x, mark.y, mark.text) == ((120,), (0.4,), "least: epoch 120")


def test_only_the_most_influential_columns_are_drawn_largest_on_top() -> None:
    figure = relevance_bars(relevance(COLUMNS_SHOWN + 15), **LOOK)
    bars = figure.data[0]
    assert len(bars.x) == COLUMNS_SHOWN
    assert list(bars.x) == sorted(bars.x)
    assert figure.layout.yaxis.ticktext[-1] == f"&lt;b&gt;{COLUMNS_SHOWN + 14}&lt;/b&gt;"


def test_every_ranking_stands_beside_its_control() -> None:
    names = [trace.name for trace in relevance_bars(relevance(4), **LOOK).data]
    assert names == ["trained", "untrained encoder"] * 2


def test_both_models_are_attributed_to_the_same_columns_in_the_same_order() -> None:
    values = np.array([[1.0, -3.0, 0.5], [-1.0, 3.0, 0.5]])
    rows = np.arange(2)
    parts = {"base": {}, "output": "margin", "kendall": None, "left_out": (), "seed": 0}
    result = Attribution(("a", "b", "c"), values, values[:, ::-1], rows, **parts)
    figure = attribution_bars(result, **LOOK)
    left, right = figure.data
    assert list(left.x) == [0.5, 1.0, 3.0]
    assert list(right.x) == [1.0, 0.5, 3.0]
    assert figure.layout.yaxis.ticktext == ("c", "a", "b")


@pytest.mark.parametrize(("metric", "best"), [("accuracy", 0.9), ("rmse", 0.2)])
def test_the_best_model_is_on_top_whichever_way_the_metric_runs(metric: str, best: float) -> None:
    values = {
        ("linear probe", "tjepa"): 0.5,
        ("XGBoost", "raw"): 0.9,
        ("dummy", "none"): 0.2,
    }
    figure = probe_intervals(probe(metric, values), **LOOK)
    assert figure.data[-1].x == (best,)
    assert "better" in figure.layout.xaxis.title.text


def test_an_interval_is_drawn_from_its_low_to_its_high_end() -> None:
    (dot,) = probe_intervals(probe("accuracy", {("linear probe", "raw"): 0.5}), **LOOK).data
    assert dot.error_x.array[0] == pytest.approx(0.2)
    assert dot.error_x.arrayminus[0] == pytest.approx(0.1)


def test_a_model_is_named_with_what_it_sees() -> None:
    named = SimpleNamespace(model="linear probe", representation="untrained")
    assert row_name(named) == "linear probe, untrained encoder"
    assert row_name(SimpleNamespace(model="dummy", representation="none")) == "dummy"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_figure_carries_its_stamp_below_the_axes(theme: str) -> None:
    look = LOOK | {"theme": theme}
    for figure in (
        training_curves(epochs(2), **look),
        relevance_bars(relevance(3), **look),
        probe_intervals(probe("accuracy", {("dummy", "none"): 0.5}), **look),
    ):
        stamps = [note for note in figure.layout.annotations if note.name == "stamp"]
        assert len(stamps) == 1
        assert figure.layout.margin.b > -stamps[0].yshift


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ({"std_ratio": 1.1}, "No sign that the encoder has collapsed"),
        ({"std_ratio": 0.3}, "narrow, without collapsing"),
        ({"std_ratio": 0.02}, "**The encoder has collapsed**"),
        ({"std_ratio": 1.0, "collapsed": True}, "**The encoder has collapsed**"),
    ],
)
def test_the_spread_of_a_run_is_said_in_words(last: dict, said: str) -> None:
    assert said in spread_sentence(epochs(3, **last))


@pytest.mark.parametrize(
    ("text", "first", "rest"),
    [
        ("It rose to 0.86. It is better.", "It rose to 0.86.", "It is better."),
        ("It reaches 0.86 on the rest.", "It reaches 0.86 on the rest.", ""),
    ],
)
def test_a_headline_ends_with_its_first_sentence(text: str, first: str, rest: str) -> None:
    assert headline(text) == (first, rest)
