"""How long something with a share of work done will still take."""

from collections import deque

LEAST_SECONDS = 1.0
LEAST_SHARE = 0.005
WINDOW_SECONDS = 30.0
APART_SECONDS = 0.5
"""Reports that are closer together are not kept apart."""


class Pace:
    """Estimates the time left from the share done lately.

    Lately is the last half minute of reports, or longer where too little was done in it to tell:
    what a machine was busy with before says nothing of what is to come. It begins with the first
    report at the earliest, because a resumed run begins with much of its share done.
    """

    def __init__(self) -> None:
        self._reports: deque[tuple[float, float]] = deque()
        self._share = 0.0

    def update(self, share: float, now: float) -> None:
        """Take note that `share` in [0, 1] is done at second `now` of a monotonic clock."""
        self._share = share
        reports = self._reports
        if not reports or now - reports[-1][1] >= APART_SECONDS:
            reports.append((share, now))
        while len(reports) > 1 and self._tells(reports[1], now):
            reports.popleft()

    def seconds_left(self, now: float) -> float | None:
        """Seconds until share 1 at the present pace; None while too little is done to tell."""
        if not self._reports:
            return None
        share, since = self._reports[0]
        gained, spent = self._share - share, now - since
        if gained < LEAST_SHARE or spent < LEAST_SECONDS:
            return None
        return (1.0 - self._share) * spent / gained

    def _tells(self, report: tuple[float, float], now: float) -> bool:
        share, since = report
        return now - since >= WINDOW_SECONDS and self._share - share >= LEAST_SHARE
