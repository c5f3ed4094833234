"""A time limit for work that waits inside a library and can be interrupted from outside."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_AGAIN = 0.2


class DeadlineError(Exception):
    """The time is over."""


class Deadline:
    """So many seconds from now."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds, 0.0 when it has passed."""
        return max(0.0, self._end - time.monotonic())

    @property
    def passed(self) -> bool:
        return self.left == 0.0

    def check(self) -> None:
        """Raise DeadlineError when it has passed."""
        if self.passed:
            raise DeadlineError

    @contextmanager
    def interrupting(self, interrupt: Callable[[], object]) -> Iterator[None]:
        """Call `interrupt`, again and again, from the deadline on until the block is left."""
        left = threading.Event()

        def watch() -> None:
            wait = self.left
            while not left.wait(wait):
                interrupt()
                wait = _AGAIN

        watcher = threading.Thread(target=watch, name="deadline of a query", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            left.set()
            watcher.join()
