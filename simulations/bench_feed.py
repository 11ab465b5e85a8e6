"""How long a committed fix takes to 50 live screens, while 5,000 fixes a second come in over WebSockets.

    python -m simulations.bench_feed --json

Each screen looks at a part of the country, as a dispatcher's map does. A position counts from the moment that its
terminal sent the fix, which is before its commit: what is printed is an upper bound of commit to socket, by the time to
gather and commit a batch. `screens_cpu_per_position` is what the service spends on telling one position to one screen,
in microseconds: the same load is run without screens first, and what that took is subtracted. Its ratio `bare` is
against a server that sends equally long messages to as many sockets and does nothing else.
"""

import argparse
import asyncio
import os
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from core.errors import NearsideError
from core.geo import Position
from core.places import load_places
from simulations.bench import Result, cpu_s, machine, report, table
from simulations.bench_decide import Dispatcher, Failed, driving, put_bench_on_record, served, store_for
from simulations.national import make, scenes
from simulations.private import NoServer
from simulations.service import NotServing

SEED = 20_261_125
REACH_DEG = 2.0
"""A screen shows so far around its place."""
WARM_UP_S = 3.0
BARE_MESSAGES = 400


class _Positions(msgspec.Struct, tag_field="type", tag="positions"):
    items: list[tuple[str, float, float, float | None, float | None, datetime]]


@dataclass(slots=True)
class Told:
    """What the screens were told: milliseconds from each fix's sending, and the bytes of all messages."""

    latencies_ms: list[float] = field(default_factory=list[float])
    messages: int = 0
    size: int = 0


async def _look(port: int, token: str, at: Position, told: Told, counting: asyncio.Event) -> None:
    """One screen, until it is cancelled."""
    url, headers = f"ws://127.0.0.1:{port}/api/v1/live", {"Authorization": f"Bearer {token}"}
    decoder = msgspec.json.Decoder(_Positions)
    bbox = [at.lon - REACH_DEG, at.lat - REACH_DEG, at.lon + REACH_DEG, at.lat + REACH_DEG]
    async with connect(url, additional_headers=headers, compression=None, max_size=None, proxy=None) as socket:
        await socket.send(msgspec.json.encode({"type": "view", "bbox": bbox}).decode())
        while True:
            message = await socket.recv(decode=False)
            now = time.time()
            if counting.is_set() and message.startswith(b'{"type":"positions"'):
                told.messages += 1
                told.size += len(message)
                told.latencies_ms += [(now - item[5].timestamp()) * 1000 for item in decoder.decode(message).items]


async def _watch(port: int, token: str, places: Sequence[Position], seconds: float) -> Told:
    told, counting = Told(), asyncio.Event()
    screens = [asyncio.create_task(_look(port, token, at, told, counting)) for at in places]
    await asyncio.sleep(WARM_UP_S)
    counting.set()
    await asyncio.sleep(seconds)
    counting.clear()
    failed = [screen.exception() for screen in screens if screen.done()]
    for screen in screens:
        screen.cancel()
    await asyncio.gather(*screens, return_exceptions=True)
    if failed:
        raise Failed(f"{len(failed)} screens were lost, such as: {failed[0]!r}")
    return told


async def _bare_us(sockets: int, size: int) -> float:
    """Microseconds of this process for one message of `size` bytes to one socket, both its ends."""
    payload = "x" * size

    async def send(socket: ServerConnection) -> None:
        for _ in range(BARE_MESSAGES):
            await socket.send(payload)

    async def take(port: int) -> None:
        async with connect(f"ws://127.0.0.1:{port}", compression=None, max_size=None, proxy=None) as socket:
            for _ in range(BARE_MESSAGES):
                await socket.recv(decode=False)

    async with serve(send, "127.0.0.1", 0, compression=None) as server:
        port: int = next(iter(server.sockets)).getsockname()[1]
        began = time.process_time()
        await asyncio.gather(*(take(port) for _ in range(sockets)))
        return (time.process_time() - began) * 1e6 / (sockets * BARE_MESSAGES)


def measure(database: str, options: argparse.Namespace) -> list[Result]:
    """All figures. Raises `Failed`, and `NotServing` where the service does not start."""
    geography = load_places()
    national = make(geography, dealers=options.dealers, vehicles=options.terminals, seed=SEED)
    source = scenes(geography, national, SEED)
    places = [next(source) for _ in range(options.screens)]
    password = secrets.token_urlsafe(12)
    asyncio.run(put_bench_on_record(database, national, password))
    with served(database) as (port, pid):
        dispatcher = Dispatcher(port)
        dispatcher.sign_in(password)
        with driving(national, port, terminals=options.terminals, per_s=options.fixes_per_s) as stop:
            time.sleep(WARM_UP_S)
            before = cpu_s(pid)
            time.sleep(options.seconds)
            alone = cpu_s(pid) - before
            before = cpu_s(pid)
            told = asyncio.run(_watch(port, dispatcher.token, places, options.seconds))
            watched = (cpu_s(pid) - before) * options.seconds / (options.seconds + WARM_UP_S)
            pace = stop()
        dispatcher.hang_up()
    return _results(told, pace, alone, watched, options)


def _results(
    told: Told, pace: Mapping[str, float], alone: float, watched: float, options: argparse.Namespace
) -> list[Result]:
    ordered = sorted(told.latencies_ms)
    if not ordered:
        raise Failed("no screen was told of any position")
    acknowledged = pace["acked"] / pace["seconds"]
    bare_us = asyncio.run(_bare_us(options.screens, told.size // told.messages))
    message_us = max(0.0, watched - alone) * 1e6 / told.messages
    facts = {"median_ms": ordered[len(ordered) // 2], "max_ms": ordered[-1], "count": len(ordered)}
    return [
        Result(name="sent_to_screen_p99", value=ordered[len(ordered) * 99 // 100], unit="ms", facts=facts),
        Result(
            name="fixes_meanwhile",
            value=acknowledged,
            unit="fixes/s",
            ratios={"wanted": acknowledged / options.fixes_per_s},
        ),
        Result(
            name="screens_cpu_per_message",
            value=message_us,
            unit="us",
            ratios={"bare": message_us / bare_us},
            facts={"bytes": told.size / told.messages, "positions": len(ordered) / told.messages},
        ),
        Result(name="screens_cpu_per_position", value=max(0.0, watched - alone) * 1e6 / len(ordered), unit="us"),
        Result(
            name="service_cpu",
            value=watched / options.seconds,
            unit="processors",
            ratios={"without_screens": watched / alone},
        ),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 where that failed."""
    parser = argparse.ArgumentParser(prog="python -m simulations.bench_feed", description=__doc__)
    parser.add_argument("--database", default="", help="a new store; without it, one that is gone afterwards")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--screens", type=int, default=50)
    parser.add_argument("--dealers", type=int, default=400)
    parser.add_argument("--terminals", type=int, default=2_000)
    parser.add_argument("--fixes-per-s", type=float, default=5_000)
    parser.add_argument("--seconds", type=float, default=15)
    options = parser.parse_args(arguments)
    try:
        with store_for(options.database) as database:
            results = measure(database, options)
            store = database.partition(":")[0]
    except (Failed, NotServing, NoServer, NearsideError, OSError) as error:
        print(f"bench feed: {error}", file=sys.stderr)
        return 1
    facts = machine(store=store, screens=options.screens, terminals=options.terminals, load=os.getloadavg()[0])
    print(report("feed", facts, results) if options.json else table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
