"""What the gateway's tests share: a service in this process, and short ways through its doors."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
from stores import new_service

from core.eventlog import last_seq
from core.ids import new_token
from core.places import load_places
from core.settings import Settings
from gateway import accounts
from gateway.app import create_app
from gateway.bootstrap import Service
from gateway.roles import Role, User

SCENE = MappingProxyType({"lat": 31.23041, "lon": 121.47372})
PLACES = load_places()
SIGNATURE = "<svg><path d='M0 0L9 9'/></svg>"


class Person:
    """Somebody signed in, at the service's doors."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self.client = client
        self.token = token

    async def send(self, method: str, path: str, **given: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **given.pop("headers", {})}
        return await self.client.request(method, f"/api/v1{path}", headers=headers, **given)

    async def get(self, path: str, **given: Any) -> httpx.Response:
        return await self.send("GET", path, **given)

    async def post(self, path: str, body: Any = None, **given: Any) -> httpx.Response:
        return await self.send("POST", path, **({"json": body} if body is not None else {}), **given)

    async def put(self, path: str, body: Any) -> httpx.Response:
        return await self.send("PUT", path, json=body)

    async def patch(self, path: str, body: Any) -> httpx.Response:
        return await self.send("PATCH", path, json=body)


class House:
    """The service and its people: cac, admin, d1, d2 (specialists), driver (of D1), oem."""

    def __init__(self, service: Service, client: httpx.AsyncClient) -> None:
        self.service = service
        self.client = client
        self.people: dict[str, Person] = {}

    def __getattr__(self, name: str) -> Person:
        return self.people[name]

    async def sign_in_all(self) -> None:
        """Sessions are put into the store, since a password's check is slow on purpose."""
        users = [
            User(name="cac", role=Role.DISPATCHER),
            User(name="admin", role=Role.ADMIN),
            User(name="d1", role=Role.DEALER, dealer="D1"),
            User(name="d2", role=Role.DEALER, dealer="D2"),
            User(name="driver", role=Role.DRIVER, dealer="D1"),
            User(name="oem", role=Role.OEM),
        ]
        now = self.service.wall.now()
        async with self.service.db.write() as session:
            for user in users:
                token = new_token()
                await accounts.add_account(session, user, "not a hash", now)
                await accounts.open_session(session, user.name, token, now + timedelta(hours=1))
                self.people[user.name] = Person(self.client, token)

    async def furnish(self) -> None:
        for code, lat, lon in (("D1", 31.2310, 121.4737), ("D2", 31.3000, 121.5000)):
            added = await self.cac.post("/dealers", dealer_body(code, lat, lon))
            assert added.status_code == 201, added.text
        for plate, kind, dealer in (
            ("沪A00001", "service", "D1"),
            ("沪A00002", "service", "D2"),
            ("沪A00003", "tow", "D1"),
        ):
            body = {"plate": plate, "kind": kind, "dealer": dealer, "on_duty": True}
            added = await self.cac.post("/vehicles", body)
            assert added.status_code == 201, added.text

    async def new_case(self, **changes: Any) -> dict[str, Any]:
        answer = await self.cac.post("/cases", case_body(**changes))
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def new_offer(self, **changes: Any) -> dict[str, Any]:
        case = await self.new_case(**changes)
        answer = await self.cac.post(f"/cases/{case['id']}/offers")
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def new_trip(self, **changes: Any) -> dict[str, Any]:
        offer = await self.new_offer(**changes)
        plate = "沪A00003" if changes.get("fault") in ("tow_only", "stuck") else "沪A00001"
        answer = await self.d1.post(f"/offers/{offer['id']}/accept", acceptance(vehicle=plate))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def on_scene(self, **changes: Any) -> dict[str, Any]:
        trip = await self.new_trip(**changes)
        answer = await self.driver.post(f"/trips/{trip['id']}/arrive")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def last_seq(self) -> int:
        async with self.service.db.read() as session:
            return await last_seq(session)


def dealer_body(code: str, lat: float, lon: float, **changes: Any) -> dict[str, Any]:
    return {
        "code": code,
        "name": f"店{code}",
        "city_code": "310000",
        "location": {"lat": lat, "lon": lon},
        "phone": "021-51330126",
        "specialist": {"name": "王强", "phone": "13800000001"},
        **changes,
    }


def case_body(**changes: Any) -> dict[str, Any]:
    return {
        "channel": "hotline_400",
        "caller": {"name": "李女士", "phone": "13912345678"},
        "car": {"plate": "沪B54321", "vin": "LSGAB52H9GE123456"},
        "location": {**SCENE},
        "fault": "battery",
        **changes,
    }


def acceptance(**changes: Any) -> dict[str, Any]:
    return {
        "vehicle": "沪A00001",
        "driver": {"name": "陈师傅", "phone": "13800000002"},
        "crew": 2,
        "eta_minutes": 30,
        **changes,
    }


@asynccontextmanager
async def open_house(folder: Path, database: str = "nearside", **settings: Any) -> AsyncGenerator[House]:
    """A service in this process; its life begins and ends here."""
    async with open_process(Settings(**new_service(folder, database), **settings)) as house:
        await house.sign_in_all()
        yield house


@asynccontextmanager
async def open_process(settings: Settings) -> AsyncGenerator[House]:
    """One of several that may serve the same store; nobody is signed in yet."""
    died: list[str] = []
    app = create_app(settings, on_failure=died.append, places=PLACES)
    service: Service = app.state.service
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
            yield House(service, client)
    assert not died
