"""The composition root: the one place where the parts are put together. Nothing connects before `Service.open`."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core.bus import Bus
from core.clock import Clock, RehearsalClock, StoreClock, WallClock
from core.database import Database
from core.errors import StoreUnavailable
from core.eventlog import Logged
from core.geo import Position
from core.pause import pause
from core.periodic import Periodic, every, run_periodic, weekly
from core.places import Places, load_places
from core.settings import Settings
from dispatch.arrivals import run_arrivals
from dispatch.desk import Desk
from dispatch.sweeper import run_sweeper
from gateway import accounts, idempotency
from gateway.alarmwatch import AlarmWatch, forget_acknowledgements
from gateway.auth import SignIn
from gateway.background import Background
from gateway.basemap import tile_origins
from gateway.clockwatch import follow_clock, look_at_clock
from gateway.fanout import Fanout
from gateway.fleetwatch import FleetWatch
from gateway.joblines import JobLines
from gateway.links import forget_old_links
from gateway.live.hub import Hub
from gateway.metrics import Metrics
from gateway.owntiles import OwnTiles
from gateway.photos import forget_photos
from gateway.rulebook import RuleKeeper
from gateway.schema import prepare
from gateway.standing import AcceptanceRates
from gateway.terminals import TerminalSockets
from scoring.weekly import make_weekly_report
from tracking.ingest import Ingest
from tracking.live import LiveIndex
from tracking.retention import keep_history
from tracking.vocabulary import Crossed, VehicleKind, VehicleState

_log = structlog.stdlib.get_logger(__name__)

HOUSEKEEPING = timedelta(minutes=15)
HISTORY = timedelta(hours=6)
WEEKLY_REPORT_AT = (0, 1)
"""R13: Mondays at one o'clock, when the week before is over for good."""
WATCH_S = 0.5
PARTING_S = 3.0
ANSWER_WITHIN_S = 2.0
"""Whoever asks whether the process is fit does not wait longer for a store that hangs."""
_SANE_YEARS = range(2015, 2100)


