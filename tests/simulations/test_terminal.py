"""A rehearsed terminal against a service in the test's own file: it never gives up what was not acknowledged."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from simulations.doors import Refused
from simulations.ledger import FixBook, Ledger
from simulations.terminal import Terminal

Until = Callable[[Callable[[], bool]], Awaitable[None]]
BEGAN = datetime(2026, 11, 23, tzinfo=UTC)


class FakeService:
    """Stores what it is sent; `deaf` connections store nothing, and end after a message; `refuses` some numbers."""

    def __init__(self, *, deaf: int = 0, refuses: frozenset[int] = frozenset()) -> None:
        self.stored: list[int] = []
        self.batches: list[int] = []
        self.connections = 0
        self._deaf = deaf
        self._refuses = refuses

    async def __call__(self, socket: ServerConnection) -> None:
        self.connections += 1
        async for text in socket:
            if self.connections <= self._deaf:
                return
            message = json.loads(text)
            items = message.get("items", [message])
            self.batches.append(len(items))
            for answer in self._store(items):
                await socket.send(json.dumps(answer))

    def _store(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        kept = [item["seq"] for item in items if item["seq"] not in self._refuses]
        self.stored += kept
        nacks = [{"type": "nack", "seq": item["seq"], "code": "invalid"} for item in items if item["seq"] not in kept]
        return [*nacks, {"type": "ack", "seq": max(kept)}] if kept else nacks


@asynccontextmanager
async def talking(service: FakeService, **chances: float) -> AsyncIterator[Terminal]:
    async with serve(service, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        book = FixBook(plate="沪A0001S")
        terminal = Terminal(f"http://127.0.0.1:{port}", "secret", book, Ledger(), random.Random(1), **chances)
        running = asyncio.create_task(terminal.run())
        try:
            yield terminal
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def report(terminal: Terminal, count: int) -> None:
    for number in range(count):
        terminal.fix(BEGAN + timedelta(seconds=number), {"lat": 31.2, "lon": 121.4})


async def test_what_was_not_acknowledged_is_sent_again(until: Until):
    service = FakeService(deaf=2)
    async with talking(service) as terminal:
        report(terminal, 7)
        await until(lambda: not terminal.unacked)
        assert service.connections == 3
        assert set(service.stored) == set(terminal.book.acked()) == set(range(1, 8))
        assert terminal.book.resent >= 7


async def test_refused_fixes_count_neither_as_acknowledged_nor_as_waiting(until: Until):
    async with talking(FakeService(refuses=frozenset({2, 5}))) as terminal:
        report(terminal, 6)
        await until(lambda: not terminal.unacked)
        assert set(terminal.book.acked()) == {1, 3, 4, 6}
        assert terminal.book.refused == {2: "invalid", 5: "invalid"}


async def test_a_silent_terminal_keeps_its_fixes_and_uploads_them_together(until: Until):
    service = FakeService()
    async with talking(service, shuffled=1.0) as terminal:
        await terminal.silence(on=True)
        report(terminal, 30)
        await asyncio.sleep(0)
        assert service.stored == []
        await terminal.silence(on=False)
        await until(lambda: not terminal.unacked)
        assert sorted(service.stored) == list(range(1, 31))
        assert service.stored != sorted(service.stored)
        assert max(service.batches) == 30


async def test_a_fix_may_be_sent_twice(until: Until):
    service = FakeService()
    async with talking(service, duplicate=1.0) as terminal:
        report(terminal, 1)
        await until(lambda: not terminal.unacked)
        await until(lambda: service.stored == [1, 1])


async def test_R7_complete_returns_when_it_is_stored_and_tells_a_refusal():
    async with talking(FakeService(refuses=frozenset({2}))) as terminal:
        await terminal.complete(BEGAN)
        with pytest.raises(Refused) as refused:
            await terminal.complete(BEGAN)
        assert refused.value.code == "invalid"
