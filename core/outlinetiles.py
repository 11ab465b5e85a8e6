"""The outlines of the prefectures as vector tiles, for a map that needs no map service.

Whoever draws them in public needs the approval number of the map's origin: see decision 0004.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely as _untyped_shapely
from numpy.typing import NDArray

from core.outlines import LEVELS_DEG, simplified_shapes
from core.webtiles import MARGIN_STEPS, Feature, Shapes, Tile, cut, encode, put_on_square

_shapely: Any = _untyped_shapely  # it ships no types

MAX_ZOOM: Final = 10
"""The finest outlines are those of a point of the picture there; whoever looks closer is shown these tiles, larger."""
_POINT_DEG: Final = 360 / 512
"""A point of the picture at zoom 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """What is drawn at some zooms, on the world's square."""

    units: Shapes
    units_tree: Any
    borders: Shapes
    """Each border once, where the units have it twice."""
    borders_tree: Any


class OutlineTiles:
    """Draws the outlines. Asked by one thread at a time; the first question for a level takes a second or two."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._told: list[dict[str, str]] = []
        self._levels: dict[float, _Level] = {}
        self._labels: Shapes = np.empty(0, dtype=object)

    def draw(self, tile: Tile) -> bytes:
        """The vector tile: `prefectures` (areas), `borders` (lines) and `labels` (points); nothing where none is.

        Areas and points tell `code` and `name`. The point of a unit lies in its largest part, and in one tile.
        """
        level = self._level(level_deg(tile.z))
        around = _shapely.box(*tile.square(MARGIN_STEPS))
        found = np.sort(level.units_tree.query(around))
        areas = cut(level.units[found], tile)
        borders = cut(level.borders[np.sort(level.borders_tree.query(around))], tile)
        lines = _shapely.get_parts(borders[_shapely.length(borders) > 0])
        return encode(
            {
                "prefectures": [
                    Feature(shape=area, properties=self._told[int(unit)])
                    for area, unit in zip(areas, found, strict=True)
                    if _shapely.area(area) > 0
                ],
                "borders": [Feature(shape=_shapely.multilinestrings(lines), properties={})] if len(lines) else [],
                "labels": self._labels_in(tile),
            }
        )

    def _labels_in(self, tile: Tile) -> list[Feature]:
        west, north, east, south = tile.square()
        x, y = _shapely.get_x(self._labels), _shapely.get_y(self._labels)
        here = np.flatnonzero((west <= x) & (x < east) & (north <= y) & (y < south))
        points = cut(self._labels[here], tile)
        return [Feature(shape=point, properties=self._told[unit]) for point, unit in zip(points, here, strict=True)]

    def _level(self, tolerance_deg: float) -> _Level:
        if tolerance_deg not in self._levels:
            codes, shapes = simplified_shapes(tolerance_deg)
            units = put_on_square(shapes)
            if not self._told:
                self._told = [{"code": code, "name": self._names[code]} for code in codes]
                self._labels = _shapely.point_on_surface(_largest_parts(units))
            borders = _borders(units)
            self._levels[tolerance_deg] = _Level(
                units=units,
                units_tree=_shapely.STRtree(units),
                borders=borders,
                borders_tree=_shapely.STRtree(borders),
            )
        return self._levels[tolerance_deg]


def level_deg(z: int) -> float:
    """Of the levels of simplification the coarsest that strays no further than a point of the picture at zoom `z`."""
    return max((level for level in LEVELS_DEG if level <= _POINT_DEG / 2**z), default=LEVELS_DEG[0])


def _largest_parts(units: Shapes) -> Shapes:
    parts, owners = _shapely.get_parts(units, return_index=True)
    by_size = np.lexsort((-_shapely.area(parts), owners))
    _, first = np.unique(owners[by_size], return_index=True)
    largest: Shapes = parts[by_size][first]
    return largest


def _borders(units: Shapes) -> Shapes:
    """The units' edges, each pair of points that two of them share taken once, in lines as long as they go on."""
    points, rings = _shapely.get_coordinates(_shapely.get_rings(_shapely.get_parts(units)), return_index=True)
    within: NDArray[np.bool_] = rings[:-1] == rings[1:]
    starts, ends, rings = points[:-1][within], points[1:][within], rings[:-1][within]
    turned = (starts[:, 0] > ends[:, 0]) | ((starts[:, 0] == ends[:, 0]) & (starts[:, 1] > ends[:, 1]))
    edges = np.where(turned[:, None], np.hstack((ends, starts)), np.hstack((starts, ends)))
    taken = np.sort(np.unique(edges, axis=0, return_index=True)[1])
    goes_on = (np.diff(taken) == 1) & (rings[taken[:-1]] == rings[taken[1:]])
    line = np.concatenate(([0], np.cumsum(~goes_on)))
    last = taken[np.append(~goes_on, True)]
    # A line is the first points of its edges, and the other point of its last one.
    order = np.argsort(np.concatenate((line, np.arange(len(last)))), kind="stable")
    along = np.vstack((starts[taken], ends[last]))[order]
    lines: Shapes = _shapely.linestrings(along, indices=np.concatenate((line, np.arange(len(last))))[order])
    return lines
