"""When a vehicle passed a place, by what its fixes show (a rule; the store's form of it is in `tracking.corridor`).

Terminals report every ten to thirty seconds, so a vehicle on a road passes between two fixes. The way between two that
follow each other is taken as straight on the map where they lie close enough for that to be near the truth; a fix to
which nothing leads, and from which nothing leads on, still shows its vehicle where it is.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from core.geo import Position, distance_m
from tracking.fixes import LIMITS, is_coarse
from tracking.vocabulary import Fix, trail_key

LEG: Final = timedelta(seconds=120)
LEG_M: Final = 2_000.0
"""Two fixes further apart, in time or on the ground, do not say which way the vehicle took between them."""
VISIT: Final = timedelta(minutes=10)
"""Who is back sooner, or was silent for less, has not been away."""
_DAWN, _DUSK = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_FLATTENED: Final = 1 - 0.006_694_379_990_141_3
"""1 - e² of the WGS-84 ellipsoid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One visit of a vehicle to a place's surroundings.

    It came nearest at `at`, to `nearest_m`, both by interpolation; `since` and `until` are the times of the first and
    last fixes of the ways on which it was within the radius.
    """

    plate: str
    nearest_m: float
    at: datetime
    since: datetime
    until: datetime


PassKey = tuple[datetime, str]


def pass_key(found: Pass) -> PassKey:
    """The order in which passes are read: by time, then plate."""
    return found.at, found.plate


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A place, how near counts, and when: the nearest approach of a way lies within `start` and `end`."""

    place: Position
    radius_m: float
    start: datetime
    end: datetime

    @property
    def reach_m(self) -> float:
        """One end at least of each way that counts lies so near to the place. (The slack is for its straightness.)"""
        return (self.radius_m + LEG_M / 2) * 1.001 + 1

    @property
    def first(self) -> datetime:
        """No way that counts begins earlier."""
        return max(self.start, _DAWN + LEG) - LEG

    @property
    def last(self) -> datetime:
        """No way that counts ends later."""
        return min(self.end, _DUSK - LEG) + LEG

    @property
    def narrowing(self) -> float:
        """How much shorter a degree of longitude is here than one of latitude."""
        sine, cosine = math.sin(math.radians(self.place.lat)), math.cos(math.radians(self.place.lat))
        return cosine * (1 - (1 - _FLATTENED) * sine * sine) / _FLATTENED


def ways_past(plate: str, fixes: Iterable[Fix], search: Search) -> Iterator[Pass]:
    """Each way of one vehicle that leads past the place, by its fixes in any order."""
    usable = sorted((fix for fix in fixes if not is_coarse(fix)), key=trail_key)
    for a, b in _ways(usable):
        nearest_m, at = _approach(a, b, search)
        if nearest_m <= search.radius_m and search.start <= at <= search.end:
            yield Pass(plate=plate, nearest_m=nearest_m, at=at, since=a.time, until=b.time)


def visits(ways: Iterable[Pass]) -> list[Pass]:
    """The visits of one vehicle that its ways past a place make up, by time. The same way twice is that way."""
    found: list[Pass] = []
    for way in sorted(ways, key=lambda one: (one.since, one.until)):
        if found and way.since - found[-1].until <= VISIT:
            way = _joined(found.pop(), way)
        found.append(way)
    return found


def _ways(fixes: Iterable[Fix]) -> Iterator[tuple[Fix, Fix]]:
    """From each fix to the next, or where no way leads on, only to itself."""
    before: Fix | None = None
    for fix in fixes:
        if before is not None:
            yield before, fix if _leads(before, fix) else before
        before = fix
    if before is not None:
        yield before, before


def _leads(a: Fix, b: Fix) -> bool:
    if b.time - a.time > LEG:
        return False
    # Clocks of whole seconds: two fixes of one second may be a second apart.
    longest_m = min(LEG_M, LIMITS.top_speed_mps * max((b.time - a.time).total_seconds(), 1.0))
    return distance_m(a.position, b.position) <= longest_m


def _approach(a: Fix, b: Fix, search: Search) -> tuple[float, datetime]:
    """How near the way from `a` to `b` comes to the place, and when."""
    place, narrowing = search.place, search.narrowing
    north, east = b.position.lat - a.position.lat, b.position.lon - a.position.lon
    square = (east * narrowing) ** 2 + north**2
    part = 0.0
    if square > 0:
        along = (place.lon - a.position.lon) * east * narrowing**2 + (place.lat - a.position.lat) * north
        part = min(1.0, max(0.0, along / square))
    there = Position(lat=a.position.lat + part * north, lon=a.position.lon + part * east)
    return distance_m(there, place), a.time + part * (b.time - a.time)


def _joined(visit: Pass, way: Pass) -> Pass:
    nearer = min(visit, way, key=lambda one: (one.nearest_m, one.at))
    return Pass(
        plate=visit.plate,
        nearest_m=nearer.nearest_m,
        at=nearer.at,
        since=visit.since,
        until=max(visit.until, way.until),
    )
