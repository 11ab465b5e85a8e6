"""The squares into which maps on the web are cut, and what is drawn in one of them.

The whole world is one square of side 1, in the spherical Mercator projection: its corner in the north-west is (0, 0),
so that y grows southwards. At zoom z it is cut into 2^z by 2^z tiles. Within a tile, things are counted in whole steps
of 1/4096 of its side, as the Mapbox Vector Tile specification (2.1) wants it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import mapbox_vector_tile as _untyped_mvt
import numpy as np
import shapely as _untyped_shapely
from numpy.typing import NDArray

from core.errors import Invalid

_mvt: Any = _untyped_mvt  # neither ships types
_shapely: Any = _untyped_shapely

STEPS: Final = 4096
"""A tile's side."""
MARGIN_STEPS: Final = 64
"""So much is drawn beyond a tile's edges, that no line ends where the next tile's begins."""
PIXEL_STEPS: Final = 8
"""A picture's point: vector tiles are shown 512 points wide."""
_NORTHMOST_DEG: Final = 85.051_128_779_806_59
"""Where the square ends."""
_OPTIONS: Final = {"y_coord_down": True, "extents": STEPS}

Shapes = NDArray[np.object_]
"""Geometries of shapely's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One tile: column `x` from the west and row `y` from the north, at zoom `z`."""

    z: int
    x: int
    y: int

    def square(self, margin_steps: int = 0) -> tuple[float, float, float, float]:
        """West, north, east and south edge on the world's square."""
        side = 0.5**self.z
        margin = side * margin_steps / STEPS
        west, north = self.x * side, self.y * side
        return west - margin, north - margin, west + side + margin, north + side + margin


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One thing that is drawn: a shape in a tile's steps, and what is told of it."""

    shape: object
    properties: Mapping[str, str]


def tile_at(z: int, x: int, y: int, *, max_zoom: int) -> Tile:
    """The tile of these numbers. Raises `Invalid`, naming the one that is out of range."""
    if not 0 <= z <= max_zoom:
        raise Invalid(f"no such zoom: there are 0 to {max_zoom}", field="z")
    for field, number in (("x", x), ("y", y)):
        if not 0 <= number < 2**z:
            raise Invalid(f"no such tile: at zoom {z} there are 0 to {2**z - 1}", field=field)
    return Tile(z=z, x=x, y=y)


def step(z: int) -> float:
    """A step of a tile at zoom `z`, on the world's square."""
    return 0.5**z / STEPS


def on_square(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points of longitude and latitude, one a row, on the world's square. What lies beyond its edges is put on them."""
    lat = np.radians(np.clip(lonlat[:, 1], -_NORTHMOST_DEG, _NORTHMOST_DEG))
    return np.column_stack((lonlat[:, 0] / 360 + 0.5, 0.5 - np.arctanh(np.sin(lat)) / (2 * np.pi)))


def put_on_square(shapes: Shapes) -> Shapes:
    """Shapes of longitudes and latitudes, on the world's square."""
    put: Shapes = _shapely.transform(shapes, on_square)
    return put


def cut(shapes: Shapes, tile: Tile) -> Shapes:
    """Of shapes on the world's square what lies in `tile`, in its steps; empty where nothing does."""
    west, north, _, _ = tile.square()
    per_step = step(tile.z)

    def in_steps(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return (points - (west, north)) / per_step

    inside = _shapely.clip_by_rect(shapes, *tile.square(MARGIN_STEPS))
    # What is too small to keep a length or an area on the grid of steps is gone with it.
    drawn: Shapes = _shapely.set_precision(_shapely.transform(inside, in_steps), 1.0)
    return drawn


def encode(layers: Mapping[str, Sequence[Feature]]) -> bytes:
    """The vector tile with these layers; nothing at all where none has a feature."""
    told = [
        {
            "name": name,
            "features": [{"geometry": one.shape, "properties": dict(one.properties)} for one in features],
        }
        for name, features in layers.items()
        if features
    ]
    tile: bytes = _mvt.encode(told, default_options=_OPTIONS) if told else b""
    return tile
