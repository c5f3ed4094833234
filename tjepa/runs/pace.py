"""How long something with a share of work done will still take."""

LEAST_SECONDS = 1.0
LEAST_SHARE = 0.005


class Pace:
    """Estimates the time left from the share done since the first report.

    Counted from the first report because a resumed run begins with much of its share done.
    """

    def __init__(self) -> None:
        self._first: tuple[float, float] | None = None
        self._share = 0.0

    def update(self, share: float, now: float) -> None:
        """Take note that `share` in [0, 1] is done at second `now` of a monotonic clock."""
        if self._first is None:
            self._first = (share, now)
        self._share = share

    def seconds_left(self, now: float) -> float | None:
        """Seconds until share 1 at the pace so far; None while too little is done to tell."""
        if self._first is None:
            return None
        share, since = self._first
        gained, spent = self._share - share, now - since
        if gained < LEAST_SHARE or spent < LEAST_SECONDS:
            return None
        return (1.0 - self._share) * spent / gained
