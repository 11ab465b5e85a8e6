import asyncio
import csv
import gzip
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from stores import new_store
from tracking_build import NOW, StoppedClock, fit, fix_at, ingesting, place

from core.bus import Bus
from core.database import Database
from core.errors import StoreUnavailable
from core.geo import Position
from tracking import ingest as ingest_module
from tracking.fixes import TerminalState, judge
from tracking.fixstore import recall
from tracking.ingest import Ingest, Receipt
from tracking.live import LiveIndex
from tracking.queries import live_positions, trail
from tracking.tables import QuarantinedFix
from tracking.vocabulary import Fix, FixFlag, Moved, Terminal, TrailPoint

EVER = (NOW - timedelta(days=30), NOW + timedelta(days=1))


class FailingDatabase(Database):
    """A store whose commits fail while `broken`, and succeed without saying so while `silent`."""

    broken = False
    silent = False

    @asynccontextmanager
    async def write(self, *, express: bool = False) -> AsyncGenerator[AsyncSession]:
        async with super().write() as session:
            yield session
            if self.broken:
                raise StoreUnavailable("the disk is full")
        if self.silent:
            raise StoreUnavailable("the answer was lost")


class InterruptedDatabase(Database):
    """A store during whose next transaction, while that waits for its first answer, something else happens."""

    meanwhile: Callable[[], None] | None = None

    @asynccontextmanager
    async def write(self, *, express: bool = False) -> AsyncGenerator[AsyncSession]:
        async with super().write(express=express) as session:
            if self.meanwhile:
                asyncio.get_running_loop().call_soon(self.meanwhile)
                self.meanwhile = None
            yield session


async def read_trail(db: Database, plate: str) -> list[TrailPoint]:
    async with db.read() as session:
        return await trail(session, plate, *EVER, limit=1_000_000)


async def test_what_is_acknowledged_is_in_the_trail_with_its_doubts(db: Database) -> None:
    terminal = (await fit(db, ["1"]))["1"]
    jumping = fix_at(6, 90_000)
    coarse = replace(fix_at(8, 60), accuracy_m=550.0)
    sent = [fix_at(2, 20), fix_at(4, 40), jumping, coarse, fix_at(0), fix_at(10, 100), fix_at(4, 40)]
    async with ingesting(db, StoppedClock()) as ingest:
        receipts = await ingest.submit(terminal, sent)
        assert receipts == [Receipt(seq=fix.seq) for fix in sent]
    points = await read_trail(db, "P1")
    assert [point.fix for point in points] == sorted(set(sent), key=lambda fix: fix.time)
    assert {point.fix: point.flag for point in points if point.flag is not FixFlag.OK} == {
        jumping: FixFlag.JUMP,
        coarse: FixFlag.COARSE,
    }
    async with db.read() as session:
        assert [(live.plate, live.fix_time) for live in await live_positions(session)] == [("P1", fix_at(10).time)]


async def test_R22_doubted_fixes_are_kept_apart_with_the_reason(db: Database) -> None:
    terminal = (await fit(db, ["1"]))["1"]
    sent = [
        replace(fix_at(0), seq=1, position=Position(lat=0, lon=0)),
        replace(fix_at(0), seq=2, position=Position(lat=121.4, lon=31.2)),
        replace(fix_at(0), seq=3, time=NOW + timedelta(seconds=61)),
        replace(fix_at(0), seq=4, time=NOW - timedelta(days=8)),
        replace(fix_at(0), seq=5),
    ]
    async with ingesting(db, StoppedClock()) as ingest:
        for _ in range(2):
            receipts = await ingest.submit(terminal, sent)
            assert [(receipt.code, receipt.detail) for receipt in receipts] == [
                ("invalid_position", "null_island"),
                ("invalid_position", "swapped"),
                ("invalid", "future"),
                ("invalid", "stale_clock"),
                ("", ""),
            ]
    assert [point.fix for point in await read_trail(db, "P1")] == [sent[4]]
    async with db.read() as session:
        rows = (await session.execute(select(QuarantinedFix).order_by(QuarantinedFix.seq))).scalars().all()
    assert [(row.reason, row.received_at) for row in rows] == [
        (reason, NOW) for reason in ("null_island", "swapped", "future", "stale_clock")
    ]


async def test_the_same_name_with_other_content_is_a_conflict_and_changes_nothing(db: Database) -> None:
    terminal = (await fit(db, ["1"]))["1"]
    other = replace(fix_at(0), position=place(7))
    async with ingesting(db, StoppedClock()) as ingest:
        first, second = await ingest.submit(terminal, [fix_at(0), other])
        (third,) = await ingest.submit(terminal, [other])
        (fourth,) = await ingest.submit(terminal, [fix_at(0)])
        assert [receipt.code for receipt in (first, second, third, fourth)] == ["", "conflict", "conflict", ""]
    assert [point.fix for point in await read_trail(db, "P1")] == [fix_at(0)]


