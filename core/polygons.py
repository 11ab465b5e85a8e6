"""A set of polygons on the plane that can be asked what is near a point."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely as _untyped_shapely
from numpy.typing import NDArray

_shapely: Any = _untyped_shapely  # it ships no types; every result below is given its own

Numbers = NDArray[np.intp]
"""Numbers of polygons in their set."""

Bounds = tuple[float, float, float, float]
"""West, south, east, north on the plane."""


class PolygonSet:
    """Polygons with an index on their bounding rectangles. Lengths are in the unit of the coordinates."""

    def __init__(self, shapes: Any) -> None:
        """Take an array of shapely polygons; from elsewhere use `from_arrays`."""
        self._shapes = shapes
        self._tree = _shapely.STRtree(shapes)

    @classmethod
    def from_arrays(
        cls, xy: NDArray[np.float64], rings: NDArray[np.int64], polygons: NDArray[np.int64]
    ) -> "PolygonSet":
        """From flat arrays as in `core.boundaries.Polygons`, but with `xy` on the plane."""
        return cls(_shapely.from_ragged_array(_shapely.GeometryType.POLYGON, xy, (rings, polygons)))

    def clipped(self, among: Numbers, rectangles: Sequence[Bounds], margin: float) -> "PolygonSet":
        """What of `among` lies inside each of the rectangles, widened by `margin` on all sides."""
        pieces = np.concatenate(
            [
                _shapely.clip_by_rect(self._shapes[among], west - margin, south - margin, east + margin, north + margin)
                for west, south, east, north in rectangles
            ]
        )
        return PolygonSet(pieces[~_shapely.is_empty(pieces)])

    def bounds(self, among: Numbers) -> Bounds:
        """The rectangle round all of `among`."""
        west, south, east, north = _shapely.total_bounds(self._shapes[among])
        return float(west), float(south), float(east), float(north)

    def around(self, x: float, y: float, reach: float) -> Numbers:
        """Those whose bounding rectangle meets the square of half-side `reach` round (x, y), in rising order."""
        found: Numbers = self._tree.query(_shapely.box(x - reach, y - reach, x + reach, y + reach))
        return np.sort(found)

    def covering(self, among: Numbers, x: float, y: float) -> Numbers:
        """Those of `among` that have (x, y) inside or on their edge."""
        hits: NDArray[np.bool_] = _shapely.intersects_xy(self._shapes[among], x, y)
        return among[hits]

    def distances(self, among: Numbers, x: float, y: float) -> NDArray[np.float64]:
        """How far each of `among` is from (x, y): 0 inside."""
        found: NDArray[np.float64] = _shapely.distance(self._shapes[among], _shapely.Point(x, y))
        return found

    def gap(self, among: Numbers, x: float, y: float, reach: float) -> float:
        """How far from (x, y) the nearest spot is that no polygon of `among` covers; infinite beyond the square.

        The polygons must not overlap.
        """
        square = (x - reach, y - reach, x + reach, y + reach)
        pieces = _shapely.clip_by_rect(self._shapes[among], *square)
        area = 4.0 * reach * reach
        if float(_shapely.area(pieces).sum()) > area * (1.0 - 1e-6):
            return math.inf
        uncovered = _shapely.difference(_shapely.box(*square), _shapely.union_all(pieces))
        return float(_shapely.distance(uncovered, _shapely.Point(x, y)))
