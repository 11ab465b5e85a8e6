"""Where a dealer's site lies, and whether that agrees with the city it states. A disagreement is told, not mended."""

from dataclasses import dataclass

from core.datum import Datum
from core.geo import Position
from core.places import Places
from dispatch.opening import to_position

OUTSIDE_STATED_CITY = "outside_stated_city"
UNKNOWN_CITY = "unknown_city"


def prefecture_code(places: Places, code: str) -> str | None:
    """The prefecture that a code names: its own, or that of the district or municipality it belongs to; else None.

    A municipality is written as 310000 by some and as 310100 by others.
    """
    return next((one for one in (code, f"{code[:4]}00", f"{code[:2]}0000") if places.city_name(one)), None)


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
    site = to_position(lat, lon, datum)
    answer = places.assess(site)
    found = answer.city_code or ""
    doubts = answer.doubts
    stated = prefecture_code(places, city_code) if city_code else None
    if city_code and stated is None:
        doubts = (*doubts, UNKNOWN_CITY)
    elif stated and found and stated not in (found, answer.neighbour_code):
        doubts = (*doubts, OUTSIDE_STATED_CITY)
    return Sited(site=site, city_code=stated or city_code or found, doubts=doubts)