async def test_a_terminal_that_connects_anew_in_mid_commit_is_remembered_from_the_store(db: Database) -> None:
    terminals = await fit(db, ["1", "2"])
    interrupted = InterruptedDatabase(db.text)
    async with ingesting(interrupted, StoppedClock()) as ingest, ingesting(db, StoppedClock()) as elsewhere:
        await ingest.submit(terminals["1"], [fix_at(0)])
        interrupted.meanwhile = partial(ingest.forget, "T1")
        known = ingest.submit(terminals["1"], [fix_at(1)])
        stranger = ingest.submit(terminals["2"], [fix_at(1, terminal_id="T2")])
        answers = await asyncio.gather(known, stranger)
        assert [receipt.stored for (receipt,) in answers] == [True, True]
        # Another process stores what this one would take for new, did it go by what it remembered before.
        await elsewhere.submit(terminals["1"], [fix_at(2)])
        other = replace(fix_at(2), position=place(7))
        (receipt,) = await ingest.submit(terminals["1"], [other])
        assert receipt.code == "conflict"
    await interrupted.close()


async def test_many_submissions_share_few_commits(db: Database) -> None:
    terminals = await fit(db, map(str, range(20)))
    async with ingesting(db, StoppedClock()) as ingest:
        await asyncio.gather(
            *(
                ingest.submit(terminal, [fix_at(second, terminal_id=terminal.terminal_id)])
                for second in range(25)
                for terminal in terminals.values()
            )
        )
        assert ingest.counts.stored == 500
        assert ingest.counts.commits <= 3
        assert len(await read_trail(db, "P7")) == 25


async def test_a_failed_commit_acknowledges_nothing_and_is_remembered_by_nothing(tmp_path: Path) -> None:
    db = FailingDatabase(new_store(tmp_path))
    terminals = await fit(db, ["1", "2"])
    live, bus = LiveIndex(), Bus()
    moved = bus.listen(Moved)
    ingest = Ingest(db=db, bus=bus, live=live, clock=StoppedClock(), window_s=0)
    await ingest.start()
    await ingest.submit(terminals["1"], [fix_at(0)])
    db.broken = True
    for outcome in await asyncio.gather(
        ingest.submit(terminals["1"], [fix_at(10, 50)]),
        ingest.submit(terminals["2"], [fix_at(10, 50, terminal_id="T2")]),
        return_exceptions=True,
    ):
        assert isinstance(outcome, StoreUnavailable)
    assert (len(live), moved.qsize(), ingest.counts.failed) == (1, 1, 1)
    assert [point.fix for point in await read_trail(db, "P1")] == [fix_at(0)]
    db.broken = False
    # Older than what failed: were that remembered, this would come too late to be shown.
    assert await ingest.submit(terminals["1"], [fix_at(5, 25)]) == [Receipt(seq=50)]
    shown = live.get("P1")
    assert shown is not None
    assert shown.fix_time == fix_at(5).time
    assert ingest.running
    await ingest.stop()
    with pytest.raises(StoreUnavailable):
        await ingest.submit(terminals["1"], [fix_at(11)])
    await db.close()


async def test_a_commit_that_succeeded_and_seemed_to_fail_is_found_in_the_store(tmp_path: Path) -> None:
    db = FailingDatabase(new_store(tmp_path))
    terminal = (await fit(db, ["1"]))["1"]
    live = LiveIndex()
    async with ingesting(db, StoppedClock(), live) as ingest:
        await ingest.submit(terminal, [fix_at(0)])
        db.silent = True
        with pytest.raises(StoreUnavailable):
            await ingest.submit(terminal, [fix_at(10)])
        db.silent = False
        (other,) = await ingest.submit(terminal, [replace(fix_at(10), position=place(5))])
        (again,) = await ingest.submit(terminal, [fix_at(10)])
    assert (again.code, other.code) == ("", "conflict")
    shown = live.get("P1")
    assert shown is not None
    assert shown.fix_time == fix_at(10).time  # although its commit was never heard of
    assert [point.fix for point in await read_trail(db, "P1")] == [fix_at(0), fix_at(10)]
    await db.close()


