"""`python -m simulations.demo`: a made-up city at work on a running service, in real time, until the service ends.

`nearside demo` starts it as a child. It signs in as NEARSIDE_DEMO_USERNAME with NEARSIDE_DEMO_PASSWORD, a
dispatcher; the specialists sign in as themselves where NEARSIDE_DATABASE names the service's store, else they
phone their answers in through the dispatcher.
"""

import argparse
import asyncio
import itertools
import os
import secrets
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType

from core.clock import WallClock
from simulations import madeup
from simulations.behaviour import Habits, dice
from simulations.city import Call, City
from simulations.dispatcher import Dispatcher
from simulations.doors import Client, Door, Refused, Unreachable
from simulations.fittings import call, vehicles
from simulations.ledger import Ledger
from simulations.pace import Pace
from simulations.provision import add_dealer_logins, post_dealers, post_fleet
from simulations.stage import Stage
from simulations.tasks import Tasks

DEALERS = 12
SHARED = frozenset({"D01"})
"""A person may sign in as this dealer's specialist: offers of cases that people opened are left to them."""
CALL_EVERY_S = 40.0
FIRST_CALLS = 8
"""So many motorists call at once in the beginning, so that there is something to see."""
MOST_ON_BOARD = 24
"""Nobody else calls while so many cases are open: the city's vehicles could not keep up."""
RESTS_S = 120.0
SPACING_S = (8.0, 4.0)
"""Seconds between fixes of a vehicle that stands, and of one at work: a map that moves."""
PATIENCE_S = 20.0
LOOK_S = 2.0
BOOKS_KEPT = 2_000

BRISK = Habits(
    typing_s=5,
    answer_s=8,
    preparing_s=12,
    repair_s=240,
    loading_s=150,
    silence_s=120,
    retry_s=90,
    survey_s=60,
    survey_answered=0.9,
    closes_unreached=True,
)
"""A rescue as it is, but with less waiting on site, for whoever watches."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until the service or the parent process ends."""
    parser = argparse.ArgumentParser(prog="python -m simulations.demo", description=__doc__)
    parser.add_argument("--url", required=True, help="the running service")
    parser.add_argument("--seed", type=int, default=1, help="of the city (default %(default)s)")
    options = parser.parse_args(arguments)
    username, password = (os.environ.get(f"NEARSIDE_DEMO_{name}", "") for name in ("USERNAME", "PASSWORD"))
    if not username or not password:
        parser.error("NEARSIDE_DEMO_USERNAME and NEARSIDE_DEMO_PASSWORD are not set")
    play = _Play(
        url=options.url,
        seed=options.seed,
        username=username,
        password=password,
        database=os.environ.get("NEARSIDE_DATABASE", ""),
    )
    signal.signal(signal.SIGTERM, _end)
    with suppress(KeyboardInterrupt, Unreachable):
        asyncio.run(play.run())
    return 0


def _end(_number: int, _frame: FrameType | None) -> None:
    """The service asks its traffic to go: that is no failure."""
    raise KeyboardInterrupt


@dataclass(frozen=True, slots=True, kw_only=True)
class _Play:
    url: str
    seed: int
    username: str
    password: str
    database: str

    async def run(self) -> None:
        """Play until the work ends by itself, for want of a service, or the parent process is gone."""
        door = Door(self.url, Ledger(), patience_s=PATIENCE_S)
        parent = os.getppid()
        work = asyncio.create_task(self._work(door))
        try:
            seen = time.monotonic()
            while not work.done() and os.getppid() == parent and time.monotonic() - seen < PATIENCE_S:
                await asyncio.wait([work], timeout=LOOK_S)
                _forget(door.ledger)
                if await door.ready():
                    seen = time.monotonic()
        finally:
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work
            await door.close()

    async def _work(self, door: Door) -> None:
        city = _city(self.seed)
        cac = await door.sign_in(self.username, self.password)
        await post_dealers(cac, city.dealers)
        tokens = await post_fleet(cac, city)
        pace = Pace(WallClock())
        # Each run has luck of its own, so that a city that goes on with an old store does not repeat itself.
        luck = secrets.randbelow(1 << 30)
        stage = Stage(city, pace=pace, habits=BRISK, seed=luck, ledger=door.ledger)
        stage.place_vehicles(door.url, tokens, spacing_s=SPACING_S, rests_s=RESTS_S)
        stage.put_on_duty(await self._specialists(door, city, cac), shared=SHARED)
        dispatcher = stage.seat_dispatchers([cac])
        try:
            await stage.open()
            await _motorists(dispatcher, stage.tasks, pace, luck)
        finally:
            await stage.close()
            for failure in stage.failures:
                sys.stderr.write(f"the demonstration's traffic: {failure!r}\n")

    async def _specialists(self, door: Door, city: City, cac: Client) -> Mapping[str, Client]:
        codes = [dealer.code for dealer in city.dealers]
        if not self.database:
            return dict.fromkeys(codes, cac)
        logins = await add_dealer_logins(self.database, codes)
        return {code: await door.sign_in(login.username, login.password) for code, login in logins.items()}


def _city(seed: int) -> City:
    city = madeup.make(dealers=DEALERS, cases=0, day_s=1, seed=seed, habits=BRISK)
    fleet = vehicles(city.dealers, seed, services=2, tow_share=1, tows_tracked=1)
    return City(origin=city.origin, dealers=city.dealers, vehicles=fleet, calls=(), tracks=city.tracks)


async def _motorists(dispatcher: Dispatcher, tasks: Tasks, pace: Pace, luck: int) -> None:
    """Calls without end: several at once in the beginning, then one every now and then."""
    rng = dice(luck, "motorists")
    began = secrets.token_hex(3)
    for number in itertools.count():
        if number >= FIRST_CALLS:
            await pace.sleep(rng.expovariate(1 / CALL_EVERY_S))
        else:
            await pace.sleep(1)
        if len(dispatcher.feed.board.cards) < MOST_ON_BOARD:
            scene, where = madeup.somewhere(rng), madeup.address(rng)
            motorist = call(f"demo-{began}-{number}", 0, scene, luck, BRISK, address=where)
            tasks.start(_ring(dispatcher, motorist))


async def _ring(dispatcher: Dispatcher, motorist: Call) -> None:
    with suppress(Refused):
        await dispatcher.take(motorist)


def _forget(ledger: Ledger) -> None:
    """A demonstration checks nothing afterwards, and may run for days: it keeps no books."""
    for book in ledger.fixes.values():
        if len(book.sent) > BOOKS_KEPT:
            book.sent.clear()
            book.refused.clear()
    for notes in (ledger.commands, *ledger.latencies_ms.values(), ledger.faults, ledger.calls):
        if len(notes) > BOOKS_KEPT:
            notes.clear()


if __name__ == "__main__":
    sys.exit(main())
