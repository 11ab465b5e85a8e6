"""Days made ahead, dropped whole, taken over from the rest while fixes come in; on either store what is old goes."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import date, datetime, timedelta
from itertools import count

import pytest
from msgspec.structs import replace
from sqlalchemy import select, text
from stores import PRODUCTION
from tracking_build import METRE, NOW, fit, fix_at, place

from core.database import Database
from tracking import partitions, retention
from tracking.fixcopy import Overtaken
from tracking.fixes import Reason
from tracking.fixstore import store_doubted, store_fixes
from tracking.partitions import Kept, keep_partitions
from tracking.retention import keep_history
from tracking.tables import PositionFix, QuarantinedFix
from tracking.vocabulary import Fix

DAY = timedelta(days=1)
TODAY = NOW.date()
only_production = pytest.mark.skipif(not PRODUCTION, reason="only PostgreSQL has partitions")


def days_ago(days: float, seq: int = 1, terminal_id: str = "T1") -> Fix:
    return replace(fix_at(0, seq=seq, terminal_id=terminal_id), time=NOW - timedelta(days=days))


async def keep(db: Database, *fixes: Fix) -> None:
    async with db.write() as session:
        await store_fixes(session, [("P1", fix) for fix in fixes])


async def kept(db: Database) -> list[tuple[datetime, str, int]]:
    rows = select(PositionFix.fix_time, PositionFix.terminal_id, PositionFix.seq)
    async with db.read() as session:
        return sorted((await session.execute(rows)).tuples().all())


def names(*fixes: Fix) -> list[tuple[datetime, str, int]]:
    return sorted((fix.time, fix.terminal_id, fix.seq) for fix in fixes)


async def test_what_is_older_than_wanted_goes_in_small_steps(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_AT_ONCE", 3)
    await fit(db, ["1", "2"])
    old = [days_ago(40 + seq / 10, seq, f"T{seq % 2 + 1}") for seq in range(20)]
    young = [days_ago(29, 1, "T1"), days_ago(0.1, 2, "T2")]
    await keep(db, *old, *young)
    async with db.write() as session:
        await store_doubted(session, [("P1", fix, Reason.FUTURE) for fix in old[:9]], NOW - 11 * DAY)
        await store_doubted(session, [("P1", fix, Reason.FUTURE) for fix in old[9:]], NOW - 9 * DAY)
    await keep_history(db, NOW, position_days=30, quarantine_days=10)
    assert await kept(db) == names(*young)
    async with db.read() as session:
        left = (await session.execute(select(QuarantinedFix.seq))).scalars().all()
    assert sorted(left) == list(range(9, 20))


@pytest.fixture
async def whole(db: Database) -> AsyncGenerator[Database]:
    """A store as it was before its first day was made."""
    await drop_days(db)
    yield db
    await drop_days(db)


async def drop_days(db: Database) -> None:
    for name in await names_there(db) - {"position_fix_other"}:
        async with db.write() as session:
            await session.execute(text(f"DROP TABLE {name}"))


async def names_there(db: Database) -> set[str]:
    async with db.read() as session:
        found = text(
            "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'position_fix'::regclass"
        )
        return set((await session.execute(found)).scalars())


async def rows_by_partition(db: Database) -> dict[str, int]:
    async with db.read() as session:
        found = await session.execute(text("SELECT tableoid::regclass::text, count(*) FROM position_fix GROUP BY 1"))
        return dict(found.tuples().all())


def name_of(day: date) -> str:
    return f"position_fix_{day:%Y%m%d}"


def span(first: int, last: int) -> tuple[date, ...]:
    return tuple(TODAY + timedelta(days=days) for days in range(first, last + 1))


@only_production
async def test_days_are_made_filled_closed_and_dropped(whole: Database) -> None:
    fixes = [days_ago(0), days_ago(3), days_ago(20), days_ago(31)]
    await keep(whole, *fixes)
    assert await rows_by_partition(whole) == {"position_fix_other": 4}
    first = await keep_partitions(whole, NOW, ahead_days=2, keep_days=30)
    closed = TODAY - 20 * DAY
    assert first == Kept(made=(closed, *span(-7, 2)), indexed=(closed,))
    assert await rows_by_partition(whole) == {name_of(TODAY - days * DAY): 1 for days in (0, 3, 20)}
    assert await keep_partitions(whole, NOW, ahead_days=2, keep_days=30) == Kept()
    later = await keep_partitions(whole, NOW + 12 * DAY, ahead_days=2, keep_days=30)
    # Eight days after its end a day is closed.
    assert later == Kept(made=span(5, 14), dropped=(closed,), indexed=span(-7, 2))
    assert await kept(whole) == names(fixes[0], fixes[1])


@only_production
async def test_days_are_made_once_by_many_while_fixes_come_in(whole: Database) -> None:
    """Terminals write on to every day, and none of their fixes is lost, or stays among the rest."""
    busy, stop = asyncio.Event(), asyncio.Event()
    stored: list[Fix] = []
    seqs = count(1)

    async def terminal(name: str) -> None:
        while not stop.is_set():
            batch = [replace(days_ago(days / 2, next(seqs), name), position=place(METRE)) for days in range(-1, 15)]
            while True:
                try:
                    await keep(whole, *batch)
                except Overtaken:
                    continue
                break
            stored.extend(batch)
            if len(stored) > 500:
                busy.set()

    terminals = [asyncio.create_task(terminal(f"T{number}")) for number in range(3)]
    await busy.wait()
    made: list[date] = []
    while len(made) < 11:
        done = await asyncio.gather(*(keep_partitions(whole, NOW, ahead_days=3, keep_days=30) for _ in range(3)))
        made += [day for one in done for day in one.made]
    stop.set()
    await asyncio.gather(*terminals)
    assert sorted(made) == list(span(-7, 3))
    assert await kept(whole) == names(*stored)
    assert "position_fix_other" not in await rows_by_partition(whole)


@only_production
async def test_a_day_in_use_is_put_off_and_nobody_waits(whole: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "_PATIENCE", text("SET LOCAL lock_timeout = '20ms'"))
    await keep_partitions(whole, NOW - 40 * DAY, ahead_days=0, keep_days=30)
    await keep(whole, days_ago(40))
    async with whole.read() as reading:
        assert (await reading.execute(select(PositionFix.seq))).scalars().all() == [1]
        held_up = await keep_partitions(whole, NOW, ahead_days=0, keep_days=30)
        assert held_up.made == ()
        assert set(held_up.put_off) == {*span(-7, 0), *span(-47, -40)}
    then = await keep_partitions(whole, NOW, ahead_days=0, keep_days=30)
    assert (then.made, then.dropped, then.put_off) == (span(-7, 0), span(-47, -40), ())
    assert await kept(whole) == []
