"""What the live index looks at: a row of arrays for each vehicle, and the geometry of chords through the earth."""

import math
from datetime import UTC, datetime
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from core.chords import AXIS_M, ECCENTRICITY_2, TIGHTEST_M
from core.geo import Position
from tracking.kdtree import FloatArray, IndexArray

Mask = NDArray[np.bool_]

_MARGIN_M = 0.001
"""More than the rounding of chords and geodesics together."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Columns:
    """A row for each slot, and apart the places of those that moved since the trees were built."""

    def __init__(self, room: int) -> None:
        self.lat: FloatArray = np.full(room, np.nan)
        self.lon: FloatArray = np.full(room, np.nan)
        self.xyz: FloatArray = np.zeros((3, room))
        self.time: NDArray[np.int64] = np.zeros(room, np.int64)
        self.kind: NDArray[np.int8] = np.zeros(room, np.int8)
        self.state: NDArray[np.int8] = np.zeros(room, np.int8)
        self.taken: Mask = np.zeros(room, np.bool_)
        self.settled: Mask = np.zeros(room, np.bool_)
        """Where and what the trees have it."""
        self.moved_count = 0
        self._moved_slots: IndexArray = np.zeros(room, np.intp)
        self._moved_xyz: FloatArray = np.zeros((3, room))
        self._moved_at: dict[int, int] = {}

    def make_room(self, slot: int) -> None:
        """See to it that there is a row for `slot`."""
        if slot < len(self.lat):
            return
        for name, column in vars(self).items():
            if isinstance(column, np.ndarray):
                doubled = cast(NDArray[Any], column)
                setattr(self, name, np.concatenate((doubled, np.zeros_like(doubled)), axis=-1))

    def move(self, slot: int, position: Position) -> None:
        """The vehicle in `slot` is here now, and no longer where the trees have it."""
        xyz = ecef(position)
        self.taken[slot], self.settled[slot] = True, False
        self.lat[slot], self.lon[slot] = position.lat, position.lon
        self.xyz[:, slot] = xyz
        at = self._moved_at.get(slot)
        if at is None:
            at = self._moved_at[slot] = self.moved_count
            self._moved_slots[at] = slot
            self.moved_count += 1
        self._moved_xyz[:, at] = xyz

    def clear(self, slot: int) -> None:
        """There is no vehicle in `slot` any more."""
        self.taken[slot] = self.settled[slot] = False
        at = self._moved_at.pop(slot, None)
        if at is None:
            return
        self.moved_count -= 1
        if at != self.moved_count:  # the last one fills the gap
            last = int(self._moved_slots[self.moved_count])
            self._moved_slots[at], self._moved_at[last] = last, at
            self._moved_xyz[:, at] = self._moved_xyz[:, self.moved_count]

    def settle(self, used: int) -> None:
        """New trees will have all where they are; there are `used` slots."""
        self.settled[:used] = self.taken[:used]
        self._moved_at.clear()
        self.moved_count = 0

    def moved_within(self, origin: FloatArray, chord_m: float) -> tuple[IndexArray, FloatArray]:
        """The slots of those that moved and are within `chord_m`, and their chords."""
        apart = self._moved_xyz[:, : self.moved_count] - origin[:, None]
        apart *= apart
        squares = apart.sum(0)
        found = (squares <= chord_m * chord_m).nonzero()[0]
        return self._moved_slots[found], np.sqrt(squares[found])

    def match(self, slots: IndexArray | slice, codes: tuple[int, int], fresh: int | None) -> Mask:
        """Which of `slots` hold a vehicle of this kind and state, 0 being any, seen at `fresh` or later."""
        good = self.taken[slots]
        kind, state = codes
        if kind:
            good = good & (self.kind[slots] == kind)
        if state:
            good = good & (self.state[slots] == state)
        if fresh is not None:
            good = good & (self.time[slots] >= fresh)
        return good

    def matching(self, used: int, codes: tuple[int, int], fresh: int | None) -> IndexArray:
        """All slots that match."""
        return np.flatnonzero(self.match(slice(used), codes, fresh))

    def settled_matching(self, used: int, codes: tuple[int, int]) -> IndexArray:
        """All slots that match and are where new trees will have them."""
        return np.flatnonzero(self.match(slice(used), codes, None) & self.settled[:used])


def bound_m(chord_m: float) -> float:
    """No point with a longer chord is nearer over the ground than any with a chord of at most `chord_m`.

    A geodesic is never shorter than its chord, and never longer than an arc over the same chord of a circle that
    is bent as sharply as the ellipsoid anywhere is (Schur's comparison of arc and chord).
    """
    half = chord_m / (2 * TIGHTEST_M)
    return math.inf if half >= 1 else 2 * TIGHTEST_M * math.asin(half) + _MARGIN_M


def ecef(position: Position) -> tuple[float, float, float]:
    """Earth-centred metres of a point on the ellipsoid."""
    lat, lon = math.radians(position.lat), math.radians(position.lon)
    sine, cosine = math.sin(lat), math.cos(lat)
    normal = AXIS_M / math.sqrt(1 - ECCENTRICITY_2 * sine * sine)
    return (
        normal * cosine * math.cos(lon),
        normal * cosine * math.sin(lon),
        normal * (1 - ECCENTRICITY_2) * sine,
    )


def micros(time: datetime) -> int:
    """Whole microseconds since 1970."""
    since = time - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
