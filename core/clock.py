"""The only place that reads the machine's clock. Everything else takes `now` as an argument."""

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
