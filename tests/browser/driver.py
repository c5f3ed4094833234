"""One browser tab on the running app, with the waits that Streamlit needs."""

import math
import re
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import ConsoleMessage, FilePayload, Locator, Page, expect

# Said by browsers about any page of this kind, or by Streamlit itself, and harmless.
KNOWN_CONSOLE = ("WebGL", "GPU stall", "favicon", "Unrecognized feature", "GL Driver Message")


@dataclass(frozen=True)
class Server:
    """A running app with a home of its own."""

    url: str
    home: Path
    log: Path


class App:
    """One browser tab on the app, with the waits that Streamlit needs."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.console: list[str] = []
        self.outside: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("request", lambda request: self._asked(request.url))

    def open(self, path: str = "") -> None:
        self.page.goto(f"{self.url}/{path}")
        self.settle()

    def settle(self) -> None:
        """Wait until the script has stopped once; then ask for the text the page should show.

        A page that polls runs again every second, so this alone proves nothing.
        """
        self.page.wait_for_selector('[data-test-script-state="notRunning"]', state="attached")
        expect(self.page.get_by_test_id("stSkeleton")).to_have_count(0)

    def go_to(self, page_name: str) -> None:
        """Follow the menu, as a person would."""
        self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=page_name).click()
        expect(self.page.get_by_role("heading", name=page_name, level=1)).to_be_visible()
        self.settle()

    def shows(self, text: str, seconds: float = 20) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=seconds * 1000)

    def has_no_traceback(self) -> None:
        expect(self.page.get_by_test_id("stException")).to_have_count(0)

    def upload(self, file: Path | FilePayload) -> None:
        """Hand a file, or `{"name", "mimeType", "buffer"}`, to the page's uploader."""
        self.page.locator("input[type=file]").first.set_input_files(file)
        self.settle()

    def lasso(self, plot: Locator) -> None:
        """Draw a ring around the middle of a plotly chart whose drag mode is the lasso."""
        plot.scroll_into_view_if_needed()
        surface = plot.locator(".nsewdrag").first
        surface.wait_for()
        box = surface.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        radius = 0.35 * min(box["width"], box["height"])
        mouse = self.page.mouse
        mouse.move(x + radius, y)
        mouse.down()
        for step in range(1, 17):
            angle = step * math.pi / 8
            mouse.move(x + radius * math.cos(angle), y + radius * math.sin(angle), steps=2)
        mouse.up()
        self.settle()

    def _asked(self, url: str) -> None:
        if url.startswith(("http", "ws")) and self.url.split("://")[1] not in url:
            self.outside.append(url)

    def _heard(self, message: ConsoleMessage) -> None:
        # On an address of its own, Streamlit first looks for its server below that address.
        looks_for_server = re.search(r"/\w+/_stcore/[\w-]+$", message.location["url"])
        known = looks_for_server or any(words in message.text for words in KNOWN_CONSOLE)
        if message.type == "error" and not known:
            self.console.append(f"{message.text} ({message.location['url']})")
