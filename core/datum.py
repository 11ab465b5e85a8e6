"""The datums in which Chinese phones and maps speak, and the one used inside: WGS-84.

GCJ-02 is WGS-84 pushed aside by some hundreds of metres, by a fixed formula of sines on Krasovsky's ellipsoid;
BD-09 is GCJ-02 pushed aside once more, by Baidu. Both formulas lead away from WGS-84 only. The way back is found
by fixed-point iteration: the shift changes so little from place to place that each round gains two digits at least.
"""

import math
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from core.geo import CHINA_ENVELOPE, Position

_SEMI_MAJOR_M: Final = 6_378_245.0
_ECCENTRICITY_SQUARED: Final = 0.006_693_421_622_965_943_23
_ROUNDS: Final = 8
"""Enough for the rounding error of a double (nanometres); four already give a micrometre for GCJ-02."""


class Datum(StrEnum):
    """In which datum a position was given."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


def to_wgs84(lat: float, lon: float, datum: Datum) -> tuple[float, float]:
    """The WGS-84 latitude and longitude of a position given in `datum`.

    Outside the rectangle of China there is no shift: such a position comes back as it was, so that zeros and
    swapped values are still seen for what they are.
    """
    if datum is Datum.WGS84 or not _shifted(lat, lon):
        return lat, lon
    if datum is Datum.BD09:
        lat, lon = _undo(_gcj02_to_bd09, lat, lon)
    return _undo(_wgs84_to_gcj02, lat, lon)


def from_wgs84(lat: float, lon: float, datum: Datum) -> tuple[float, float]:
    """The latitude and longitude in `datum` of a WGS-84 position; unchanged outside the rectangle of China."""
    if datum is Datum.WGS84 or not _shifted(lat, lon):
        return lat, lon
    lat, lon = _wgs84_to_gcj02(lat, lon)
    return _gcj02_to_bd09(lat, lon) if datum is Datum.BD09 else (lat, lon)


def _shifted(lat: float, lon: float) -> bool:
    return CHINA_ENVELOPE.contains(Position(lat=lat, lon=lon))


def _undo(shift: Callable[[float, float], tuple[float, float]], lat: float, lon: float) -> tuple[float, float]:
    """The position that `shift` moves to (`lat`, `lon`)."""
    found_lat, found_lon = lat, lon
    for _ in range(_ROUNDS):
        moved_lat, moved_lon = shift(found_lat, found_lon)
        found_lat += lat - moved_lat
        found_lon += lon - moved_lon
    return found_lat, found_lon


def _wgs84_to_gcj02(lat: float, lon: float) -> tuple[float, float]:
    x, y = lon - 105.0, lat - 35.0
    root = 0.2 * math.sqrt(abs(x))
    # Waves along the longitude that are in both components, then each component's own.
    shared = 20.0 * math.sin(6.0 * math.pi * x) + 20.0 * math.sin(2.0 * math.pi * x)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + root
    north += (shared + _waves(y, (20.0, 1.0), (40.0, 3.0), (160.0, 12.0), (320.0, 30.0))) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + root * 0.5
    east += (shared + _waves(x, (20.0, 1.0), (40.0, 3.0), (150.0, 12.0), (300.0, 30.0))) * 2.0 / 3.0
    # From metres to degrees, on the two radii of curvature at this latitude.
    sine = math.sin(math.radians(lat))
    flatness = 1.0 - _ECCENTRICITY_SQUARED * sine * sine
    prime_vertical_m = _SEMI_MAJOR_M / math.sqrt(flatness)
    meridian_m = _SEMI_MAJOR_M * (1.0 - _ECCENTRICITY_SQUARED) / flatness**1.5
    return (
        lat + math.degrees(north / meridian_m),
        lon + math.degrees(east / (prime_vertical_m * math.cos(math.radians(lat)))),
    )


def _waves(at: float, *waves: tuple[float, float]) -> float:
    return sum(height * math.sin(at * math.pi / length) for height, length in waves)


def _gcj02_to_bd09(lat: float, lon: float) -> tuple[float, float]:
    turn = math.pi * 3000.0 / 180.0
    radius = math.hypot(lon, lat) + 0.00002 * math.sin(lat * turn)
    angle = math.atan2(lat, lon) + 0.000003 * math.cos(lon * turn)
    return radius * math.sin(angle) + 0.006, radius * math.cos(angle) + 0.0065