def clock_of(settings: Settings, wall: Clock) -> Clock:
    """The `wall` clock, or where the settings ask for one, the clock of a rehearsal."""
    if settings.clock_speed == 1 and settings.clock_starts_at is None:
        return wall
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
    wall: Clock
    """By which sessions live: never a rehearsal's."""
    places: Places
    live: LiveIndex
    ingest: Ingest
    rules: RuleKeeper
    desk: Desk
    hub: Hub
    fleet: FleetWatch
    fanout: Fanout | None
    """Where there is Redis, and so may be other processes."""
    own_tiles: OwnTiles
    tile_origins: Sequence[str] = ()
    """Where a configured source of map tiles is, beside this service itself."""
    sign_in: SignIn
    visits: MovingWindowRateLimiter
    """Of those who come without signing in."""
    terminals: TerminalSockets
    alarms: AlarmWatch
    acceptance: AcceptanceRates
    metrics: Metrics
    background: Background
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> None:
        """Bring the schema up to date, load what is live, and start every background task."""
        await prepare(self.db)
        if isinstance(self.wall, StoreClock):
            await look_at_clock(self.db, self.wall)
        await asyncio.to_thread(self.places.warm_up)
        await asyncio.to_thread(self.own_tiles.load)
        await self.rules.load()
        await self.fleet.load()
        await self.ingest.start()
        for name, work in self._tasks().items():
            self.background.start(name, work)

    def _tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        tasks: dict[str, Coroutine[Any, Any, None]] = {
            "deadlines": run_sweeper(self.desk, self.stop),
            "arrivals": run_arrivals(self.desk, self.stop),
            "feed": self.hub.run(self.stop),
            "sessions": self.sign_in.follow(self.stop),
            "ingest": self._watch_ingest(),
            "roster": self.fleet.follow(self.stop),
            "terminals": self.terminals.follow(self.db, self.stop),
            "rules": self.rules.follow(self.stop),
            "periodic": run_periodic(self.db, self.clock, self._periodic(), self.stop),
        }
        if self.fanout is not None:
            tasks["fanout"] = self.fanout.run(self.stop)
        if isinstance(self.wall, StoreClock):
            tasks["clock"] = follow_clock(self.db, self.wall, self.stop)
        return tasks

    def _periodic(self) -> list[Periodic]:
        return [
            Periodic(name="housekeeping", schedule=every(HOUSEKEEPING), work=self._keep_house, at_once=True),
            Periodic(name="history", schedule=every(HISTORY), upkeep=self._keep_history, at_once=True),
            Periodic(name="weekly_report", schedule=weekly(*WEEKLY_REPORT_AT), work=self._report_week),
        ]

    async def close(self) -> None:
        """Stop in order: tasks first, then the fixes that still wait are committed, then the store is let go."""
        self.stop.set()
        # Those who wait to be told something look once more, and see that it is time to stop.
        self.bus.pass_on(Crossed())
        self.bus.pass_on(Logged(seq=0))
        await self.background.stop(PARTING_S)
        await self.ingest.stop(PARTING_S)
        if self.fanout is not None:
            await self.fanout.part()
        self.own_tiles.close()
        await self.db.close()

    def join_others(self) -> None:
        """Tell the other processes of this store what happens here, and hear from them."""
        self.fanout = Fanout(
            url=self.settings.redis,
            db=self.db,
            bus=self.bus,
            live=self.live,
            region_of=self.fleet.region_of,
            reload_fleet=self.fleet.load,
            reload_states=self.fleet.load_states,
            now=self.clock.now,
        )

    async def unfit(self) -> dict[str, str]:
        """What is wrong with this process, by part; empty when it is fit to serve."""
        wrong: dict[str, str] = {}
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S), self.db.read(once=True) as session:
                await session.execute(text("SELECT 1"))
        except StoreUnavailable as error:
            wrong["store"] = error.detail
        except TimeoutError:
            wrong["store"] = f"the store has not answered within {ANSWER_WITHIN_S:g} s"
        if not self.background.alive:
            wrong["tasks"] = f"not at work: {self.background.failed or 'stopping'}"
        if not self.ingest.running:
            wrong["ingest"] = "fixes are not being stored"
        if self.wall.now().year not in _SANE_YEARS or self.clock.now().year not in _SANE_YEARS:
            wrong["clock"] = "the clock is set to an absurd year"
        return wrong

    def degraded(self) -> dict[str, str]:
        """What this process has to do without for now, although it is fit to serve."""
        return {"redis": self.fanout.lost} if self.fanout is not None and self.fanout.lost else {}

    async def nearest(
        self,
        position: Position,
        k: int,
        *,
        kind: VehicleKind | None = None,
        state: VehicleState | None = None,
        fresh_after: datetime | None = None,
    ) -> list[tuple[str, float]]:
        """The `k` nearest vehicles and their distances in metres: Redis's answer, which is one for all processes.

        Without Redis, or while it is lost, this process's own.
        """
        shared = self.fanout.geo if self.fanout is not None and not self.fanout.lost else None
        if shared is not None:
            with suppress(RedisError):  # what it was, the fan-out finds out
                return await shared.nearest(position, k, kind=kind, state=state, fresh_after=fresh_after)
        return self.live.nearest(position, k, kind=kind, state=state, fresh_after=fresh_after)

    async def _watch_ingest(self) -> None:
        """The ingest keeps a task of its own; if that ends, this one does, and is missed."""
        while self.ingest.running and not self.stop.is_set():
            await pause(self.stop, WATCH_S)

    async def _keep_history(self, now: datetime) -> None:
        keep = self.rules.book.retention
        kept = await keep_history(self.db, now, position_days=keep.position_days, quarantine_days=keep.quarantine_days)
        await forget_photos(self.db, now - timedelta(days=keep.photo_days))
        if kept.put_off:
            _log.warning("history_put_off", days=[f"{day:%Y-%m-%d}" for day in kept.put_off])

    async def _report_week(self, session: AsyncSession, now: datetime) -> None:
        await make_weekly_report(session, now, self.rules.book.scoring.weights)

    async def _keep_house(self, session: AsyncSession, _now: datetime) -> None:
        """Forget expired sessions and answers that were kept long enough. By the wall clock, as they were set."""
        now = self.wall.now()
        await accounts.forget_expired(session, now - timedelta(days=1))
        await idempotency.forget_old(session, now)
        await forget_acknowledgements(session, self.clock.now())
        await forget_old_links(session, self.clock.now())


def open_store(settings: Settings) -> Database:
    """The store that the settings name; nothing connects yet."""
    return Database(settings.database, connections=settings.database_connections)


def build(settings: Settings, *, on_failure: Callable[[str], None], places: Places | None = None) -> Service:
    """Put the parts together. `on_failure` is told the name of a background task that died.

    `places` may be shared by several services, since the map is large and never changes.
    """
    db, bus, live, terminals = open_store(settings), Bus(), LiveIndex(), TerminalSockets()
    wall = WallClock() if db.embedded else StoreClock()
    clock = clock_of(settings, wall)
    places = places or load_places()
    rules = RuleKeeper(db, settings)
    desk = Desk(
        db=db,
        bus=bus,
        clock=clock,
        places=places,
        live=live,
        settings=settings,
        ruling=lambda: rules.book.dispatch,
    )
    service = Service(
        settings=settings,
        db=db,
        bus=bus,
        clock=clock,
        wall=wall,
        places=places,
        live=live,
        ingest=Ingest(db=db, bus=bus, live=live, clock=clock, window_s=settings.ingest_window_s),
        rules=rules,
        desk=desk,
        fleet=FleetWatch(db, desk),
        hub=Hub(db, bus, live, clock),
        fanout=None,
        own_tiles=OwnTiles(settings, places),
        tile_origins=tile_origins(settings),
        sign_in=SignIn(db, settings, wall),
        visits=MovingWindowRateLimiter(MemoryStorage()),
        terminals=terminals,
        alarms=AlarmWatch(desk),
        acceptance=AcceptanceRates(db),
        metrics=Metrics(),
        background=Background(on_failure),
    )
    service.hub.follow(JobLines(db, terminals).take)
    if settings.redis:
        service.join_others()
    return service
