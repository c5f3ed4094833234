"""The tab of the measuring stick: it must wait for what a person waits for."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks import app
from benchmarks.app import App, Tab

HERE = App(port=0, started=0.0, start_seconds=0.0)


class Server:
    """Answers with the messages it was given and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[ClientState] = []
        self.answers: list[ForwardMsg] = []

    def send(self, data: bytes) -> None:
        self.asked.append(BackMsg.FromString(data).rerun_script)

    def recv(self, timeout: float) -> bytes:
        if not self.answers:
            raise TimeoutError
        return self.answers.pop(0).SerializeToString()


def finished(status: str = "FINISHED_SUCCESSFULLY") -> ForwardMsg:
    return ForwardMsg(script_finished=ForwardMsg.ScriptFinishedStatus.Value(status))


def page(*, label: str = "Resume", widget: str = "button id") -> list[ForwardMsg]:
    """What one run of a page sends, a large part of it cacheable."""
    button = ForwardMsg()
    button.delta.new_element.button.label, button.delta.new_element.button.id = label, widget
    large = ForwardMsg(hash="large")
    large.metadata.cacheable = True
    large.delta.new_element.markdown.body = "large"
    navigation = ForwardMsg()
    navigation.navigation.page_script_hash = "hash of the page"
    return [navigation, button, large, finished()]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server()

    @contextmanager
    def connect(*_: object, **__: object) -> Iterator[Server]:
        yield made

    monkeypatch.setattr(app, "connect", connect)
    return made


def test_a_page_is_opened_by_name_and_run_again_by_its_hash_with_what_it_has(
    server: Server,
) -> None:
    server.answers = page() + page()
    with Tab(HERE, "pretrain", run="a", table="b") as tab:
        tab.rerun()
    first, second = server.asked
    assert (first.page_name, first.page_script_hash) == ("pretrain", "")
    assert (second.page_name, second.page_script_hash) == ("", "hash of the page")
    assert first.query_string == second.query_string == "run=a&table=b"
    assert list(second.cached_message_hashes) == ["large"]


def test_only_the_end_of_the_whole_page_ends_a_rerun(server: Server) -> None:
    early = ["FINISHED_EARLY_FOR_RERUN", "FINISHED_FRAGMENT_RUN_SUCCESSFULLY"]
    server.answers = [*map(finished, early), *page()]
    with Tab(HERE, "data"):
        assert server.answers == []


def test_a_button_is_pressed_by_its_label(server: Server) -> None:
    server.answers = page() + page()
    with Tab(HERE, "pretrain") as tab:
        tab.rerun("Resume")
        with pytest.raises(KeyError):
            tab.rerun("Cancel")
    (widget,) = server.asked[1].widget_states.widgets
    assert (widget.id, widget.trigger_value) == ("button id", True)


def test_a_tab_asks_for_the_fragments_that_are_due_until_they_stop(server: Server) -> None:
    polls, stops = ForwardMsg(), ForwardMsg()
    polls.auto_rerun.fragment_id = "fragment"
    polls.auto_rerun.interval = 0.0
    stops.stop_auto_rerun.fragment_ids.append("fragment")
    server.answers = [polls, *page()]
    with Tab(HERE, "pretrain") as tab:
        tab.stay(0.01)
        asked = server.asked[1:]
        assert asked
        assert {(state.fragment_id, state.is_auto_rerun) for state in asked} == {("fragment", True)}
        server.answers = [stops]
        tab.stay(0.01)
        before = len(server.asked)
        tab.stay(0.01)
        assert len(server.asked) == before
