"""Fences in the store: set by dispatch for each trip, moved on with every fix, in the fixes' own transaction.

Every function takes the session of a transaction that its caller owns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import ARRAY, any_, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.columns import Chars, UtcTime
from core.errors import NotFound
from core.geo import Position
from core.upsert import on_postgresql
from tracking.arrival import Fence, FenceState, covers, derive, step
from tracking.history import fixes_between
from tracking.tables import FenceRow
from tracking.vocabulary import Crossing, Fix, trail_key

_STATE = msgspec.json.Decoder(FenceState)
_PLATES_AT_ONCE = 10_000
_IN_TIME = (
    select(FenceRow)
    .where(
        FenceRow.since <= bindparam("latest", type_=UtcTime),
        or_(FenceRow.until.is_(None), FenceRow.until >= bindparam("earliest", type_=UtcTime)),
    )
    # Locked in one order everywhere, so that two processes never wait for each other.
    .order_by(FenceRow.trip_id)
    .with_for_update()
)
# Made once, since they are asked with every batch of fixes; PostgreSQL takes the plates as one value.
_ON_ANY = {
    True: _IN_TIME.where(FenceRow.plate == any_(bindparam("plates", type_=ARRAY(Chars)))),
    False: _IN_TIME.where(FenceRow.plate.in_(bindparam("plates", expanding=True))),
}
YOUNG = timedelta(seconds=60)
"""While a fence is so new, another process may have stored a fix without having seen it yet. With the first fix that
comes after that it is derived anew from the history, once, so that what it missed is in it.
"""


async def set_fence(
    session: AsyncSession,
    *,
    trip_id: str,
    plate: str,
    origin: Position | None,
    scene: Position,
    since: datetime,
    radius_m: float,
    dwell_s: float,
) -> Crossing:
    """Watch a trip: from `since` on, when does the vehicle leave `origin` and come to rest at `scene`?

    Fixes stored already are taken in at once. Setting the same trip again replaces its fence.
    """
    fence = Fence(
        trip_id=trip_id,
        plate=plate,
        origin=origin,
        scene=scene,
        since=since,
        until=None,
        radius_m=radius_m,
        dwell_s=dwell_s,
    )
    row = await session.get(FenceRow, trip_id, with_for_update=True, populate_existing=True)
    if row is None:
        row = FenceRow(trip_id=trip_id, noted=True, departed_at=None, arrived_at=None)
        session.add(row)
    return await _put(session, row, fence)


async def move_fence(
    session: AsyncSession, trip_id: str, plate: str, *, origin: Position | None, since: datetime
) -> Crossing:
    """Another vehicle takes over the trip from `since` on; `NotFound` when the trip has no fence (R4)."""
    row = await _row(session, trip_id)
    return await _put(session, row, replace(_fence(row), plate=plate, origin=origin, since=since))


async def end_fence(session: AsyncSession, trip_id: str, until: datetime) -> Crossing:
    """The trip ended: later fixes say nothing of it, while late uploads from before still amend it.

    `NotFound` when the trip has no fence.
    """
    row = await _row(session, trip_id)
    last = _STATE.decode(row.state).last
    if row.until is None and (last is None or last[0] <= until):
        row.until = until  # nothing that was taken in falls out again
        await session.flush()
        return _crossing(row)
    return await _put(session, row, replace(_fence(row), until=until))


async def unnoted_crossings(session: AsyncSession) -> list[Crossing]:
    """What the fixes have shown and dispatch has not noted yet, by trip. A time may have been withdrawn again."""
    rows = await session.execute(select(FenceRow).where(FenceRow.noted.is_(False)).order_by(FenceRow.trip_id))
    return [_crossing(row) for row in rows.scalars()]


async def unnoted_crossing(session: AsyncSession, trip_id: str) -> Crossing | None:
    """What the fixes show of one trip by now; None where that is noted."""
    rows = await session.execute(select(FenceRow).where(FenceRow.trip_id == trip_id, FenceRow.noted.is_(False)))
    row = rows.scalar()
    return None if row is None else _crossing(row)


async def note_crossing(session: AsyncSession, crossing: Crossing) -> bool:
    """Dispatch has noted `crossing`; False when the fixes say something else by now."""
    statement = (
        update(FenceRow)
        .where(
            FenceRow.trip_id == crossing.trip_id,
            FenceRow.plate == crossing.plate,
            FenceRow.departed_at.is_not_distinct_from(crossing.departed_at),
            FenceRow.arrived_at.is_not_distinct_from(crossing.arrived_at),
        )
        .values(noted=True)
        .returning(FenceRow.trip_id)
    )
    return (await session.execute(statement)).scalar() is not None


async def pass_fences(session: AsyncSession, stored: Mapping[str, Sequence[Fix]], now: datetime) -> bool:
    """Move the fences on by fixes just stored, by plate; True when a departure or an arrival changed."""
    times = [fix.time for fixes in stored.values() for fix in fixes]
    if not times:
        return False
    plates, span = list(stored), {"earliest": min(times), "latest": max(times)}
    rows: list[FenceRow] = []
    for start in range(0, len(plates), _PLATES_AT_ONCE):
        some = {"plates": plates[start : start + _PLATES_AT_ONCE], **span}
        rows.extend((await session.execute(_ON_ANY[on_postgresql(session)], some)).scalars())
    crossed = [await _pass(session, row, stored[row.plate], now) for row in rows]
    await session.flush()
    return any(crossed)


async def _pass(session: AsyncSession, row: FenceRow, fixes: Sequence[Fix], now: datetime) -> bool:
    fence = _fence(row)
    known = _STATE.decode(row.state)
    news = sorted((fix for fix in fixes if covers(fence, fix)), key=trail_key)
    if not news:
        return False
    late = known.last is not None and trail_key(news[0]) <= known.last
    settles = not known.settled and now - fence.since > YOUNG
    if late or settles:
        state = replace(await _derived(session, fence), settled=known.settled or settles)
    else:
        state = known
        for fix in news:
            state = step(fence, state, fix)
    return state != known and _keep(row, state)


async def _put(session: AsyncSession, row: FenceRow, fence: Fence) -> Crossing:
    row.plate, row.origin, row.scene = fence.plate, fence.origin, fence.scene
    row.since, row.until = fence.since, fence.until
    row.radius_m, row.dwell_s = fence.radius_m, fence.dwell_s
    _keep(row, await _derived(session, fence))
    await session.flush()
    return _crossing(row)


async def _derived(session: AsyncSession, fence: Fence) -> FenceState:
    return derive(fence, await fixes_between(session, fence.plate, fence.since, fence.until))


def _keep(row: FenceRow, state: FenceState) -> bool:
    row.state = msgspec.json.encode(state)
    if (row.departed_at, row.arrived_at) == (state.departed_at, state.arrived_at):
        return False
    row.departed_at, row.arrived_at, row.noted = state.departed_at, state.arrived_at, False
    return True


async def _row(session: AsyncSession, trip_id: str) -> FenceRow:
    row = await session.get(FenceRow, trip_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(f"trip {trip_id} has no fence", field="trip_id")
    return row


def _fence(row: FenceRow) -> Fence:
    return Fence(
        trip_id=row.trip_id,
        plate=row.plate,
        origin=row.origin,
        scene=row.scene,
        since=row.since,
        until=row.until,
        radius_m=row.radius_m,
        dwell_s=row.dwell_s,
    )


def _crossing(row: FenceRow) -> Crossing:
    return Crossing(trip_id=row.trip_id, plate=row.plate, departed_at=row.departed_at, arrived_at=row.arrived_at)
