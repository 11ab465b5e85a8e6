"""Hexagons of the H3 grid, in which things are counted for a map: of about one size wherever one looks.

The grid lies still whatever part of the map is looked at, so that a count means the same while the map is moved.
"""

from typing import Final

import h3

from core.geo import Position

RESOLUTIONS: Final = range(3, 9)
"""How fine the grid may be: an edge of about 69 km at 3, 26, 9.9, 3.7 and 1.4 km, and 530 m at 8."""


def hexagon_of(position: Position, resolution: int) -> str:
    """The H3 index of the hexagon, of one of `RESOLUTIONS`, that a position lies in."""
    return h3.latlng_to_cell(position.lat, position.lon, resolution)


def centre(hexagon: str) -> Position:
    """The middle of a hexagon, in WGS-84."""
    lat, lon = h3.cell_to_latlng(hexagon)
    return Position(lat=lat, lon=lon)


def outline(hexagon: str) -> list[Position]:
    """The corners of a hexagon in WGS-84, each once, against the clock. Where the grid bends there are some besides."""
    return [Position(lat=lat, lon=lon) for lat, lon in h3.cell_to_boundary(hexagon)]
