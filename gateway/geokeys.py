"""Live positions in Redis: a GEO set for each kind and state of vehicle, and a hash of what is known of each.

A position may be written by one process a moment before it hears from another that the vehicle changed its state, so
what a set says is believed only where the hash agrees.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, Final

import msgspec
import numpy as np

from core.geo import Position, distances_m
from tracking.vocabulary import LivePosition, VehicleKind, VehicleState

_MAX_LAT: Final = 85.05
"""Redis's sets hold no place nearer to a pole."""
_SPHERE: Final = 1.006
"""Redis measures on a sphere: at most so many times longer or shorter than on the ellipsoid."""
_CELL_M: Final = 2.0
"""And keeps places to within less than this."""
_EVERYWHERE_M: Final = 20_100_000.0
_FIRST_REACH_M: Final = 30_000.0
_SPARE: Final = 8
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

About = tuple[VehicleKind, VehicleState] | None
"""What a vehicle is and does; None where it is not on record."""


class Row(msgspec.Struct, frozen=True, array_like=True):
    """A vehicle's live position as it is told and kept; the time in microseconds since 1970."""

    plate: str
    kind: str
    state: str
    lat: float
    lon: float
    time_us: int
    speed_mps: float | None
    course_deg: float | None


_ENCODER = msgspec.msgpack.Encoder()
_ROW = msgspec.msgpack.Decoder(Row)
_SETS: Final = [(kind.value, state.value) for kind, state in product(VehicleKind, VehicleState)]


def row_of(shown: LivePosition, about: About) -> Row:
    """How a live position is told."""
    kind, state = ("", "") if about is None else (about[0].value, about[1].value)
    return Row(
        shown.plate,
        kind,
        state,
        shown.position.lat,
        shown.position.lon,
        (shown.fix_time - _EPOCH) // _MICROSECOND,
        shown.speed_mps,
        shown.course_deg,
    )


def position_of(row: Row) -> LivePosition:
    """The live position that was told."""
    return LivePosition(
        plate=row.plate,
        position=Position(lat=row.lat, lon=row.lon),
        fix_time=_EPOCH + row.time_us * _MICROSECOND,
        speed_mps=row.speed_mps,
        course_deg=row.course_deg,
    )


class GeoKeys:
    """The keys under one store's name, on a client for reading or a pipeline for writing."""

    def __init__(self, client: Any, space: str) -> None:
        self._client = client
        self._space = space

    def keep(self, rows: Sequence[Row], turned: Iterable[str]) -> None:
        """Keep the rows; `turned` are the plates among them that may stand in another set until now."""
        again = set(turned)
        sets: dict[tuple[str, str], list[Row]] = {}
        for row in rows:
            sets.setdefault((row.kind, row.state), []).append(row)
        for one, members in sets.items():
            if strays := [row.plate for row in members if row.plate in again]:
                for other in _SETS:
                    if other != one:
                        self._client.zrem(self._set(other), *strays)
            places = [(row.lon, row.lat, row.plate) for row in members if abs(row.lat) < _MAX_LAT]
            if one in _SETS and places:
                self._client.geoadd(self._set(one), [part for place in places for part in place])
        if rows:
            self._client.hset(self._hash, mapping={row.plate: _ENCODER.encode(row) for row in rows})

    async def nearest(
        self,
        position: Position,
        k: int,
        *,
        kind: VehicleKind | None = None,
        state: VehicleState | None = None,
        fresh_after: datetime | None = None,
    ) -> list[tuple[str, float]]:
        """As `tracking.live.LiveIndex.nearest`, of the vehicles on record."""
        keys = [
            self._set(one)
            for one in _SETS
            if (kind is None or one[0] == kind.value) and (state is None or one[1] == state.value)
        ]
        reach_m, count = _FIRST_REACH_M, k + _SPARE
        while True:
            found, seen_to_m = await self._around(keys, position, reach_m, count)
            rows = [row for row in await self._known(found) if _fits(row, kind, state, fresh_after)]
            ranked = _ranked(position, rows)[:k]
            if seen_to_m >= _EVERYWHERE_M or (len(ranked) == k and ranked[-1][1] * _SPHERE + _CELL_M <= seen_to_m):
                return ranked
            reach_m, count = min(reach_m * 8, _EVERYWHERE_M), count * 4

    async def _around(
        self, keys: Sequence[str], position: Position, reach_m: float, count: int
    ) -> tuple[set[str], float]:
        """The plates in the sets within `reach_m`, at most `count` of each, and how far nobody was left out."""
        pipe = self._client.pipeline(transaction=False)
        for key in keys:
            pipe.geosearch(
                key,
                longitude=position.lon,
                latitude=position.lat,
                radius=reach_m,
                unit="m",
                sort="ASC",
                count=count,
                withdist=True,
            )
        plates: set[str] = set()
        seen_to_m = reach_m
        for members in await pipe.execute():
            plates.update(plate.decode() for plate, _ in members)
            if len(members) == count:
                seen_to_m = min(seen_to_m, float(members[-1][1]))
        return plates, seen_to_m

    async def _known(self, plates: Iterable[str]) -> list[Row]:
        wanted = sorted(plates)
        found: list[bytes | None] = await self._client.hmget(self._hash, wanted) if wanted else []
        return [_ROW.decode(row) for row in found if row is not None]

    def _set(self, one: tuple[str, str]) -> str:
        return f"{self._space}geo:{one[0]}:{one[1]}"

    @property
    def _hash(self) -> str:
        return f"{self._space}vehicles"


def _fits(row: Row, kind: VehicleKind | None, state: VehicleState | None, fresh_after: datetime | None) -> bool:
    right = (kind is None or row.kind == kind.value) and (state is None or row.state == state.value)
    return right and (fresh_after is None or position_of(row).fix_time >= fresh_after)


def _ranked(position: Position, rows: Sequence[Row]) -> list[tuple[str, float]]:
    """Nearest first on the ellipsoid, ties by plate."""
    lats, lons = np.array([row.lat for row in rows]), np.array([row.lon for row in rows])
    measured: list[float] = distances_m(position, lats, lons).tolist() if rows else []
    ranked = sorted(zip(measured, (row.plate for row in rows), strict=True))
    return [(plate, metres) for metres, plate in ranked]
