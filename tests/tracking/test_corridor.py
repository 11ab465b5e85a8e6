"""Who passed a place: the same on both stores, and the same as walking every way step by step."""

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace
from pyproj import Geod
from sqlalchemy import delete
from stores import new_store
from tracking_build import NOW, fit, fix_at

from core.database import Database
from core.geo import Position, distance_m
from tracking.fixes import LIMITS, is_coarse
from tracking.fixstore import store_fixes
from tracking.passing import LEG, LEG_M, VISIT, Pass, Search, pass_key
from tracking.queries import passed_within
from tracking.tables import PositionFix
from tracking.vocabulary import Fix, trail_key

HERE = Position(lat=31.2, lon=121.4)
START = NOW - timedelta(hours=1)
LAT_M, LON_M = 1 / 110_862, 1 / 95_291
"""Degrees a metre at 31.2° N."""


def at(second: float, east_m: float, north_m: float, *, seq: int | None = None) -> Fix:
    position = Position(lat=HERE.lat + north_m * LAT_M, lon=HERE.lon + east_m * LON_M)
    return replace(fix_at(second, seq=seq), position=position)


async def keep(db: Database, **trails: Sequence[Fix]) -> None:
    await fit(db, trails)
    async with db.write() as session:
        await store_fixes(
            session,
            [(f"P{name}", replace(fix, terminal_id=f"T{name}")) for name, fixes in trails.items() for fix in fixes],
        )


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()


async def search(
    db: Database, radius_m: float = 200, start: datetime = START, end: datetime = NOW, **page: object
) -> list[Pass]:
    async with db.read() as session:
        return await passed_within(session, HERE, radius_m=radius_m, start=start, end=end, **page)  # type: ignore[arg-type]


def seconds(moment: datetime) -> float:
    return (moment - START).total_seconds()


async def test_a_vehicle_passes_between_two_fixes(db: Database) -> None:
    """At 20 m/s with a fix every 60 s none of its fixes is near."""
    await keep(db, A=[at(0, -900, 100), at(60, 300, 100), at(120, 1500, 100)], B=[at(0, -900, 260), at(60, 300, 260)])
    (found,) = await search(db)
    assert found.plate == "PA"
    assert found.nearest_m == pytest.approx(100, abs=1)
    assert seconds(found.at) == pytest.approx(45, abs=0.5)
    assert (seconds(found.since), seconds(found.until)) == (0, 60)
    assert len(await search(db, 300)) == 2


async def test_a_way_counts_however_far_its_ends_are(db: Database) -> None:
    """In the middle of two kilometres both ends are beyond the radius; further out only one is looked for."""
    await keep(
        db,
        middle=[at(0, -990, 190), at(60, 990, 190)],
        begin=[at(0, -1450, 190), at(60, 530, 190)],
        end=[at(0, -530, 190), at(60, 1450, 190)],
    )
    found = {one.plate: (seconds(one.since), seconds(one.until)) for one in await search(db)}
    assert found == dict.fromkeys(("Pmiddle", "Pbegin", "Pend"), (0, 60))


async def test_ways_that_nobody_knows_are_none(db: Database) -> None:
    await keep(
        db,
        silent=[at(0, -900, 0), at(121, 900, 0)],
        far=[at(0, -1100, 0), at(60, 1100, 0)],
        fast=[at(0, -900, 0), at(5, 900, 0)],
        round=[at(0, -250, 0), at(50, 0, 1900), at(60, 0, 2600), at(70, 0, 1900), at(119, 250, 0)],
        coarse=[replace(at(0, 0, 0), accuracy_m=550.0)],
        alone=[at(0, 0, 150)],
    )
    assert [(one.plate, round(one.nearest_m)) for one in await search(db)] == [("Palone", 150)]


async def test_a_visit_is_one_however_long_and_the_next_another(db: Database) -> None:
    stays = [at(second, 20, 0) for second in range(0, 1500, 30)]
    gone = [at(1530, 1000, 0), at(1560, 1800, 0), at(2490, 1000, 0)]
    back = [at(2520, 150, 0), at(2550, 30, 0)]
    await keep(db, A=[*stays, *gone, *back])
    first, second = await search(db)
    assert [round(one.nearest_m) for one in (first, second)] == [20, 30]
    assert (seconds(first.at), seconds(first.since), seconds(first.until)) == (0, 0, 1530)
    assert (seconds(second.at), seconds(second.since), seconds(second.until)) == (2550, 2490, 2550)
    assert [seconds(one.at) for one in await search(db, end=START + timedelta(seconds=10))] == [0]
    assert await search(db, start=START + timedelta(seconds=1600), end=START + timedelta(seconds=2400)) == []


