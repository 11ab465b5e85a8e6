"""The life of one process: what runs in the background is missed when it dies, and the end is orderly."""

import asyncio
import gc
import signal
from pathlib import Path

import pytest
from gateway_house import PLACES, House, open_house
from stores import new_service

from core.clock import RehearsalClock, WallClock
from core.errors import StoreUnavailable
from core.settings import Settings
from gateway import heap
from gateway.app import create_app
from gateway.background import Background
from gateway.bootstrap import clock_of
from gateway.cli.serve import listen, serve_until_stopped
from tracking.vocabulary import VehicleState


async def test_a_task_that_dies_makes_the_process_unfit_and_is_told_once() -> None:
    told: list[str] = []
    background = Background(told.append)

    async def dies() -> None:
        raise ZeroDivisionError

    async def works() -> None:
        await asyncio.Event().wait()

    background.start("steady", works())
    assert background.alive
    background.start("frail", dies())
    background.start("frailer", dies())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (told, background.failed, background.alive) == (["frail"], "frail", False)
    await background.stop(0)


async def test_a_task_that_just_ends_is_missed_too_but_not_while_stopping() -> None:
    told: list[str] = []
    background = Background(told.append)
    done = asyncio.Event()

    async def ends() -> None:
        await done.wait()

    background.start("one", ends())
    background.stopping()
    done.set()
    await background.stop()
    assert told == []
    early = Background(told.append)
    early.start("two", ends())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert told == ["two"]
    await early.stop()


async def test_a_service_whose_part_died_says_so_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def dies(*_: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr("gateway.bootstrap.run_sweeper", dies)
    told: asyncio.Queue[str] = asyncio.Queue()
    app = create_app(Settings(**new_service(tmp_path)), on_failure=told.put_nowait, places=PLACES)
    async with app.router.lifespan_context(app):
        assert await told.get() == "deadlines"
        assert await app.state.service.unfit() == {"tasks": "not at work: deadlines"}


async def test_ready_and_metrics_tell_the_state(house: House) -> None:
    await house.new_offer()
    ready = await house.client.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert (await house.client.get("/healthz")).json() == {"status": "ok"}
    figures = (await house.client.get("/metrics")).text
    assert 'nearside_open_cases{status="offered"} 1.0' in figures
    assert "nearside_event_seq 2.0" in figures
    assert 'route="/api/v1/cases/{case_id}/offers",status="201"' in figures
    await house.service.ingest.stop()
    house.service.background.stopping()
    unfit = await house.client.get("/readyz")
    assert (unfit.status_code, unfit.json()["checks"]["ingest"]) == (503, "fixes are not being stored")


async def test_a_restart_remembers_who_is_busy(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.furnish()
        await house.new_trip()
    app = create_app(
        Settings(database=house.service.db.text, redis=house.service.settings.redis),
        on_failure=pytest.fail,
        places=PLACES,
    )
    told: dict[str, VehicleState] = {}
    service = app.state.service
    service.live.set_vehicle = lambda plate, kind, state: told.__setitem__(plate, state)  # type: ignore[method-assign]
    async with app.router.lifespan_context(app):
        assert told == {
            "沪A00001": VehicleState.BUSY,
            "沪A00002": VehicleState.FREE,
            "沪A00003": VehicleState.FREE,
        }


def test_a_rehearsals_clock_goes_on_where_the_wall_puts_it() -> None:
    assert clock_of(Settings(), WallClock()) == WallClock()
    now = WallClock().now()
    clock = clock_of(Settings(clock_speed=60, clock_starts_at=now, clock_wall_start=now), WallClock())
    assert clock == RehearsalClock(starts_at=now, wall_start=now, speed=60)


def test_a_server_whose_part_died_stops_with_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    async def dies(*_: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr("gateway.bootstrap.run_sweeper", dies)
    settled: list[bool] = []
    monkeypatch.setattr("gateway.heap.settle", lambda: settled.append(True))
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        settings = Settings(**new_service(tmp_path))
        assert serve_until_stopped(settings, listen("127.0.0.1", 0)) == 1
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert "a part of it died: deadlines" in capfd.readouterr().err
    assert settled == [True]


def test_what_was_loaded_at_the_start_is_no_longer_looked_at_for_garbage() -> None:
    thresholds, ring = gc.get_threshold(), [object()]
    try:
        heap.settle()
        assert gc.get_freeze_count() > 0
        assert not any(one is ring for one in gc.get_objects())
        assert gc.get_threshold() == heap.THRESHOLDS
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
