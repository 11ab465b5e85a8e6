"""The campaign's cheap terminals: nothing counts as acknowledged that was not, and nothing due is left unsent."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from websockets.asyncio.server import ServerConnection, serve

from core.geo import Position
from simulations.campaign.pulse import Pulse
from simulations.campaign.senders import Metronome, Sender

Until = Callable[[Callable[[], bool]], Awaitable[None]]
STEP = timedelta(milliseconds=5)


class FakeService:
    """Stores and acknowledges what it is sent; in its first `busy` frames it refuses, then acknowledges the number."""

    def __init__(self, *, busy: int = 0, deaf: bool = False) -> None:
        self.times: dict[int, str] = {}
        self.connections = 0
        self._busy = busy
        self._deaf = deaf

    async def __call__(self, socket: ServerConnection) -> None:
        self.connections += 1
        async for text in socket:
            items = json.loads(text)["items"]
            if self._deaf:
                return
            if self._busy:
                self._busy -= 1
                await socket.send(json.dumps({"type": "nack", "seq": items[0]["seq"], "code": "store_unavailable"}))
            else:
                self.times.update((item["seq"], item["time"]) for item in items)
            await socket.send(json.dumps({"type": "ack", "seq": items[-1]["seq"]}))


@asynccontextmanager
async def sending(*services: FakeService) -> AsyncIterator[tuple[Sender, Metronome, Pulse]]:
    beat, pulse, urls = Metronome(STEP), Pulse(), list[str]()
    servers = [await serve(service, "127.0.0.1", 0) for service in services]
    for server in servers:
        urls.append(f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}")
    sender = Sender("T1", "token", Position(lat=31.2, lon=121.5), urls, 0, beat, pulse)
    running = asyncio.create_task(sender.run())
    try:
        yield sender, beat, pulse
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        for server in servers:
            server.close()
            await server.wait_closed()


async def test_an_ack_after_a_refusal_of_the_moment_is_not_believed(until: Until):
    service = FakeService(busy=1)
    async with sending(service) as (sender, beat, pulse):
        beat.start()
        sender.begin()
        await until(lambda: sender.sent[0].acked > 20)
        beat.stop()
        await until(lambda: not sender.unanswered)
        (part,) = sender.sent
        assert set(range(part.first, part.acked + 1)) == set(service.times)
        assert service.connections == 2
        assert sender.resent > 0
        assert pulse.count == len(service.times)
        assert service.times[part.acked] == beat.time_of(part.acked).isoformat()


async def test_a_sender_whose_process_is_gone_goes_to_the_next_and_home_when_called(until: Until):
    gone, other = FakeService(deaf=True), FakeService()
    async with sending(gone, other) as (sender, beat, _):
        beat.start()
        sender.begin()
        await until(lambda: len(other.times) > 5)
        assert gone.connections == 1
        await sender.go_home()
        await until(lambda: gone.connections == 2)


async def test_what_came_between_two_runs_was_never_sent(until: Until):
    service = FakeService()
    async with sending(service) as (sender, beat, _):
        for run in (1, 2):
            beat.start()  # time has passed since the last stop, and with it numbers
            sender.begin()
            await until(lambda run=run: len(sender.sent) == run and sender.sent[-1].acked > sender.sent[-1].first + 3)
            beat.stop()
            await until(lambda: not sender.unanswered)
            await asyncio.sleep(STEP.total_seconds() * 4)
        first, second = sender.sent
        kept = {*range(first.first, first.acked + 1), *range(second.first, second.acked + 1)}
        assert kept == set(service.times)
        assert second.first > first.acked + 1
