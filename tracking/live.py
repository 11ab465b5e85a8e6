"""The live index: where every vehicle is now, and which are nearest to a place, exactly on the ellipsoid (R1).

A k-d tree holds the vehicles where they stood when all were last settled, in three dimensions; there is one for
each combination of kind and state that is asked for. Those that have moved or changed since are looked through one
by one, until there are enough of them to settle all anew. The chord through the earth
only makes the shortlist: it orders far places differently from the way over the ground, by a margin that is known,
and so the shortlist is taken wide enough and ordered by geodesic distance.
"""

import math
from datetime import UTC, datetime
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from core.geo import BBox, Position, distances_m
from tracking.kdtree import FloatArray, IndexArray, KdTree
from tracking.vocabulary import LivePosition, VehicleKind, VehicleState

_AXIS_M = 6_378_137.0
_FLATTENING = 1 / 298.257223563
_ECCENTRICITY_2 = _FLATTENING * (2 - _FLATTENING)
_TIGHTEST_M = _AXIS_M * (1 - _ECCENTRICITY_2)
"""The smallest radius of curvature on the ellipsoid: along the meridian, at the equator."""
_MARGIN_M = 0.001
"""More than the rounding of chords and geodesics together."""

_SPARE = 8
_MOVED_AT_LEAST = 1_024
_MOVED_SHARE = 10
"""All are settled anew when more than one in so many has moved: a look through a tenth takes as long as a tree."""