async def test_nobody_waits_for_ever_when_the_writer_dies(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = (await fit(db, ["1"]))["1"]

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(ingest_module, "store_fixes", broken)
    ingest = Ingest(db=db, bus=Bus(), live=LiveIndex(), clock=StoppedClock(), window_s=0)
    await ingest.start()
    with pytest.raises(StoreUnavailable):
        await ingest.submit(terminal, [fix_at(0)])
    await asyncio.sleep(0)
    assert not ingest.running
    with pytest.raises(StoreUnavailable):
        await ingest.submit(terminal, [fix_at(0)])
    with pytest.raises(ZeroDivisionError):
        await ingest.stop()


async def test_stopping_commits_what_waits(db: Database) -> None:
    terminal = (await fit(db, ["1"]))["1"]
    async with ingesting(db, StoppedClock()) as ingest:
        waiting = [await ingest.offer(terminal, [fix_at(second)]) for second in range(5)]
    assert [(await receipts)[0].stored for receipts in waiting] == [True] * 5
    assert len(await read_trail(db, "P1")) == 5


@pytest.mark.parametrize("seed", range(3))
async def test_after_a_restart_a_terminal_is_remembered_as_if_there_had_been_none(db: Database, seed: int) -> None:
    terminals = await fit(db, ["1", "2"])
    rng = random.Random(seed)
    sent = [
        (name, replace(fix, accuracy_m=rng.choice([None, 5.0, 550.0])))
        for n in range(40)
        for name in terminals
        for fix in [fix_at(2 * n, rng.choice([20 * n] * 6 + [80_000]), terminal_id=f"T{name}")]
    ]
    rng.shuffle(sent)
    states = {name: TerminalState() for name in terminals}
    for name, fix in sent:
        restarted = LiveIndex()
        async with ingesting(db, StoppedClock(), restarted) as ingest:  # a new process for every fix
            await ingest.submit(terminals[name], [fix])
        states[name], _ = judge(states[name], fix, NOW)
        async with db.read() as session:
            recalled = await recall(session, ["T1", "T2"])
        assert recalled == {"T1": states["1"], "T2": states["2"]}
        live, shown = states[name].live, restarted.get(f"P{name}")
        assert (live and live.position) == (shown and shown.position)


async def test_two_terminals_of_one_vehicle_never_move_it_back_in_time(db: Database) -> None:
    terminals = await fit(db, ["1"])
    second = Terminal(terminal_id="T9", plate="P1", protocol=terminals["1"].protocol)
    async with ingesting(db, StoppedClock()) as ingest:
        await ingest.submit(terminals["1"], [fix_at(10, 100)])
        await ingest.submit(second, [fix_at(5, 50, terminal_id="T9")])
    async with db.read() as session:
        assert [live.fix_time for live in await live_positions(session)] == [fix_at(10).time]
    assert [point.fix.terminal_id for point in await read_trail(db, "P1")] == ["T9", "T1"]


async def test_the_trail_is_the_same_in_pages_and_in_part(db: Database) -> None:
    terminal = (await fit(db, ["1"]))["1"]
    rng = random.Random(3)
    sent = [
        replace(fix_at(n // 2, rng.choice([0, 0, 0, 50_000]), seq=n), accuracy_m=rng.choice([None, 5.0, 5.0, 550.0]))
        for n in range(60)
    ]
    rng.shuffle(sent)
    async with ingesting(db, StoppedClock()) as ingest:
        await ingest.submit(terminal, sent)
    whole = await read_trail(db, "P1")
    assert len(whole) == 60
    assert len({point.flag for point in whole}) == 3
    paged: list[TrailPoint] = []
    async with db.read() as session:
        while page := await trail(session, "P1", *EVER, after=paged[-1].key if paged else None, limit=7):
            paged += page
        start, end = whole[20].fix.time, whole[33].fix.time
        part = await trail(session, "P1", start, end)
    assert paged == whole
    assert part == [point for point in whole if start <= point.fix.time <= end]


async def test_real_pings_in_any_order_and_repeated_are_all_in_the_trail(db: Database, shared_data: Path) -> None:
    """Three busy tracks of real pings, in random order, in batches, a tenth of them twice."""
    with gzip.open(shared_data / "gps" / "shanghai_pings_dev.csv.gz", "rt", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["track"] in {"0", "1", "2"}]
    terminals = await fit(db, sorted({row["track"] for row in rows}))
    newest = max(int(row["time_ms"]) for row in rows)
    sent = [
        Fix(
            terminal_id=f"T{row['track']}",
            seq=seq,
            time=NOW - timedelta(milliseconds=newest - int(row["time_ms"])),
            position=Position(lat=float(row["lat"]), lon=float(row["lon"])),
            speed_mps=float(row["speed_mps"]),
            course_deg=float(row["bearing_deg"]),
            accuracy_m=float(row["accuracy_m"]),
        )
        for seq, row in enumerate(rows)
    ]
    rng = random.Random(1)
    shuffled = sent + rng.sample(sent, k=len(sent) // 10)
    rng.shuffle(shuffled)
    acknowledged: set[Fix] = set()

    async def upload(ingest: Ingest, batch: list[Fix]) -> None:
        for name, terminal in terminals.items():
            fixes = [fix for fix in batch if fix.terminal_id == f"T{name}"]
            receipts = await ingest.submit(terminal, fixes)
            acknowledged.update(fix for fix, receipt in zip(fixes, receipts, strict=True) if receipt.stored)

    async with ingesting(db, StoppedClock()) as ingest:
        await asyncio.gather(*(upload(ingest, shuffled[at : at + 97]) for at in range(0, len(shuffled), 97)))
        assert ingest.counts.stored + ingest.counts.refused >= len(sent)
    in_trails = {point.fix for name in terminals for point in await read_trail(db, f"P{name}")}
    assert in_trails == acknowledged == set(sent)
    flags = [point.flag for name in terminals for point in await read_trail(db, f"P{name}")]
    assert flags.count(FixFlag.OK) > len(sent) / 2
