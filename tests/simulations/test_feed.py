"""A rehearsed screen against a feed in the test's own file: it resumes, and it notices a feed that breaks its word."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from websockets.asyncio.server import ServerConnection, serve

from gateway.live.protocol import Board, Event, Message, Snapshot, encode
from simulations.doors import Client, Door
from simulations.feed import Feed, differences
from simulations.ledger import Ledger

Until = Callable[[Callable[[], bool]], Awaitable[None]]
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def snapshot(seq: int, *cases: str) -> Snapshot:
    return Snapshot(seq=seq, now=NOW, cases=[{"id": case, "status": "open"} for case in cases], vehicles=[])


def event(seq: int, case: str, status: str = "open") -> Event:
    card = {"id": case, "status": status}
    return Event(seq=seq, kind="case_opened", case=case, actor="system", at=NOW, data={}, card=card)


class FakeFeed:
    """Each connection gets the next script of messages, and is then closed, but for the last."""

    def __init__(self, *scripts: Sequence[Message]) -> None:
        self.asked: list[str] = []
        self._scripts = list(scripts)

    async def __call__(self, socket: ServerConnection) -> None:
        request = socket.request
        assert request is not None
        self.asked.append(request.path)
        for message in self._scripts[len(self.asked) - 1]:
            await socket.send(encode(message))
        if len(self.asked) == len(self._scripts):
            await socket.wait_closed()


@asynccontextmanager
async def watching(service: FakeFeed) -> AsyncIterator[Feed]:
    async with serve(service, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        door = Door(f"http://127.0.0.1:{port}", Ledger())
        feed = Feed(Client(door, "anna", "secret"))
        running = asyncio.create_task(feed.run())
        try:
            yield feed
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await door.close()


async def test_a_screen_resumes_after_its_last_event(until: Until):
    service = FakeFeed([snapshot(3, "a"), event(4, "b")], [event(5, "a", "closed")])
    async with watching(service) as feed:
        await until(lambda: feed.board.seq >= 5)
        assert service.asked == ["/api/v1/live", "/api/v1/live?since=4"]
        assert (feed.gaps, feed.repeats, list(feed.board.cards)) == ([], 0, ["b"])


async def test_a_gap_and_a_repeat_are_noticed(until: Until):
    service = FakeFeed([snapshot(3), event(5, "b")], [event(3, "x"), event(4, "a"), event(5, "b")])
    async with watching(service) as feed:
        await until(lambda: feed.board.seq >= 5)
        assert len(feed.gaps) == 1
        assert feed.repeats == 1
        assert set(feed.board.cards) == {"a", "b"}


def test_two_boards_are_told_apart_by_what_they_show():
    kept = Board(seq=5, cards={"a": {"status": "open"}}, vehicles={"V": {"plate": "V", "lat": 1.0, "age": 3}})
    same = Board(seq=5, cards={"a": {"status": "open"}}, vehicles={"V": {"plate": "V", "lat": 1.0, "age": 9}})
    other = Board(seq=6, cards={"a": {"status": "offered"}}, vehicles={})
    assert differences(kept, same) == []
    assert len(differences(kept, other)) == 3
