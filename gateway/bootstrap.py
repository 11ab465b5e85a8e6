"""The composition root: the one place where the parts are put together. Nothing connects before `Service.open`."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from core.bus import Bus
from core.clock import Clock, RehearsalClock, WallClock
from core.database import Database
from core.errors import StoreUnavailable
from core.eventlog import Logged
from core.places import Places, load_places
from core.settings import Settings
from dispatch.arrivals import run_arrivals
from dispatch.desk import Desk
from dispatch.roster import busy_plates
from dispatch.sweeper import run_sweeper
from gateway import accounts, idempotency
from gateway.auth import SignIn
from gateway.background import Background
from gateway.live.hub import Hub
from gateway.metrics import Metrics
from gateway.schema import prepare
from gateway.terminals import TerminalSockets
from tracking.ingest import Ingest
from tracking.live import LiveIndex
from tracking.vocabulary import Crossed, VehicleState

HOUSEKEEPING_S = 900.0
WATCH_S = 0.5
ROSTER_S = 2.0
PARTING_S = 3.0
_SANE_YEARS = range(2015, 2100)


def clock_of(settings: Settings) -> Clock:
    """The wall clock, or where the settings ask for one, the clock of a rehearsal."""
    if settings.clock_speed == 1 and settings.clock_starts_at is None:
        return WallClock()
    wall_start = settings.clock_wall_start or WallClock().now()
    return RehearsalClock(
        starts_at=settings.clock_starts_at or wall_start, wall_start=wall_start, speed=settings.clock_speed
    )


@dataclass(slots=True, kw_only=True)
class Service:
    """All parts of one process."""

    settings: Settings
    db: Database
    bus: Bus
    clock: Clock
    wall: WallClock
    places: Places
    live: LiveIndex
    ingest: Ingest
    desk: Desk
    hub: Hub
    sign_in: SignIn
    terminals: TerminalSockets
    metrics: Metrics
    background: Background
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> None:
        """Bring the schema up to date, load what is live, and start every background task."""
        await prepare(self.db)
        await asyncio.to_thread(self.places.warm_up)
        roster = await self._load_fleet()
        await self.ingest.start()
        for name, work in self._tasks(roster).items():
            self.background.start(name, work)

    def _tasks(self, roster: int) -> dict[str, Coroutine[Any, Any, None]]:
        return {
            "deadlines": run_sweeper(self.desk, self.stop),
            "arrivals": run_arrivals(self.desk, self.stop),
            "feed": self.hub.run(self.stop),
            "ingest": self._watch_ingest(),
            "roster": self._follow_roster(roster),
            "housekeeping": self._keep_house(),
        }

    async def close(self) -> None:
        """Stop in order: tasks first, then the fixes that still wait are committed, then the store is let go."""
        self.stop.set()
        # Those who wait to be told something look once more, and see that it is time to stop.
        self.bus.publish(Crossed())
        self.bus.publish(Logged(seq=0))
        await self.background.stop(PARTING_S)
        await self.ingest.stop()
        await self.db.close()

    async def unfit(self) -> dict[str, str]:
        """What is wrong with this process, by part; empty when it is fit to serve."""
        wrong: dict[str, str] = {}
        try:
            async with self.db.read() as session:
                await session.execute(text("SELECT 1"))
        except StoreUnavailable as error:
            wrong["store"] = error.detail
        if not self.background.alive:
            wrong["tasks"] = f"not at work: {self.background.failed or 'stopping'}"
        if not self.ingest.running:
            wrong["ingest"] = "fixes are not being stored"
        if self.wall.now().year not in _SANE_YEARS or self.clock.now().year not in _SANE_YEARS:
            wrong["clock"] = "the clock is set to an absurd year"
        return wrong

    async def _follow_roster(self, seen: int) -> None:
        """Vehicles may be put on record by another process, such as an import beside this one."""
        while not self.stop.is_set():
            with suppress(StoreUnavailable):  # then at the next look
                async with self.db.read() as session:
                    version = (await self.desk.roster.get(session)).version
                if version != seen:
                    seen = await self._load_fleet()
            await self._pause(ROSTER_S)

    async def _load_fleet(self) -> int:
        """Tell the live index every vehicle's kind and state; gives the version of the record it was read from."""
        async with self.db.read() as session:
            busy = await busy_plates(session)
            roster = await self.desk.roster.get(session)
            for vehicle in roster.by_plate.values():
                idle = VehicleState.FREE if vehicle.on_duty else VehicleState.OFF_DUTY
                state = VehicleState.BUSY if vehicle.plate in busy else idle
                self.live.set_vehicle(vehicle.plate, vehicle.kind, state)
        return roster.version

    async def _watch_ingest(self) -> None:
        """The ingest keeps a task of its own; if that ends, this one does, and is missed."""
        while self.ingest.running and not self.stop.is_set():
            await self._pause(WATCH_S)

    async def _keep_house(self) -> None:
        """Forget expired sessions and answers that were kept long enough. By the wall clock, as they were set."""
        while not self.stop.is_set():
            with suppress(StoreUnavailable):  # then at the next round
                async with self.db.write() as session:
                    now = self.wall.now()
                    await accounts.forget_expired(session, now - timedelta(days=1))
                    await idempotency.forget_old(session, now)
            await self._pause(HOUSEKEEPING_S)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.stop.wait()


def open_store(settings: Settings) -> Database:
    """The store that the settings name; nothing connects yet."""
    return Database(settings.database, connections=settings.database_connections)


def build(settings: Settings, *, on_failure: Callable[[str], None], places: Places | None = None) -> Service:
    """Put the parts together. `on_failure` is told the name of a background task that died.

    `places` may be shared by several services, since the map is large and never changes.
    """
    db, bus, clock, live = open_store(settings), Bus(), clock_of(settings), LiveIndex()
    places = places or load_places()
    return Service(
        settings=settings,
        db=db,
        bus=bus,
        clock=clock,
        wall=WallClock(),
        places=places,
        live=live,
        ingest=Ingest(db=db, bus=bus, live=live, clock=clock, window_s=settings.ingest_window_s),
        desk=Desk(db=db, bus=bus, clock=clock, places=places, live=live, settings=settings),
        hub=Hub(db, bus, live, clock),
        sign_in=SignIn(db, settings),
        terminals=TerminalSockets(),
        metrics=Metrics(),
        background=Background(on_failure),
    )
