"""Turns due rows into commands, one transaction each. The row is locked and marked in the transaction that acts on it,
so a deadline fires once, whatever the number of processes and whatever stops or restarts in between.
"""

import asyncio
from contextlib import suppress

import structlog
from sqlalchemy import select

from core.errors import StoreUnavailable
from dispatch import decide, store
from dispatch.deadlines import Due
from dispatch.desk import SYSTEM, Act, Desk
from dispatch.service import apply, expire_offer
from dispatch.tables import DeadlineRow
from dispatch.vocabulary import CaseStatus

_log = structlog.stdlib.get_logger(__name__)

POLL_S = 0.25
"""How often the store is asked what is due, in wall-clock seconds."""
BATCH = 100


async def run_sweeper(desk: Desk, stop: asyncio.Event) -> None:
    """Fire what falls due until told to stop. While the store does not answer, everything just falls due later."""
    while not stop.is_set():
        try:
            more = await sweep(desk) == BATCH
        except StoreUnavailable as error:
            _log.warning("deadlines_wait", reason=error.detail)
            more = False
        if not more:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), POLL_S)


async def sweep(desk: Desk) -> int:
    """Fire the deadlines that have passed, oldest first, at most `BATCH`; gives how many were looked at."""
    now = desk.clock.now()
    statement = (
        select(DeadlineRow.id)
        .where(DeadlineRow.fired_at.is_(None), DeadlineRow.due_at < now)
        .order_by(DeadlineRow.due_at)
        .limit(BATCH)
    )
    async with desk.db.read() as session:
        due = list((await session.execute(statement)).scalars())
    for deadline_id in due:
        async with desk.act(SYSTEM) as act:
            await _fire(desk, act, deadline_id)
    return len(due)


async def _fire(desk: Desk, act: Act, deadline_id: int) -> None:
    claimed = select(DeadlineRow).where(DeadlineRow.id == deadline_id, DeadlineRow.fired_at.is_(None))
    claimed = claimed.where(DeadlineRow.due_at < act.now)
    row = (await act.session.execute(claimed.with_for_update(skip_locked=True))).scalar()
    if row is None:  # another process has fired it, or is at it
        return
    row.fired_at = act.now
    await act.session.flush()
    if row.kind == Due.OFFER_EXPIRY:
        await expire_offer(desk, act, row.case_id, row.ref)
        return
    stored = await store.load(act.session, row.case_id)
    if row.kind == Due.PROMISE:
        await apply(desk, act, stored, decide.miss_promise(stored.case, trip_id=row.ref, now=act.now))
    elif stored.case.status is CaseStatus.COMPLETED:
        await apply(desk, act, stored, decide.close(stored.case, reason="owner_not_reached", now=act.now))
