"""The HTTP door as a careful client uses it: sends again what was not answered, each write under one key."""

import asyncio
import random
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from simulations.ledger import Ledger

FIRST_RETRY_S, LAST_RETRY_S = 0.1, 2.0
AGAIN = frozenset({429, 500, 502, 503, 504})
"""Answers after which the same request is sent again; a fault of the service only a few times."""
LOST = (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError)
"""The connection failed: nobody knows whether the service had the request."""
FAULT, FAULT_ATTEMPTS = 500, 3
UNAUTHORIZED = 401
NEXT_CURSOR = "x-next-cursor"


def attempts() -> Iterator[float]:
    """Wall seconds to wait before each further attempt: doubled up to a limit, never quite together with others."""
    wait_s = FIRST_RETRY_S
    while True:
        yield wait_s * random.uniform(0.7, 1.3)
        wait_s = min(LAST_RETRY_S, 2 * wait_s)


class Refused(Exception):
    """The service refused: `status` and the stable `code` say why."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        super().__init__(f"{status} {code}: {detail}")


class Unreachable(Exception):
    """The service did not answer for longer than a client waits."""


class Door:
    """One service's HTTP door, shared by all clients of a run. `repeated` is the share of writes sent twice."""

    def __init__(self, url: str, ledger: Ledger, *, patience_s: float = 120.0, repeated: float = 0.0) -> None:
        self.url = url.rstrip("/")
        self.ledger = ledger
        self.repeated = repeated
        self._patience_s = patience_s
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        self._http = httpx.AsyncClient(
            base_url=f"{self.url}/api/v1", limits=limits, timeout=httpx.Timeout(20.0), trust_env=False
        )

    async def close(self) -> None:
        """Let go of every connection."""
        await self._http.aclose()

    async def ready(self) -> bool:
        """Whether the service says that it is fit to serve."""
        try:
            answer = await self._http.get(f"{self.url}/readyz")
        except LOST:
            return False
        return answer.is_success

    async def sign_in(self, username: str, password: str) -> "Client":
        """A signed-in client. Raises `Refused` for wrong credentials."""
        client = Client(self, username, password)
        await client.sign_in()
        return client

    async def call(
        self, method: str, path: str, *, headers: dict[str, str], body: Any, params: dict[str, Any] | None
    ) -> httpx.Response:
        """One request, sent until it is answered. Raises `Unreachable` when patience ends."""
        content = None if body is None else msgspec.json.encode(body)
        if content is not None:
            headers = {**headers, "content-type": "application/json"}
        began = time.monotonic()
        attempt, waits = 0, attempts()
        while True:
            attempt += 1
            sent = time.perf_counter()
            try:
                answer = await self._http.request(method, path, headers=headers, content=content, params=params)
            except LOST as error:
                if time.monotonic() - began > self._patience_s:
                    raise Unreachable(f"{method} {path}: {error.__class__.__name__}") from error
            else:
                self.ledger.requests += 1
                kind = "reads" if method == "GET" else "writes"
                self.ledger.latencies_ms[kind].append((time.perf_counter() - sent) * 1000)
                if answer.status_code == FAULT:
                    self.ledger.faults.append(f"{method} {path}: 500 {answer.text[:200]}")
                hopeless = answer.status_code == FAULT and attempt >= FAULT_ATTEMPTS
                if answer.status_code not in AGAIN or hopeless or time.monotonic() - began > self._patience_s:
                    return answer
            self.ledger.retries += 1
            await asyncio.sleep(next(waits))


class Client:
    """Somebody who is signed in. A session that ended is opened again."""

    def __init__(self, door: Door, username: str, password: str) -> None:
        self.door = door
        self.username = username
        self.token = ""
        self._password = password
        self._signing_in = asyncio.Lock()

    async def sign_in(self) -> None:
        """Open a session. Raises `Refused`."""
        body = {"username": self.username, "password": self._password}
        answer = await self.door.call("POST", "/session", headers={}, body=body, params=None)
        self.token = content_of(answer)["token"]

    async def get(self, path: str, **params: Any) -> Any:
        """What is there to read. Raises `Refused`."""
        return await self._ask("GET", path, None, {}, params)

    async def send(self, path: str, body: Any, *, key: str, method: str = "POST") -> Any:
        """A write, done once however often it is sent under `key`. Raises `Refused`."""
        keyed = {"idempotency-key": quote(key)}
        answer = await self._ask(method, path, body, keyed, None)
        if random.random() < self.door.repeated:
            again = await self._ask(method, path, body, keyed, None)
            if again != answer:
                self.door.ledger.faults.append(f"{method} {path} sent again: {again} instead of {answer}")
        return answer

    async def pages(self, path: str, **params: Any) -> list[Any]:
        """All pages of a list, one after the other."""
        items: list[Any] = []
        cursor: str | None = None
        while True:
            asked = params if cursor is None else {**params, "cursor": cursor}
            answer = await self._answer("GET", path, None, {}, asked)
            items.extend(content_of(answer))
            cursor = answer.headers.get(NEXT_CURSOR)
            if not cursor:
                return items

    async def _ask(
        self, method: str, path: str, body: Any, headers: dict[str, str], params: dict[str, Any] | None
    ) -> Any:
        return content_of(await self._answer(method, path, body, headers, params))

    async def _answer(
        self, method: str, path: str, body: Any, headers: dict[str, str], params: dict[str, Any] | None
    ) -> httpx.Response:
        token = self.token
        answer = await self._call(method, path, body, headers, params)
        if answer.status_code == UNAUTHORIZED:
            async with self._signing_in:
                if self.token == token:
                    await self.sign_in()
            answer = await self._call(method, path, body, headers, params)
        if not answer.is_success:
            refusal = _problem(answer)
            self.door.ledger.refusals[refusal.code] += 1
            raise refusal
        self.door.ledger.replayed += "idempotent-replayed" in answer.headers
        return answer

    async def _call(
        self, method: str, path: str, body: Any, headers: dict[str, str], params: dict[str, Any] | None
    ) -> httpx.Response:
        named = {**headers, "authorization": f"Bearer {self.token}"}
        return await self.door.call(method, path, headers=named, body=body, params=params)


def content_of(answer: httpx.Response) -> Any:
    """What an answer holds. Raises `Refused`."""
    if not answer.is_success:
        raise _problem(answer)
    return msgspec.json.decode(answer.content) if answer.content else None


def _problem(answer: httpx.Response) -> Refused:
    try:
        problem = msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.DecodeError:
        problem = {}
    return Refused(answer.status_code, str(problem.get("code", "")), str(problem.get("detail", "")))
