"""How long nothing was acknowledged: the longest wait between two answers, seen by all senders together."""

import time
from collections.abc import Callable


class Pulse:
    """Beats with each acknowledgement. Times are seconds of a clock that nobody steps."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._last: float | None = None
        self._longest_s = 0.0
        self.count = 0

    def start(self) -> None:
        """Count and measure anew from this moment."""
        self._last = self._now()
        self._longest_s = 0.0
        self.count = 0

    def beat(self, number: int = 1) -> None:
        """So many more were acknowledged."""
        self._wait_ended()
        self.count += number

    def stop(self) -> None:
        """Nothing is sent from now on, so that no wait counts."""
        self._wait_ended()
        self._last = None

    @property
    def longest_s(self) -> float:
        """The longest wait since the start, the one that still lasts included."""
        lasting_s = 0.0 if self._last is None else self._now() - self._last
        return max(self._longest_s, lasting_s)

    def _wait_ended(self) -> None:
        if self._last is not None:
            now = self._now()
            self._longest_s = max(self._longest_s, now - self._last)
            self._last = now
