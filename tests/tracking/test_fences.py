import asyncio
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from sqlalchemy import select
from stores import new_store
from tracking_build import NOW, StoppedClock, fit, fix_at, ingesting, place

from core.bus import Bus
from core.database import Database
from core.errors import NotFound
from tracking.arrival import Fence, derive
from tracking.fences import YOUNG, pass_fences
from tracking.fixstore import store_fixes
from tracking.queries import end_fence, move_fence, note_crossing, set_fence, unnoted_crossings
from tracking.tables import FenceRow
from tracking.vocabulary import Crossed, Crossing, Fix, trail_key

SINCE = fix_at(0).time
SCENE = place(3_000)
FENCE = Fence(
    trip_id="t1",
    plate="P1",
    origin=place(0),
    scene=SCENE,
    since=SINCE,
    until=None,
    radius_m=150,
    dwell_s=30,
)
DRIVE = [fix_at(0), fix_at(60, 900), fix_at(120, 2_000), fix_at(180, 2_990), fix_at(215, 3_000)]
ARRIVED = Crossing(trip_id="t1", plate="P1", departed_at=fix_at(60).time, arrived_at=fix_at(180).time)


async def fence_it(db: Database, plate: str = "P1") -> Crossing:
    async with db.write() as session:
        return await set_fence(
            session,
            trip_id="t1",
            plate=plate,
            origin=place(0),
            scene=SCENE,
            since=SINCE,
            radius_m=150,
            dwell_s=30,
        )


async def unnoted(db: Database) -> list[Crossing]:
    async with db.read() as session:
        return await unnoted_crossings(session)


async def test_K3_a_drive_departs_and_arrives_and_dispatch_is_told_once_for_each(db: Database) -> None:
    terminal = (await fit(db, ["1"]))["1"]
    await fence_it(db)
    bus = Bus()
    crossed = bus.listen(Crossed)
    told: list[int] = []
    async with ingesting(db, StoppedClock(), bus=bus) as ingest:
        for fix in DRIVE:
            await ingest.submit(terminal, [fix])
            told.append(crossed.qsize())
        assert told == [0, 1, 1, 1, 2]
        assert await unnoted(db) == [ARRIVED]
        async with db.write() as session:
            assert not await note_crossing(session, replace(ARRIVED, arrived_at=None))
        assert await unnoted(db) == [ARRIVED]
        async with db.write() as session:
            assert await note_crossing(session, ARRIVED)
        assert await unnoted(db) == []
        await ingest.submit(terminal, [*DRIVE, fix_at(300, 3_000)])
        assert (await unnoted(db), crossed.qsize()) == ([], 2)


async def test_K3_a_late_upload_amends_the_arrival_even_after_the_trip_ended(db: Database) -> None:
    terminal = (await fit(db, ["1"]))["1"]
    await fence_it(db)
    async with ingesting(db, StoppedClock()) as ingest:
        await ingest.submit(terminal, [fix_at(0), fix_at(500, 3_000), fix_at(600, 3_000)])
        async with db.write() as session:
            crossing = await end_fence(session, "t1", fix_at(700).time)
            assert crossing.arrived_at == fix_at(500).time
            await note_crossing(session, crossing)
        await ingest.submit(terminal, [fix_at(900, 0)])
        assert await unnoted(db) == []
        await ingest.submit(terminal, DRIVE[1:])
        assert await unnoted(db) == [ARRIVED]


async def test_fixes_already_there_count_and_ending_earlier_takes_back_what_came_later(db: Database) -> None:
    terminal = (await fit(db, ["1"]))["1"]
    async with ingesting(db, StoppedClock()) as ingest:
        await ingest.submit(terminal, DRIVE)
    assert await fence_it(db) == ARRIVED
    async with db.write() as session:
        crossing = await end_fence(session, "t1", fix_at(200).time)
    assert crossing == replace(ARRIVED, arrived_at=None)
    assert await unnoted(db) == [crossing]


async def test_R4_another_vehicle_takes_the_fence_over(db: Database) -> None:
    terminals = await fit(db, ["1", "2"])
    await fence_it(db)
    async with ingesting(db, StoppedClock()) as ingest:
        await ingest.submit(terminals["1"], DRIVE)
        async with db.write() as session:
            crossing = await move_fence(session, "t1", "P2", origin=place(1_000), since=fix_at(150).time)
        assert crossing == Crossing(trip_id="t1", plate="P2", departed_at=None, arrived_at=None)
        second = [fix_at(s, m, terminal_id="T2") for s, m in ((140, 0), (160, 1_000), (400, 3_000), (440, 3_000))]
        await ingest.submit(terminals["2"], second)
        await ingest.submit(terminals["1"], [fix_at(460, 3_000)])
    assert await unnoted(db) == [
        Crossing(trip_id="t1", plate="P2", departed_at=second[2].time, arrived_at=second[2].time)
    ]


