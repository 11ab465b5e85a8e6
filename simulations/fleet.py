"""How vehicles move: timed paths at real speeds, and what a GPS receiver would say of them. Pure.

Times are seconds of the epoch on the rehearsed clock. Paths are short against the Earth, so a flat grid of
metres around their start serves to lay them out; nothing is decided by it.
"""

import math
import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from core.geo import Position, distance_m
from tracking.vocabulary import VehicleKind

M_PER_DEGREE = 111_195.0
CRUISING_MPS = {VehicleKind.SERVICE: 11.0, VehicleKind.TOW: 9.0}
"""Usual speeds between two lights in a city, by kind."""
DETOUR = 1.27
"""A way along a grid of streets is this much longer than the straight line, on average over directions."""
BLOCK_M = 1200
LIGHT_S = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where a vehicle is at one moment. `accuracy_m` is set where a real receiver recorded it."""

    time_s: float
    lat: float
    lon: float
    accuracy_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a terminal says: a position with its speed, course and accuracy, where it knows them."""

    lat: float
    lon: float
    speed_mps: float | None
    course_deg: float | None
    accuracy_m: float


@dataclass(frozen=True, slots=True)
class Path:
    """Points in the order of time, at least one. Before the first and after the last the vehicle stands."""

    points: tuple[Point, ...]
    recorded: bool = False
    """Real fixes with their real errors: never interpolated, no error added."""

    @property
    def ends_s(self) -> float:
        """When the vehicle is at its end."""
        return self.points[-1].time_s

    @property
    def end(self) -> Position:
        """Where the path leads."""
        last = self.points[-1]
        return Position(lat=last.lat, lon=last.lon)

    @property
    def length_m(self) -> float:
        """How long the way is."""
        return sum(_gap_m(a, b) for a, b in zip(self.points, self.points[1:], strict=False))

    def at(self, time_s: float) -> Point:
        """Where the vehicle is at `time_s`: between two points, or at the latest real fix of a recorded path."""
        index = bisect_right(self.points, time_s, key=_time)
        if index == 0:
            return self.points[0]
        before = self.points[index - 1]
        if index == len(self.points) or self.recorded:
            return before
        after = self.points[index]
        share = (time_s - before.time_s) / (after.time_s - before.time_s)
        return Point(
            time_s=time_s,
            lat=before.lat + (after.lat - before.lat) * share,
            lon=before.lon + (after.lon - before.lon) * share,
        )

    def read(self, time_s: float, rng: random.Random) -> Reading:
        """What the vehicle's terminal says at `time_s`."""
        point = self.at(time_s)
        speed_mps, course_deg = self._motion(time_s)
        if self.recorded and point.accuracy_m is not None:
            return Reading(
                lat=point.lat,
                lon=point.lon,
                speed_mps=speed_mps,
                course_deg=course_deg,
                accuracy_m=point.accuracy_m,
            )
        accuracy_m = min(60.0, 6 * math.exp(rng.gauss(0, 0.5)))
        lat, lon = moved(point.lat, point.lon, rng.gauss(0, accuracy_m / 2), rng.gauss(0, accuracy_m / 2))
        return Reading(lat=lat, lon=lon, speed_mps=speed_mps, course_deg=course_deg, accuracy_m=round(accuracy_m, 1))

    def _motion(self, time_s: float) -> tuple[float, float | None]:
        index = bisect_right(self.points, time_s, key=_time)
        if index == 0 or index == len(self.points):
            return 0.0, None
        a, b = self.points[index - 1], self.points[index]
        gap_m = _gap_m(a, b)
        if gap_m < 1:
            return 0.0, None
        north, east = b.lat - a.lat, (b.lon - a.lon) * math.cos(math.radians(a.lat))
        speed_mps = min(60.0, gap_m / (b.time_s - a.time_s))
        return round(speed_mps, 1), round(math.degrees(math.atan2(east, north)) % 360, 1)


@dataclass(frozen=True, slots=True)
class Course:
    """Paths one after the other; between two of them the vehicle stands where the first one ended."""

    paths: tuple[Path, ...]

    @property
    def ends_s(self) -> float:
        """When the last path is at its end."""
        return self.paths[-1].ends_s

    def current(self, time_s: float) -> Path:
        """The path that the vehicle is on, or stands at the end of."""
        begun = bisect_right(self.paths, time_s, key=_start)
        return self.paths[max(0, begun - 1)]

    def where(self, time_s: float) -> Position:
        """Where the vehicle is."""
        point = self.current(time_s).at(time_s)
        return Position(lat=point.lat, lon=point.lon)


