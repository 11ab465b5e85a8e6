"""Putting a city on record through the service's own doors: dealers, vehicles, terminals, users."""

import asyncio
import csv
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.database import Database
from gateway.auth import add_user
from gateway.roles import Role, User
from simulations.city import City, CityDealer, CityVehicle
from simulations.doors import Client, Refused

DEALER_COLUMNS = (
    "code",
    "name",
    "city_code",
    "lat",
    "lon",
    "datum",
    "phone",
    "specialist_name",
    "specialist_phone",
    "brands",
    "region",
)
AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A user's name and password."""

    username: str
    password: str


def write_dealers(dealers: Iterable[CityDealer], file: Path) -> None:
    """The dealers as the CSV that `nearside import dealers` reads."""
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(DEALER_COLUMNS)
        for one in dealers:
            place = (one.lat, one.lon, one.datum.value)
            people = (one.phone, one.specialist, one.specialist_phone)
            writer.writerow((one.code, one.name, "", *place, *people, "|".join(one.brands), one.region))


async def post_dealers(client: Client, dealers: Iterable[CityDealer]) -> None:
    """The dealers through the HTTP door; the same once more changes nothing."""
    for one in dealers:
        body = {
            "code": one.code,
            "name": one.name,
            "location": {"lat": one.lat, "lon": one.lon, "datum": one.datum.value},
            "phone": one.phone,
            "specialist": {"name": one.specialist, "phone": one.specialist_phone},
            "brands": list(one.brands),
            "region": one.region,
        }
        await client.send("/dealers", body, key=f"dealer-{one.code}-{secrets.token_hex(4)}")


async def post_fleet(client: Client, city: City) -> Mapping[str, str]:
    """Vehicles and terminals through the HTTP door; gives each terminal's token by its vehicle's plate."""
    turn = asyncio.Semaphore(AT_ONCE)
    tokens: dict[str, str] = {}

    async def one(vehicle: CityVehicle) -> None:
        async with turn:
            await _post_vehicle(client, vehicle)
            if vehicle.terminal_id:
                tokens[vehicle.plate] = await _fit(client, vehicle)

    async with asyncio.TaskGroup() as group:
        for vehicle in city.vehicles:
            group.create_task(one(vehicle))
    return tokens


async def _post_vehicle(client: Client, vehicle: CityVehicle) -> None:
    body = {
        "plate": vehicle.plate,
        "kind": vehicle.kind.value,
        "dealer": vehicle.dealer,
        "on_duty": True,
        "tools": list(vehicle.tools),
    }
    await client.send("/vehicles", body, key=f"vehicle-{vehicle.plate}-{secrets.token_hex(4)}")


async def _fit(client: Client, vehicle: CityVehicle) -> str:
    """A token is told only once, so a vehicle that was fitted by an earlier run gets a further terminal."""
    body = {"terminal_id": vehicle.terminal_id, "vehicle": vehicle.plate, "protocol": "websocket"}
    terminal = body["terminal_id"]
    try:
        fitted = await client.send("/terminals", body, key=f"fit-{terminal}-{secrets.token_hex(4)}")
    except Refused as refused:
        if refused.code != "conflict":
            raise
        body["terminal_id"] = f"{terminal}-{secrets.token_hex(4)}"
        fitted = await client.send("/terminals", body, key=f"fit-{body['terminal_id']}")
    token: str = fitted["token"]
    return token


async def add_dealer_logins(database: str, codes: Iterable[str]) -> Mapping[str, Login]:
    """A specialist's sign-in for each dealer, by code: what `nearside user add` does, without a process for each."""
    db = Database(database)
    logins: dict[str, Login] = {}
    run = secrets.token_hex(3)
    try:
        for code in codes:
            login = Login(username=f"specialist-{code}-{run}", password=secrets.token_urlsafe(12))
            user = User(name=login.username, role=Role.DEALER, dealer=code)
            await add_user(db, user, login.password)
            logins[code] = login
    finally:
        await db.close()
    return logins
