"""What is kept of history, and for how long: older positions, and doubted ones, are removed on either store."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import Database
from tracking.partitions import Kept, keep_partitions
from tracking.tables import PositionFix, QuarantinedFix, TerminalRow

AHEAD_DAYS: Final = 7
"""Partitions are made so far ahead: for so long the job may fail before anyone is slower for it."""
_AT_ONCE: Final = 2_000
"""So many rows are removed in one transaction, for the embedded store has one writer and the ingest is waiting."""


async def keep_history(db: Database, now: datetime, *, position_days: int, quarantine_days: int) -> Kept:
    """Have partitions ready for the fixes to come, and remove what is older than these days.

    To be called a few times a day; safe to repeat and in several processes. `now` is by the clock that fixes are
    judged by.
    """
    await _forget_doubted(db, now - timedelta(days=quarantine_days))
    if not db.embedded:
        return await keep_partitions(db, now, ahead_days=AHEAD_DAYS, keep_days=position_days)
    await _forget_fixes(db, now - timedelta(days=position_days))
    return Kept()


async def _forget_doubted(db: Database, before: datetime) -> None:
    received = QuarantinedFix.received_at
    while True:
        async with db.write() as session:
            rows = select(received).where(received < before).order_by(received).limit(_AT_ONCE)
            times = (await session.execute(rows)).scalars().all()
            if not times:
                return
            await session.execute(delete(QuarantinedFix).where(received <= times[-1]))


async def _forget_fixes(db: Database, before: datetime) -> None:
    # By terminal, down its part of the primary key: there is no index by time alone.
    old = select(PositionFix).where(PositionFix.terminal_id == TerminalRow.terminal_id, PositionFix.fix_time < before)
    async with db.read() as session:
        terminals = (await session.execute(select(TerminalRow.terminal_id).where(old.exists()))).scalars().all()
    for terminal_id in terminals:
        more = True
        while more:
            async with db.write() as session:
                more = await _forget_some(session, terminal_id, before)


async def _forget_some(session: AsyncSession, terminal_id: str, before: datetime) -> bool:
    mine, time = PositionFix.terminal_id == terminal_id, PositionFix.fix_time
    rows = select(time).where(mine, time < before).order_by(time).limit(_AT_ONCE)
    times = (await session.execute(rows)).scalars().all()
    if times:
        await session.execute(delete(PositionFix).where(mine, time <= times[-1]))
    return len(times) == _AT_ONCE
