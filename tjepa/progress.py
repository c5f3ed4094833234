"""How long work speaks: generators that yield `Progress` and return their result.

Work composes with ``result = yield from other_work()``. Closing the generator cancels it, so
work yields at least a few times a second wherever it can.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Progress:
    """One moment of long work.

    ``share`` is the part of the whole job that is done, in [0, 1]. ``values`` carries numbers
    worth plotting or printing, such as ``loss`` or ``rows_per_s``.
    """

    stage: str
    share: float
    values: Mapping[str, float] = field(default_factory=dict)


Work: TypeAlias = Generator[Progress, None, T]


def within(work: Work[T], start: float, end: float) -> Work[T]:
    """Run `work` as the part of a larger job that goes from share `start` to share `end`."""
    while True:
        try:
            moment = next(work)
        except StopIteration as stop:
            return stop.value
        yield replace(moment, share=start + (end - start) * moment.share)


def finish(work: Work[T], report: Callable[[Progress], object] | None = None) -> T:
    """Run `work` to its end in this thread, hand each `Progress` to `report`, return the result."""
    while True:
        try:
            moment = next(work)
        except StopIteration as stop:
            return stop.value
        if report is not None:
            report(moment)
