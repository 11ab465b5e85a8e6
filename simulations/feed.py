"""A screen on the live feed as a careful client keeps it: resumes where it was, and counts every gap and repeat."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException

from gateway.live.protocol import Board, Event, FeedBroken, Message, Positions, Snapshot, apply, decode
from simulations.doors import Client, attempts

UNAUTHORIZED = frozenset({401, 403})


class Listener(Protocol):
    """Whoever acts on what the feed tells."""

    def snapshot(self, board: Board) -> None:
        """Everything anew."""
        ...

    def event(self, event: Event) -> None:
        """One more event, in order."""
        ...


class Feed:
    """One viewer's feed. `board` is what the viewer sees; the counts say how well the feed kept its word."""

    def __init__(self, client: Client, listener: Listener | None = None) -> None:
        self.board = Board()
        self.gaps: list[str] = []
        self.repeats = 0
        self.events = 0
        self.positions = 0
        self.snapshots = 0
        self.resumes = 0
        self.seen = asyncio.Event()
        """Set with the first message, when the viewer knows what there is."""
        self._client = client
        self._listener = listener
        self._socket: ClientConnection | None = None

    async def run(self) -> None:
        """Watch until cancelled, across every loss of the connection."""
        waits = attempts()
        while True:
            try:
                await self._watch()
                waits = attempts()
            except InvalidStatus as error:
                if error.response.status_code in UNAUTHORIZED:
                    await self._client.sign_in()
            except (OSError, TimeoutError, InvalidHandshake, WebSocketException):
                pass  # the service is down; it will be back
            await asyncio.sleep(next(waits))

    async def drop(self) -> None:
        """Lose the connection, as a laptop does that is closed."""
        if self._socket is not None:
            await self._socket.close()

    async def _watch(self) -> None:
        known = self.seen.is_set()
        path = f"/api/v1/live?since={self.board.seq}" if known else "/api/v1/live"
        async with connect(
            self._client.door.url.replace("http", "ws", 1) + path,
            additional_headers={"authorization": f"Bearer {self._client.token}"},
            compression=None,
            max_size=None,
            open_timeout=10,
            proxy=None,
        ) as socket:
            self._socket = socket
            self.resumes += known
            async for text in socket:
                if not self._take(text):
                    return

    def _take(self, text: str | bytes) -> bool:
        try:
            message = decode(text)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            self._client.door.ledger.faults.append(f"feed: {error} in {text[:200]!r}")
            return True
        try:
            before, self.board = self.board, apply(self.board, message)
        except FeedBroken as broken:
            self.gaps.append(str(broken))
            return False
        self._count(before, message)
        self.seen.set()
        return True

    def _count(self, before: Board, message: Message) -> None:
        if isinstance(message, Event):
            self.events += 1
            if message.seq <= before.seq:
                self.repeats += 1
            elif self._listener:
                self._listener.event(message)
        elif isinstance(message, Positions):
            self.positions += len(message.items)
        elif isinstance(message, Snapshot):
            self.snapshots += 1
            if self._listener:
                self._listener.snapshot(self.board)


def differences(kept: Board, fresh: Board) -> list[str]:
    """Where a board that was kept by events differs from a fresh snapshot of the same moment."""
    found: list[str] = []
    if kept.seq != fresh.seq:
        found.append(f"kept stands at {kept.seq}, fresh at {fresh.seq}")
    found += _unequal("case", kept.cards, fresh.cards, dict)
    found += _unequal("vehicle", kept.vehicles, fresh.vehicles, _shown)
    return found


def _unequal(what: str, kept: Any, fresh: Any, shown: Callable[[Any], Any]) -> list[str]:
    names = sorted(kept.keys() | fresh.keys())
    return [
        f"{what} {name}: kept {kept.get(name)}, fresh {fresh.get(name)}"
        for name in names
        if name not in kept or name not in fresh or shown(kept[name]) != shown(fresh[name])
    ]


def _shown(vehicle: Any) -> Any:
    return {field: vehicle.get(field) for field in ("plate", "lat", "lon", "fix_time", "state", "dealer")}
