"""A rehearsed client against a service in the test's own file: what was not answered is sent again, under one key."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from simulations.doors import Client, Door, Refused, Unreachable
from simulations.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    line: str
    headers: dict[str, str]
    body: Any


Reply = tuple[int, Any] | None
"""Status and content; none: the connection is dropped without an answer."""


class FakeService:
    def __init__(self, answer: Callable[[int, Asked], Reply]) -> None:
        self.asked: list[Asked] = []
        self._answer = answer

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                line, *lines = head.decode().split("\r\n")
                headers = dict(one.lower().split(": ", 1) for one in lines if one)
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.asked.append(Asked(line=line, headers=headers, body=json.loads(body) if body else None))
                reply = self._answer(len(self.asked), self.asked[-1])
                if reply is None:
                    break
                content = json.dumps(reply[1]).encode()
                writer.write(f"HTTP/1.1 {reply[0]} X\r\ncontent-length: {len(content)}\r\n\r\n".encode() + content)
        except (asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client is gone, or the test is over
        finally:
            writer.close()


@asynccontextmanager
async def talking(service: FakeService, *, patience_s: float = 20.0) -> AsyncIterator[Client]:
    async with await asyncio.start_server(service, "127.0.0.1", 0) as server:
        door = Door(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", Ledger(), patience_s=patience_s)
        client = Client(door, "anna", "secret-word")
        client.token = "old"
        try:
            yield client
        finally:
            await door.close()


async def test_a_write_that_was_not_answered_is_sent_again_under_the_same_key():
    service = FakeService(lambda number, _: None if number < 3 else (503, {}) if number == 3 else (200, {"id": "c1"}))
    async with talking(service) as client:
        assert await client.send("/cases", {"note": "救援"}, key="open-沪A1") == {"id": "c1"}
        assert len(service.asked) == 4
        assert len({(one.headers["idempotency-key"], one.line) for one in service.asked}) == 1
        assert all(one.body == {"note": "救援"} for one in service.asked)
        assert client.door.ledger.retries == 3


async def test_a_session_that_ended_is_opened_again():
    def answer(_: int, asked: Asked) -> Reply:
        if "/session" in asked.line:
            return 200, {"token": "new"}
        return (200, []) if asked.headers["authorization"] == "bearer new" else (401, {"code": "not_signed_in"})

    async with talking(FakeService(answer)) as client:
        assert await client.get("/cases") == []
        assert client.token == "new"


async def test_a_write_sent_twice_must_be_answered_the_same_twice():
    service = FakeService(lambda number, _: (200, {"id": number}))
    async with talking(service) as client:
        client.door.repeated = 1.0
        assert await client.send("/cases", {}, key="k") == {"id": 1}
        assert len(client.door.ledger.faults) == 1


async def test_a_refusal_has_its_code_and_is_counted():
    service = FakeService(lambda *_: (409, {"code": "offer_not_pending", "detail": "it was taken"}))
    async with talking(service) as client:
        with pytest.raises(Refused, match="409 offer_not_pending: it was taken"):
            await client.send("/offers/o/accept", {}, key="k")
        assert client.door.ledger.refusals == {"offer_not_pending": 1}
        assert client.door.ledger.faults == []


async def test_a_fault_of_the_service_is_noted_and_not_asked_for_ever():
    service = FakeService(lambda *_: (500, {"code": "internal"}))
    async with talking(service) as client:
        with pytest.raises(Refused):
            await client.get("/cases")
        assert len(client.door.ledger.faults) == len(service.asked) == 3


async def test_a_service_that_is_gone_is_given_up():
    async with talking(FakeService(lambda *_: None), patience_s=0.2) as client:
        with pytest.raises(Unreachable):
            await client.get("/cases")
        assert not await client.door.ready()
