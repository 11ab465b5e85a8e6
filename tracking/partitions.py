"""History by days: on PostgreSQL each UTC day's fixes lie in a partition of their own.

A day is made ahead, so that no fix waits for it, and dropped whole, so that retention rewrites nothing. What has no day
of its own lies in the partition for the rest, and moves when its day is made.

A day may still grow for as long as a terminal may upload late. The days after that are closed, and get an index by
place for searches of history. Open days have none: an entry costs as much as the rest of the row with all its other
indexes (docs/decisions/0012 has the figures), and every fix would pay it.

Each step is a short transaction that gives up rather than wait: while a table's lock is waited for, everyone who comes
later queues behind, and that would be the ingest.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, LiteralString

from psycopg import sql
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import Database
from core.turns import take_turn
from tracking.fixes import LIMITS

_NAME: Final = re.compile(r"position_fix_(\d{8})")
_LATE: Final = timedelta(seconds=LIMITS.stale_s)
_MARGIN: Final = timedelta(days=1)
"""A batch may be judged at one moment and committed a little later."""
_BUSY: Final = frozenset({"55P03", "40P01"})
"""A lock was not to be had in time; waiting for it would have been for ever."""

_PATIENCE = text("SET LOCAL lock_timeout = '400ms'")
_PATIENCE_WITH_VACUUM = text("SET LOCAL lock_timeout = '1500ms'")
"""The automatic vacuum lets go of a table for whom it has kept waiting for a second; only for the rest's partition,
which hardly anybody else asks for, is it worth that."""
_LONG_WORK = text("SET LOCAL statement_timeout = '30min'")
_THERE = text(
    "SELECT relname, to_regclass(quote_ident(relname || '_place')) IS NOT NULL FROM pg_inherits"
    " JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'position_fix'::regclass"
)
_STRAY_DAYS = text("SELECT DISTINCT (fix_time AT TIME ZONE 'UTC')::date FROM position_fix_other")
_DROP_STRAYS = text("DELETE FROM position_fix_other WHERE fix_time < :before")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was done, by day; `put_off` is what could not be done now without holding others up."""

    made: tuple[date, ...] = ()
    dropped: tuple[date, ...] = ()
    indexed: tuple[date, ...] = ()
    put_off: tuple[date, ...] = ()


async def keep_partitions(db: Database, now: datetime, *, ahead_days: int, keep_days: int) -> Kept:
    """Make the days from the oldest that may still get fixes to `ahead_days` ahead, drop those older than `keep_days`.

    For PostgreSQL only. Safe to repeat, and to run in several processes while fixes come in. `now` is by the clock that
    the terminals' fixes are judged by.
    """
    oldest = now - timedelta(days=keep_days)
    async with db.write() as session:
        await session.execute(_DROP_STRAYS, {"before": oldest})
    there = await _there(db)
    coming = {_day(now) + timedelta(days=ahead) for ahead in range(ahead_days + 1)}
    open_days = {_day(now) - timedelta(days=back) for back in range(_LATE.days + 1)}
    wanted = sorted((coming | open_days | await _stray_days(db)) - there.keys())
    closed = now - _LATE - _MARGIN
    made = await _each(db, [day for day in wanted if _begin(day + _ONE) > oldest], _make)
    dropped = await _each(db, sorted(day for day in there if _begin(day + _ONE) <= oldest), _drop)
    plain = sorted(day for day, indexed in (await _there(db)).items() if not indexed)
    indexed = await _each(db, [day for day in plain if oldest < _begin(day + _ONE) <= closed], _index)
    return Kept(
        made=made[0], dropped=dropped[0], indexed=indexed[0], put_off=tuple(sorted(made[1] + dropped[1] + indexed[1]))
    )


_ONE: Final = timedelta(days=1)
_Days = tuple[date, ...]
_Step = Callable[[AsyncSession, date], Awaitable[bool]]


