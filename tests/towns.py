"""Small OpenStreetMap files, made for a test."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import osmium

from core.webtiles import Tile, on_square

Way = tuple[dict[str, str], list[tuple[float, float]]]
NANJING_ROAD: Way = (
    {"highway": "primary", "name": "南京西路", "ref": "X1"},
    [(121.4600, 31.2290), (121.4660, 31.2310), (121.4737, 31.2345)],
)


def write(file: Path, ways: Iterable[Way], *, points: bool = True) -> Path:
    """An OSM file of these ways, each with points of its own except where two name the same place."""
    numbers: dict[tuple[float, float], int] = {}
    ways = list(ways)
    for at in (at for _, line in ways for at in line):
        numbers.setdefault(at, len(numbers) + 1)
    with osmium.SimpleWriter(str(file)) as writer:
        for at, number in numbers.items() if points else ():
            writer.add_node(osmium.osm.mutable.Node(id=number, location=at, version=1))
        for number, (tags, line) in enumerate(ways, 1):
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=[numbers[at] for at in line], tags=tags, version=1))
    return file


def tile_of(lon: float, lat: float, z: int) -> Tile:
    x, y = on_square(np.array([[lon, lat]]))[0] * 2**z
    return Tile(z=z, x=int(x), y=int(y))
