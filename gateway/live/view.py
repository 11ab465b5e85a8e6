"""What a screen may say: which part of the map it shows. Anything else is refused and changes nothing."""

from typing import Literal

import msgspec

from core.errors import Invalid
from core.geo import BBox

MAX_LENGTH = 1024
"""Letters; a view needs fewer than 150."""


class _Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["view"]
    bbox: tuple[float, float, float, float] | None


_decoder = msgspec.json.Decoder(_Said)


def parse_view(text: str | bytes) -> BBox | None:
    """The box of `{"type":"view","bbox":[w,s,e,n]}`, or None where `bbox` is null: the whole map.

    Raises Invalid for anything else.
    """
    if len(text) > MAX_LENGTH:
        raise Invalid(f"longer than {MAX_LENGTH} letters")
    try:
        bbox = _decoder.decode(text).bbox
    except (msgspec.DecodeError, UnicodeError) as error:
        raise Invalid(f'expected {{"type":"view","bbox":[w,s,e,n]}}: {error}') from error
    if bbox is None:
        return None
    west, south, east, north = bbox
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise Invalid("a bbox needs -180 ≤ west < east ≤ 180 and -90 ≤ south < north ≤ 90", field="bbox")
    return BBox(west=west, south=south, east=east, north=north)
