"""The fixes' way into PostgreSQL: binary COPY, and look-ups and upserts of many rows in one statement.

Nearly all that a busy service writes goes through here, so it goes past the toolkit straight to the driver, in the
transaction of its caller's session.
"""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, LiteralString, cast

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row
from sqlalchemy.ext.asyncio import AsyncSession

from core.geo import Position
from tracking.vocabulary import Fix, TrailKey, trail_key

_COPY = (
    "COPY position_fix (terminal_id, fix_time, seq, plate, lat, lon, speed_mps, course_deg, accuracy_m)"
    " FROM STDIN (FORMAT BINARY)"
)
_COPY_TYPES = ("text", "timestamptz", "int8", "text", *("float8",) * 5)

_STORED_AMONG = """
    SELECT fix.terminal_id, fix.seq, fix.fix_time, fix.lat, fix.lon, fix.speed_mps, fix.course_deg, fix.accuracy_m
    FROM unnest(%b::text[], %b::timestamptz[], %b::int8[]) AS named (terminal_id, fix_time, seq)
    JOIN position_fix AS fix USING (terminal_id, fix_time, seq)
"""

_LIVE = ("plate", "terminal_id", "fix_time", "seq", "lat", "lon", "speed_mps", "course_deg", "accuracy_m")
_LIVE_TYPES: tuple[LiteralString, ...] = (
    "text",
    "text",
    "timestamptz",
    "int8",
    "float8",
    "float8",
    "float8",
    "float8",
    "float8",
)
_UPSERT_LIVE = sql.SQL(
    "INSERT INTO live_position AS shown ({names}) SELECT * FROM unnest({arrays})"
    " ON CONFLICT (plate) DO UPDATE SET {changes} WHERE excluded.fix_time >= shown.fix_time"
).format(
    names=sql.SQL(", ").join(map(sql.Identifier, _LIVE)),
    arrays=sql.SQL(", ").join(sql.SQL("%b::{}[]").format(sql.SQL(kind)) for kind in _LIVE_TYPES),
    changes=sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in _LIVE[1:]),
)


class Overtaken(Exception):
    """Another process has just stored one of these fixes, or made the partition of its day: look again and repeat."""


async def copy_fixes(session: AsyncSession, fixes: Iterable[tuple[str, Fix]]) -> None:
    """Add fixes, each with the plate of its vehicle, to history. Raises `Overtaken` where others were faster."""
    rows = [
        (
            fix.terminal_id,
            fix.time,
            fix.seq,
            plate,
            fix.position.lat,
            fix.position.lon,
            fix.speed_mps,
            fix.course_deg,
            fix.accuracy_m,
        )
        for plate, fix in fixes
    ]
    if not rows:
        return
    async with _cursor(session) as cursor:
        try:
            async with cursor.copy(_COPY) as copy:
                copy.set_types(_COPY_TYPES)
                for row in rows:
                    await copy.write_row(row)
        except (psycopg.errors.UniqueViolation, psycopg.errors.CheckViolation) as error:
            raise Overtaken from error


async def stored_among(session: AsyncSession, keys: Sequence[TrailKey]) -> dict[TrailKey, Fix]:
    """Those of the named fixes that are stored already."""
    named = ([terminal_id for _, terminal_id, _ in keys], [time for time, _, _ in keys], [seq for _, _, seq in keys])
    async with _cursor(session) as cursor:
        await cursor.execute(_STORED_AMONG, named)
        found = await cursor.fetchall()
    return {trail_key(fix): fix for fix in map(_fix, found)}


async def upsert_live(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Show each vehicle at its row, unless it is shown at a newer one; no plate twice."""
    columns = [[row[name] for row in rows] for name in _LIVE]
    async with _cursor(session) as cursor:
        await cursor.execute(_UPSERT_LIVE, columns)


@asynccontextmanager
async def _cursor(session: AsyncSession) -> AsyncGenerator[psycopg.AsyncCursor[tuple[Any, ...]]]:
    below = await (await session.connection()).get_raw_connection()
    connection = cast("psycopg.AsyncConnection[Any]", below.driver_connection)
    async with connection.cursor(binary=True, row_factory=tuple_row) as cursor:
        yield cursor


def _fix(row: tuple[Any, ...]) -> Fix:
    terminal_id, seq, time, lat, lon, speed_mps, course_deg, accuracy_m = row
    return Fix(
        terminal_id=terminal_id,
        seq=seq,
        time=time,
        position=Position(lat=lat, lon=lon),
        speed_mps=speed_mps,
        course_deg=course_deg,
        accuracy_m=accuracy_m,
    )
