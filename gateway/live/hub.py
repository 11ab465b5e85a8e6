"""The live feed's one task, and the talk with each screen.

The bus only hints that something was committed; what the screens are told is read from the log.
"""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from core.bus import Bus
from core.clock import Clock
from core.database import Database
from core.errors import StoreUnavailable
from core.eventlog import Logged
from dispatch.queries import board
from gateway.live.feed import Feed, Follower, Limits
from gateway.live.fleet import Fleet
from gateway.live.screen import ReadBoard, Screen
from gateway.live.viewer import Viewer
from tracking.live import LiveIndex

SESSION_ENDED = 4401
"""Close code: sign in again."""
TRY_AGAIN = 1013
"""Close code: connect again with `since`; the screen took nothing, or the store did not answer."""

_LOOK_S = 1.0
"""So often the log and the roster are looked at even if nobody said that they changed."""
_PARTING_S = 5.0
"""A screen that takes nothing gets so long to take the close frame."""

_log = structlog.stdlib.get_logger(__name__)


class Hub:
    """What all screens share. Without `run` they get snapshots and then nothing new."""

    def __init__(
        self,
        db: Database,
        bus: Bus,
        live: LiveIndex,
        clock: Clock,
        *,
        read_board: ReadBoard = board,
        limits: Limits | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.screens = 0
        """How many are being served."""
        self._db = db
        self._clock = clock
        self._read_board = read_board
        self._feed = Feed(db, self.limits)
        self._fleet = Fleet(live)
        self._logged = bus.listen(Logged)

    @property
    def head(self) -> int:
        """The newest event that screens can be told."""
        return self._feed.head

    async def run(self, stop: asyncio.Event) -> None:
        """Follow the log until `stop`. A store that does not answer is asked again."""
        wall = asyncio.get_running_loop().time
        looked_at = -_LOOK_S
        while not stop.is_set():
            try:
                if wall() - looked_at >= _LOOK_S:
                    looked_at = wall()
                    await self.look()
                else:
                    await self._take_in()
            except StoreUnavailable:
                _log.warning("feed_waits_for_store", seq=self.head)
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._logged.get()

    async def look(self) -> None:
        """Take in what was committed up to now, and wake the screens."""
        await self._take_in()
        async with self._db.read() as session:
            await self._fleet.refresh(session)

    def follow(self, follower: Follower) -> None:
        """Have `follower` told of every event that the hub takes in."""
        self._feed.follow(follower)

    async def _take_in(self) -> None:
        while not self._logged.empty():
            self._logged.get_nowait()
        await self._feed.catch_up()

    async def screen(self, viewer: Viewer, since: int | None = None) -> Screen:
        """A screen for `viewer`, which already knows the events up to `since`."""
        screen = Screen(
            viewer=viewer,
            feed=self._feed,
            fleet=self._fleet,
            db=self._db,
            read_board=self._read_board,
            clock=self._clock,
            limits=self.limits,
        )
        await screen.resume(since)
        return screen


class _Parting(Exception):
    """The service ends the talk."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


async def serve_screen(websocket: WebSocket, viewer: Viewer, hub: Hub, since: int | None = None) -> None:
    """Talk with one screen until either side ends it. Accepts the socket if that was not done.

    Closed with 4401 when the session ended, 1013 when the screen took nothing for `patience_s` or the store did
    not answer; after 1013, as after any break, the screen goes on by `since`.
    """
    if websocket.application_state is WebSocketState.CONNECTING:
        await websocket.accept()
    hub.screens += 1
    code = None
    try:
        async with asyncio.TaskGroup() as talk:
            screen = await hub.screen(viewer, since)
            talk.create_task(_listen(websocket, screen, hub.limits))
            talk.create_task(_tell(websocket, screen, hub.limits))
    except* WebSocketDisconnect:
        pass
    except* StoreUnavailable:
        code = TRY_AGAIN
    except* _Parting as parting:
        code = next(error.code for error in parting.exceptions if isinstance(error, _Parting))
    finally:
        hub.screens -= 1
    if code is not None:
        await _part(websocket, code)


async def _listen(websocket: WebSocket, screen: Screen, limits: Limits) -> None:
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        answer = screen.said(message.get("text") or message.get("bytes") or "")
        if answer is not None:
            await _send(websocket, answer, limits)


async def _tell(websocket: WebSocket, screen: Screen, limits: Limits) -> None:
    wall = asyncio.get_running_loop().time
    beat_at = move_at = wall()
    while True:
        if screen.viewer.expired():
            raise _Parting(SESSION_ENDED)
        for message in await screen.take():
            await _send(websocket, message, limits)
        if wall() >= beat_at:
            await _send(websocket, screen.heartbeat(), limits)
            beat_at = wall() + limits.heartbeat_s
        if wall() >= move_at:
            if positions := screen.positions():
                await _send(websocket, positions, limits)
            move_at = wall() + limits.positions_s
        await screen.wait(max(0.0, min(beat_at, move_at) - wall()))


async def _send(websocket: WebSocket, message: bytes, limits: Limits) -> None:
    """Wait until the screen takes the message; there is no queue but the socket's own small buffer."""
    try:
        taken = await _within(limits.patience_s, websocket.send_text(message.decode()))
    except RuntimeError as error:
        # The server closed the socket by itself, as after a ping without answer, and has not said so yet.
        raise WebSocketDisconnect(1006) from error
    if not taken:
        raise _Parting(TRY_AGAIN)


async def _part(websocket: WebSocket, code: int) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        await _within(_PARTING_S, websocket.close(code))


async def _within(seconds: float, sending: Awaitable[None]) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await sending
    except TimeoutError:
        return False
    return True
