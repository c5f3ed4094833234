"""The main job, from a file to a map, relevance and a probe table, as a new user would do it."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.driver import App

pytestmark = pytest.mark.browser

EPOCHS = 12


def test_a_new_user_goes_from_a_file_to_a_map_and_a_probe(app: App, churn_file: Path) -> None:
    page = app.page
    _upload_and_set_the_target(app, churn_file)
    _start_a_short_run(app)
    _reload_in_the_middle(app)
    _lose_the_connection(app)
    expect(page.get_by_text(re.compile(r"\bfinished\b", re.I)).first).to_be_visible(timeout=300_000)

    _lasso_rows_from_the_map(app)

    app.go_to("Relevance")
    page.get_by_role("button", name="Measure relevance").click()
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=180_000)
    app.shows("Contract")

    app.go_to("Probe")
    page.get_by_role("button", name="Run the probe").click()
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible(timeout=180_000)
    app.shows("untrained")

    app.has_no_traceback()
    assert app.console == []
    assert app.outside == []


def _upload_and_set_the_target(app: App, file: Path) -> None:
    app.open("data")
    app.upload(file)
    app.shows(file.name)
    target = app.page.get_by_role("combobox", name=re.compile("target", re.I)).first
    target.click()
    target.fill("Churn")
    app.page.get_by_role("option", name="Churn", exact=True).click()
    app.shows("Not applied yet")
    app.page.get_by_role("button", name="Apply", exact=True).click()
    expect(app.page).to_have_url(re.compile(r"[?&]table=\w+&schema=\w+"))
    app.shows("target Churn")


def _start_a_short_run(app: App) -> None:
    app.go_to("Pre-train")
    app.page.get_by_text("Quick", exact=False).first.click()
    app.settle()
    app.page.get_by_text(re.compile("settings", re.I)).first.click()
    cost = app.page.get_by_text(re.compile(r"\d steps of \d"))
    of_the_preset = cost.inner_text(timeout=60_000)
    epochs = app.page.get_by_label(re.compile("^Epochs", re.I)).first
    epochs.fill(str(EPOCHS))
    epochs.press("Enter")
    expect(cost).not_to_have_text(of_the_preset, timeout=60_000)
    app.settle()
    app.page.get_by_role("button", name=re.compile("^Start|^Pre-train", re.I)).first.click()
    expect(app.page).to_have_url(re.compile(r"[?&]run=[\w-]+"))


def _reload_in_the_middle(app: App) -> None:
    """The address alone brings the running job back."""
    address = app.page.url
    app.page.reload()
    app.settle()
    expect(app.page.get_by_role("button", name=re.compile("cancel", re.I)).first).to_be_visible()
    assert app.page.url == address


def _lose_the_connection(app: App) -> None:
    """The run goes on meanwhile, and the page follows it again by itself."""
    epoch = app.page.get_by_test_id("stMetricValue").first
    before = epoch.inner_text()
    app.page.evaluate("window.streamlitDebug.disconnectWebsocket()")
    expect(epoch).not_to_have_text(before, timeout=60_000)
    # The browser's word for polls that fell into the gap.
    app.console[:] = [said for said in app.console if "when disconnected from server" not in said]


def _lasso_rows_from_the_map(app: App) -> None:
    app.go_to("Embeddings")
    chart = app.page.locator(".js-plotly-plot").first
    expect(chart).to_be_visible(timeout=180_000)
    # The last of the page's jobs: from here on the map stays as it is.
    app.shows("nearest neighbours are shared", seconds=300)
    app.lasso(chart)
    selected = app.page.get_by_text(
        re.compile(r"\d[\d,]* (of [\d,]+ )?rows? selected|selected", re.I)
    )
    expect(selected.first).to_be_visible(timeout=30_000)
    expect(app.page.get_by_test_id("stDataFrame").first).to_be_visible()
    with app.page.expect_download() as download:
        app.page.get_by_role("button", name="Download CSV").first.click()
    rows = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(rows) > 1
    assert "Churn" in rows[0]
