import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import Open, flowers, words
from tjepa.table import infer_schema, override, schema_text
from tjepa.ui import process
from tjepa.ui.address import Address


def test_an_upload_is_opened_and_shown(open_page: Open) -> None:
    app = open_page("data")
    app.file_uploader(key="upload").upload("new.csv", flowers(50).to_csv(index=False).encode())
    app.run()
    assert not app.exception
    assert not app.error
    assert app.query_params["table"]
    assert "50 rows" in words(app)
    assert list(app.dataframe[0].value.columns) == list(flowers().columns)


@pytest.mark.parametrize(
    ("name", "content"),
    [("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(64)), ("empty.csv", b""), ("h.csv", b"a,b\n")],
)
def test_a_bad_upload_gets_its_sentence_and_the_page_goes_on(
    open_page: Open, name: str, content: bytes
) -> None:
    app = open_page("data")
    app.file_uploader(key="upload").upload(name, content)
    app.run()
    assert not app.exception
    assert name.replace(".", "\\.") in app.error[0].value
    assert "table" not in app.query_params
    app.run()
    assert app.error
    assert any(button.label == "Open" for button in app.button)


def test_a_kind_is_overridden_only_when_it_is_applied(open_page: Open, table: Address) -> None:
    app = open_page("data", **table.params())
    before = _schema(app, table)
    _edit(app, before, {_row(before, "colour"): {"kind": "text"}})
    assert "Not applied yet" in words(app)
    assert _schema(app, table).schema_id == before.schema_id
    _press(app, "Apply")
    after = _schema(app, table)
    assert not app.exception
    assert next(c for c in after.columns if c.name == "colour").kind == "text"
    assert app.query_params["schema"] == after.schema_id
    assert "Not applied yet" not in words(app)


def test_a_second_override_keeps_the_first(open_page: Open, table: Address) -> None:
    app = open_page("data", **table.params())
    for name in ("<b>length</b>", "*width*"):
        schema = _schema(app, table)
        _edit(app, schema, {_row(schema, name): {"used": False}})
        _press(app, "Apply")
    unused = {column.name for column in _schema(app, table).columns if not column.used}
    assert {"<b>length</b>", "*width*"} <= unused
    assert "\\<b\\>length\\<\\/b\\>" in words(app)


def test_an_override_that_does_not_fit_says_why_and_changes_nothing(
    open_page: Open, table: Address
) -> None:
    app = open_page("data", **table.params())
    before = _schema(app, table)
    _edit(app, before, {_row(before, "colour"): {"kind": "numeric"}})
    _press(app, "Apply")
    assert not app.exception
    assert "colour" in app.error[0].value
    assert _schema(app, table).schema_id == before.schema_id


def test_next_applies_a_target_that_was_only_chosen(open_page: Open, table: Address) -> None:
    app = open_page("data", **table.params())
    app.selectbox(key=f"target {_schema(app, table).schema_id}").select("kind").run()
    _press(app, "Apply and go to Pre-train")
    assert not app.exception
    assert app.title[0].value == "Pre-train"
    schema = _schema(app, table)
    assert (schema.target, schema.task) == ("kind", "classification")


def test_reset_returns_to_what_was_inferred(open_page: Open, table: Address) -> None:
    app = open_page("data", **table.params())
    inferred = _schema(app, table)
    app.selectbox(key=f"target {inferred.schema_id}").select("kind").run()
    _press(app, "Apply")
    assert _schema(app, table).target == "kind"
    _press(app, "Reset")
    assert _schema(app, table).schema_id == inferred.schema_id


def test_what_is_left_out_is_listed_with_its_reason(open_page: Open, table: Address) -> None:
    app = open_page("data", **table.params())
    (name, reason), *_ = _schema(app, table).left_out
    assert name == "sample"
    assert any("sample" in part.value and "**: " in part.value for part in app.markdown)
    assert reason


def test_a_sample_opens_with_its_target(open_page: Open) -> None:
    app = open_page("data")
    app.button(key="open breast_cancer").click().run()
    assert not app.exception
    place = Address(app.query_params["table"])
    assert _schema(app, place).target is not None


def test_a_suggestion_is_taken_with_one_click_and_undone_with_one(open_page: Open) -> None:
    frame = flowers().assign(days=[999 if n % 5 == 0 else n % 30 for n in range(120)])
    place = Address(process.bench().open_table(frame.to_csv(index=False).encode(), name="d.csv"))
    app = open_page("data", **place.params())
    inferred = _schema(app, place)
    assert "'days' is 999 in 24 of 120 rows" in words(app).replace("\\", "")
    _edit(app, inferred, {_row(inferred, "colour"): {"used": False}})
    _press(app, "Read 999 as missing")
    taken = _schema(app, place)
    assert not app.exception
    assert taken.column("days").missing_values == ("999",)
    assert not taken.column("colour").used  # what waited to be applied is not lost
    assert any("1 taken" in expander.label for expander in app.expander)
    _press(app, "Undo")
    undone = _schema(app, place)
    assert undone.column("days") == inferred.column("days")
    assert not undone.column("colour").used


def test_values_to_read_as_missing_can_be_typed(open_page: Open, table: Address) -> None:
    app = open_page("data", **table.params())
    before = _schema(app, table)
    _edit(app, before, {_row(before, "colour"): {"as missing": "=red ; blue;"}})
    _press(app, "Apply")
    colour = _schema(app, table).column("colour")
    assert (colour.missing_values, colour.distinct) == (("=red", "blue"), 1)


def test_a_saved_schema_is_loaded_again(open_page: Open, table: Address) -> None:
    app = open_page("data", **table.params())
    inferred = _schema(app, table)
    frame = process.bench().table(table.table or "").frame
    saved = override(inferred, frame, target="kind", used={"colour": False})
    app.file_uploader(key=f"schema file {inferred.schema_id}").upload(
        "flowers.schema.json", schema_text(saved).encode()
    )
    app.run()
    assert not app.exception
    assert _schema(app, table) == saved
    assert app.query_params["schema"] == saved.schema_id


def test_a_schema_of_another_table_says_which_column_does_not_fit(
    open_page: Open, table: Address
) -> None:
    app = open_page("data", **table.params())
    inferred = _schema(app, table)
    other = schema_text(infer_schema(flowers().rename(columns={"colour": "paint"})))
    app.file_uploader(key=f"schema file {inferred.schema_id}").upload("s.json", other.encode())
    app.run()
    assert not app.exception
    assert "paint" in app.error[0].value
    assert _schema(app, table) == inferred


def _schema(app: AppTest, place: Address):
    table = place.table
    assert table is not None
    return process.bench().schema(table, app.query_params.get("schema"))


def _row(schema, name: str) -> int:
    return [column.name for column in schema.columns].index(name)


def _edit(app: AppTest, schema, rows: dict[int, dict[str, object]]) -> None:
    app.session_state[f"columns {schema.schema_id}"] = {
        "edited_rows": rows,
        "added_rows": [],
        "deleted_rows": [],
    }
    app.run()


def _press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()


def test_two_rows_cannot_be_split_and_the_page_says_so(open_page: Open) -> None:
    app = open_page("data")
    app.file_uploader(key="upload").upload("two.csv", b"a,b\n1,x\n2,y\n")
    app.run()
    assert not app.exception
    assert any("at least 3 are needed" in error.value for error in app.error)
    [onwards] = [button for button in app.button if button.label == "Next: pre-train"]
    assert onwards.disabled
    assert any(title.value == "A closer look" for title in app.subheader)