def parked(where: Position, at_s: float) -> Path:
    """Standing still."""
    return Path((Point(time_s=at_s, lat=where.lat, lon=where.lon),))


def drive(start: Position, end: Position, at_s: float, kind: VehicleKind, rng: random.Random) -> Path:
    """A way from `start` to `end` along a grid of streets, with lights, at the speeds of `kind`."""
    north_m = (end.lat - start.lat) * M_PER_DEGREE
    east_m = (end.lon - start.lon) * M_PER_DEGREE * math.cos(math.radians(start.lat))
    angle = rng.uniform(-0.4, 0.4)  # the grid is seldom laid out due north
    along_m = north_m * math.cos(angle) + east_m * math.sin(angle)
    across_m = -north_m * math.sin(angle) + east_m * math.cos(angle)
    corners = _staircase(along_m, across_m, rng)
    points = [Point(time_s=at_s, lat=start.lat, lon=start.lon)]
    time_s, here = at_s, (0.0, 0.0)
    for corner in corners:
        gap_m = math.hypot(corner[0] - here[0], corner[1] - here[1])
        time_s += max(0.5, gap_m / (CRUISING_MPS[kind] * rng.uniform(0.75, 1.25)))
        lat, lon = moved(
            start.lat,
            start.lon,
            corner[0] * math.cos(angle) - corner[1] * math.sin(angle),
            corner[0] * math.sin(angle) + corner[1] * math.cos(angle),
        )
        points.append(Point(time_s=time_s, lat=lat, lon=lon))
        if rng.random() < 0.5:
            time_s += rng.uniform(1, 2 * LIGHT_S)
            points.append(Point(time_s=time_s, lat=lat, lon=lon))
        here = corner
    points.append(Point(time_s=time_s + 1, lat=end.lat, lon=end.lon))
    return Path(tuple(points))


def delayed(path: Path, by_s: float) -> Path:
    """The same way, with `by_s` lost halfway."""
    half = len(path.points) // 2
    held = path.points[half:]
    late = tuple(
        Point(time_s=point.time_s + by_s, lat=point.lat, lon=point.lon, accuracy_m=point.accuracy_m) for point in held
    )
    return Path((*path.points[:half], held[0], *late), path.recorded)


def along(track: Sequence[Point], at_s: float) -> Path:
    """A track, driven from `at_s` on: a real one with its own fixes, speeds and errors, shifted in time."""
    shift_s = at_s - track[0].time_s
    return Path(
        tuple(
            Point(time_s=point.time_s + shift_s, lat=point.lat, lon=point.lon, accuracy_m=point.accuracy_m)
            for point in track
        ),
        recorded=track[0].accuracy_m is not None,
    )


def patrol(home: Position, track: Sequence[Point], at_s: float, kind: VehicleKind, rng: random.Random) -> Course:
    """Out to where a real track begins, along it, and home."""
    begins = Position(lat=track[0].lat, lon=track[0].lon)
    out = drive(home, begins, at_s, kind, rng)
    recorded = along(track, out.ends_s + 30)
    back = drive(recorded.end, home, recorded.ends_s + 30, kind, rng)
    return Course((out, recorded, back))


def expected_s(start: Position, end: Position, kind: VehicleKind) -> float:
    """The driving time a specialist would expect."""
    way_m = distance_m(start, end) * DETOUR
    return way_m / CRUISING_MPS[kind] + way_m / (BLOCK_M / 2) * LIGHT_S / 2


def moved(lat: float, lon: float, north_m: float, east_m: float) -> tuple[float, float]:
    """The point so far to the north and east, for small distances."""
    return (
        lat + north_m / M_PER_DEGREE,
        lon + east_m / (M_PER_DEGREE * math.cos(math.radians(lat))),
    )


def _staircase(along_m: float, across_m: float, rng: random.Random) -> list[tuple[float, float]]:
    steps = max(1, round(math.hypot(along_m, across_m) / BLOCK_M))
    cuts = sorted(rng.random() for _ in range(steps - 1)), sorted(rng.random() for _ in range(steps - 1))
    corners: list[tuple[float, float]] = []
    before = 0.0
    for a, b in zip((*cuts[0], 1.0), (*cuts[1], 1.0), strict=True):
        corners.append((a * along_m, before * across_m))
        corners.append((a * along_m, b * across_m))
        before = b
    return corners


def _time(point: Point) -> float:
    return point.time_s


def _start(path: Path) -> float:
    return path.points[0].time_s


def _gap_m(a: Point, b: Point) -> float:
    north_m = (b.lat - a.lat) * M_PER_DEGREE
    east_m = (b.lon - a.lon) * M_PER_DEGREE * math.cos(math.radians(a.lat))
    return math.hypot(north_m, east_m)
