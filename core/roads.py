"""The roads of an OpenStreetMap file, and how they are drawn: which of them at which zoom, and how finely.

Read once, they stay in memory as lines on the world's square (`core.webtiles`). Each zoom's lines are picked, joined
and simplified when its first tile is asked for, all over the area at once, so that neighbouring tiles meet.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import osmium as _untyped_osmium
import shapely as _untyped_shapely
from numpy.typing import NDArray

from core.geo import BBox
from core.webtiles import MARGIN_STEPS, PIXEL_STEPS, Feature, Shapes, Tile, cut, encode, put_on_square, step

_osmium: Any = _untyped_osmium  # neither ships types that say what is needed
_shapely: Any = _untyped_shapely

MIN_ZOOM: Final = 5
"""Below, a town's roads are a dot."""
MAX_ZOOM: Final = 15
"""A step is 0.3 m there: whoever looks closer is shown these tiles, larger."""
MOST_ROADS: Final = 500_000
MOST_BYTES: Final = 256 * 1024 * 1024
"""What a file may be. Reading keeps the place of each of its points for a while, whether a road goes there or not."""

_LINK: Final = "_link"
_FROM_ZOOM: Mapping[str, int] = {
    "motorway": 5,
    "trunk": 5,
    "primary": 8,
    "secondary": 10,
    "tertiary": 11,
    "unclassified": 13,
    "residential": 13,
    "living_street": 13,
    "road": 13,
    "service": 14,
    "track": 14,
}
"""From which zoom on a class of `highway` is drawn. Ways for no car are left out."""
_LINKS_LATER: Final = 4
"""Slip roads are drawn so many zooms after the road that they lead to, and at the latest with all others."""
_LINKS_LATEST: Final = 13
_NAMES_FROM: Final = 12
_FINER_FROM: Final = MAX_ZOOM
_STRAY_STEPS: Final = PIXEL_STEPS / 2
"""How far a simplified line may stray: half a point of the picture."""


