"""One rehearsed day from beginning to end: set up, play, shake, check."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from core.clock import Clock
from simulations.behaviour import Habits
from simulations.checks import Check, check
from simulations.city import City
from simulations.dispatcher import Dispatcher, call_in
from simulations.doors import Client, Door
from simulations.figures import figures, request_figures
from simulations.ledger import Ledger
from simulations.pace import Pace
from simulations.provision import Login, add_dealer_logins, post_fleet, write_dealers
from simulations.service import Server
from simulations.shaking import Shaking, kill_moments
from simulations.stage import Stage
from simulations.storecheck import verify_store
from simulations.verify import Told, ask, verify, verify_dealers, verify_fixes, verify_screens

TAIL_S = 6 * 3600
"""So long after the last call every case should have ended."""
PATIENCE_S = 180.0
SETTLE_TRIES = 60
"""Half wall seconds for the terminals' last messages to be acknowledged."""

Command = Callable[..., str]
Tell = Callable[["Progress"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be rehearsed, on which service. `server` is None where somebody else runs it."""

    city: City
    database: str
    folder: Path
    url: str
    clock: Clock
    seed: int
    habits: Habits
    screens: int
    kills: int
    day_s: float
    command: Command
    """Runs a command of `nearside` on the store."""
    server: Server | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the day is."""

    calls: int
    of: int
    on_board: int
    fixes: int
    restarts: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the day showed."""

    origin: str
    checks: Sequence[Check]
    figures: Mapping[str, Any]
    rejected: Sequence[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])

    @property
    def holds(self) -> bool:
        """Whether every check holds."""
        return all(one.holds for one in self.checks)


async def rehearse(plan: Plan, tell: Tell) -> Report:
    """Play the day and check it.

    Raises `NotServing` where the service does not come up, `ValueError` where its store is not a fresh one.
    """
    ledger = Ledger()
    door = Door(plan.url, ledger, repeated=plan.habits.repeated)
    try:
        if plan.server:
            plan.server.start()
            await plan.server.until_ready(door)
        return await _Day(plan, door, tell).play()
    finally:
        await door.close()
        if plan.server:
            plan.server.kill()


class _Day:
    def __init__(self, plan: Plan, door: Door, tell: Tell) -> None:
        self.plan = plan
        self.door = door
        self.ledger = door.ledger
        self.tell = tell
        self.pace = Pace(plan.clock)
        self.began = self.pace.now()
        self.wall_s = time.monotonic()
        self.rejected: list[Mapping[str, Any]] = []
        self.stage = Stage(plan.city, pace=self.pace, habits=plan.habits, seed=plan.seed, ledger=self.ledger)

    async def play(self) -> Report:
        """From the first dealer on record to the last check."""
        clients = await self._set_up()
        dispatcher = self.stage.seat_dispatchers(clients)
        await self.stage.open()
        self.began, self.wall_s = self.pace.now(), time.monotonic()
        shaking = asyncio.create_task(self._shaken(dispatcher).go_on())
        try:
            await self._live(dispatcher)
        finally:
            shaking.cancel()
            await asyncio.gather(shaking, return_exceptions=True)
        played_s, wall_s = self.pace.seconds() - self.began.timestamp(), time.monotonic() - self.wall_s
        requests = request_figures(self.ledger, wall_s)
        await self._settle()
        told, checks = await self._check(clients[0], dispatcher)
        await self.stage.close()
        checks += await self._after_the_service(told)
        measured = figures(told, self.ledger, requests, wall_s=wall_s, rehearsed_s=played_s)
        return Report(origin=self.plan.city.origin, checks=checks, figures=measured, rejected=self.rejected)

    async def _set_up(self) -> list[Client]:
        plan = self.plan
        await asyncio.to_thread(self._import_dealers)
        logins = [await asyncio.to_thread(self._add_dispatcher) for _ in range(max(1, plan.screens))]
        clients = [await self.door.sign_in(login.username, login.password) for login in logins]
        if await clients[0].get("/cases", limit=1):
            raise ValueError("the store has cases already; a rehearsal counts them all, so it needs a fresh one")
        tokens = await post_fleet(clients[0], plan.city)
        codes = [dealer.code for dealer in plan.city.dealers]
        by_code = await add_dealer_logins(plan.database, codes)
        dealers = {code: Client(self.door, login.username, login.password) for code, login in by_code.items()}
        for client in dealers.values():
            await client.sign_in()
        self.stage.place_vehicles(plan.url, tokens)
        self.stage.put_on_duty(dealers)
        return clients

    def _import_dealers(self) -> None:
        file = self.plan.folder / "dealers.csv"
        write_dealers(self.plan.city.dealers, file)
        told = msgspec.json.decode(self.plan.command("import", "dealers", str(file), "--json"))
        self.rejected = [*told["rejected"], *told["findings"]]

    def _add_dispatcher(self) -> Login:
        login = Login(username=f"dispatcher-{secrets.token_hex(4)}", password=secrets.token_urlsafe(12))
        self.plan.command("user", "add", login.username, "--role", "dispatcher", typed=f"{login.password}\n")
        return login

    async def _live(self, dispatcher: Dispatcher) -> None:
        """Until every call is made and the board is empty, but not for ever.

        A fast clock does not wait for a busy machine, so the last cases get time of the wall's as well.
        """
        plan, began_s = self.plan, self.began.timestamp()
        calling = asyncio.create_task(call_in(dispatcher, plan.city.calls, self.pace, began_s))
        latest_s = began_s + plan.day_s + TAIL_S
        try:
            while self.pace.seconds() < latest_s or time.monotonic() - self.wall_s < PATIENCE_S:
                self._tell(dispatcher)
                if calling.done() and not dispatcher.feed.board.cards:
                    break
                await asyncio.sleep(0.2)
        finally:
            calling.cancel()
            await asyncio.gather(calling, return_exceptions=True)
        if not calling.cancelled() and (failure := calling.exception()):
            raise failure

    def _tell(self, dispatcher: Dispatcher) -> None:
        self.tell(
            Progress(
                calls=len(self.ledger.calls),
                of=len(self.plan.city.calls),
                on_board=len(dispatcher.feed.board.cards),
                fixes=sum(len(book.sent) for book in self.ledger.fixes.values()),
                restarts=len(self.ledger.restarts),
                at=self.pace.now(),
            )
        )

    def _shaken(self, dispatcher: Dispatcher) -> Shaking:
        plan = self.plan
        return Shaking(
            screens=self.stage.screens,
            client=dispatcher.client,
            server=plan.server,
            kills=[self.began.timestamp() + at_s for at_s in kill_moments(plan.seed, plan.kills, plan.day_s)],
            pace=self.pace,
            seed=plan.seed,
        )

    async def _settle(self) -> None:
        await self.stage.park()
        for _ in range(SETTLE_TRIES):
            await asyncio.sleep(0.5)
            if not self.stage.unacked:
                break
        await asyncio.sleep(2)

    async def _check(self, client: Client, dispatcher: Dispatcher) -> tuple[Told, list[Check]]:
        told = await ask(client)
        left = self.stage.unacked
        failed = [repr(failure) for failure in self.stage.failures]
        feeds = [specialist.feed for specialist in self.stage.specialists]
        checks = [
            *verify(told, self.ledger, len(self.plan.city.calls)),
            await verify_fixes(client, self.ledger, self.began, self.pace.now()),
            await verify_screens(self.stage.screens, client),
            verify_dealers(feeds),
            check("no terminal is left unanswered", "all messages", [f"{left} messages"] if left else []),
            check("nobody was forgotten, no client failed", "all tasks", [*dispatcher.stale, *failed]),
        ]
        return told, checks

    async def _after_the_service(self, told: Told) -> list[Check]:
        server = self.plan.server
        if server is None:
            return await verify_store(self.plan.database, told.scores)
        code = await server.stop()
        words = [f"exit code {code}: {server.last_words()}"] if code not in (0, -15) else []
        return [
            check("the service ends in order", "SIGTERM", words),
            *await verify_store(self.plan.database, told.scores),
        ]
