"""A national fleet's fixes at a steady pace, from one process that costs next to nothing, over real WebSockets.

    python -m simulations.steady --port 8000 --per-s 5000

A line of JSON comes in first: `[[token, lat, lon], …]`, a terminal each. Once all of them are connected, `ready` is
printed; at the next line in they begin to send, at the one after it they stop, and what was acknowledged is printed.
A terminal that has too many fixes under way leaves some out: the pace falls, nothing piles up.
"""

import argparse
import asyncio
import json
import re
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import cast

import uvloop
from websockets.frames import Opcode

IN_FLIGHT = 16
TICK_S = 0.004
AT_ONCE = 32
"""So many terminals connect at the same time."""
OPEN_WITHIN_S = 120.0
LONGEST_S = 600.0
"""It stops by itself after so long, whatever became of the one who should stop it."""
LAST_ACKS_S = 1.0
STEP_DEG = 1e-5
"""A vehicle's way between two fixes, about a metre."""

_FIX = b'{"type":"fix","seq":%d,"time":"%b","lat":%.6f,"lon":%.6f,"speed_mps":3.5,"course_deg":0.0,"accuracy_m":5.0}'
_SEQ = re.compile(rb'{"type":"ack","seq":(\d+)}')
_NO_MASK = bytes(4)
"""A mask of zeros leaves the payload as it is."""
_FINAL, _MASKED, _MEDIUM = 0x80, 0x80, 126


class Lost(Exception):
    """A terminal was refused, or its line broke."""


class Line(asyncio.Protocol):
    """One terminal."""

    def __init__(self, token: str, lat: float, lon: float) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.sent = self.acked = 0
        self.failure = ""
        self._token, self._lat, self._lon = token, lat, lon
        self._heard = b""
        self._transport: asyncio.WriteTransport | None = None

    def send(self, time_text: bytes) -> None:
        """Report where the vehicle is now, if what was reported before is being acknowledged."""
        if self.sent - self.acked >= IN_FLIGHT:
            return
        self.sent += 1
        self._lat += STEP_DEG
        self._write(Opcode.TEXT, _FIX % (self.sent, time_text, self._lat, self._lon))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's is one without saying so
        self._transport.write(
            f"GET /api/v1/terminals/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self._token}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """Say why, for whoever asks."""
        self._fail(f"a line was lost: {exc}")

    def data_received(self, data: bytes) -> None:
        """Take in the upgrade, then acks and pings."""
        heard = self._heard + data
        if not self.opened.done():
            head, ended, heard = heard.partition(b"\r\n\r\n")
            if not ended:
                self._heard = head
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._fail(f"no socket: {head[:100]!r}")
                return
            self.opened.set_result(None)
        while len(heard) >= 2 and len(heard) >= (end := 2 + heard[1]):
            self._take(heard[0] & 0x0F, heard[2:end])
            heard = heard[end:]
        self._heard = heard

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == Opcode.PING:
            self._write(Opcode.PONG, payload)
        elif acked := _SEQ.fullmatch(payload):
            self.acked = int(acked[1])
        else:
            self._fail(f"not an ack: {payload[:100]!r}")

    def _write(self, opcode: Opcode, payload: bytes) -> None:
        size = len(payload)
        length = bytes((_MASKED | size,)) if size < _MEDIUM else bytes((_MASKED | _MEDIUM, *size.to_bytes(2)))
        if self._transport is not None:
            self._transport.write(bytes((_FINAL | opcode,)) + length + _NO_MASK + payload)

    def _fail(self, why: str) -> None:
        self.failure = self.failure or why
        if not self.opened.done():
            self.opened.set_exception(Lost(why))


async def run(port: int, per_s: float, hear: Callable[[], str], say: Callable[[str], None]) -> None:
    """Connect, send from one line in to the next, and tell what was acknowledged. Raises `Lost`."""
    terminals: Sequence[tuple[str, float, float]] = json.loads(await asyncio.to_thread(hear))
    turn = asyncio.Semaphore(AT_ONCE)
    try:
        async with asyncio.timeout(OPEN_WITHIN_S):
            lines = await asyncio.gather(*(_open(port, turn, *one) for one in terminals))
    except TimeoutError:
        raise Lost(f"not every terminal was connected within {OPEN_WITHIN_S:.0f} s") from None
    say("ready")
    await asyncio.to_thread(hear)
    stop = asyncio.create_task(asyncio.to_thread(hear))
    seconds = await _keep_pace(lines, per_s, stop)
    acked = sum(line.acked for line in lines)
    await asyncio.sleep(LAST_ACKS_S)
    if failures := [line.failure for line in lines if line.failure]:
        raise Lost(f"{len(failures)} of {len(lines)}, such as: {failures[0]}")
    say(json.dumps({"seconds": seconds, "acked": acked, "sent": sum(line.sent for line in lines)}))


async def _open(port: int, turn: asyncio.Semaphore, token: str, lat: float, lon: float) -> Line:
    async with turn:
        line = Line(token, lat, lon)
        await asyncio.get_running_loop().create_connection(lambda: line, "127.0.0.1", port)
        await line.opened
    return line


async def _keep_pace(lines: Sequence[Line], per_s: float, stop: "asyncio.Task[str]") -> float:
    began, sent = time.perf_counter(), 0
    while not stop.done() and time.perf_counter() - began < LONGEST_S:
        due = int((time.perf_counter() - began) * per_s)
        time_text = datetime.now(UTC).isoformat().encode()
        for number in range(sent, due):
            lines[number % len(lines)].send(time_text)
        sent = due
        await asyncio.sleep(TICK_S)
    return time.perf_counter() - began


def main(arguments: Sequence[str] | None = None) -> None:
    """Read and print on the standard streams."""
    parser = argparse.ArgumentParser(prog="python -m simulations.steady", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--per-s", type=float, required=True)
    options = parser.parse_args(arguments)

    def say(text: str) -> None:
        print(text, flush=True)

    uvloop.run(run(options.port, options.per_s, sys.stdin.readline, say))


if __name__ == "__main__":
    main()
