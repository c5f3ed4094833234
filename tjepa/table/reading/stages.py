"""What a reader is at, told to whoever follows it; to nobody, where nobody does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_Listener = Callable[[str, float, str | None], None]
_listener: ContextVar[_Listener | None] = ContextVar("listener", default=None)


def stage(words: str, share: float, form: str | None = None) -> None:
    """Say what is being done, what share of reading is behind it, in [0, 1], and the format."""
    listener = _listener.get()
    if listener is not None:
        listener(words, share, form)


@contextmanager
def followed(listener: _Listener) -> Iterator[None]:
    """Tell `listener` of every stage within the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
