"""A made-up national network, put on record in one go: a thousand dealers would take minutes through the doors."""

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert

from core.database import Database
from core.eventlog import count_up
from core.geo import Position
from core.places import Places
from dispatch.queries import add_dealer
from dispatch.vocabulary import Dealer, Person
from simulations.behaviour import dice
from tracking.roster import ROSTER
from tracking.tables import LivePositionRow, TerminalRow, VehicleRow
from tracking.vocabulary import Protocol, Vehicle, VehicleKind

CITIES = 60
SOUTH, NORTH, WEST, EAST = 22.0, 46.0, 88.0, 124.0
"""The middle of China; what of it is not served is left out."""
CITY_SPREAD_DEG = 0.15
VEHICLE_SPREAD_DEG = 0.05
TOW_SHARE = 0.2
ON_DUTY_SHARE = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """A vehicle with its terminal, and where it stands."""

    vehicle: Vehicle
    token: str
    position: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class National:
    """The whole network."""

    dealers: Sequence[Dealer]
    fleet: Sequence[Tracked]


def make(places: Places, *, dealers: int, vehicles: int, seed: int) -> National:
    """Dealers around cities all over the country, and their vehicles around them. The names exist nowhere."""
    rng = dice(seed, "national")
    cities = [_served(places, rng, None) for _ in range(CITIES)]
    sites = [_served(places, rng, rng.choice(cities)) for _ in range(dealers)]
    network = [_dealer(number, site, places) for number, site in enumerate(sites)]
    return National(
        dealers=network,
        fleet=[_tracked(number, network[number % dealers], rng) for number in range(vehicles)],
    )


def scenes(places: Places, national: National, seed: int) -> Iterator[Position]:
    """Places in the service area where cars break down, without end: where there are dealers there are cars."""
    rng = dice(seed, "scenes")
    while True:
        yield _served(places, rng, rng.choice(national.dealers).site)


async def put_on_record(db: Database, national: National, now: datetime) -> None:
    """Dealers, vehicles, terminals and where each vehicle was last seen, at `now`, in a store that has none of them."""
    async with db.write() as session:
        for dealer in national.dealers:
            await add_dealer(session, dealer)
        fleet = national.fleet
        await session.execute(insert(VehicleRow), [_vehicle_row(one.vehicle) for one in fleet])
        await session.execute(insert(TerminalRow), [_terminal_row(one) for one in fleet])
        await session.execute(insert(LivePositionRow), [_live_row(one, now) for one in fleet])
        await count_up(session, ROSTER)


def _served(places: Places, rng: random.Random, centre: Position | None) -> Position:
    """A place in the service area, around `centre` or anywhere."""
    while True:
        lat, lon = (
            (rng.uniform(SOUTH, NORTH), rng.uniform(WEST, EAST))
            if centre is None
            else (rng.gauss(centre.lat, CITY_SPREAD_DEG), rng.gauss(centre.lon, CITY_SPREAD_DEG))
        )
        place = Position(lat=round(lat, 6), lon=round(lon, 6))
        answer = places.look_up(place)
        if answer.outside is None and answer.city_code is not None:
            return place


def _dealer(number: int, site: Position, places: Places) -> Dealer:
    return Dealer(
        code=f"N{number:04}",
        name=f"第{number}汽车服务中心",
        city_code=places.look_up(site).city_code or "",
        site=site,
        phone=f"0551-5550{number:04}",
        specialist=Person(name="值班", phone=f"1380000{number:04}"),
    )


def _tracked(number: int, dealer: Dealer, rng: random.Random) -> Tracked:
    plate = f"皖N{number:05}"
    vehicle = Vehicle(
        plate=plate,
        kind=VehicleKind.TOW if rng.random() < TOW_SHARE else VehicleKind.SERVICE,
        dealer=dealer.code,
        on_duty=rng.random() < ON_DUTY_SHARE,
        tracked=True,
    )
    lat, lon = (rng.gauss(middle, VEHICLE_SPREAD_DEG) for middle in (dealer.site.lat, dealer.site.lon))
    place = Position(lat=round(lat, 6), lon=round(lon, 6))
    return Tracked(vehicle=vehicle, token=f"{rng.getrandbits(128):032x}", position=place)


def _vehicle_row(vehicle: Vehicle) -> dict[str, object]:
    return {
        "plate": vehicle.plate,
        "kind": vehicle.kind.value,
        "dealer": vehicle.dealer,
        "on_duty": vehicle.on_duty,
        "tools": b"[]",
    }


def _terminal_row(tracked: Tracked) -> dict[str, object]:
    return {
        "terminal_id": _terminal_id(tracked),
        "plate": tracked.vehicle.plate,
        "protocol": Protocol.WEBSOCKET.value,
        "token_sha256": hashlib.sha256(tracked.token.encode()).hexdigest(),
        "told": True,
    }


def _live_row(tracked: Tracked, now: datetime) -> dict[str, object]:
    return {
        "plate": tracked.vehicle.plate,
        "terminal_id": _terminal_id(tracked),
        "fix_time": now,
        "seq": 0,
        "lat": tracked.position.lat,
        "lon": tracked.position.lon,
    }


def _terminal_id(tracked: Tracked) -> str:
    return f"T-{tracked.vehicle.plate}"
