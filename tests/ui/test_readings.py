"""A person can say that a text is of another format, and how many rows its header has."""

from streamlit.testing.v1.element_tree import NumberInput

from tests.ui.conftest import Open
from tests.ui.test_uploads import preview, select, upload

RECORDS = b'{"a": "1,5", "b": 2}\n{"a": "2", "b": 4}\n{"a": "3", "b": 6}\n'


def test_a_text_that_was_taken_for_json_is_read_as_delimited_text(open_page: Open) -> None:
    app = upload(open_page("data"), "t.csv", b'{"a"},b\nx,1\ny,2\nz,3\n')
    assert "damaged JSON" in app.error[0].value
    select(app, "Format", "text")
    assert not app.exception
    assert not app.error
    assert list(preview(app)["b"]) == [1, 2, 3]


def test_another_format_forgets_what_was_said_of_the_first(open_page: Open) -> None:
    app = upload(open_page("data"), "t.jsonl", RECORDS)
    select(app, "Decimal mark", ".")
    assert list(preview(app)["a"]) == ["1,5", "2", "3"]
    select(app, "Format", "text")
    assert not app.exception
    assert "a quote" in app.error[0].value  # not that a decimal mark means nothing to it
    select(app, "Format", "json")
    assert list(preview(app)["b"]) == [2, 4, 6]


def test_rows_of_a_header_are_corrected_and_none_is_none(open_page: Open) -> None:
    text = b"town,size,weight\n,cm,kg\nGraz,1,2\nBrno,3,4\nCork,5,6\n"
    app = upload(open_page("data"), "t.csv", text)
    assert list(preview(app)) == ["town", "size cm", "weight kg"]

    def box(label: str) -> NumberInput:
        return next(box for box in app.number_input if box.label == label)

    assert box("Rows of the header").value == 2
    box("Rows of the header").set_value(1).run()
    assert list(preview(app)) == ["town", "size", "weight"]
    box("Header in line").set_value(0).run()
    assert not app.exception
    assert not app.error
    assert list(preview(app)) == ["column 1", "column 2", "column 3"]
