import pandas as pd

from tjepa.ui.previews import CELL_CHARACTERS, cut


def test_only_long_texts_are_cut() -> None:
    long = "é" * (CELL_CHARACTERS + 1)
    frame = pd.DataFrame({"a": [long, "b", None, long[1:]], "n": [1, 2, 3, 4]})
    frame.columns = ["x", "x"]
    shown, any_long = cut(frame)
    assert any_long
    assert shown.iloc[0, 0] == "é" * (CELL_CHARACTERS - 1) + "…"
    assert shown.iloc[[1, 3], 0].to_list() == ["b", long[1:]]
    assert shown.iloc[:, 0].isna().to_list() == [False, False, True, False]
    assert shown.iloc[:, 1].to_list() == [1, 2, 3, 4]
    assert frame.iloc[0, 0] == long  # the table itself is not changed


def test_a_frame_without_long_texts_is_as_it_was() -> None:
    frame = pd.DataFrame({"a": ["x", None], "b": [1.5, None]})
    shown, any_long = cut(frame)
    assert not any_long
    pd.testing.assert_frame_equal(shown, frame)
