"""The words of tracking: vehicles, terminals, fixes, live positions, fences."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from core.geo import Position


class VehicleKind(StrEnum):
    """A service vehicle repairs on site, a tow vehicle tows."""

    SERVICE = "service"
    TOW = "tow"


class VehicleState(StrEnum):
    """What a vehicle is doing, as far as dispatching cares."""

    FREE = "free"
    BUSY = "busy"
    OFF_DUTY = "off_duty"


class Protocol(StrEnum):
    """What a terminal speaks."""

    WEBSOCKET = "websocket"
    OSMAND = "osmand"
    JT808 = "jt808"
    GT06 = "gt06"
    TRACCAR = "traccar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """A rescue vehicle of one dealer (R9). `tools` is empty where they were not declared."""

    plate: str
    kind: VehicleKind
    dealer: str
    on_duty: bool
    tools: tuple[str, ...] = ()
    tracked: bool = False
    """True when a GPS terminal is fitted (R3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """A GPS terminal, fitted in the vehicle with this plate."""

    terminal_id: str
    plate: str
    protocol: Protocol


class Fix(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One position report. `seq` is the terminal's own counter; (terminal, time, seq) names the fix.

    A struct, because there are tens of thousands a second: a dataclass takes ten times as long to make.
    """

    terminal_id: str
    seq: int
    time: datetime
    position: Position
    speed_mps: float | None = None
    course_deg: float | None = None
    accuracy_m: float | None = None


class FixFlag(StrEnum):
    """What the trail says of a fix, judged among its neighbours in time."""

    OK = "ok"
    COARSE = "coarse"
    JUMP = "jump"


TrailKey = tuple[datetime, str, int]
"""A fix's place in its vehicle's trail: time, then terminal, then the terminal's counter."""


def trail_key(fix: Fix) -> TrailKey:
    """The order in which a vehicle's fixes are read, and the name of each."""
    return fix.time, fix.terminal_id, fix.seq


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailPoint:
    """One acknowledged fix of a vehicle's trail."""

    fix: Fix
    flag: FixFlag

    @property
    def key(self) -> TrailKey:
        """Where the next page starts after."""
        return trail_key(self.fix)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Something that a terminal sent and that is not taken. `seq` is None where it could not be read."""

    seq: int | None
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePosition:
    """Where a vehicle was last seen, by its own clock."""

    plate: str
    position: Position
    fix_time: datetime
    speed_mps: float | None = None
    course_deg: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """What the fixes say of one trip: when its vehicle left, and when it came to rest at the scene.

    `trip_id` is the reference that the fence was set with; a time is None while the fixes do not show it.
    """

    trip_id: str
    plate: str
    departed_at: datetime | None
    arrived_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Told on the bus after a commit: these vehicles have a newer live position."""

    plates: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """Told on the bus after a commit: these vehicles do something else now, or are new."""

    plates: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossed:
    """Told on the bus after a commit: there are crossings that dispatch has not noted yet."""
