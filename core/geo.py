"""Positions and distances on the WGS-84 ellipsoid, and what can be seen wrong with a position at a glance (R22)."""

import math
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from pyproj import Geod

from core.errors import Invalid, InvalidPosition

_ELLIPSOID: Final = Geod(ellps="WGS84")

_LEAST_M_A_DEGREE: Final = 110_574.0
"""A degree of latitude is nowhere shorter than at the equator, and one of longitude there is longer."""

NULL_ISLAND_DEG: Final = 1e-3
"""A latitude and a longitude both smaller than this are a device's zeros, not a place."""
_LONGEST_DEGREE_M: Final = 111_694.0
"""No degree is longer on the ellipsoid, along a meridian or a parallel: the meridian's at the poles, rounded up."""


class Position(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A point in WGS-84 degrees. A struct, because one is made for every fix: a dataclass takes eight times as long."""

    lat: float
    lon: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BBox:
    """A rectangle in WGS-84 degrees, edges included. It never crosses the 180th meridian."""

    west: float
    south: float
    east: float
    north: float

    def contains(self, position: Position) -> bool:
        """Whether `position` lies inside or on an edge; never for a position that is not a number."""
        return self.west <= position.lon <= self.east and self.south <= position.lat <= self.north


CHINA_ENVELOPE: Final = BBox(west=72.004, south=0.8293, east=137.8347, north=55.8271)
"""The rectangle round China within which GCJ-02 shifts positions; all of the service area lies inside."""


def parse_bbox(text: str) -> BBox:
    """Read `west,south,east,north` in degrees.

    Raises `Invalid` where it is not four finite numbers, in range, west before east and south before north.
    """
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise Invalid("a bbox is four numbers: west,south,east,north", field="bbox") from None
    # Written so that a NaN, which compares false with everything, is refused by the same line.
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise Invalid("a bbox needs -180 ≤ west < east ≤ 180 and -90 ≤ south < north ≤ 90", field="bbox")
    return BBox(west=west, south=south, east=east, north=north)


def around(position: Position, metres: float) -> BBox:
    """A rectangle that holds all that lies within `metres` of `position`, and little more away from the poles.

    It is cut at the 180th meridian, beyond which nothing is served.
    """
    high = metres / _LEAST_M_A_DEGREE
    south, north = max(position.lat - high, -90.0), min(position.lat + high, 90.0)
    narrowest = math.cos(math.radians(max(abs(south), abs(north))))
    wide = min(high / narrowest, 360.0) if narrowest > 0 else 360.0
    return BBox(west=max(position.lon - wide, -180.0), south=south, east=min(position.lon + wide, 180.0), north=north)


def distance_m(a: Position, b: Position) -> float:
    """The geodesic distance between two positions, in metres."""
    _, _, metres = _ELLIPSOID.inv(a.lon, a.lat, b.lon, b.lat)
    return float(metres)


def at_most_m(a: Position, b: Position) -> float:
    """What the geodesic distance does not exceed, in metres, at a small part of its cost.

    It is the length that the straight line of latitudes and longitudes between the two would have if every degree
    were as long as the longest: more than that line's own length, and the geodesic is shorter than any other line.
    In Shanghai it is up to a sixth too long.
    """
    return _LONGEST_DEGREE_M * math.hypot(a.lat - b.lat, a.lon - b.lon)


def distances_m(origin: Position, lats: NDArray[np.float64], lons: NDArray[np.float64]) -> NDArray[np.float64]:
    """The geodesic distances from `origin` to many positions, in metres, in their order."""
    from_lons, from_lats = np.full(lats.shape, origin.lon), np.full(lats.shape, origin.lat)
    _, _, metres = _ELLIPSOID.inv(from_lons, from_lats, lons, lats)
    return np.asarray(metres, dtype=np.float64)


def bearing_deg(a: Position, b: Position) -> float:
    """The direction in which the shortest way from `a` to `b` sets out: degrees clockwise from north, [0, 360)."""
    azimuth, _, _ = _ELLIPSOID.inv(a.lon, a.lat, b.lon, b.lat)
    bearing = float(azimuth) % 360.0
    return 0.0 if bearing == 360.0 else bearing  # a tiny negative azimuth rounds up to 360


def check_position(lat: float, lon: float) -> None:
    """Raise `InvalidPosition`, saying which, for what cannot be a position or is plainly swapped (R22).

    Give it the numbers as they came, before any conversion of datum. Whether the place is served is another
    question: `core.places` answers it.
    """
    if not (math.isfinite(lat) and math.isfinite(lon)):
        raise InvalidPosition(f"latitude {lat}, longitude {lon}: not a number", rule="R22", field="location")
    given, swapped = Position(lat=lat, lon=lon), Position(lat=lon, lon=lat)
    if CHINA_ENVELOPE.contains(swapped) and not CHINA_ENVELOPE.contains(given):
        raise InvalidPosition(f"latitude {lat}, longitude {lon}: the two are swapped", rule="R22", field="location")
    if abs(lat) > 90 or abs(lon) > 180:
        raise InvalidPosition(f"latitude {lat}, longitude {lon}: out of range", rule="R22", field="location")
    if abs(lat) < NULL_ISLAND_DEG and abs(lon) < NULL_ISLAND_DEG:
        raise InvalidPosition("(0, 0): the device had no position", rule="R22", field="location")
