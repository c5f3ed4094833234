"""Keep work speaking while a library call that says nothing runs in a helper thread."""

import ctypes
import importlib
import threading
import warnings
from collections.abc import Callable
from typing import TypeVar

from tjepa.progress import Progress, Work

T = TypeVar("T")

PAUSE = 0.2
PATIENCE = 2.0


class Stopped(BaseException):
    """Raised inside the helper thread when the work was closed; no library swallows it."""


def in_thread(
    call: Callable[[], T],
    stage: str,
    share: float | Callable[[], float],
    *,
    stop: Callable[[], None] | None = None,
) -> Work[T]:
    """Run `call` in a helper thread and yield about five times a second until it returns.

    Warnings of the libraries are silenced. Closing the work ends the thread before it returns:
    through `stop` where the call can be told, else by raising `Stopped` in it at its next line
    of Python. Nothing is left running.
    """
    outcome: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                outcome.append(call())
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=run, name=f"analysis: {stage}", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            yield Progress(stage, share() if callable(share) else share)
            thread.join(PAUSE)
    finally:
        while thread.is_alive():
            (stop or (lambda: _interrupt(thread)))()
            thread.join(PATIENCE)
    if failure:
        raise failure[0]
    return outcome[0]


def preload(*modules: str) -> Work[None]:
    """Import heavy libraries. A half-imported library is broken, so this is never cut short."""

    def load() -> None:
        for name in modules:
            importlib.import_module(name)

    yield from in_thread(load, "preparing", 0.0, stop=lambda: None)


def _interrupt(thread: threading.Thread) -> None:
    if thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(Stopped)
        )
