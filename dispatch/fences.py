"""Keeping tracking told where each vehicle on a trip should arrive: a fence for every tracked trip under way."""

from datetime import datetime, timedelta

from dispatch.desk import Act, Desk
from dispatch.vocabulary import Case, Trip
from tracking.fences import end_fence, set_fence
from tracking.fixes import LIMITS
from tracking.history import live_position
from tracking.vocabulary import VehicleState


async def follow(desk: Desk, act: Act, before: Case | None, after: Case) -> None:
    """Set, move and end fences for what changed between `before` and `after`, and tell which vehicles are busy."""
    old = {trip.id: trip for trip in before.trips} if before else {}
    moved = before is not None and before.place.scene != after.place.scene
    for trip in after.trips:
        was = old.get(trip.id)
        same = was is not None and (was.plate, was.active) == (trip.plate, trip.active)
        if same and not (moved and trip.active and trip.arrived_at is None):
            continue
        if was and was.active and was.tracked and not trip.active:
            await end_fence(act.session, trip.id, _last_fix_time(act.now))
        if trip.active and trip.tracked:
            await _fence(desk, act, after, trip, since=trip.accepted_at if same else act.now)
        elif trip.active and was and was.tracked:
            await end_fence(act.session, trip.id, _last_fix_time(act.now))
        await _tell(desk, act, trip, was)


async def _fence(desk: Desk, act: Act, case: Case, trip: Trip, *, since: datetime) -> None:
    seen = await live_position(act.session, trip.plate)
    await set_fence(
        act.session,
        trip_id=trip.id,
        plate=trip.plate,
        origin=seen.position if seen else None,
        scene=case.place.scene,
        since=since,
        radius_m=desk.settings.fence_radius_m,
        dwell_s=desk.settings.fence_dwell_s,
    )


def _last_fix_time(now: datetime) -> datetime:
    """A terminal's clock may be ahead of ours: what it has shown up to now is not taken back by the trip's end."""
    return now + timedelta(seconds=LIMITS.future_s)


async def _tell(desk: Desk, act: Act, trip: Trip, was: Trip | None) -> None:
    roster = await desk.roster.get(act.session)
    for plate in {trip.plate, was.plate if was else trip.plate} - {""}:
        vehicle = roster.by_plate.get(plate)
        if vehicle is None:
            continue
        busy = trip.active and plate == trip.plate
        idle = VehicleState.FREE if vehicle.on_duty else VehicleState.OFF_DUTY
        act.vehicle_states[plate] = (vehicle.kind, VehicleState.BUSY if busy else idle)
