"""The feed over real sockets: several screens on one server, one of which stops reading."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from live_desk import CAC, DEALER_1, OEM, LiveDesk, card, event, facts
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from core.bus import Bus
from core.database import Database
from core.errors import StoreUnavailable
from core.eventlog import Logged
from gateway.live.feed import Limits
from gateway.live.hub import SESSION_ENDED, TRY_AGAIN, Hub, serve_screen
from gateway.live.protocol import Board, Heartbeat, Message, Refusal, apply, decode
from gateway.live.viewer import Viewer
from gateway.roles import Role

pytestmark = pytest.mark.slow

SOON_S = 20.0
"""A test that waits so long has failed."""

EVENTS = 150
LIMITS = Limits(ring=10, page=5, gap=2_000, heartbeat_s=0.05, positions_s=0.02, patience_s=0.5)


async def no_board(_session: AsyncSession) -> tuple[int, list[dict[str, Any]]]:
    raise StoreUnavailable


class DeafDatabase(Database):
    """A store that does not answer the first readers."""

    refusals = 2

    @contextlib.asynccontextmanager
    async def read(self, *, once: bool = False) -> AsyncGenerator[AsyncSession]:
        if self.refusals:
            self.refusals -= 1
            raise StoreUnavailable
        async with super().read() as session:
            yield session


@dataclass
class Service:
    desk: LiveDesk
    port: int
    ended: bool = field(default=False)

    def dial(self, who: str, since: int | None = None) -> connect:
        query = f"?who={who}" + ("" if since is None else f"&since={since}")
        # A small window, so that a screen that stops reading is soon felt.
        far_end = socket.create_connection(("127.0.0.1", self.port))
        return connect(
            f"ws://127.0.0.1:{self.port}/live{query}", sock=far_end, max_queue=1, close_timeout=0.1, compression=None
        )


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON_S):
        while not condition():  # noqa: ASYNC110  (nothing tells when it changes)
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def listening(app: Starlette) -> AsyncGenerator[int]:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, ws="websockets-sansio", ws_per_message_deflate=False, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await eventually(lambda: server.started)
    yield listener.getsockname()[1]
    server.should_exit = True
    await serving
    listener.close()


@pytest.fixture
async def service(tmp_path: Path) -> AsyncGenerator[Service]:
    desk = LiveDesk(tmp_path, LIMITS)

    async def live(websocket: WebSocket) -> None:
        since = websocket.query_params.get("since")
        who = websocket.query_params["who"]
        hub = broken if who == "unlucky" else desk.hub
        await serve_screen(websocket, viewers[who], hub, None if since is None else int(since))

    async with listening(Starlette(routes=[WebSocketRoute("/live", live)])) as port:
        service = Service(desk=desk, port=port)
        leaving = Viewer(role=Role.DISPATCHER, expired=lambda: service.ended)
        viewers = {"cac": CAC, "oem": OEM, "dealer": DEALER_1, "leaving": leaving, "unlucky": CAC}
        broken = Hub(desk.db, Bus(), desk.live, desk.clock, read_board=no_board, limits=LIMITS)
        stop = asyncio.Event()
        hub = asyncio.create_task(desk.hub.run(stop))
        yield service
        stop.set()
        await hub
    await desk.db.close()


async def follow(link: ClientConnection, board: Board, until: Callable[[Board, Message], bool]) -> Board:
    """The board once `until` holds."""
    async with asyncio.timeout(SOON_S):
        while True:
            message = decode(await link.recv())
            board = apply(board, message)
            if until(board, message):
                return board


async def test_screens_follow_and_one_that_stops_reading_is_closed_and_resumes(service: Service) -> None:
    desk = service.desk
    await desk.commit(event(card("a", "offered", "D1")))
    async with service.dial("cac") as cac, service.dial("dealer") as dealer, service.dial("cac") as stuck:
        begun = await follow(stuck, Board(), lambda board, message: isinstance(message, Heartbeat))
        followers = [
            asyncio.create_task(follow(link, Board(), lambda board, message: board.seq == EVENTS))
            for link in (cac, dealer)
        ]
        big = {"note": "x" * 50_000}
        for number in range(EVENTS - 2):
            await desk.commit(event(card(f"c{number}", "open"), data=big))
        await desk.commit(event(card("a", "accepted", "D1")))
        await eventually(lambda: desk.hub.screens == 2)
        for follower, viewer in zip(followers, (CAC, DEALER_1), strict=True):
            assert facts(await follower) == facts(apply(Board(), await desk.fresh(viewer)))
        with pytest.raises(ConnectionClosed) as closed:
            begun = await follow(stuck, begun, lambda board, message: False)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == TRY_AGAIN

    # Fewer than all: the rest was never queued for it.
    assert begun.seq < EVENTS
    async with service.dial("cac", begun.seq) as again:
        board = await follow(again, begun, lambda board, message: board.seq == EVENTS)
    assert facts(board) == facts(apply(Board(), await desk.fresh(CAC)))


async def test_bad_messages_are_answered_and_the_feed_goes_on(service: Service) -> None:
    desk = service.desk
    async with service.dial("oem") as oem:
        for said in ("{", b"\x00\xff", '{"type":"view","bbox":[1]}', "x" * 5000):
            await oem.send(said)
            await follow(oem, Board(), lambda board, message: isinstance(message, Refusal))
        await desk.commit(event(card("a")))
        desk.move("V1")
        board = await follow(oem, Board(seq=0), lambda board, message: board.seq == 1 and bool(board.vehicles))
        assert board.cards["a"]["plate"] == "沪A***"


async def test_the_end_of_the_session_closes_the_screen(service: Service) -> None:
    async with service.dial("leaving") as link:
        await follow(link, Board(), lambda board, message: isinstance(message, Heartbeat))
        service.ended = True
        with pytest.raises(ConnectionClosed) as closed:
            await follow(link, Board(), lambda board, message: False)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == SESSION_ENDED
    await eventually(lambda: not service.desk.hub.screens)


async def test_a_screen_is_sent_away_to_come_again_when_the_store_does_not_answer(service: Service) -> None:
    async with service.dial("unlucky") as link:
        with pytest.raises(ConnectionClosed) as closed:
            await follow(link, Board(), lambda board, message: False)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == TRY_AGAIN


async def test_the_hub_outlives_a_store_that_does_not_answer(service: Service) -> None:
    desk = service.desk
    deaf = DeafDatabase(desk.db.text)
    bus = Bus()
    hub = Hub(deaf, bus, desk.live, desk.clock)
    stop = asyncio.Event()
    running = asyncio.create_task(hub.run(stop))
    await eventually(lambda: not deaf.refusals)
    await desk.commit(event(card("a")))
    await eventually(lambda: hub.head == 1)
    stop.set()
    bus.publish(Logged(seq=1))
    await running
    await deaf.close()
