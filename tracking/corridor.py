"""Corridor search: who passed within so many metres of a place (the rule is in `tracking.passing`).

Both forms first find the stretches of time in which a vehicle was near at all, and only of those read the whole trail,
because what is left out of a trail would make fixes neighbours that are none. PostgreSQL does all of it in one
statement; the embedded store finds the stretches and reads the trails, and the rule itself does the rest.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from core.geo import Position, around
from core.upsert import on_postgresql
from tracking.fixes import LIMITS
from tracking.history import fixes_between, usable
from tracking.passing import LEG, LEG_M, VISIT, Pass, PassKey, Search, pass_key, visits, ways_past
from tracking.tables import PositionFix, VehicleRow

_AT_ONCE = 500
"""So many fixes near the place are followed up at a time in this process; others have their turn in between."""


async def passed_within(
    session: AsyncSession,
    place: Position,
    *,
    radius_m: float,
    start: datetime,
    end: datetime,
    after: PassKey | None = None,
    limit: int = 1000,
) -> list[Pass]:
    """Each visit of a vehicle within `radius_m` of `place` between `start` and `end`, by time, at most `limit`.

    Coarse fixes show nothing here. Both stores give the same, but for the last digits of the figures.
    """
    search = Search(place=place, radius_m=radius_m, start=start, end=end)
    search_in = _in_postgis if on_postgresql(session) else _embedded
    return await search_in(session, search, after, limit)


_PASSED = text(
    """
    WITH inside AS (
        SELECT plate, fix_time, fix_time - lag(fix_time) OVER (PARTITION BY plate ORDER BY fix_time) AS silence
        FROM position_fix
        WHERE fix_time BETWEEN :first AND :last
          AND lat BETWEEN :south AND :north AND lon BETWEEN :west AND :east
          AND ST_MakePoint(lon, lat) && ST_MakeEnvelope(:west, :south, :east, :north)
          AND (accuracy_m IS NULL OR accuracy_m <= :coarse_m)
    ), numbered AS (
        SELECT plate, fix_time,
            count(*) FILTER (WHERE silence > 2 * :leg) OVER (PARTITION BY plate ORDER BY fix_time) AS stretch
        FROM inside
    ), stretches AS (
        SELECT plate, stretch, min(fix_time) - :leg AS since, max(fix_time) + :leg AS until
        FROM numbered GROUP BY plate, stretch
    ), neighbours AS (
        SELECT stretches.plate, fix.fix_time, fix.lat, fix.lon, lead(fix.fix_time) OVER trail AS next_time,
            lead(fix.lat) OVER trail AS next_lat, lead(fix.lon) OVER trail AS next_lon
        FROM stretches CROSS JOIN LATERAL (
            SELECT fix_time, terminal_id, seq, lat, lon FROM position_fix
            WHERE plate = stretches.plate AND fix_time BETWEEN stretches.since AND stretches.until
              AND (accuracy_m IS NULL OR accuracy_m <= :coarse_m)
            OFFSET 0 -- by the index, stretch by stretch: the planner cannot know how few they are
        ) AS fix
        WINDOW trail AS (PARTITION BY plate, stretch ORDER BY fix.fix_time, fix.terminal_id, fix.seq)
    ), judged AS (
        SELECT *, next_time - fix_time <= :leg AND ST_Distance(
                ST_MakePoint(lon, lat)::geography, ST_MakePoint(next_lon, next_lat)::geography
            ) <= least(:leg_m, :top_speed_mps * greatest(extract(epoch FROM next_time - fix_time), 1)) AS leads
        FROM neighbours
    ), ways AS (
        SELECT plate, fix_time, lat, lon, CASE WHEN leads THEN next_time ELSE fix_time END AS to_time,
            CASE WHEN leads THEN next_lat - lat ELSE 0 END AS north,
            CASE WHEN leads THEN next_lon - lon ELSE 0 END AS east
        FROM judged
    ), measured AS (
        SELECT *, CASE WHEN north = 0 AND east = 0 THEN 0 ELSE greatest(0, least(1,
                ((:lon - lon) * east * :narrowing ^ 2 + (:lat - lat) * north) / ((east * :narrowing) ^ 2 + north ^ 2)
            )) END AS part
        FROM ways
    ), approached AS (
        SELECT plate, fix_time, to_time, fix_time + part * (to_time - fix_time) AS at, ST_Distance(
                ST_MakePoint(lon + part * east, lat + part * north)::geography, ST_MakePoint(:lon, :lat)::geography
            ) AS nearest_m
        FROM measured
    ), near AS (
        SELECT *, fix_time - lag(to_time) OVER (PARTITION BY plate ORDER BY fix_time, to_time) AS absence
        FROM approached WHERE nearest_m <= :radius_m AND at BETWEEN :start AND :end
    ), visited AS (
        SELECT *, count(*) FILTER (WHERE absence > :visit) OVER (PARTITION BY plate ORDER BY fix_time, to_time) AS visit
        FROM near
    ), passed AS (
        SELECT DISTINCT ON (plate, visit) plate, nearest_m, at,
            min(fix_time) OVER one AS since, max(to_time) OVER one AS until
        FROM visited WINDOW one AS (PARTITION BY plate, visit)
        ORDER BY plate, visit, nearest_m, at
    )
    SELECT plate, nearest_m, at, since, until FROM passed
    WHERE cast(:after_at AS timestamptz) IS NULL OR (at, plate) > (:after_at, :after_plate)
    ORDER BY at, plate LIMIT :limit
    """
)


async def _in_postgis(session: AsyncSession, search: Search, after: PassKey | None, limit: int) -> list[Pass]:
    box = around(search.place, search.reach_m)
    after_at, after_plate = after or (None, None)
    given = {
        "lat": search.place.lat,
        "lon": search.place.lon,
        "radius_m": search.radius_m,
        "start": search.start,
        "end": search.end,
        "first": search.first,
        "last": search.last,
        "narrowing": search.narrowing,
        "west": box.west,
        "south": box.south,
        "east": box.east,
        "north": box.north,
        "coarse_m": LIMITS.coarse_m,
        "top_speed_mps": LIMITS.top_speed_mps,
        "leg": LEG,
        "leg_m": LEG_M,
        "visit": VISIT,
        "after_at": after_at,
        "after_plate": after_plate,
        "limit": limit,
    }
    rows = (await session.execute(_PASSED, given)).tuples()
    return [
        Pass(plate=plate, nearest_m=nearest_m, at=at, since=since, until=until)
        for plate, nearest_m, at, since, until in rows
    ]


async def _embedded(session: AsyncSession, search: Search, after: PassKey | None, limit: int) -> list[Pass]:
    found: list[Pass] = []
    box = around(search.place, search.reach_m)
    # Through the vehicles, so that the index of each one's fixes by time is used; there is none by time alone.
    statement = (
        select(PositionFix.plate, PositionFix.fix_time)
        .join_from(VehicleRow, PositionFix, PositionFix.plate == VehicleRow.plate)
        .where(
            PositionFix.fix_time.between(search.first, search.last),
            PositionFix.lat.between(box.south, box.north),
            PositionFix.lon.between(box.west, box.east),
            usable(PositionFix),
        )
        .order_by(PositionFix.plate, PositionFix.fix_time)
    )
    inside = (await session.execute(statement)).tuples()
    for plate, times in groupby(inside, key=lambda row: row[0]):
        ways: list[Pass] = []
        for since, until in _stretches([time for _, time in times]):
            ways += ways_past(plate, await fixes_between(session, plate, since - LEG, until + LEG), search)
        found += visits(ways)
    found.sort(key=pass_key)
    return [one for one in found if after is None or pass_key(one) > after][:limit]


def _stretches(times: Sequence[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """The first and last of the times that lie close together, `_AT_ONCE` of them at most."""
    begin = 0
    for at in range(1, len(times) + 1):
        if at == len(times) or at - begin == _AT_ONCE or times[at] - times[at - 1] > 2 * LEG:
            yield times[begin], times[at - 1]
            begin = at
