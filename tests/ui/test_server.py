import asyncio
import gc
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from starlette.responses import PlainTextResponse
from starlette.types import Message

from tjepa.errors import ReadingError
from tjepa.ui.headers import HEADERS, SecurityHeaders

ROOT = Path(__file__).resolve().parent.parent.parent


def test_every_answer_carries_the_security_headers() -> None:
    answers: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        answers.append(message)

    wrapped = SecurityHeaders(PlainTextResponse("no such page", status_code=404))
    answering = wrapped({"type": "http", "method": "GET", "path": "/x"}, receive, send)
    with ThreadPoolExecutor() as threads:  # the browser's driver may have a loop in this one
        threads.submit(asyncio.run, answering).result()
    headers = {name.decode(): value.decode() for name, value in answers[0]["headers"]}
    assert {name: headers[name.lower()] for name in HEADERS} == HEADERS


def test_nothing_is_loaded_from_elsewhere() -> None:
    assert "http" not in HEADERS["Content-Security-Policy"]


def test_the_server_keeps_to_itself() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["server"]["address"] == "127.0.0.1"
    assert config["server"]["enableXsrfProtection"]
    assert config["server"]["enableCORS"]
    assert not config["browser"]["gatherUsageStats"]
    assert config["client"]["showErrorDetails"] == "none"
    assert not config["runner"]["postScriptGC"]
    assert {"light", "dark"} <= set(config["theme"])


def test_the_icon_and_both_logos_are_local_files() -> None:
    for name in ("icon.png", "icon.svg", "logo-light.svg", "logo-dark.svg"):
        drawing = (ROOT / "assets" / name).read_bytes()
        assert drawing
        if name.endswith(".svg"):
            assert b"href" not in drawing


def test_a_problem_is_a_sentence_whatever_was_raised(monkeypatch) -> None:
    from tjepa.ui import problems

    shown: list[str] = []
    monkeypatch.setattr(problems.st, "error", lambda text, **_: shown.append(text))
    assert problems.on_script_error(ReadingError("a.csv is empty."))
    assert problems.on_script_error(KeyError("secret"))
    assert shown[0] == "a\\.csv is empty\\."
    assert "KeyError" in shown[1]
    assert "secret" not in shown[1]


def test_libraries_are_loaded_at_the_start_and_left_out_of_collections(
    monkeypatch,
) -> None:
    from tjepa.progress import Progress, finish
    from tjepa.ui import process

    def loading():
        assert gc.get_freeze_count() == frozen
        assert "torch._dynamo" in sys.modules
        yield Progress("loading", 0.5)

    frozen = gc.get_freeze_count()
    monkeypatch.setattr(process.projection, "warm_up", loading)
    try:
        finish(process.make_ready())
        assert gc.get_freeze_count() > frozen + 10_000
    finally:
        gc.unfreeze()


def test_maps_are_made_ready_where_what_a_run_needs_cannot_be_loaded(monkeypatch, caplog) -> None:
    from tjepa.progress import Progress, finish
    from tjepa.ui import process

    def failing():
        yield Progress("loading", 0.5)
        raise ImportError("no compiler")

    def loading():
        yield Progress("loading UMAP", 0.5)

    monkeypatch.setattr(process.training, "warm_up", failing)
    monkeypatch.setattr(process.projection, "warm_up", loading)
    moments = []
    try:
        finish(process.make_ready(), moments.append)
    finally:
        gc.unfreeze()
    assert [moment.stage for moment in moments] == ["loading", "loading UMAP"]
    assert "no compiler" in caplog.text