async def _each(db: Database, days: list[date], step: _Step) -> tuple[_Days, _Days]:
    """The days for which the step was done, and those for which it has to be tried again."""
    done: list[date] = []
    put_off: list[date] = []
    for day in days:
        async with db.write() as session:
            try:
                async with session.begin_nested():
                    await session.execute(_PATIENCE)
                    await session.execute(_LONG_WORK)
                    await take_turn(session, "position_fix")
                    if await step(session, day):
                        done.append(day)
            except OperationalError as error:
                if getattr(error.orig, "sqlstate", None) not in _BUSY:
                    raise
                put_off.append(day)
    return tuple(done), tuple(put_off)


async def _make(session: AsyncSession, day: date) -> bool:
    if await _exists(session, _name(day)):
        return False
    await _say(session, "CREATE TABLE {day} (LIKE position_fix INCLUDING DEFAULTS INCLUDING INDEXES)", day)
    # Known to hold no other day's rows, the table is not read once more while it is attached.
    await _say(session, "ALTER TABLE {day} ADD CONSTRAINT day CHECK (fix_time >= {begin} AND fix_time < {end})", day)
    await _say(session, _MOVE, day)
    # Until here fixes may still have come in; these few are moved while all others wait.
    await _say(session, "LOCK TABLE position_fix IN SHARE UPDATE EXCLUSIVE MODE", day)
    await session.execute(_PATIENCE_WITH_VACUUM)
    await _say(session, "LOCK TABLE position_fix_other IN ACCESS EXCLUSIVE MODE", day)
    await _say(session, _MOVE, day)
    await _say(session, "ALTER TABLE position_fix ATTACH PARTITION {day} FOR VALUES FROM ({begin}) TO ({end})", day)
    await _say(session, "ALTER TABLE {day} DROP CONSTRAINT day", day)
    return True


_MOVE: Final = """
    WITH moved AS (DELETE FROM position_fix_other WHERE fix_time >= {begin} AND fix_time < {end} RETURNING *)
    INSERT INTO {day} SELECT * FROM moved
"""


async def _drop(session: AsyncSession, day: date) -> bool:
    if not await _exists(session, _name(day)):
        return False
    await _say(session, "DROP TABLE {day}", day)
    return True


async def _index(session: AsyncSession, day: date) -> bool:
    # On geometry: built in a third of the time that geography takes, and a search by rectangle asks for no more.
    if await _exists(session, f"{_name(day)}_place"):
        return False
    await _say(session, "CREATE INDEX {place} ON {day} USING gist (ST_MakePoint(lon, lat))", day)
    await _say(session, "ANALYZE {day}", day)
    return True


async def _say(session: AsyncSession, statement: LiteralString, day: date) -> None:
    said = sql.SQL(statement).format(
        day=sql.Identifier(_name(day)),
        place=sql.Identifier(f"{_name(day)}_place"),
        begin=sql.Literal(_begin(day)),
        end=sql.Literal(_begin(day + _ONE)),
    )
    await (await session.connection()).exec_driver_sql(said.as_string())


async def _exists(session: AsyncSession, name: str) -> bool:
    return (await session.execute(text("SELECT to_regclass(:name)"), {"name": name})).scalar() is not None


async def _there(db: Database) -> dict[date, bool]:
    """The days that have a partition, and whether that is indexed by place."""
    async with db.read() as session:
        rows = (await session.execute(_THERE)).tuples().all()
    named = [(_NAME.fullmatch(name), indexed) for name, indexed in rows]
    return {datetime.strptime(name[1], "%Y%m%d").replace(tzinfo=UTC).date(): indexed for name, indexed in named if name}


async def _stray_days(db: Database) -> set[date]:
    async with db.read() as session:
        return set((await session.execute(_STRAY_DAYS)).scalars())


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _name(day: date) -> str:
    return f"position_fix_{day:%Y%m%d}"
