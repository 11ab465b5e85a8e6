"""How each case stands, kept up to the log. Live update and recomputation from empty give the same rows.

The position in the log moves in the transaction that writes the rows, and is locked by it from the beginning, so any
number of callers, in any number of processes, may catch up at once.
"""

from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import Database
from core.eventlog import CaseEvent, LoggedEvent, count_up, counted, last_seq
from dispatch.events import Event
from dispatch.evolve import fold
from dispatch.store import decode_case, decode_event
from dispatch.tables import CaseRow
from dispatch.vocabulary import Case
from scoring.kpi import standings
from scoring.tables import CaseStanding
from scoring.vocabulary import Kpi, Standing

POSITION = "case_standing"
"""The counter that says how far the log has been read."""
BATCH = 500
"""Events read, or cases written, at a time: short enough that no other writer waits long."""

Progress = Callable[[int, int], None]
"""Told how many events are done, of how many."""


async def catch_up(db: Database) -> int:
    """Bring the standings up to the log as it is now, and give its last number. Call it before reading scores."""
    async with db.read() as session:
        position, last = await counted(session, POSITION), await last_seq(session)
    while position < last:
        async with db.write() as session:
            position = await _advance(session)
    return position


async def catch_up_within(session: AsyncSession) -> None:
    """The same within a write transaction of the caller's."""
    while await counted(session, POSITION) < await last_seq(session):
        await _advance(session)


async def _advance(session: AsyncSession) -> int:
    """Take the next events, and replace the standings of the cases that they touched."""
    position = await count_up(session, POSITION, 0)
    span = select(CaseEvent.seq, CaseEvent.case_id).where(CaseEvent.seq > position).order_by(CaseEvent.seq).limit(BATCH)
    found = (await session.execute(span)).all()
    if not found:
        return position
    touched = sorted({row.case_id for row in found})
    states = (await session.execute(select(CaseRow.state).where(CaseRow.id.in_(touched)))).scalars()
    await session.execute(delete(CaseStanding).where(CaseStanding.case_id.in_(touched)))
    await _insert(session, (row for state in states for row in _rows(decode_case(state))))
    return await count_up(session, POSITION, found[-1].seq - position)


async def recompute(db: Database, progress: Progress | None = None) -> int:
    """Make every standing again from the log alone, and give its last number.

    The log is read without holding up any writer; only the exchange of the rows is one write transaction. What was
    logged meanwhile is caught up afterwards.
    """
    rows: list[dict[str, Any]] = []
    async with db.read() as session:
        last = await last_seq(session)
        done = 0
        async for case_id, events in _histories(session):
            rows.extend(_rows(fold(case_id, events)))
            done += len(events)
            if progress:
                progress(done, last)
    async with db.write() as session:
        position = await count_up(session, POSITION, 0)
        await session.execute(delete(CaseStanding))
        await _insert(session, rows)
        await count_up(session, POSITION, last - position)
    return await catch_up(db)


async def _histories(session: AsyncSession) -> AsyncGenerator[tuple[str, list[Event]]]:
    """Every case with its events, one case in memory at a time."""
    columns = (CaseEvent.seq, CaseEvent.case_id, CaseEvent.kind, CaseEvent.actor, CaseEvent.at, CaseEvent.data)
    statement = select(*columns).order_by(CaseEvent.case_id, CaseEvent.seq).execution_options(yield_per=BATCH)
    case_id, events = "", list[Event]()
    async for seq, of_case, kind, actor, at, data in await session.stream(statement):
        if of_case != case_id and events:
            yield case_id, events
            events = []
        case_id = of_case
        entry = LoggedEvent(seq=seq, case_id=of_case, kind=kind, actor=actor, at=at, data=data, card=b"")
        events.append(decode_event(entry))
    if events:
        yield case_id, events


async def _insert(session: AsyncSession, rows: Iterable[dict[str, Any]]) -> None:
    waiting: list[dict[str, Any]] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == BATCH:
            await session.execute(insert(CaseStanding), waiting)
            waiting = []
    if waiting:
        await session.execute(insert(CaseStanding), waiting)


def _rows(case: Case) -> list[dict[str, Any]]:
    return [_row(case, standing) for standing in standings(case).values()]


def _row(case: Case, standing: Standing) -> dict[str, Any]:
    row: dict[str, Any] = {
        "case_id": case.id,
        "dealer": standing.dealer,
        "number": case.number,
        "opened_at": case.opened_at,
        "satisfaction_percent": standing.satisfaction_percent,
        "offers_accepted": standing.offers_accepted,
        "offers_answered": standing.offers_answered,
    }
    for kpi in Kpi:
        mark = standing.mark(kpi)
        row[kpi.value] = mark.counted.value
        row[f"{kpi.value}_reason"] = mark.reason.value
    return row
