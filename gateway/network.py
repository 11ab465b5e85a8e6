"""Where a dealer's site lies, and whether that agrees with the city it states. A disagreement is told, not mended."""

from dataclasses import dataclass

from core.datum import Datum, to_wgs84
from core.geo import Position, check_position
from core.places import Places

OUTSIDE_STATED_CITY = "outside_stated_city"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sited:
    """A dealer's site in WGS-84, its city, and what is doubtful about it (R22)."""

    site: Position
    city_code: str
    doubts: tuple[str, ...]


def sited(places: Places, lat: float, lon: float, datum: Datum, city_code: str) -> Sited:
    """Check and convert a dealer's position; where no city is stated, the position decides.

    Raises `InvalidPosition` (R22) or `OutsideServiceArea` (R12).
    """
    check_position(lat, lon)
    wgs_lat, wgs_lon = to_wgs84(lat, lon, datum)
    site = Position(lat=wgs_lat, lon=wgs_lon)
    answer = places.assess(site)
    found = answer.city_code or ""
    outside = bool(city_code and found) and city_code not in (found, answer.neighbour_code)
    return Sited(
        site=site,
        city_code=city_code or found,
        doubts=(*answer.doubts, OUTSIDE_STATED_CITY) if outside else answer.doubts,
    )
