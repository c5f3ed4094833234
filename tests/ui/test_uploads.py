"""How a file was read is shown, and can be corrected while it is in the session."""

import gzip
import io

import pandas as pd
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import Open, flowers, words


def upload(app: AppTest, name: str, content: bytes) -> AppTest:
    app.file_uploader(key="upload").upload(name, content)
    return app.run()


def select(app: AppTest, label: str, value: str | None) -> AppTest:
    return next(box for box in app.selectbox if box.label == label).select(value).run()


def preview(app: AppTest) -> pd.DataFrame:
    return app.dataframe[0].value


def test_what_was_found_out_is_shown_and_a_correction_is_followed(open_page: Open) -> None:
    app = upload(open_page("data"), "n.tsv", b"a\tb\n1,234\tx\n2,345\ty\n6\tz\n")
    found = app.query_params["table"]
    assert list(preview(app)["a"]) == ["1,234", "2,345", "6"]
    assert next(box for box in app.selectbox if box.label == "Delimiter").value == "\t"
    select(app, "Thousands mark", ",")
    assert list(preview(app)["a"]) == [1234, 2345, 6]
    assert app.query_params["table"] != found
    select(app, "Thousands mark", ".")
    assert list(preview(app)["a"]) == [1.234, 2.345, 6]
    assert not app.exception
    assert not app.error


def test_going_back_to_what_was_found_out_is_the_table_it_was(open_page: Open) -> None:
    app = upload(open_page("data"), "h.csv", flowers(20).to_csv(index=False).encode())
    found = app.query_params["table"]
    header = next(box for box in app.number_input if box.label == "Header in line")
    assert header.value == 1
    header.set_value(0).run()
    assert "21 rows" in words(app)
    next(box for box in app.number_input if box.label == "Header in line").set_value(1).run()
    assert app.query_params["table"] == found
    assert "20 rows" in words(app)


def test_what_cannot_be_read_so_is_said_beside_the_controls_and_nothing_is_lost(
    open_page: Open,
) -> None:
    app = upload(open_page("data"), "c.csv", "имя,b\nа,1\nб,2\nв,3\n".encode("cp1251"))
    before = app.query_params["table"]
    select(app, "Encoding", "utf-8")
    assert not app.exception
    assert "is not text in utf" in app.error[0].value
    assert app.query_params["table"] == before
    app.run()
    assert app.error
    select(app, "Encoding", "windows-1251")
    assert list(preview(app).columns) == ["имя", "b"]
    assert not app.error


def test_a_file_that_is_not_understood_can_be_explained(open_page: Open) -> None:
    app = upload(open_page("data"), "s.txt", b"a b\n1 2\n3 4\n5 6\n")
    assert "table" not in app.query_params
    assert "only one column" in app.error[0].value
    select(app, "Delimiter", " ")
    assert not app.error
    assert list(preview(app).columns) == ["a", "b"]


def test_another_sheet_is_another_table(open_page: Open) -> None:
    file = io.BytesIO()
    with pd.ExcelWriter(file, engine="openpyxl") as book:
        flowers(20).to_excel(book, sheet_name="one", index=False)
        flowers(30).to_excel(book, sheet_name="two", index=False)
    app = upload(open_page("data"), "b.xlsx", file.getvalue())
    assert "20 rows" in words(app)
    select(app, "Sheet", "two")
    assert "30 rows" in words(app)
    next(box for box in app.number_input if box.label == "Rows left out at the end").set_value(2)
    app.run()
    assert "28 rows" in words(app)


def test_packed_text_is_opened(open_page: Open) -> None:
    app = upload(open_page("data"), "f.csv.gz", gzip.compress(flowers(20).to_csv().encode()))
    assert "20 rows" in words(app)
    assert "was unpacked" in words(app)


def test_without_its_file_a_table_is_described_and_no_more(open_page: Open) -> None:
    app = upload(open_page("data"), "f.csv", flowers(25).to_csv(index=False).encode())
    again = open_page("data", table=app.query_params["table"])
    assert "header in line\\: 1" in words(again)
    assert "Upload the file again to change that" in words(again)
    assert not any(box.label == "Delimiter" for box in again.selectbox)
