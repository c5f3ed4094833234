import pytest

from tjepa.ui.text import duration, md


def test_markdown_mark_up_and_directives_are_escaped() -> None:
    assert md("**a** [b](c) :red[d] $e$ <i>") == (
        "\\*\\*a\\*\\* \\[b\\]\\(c\\) \\:red\\[d\\] \\$e\\$ \\<i\\>"
    )


def test_lines_are_joined_and_a_long_text_is_cut() -> None:
    assert md("a\n\n# b") == "a \\# b"
    assert len(md("x" * 1000, 50)) == 50


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "under a second"),
        (41.6, "42 s"),
        (59.7, "1 min"),
        (200, "3 min 20 s"),
        (660, "11 min"),
        (3_900, "1 h 5 min"),
    ],
)
def test_durations_read_well(seconds: float, said: str) -> None:
    assert duration(seconds) == said