async def test_passes_are_paged_by_time_and_plate(db: Database) -> None:
    await keep(db, **{name: [at(60, 0, 10), at(3000, 0, 10)] for name in "CAB"})
    whole = await search(db)
    assert [(one.plate, seconds(one.at)) for one in whole] == [
        (plate, second) for second in (60, 3000) for plate in ("PA", "PB", "PC")
    ]
    paged: list[Pass] = []
    while more := await search(db, limit=2, after=pass_key(paged[-1]) if paged else None):
        paged += more
    assert paged == whole


moves = st.tuples(st.sampled_from((1, 7, 30, 60, 119, 121, 700)), st.integers(-9, 9), st.integers(-9, 9))


@st.composite
def trails(draw: st.DrawFn) -> list[Fix]:
    """Fixes on a raster of some hundred metres round the place, some coarse, some of the same second."""
    fixes: list[Fix] = []
    second = 0
    for seq, (pause, east, north) in enumerate(draw(st.lists(moves, min_size=1, max_size=12))):
        second += pause if draw(st.integers(0, 9)) else 0
        scale = draw(st.sampled_from((30.0, 130.0, 410.0)))
        fix = at(second, east * scale + 1.7, north * scale + 2.3, seq=seq)
        fixes.append(replace(fix, accuracy_m=550.0) if draw(st.integers(0, 9)) == 0 else fix)
    return fixes


def walk(fixes: Sequence[Fix], search: Search) -> list[Pass] | None:
    """The rule told once more, with a geodesic of many small steps for each way; None where a metre decides."""
    usable = sorted((fix for fix in fixes if not is_coarse(fix)), key=trail_key)
    found: list[Pass] = []
    for a, b in [*pairwise(usable), *((fix, fix) for fix in usable[-1:])]:
        gap, length_m = b.time - a.time, distance_m(a.position, b.position)
        if gap > LEG or length_m > min(LEG_M, LIMITS.top_speed_mps * max(gap.total_seconds(), 1)):
            b, gap = a, timedelta(0)
        inner = GEOD.npts(a.position.lon, a.position.lat, b.position.lon, b.position.lat, STEPS - 1)
        steps = [a.position, *(Position(lat=lat, lon=lon) for lon, lat in inner), b.position]
        metres = [distance_m(step, search.place) for step in steps]
        nearest_m = min(metres)
        moment = a.time + gap * (metres.index(nearest_m) / STEPS)
        if abs(nearest_m - search.radius_m) < 1 or any(
            abs(moment - end) < SECOND for end in (search.start, search.end)
        ):
            return None
        if nearest_m > search.radius_m or not search.start <= moment <= search.end:
            continue
        if not found or a.time - found[-1].until > VISIT:
            found.append(Pass(plate="PA", nearest_m=nearest_m, at=moment, since=a.time, until=b.time))
        nearest = min(found[-1], Pass(plate="PA", nearest_m=nearest_m, at=moment, since=a.time, until=b.time), key=by_m)
        found[-1] = dataclasses.replace(found[-1], nearest_m=nearest.nearest_m, at=nearest.at, until=b.time)
    return found


def by_m(found: Pass) -> float:
    return found.nearest_m


GEOD = Geod(ellps="WGS84")
STEPS = 400
SECOND = timedelta(seconds=1)


@pytest.mark.slow
def test_walking_every_way_step_by_step_says_the_same(tmp_path_factory: pytest.TempPathFactory) -> None:
    url = new_store(tmp_path_factory.mktemp("store"))

    async def searched(fixes: Sequence[Fix], asked: Search) -> list[Pass]:
        async with opened(url) as db:
            async with db.write() as session:
                await session.execute(delete(PositionFix))
                await store_fixes(session, [("PA", replace(fix, terminal_id="TA")) for fix in fixes])
            return await search(db, asked.radius_m, asked.start, asked.end)

    async def prepare() -> None:
        async with opened(url) as db:
            await fit(db, "A")

    asyncio.run(prepare())

    @given(fixes=trails(), radius_m=st.sampled_from((60.0, 200.0, 777.0)), first=st.integers(-50, 400))
    def agree(fixes: list[Fix], radius_m: float, first: int) -> None:
        start = START + timedelta(seconds=first)
        asked = Search(place=HERE, radius_m=radius_m, start=start, end=start + timedelta(seconds=1200))
        walked = walk(fixes, asked)
        assume(walked is not None)
        assert walked is not None
        found = asyncio.run(searched(fixes, asked))
        assert [(one.since, one.until) for one in found] == [(one.since, one.until) for one in walked]
        assert [one.nearest_m for one in found] == pytest.approx([one.nearest_m for one in walked], abs=1)

    agree()
