"""Reading where vehicles are and where they were."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from core.columns import UtcTime
from core.geo import Position
from tracking.fixes import LIMITS, WINDOW, flagged
from tracking.tables import LivePositionRow, PositionFix
from tracking.vocabulary import Fix, LivePosition, TrailKey, TrailPoint, trail_key

IN_ORDER = (PositionFix.fix_time, PositionFix.terminal_id, PositionFix.seq)
"""The order of `trail_key`, for the store."""


async def trail(
    session: AsyncSession,
    plate: str,
    start: datetime,
    end: datetime,
    *,
    after: TrailKey | None = None,
    limit: int = 1000,
) -> list[TrailPoint]:
    """Every acknowledged fix of a vehicle from `start` to `end`, both included, at most `limit` after `after`.

    The flags do not depend on where the reading starts or how it is paged.
    """
    statement = (
        select(PositionFix)
        .where(PositionFix.plate == plate, PositionFix.fix_time.between(start, end))
        .order_by(*IN_ORDER)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(PositionFix.fix_time >= after[0], tuple_(*IN_ORDER) > _place(after))
    fixes = [fix_of(row) for row in (await session.execute(statement)).scalars()]
    if not fixes:
        return []
    before = await _usable_before(session, plate, trail_key(fixes[0]))
    flags = flagged(fixes, before)
    return [TrailPoint(fix=fix, flag=judged) for fix, judged in zip(fixes, flags, strict=True)]


async def fixes_between(session: AsyncSession, plate: str, start: datetime, end: datetime | None) -> list[Fix]:
    """A vehicle's fixes from `start` to `end`, both included, in the order of `trail_key`."""
    statement = select(PositionFix).where(PositionFix.plate == plate, PositionFix.fix_time >= start)
    if end is not None:
        statement = statement.where(PositionFix.fix_time <= end)
    rows = await session.execute(statement.order_by(*IN_ORDER))
    return [fix_of(row) for row in rows.scalars()]


async def live_positions(session: AsyncSession) -> list[LivePosition]:
    """Where each vehicle was last seen, by plate."""
    rows = await session.execute(select(LivePositionRow).order_by(LivePositionRow.plate))
    return [_live_position(row) for row in rows.scalars()]


async def live_position(session: AsyncSession, plate: str) -> LivePosition | None:
    """Where one vehicle was last seen, as the store has it: whichever process took its fixes."""
    row = await session.get(LivePositionRow, plate, populate_existing=True)
    return None if row is None else _live_position(row)


def _live_position(row: LivePositionRow) -> LivePosition:
    return LivePosition(
        plate=row.plate,
        position=Position(lat=row.lat, lon=row.lon),
        fix_time=row.fix_time,
        speed_mps=row.speed_mps,
        course_deg=row.course_deg,
    )


def fix_of(row: PositionFix | LivePositionRow) -> Fix:
    """The fix that a row keeps."""
    return Fix(
        terminal_id=row.terminal_id,
        seq=row.seq,
        time=row.fix_time,
        position=Position(lat=row.lat, lon=row.lon),
        speed_mps=row.speed_mps,
        course_deg=row.course_deg,
        accuracy_m=row.accuracy_m,
    )


def usable(table: type[PositionFix]) -> ColumnElement[bool]:
    """The fixes that are not coarse, as `tracking.fixes.is_coarse` says it."""
    return or_(table.accuracy_m.is_(None), table.accuracy_m <= LIMITS.coarse_m)


def _place(key: TrailKey) -> ColumnElement[tuple[Any, ...]]:
    return tuple_(literal(key[0], UtcTime), literal(key[1]), literal(key[2]))


async def _usable_before(session: AsyncSession, plate: str, key: TrailKey) -> tuple[Fix, ...]:
    statement = (
        select(PositionFix)
        .where(
            PositionFix.plate == plate,
            PositionFix.fix_time <= key[0],
            tuple_(*IN_ORDER) < _place(key),
            usable(PositionFix),
        )
        .order_by(*(column.desc() for column in IN_ORDER))
        .limit(WINDOW)
    )
    found: Sequence[PositionFix] = (await session.execute(statement)).scalars().all()
    return tuple(fix_of(row) for row in reversed(found))
