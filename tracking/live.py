"""The live index: where every vehicle is now, and which are nearest to a place, exactly on the ellipsoid (R1).

A k-d tree holds the vehicles where they stood when all were last settled, in three dimensions; there is one for
each combination of kind and state that is asked for. Those that have moved or changed since are looked through one
by one, until there are enough of them to settle all anew. The chord through the earth only makes the shortlist: it
orders far places differently from the way over the ground, by a margin that is known, and so the shortlist is taken
wide enough and ordered by geodesic distance.
"""

import math
from datetime import datetime

import numpy as np

from core.geo import BBox, Position, distances_m
from tracking.kdtree import FloatArray, IndexArray, KdTree
from tracking.livecolumns import Columns, Mask, bound_m, ecef, micros
from tracking.vocabulary import LivePosition, VehicleKind, VehicleState

_SPARE = 8
_MOVED_AT_LEAST = 1_024
_MOVED_SHARE = 10
"""All are settled anew when more than one in so many has moved: a tenth is looked through about as fast as a tree."""

_KINDS = {kind: code for code, kind in enumerate(VehicleKind, start=1)}
_STATES = {state: code for code, state in enumerate(VehicleState, start=1)}
_KIND_OF = {code: kind for kind, code in _KINDS.items()}
_STATE_OF = {code: state for state, code in _STATES.items()}


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
        self._columns = Columns(_MOVED_AT_LEAST)
        self._asked: tuple[tuple[str, ...], IndexArray] | None = None
        """The plates that `fresh` was asked for, and their slots; forgotten when any vehicle comes or goes."""

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
        self._columns.time[slot] = micros(shown.fix_time)
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

    def plates(self) -> list[str]:
        """Every vehicle of which it is known what it is."""
        return list(self._attributes)

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

    def about(self, plate: str) -> tuple[VehicleKind, VehicleState] | None:
        """What a vehicle is and does, as it was last said; None where nobody has."""
        codes = self._attributes.get(plate)
        return None if codes is None else (_KIND_OF[codes[0]], _STATE_OF[codes[1]])

    def remove(self, plate: str) -> None:
        """Forget the vehicle, if it is known."""
        self._attributes.pop(plate, None)
        self._versions.pop(plate, None)
        slot = self._slots.pop(plate, None)
        if slot is not None:
            self._asked = None
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
        inside = columns.taken[:used] & _inside(bbox, columns.lat[:used], columns.lon[:used])
        found = (self._shown[slot] for slot in np.flatnonzero(inside).tolist())
        return [shown for shown in found if shown is not None]

    def fresh(self, plates: tuple[str, ...], after: datetime, bbox: BBox) -> tuple[FloatArray, FloatArray]:
        """Latitudes and longitudes of these vehicles; not numbers for one that was not seen `after` or later in
        the box, its edges included.
        """
        if self._asked is None or self._asked[0] is not plates:
            self._asked = plates, np.array([self._slots.get(plate, -1) for plate in plates], np.intp)
        slots = self._asked[1]
        columns = self._columns
        lat, lon = columns.lat[slots], columns.lon[slots]
        known = (slots >= 0) & (columns.time[slots] >= micros(after)) & _inside(bbox, lat, lon)
        return np.where(known, lat, np.nan), np.where(known, lon, np.nan)

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
        fresh = None if fresh_after is None else micros(fresh_after)
        slots = self._shortlist(np.array(ecef(position)), k, codes, fresh)
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
            bound = bound_m(near[k - 1]) if len(near) >= k else math.inf
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
        self._asked = None
        self._columns.kind[slot], self._columns.state[slot] = self._attributes.get(plate, (0, 0))
        return slot


def _inside(bbox: BBox, lat: FloatArray, lon: FloatArray) -> Mask:
    return (lat >= bbox.south) & (lat <= bbox.north) & (lon >= bbox.west) & (lon <= bbox.east)


def _closest(slots: IndexArray, chords: FloatArray, k: int) -> IndexArray:
    """Those that can be among the `k` nearest over the ground."""
    if len(slots) <= k:
        return slots
    return slots[chords <= bound_m(float(np.partition(chords, k - 1)[k - 1]))]
