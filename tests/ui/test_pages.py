import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import Open, settle, words
from tjepa.ui import maps, process
from tjepa.ui.address import Address

PAGES = {
    "data": "Data",
    "pretrain": "Pre-train",
    "embeddings": "Embeddings",
    "relevance": "Relevance",
    "probe": "Probe",
}


@pytest.mark.parametrize(("name", "title"), PAGES.items())
def test_an_empty_page_says_what_comes_next(open_page: Open, name: str, title: str) -> None:
    app = open_page(name)
    assert not app.exception
    assert app.title[0].value == title
    said = "Drop a table here" if name == "data" else "No table is open"
    assert said in words(app)


@pytest.mark.parametrize("name", ["embeddings", "relevance", "probe"])
def test_a_table_without_a_run_links_to_pre_training(
    open_page: Open, name: str, table: Address
) -> None:
    app = open_page(name, **table.params())
    assert not app.exception
    assert "This table has no run yet" in words(app)
    assert any(link.label == "Pre-train" for link in app.get("page_link"))


def test_the_root_leads_to_the_data_page() -> None:
    from tests.ui.conftest import SHELL

    app = AppTest.from_file(str(SHELL), default_timeout=60).run()
    assert app.title[0].value == "Data"


@pytest.mark.parametrize("name", ["data", "embeddings"])
@pytest.mark.parametrize(
    "params", [{"run": "20000101-000000-dead"}, {"table": "../../etc"}, {"table": "0" * 16}]
)
def test_an_unknown_address_says_so_and_is_dropped(
    open_page: Open, name: str, params: dict[str, str]
) -> None:
    app = open_page(name, **params)
    assert not app.exception
    assert "was not followed" in app.warning[0].value
    assert not set(app.query_params) & {"run", "table", "schema"}


def test_the_ids_of_a_run_are_stamped_on_every_page(open_page: Open, run: str) -> None:
    app = open_page("pretrain", run=run)
    assert app.query_params["run"] == run
    app.query_params.clear()
    app.switch_page("../../pages/probe.py").run()
    assert app.query_params["run"] == run
    assert app.query_params["table"]


def test_the_sidebar_names_table_run_and_state(open_page: Open, run: str) -> None:
    app = open_page("probe", run=run)
    aside = "\n".join(part.value for part in [*app.sidebar.markdown, *app.sidebar.caption])
    assert "flowers\\<i\\>\\.csv" in aside
    assert run in aside
    assert "finished" in aside


def test_a_finished_run_is_summed_up_with_links_onwards(open_page: Open, run: str) -> None:
    app = open_page("pretrain", run=run)
    assert not app.exception
    assert "effective rank" in words(app)
    assert {"See the map of the rows", "Compare with boosted trees"} <= {
        link.label for link in app.get("page_link")
    }


@pytest.mark.usefixtures("no_umap")
def test_both_maps_are_drawn_and_a_lasso_lists_its_rows(open_page: Open, run: str) -> None:
    app = settle(open_page("embeddings", run=run))
    assert not app.exception
    assert len(app.get("plotly_chart")) == 2
    assert not [frame for frame in app.dataframe if "row" in frame.value]

    everything = {"x": [-1e6, 1e6], "y": [-1e6, 1e6]}
    key = f"map {run} pca kind light"
    app.session_state[key] = {"selection": {"points": [], "box": [everything], "lasso": []}}
    app.run()
    assert not app.exception
    assert "rows selected" in words(app)
    assert len(app.dataframe[0].value) == 120
    assert "<b>length</b>" in app.dataframe[0].value


@pytest.mark.usefixtures("no_umap")
def test_a_map_is_coloured_by_any_column(open_page: Open, run: str) -> None:
    app = settle(open_page("embeddings", run=run))
    for name in ("<b>length</b>", "colour", "sample"):
        app.selectbox(key=f"colour {run}").select(name).run()
        assert not app.exception
        assert len(app.get("plotly_chart")) == 2


def test_relevance_starts_on_request_and_is_then_there_at_once(open_page: Open, run: str) -> None:
    app = open_page("relevance", run=run)
    assert not app.get("plotly_chart")
    _press(app, "Measure relevance")
    settle(app)
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1
    again = open_page("relevance", run=run)
    assert "Measure relevance" not in [button.label for button in again.button]


def test_attributions_of_both_models_are_drawn(open_page: Open, run: str) -> None:
    app = open_page("relevance", run=run)
    _press(app, "Compute attributions")
    settle(app)
    assert not app.exception
    assert not app.error
    table = app.dataframe[-1].value
    assert {"probe on the embedding", "boosted trees"} <= set(table.columns)


def test_the_probe_shows_every_control_and_its_sentence(open_page: Open, run: str) -> None:
    app = open_page("probe", run=run)
    _press(app, "Run the probe")
    settle(app)
    assert not app.exception
    scores = app.dataframe[0].value
    assert {"T-JEPA embedding", "untrained encoder", "raw columns", "no columns"} == set(
        scores["sees"]
    )
    assert app.subheader[0].value.startswith("Pre\\-training")


def test_the_label_curve_starts_on_request_and_shows_every_control(
    open_page: Open, run: str
) -> None:
    app = open_page("probe", run=run)
    _press(app, "Compare with few labels")
    settle(app)
    assert not app.exception
    assert not app.error
    scores = app.dataframe[-1].value
    assert {"T-JEPA embedding", "untrained encoder", "raw columns", "no columns"} == set(
        scores["sees"]
    )
    assert "labelled rows" in words(app)
    assert "Compare with few labels" not in [
        button.label for button in open_page("probe", run=run).button
    ]


def test_a_failed_analysis_keeps_its_sentence_and_can_be_tried_again(
    open_page: Open, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(run_id: str):
        from tjepa.errors import AnalysisError

        raise AnalysisError("Column *kind* has one class only.")
        yield

    monkeypatch.setattr(process.bench(), "probe", lambda run_id: None)
    monkeypatch.setattr(process.bench(), "compute_probe", failing)
    app = open_page("probe", run=run)
    for button in app.button:
        if button.label in ("Run the probe", "Try again"):
            button.click()
    app.run()
    settle(app)
    assert not app.exception
    assert "Column \\*kind\\* has one class only" in app.error[0].value
    assert "Try again" in [button.label for button in app.button]


def test_the_runs_page_opens_and_deletes(open_page: Open, table: Address) -> None:
    from tests.ui.conftest import tiny

    bench = process.bench()
    assert table.table is not None
    spare = bench.create_run(table.table, bench.schema(table.table), tiny(seed=9))
    app = open_page("runs")
    assert not app.exception
    assert spare in words(app)
    app.button(key=f"delete {spare}").click().run()
    assert not app.exception
    assert spare not in [run.run_id for run in bench.runs()]


def test_maps_have_a_method_for_every_name() -> None:
    assert list(maps.METHODS) == ["pca", "umap"]


def _press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()
