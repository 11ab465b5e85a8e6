"""Simplified outlines of the prefectures, for the base map that needs no map service.

Whoever draws them in public needs the approval number of the map's origin: see decision 0004.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely as _untyped_shapely
from numpy.typing import NDArray

from core.boundaries import CITIES, read_city_codes, read_polygons
from core.geo import BBox

_shapely: Any = _untyped_shapely  # it ships no types

Ring = list[list[float]]
"""Closed: `[[lon, lat], …]`, the last point as the first."""

LEVELS_DEG: Final = (0.001, 0.004, 0.016, 0.064)
"""The degrees of simplification that are kept; a wish is rounded down to one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The outline of one prefecture-level unit."""

    code: str
    name: str
    rings: list[Ring]
    """Outer rings and holes alike: to be drawn as lines, or filled by the even-odd rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _City:
    code: str
    bounds: BBox
    rings: tuple[NDArray[np.float64], ...]


class OutlineBook:
    """Keeps the outlines of the levels that were asked for. The first question for a level takes about a second."""

    def __init__(self) -> None:
        self._levels: dict[float, tuple[_City, ...]] = {}

    def meeting(self, bbox: BBox, tolerance_deg: float) -> Iterator[tuple[str, list[Ring]]]:
        """Adcode and rings of the units whose rectangle meets `bbox`.

        Neighbours keep one common border line at every level; islands smaller than the tolerance are left out.
        """
        level_deg = max((level for level in LEVELS_DEG if level <= tolerance_deg), default=LEVELS_DEG[0])
        if level_deg not in self._levels:
            self._levels[level_deg] = tuple(_simplified(level_deg))
        for city in self._levels[level_deg]:
            if _meet(city.bounds, bbox):
                yield city.code, [ring.tolist() for ring in city.rings]


def _meet(a: BBox, b: BBox) -> bool:
    return a.west <= b.east and b.west <= a.east and a.south <= b.north and b.south <= a.north


def simplified_shapes(tolerance_deg: float) -> tuple[list[str], NDArray[np.object_]]:
    """Adcodes and shapes of all units, simplified as one coverage. Takes about a second.

    Done one by one, neighbours would draw two different common borders.
    """
    polygons = read_polygons(CITIES)
    shapes = _shapely.from_ragged_array(
        _shapely.GeometryType.MULTIPOLYGON,
        polygons.lonlat,
        (polygons.rings, polygons.polygons, polygons.geometries),
    )
    return read_city_codes(), _shapely.coverage_simplify(shapes, tolerance_deg)


def _simplified(tolerance_deg: float) -> Iterator[_City]:
    for code, shape in zip(*simplified_shapes(tolerance_deg), strict=True):
        west, south, east, north = (float(edge) for edge in _shapely.bounds(shape))
        rings: NDArray[np.object_] = _shapely.get_rings(_shapely.get_parts(shape))
        extents: NDArray[np.float64] = _shapely.bounds(rings)
        shown = np.maximum(extents[:, 2] - extents[:, 0], extents[:, 3] - extents[:, 1]) > tolerance_deg
        yield _City(
            code=code,
            bounds=BBox(west=west, south=south, east=east, north=north),
            rings=tuple(_points(ring) for ring in rings[shown]),
        )


def _points(ring: object) -> NDArray[np.float64]:
    points: NDArray[np.float64] = _shapely.get_coordinates(ring)
    return np.round(points, 5)  # a metre
