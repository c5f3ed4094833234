from tjepa.analysis import Interval, LabelCurve, LabelPoint, ProbeResult
from tjepa.analysis.probing import Difference, ProbeRow
from tjepa.ui.results import difference_table, label_table, probe_table

PRICES, SHARES = Interval(27_105.2, 22_233.4, 32_777.0), Interval(-0.0027, -0.0204, 0.5)


def test_scores_are_written_as_their_intervals_are() -> None:
    found = ProbeResult(
        task="regression",
        metric="rmse",
        rows=(
            ProbeRow("linear probe", "tjepa", {"rmse": PRICES, "r2": SHARES}),
            ProbeRow("dummy", "none", {"rmse": PRICES}),
        ),
        differences=(Difference("T-JEPA − raw", "raw", Interval(-2_621, -4_300, 968)),),
        n_train=1_906,
        n_validation=439,
        n_test=586,
        left_out=(),
        best_trees="XGBoost",
        seed=0,
    )
    scores = probe_table(found).hide(axis="index").to_string(delimiter="|").splitlines()
    assert scores[1].split("|")[1:] == [
        "T-JEPA embedding",
        "27,105",
        "22,233 to 32,777",
        "−0.0027",
        "−0.0204 to 0.5000",
    ]
    assert scores[2].split("|")[4] == ""
    [_, gap] = difference_table(found).hide(axis="index").to_string(delimiter="|").splitlines()
    assert gap == "T-JEPA − raw|−2,621|−4,300 to +968"


def test_scores_with_few_labels_have_the_gap_beside_them() -> None:
    points = (
        LabelPoint(1_000, "linear probe", "tjepa", PRICES, None),
        LabelPoint(1_000, "XGBoost", "raw", PRICES, Interval(12.4, -3.0, 20.0)),
    )
    curve = LabelCurve("regression", "rmse", points, 10, 2_000, 400, (), 0)
    lines = label_table(curve).hide(axis="index").to_string(delimiter="|").splitlines()
    assert lines[1:] == [
        "1,000|linear probe|T-JEPA embedding|27,105|22,233 to 32,777|",
        "1,000|XGBoost|raw columns|27,105|22,233 to 32,777|+12 (−3 to +20)",
    ]
