"""`python -m simulations.race`: two specialists accept the same offer at the same moment, again and again.

Each time exactly one trip may come of it. In every second round they name two different vehicles.
"""

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from simulations import madeup
from simulations.behaviour import Habits
from simulations.city import City
from simulations.doors import Client, Door, Refused
from simulations.fittings import vehicles
from simulations.ledger import Ledger
from simulations.provision import Login, add_dealer_logins, post_dealers, post_fleet
from simulations.service import NotServing, Server

ROUNDS = 1000
LOST = "offer_not_pending"
"""What the one who came second is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How the rounds ended: `winners` counts the rounds by how many accepts were granted."""

    rounds: int
    winners: Counter[int]
    trips: Counter[int]
    refusals: Counter[str]
    first_won: int

    @property
    def holds(self) -> bool:
        """Exactly one accept was granted and exactly one trip stood, every time."""
        only_one = Counter({1: self.rounds})
        return self.winners == only_one == self.trips and self.refusals == Counter({LOST: self.rounds})


async def race(server: Server, rounds: int) -> Outcome:
    """Hold the race on a fresh service. Raises `NotServing`."""
    door = Door(server.url, Ledger())
    server.start()
    try:
        await server.until_ready(door)
        return await _race(server, door, rounds)
    finally:
        await door.close()
        await server.stop()


async def _race(server: Server, door: Door, rounds: int) -> Outcome:
    city = _city()
    login = Login(username="dispatcher", password="only-for-this-race")  # noqa: S106  (the store is thrown away)
    typed = f"{login.password}\n"
    await asyncio.to_thread(server.run, "user", "add", login.username, "--role", "dispatcher", typed=typed)
    cac = await door.sign_in(login.username, login.password)
    await post_dealers(cac, city.dealers)
    await post_fleet(cac, city)
    code = city.dealers[0].code
    pair = [(await add_dealer_logins(server.database, [code]))[code] for _ in range(2)]
    specialists = [await door.sign_in(one.username, one.password) for one in pair]
    plates = [vehicle.plate for vehicle in city.vehicles]
    won, trips, refusals, first = Counter[int](), Counter[int](), Counter[str](), 0
    for number in range(rounds):
        case_id, offer_id = await _offer(cac, city, number)
        chosen = (plates[0], plates[number % 2])
        tries = [_accept(one, offer_id, plate) for one, plate in zip(specialists, chosen, strict=True)]
        answers = await asyncio.gather(*tries)
        won[answers.count("")] += 1
        refusals.update(answer for answer in answers if answer)
        first += answers[0] == ""
        case = await cac.get(f"/cases/{case_id}")
        trips[len(case["trips"])] += 1
        over = {"by": "cac", "reason": "the race is over"}
        await cac.send(f"/cases/{case_id}/cancel", over, key=f"cancel-{case_id}")
    return Outcome(rounds=rounds, winners=won, trips=trips, refusals=refusals, first_won=first)


async def _offer(cac: Client, city: City, number: int) -> tuple[str, str]:
    site = city.dealers[0].site
    body: dict[str, Any] = {
        "channel": "hotline_400",
        "caller": {"name": "王女士", "phone": "13900000000"},
        "car": {"plate": "沪A12345"},
        "location": {"lat": site.lat, "lon": site.lon},
        "fault": "battery",
    }
    case = await cac.send("/cases", body, key=f"race-{number}")
    offer = await cac.send(f"/cases/{case['id']}/offers", {}, key=f"race-offer-{number}")
    return case["id"], offer["id"]


async def _accept(specialist: Client, offer_id: str, plate: str) -> str:
    """The code of the refusal; empty when the offer was won."""
    body = {"vehicle": plate, "driver": {"name": "陈师傅", "phone": "13900000001"}, "crew": 2, "eta_minutes": 20}
    try:
        await specialist.send(f"/offers/{offer_id}/accept", body, key=f"{specialist.username}-{offer_id}")
    except Refused as refused:
        return refused.code
    return ""


def _city() -> City:
    city = madeup.make(dealers=1, cases=0, day_s=1, seed=1, habits=Habits())
    fleet = tuple(one for one in vehicles(city.dealers, 1, services=2) if one.terminal_id)[:2]
    return City(origin=city.origin, dealers=city.dealers, vehicles=fleet, calls=())


def main(arguments: Sequence[str] | None = None) -> int:
    """Hold the race; 0 when there was exactly one trip each time."""
    parser = argparse.ArgumentParser(prog="python -m simulations.race", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="(default %(default)s)")
    options = parser.parse_args(arguments)
    console = Console()
    with tempfile.TemporaryDirectory(prefix="nearside-race-") as folder:
        now = datetime.now(UTC)
        database = f"sqlite:///{Path(folder) / 'race.db'}"
        server = Server(Path(folder), database, starts_at=now, wall_start=now, speed=1, settings={})
        try:
            outcome = asyncio.run(race(server, options.rounds))
        except NotServing as error:
            console.print(f"[red]{error}")
            return 2
    console.print(
        f"{outcome.rounds} offers, each accepted by two specialists at once: granted {dict(outcome.winners)}, "
        f"trips {dict(outcome.trips)}, refused {dict(outcome.refusals)}; "
        f"the first of the two won {outcome.first_won} times"
    )
    console.print("[green]exactly one trip each time" if outcome.holds else "[bold red]FAILS")
    return 0 if outcome.holds else 1


if __name__ == "__main__":
    sys.exit(main())