async def test_a_trip_without_a_fence_is_not_found(db: Database) -> None:
    for change in (
        lambda session: end_fence(session, "t9", NOW),
        lambda session: move_fence(session, "t9", "P1", origin=None, since=NOW),
    ):
        with pytest.raises(NotFound):
            async with db.write() as session:
                await change(session)


@st.composite
def uploads(draw: st.DrawFn) -> tuple[list[Fix], list[list[Fix]], int]:
    """A drive, the batches in which it arrives, and after how many of them the trip ends."""
    legs = draw(
        st.lists(
            st.tuples(
                st.sampled_from([1, 20, 60, 60, 601]),
                st.sampled_from([0, 250, 2_900, 3_000, 3_000, 3_000, 4_000, 90_000]),
                st.sampled_from([5.0, 5.0, 180.0, None]),
            ),
            min_size=1,
            max_size=14,
        )
    )
    second, drive = -30, list[Fix]()
    for gap, north, accuracy in legs:
        second += gap
        drive.append(structs.replace(fix_at(second, north, seq=second + 30), accuracy_m=accuracy))
    arriving = draw(st.permutations(drive)) + draw(st.lists(st.sampled_from(drive), max_size=3))
    cuts = sorted(draw(st.sets(st.integers(0, len(arriving)), max_size=5)))
    batches = [arriving[a:b] for a, b in zip([0, *cuts], [*cuts, len(arriving)], strict=True)]
    return drive, [batch for batch in batches if batch], draw(st.integers(0, 4))


@settings(max_examples=40)
@given(uploads(), st.booleans())
def test_whatever_the_order_of_arrival_the_fence_shows_what_the_sorted_history_shows(
    case: tuple[list[Fix], list[list[Fix]], int], known_origin: bool
) -> None:
    drive, batches, ends_after = case
    until = SINCE + timedelta(seconds=700)
    fence = replace(FENCE, origin=FENCE.origin if known_origin else None, until=until)

    async def played(folder: str) -> tuple[object, object]:
        db = Database(new_store(Path(folder)))
        terminal = (await fit(db, ["1"]))["1"]
        async with ingesting(db, StoppedClock()) as ingest:
            for n in range(max(len(batches), ends_after + 1)):
                if n == 0:
                    async with db.write() as session:
                        await set_fence(
                            session,
                            trip_id="t1",
                            plate="P1",
                            origin=fence.origin,
                            scene=SCENE,
                            since=SINCE,
                            radius_m=150,
                            dwell_s=30,
                        )
                if n == ends_after:
                    async with db.write() as session:
                        await end_fence(session, "t1", until)
                if n < len(batches):
                    await ingest.submit(terminal, batches[n])
        async with db.read() as session:
            row = (await session.execute(select(FenceRow))).scalar_one()
        await db.close()
        return row.departed_at, row.arrived_at

    with tempfile.TemporaryDirectory() as folder:
        departed, arrived = asyncio.run(played(folder))
    expected = derive(fence, sorted(drive, key=trail_key))
    assert (departed, arrived) == (expected.departed_at, expected.arrived_at)


async def test_K3_a_fix_that_a_new_fence_did_not_see_is_in_it_when_the_fence_is_no_longer_new(db: Database) -> None:
    """Decision 11: a batch of another process may not see the fence yet, nor the fence the batch."""
    await fit(db, ["1"])
    await fence_it(db)

    async def store(fix: Fix, *, unseen: bool = False) -> None:
        async with db.write() as session:
            await store_fixes(session, [("P1", fix)])
            if not unseen:
                await pass_fences(session, {"P1": [fix]}, fix.time)

    await store(DRIVE[0])
    await store(fix_at(20, 900), unseen=True)  # it had left by then
    await store(fix_at(40, 1_200))
    (early,) = await unnoted(db)
    assert early.departed_at == fix_at(40).time
    await store(fix_at(30 + YOUNG.total_seconds(), 1_500))
    (settled,) = await unnoted(db)
    assert settled.departed_at == fix_at(20).time