class UnusableRoads(ValueError):
    """The file cannot be used as it is; the message says why, and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """What is drawn at one zoom."""

    lines: Shapes
    kinds: NDArray[np.int64]
    """For each line the number of its kind."""
    told: tuple[Mapping[str, str], ...]
    """What is told of each kind: `class`, and `name` and `ref` where there are any."""
    tree: Any


class Roads:
    """The roads of one area. Asked by one thread at a time."""

    def __init__(self, lines: Shapes, classes: list[str], names: list[str], refs: list[str]) -> None:
        self._lines = put_on_square(lines)
        self._classes = classes
        self._names = names
        self._refs = refs
        self._levels: dict[int, _Level] = {}
        west, south, east, north = (float(edge) for edge in _shapely.total_bounds(lines))
        self.bounds = BBox(west=west, south=south, east=east, north=north)

    def __len__(self) -> int:
        return len(self._lines)

    @cached_property
    def _square(self) -> tuple[float, float, float, float]:
        west, north, east, south = (float(edge) for edge in _shapely.total_bounds(self._lines))
        return west, north, east, south

    def reach(self, tile: Tile) -> bool:
        """Whether a tile may hold anything. At once, without looking at the roads themselves."""
        west, north, east, south = self._square
        left, top, right, bottom = tile.square(MARGIN_STEPS)
        return MIN_ZOOM <= tile.z <= MAX_ZOOM and left <= east and west <= right and top <= south and north <= bottom

    def draw(self, tile: Tile) -> bytes:
        """The vector tile, with the layer `roads`; nothing at all where there is no road."""
        if not self.reach(tile):
            return b""
        if tile.z not in self._levels:
            self._levels[tile.z] = self._level(tile.z)
        level = self._levels[tile.z]
        found = np.sort(level.tree.query(_shapely.box(*tile.square(MARGIN_STEPS))))
        lines = cut(level.lines[found], tile)
        seen = _shapely.length(lines) > 0
        return encode({"roads": list(_features(level, lines[seen], level.kinds[found][seen]))})

    def _level(self, z: int) -> _Level:
        drawn = [at for at, kind in enumerate(self._classes) if from_zoom(kind) <= z]
        numbers: dict[tuple[str, str, str], int] = {}
        kinds = np.empty(len(drawn), dtype=np.int64)
        for i, at in enumerate(drawn):
            name = self._names[at] if z >= _NAMES_FROM else ""
            kinds[i] = numbers.setdefault((self._classes[at], name, self._refs[at]), len(numbers))
        order = np.argsort(kinds, kind="stable")
        lines, kinds = _joined(self._lines[drawn][order], kinds[order])
        stray_steps = _STRAY_STEPS if z < _FINER_FROM else 1.0
        lines = _shapely.simplify(lines, stray_steps * step(z))
        return _Level(
            lines=lines, kinds=kinds, told=tuple(_told(*one) for one in numbers), tree=_shapely.STRtree(lines)
        )


def from_zoom(road_class: str) -> int:
    """From which zoom on roads of this class of `highway` are drawn; beyond `MAX_ZOOM` for those that never are."""
    main = road_class.removesuffix(_LINK)
    first = _FROM_ZOOM.get(main, MAX_ZOOM + 1)
    return first if main == road_class else min(first + _LINKS_LATER, max(first, _LINKS_LATEST))


def read_roads(file: Path) -> Roads:
    """The roads of an OSM PBF file. Raises `UnusableRoads`."""
    if not file.is_file():
        raise UnusableRoads(f"{file} is not there: correct --roads, or put the file there")
    if file.stat().st_size > MOST_BYTES:
        raise UnusableRoads(f"{file} is larger than {MOST_BYTES >> 20} MB: {_SMALLER}")
    lines: list[str] = []
    classes: list[str] = []
    names: list[str] = []
    refs: list[str] = []
    try:
        for line, tags in _ways(file):
            lines.append(line)
            classes.append(tags[0])
            names.append(tags[1])
            refs.append(tags[2])
            if len(lines) > MOST_ROADS:
                raise UnusableRoads(f"{file} holds more than {MOST_ROADS:,} roads: {_SMALLER}")
    except (RuntimeError, OSError) as error:
        raise UnusableRoads(
            f"{file} is no OSM PBF file, or a broken one ({error}): fetch it again, or correct --roads"
        ) from error
    if not lines:
        raise UnusableRoads(
            f"{file} holds no road whose points it holds too: cut it out with its points, as `osmium extract` does"
        )
    return Roads(_shapely.from_wkb(lines), classes, names, refs)


_SMALLER: Final = "cut out the area that is served (osmium extract), or its main roads (osmium tags-filter)"


def _ways(file: Path) -> Iterator[tuple[str, tuple[str, str, str]]]:
    """Line, class, name and number of every way that is drawn. What the library raises is a `RuntimeError`."""
    factory = _osmium.geom.WKBFactory()
    ways = (
        _osmium.FileProcessor(_osmium.io.File(str(file), "pbf"))
        .with_locations()
        .with_filter(_osmium.filter.EntityFilter(_osmium.osm.WAY))
        .with_filter(_osmium.filter.KeyFilter("highway"))
    )
    for way in ways:
        tags = way.tags
        road_class: str = tags["highway"]
        if from_zoom(road_class) > MAX_ZOOM or tags.get("area") == "yes":
            continue
        try:
            line: str = factory.create_linestring(way)
        except RuntimeError:
            continue  # a road across the edge of the area, whose further points are not in the file; or one point alone
        yield line, (road_class, tags.get("name", ""), tags.get("ref", ""))


def _joined(lines: Shapes, kinds: NDArray[np.int64]) -> tuple[Shapes, NDArray[np.int64]]:
    """Lines of one kind that meet end to end, made one. `kinds` is in order, and stays so."""
    if len(lines) == 0:
        return lines, kinds
    merged = _shapely.line_merge(_shapely.multilinestrings(lines, indices=kinds))
    parts, owners = _shapely.get_parts(merged, return_index=True)
    return parts, owners


def _features(level: _Level, lines: Shapes, kinds: NDArray[np.int64]) -> Iterator[Feature]:
    """One feature for each kind: what is told of it stands there once."""
    parts, owners = _shapely.get_parts(lines, return_index=True)
    kinds = kinds[owners]
    for kind in np.unique(kinds):
        yield Feature(shape=_shapely.multilinestrings(parts[kinds == kind]), properties=level.told[int(kind)])


def _told(road_class: str, name: str, ref: str) -> Mapping[str, str]:
    return {key: text for key, text in (("class", road_class), ("name", name), ("ref", ref)) if text}
