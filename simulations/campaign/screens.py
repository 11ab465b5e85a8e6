"""The screens that watch all the while, and the one that stops reading."""

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress
from itertools import cycle
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from gateway.live.protocol import Board, apply, decode
from simulations.doors import Client, Door
from simulations.feed import Feed
from simulations.tasks import Tasks
from simulations.verify import against_fresh

SMALL_BUFFER = 4096
SMALL_SEGMENT = 536
"""Bytes. With such a line the service's own buffers for the socket stay small too, and are full within seconds."""


class Screens:
    """So many screens at each process. Now and then they move on to the next one and resume there."""

    def __init__(self, doors: Sequence[Door], tokens: Sequence[str], each: int) -> None:
        self._doors = doors
        self._tasks = Tasks()
        self._clients = [_signed_in(door, token) for door in doors for _, token in zip(range(each), cycle(tokens))]
        self.feeds = [Feed(client) for client in self._clients]
        self._gaps = 0

    async def open(self) -> None:
        """Watch; returns when each has seen what there is."""
        for feed in self.feeds:
            self._tasks.start(feed.run())
        for feed in self.feeds:
            await feed.seen.wait()

    async def close(self) -> None:
        """Watch no more."""
        await self._tasks.stop()

    def adopt(self, feed: Feed, client: Client) -> None:
        """One more, which goes on where it stands."""
        self.feeds.append(feed)
        self._clients.append(client)
        self._tasks.start(feed.run())

    async def move_on(self) -> None:
        """Every second screen loses its line and resumes at the next process."""
        for feed, client in list(zip(self.feeds, self._clients, strict=True))[::2]:
            client.door = self._doors[(self._doors.index(client.door) + 1) % len(self._doors)]
            await feed.drop()

    async def differing(self) -> list[str]:
        """What a fresh screen, at the same process and at another, shows otherwise; and what was missed on the way."""
        found: list[str] = []
        for number, (feed, client) in enumerate(zip(self.feeds, self._clients, strict=True)):
            at = self._doors.index(client.door)
            for fresh_at in (at, (at + 1) % len(self._doors)):
                fresh = _signed_in(self._doors[fresh_at], client.token)
                for difference in await against_fresh(feed, fresh):
                    found.append(f"screen {number} of process {at}, fresh one of {fresh_at}: {difference}")
        gaps = [gap for feed in self.feeds for gap in feed.gaps]
        repeats = sum(feed.repeats for feed in self.feeds)
        for feed in self.feeds:
            feed.gaps.clear()
            feed.repeats = 0
        return [*found, *gaps, *([f"{repeats} events came twice"] if repeats else [])]

    async def boards(self) -> list[Board]:
        """A fresh board of each process."""
        boards: list[Board] = []
        for door in self._doors:
            fresh = Feed(_signed_in(door, self._clients[0].token))
            watching = asyncio.create_task(fresh.run())
            await fresh.seen.wait()
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            boards.append(fresh.board)
        return boards

    def client(self, at: int) -> Client:
        """Somebody signed in at process `at`."""
        return _signed_in(self._doors[at % len(self._doors)], self._clients[0].token)


class SlowScreen:
    """Takes the snapshot, and then reads nothing more until it is asked what came after all."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._socket: ClientConnection | None = None
        self.board = Board()

    async def open(self) -> None:
        """See what there is."""
        url = urlsplit(self._client.door.url)
        line = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SMALL_SEGMENT)
        line.setblocking(False)
        await asyncio.get_running_loop().sock_connect(line, (url.hostname, url.port))
        self._socket = await connect(
            f"ws://{url.netloc}/api/v1/live",
            sock=line,
            additional_headers={"authorization": f"Bearer {self._client.token}"},
            compression=None,
            max_size=None,
            max_queue=1,
            ping_interval=None,
            close_timeout=1,
            proxy=None,
        )
        self._take(await self._socket.recv())

    async def read_on(self) -> bool:
        """Read what had been sent, to the end of the line; False where the service had not ended it."""
        assert self._socket is not None
        with suppress(TimeoutError, ConnectionClosed):
            while True:
                async with asyncio.timeout(1.0):
                    self._take(await self._socket.recv())
        ended = self._socket.close_code is not None or self._socket.state.name != "OPEN"
        self._socket.transport.abort()
        return ended

    def go_on(self) -> Feed:
        """An ordinary screen that resumes where this one stopped."""
        feed = Feed(self._client)
        feed.board = self.board
        feed.seen.set()
        return feed

    def _take(self, text: str | bytes) -> None:
        self.board = apply(self.board, decode(text))


def _signed_in(door: Door, token: str) -> Client:
    client = Client(door, "", "")
    client.token = token
    return client
