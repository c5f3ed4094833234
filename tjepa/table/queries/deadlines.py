"""A time limit, and a way to stop early, for work that waits inside a library."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_AGAIN = 0.2
_LOOK = 0.1  # seconds between two looks at whether it was cancelled


class DeadlineError(Exception):
    """The time is over."""


class CancelledError(Exception):
    """Nobody wants the result any longer."""


class Deadline:
    """So many seconds from now, or less where `cancelled` comes to be true, in any thread."""

    def __init__(self, seconds: float, cancelled: Callable[[], bool] | None = None) -> None:
        self._end = time.monotonic() + seconds
        self._cancelled = cancelled

    @property
    def left(self) -> float:
        """Seconds, 0.0 when it has passed."""
        return max(0.0, self._end - time.monotonic())

    @property
    def passed(self) -> bool:
        return self.left == 0.0

    @property
    def cancelled(self) -> bool:
        return self._cancelled is not None and self._cancelled()

    @property
    def over(self) -> bool:
        """Whether the work is to stop, for either reason."""
        return self.passed or self.cancelled

    def check(self) -> None:
        """Raise CancelledError or DeadlineError when the work is to stop."""
        if self.cancelled:
            raise CancelledError
        if self.passed:
            raise DeadlineError

    @contextmanager
    def interrupting(self, interrupt: Callable[[], object]) -> Iterator[None]:
        """Call `interrupt`, again and again, from when it is over until the block is left."""
        left = threading.Event()

        def watch() -> None:
            while not left.wait(self._pause()):
                if self.over:
                    interrupt()
                    left.wait(_AGAIN)

        watcher = threading.Thread(target=watch, name="deadline of a query", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            left.set()
            watcher.join()

    def _pause(self) -> float:
        return self.left if self._cancelled is None else min(self.left, _LOOK)
