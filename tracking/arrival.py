"""When a vehicle left for a scene, and when it came to rest there, judged by the times of its fixes (K3).

The state is a fold over the vehicle's fixes in the order of their own times: fixes that come in order take one
step, a late one has the fold done anew over the history, and both give the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.geo import Position, distance_m
from tracking.fixes import flag
from tracking.vocabulary import Fix, FixFlag, TrailKey, trail_key

DEPARTED_M = 200
"""A vehicle so far from where it stood has left. Wider than the wander of a parked receiver."""
BROKEN_RUN = timedelta(minutes=10)
"""After so long a silence nobody knows that the vehicle stayed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """A circle around a scene for one trip. `origin` is where the vehicle stood when the job was accepted."""

    trip_id: str
    plate: str
    origin: Position | None
    scene: Position
    since: datetime
    until: datetime | None
    radius_m: float
    dwell_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FenceState:
    """What the fixes have shown so far. Nothing changes any more once the vehicle has arrived."""

    last: TrailKey | None = None
    window: tuple[Fix, ...] = ()
    origin: Position | None = None
    inside_since: datetime | None = None
    inside_last: datetime | None = None
    departed_at: datetime | None = None
    arrived_at: datetime | None = None
    settled: bool = False
    """No fix from before this state can still be on its way into the store, unseen by it."""


def covers(fence: Fence, fix: Fix) -> bool:
    """Whether the fix belongs to the trip's time; both ends do."""
    return fence.since <= fix.time and (fence.until is None or fix.time <= fence.until)


def derive(fence: Fence, fixes: Iterable[Fix]) -> FenceState:
    """What `fixes` of the fence's vehicle, sorted by `trail_key`, show."""
    state = FenceState()
    for fix in fixes:
        state = step(fence, state, fix)
    return state


def step(fence: Fence, state: FenceState, fix: Fix) -> FenceState:
    """What one more fix shows, later than all before it."""
    if state.arrived_at is not None or not covers(fence, fix):
        return state
    window, judged = flag(state.window, fix)
    state = replace(state, last=trail_key(fix), window=window)
    too_coarse = fix.accuracy_m is not None and fix.accuracy_m > fence.radius_m
    if judged is not FixFlag.OK or too_coarse:
        return state
    return _dwelled(fence, _left(fence, state, fix), fix)


def _left(fence: Fence, state: FenceState, fix: Fix) -> FenceState:
    if state.departed_at is not None:
        return state
    origin = fence.origin or state.origin
    if origin is None:
        return replace(state, origin=fix.position)
    return replace(state, departed_at=fix.time) if distance_m(origin, fix.position) > DEPARTED_M else state


def _dwelled(fence: Fence, state: FenceState, fix: Fix) -> FenceState:
    if distance_m(fence.scene, fix.position) > fence.radius_m:
        return replace(state, inside_since=None, inside_last=None)
    first, last = state.inside_since, state.inside_last
    if first is None or last is None or fix.time - last > BROKEN_RUN:
        return replace(state, inside_since=fix.time, inside_last=fix.time)
    if fix.time - first < timedelta(seconds=fence.dwell_s):
        return replace(state, inside_last=fix.time)
    # One cannot arrive without having left, however near the scene was.
    departed = first if state.departed_at is None else min(state.departed_at, first)
    return replace(state, inside_last=fix.time, departed_at=departed, arrived_at=first)
