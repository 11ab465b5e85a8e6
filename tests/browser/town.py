"""A small town on a real service process, with somebody signed in for each role, for tests in a real browser."""

import asyncio
import time
from collections.abc import Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
from playwright.sync_api import BrowserContext
from stores import embedded

from core.clock import WallClock
from core.database import Database
from core.ids import new_token
from gateway import accounts
from gateway.auth import COOKIE, hash_password
from gateway.roles import Role, User
from simulations.service import Server

SCENE = {"lat": 31.2304, "lon": 121.4737, "address": "上海市黄浦区人民大道 200 号"}
PASSWORD = "correct-horse-battery"
PEOPLE = {
    "zhang": User(name="zhang", role=Role.DISPATCHER),
    "admin": User(name="admin", role=Role.ADMIN),
    "li": User(name="li", role=Role.DEALER, dealer="PD"),
    "zhao": User(name="zhao", role=Role.DEALER, dealer="XH"),
    "chen": User(name="chen", role=Role.DRIVER, dealer="PD"),
    "oem": User(name="oem", role=Role.OEM),
}
DEALERS = (
    ("PD", "浦东绿地店", 31.2352, 121.5064, "华东"),
    ("XH", "徐汇店", 31.1901, 121.4372, "华东"),
    ("HQ", "虹桥店", 31.1979, 121.3363, "华东"),
)
VEHICLES = (
    ("沪A10001", "service", "PD", "T-PD-1"),
    ("沪A10002", "tow", "PD", ""),
    ("沪B20001", "service", "XH", "T-XH-1"),
    ("沪B20002", "tow", "XH", "T-XH-2"),
    ("沪C30001", "service", "HQ", "T-HQ-1"),
)


Told = TypeVar("Told")


class Town:
    """A running service: its address, its people's tokens and its terminals'."""

    def __init__(self, url: str, client: httpx.Client, tokens: dict[str, str]) -> None:
        self.url = url
        self.tokens = tokens
        self.terminals: dict[str, str] = {}
        self._client = client

    def send(self, who: str, method: str, path: str, body: Any = None, **given: Any) -> Any:
        """One call of `who`; its answer's JSON. Fails the test where it is refused."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}", **given.pop("headers", {})}
        answer = self._client.request(method, path, json=body, headers=headers, **given)
        assert answer.status_code < 400, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def enter(self, context: BrowserContext, who: str) -> None:
        """Sign `who` in in this browser context, by the cookie that the sign-in page would have got."""
        context.add_cookies([{"name": COOKIE, "value": self.tokens[who], "url": self.url, "sameSite": "Strict"}])

    def new_case(self, **changes: Any) -> dict[str, Any]:
        """A case on the 400 line at `SCENE`."""
        body = {
            "channel": "hotline_400",
            "caller": {"name": "王女士", "phone": "13912345678"},
            "car": {"plate": "沪AD12345", "brand": "别克", "model": "君威", "registered_city_code": "310000"},
            "location": SCENE,
            "fault": "battery",
            **changes,
        }
        return self.send("zhang", "POST", "/cases", body)

    def clear(self) -> None:
        """Nothing runs any more: every vehicle is free for the next test, however this one ended."""
        for case in self.send("zhang", "GET", "/cases?limit=200"):
            if case["ended_at"] is None and case["status"] not in ("closed", "cancelled", "failed", "completed"):
                self.send("zhang", "POST", f"/cases/{case['id']}/cancel", {"by": "cac", "reason": "test over"})

    def rescue(self, plate: str = "沪A10001", who: str = "li", **changes: Any) -> dict[str, Any]:
        """A whole rescue through the API, signed and completed; the case as it then is."""
        case = self.new_case(**changes)
        dealer = PEOPLE[who].dealer
        wanted = {"dealer": dealer, "override_reason": "测试"}
        offer = self.send("zhang", "POST", f"/cases/{case['id']}/offers", wanted)
        answer = {"vehicle": plate, "driver": {"name": "陈师傅", "phone": "13800000002"}, "crew": 2, "eta_minutes": 30}
        trip = self.send(who, "POST", f"/offers/{offer['id']}/accept", answer)
        path = f"/trips/{trip['id']}"
        self.send(who, "POST", f"{path}/arrive", {})
        self.send(who, "PUT", f"{path}/checksheet", {"odometer_km": 48210})
        self.send(who, "POST", f"{path}/outcome", {"result": "repaired", "drivable": True})
        signature = {"signer": "王女士", "signature_svg": "<svg><path d='M0 0L9 9'/></svg>"}
        self.send(who, "POST", f"{path}/checksheet/sign", signature)
        self.send(who, "POST", f"{path}/complete", {})
        return self.send("zhang", "GET", f"/cases/{case['id']}")

    def furnish(self) -> None:
        """Three dealers, five vehicles and their terminals."""
        for code, name, lat, lon, region in DEALERS:
            self.send(
                "zhang",
                "POST",
                "/dealers",
                {
                    "code": code,
                    "name": name,
                    "city_code": "310000",
                    "location": {"lat": lat, "lon": lon},
                    "phone": "021-58690001",
                    "specialist": {"name": "李强", "phone": "13900000001"},
                    "brands": ["别克"],
                    "region": region,
                },
            )
        for plate, kind, dealer, terminal in VEHICLES:
            self.send("zhang", "POST", "/vehicles", {"plate": plate, "kind": kind, "dealer": dealer, "on_duty": True})
            if terminal:
                fitted = self.send(
                    "zhang",
                    "POST",
                    "/terminals",
                    {"terminal_id": terminal, "vehicle": plate, "protocol": "websocket"},
                )
                self.terminals[plate] = fitted["token"]

    def until_ready(self) -> None:
        """Wait until the service is fit to serve."""
        for _ in range(600):
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError("the service did not come up")


def apart(work: Coroutine[Any, Any, Told]) -> Told:
    """Run `work` in a thread of its own: the browser's driver has a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


async def _sign_in_all(database: str) -> dict[str, str]:
    db = Database(database)
    now = WallClock().now()
    hashed = await hash_password(PASSWORD)
    tokens = {name: new_token() for name in PEOPLE}
    async with db.write() as session:
        for name, user in PEOPLE.items():
            await accounts.add_account(session, user, hashed, now)
            await accounts.open_session(session, name, tokens[name], now + timedelta(hours=2))
    await db.close()
    return tokens


@contextmanager
def open_town(folder: Path, **settings: str) -> Generator[Town]:
    """A furnished town on an embedded store of its own; its service ends with the block."""
    database = embedded(folder)
    tokens = apart(_sign_in_all(database))
    variables = {f"NEARSIDE_{name.upper()}": value for name, value in settings.items()}
    server = Server(folder, database, settings=variables)
    server.start()
    try:
        with httpx.Client(base_url=f"{server.url}/api/v1", timeout=20) as client:
            town = Town(server.url, client, tokens)
            town.until_ready()
            town.furnish()
            yield town
    finally:
        code = apart(server.stop())
    assert code == 0, server.last_words()
