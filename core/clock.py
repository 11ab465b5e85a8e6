"""The only place that reads the machine's clock. Everything else takes `now` as an argument."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

CHINA_STANDARD_TIME = timezone(timedelta(hours=8), "CST")
"""What people in the service area read on their clocks; all stored times are UTC."""


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...

    @property
    def speed(self) -> float:
        """Clock seconds for each second of the wall clock."""
        ...


@dataclass(frozen=True, slots=True)
class WallClock:
    """The machine's clock."""

    speed: float = 1.0

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)


class StoreClock:
    """The clock of a store that several processes share, so that they agree on what is due.

    Between two looks at the store it goes on by the machine's steady time, which nobody sets: a step of this
    machine's clock moves nothing here.
    """

    TOLERANCE_S = 0.05
    """What a look may be off by, from the way to the store and back, without the clock being set anew."""

    def __init__(self) -> None:
        self._offset_s = time.time() - time.monotonic()

    @property
    def speed(self) -> float:
        """Clock seconds for each second of the wall clock."""
        return 1.0

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.fromtimestamp(time.monotonic() + self._offset_s, UTC)

    def steady_s(self) -> float:
        """The machine's steady seconds, to be taken just before and after the store is asked."""
        return time.monotonic()

    def follow(self, told: datetime, asked_s: float, heard_s: float) -> float:
        """Go by the moment that the store told, asked and heard at these steady seconds; gives the seconds moved."""
        offset_s = told.timestamp() - (asked_s + heard_s) / 2
        moved_s = offset_s - self._offset_s
        if abs(moved_s) <= self.TOLERANCE_S + (heard_s - asked_s) / 2:
            return 0.0
        self._offset_s = offset_s
        return moved_s


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalClock:
    """A clock that runs `speed` times faster, through which a whole day is rehearsed in minutes.

    It is computed from two fixed moments, so that a restarted process goes on where the wall clock puts it.
    """

    starts_at: datetime
    wall_start: datetime
    speed: float

    def now(self) -> datetime:
        """The rehearsed moment, aware, in UTC."""
        return self.starts_at + (datetime.now(UTC) - self.wall_start) * self.speed
