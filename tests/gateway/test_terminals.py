"""The terminals' socket on a real server, spoken to by a real client."""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from stores import new_store
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError

from core.bus import Bus
from core.database import Database
from core.errors import IllegalTransition, StoreUnavailable
from gateway.terminals import IN_FLIGHT, TOKEN_ENDED, TerminalSockets, serve_terminal
from tracking.ingest import Ingest
from tracking.live import LiveIndex
from tracking.queries import add_terminal, add_vehicle, remove_terminal, renew_token, trail
from tracking.vocabulary import Protocol, Terminal, Vehicle, VehicleKind

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


class StoppedClock:
    speed = 1.0

    def now(self) -> datetime:
        return NOW


class BreakableDatabase(Database):
    """Its commits fail while `broken`, and wait while `held`."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.broken = False
        self.open = asyncio.Event()
        self.open.set()
        self.held = asyncio.Event()

    @asynccontextmanager
    async def write(self, *, express: bool = False) -> AsyncGenerator[AsyncSession]:
        async with super().write() as session:
            yield session
            if not self.open.is_set():
                self.held.set()
                await self.open.wait()
            if self.broken:
                raise StoreUnavailable("the disk is full")


@dataclass
class Service:
    """A running server, and what is behind it."""

    db: BreakableDatabase
    ingest: Ingest
    sockets: TerminalSockets
    port: int = 0
    tokens: dict[str, str] = field(default_factory=dict[str, str])
    completed: list[tuple[str, int, datetime]] = field(default_factory=list[tuple[str, int, datetime]])

    def connect(self, name: str) -> connect:
        return connect(f"ws://127.0.0.1:{self.port}/ws?terminal={name}", max_size=None, compression=None)

    async def trail(self, name: str) -> list[int]:
        async with self.db.read() as session:
            points = await trail(session, f"P{name}", NOW - timedelta(days=1), NOW + timedelta(days=1), limit=100_000)
        return [point.fix.seq for point in points]


@pytest.fixture
async def service(tmp_path: Path) -> AsyncGenerator[Service]:
    db = BreakableDatabase(new_store(tmp_path))
    tokens: dict[str, str] = {}
    async with db.write() as session:
        for name in "12":
            plate = f"P{name}"
            await add_vehicle(session, Vehicle(plate=plate, kind=VehicleKind.SERVICE, dealer="D", on_duty=True))
            tokens[name] = await add_terminal(session, terminal_of(name))
    ingest = Ingest(db=db, bus=Bus(), live=LiveIndex(), clock=StoppedClock(), window_s=0)
    await ingest.start()
    served = Service(db=db, ingest=ingest, sockets=TerminalSockets(), tokens=tokens)

    async def complete(terminal: Terminal, seq: int, time: datetime) -> None:
        if seq == 13:
            raise IllegalTransition("the vehicle is on no trip", rule="R7")
        served.completed.append((terminal.terminal_id, seq, time))

    async def endpoint(websocket: WebSocket) -> None:
        name = websocket.query_params["terminal"]
        terminal = terminal_of(name)
        line = served.sockets.connected_by(tokens[name], websocket)
        with served.sockets.register(terminal.plate) as jobs, line:
            await serve_terminal(websocket, terminal=terminal, ingest=ingest, jobs=jobs, complete=complete)

    config = uvicorn.Config(
        Starlette(routes=[WebSocketRoute("/ws", endpoint)]),
        host="127.0.0.1",
        port=0,
        ws="websockets-sansio",
        log_level="critical",
        lifespan="off",
    )
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    served.port = server.servers[0].sockets[0].getsockname()[1]
    ticking = asyncio.create_task(server.main_loop())
    yield served
    server.should_exit = True
    await ticking
    await server.shutdown()
    await ingest.stop()
    await db.close()


def terminal_of(name: str) -> Terminal:
    return Terminal(terminal_id=f"T{name}", plate=f"P{name}", protocol=Protocol.WEBSOCKET)


def fix(seq: int, **changes: Any) -> dict[str, Any]:
    time = NOW - timedelta(hours=1) + timedelta(seconds=seq)
    return {"type": "fix", "seq": seq, "time": time.isoformat(), "lat": 31.2, "lon": 121.4} | changes


async def say(socket: ClientConnection, *frames: dict[str, Any]) -> None:
    for frame in frames:
        await socket.send(json.dumps(frame))


async def hear(socket: ClientConnection) -> dict[str, Any]:
    return json.loads(await asyncio.wait_for(socket.recv(), 10))


async def hear_until(socket: ClientConnection, wanted: Callable[[dict[str, Any]], bool]) -> Sequence[dict[str, Any]]:
    heard = [await hear(socket)]
    while not wanted(heard[-1]):
        heard.append(await hear(socket))
    return heard


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what happens behind a socket sets no event here
            await asyncio.sleep(0.001)


def nack(seq: int | None, code: str) -> Callable[[dict[str, Any]], bool]:
    return lambda answer: (answer["type"], answer.get("seq"), answer.get("code")) == ("nack", seq, code)


async def test_an_ack_means_stored(service: Service) -> None:
    async with service.connect("1") as socket:
        await say(socket, fix(7))
        assert await hear(socket) == {"type": "ack", "seq": 7}
        assert await service.trail("1") == [7]
        await socket.send(json.dumps(fix(8)).encode())
        assert await hear(socket) == {"type": "ack", "seq": 8}
        await say(socket, {"type": "fixes", "items": [fix(9), fix(11), fix(10)]})
        assert await hear(socket) == {"type": "ack", "seq": 11}
        assert await service.trail("1") == [7, 8, 9, 10, 11]


async def test_frames_are_read_without_waiting_for_earlier_commits(service: Service) -> None:
    service.db.open.clear()
    async with service.connect("1") as socket:
        await say(socket, fix(0))
        await service.db.held.wait()
        await say(socket, *(fix(seq) for seq in range(1, IN_FLIGHT)))
        await until(lambda: service.ingest.waiting == IN_FLIGHT - 1)
        service.db.open.set()
        heard = await hear_until(socket, lambda answer: answer["seq"] == IN_FLIGHT - 1)
    acks = [answer["seq"] for answer in heard]
    assert acks == sorted(acks)
    assert {answer["type"] for answer in heard} == {"ack"}
    assert service.ingest.counts.commits == 2
    assert await service.trail("1") == list(range(IN_FLIGHT))


async def test_a_later_ack_stands_for_an_earlier_one_only_where_it_covers_it(service: Service) -> None:
    service.db.open.clear()
    async with service.connect("1") as socket:
        await say(socket, fix(0))
        await service.db.held.wait()
        both = {"type": "fixes", "items": [fix(7, lat="x"), fix(8)]}
        await say(socket, fix(1), fix(2), fix(5), fix(3), fix(4), both)
        await until(lambda: service.ingest.waiting == 6)
        service.db.open.set()
        heard = await hear_until(socket, lambda answer: answer["seq"] == 8)
    assert [(answer["type"], answer["seq"]) for answer in heard] == [
        ("ack", 0),
        ("ack", 5),
        ("ack", 4),
        ("nack", 7),
        ("ack", 8),
    ]


async def test_what_is_refused_is_named_and_what_is_good_beside_it_is_stored(service: Service) -> None:
    bad = [fix(2, lat="31.2"), fix(3, lat=0, lon=0), fix(4, lat=float("nan")), fix(5, time="2031-01-01T00:00:00Z")]
    async with service.connect("1") as socket:
        await say(socket, {"type": "fixes", "items": [fix(1), *bad, fix(6)]})
        heard = [await hear(socket) for _ in range(5)]
        assert [(answer["type"], answer["seq"], answer.get("code")) for answer in heard] == [
            ("nack", 2, "invalid"),
            ("nack", 3, "invalid_position"),
            ("nack", 4, "invalid_position"),
            ("nack", 5, "invalid"),
            ("ack", 6, None),
        ]
        assert [heard[1]["detail"], heard[3]["detail"]] == ["null_island", "future"]
        assert await service.trail("1") == [1, 6]


@pytest.mark.parametrize(
    "frame",
    ["", "{", "[" * 200_000, "null", '{"type":"fix"}', '{"type":"fax"}', "x" * 1_100_000, b"\xff\xfe", "[" * 50],
)
async def test_one_bad_frame_closes_nothing(service: Service, frame: str | bytes) -> None:
    async with service.connect("1") as socket:
        await socket.send(frame)
        answer = await hear(socket)
        assert nack(None, "invalid")(answer)
        await say(socket, fix(1))
        assert await hear(socket) == {"type": "ack", "seq": 1}


async def break_websocket(socket: ClientConnection, oversized: bool) -> None:
    if oversized:
        await socket.send(" " * (17 * 1024 * 1024))
    else:
        socket.protocol.send_text(b"\xff\xfe not UTF-8")
        socket.transport.write(b"".join(socket.protocol.data_to_send()))
    await hear(socket)


@pytest.mark.parametrize("oversized", [True, False])
async def test_a_frame_that_breaks_websocket_itself_closes_only_its_own_socket(
    service: Service, oversized: bool
) -> None:
    async with service.connect("2") as other:
        async with service.connect("1") as socket:
            await say(socket, fix(1))
            assert await hear(socket) == {"type": "ack", "seq": 1}
            with pytest.raises(ConnectionClosedError) as closed:
                await break_websocket(socket, oversized)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == (1009 if oversized else 1007)
        await say(other, fix(2))
        assert await hear(other) == {"type": "ack", "seq": 2}
    assert await service.trail("1") == [1]


async def test_a_store_that_fails_is_told_and_asked_again(service: Service) -> None:
    service.db.broken = True
    async with service.connect("1") as socket:
        await say(socket, {"type": "fixes", "items": [fix(1), fix(2, lat=91, lon=0), fix(3)]})
        heard = [await hear(socket) for _ in range(3)]
        assert [(answer["type"], answer["seq"], answer["code"]) for answer in heard] == [
            ("nack", 1, "store_unavailable"),
            ("nack", 2, "invalid_position"),
            ("nack", 3, "store_unavailable"),
        ]
        service.db.broken = False
        await say(socket, {"type": "fixes", "items": [fix(1), fix(3)]})
        assert await hear(socket) == {"type": "ack", "seq": 3}
        await service.ingest.stop()
        await say(socket, fix(4))
        assert nack(4, "store_unavailable")(await hear(socket))
    assert await service.trail("1") == [1, 3]


async def test_R7_complete_is_carried_out_after_what_came_before_it(service: Service) -> None:
    time = NOW - timedelta(minutes=1)
    async with service.connect("1") as socket:
        await say(
            socket,
            fix(11),
            {"type": "complete", "seq": 12, "time": time.isoformat()},
            {"type": "complete", "seq": 13, "time": time.isoformat()},
            {"type": "complete", "seq": 14, "time": "soon"},
        )
        heard = await hear_until(socket, nack(14, "invalid"))
        assert heard[-2] == {
            "type": "nack",
            "seq": 13,
            "code": "illegal_transition",
            "detail": "the vehicle is on no trip",
        }
        assert heard[-3] == {"type": "ack", "seq": 12}
    assert service.completed == [("T1", 12, time)]


async def test_complete_counts_even_when_the_terminal_hangs_up_at_once(service: Service) -> None:
    service.db.open.clear()
    async with service.connect("1") as socket:
        await say(socket, fix(1), {"type": "complete", "seq": 2, "time": NOW.isoformat()})
    service.db.open.set()
    await until(lambda: not service.sockets.connected)
    assert service.completed == [("T1", 2, NOW)]
    assert await service.trail("1") == [1]


async def test_jobs_reach_the_terminals_of_their_vehicle_only(service: Service) -> None:
    async with service.connect("1") as socket, service.connect("1") as again, service.connect("2") as other:
        for each in (socket, again, other):
            await say(each, fix(1))
            await hear(each)
        assert service.sockets.connected == 3
        assert service.sockets.send_job("P1", {"trip": "t1", "promised_at": NOW}) == 2
        assert service.sockets.send_job("P9", {"trip": "t2"}) == 0
        for each in (socket, again):
            assert await hear(each) == {"type": "job", "trip": "t1", "promised_at": "2026-11-02T08:00:00Z"}
        await say(other, fix(2))
        assert await hear(other) == {"type": "ack", "seq": 2}


async def test_whatever_is_acknowledged_on_a_lost_line_is_in_the_trail(service: Service) -> None:
    """Fixes in random order on sockets that are cut without a word; only what was acknowledged is not resent."""
    rng = random.Random(11)
    waiting, acknowledged = set(range(300)), set[int]()
    while waiting:
        socket = await service.connect("1")
        batch = rng.sample(sorted(waiting), k=min(60, len(waiting)))
        await say(socket, *({"type": "fixes", "items": [fix(seq)]} for seq in sorted(batch)))
        for _ in range(rng.randrange(1, 4)):
            covered = (await hear(socket))["seq"]
            acknowledged |= {seq for seq in batch if seq <= covered}
            if covered == max(batch):
                break
        socket.transport.abort()
        assert acknowledged <= set(await service.trail("1"))
        waiting -= acknowledged
    assert await service.trail("1") == list(range(300))


async def test_who_came_with_a_token_that_is_worth_nothing_is_hung_up_on(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.terminals.LOOK_S", 0.02)
    stop = asyncio.Event()
    watching = asyncio.create_task(service.sockets.follow(service.db, stop))
    async with service.connect("1") as first, service.connect("2") as second:
        for socket in (first, second):
            await say(socket, fix(1))
            assert (await hear(socket))["type"] == "ack"
        async with service.db.write() as session:
            _terminal, token = await renew_token(session, "T1")
        with pytest.raises(ConnectionClosedError) as closed:
            await hear(first)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == TOKEN_ENDED
        service.tokens["1"] = token
        await say(second, fix(2))
        assert (await hear(second))["type"] == "ack"
        async with service.connect("1") as again:
            await say(again, fix(2))
            assert (await hear(again))["type"] == "ack"
            async with service.db.write() as session:
                await remove_terminal(session, "T2")
            with pytest.raises(ConnectionClosedError):
                await hear(second)
            await say(again, fix(3))
            assert (await hear(again))["type"] == "ack"
    stop.set()
    await watching
