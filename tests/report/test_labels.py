import plotly.graph_objects as go
import pytest

from tjepa.report.labels import count, plain, print_stamp, stamp
from tjepa.report.template import LOOKS, SYMBOLS, template


def test_mark_up_in_a_name_is_drawn_literally() -> None:
    assert plain('<a href="x">b</a> & c') == '&lt;a href="x"&gt;b&lt;/a&gt; &amp; c'


def test_a_long_name_is_cut_before_it_is_escaped() -> None:
    assert plain("<" * 40, 5) == "&lt;&lt;&lt;&lt;…"


def test_counts_read_well() -> None:
    assert [count(n, "row") for n in (0, 1, 7043)] == ["0 rows", "1 row", "7,043 rows"]


def test_a_stamp_names_its_parts_and_skips_empty_ones() -> None:
    figure = go.Figure(layout={"height": 300})
    print_stamp(figure, stamp(("a <b>.csv", "", "run 1")), below=40)
    assert figure.layout.annotations[0].text == "a\u00a0&lt;b&gt;.csv\u00a0· run\u00a01"


def test_a_long_stamp_takes_lines_and_the_figure_grows_for_them() -> None:
    figure = go.Figure(layout={"height": 300})
    print_stamp(figure, stamp(["a part of it"] * 12), below=40)
    lines = figure.layout.annotations[0].text.count("<br>") + 1
    assert lines > 1
    assert figure.layout.height > 300 + 15 * lines
    assert figure.layout.margin.b > 40 + 15 * lines


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_marks_stand_out_from_the_ground(theme: str) -> None:
    look = LOOKS[theme]  # type: ignore[index]
    assert _contrast(look.ink, look.ground) >= 7
    assert _contrast(look.soft, look.ground) >= 4.5
    for name in ("tjepa", "untrained", "raw", "trees"):
        assert _contrast(look.roles[name], look.ground) >= 3
    assert len(look.categories) == len(set(look.categories)) == len(SYMBOLS)
    assert template(theme).layout.font.color == look.ink  # type: ignore[arg-type]


def _contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
