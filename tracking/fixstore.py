"""Writing fixes, and recalling what a terminal is remembered by. Used by `tracking.ingest` alone."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import and_, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from core.columns import UtcTime
from core.upsert import Upsert, on_postgresql, upsert
from tracking import fixcopy
from tracking.fixes import REMEMBERED, Reason, TerminalState, remember
from tracking.history import fix_of, usable
from tracking.tables import LivePositionRow, PositionFix, QuarantinedFix, TerminalRow
from tracking.vocabulary import Fix, TrailKey, trail_key

_AT_ONCE = 5_000
_TIME = UtcTime()
_LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)


async def recall(session: AsyncSession, terminal_ids: Sequence[str]) -> dict[str, TerminalState]:
    """What the store knows of each terminal: the same as if this process had judged all its fixes."""
    states = dict.fromkeys(terminal_ids, TerminalState())
    for start in range(0, len(terminal_ids), _AT_ONCE):
        some = terminal_ids[start : start + _AT_ONCE]
        for fix in await _remembered(session, some):
            states[fix.terminal_id] = remember(states[fix.terminal_id], fix)
        newest = await _newest_times(session, some)
        shown = await _shown(session, some)
        for terminal_id in some:
            state = states[terminal_id]
            states[terminal_id] = TerminalState(
                recent=state.recent,
                live=shown.get(terminal_id, state.live),
                newest=newest.get(terminal_id),
            )
    return states


async def stored_among(session: AsyncSession, keys: Sequence[TrailKey]) -> dict[TrailKey, Fix]:
    """Those of the named fixes that are stored already."""
    if not keys:
        return {}
    if on_postgresql(session):
        return await fixcopy.stored_among(session, keys)
    # One parameter whatever their number, and one look-up each: `IN` with rows of values reads the whole table.
    dialect = (await session.connection()).dialect
    names = [(terminal_id, _TIME.process_bind_param(time, dialect), seq) for time, terminal_id, seq in keys]
    name = func.json_each(msgspec.json.encode(names).decode()).table_valued("value")
    statement = select(PositionFix).join_from(
        name,
        PositionFix,
        and_(
            PositionFix.terminal_id == func.json_extract(name.c.value, "$[0]"),
            PositionFix.fix_time == func.json_extract(name.c.value, "$[1]"),
            PositionFix.seq == func.json_extract(name.c.value, "$[2]"),
        ),
    )
    fixes = [fix_of(row) for row in (await session.execute(statement)).scalars()]
    return {trail_key(fix): fix for fix in fixes}


async def store_fixes(session: AsyncSession, fixes: Iterable[tuple[str, Fix]]) -> None:
    """Add fixes, each with the plate of its vehicle, to history.

    One that is there stays as it is, on the embedded store, which has no other writer; on PostgreSQL, where another
    process may just have stored it, or made the partition of its day, raises `fixcopy.Overtaken`, and nothing of the
    transaction may be kept.
    """
    if on_postgresql(session):
        await fixcopy.copy_fixes(session, fixes)
        return
    rows = [{"plate": plate, **_columns(fix)} for plate, fix in fixes]
    if rows:
        await _execute_many(session, upsert(session, PositionFix).on_conflict_do_nothing(), rows)


async def store_doubted(
    session: AsyncSession, doubted: Iterable[tuple[str, Fix, Reason]], received_at: datetime
) -> None:
    """Set doubted fixes aside with their reasons."""
    rows = [
        {
            "terminal_id": fix.terminal_id,
            "fix_time": fix.time,
            "seq": fix.seq,
            "plate": plate,
            "lat": fix.position.lat,
            "lon": fix.position.lon,
            "reason": reason.value,
            "received_at": received_at,
        }
        for plate, fix, reason in doubted
    ]
    if rows:
        await _execute_many(session, upsert(session, QuarantinedFix).on_conflict_do_nothing(), rows)


async def store_live(session: AsyncSession, moved: Iterable[tuple[str, Fix]]) -> None:
    """Show each vehicle at its fix, unless it is shown at a newer one."""
    # Always in the same order, so that two processes never wait for each other's rows.
    rows = [{"plate": plate, **_columns(fix)} for plate, fix in sorted(moved, key=lambda one: one[0])]
    if not rows:
        return
    if on_postgresql(session):
        await fixcopy.upsert_live(session, rows)
        return
    statement = upsert(session, LivePositionRow)
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=[LivePositionRow.plate],
        set_={name: new[name] for name in rows[0] if name != "plate"},
        where=new.fix_time >= LivePositionRow.fix_time,
    )
    await _execute_many(session, statement, rows)


async def _execute_many(session: AsyncSession, statement: Upsert, rows: list[dict[str, Any]]) -> None:
    # Below the object mapper, which would cost more than the store itself.
    await (await session.connection()).execute(statement, rows)


def _columns(fix: Fix) -> dict[str, Any]:
    return {
        "terminal_id": fix.terminal_id,
        "fix_time": fix.time,
        "seq": fix.seq,
        "lat": fix.position.lat,
        "lon": fix.position.lon,
        "speed_mps": fix.speed_mps,
        "course_deg": fix.course_deg,
        "accuracy_m": fix.accuracy_m,
    }


async def _remembered(session: AsyncSession, terminal_ids: Collection[str]) -> list[Fix]:
    older = aliased(PositionFix)
    # The time of each terminal's oldest remembered fix: one short walk down the primary key each.
    oldest = (
        select(older.fix_time)
        .where(older.terminal_id == TerminalRow.terminal_id, usable(older))
        .order_by(older.fix_time.desc(), older.seq.desc())
        .offset(REMEMBERED - 1)
        .limit(1)
        .correlate(TerminalRow)
        .scalar_subquery()
    )
    # Found out first: over partitions PostgreSQL would else walk once more for every fix that it compares.
    known = (
        select(TerminalRow.terminal_id, func.coalesce(oldest, literal(_LONG_AGO, UtcTime)).label("since"))
        .where(TerminalRow.terminal_id.in_(terminal_ids))
        .cte("known")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    statement = (
        select(PositionFix)
        .join(known, known.c.terminal_id == PositionFix.terminal_id)
        .where(PositionFix.fix_time >= known.c.since, usable(PositionFix))
        .order_by(PositionFix.fix_time, PositionFix.seq)
    )
    return [fix_of(row) for row in (await session.execute(statement)).scalars()]


async def _newest_times(session: AsyncSession, terminal_ids: Collection[str]) -> dict[str, datetime]:
    newest = (
        select(func.max(PositionFix.fix_time))
        .where(PositionFix.terminal_id == TerminalRow.terminal_id)
        .correlate(TerminalRow)
        .scalar_subquery()
    )
    statement = select(TerminalRow.terminal_id, newest).where(
        TerminalRow.terminal_id.in_(terminal_ids), newest.is_not(None)
    )
    return dict((await session.execute(statement)).tuples().all())


async def _shown(session: AsyncSession, terminal_ids: Collection[str]) -> dict[str, Fix]:
    statement = (
        select(LivePositionRow)
        .join(TerminalRow, TerminalRow.plate == LivePositionRow.plate)
        .where(TerminalRow.terminal_id.in_(terminal_ids), TerminalRow.terminal_id == LivePositionRow.terminal_id)
    )
    return {row.terminal_id: fix_of(row) for row in (await session.execute(statement)).scalars()}