_KINDS = {kind: code for code, kind in enumerate(VehicleKind, start=1)}
_STATES = {state: code for code, state in enumerate(VehicleState, start=1)}
Mask = NDArray[np.bool_]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LiveIndex:
    """Vehicles by place. Not for several threads at once; everything it tells is also in the store."""

    def __init__(self) -> None:
        self.version = 0
        """Counts every accepted position."""
        self._versions: dict[str, int] = {}
        self._attributes: dict[str, tuple[int, int]] = {}
        self._slots: dict[str, int] = {}
        self._shown: list[LivePosition | None] = []
        self._plates: list[str] = []
        self._vacant: list[int] = []
        self._trees: dict[tuple[int, int], tuple[KdTree, IndexArray]] = {}
        self._columns = _Columns(_MOVED_AT_LEAST)

    def __len__(self) -> int:
        return len(self._slots)

    def put(self, shown: LivePosition) -> bool:
        """Show a vehicle here; False, and nothing changes, when it is shown at a later time already."""
        slot = self._slots.get(shown.plate)
        before = None if slot is None else self._shown[slot]
        if before is not None and shown.fix_time < before.fix_time:
            return False
        if slot is None:
            slot = self._new_slot(shown.plate)
        self._shown[slot] = shown
        self._columns.time[slot] = _micros(shown.fix_time)
        if before is None or before.position != shown.position:
            self._columns.move(slot, shown.position)
        self.version += 1
        self._versions.pop(shown.plate, None)  # so that the newest are last
        self._versions[shown.plate] = self.version
        return True

    def get(self, plate: str) -> LivePosition | None:
        """Where the vehicle was last seen."""
        slot = self._slots.get(plate)
        return None if slot is None else self._shown[slot]

    def all(self) -> list[LivePosition]:
        """Every vehicle that was ever seen, in no order."""
        return [shown for shown in self._shown if shown is not None]

    def set_vehicle(self, plate: str, kind: VehicleKind, state: VehicleState) -> None:
        """Say what a vehicle is and does; it may be before it is first seen."""
        codes = _KINDS[kind], _STATES[state]
        if self._attributes.get(plate) == codes:
            return
        self._attributes[plate] = codes
        slot = self._slots.get(plate)
        shown = None if slot is None else self._shown[slot]
        if slot is not None and shown is not None:
            self._columns.kind[slot], self._columns.state[slot] = codes
            self._columns.move(slot, shown.position)  # the trees do not know it as what it is now

    def remove(self, plate: str) -> None:
        """Forget the vehicle, if it is known."""
        self._attributes.pop(plate, None)
        self._versions.pop(plate, None)
        slot = self._slots.pop(plate, None)
        if slot is not None:
            self._shown[slot] = None
            self._columns.clear(slot)
            self._vacant.append(slot)

    def changed_since(self, version: int) -> tuple[int, list[LivePosition]]:
        """The present version, and the vehicles whose positions came after `version`, oldest first."""
        changed: list[LivePosition] = []
        for plate, at in reversed(self._versions.items()):
            if at <= version:
                break
            shown = self.get(plate)
            if shown is not None:
                changed.append(shown)
        changed.reverse()
        return self.version, changed

    def in_bbox(self, bbox: BBox) -> list[LivePosition]:
        """The vehicles in the box, its edges included, in no order."""
        columns, used = self._columns, len(self._shown)
        lat, lon = columns.lat[:used], columns.lon[:used]
        inside = (
            columns.taken[:used] & (lat >= bbox.south) & (lat <= bbox.north) & (lon >= bbox.west) & (lon <= bbox.east)
        )
        found = (self._shown[slot] for slot in np.flatnonzero(inside).tolist())
        return [shown for shown in found if shown is not None]

    def nearest(
        self,
        position: Position,
        k: int,
        *,
        kind: VehicleKind | None = None,
        state: VehicleState | None = None,
        fresh_after: datetime | None = None,
    ) -> list[tuple[str, float]]:
        """The `k` nearest vehicles with their geodesic distances in metres, ties by plate.

        Only those of this `kind`, in this `state`, seen at `fresh_after` or later, where given.
        """
        if k < 1 or not self._slots:
            return []
        codes = (0 if kind is None else _KINDS[kind], 0 if state is None else _STATES[state])
        fresh = None if fresh_after is None else _micros(fresh_after)
        slots = self._shortlist(np.array(_ecef(position)), k, codes, fresh)
        distances = distances_m(position, self._columns.lat[slots], self._columns.lon[slots])
        ranked = sorted(zip(distances.tolist(), map(self._plates.__getitem__, slots.tolist()), strict=True))
        return [(plate, distance) for distance, plate in ranked[:k]]

    def _shortlist(self, origin: FloatArray, k: int, codes: tuple[int, int], fresh: int | None) -> IndexArray:
        """The slots of all that can be among the `k` nearest."""
        columns = self._columns
        if columns.moved_count > max(_MOVED_AT_LEAST, len(self._slots) // _MOVED_SHARE):
            columns.settle(len(self._shown))
            self._trees.clear()
        tree, tree_slots = self._trees.get(codes) or self._plant(codes)
        # Few candidates are dropped as a rule; where many are, because they moved or are stale, a wider look.
        for count in (k + _SPARE, 8 * (k + _SPARE)):
            chords, rows = tree.nearest(origin, count)
            slots = tree_slots[rows]
            good = columns.settled[slots]
            if fresh is not None:
                good &= columns.time[slots] >= fresh
            slots, near = slots[good], chords[good]
            bound = _bound_m(near[k - 1]) if len(near) >= k else math.inf
            if tree.size <= count or chords[-1] > bound:
                moved_slots, moved = columns.moved_within(origin, bound)
                if len(moved):
                    good = columns.match(moved_slots, codes, fresh)
                    slots = np.concatenate((slots, moved_slots[good]))
                    near = np.concatenate((near, moved[good]))
                return _closest(slots, near, k)
        every = columns.matching(len(self._shown), codes, fresh)
        apart = columns.xyz[:, every] - origin[:, None]
        return _closest(every, np.sqrt((apart * apart).sum(0)), k)

    def _plant(self, codes: tuple[int, int]) -> tuple[KdTree, IndexArray]:
        slots = self._columns.settled_matching(len(self._shown), codes)
        planted = KdTree(np.ascontiguousarray(self._columns.xyz[:, slots].T)), slots
        self._trees[codes] = planted
        return planted

    def _new_slot(self, plate: str) -> int:
        if self._vacant:
            slot = self._vacant.pop()
            self._plates[slot] = plate
        else:
            slot = len(self._shown)
            self._shown.append(None)
            self._plates.append(plate)
            self._columns.make_room(slot)
        self._slots[plate] = slot
        self._columns.kind[slot], self._columns.state[slot] = self._attributes.get(plate, (0, 0))
        return slot


class _Columns:
    """What the search looks at, a row for each slot, and apart the places of those that moved."""

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
        xyz = _ecef(position)
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


def _closest(slots: IndexArray, chords: FloatArray, k: int) -> IndexArray:
    """Those that can be among the `k` nearest over the ground."""
    if len(slots) <= k:
        return slots
    return slots[chords <= _bound_m(float(np.partition(chords, k - 1)[k - 1]))]


def _bound_m(chord_m: float) -> float:
    """No point with a longer chord is nearer over the ground than any with a chord of at most `chord_m`.

    A geodesic is never shorter than its chord, and never longer than an arc over the same chord of a circle that
    is bent as sharply as the ellipsoid anywhere is (Schur's comparison of arc and chord).
    """
    half = chord_m / (2 * _TIGHTEST_M)
    return math.inf if half >= 1 else 2 * _TIGHTEST_M * math.asin(half) + _MARGIN_M


def _ecef(position: Position) -> tuple[float, float, float]:
    """Earth-centred metres of a point on the ellipsoid."""
    lat, lon = math.radians(position.lat), math.radians(position.lon)
    sine, cosine = math.sin(lat), math.cos(lat)
    normal = _AXIS_M / math.sqrt(1 - _ECCENTRICITY_2 * sine * sine)
    return (
        normal * cosine * math.cos(lon),
        normal * cosine * math.sin(lon),
        normal * (1 - _ECCENTRICITY_2) * sine,
    )


def _micros(time: datetime) -> int:
    since = time - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
