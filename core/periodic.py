"""Work that comes round: each kind is a row with the moment it falls due, so that it is done once in all processes.

Whoever finds a row due locks it, does the work and sets the next moment in that one transaction; the others pass it
over. There is no leader to lose: where a process dies at it, the row is due still.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import CHINA_STANDARD_TIME, Clock
from core.columns import Chars, UtcTime
from core.database import Base, Database
from core.errors import StoreUnavailable
from core.pause import pause
from core.upsert import upsert

LOOK_S = 5.0
"""How often the store is asked what is due, in wall-clock seconds."""

Schedule = Callable[[datetime], datetime]
"""The next moment after a given one."""

_log = structlog.stdlib.get_logger(__name__)


class PeriodicRow(Base):
    """One kind of work and when it falls due next."""

    __tablename__ = "periodic"
    name: Mapped[str] = mapped_column(Chars, primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UtcTime)


@dataclass(frozen=True, slots=True, kw_only=True)
class Periodic:
    """One kind of work, told the present moment."""

    name: str
    schedule: Schedule
    work: Callable[[AsyncSession, datetime], Awaitable[None]] | None = None
    """Done in the transaction that moves the row: wholly, and once."""
    upkeep: Callable[[datetime], Awaitable[object]] | None = None
    """Done after the row has moved, in transactions of its own: what is long, and no harm if it waits a round."""
    at_once: bool = False
    """Due as soon as the store first hears of it, not only at its next moment."""


def every(span: timedelta) -> Schedule:
    """Again and again after `span`."""
    return lambda now: now + span


def weekly(weekday: int, hour: int) -> Schedule:
    """Each week on `weekday` (Monday is 0) at `hour` o'clock, China Standard Time."""

    def following(now: datetime) -> datetime:
        local = now.astimezone(CHINA_STANDARD_TIME)
        day = local.replace(hour=hour, minute=0, second=0, microsecond=0)
        day += timedelta(days=(weekday - local.weekday()) % 7)
        return day if day > local else day + timedelta(days=7)

    return following


async def run_periodic(db: Database, clock: Clock, all_work: Sequence[Periodic], stop: asyncio.Event) -> None:
    """Do what falls due until told to stop. While the store does not answer, it just falls due later."""
    while not stop.is_set():
        try:
            await do_due(db, clock.now(), all_work)
        except StoreUnavailable as error:
            _log.warning("periodic_work_waits", reason=error.detail)
        await pause(stop, LOOK_S)


async def do_due(db: Database, now: datetime, all_work: Sequence[Periodic]) -> list[str]:
    """Do what is due and what no other process is at; gives its names."""
    async with db.read() as session:
        rows = await session.execute(select(PeriodicRow.name, PeriodicRow.due_at))
        due_at = dict(rows.tuples().all())
    done: list[str] = []
    for one in all_work:
        if one.name in due_at and due_at[one.name] > now:
            continue
        async with db.write() as session:
            mine = await _claim(session, one, now)
        if mine:
            done.append(one.name)
            if one.upkeep is not None:
                await one.upkeep(now)
    return done


async def _claim(session: AsyncSession, one: Periodic, now: datetime) -> bool:
    first = now if one.at_once else one.schedule(now)
    known = upsert(session, PeriodicRow).values(name=one.name, due_at=first)
    await session.execute(known.on_conflict_do_nothing())
    mine = select(PeriodicRow).where(PeriodicRow.name == one.name, PeriodicRow.due_at <= now)
    row = (await session.execute(mine.with_for_update(skip_locked=True))).scalar()
    if row is None:
        return False
    if one.work is not None:
        await one.work(session, now)
    row.due_at = one.schedule(now)
    await session.flush()
    return True
