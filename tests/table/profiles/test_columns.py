import numpy as np
import pandas as pd

from tjepa.table import infer_schema, override
from tjepa.table.profiles import Counts, Histogram, column_profile, draw, rows


def test_a_number_column_says_where_its_numbers_lie() -> None:
    frame = pd.DataFrame({"a": [0.0, 0.0, -1.5, 2.5, np.nan, 4.0, 2.5, 0.0]})
    schema = infer_schema(frame)
    found = column_profile(draw(frame, schema), schema.columns[0])
    assert found.numbers is not None
    assert (found.numbers.zeros, found.numbers.negative) == (3, 1)
    assert (found.numbers.quantiles[0], found.numbers.quantiles[-1]) == (-1.5, 4.0)
    assert np.isclose(found.numbers.mean, 7.5 / 7)
    assert found.commonest == (("0", 3), ("2.5", 2))
    assert (found.cells, found.missing, found.rows) == (7, 1, 8)


def test_cells_are_read_as_the_schema_says() -> None:
    frame = pd.DataFrame({"price": ["$1,200", "$5", "unknown", "$1,200", "$70"] * 4})
    schema = override(
        infer_schema(frame),
        frame,
        missing_values={"price": ["unknown"]},
        kinds={"price": "numeric"},
    )
    found = column_profile(draw(frame, schema), schema.columns[0])
    assert found.missing == 4
    assert found.numbers is not None
    assert found.numbers.quantiles[-1] == 1_200


def test_an_identifier_is_not_drawn_and_text_is_by_its_length() -> None:
    frame = pd.DataFrame(
        {
            "id": [f"k-{i:04d}" for i in range(200)],
            "prose": [f"a sentence that is number {i}, " + "long " * (i % 30) for i in range(200)],
        }
    )
    schema = infer_schema(frame)
    look = draw(frame, schema)
    key, prose = (column_profile(look, column) for column in schema.columns)
    assert key.shape is None
    assert key.examples == ("k-0000", "k-0099", "k-0199")
    assert isinstance(prose.shape, Histogram)
    assert prose.shape.of == "characters"
    assert sum(prose.shape.counts) == 200


def test_of_a_long_table_some_rows_are_looked_at_and_missing_cells_stay_exact() -> None:
    n = rows.ROWS + 10_000
    frame = pd.DataFrame({"a": np.arange(n) % 7 * 1.5, "b": ["x", None] * (n // 2)})
    schema = infer_schema(frame)
    look = draw(frame, schema)
    assert len(look.rows) == rows.ROWS
    assert (np.diff(look.rows) > 0).all()
    assert (draw(frame, schema).rows == look.rows).all()
    found = column_profile(look, schema.column("b"))
    assert (found.missing, found.n_rows, found.rows) == (n // 2, n, rows.ROWS)
    assert found.missing_share == 0.5
    assert isinstance(found.shape, Counts)
    assert sum(found.shape.counts) == found.cells < rows.ROWS
    assert rows.rows_sentence(found.rows, n) == "Looked at 50,000 of 60,000 rows, drawn at random."


def test_a_wide_table_is_looked_at_in_fewer_rows() -> None:
    frame = pd.DataFrame(np.zeros((20_000, 1_000)))
    frame.columns = frame.columns.map(str)
    assert len(draw(frame, infer_schema(frame.head(3))).rows) == rows.CELLS // 1_000


def test_a_column_without_a_value_and_one_of_a_single_value() -> None:
    frame = pd.DataFrame({"none": [None] * 5, "one": [2.0] * 5})
    schema = infer_schema(frame)
    look = draw(frame, schema)
    none, one = (column_profile(look, column) for column in schema.columns)
    assert (none.shape, none.distinct, none.commonest) == (None, 0, ())
    assert one.shape is not None
    assert sum(one.shape.counts) == 5
