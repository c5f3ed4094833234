"""Every page has its address, and the app keeps its composure."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.driver import App, Server

pytestmark = pytest.mark.browser

# Address → the heading the page shows.
PAGES = {
    "data": "Data",
    "pretrain": "Pre-train",
    "embeddings": "Embeddings",
    "relevance": "Relevance",
    "probe": "Probe",
}


@pytest.mark.parametrize(("address", "heading"), PAGES.items())
def test_a_page_opens_directly_and_stays_at_home(app: App, address: str, heading: str) -> None:
    app.open(address)
    expect(app.page.get_by_role("heading", name=heading).first).to_be_visible()
    expect(app.page.get_by_test_id("stSidebarNavLink")).to_have_count(len(PAGES))
    app.has_no_traceback()
    assert app.console == []
    assert app.outside == []


def test_an_unknown_address_says_so(app: App) -> None:
    app.open("nowhere")
    app.shows("Page not found")


def test_an_unknown_run_says_so_and_the_app_goes_on(app: App) -> None:
    app.open("embeddings?run=20000101-000000-dead")
    app.has_no_traceback()
    app.go_to("Data")
    expect(app.page.get_by_role("heading", name="Data").first).to_be_visible()


def test_dark_mode_is_dark(chromium: Browser, server: Server) -> None:
    context = chromium.new_context(color_scheme="dark")
    app = App(context.new_page(), server.url)
    app.open("data")
    background = app.page.get_by_test_id("stApp").evaluate(
        "element => getComputedStyle(element).backgroundColor"
    )
    red, green, blue = (int(part) for part in background.strip("rgba()").split(",")[:3])
    assert max(red, green, blue) < 80, background
    assert app.console == []
    context.close()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(64)),
        ("empty.csv", b""),
        ("header.csv", b"a,b,c\n"),
        ("broken.xlsx", b"PK\x03\x04 not a workbook"),
    ],
    ids=["picture", "empty", "header only", "broken workbook"],
)
def test_a_bad_upload_gets_its_sentence_and_the_app_goes_on(
    app: App, name: str, content: bytes
) -> None:
    app.open("data")
    app.upload({"name": name, "mimeType": "application/octet-stream", "buffer": content})
    expect(app.page.get_by_test_id("stAlert").first).to_contain_text(name)
    app.has_no_traceback()
    app.go_to("Probe")
    expect(app.page.get_by_role("heading", name="Probe").first).to_be_visible()
