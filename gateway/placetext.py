"""What a dispatcher types for a place: coordinates, a point of an expressway (R18), or words. Pure."""

import re
import unicodedata
from dataclasses import dataclass

from dispatch.vocabulary import Expressway

_NUMBER = r"[-+]?\d{1,3}(?:\.\d+)?"
_COORDINATES = re.compile(
    rf"\(?\s*({_NUMBER})\s*°?\s*[NSEW]?\s*[,;\s]\s*({_NUMBER})\s*°?\s*[NSEW]?\s*\)?", re.IGNORECASE
)
_ROAD = re.compile(r"(?<![A-Z0-9])([GS]\d{1,4})(?!\d)", re.IGNORECASE)
_POST = re.compile(
    r"(?:\bK\s*(\d{1,4})(?:\s*\+\s*(\d{1,3}))?)|(\d{1,4})\s*(?:公里|km\b)(?:\s*(\d{1,3})\s*米)?", re.IGNORECASE
)
_DIRECTION = re.compile(r"(?:往|向|去)?\s*([\u4e00-\u9fff]{1,8}?)\s*(?:方向|方)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What was understood; everything empty where it is words."""

    coordinates: tuple[float, float] | None = None
    """Latitude and longitude, as typed or, where `swapped`, the other way round."""
    swapped: bool = False
    expressway: Expressway | None = None


def read_place(text: str) -> Typed:
    """Understand `text`. Whole-width digits and Chinese commas are as good as plain ones."""
    plain = unicodedata.normalize("NFKC", text).replace("、", ",").strip()
    if found := _COORDINATES.fullmatch(plain):
        first, second = float(found[1]), float(found[2])
        # No latitude is beyond 90°, and in the service area every longitude is.
        if abs(first) > 90 >= abs(second):
            return Typed(coordinates=(second, first), swapped=True)
        return Typed(coordinates=(first, second))
    road, post = _ROAD.search(plain), _POST.search(plain)
    if road and post:
        direction = _DIRECTION.search(plain[road.end() :])
        return Typed(
            expressway=Expressway(
                road=road[1].upper(),
                direction=_direction(direction[1]) if direction else "",
                kilometre_post=_post(post),
            )
        )
    return Typed()


def _post(found: re.Match[str]) -> str:
    whole, rest = found[1] or found[3], found[2] or found[4]
    return f"K{whole}+{int(rest):03d}" if rest else f"K{whole}"


def _direction(words: str) -> str:
    return re.sub(r"^.*?(?:高速|公路)?(?:往|向|去)", "", words)
