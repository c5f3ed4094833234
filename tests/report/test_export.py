import io

import pandas as pd
import pytest

from tjepa.report.export import to_csv, to_parquet


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1"])
def test_a_formula_in_a_cell_or_a_name_is_neutralised(cell: str) -> None:
    back = pd.read_csv(io.BytesIO(to_csv(pd.DataFrame({cell: [cell, "plain"]}))), dtype=str)
    assert back.columns[0] == "'" + cell
    assert back.iloc[:, 0].tolist() == ["'" + cell, "plain"]


@pytest.mark.parametrize("cell", ["-1.5", "+3", "-1e-4", "-12,5 ", "-1,234.50", "-3%"])
def test_a_negative_number_kept_as_text_is_left_as_it_is(cell: str) -> None:
    written = to_csv(pd.DataFrame({"a": [cell.strip()], "b": ["x"]})).decode()
    assert "'" not in written


def test_numbers_missing_cells_and_row_order_survive() -> None:
    frame = pd.DataFrame({"n": [-1.0, None], "t": ["a", None]}, index=[7, 3])
    back = pd.read_csv(io.BytesIO(to_csv(frame)))
    assert back["n"].tolist()[0] == -1.0
    assert back.isna().to_numpy().tolist() == [[False, False], [True, True]]


def test_two_columns_of_one_name_are_both_written() -> None:
    frame = pd.DataFrame([["=a", "=b"]], columns=["x", "x"])
    assert to_csv(frame).decode().splitlines() == ["x,x", "'=a,'=b"]


def test_parquet_keeps_the_cells_as_they_are() -> None:
    frame = pd.DataFrame({"t": ["=1", "b"]})
    assert pd.read_parquet(io.BytesIO(to_parquet(frame)))["t"].tolist() == ["=1", "b"]
