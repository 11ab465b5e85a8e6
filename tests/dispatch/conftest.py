"""A desk on a real store, with a clock that the test moves."""

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from dispatch_build import SetClock, dealer, position
from stores import new_store

from core.bus import Bus
from core.database import Database
from core.places import Places, load_places
from core.settings import Settings
from dispatch import queries
from dispatch.desk import Desk
from dispatch.rules import dispatch_rules
from tracking.live import LiveIndex
from tracking.roster import add_terminal, add_vehicle
from tracking.vocabulary import Protocol, Terminal, Vehicle, VehicleKind


@pytest.fixture(scope="session")
def places() -> Places:
    return load_places()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def new_desk(tmp_path: Path, places: Places, clock: SetClock) -> Callable[[], Desk]:
    """Makes a desk on the test's store: a second one is what a restarted process has."""

    url = new_store(tmp_path)

    def make(**settings: object) -> Desk:
        given = Settings(database=url, **settings)  # type: ignore[arg-type]
        rules = dispatch_rules(given)
        return Desk(
            db=Database(url),
            bus=Bus(),
            clock=clock,
            places=places,
            live=LiveIndex(),
            settings=given,
            ruling=lambda: rules,
        )

    return make


@pytest.fixture
async def desk(new_desk: Callable[[], Desk]) -> AsyncIterator[Desk]:
    """Three dealers of growing distance from People's Square, each with two service vehicles and a tow vehicle."""
    made = new_desk()
    async with made.act("system") as act:
        for number, code in enumerate(("D1", "D2", "D3"), start=1):
            await queries.add_dealer(act.session, dealer(code, position(31.23, 121.47 + number / 20)))
            for plate, kind in (("a", VehicleKind.SERVICE), ("b", VehicleKind.SERVICE), ("t", VehicleKind.TOW)):
                name = f"{code}{plate}"
                new = Vehicle(plate=name, kind=kind, dealer=code, on_duty=True)
                await add_vehicle(act.session, new)
                if plate == "a":
                    await add_terminal(
                        act.session, Terminal(terminal_id=f"T-{name}", plate=name, protocol=Protocol.WEBSOCKET)
                    )
    yield made
    await made.db.close()
