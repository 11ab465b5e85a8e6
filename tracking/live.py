"""The live index: where every vehicle is now, and which are nearest to a place, exactly on the ellipsoid (R1).

A k-d tree holds the vehicles where they stood when it was built, in three dimensions; those that have moved since
are looked through one by one, until there are enough of them to be worth a new tree. The chord through the earth
only makes the shortlist: it orders far places differently from the way over the ground, by a margin that is known,
and so the shortlist is taken wide enough and ordered by geodesic distance.
"""

import math
from datetime import UTC, datetime

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
_MOVED_SHARE = 25
"""A new tree is due when more than one vehicle in so many has moved."""

_KINDS = {kind: code for code, kind in enumerate(VehicleKind, start=1)}
_STATES = {state: code for code, state in enumerate(VehicleState, start=1)}
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
        self._tree: KdTree | None = None
        self._tree_slots: IndexArray = np.empty(0, np.intp)
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
        self._attributes[plate] = codes
        slot = self._slots.get(plate)
        if slot is not None:
            self._columns.kind[slot], self._columns.state[slot] = codes

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
        inside = (lat >= bbox.south) & (lat <= bbox.north) & (lon >= bbox.west) & (lon <= bbox.east)
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
        wanted = _Wanted(self._columns, kind, state, fresh_after)
        origin = np.array(_ecef(position))
        slots = self._shortlist(origin, k, wanted)
        distances = distances_m(position, self._columns.lat[slots], self._columns.lon[slots])
        ranked = sorted(zip(distances.tolist(), map(self._plates.__getitem__, slots.tolist()), strict=True))
        return [(plate, distance) for distance, plate in ranked[:k]]

    def _shortlist(self, origin: FloatArray, k: int, wanted: "_Wanted") -> IndexArray:
        self._rebuild_if_due()
        columns, tree = self._columns, self._tree
        if tree is not None:
            # Few candidates are dropped as a rule; where many are, by a filter, a wider look; then all.
            for count in (k + _SPARE, 8 * (k + _SPARE)):
                chords, rows = tree.nearest(origin, count)
                slots = self._tree_slots[rows]
                good = wanted.among(slots) & columns.in_tree[slots]
                slots, near = slots[good], chords[good]
                if len(near) < k:
                    continue
                bound = _bound_m(near[k - 1])
                if count < tree.size and chords[-1] <= bound:
                    continue
                moved_slots, moved = columns.moved_within(origin, bound)
                good = wanted.among(moved_slots)
                slots = np.concatenate((slots, moved_slots[good]))
                near = np.concatenate((near, moved[good]))
                return _closest(slots, near, k)
        every = np.fromiter(self._slots.values(), np.intp, len(self._slots))
        every = every[wanted.among(every)]
        apart = columns.xyz[:, every] - origin[:, None]
        return _closest(every, np.sqrt((apart * apart).sum(0)), k)

    def _rebuild_if_due(self) -> None:
        if self._columns.moved_count <= max(_MOVED_AT_LEAST, len(self._slots) // _MOVED_SHARE):
            return
        self._tree_slots = np.fromiter(self._slots.values(), np.intp, len(self._slots))
        self._tree = KdTree(np.ascontiguousarray(self._columns.xyz[:, self._tree_slots].T))
        self._columns.settle(self._tree_slots)

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
        self.in_tree: NDArray[np.bool_] = np.zeros(room, np.bool_)
        self.moved_count = 0
        self._moved_slots: IndexArray = np.zeros(room, np.intp)
        self._moved_xyz: FloatArray = np.zeros((3, room))
        self._moved_at: dict[int, int] = {}

    def make_room(self, slot: int) -> None:
        """See to it that there is a row for `slot`."""
        room = len(self.lat)
        if slot < room:
            return
        for name in ("lat", "lon", "time", "kind", "state", "in_tree", "_moved_slots"):
            old = getattr(self, name)
            setattr(self, name, np.concatenate((old, np.zeros_like(old))))
        for name in ("xyz", "_moved_xyz"):
            old = getattr(self, name)
            setattr(self, name, np.concatenate((old, np.zeros_like(old)), axis=1))

    def move(self, slot: int, position: Position) -> None:
        """The vehicle in `slot` is here now, and no longer where the tree has it."""
        xyz = _ecef(position)
        self.lat[slot], self.lon[slot] = position.lat, position.lon
        self.xyz[:, slot] = xyz
        self.in_tree[slot] = False
        at = self._moved_at.get(slot)
        if at is None:
            at = self._moved_at[slot] = self.moved_count
            self._moved_slots[at] = slot
            self.moved_count += 1
        self._moved_xyz[:, at] = xyz

    def clear(self, slot: int) -> None:
        """There is no vehicle in `slot` any more."""
        self.lat[slot] = self.lon[slot] = np.nan
        self.in_tree[slot] = False
        at = self._moved_at.pop(slot, None)
        if at is None:
            return
        self.moved_count -= 1
        if at != self.moved_count:  # the last one fills the gap
            last = int(self._moved_slots[self.moved_count])
            self._moved_slots[at], self._moved_at[last] = last, at
            self._moved_xyz[:, at] = self._moved_xyz[:, self.moved_count]

    def moved_within(self, origin: FloatArray, chord_m: float) -> tuple[IndexArray, FloatArray]:
        """The slots of those that moved and are within `chord_m`, and their chords."""
        apart = self._moved_xyz[:, : self.moved_count] - origin[:, None]
        apart *= apart
        squares = apart.sum(0)
        found = np.flatnonzero(squares <= chord_m * chord_m)
        return self._moved_slots[found], np.sqrt(squares[found])

    def settle(self, slots: IndexArray) -> None:
        """A new tree has these where they are."""
        self.in_tree[slots] = True
        self._moved_at.clear()
        self.moved_count = 0


class _Wanted:
    """Which vehicles are asked for."""

    def __init__(
        self,
        columns: _Columns,
        kind: VehicleKind | None,
        state: VehicleState | None,
        fresh_after: datetime | None,
    ) -> None:
        self._columns = columns
        self._kind = None if kind is None else _KINDS[kind]
        self._state = None if state is None else _STATES[state]
        self._fresh = None if fresh_after is None else _micros(fresh_after)

    def among(self, slots: IndexArray) -> NDArray[np.bool_]:
        good: NDArray[np.bool_] = np.ones(len(slots), np.bool_)
        if self._kind is not None:
            good &= self._columns.kind[slots] == self._kind
        if self._state is not None:
            good &= self._columns.state[slots] == self._state
        if self._fresh is not None:
            good &= self._columns.time[slots] >= self._fresh
        return good


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
