"""Many vehicles' ways at once, thinned: what a replay draws.

Each vehicle's first usable fix of every step of time is kept, which the store picks out itself: of a city's two hours
only every sixth fix or so has to leave it. Steps are counted from the start that was asked for.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, func, literal, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from core.columns import UtcTime
from core.geo import BBox, Position
from core.upsert import on_postgresql
from tracking.fixes import flagged
from tracking.history import IN_ORDER, usable
from tracking.tables import PositionFix, VehicleRow
from tracking.vocabulary import Fix, FixFlag

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


async def tracks(
    session: AsyncSession, plates: Collection[str], start: datetime, end: datetime, *, step_s: int
) -> dict[str, list[Fix]]:
    """The ways of `plates` from `start` to `end`, both included, by plate and in the order of time.

    Of every `step_s` seconds the first usable fix is kept, and left out where it jumps from those kept before it.
    Vehicles without any are not in it.
    """
    step = _step(session, start, step_s)
    columns = (
        PositionFix.plate,
        *IN_ORDER,
        PositionFix.lat,
        PositionFix.lon,
        PositionFix.speed_mps,
        PositionFix.course_deg,
        PositionFix.accuracy_m,
    )
    before = func.lag(step).over(partition_by=PositionFix.plate, order_by=IN_ORDER)
    fixes = (
        select(*columns, step.label("step"), before.label("before"))
        .where(PositionFix.plate.in_(plates), PositionFix.fix_time.between(start, end), usable(PositionFix))
        .subquery()
    )
    first = or_(fixes.c.before.is_(None), fixes.c.before != fixes.c.step)
    in_order = (fixes.c.plate, fixes.c.fix_time, fixes.c.terminal_id, fixes.c.seq)
    wanted = (fixes.c[column.key] for column in columns)
    rows = (await session.execute(select(*wanted).where(first).order_by(*in_order))).tuples()
    return {
        plate: _without_jumps([_fix(*row) for _, *row in way]) for plate, way in groupby(rows, key=lambda row: row[0])
    }


async def seen_in(session: AsyncSession, box: BBox, start: datetime, end: datetime) -> frozenset[str]:
    """The vehicles with a usable fix in `box` from `start` to `end`, both included."""
    inside = (
        select(PositionFix.plate)
        .where(
            PositionFix.plate == VehicleRow.plate,
            PositionFix.fix_time.between(start, end),
            PositionFix.lat.between(box.south, box.north),
            PositionFix.lon.between(box.west, box.east),
            usable(PositionFix),
        )
        .exists()
    )
    return frozenset((await session.execute(select(VehicleRow.plate).where(inside))).scalars())


def _step(session: AsyncSession, start: datetime, step_s: int) -> ColumnElement[Any]:
    """Which step of time a fix falls in; in what terms is the store's own affair."""
    if on_postgresql(session):
        return func.date_bin(timedelta(seconds=step_s), PositionFix.fix_time, literal(start, UtcTime))
    since_us = type_coerce(PositionFix.fix_time, BigInteger) - (start - _EPOCH) // _MICROSECOND
    return since_us // (step_s * 1_000_000)


def _fix(
    fix_time: datetime,
    terminal_id: str,
    seq: int,
    lat: float,
    lon: float,
    speed_mps: float | None,
    course_deg: float | None,
    accuracy_m: float | None,
) -> Fix:
    return Fix(
        terminal_id=terminal_id,
        seq=seq,
        time=fix_time,
        position=Position(lat=lat, lon=lon),
        speed_mps=speed_mps,
        course_deg=course_deg,
        accuracy_m=accuracy_m,
    )


def _without_jumps(fixes: Sequence[Fix]) -> list[Fix]:
    return [fix for fix, flag in zip(fixes, flagged(fixes), strict=True) if flag is FixFlag.OK]
