"""Terminals that cost next to nothing: their frames are made beforehand, and all they look for is what was acked.

They share a processor with the store while a server is measured on another one.
"""

import asyncio
import math
import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

import msgspec
from websockets.frames import Frame, Opcode

from core.geo import Position
from simulations.fleet import M_PER_DEGREE

TRACKS = 8
"""So many different tracks are driven; terminals that drive the same one share its frames."""
SHANGHAI = Position(lat=31.2304, lon=121.4737)
UNANSWERED_S = 30.0
"""What is not acknowledged so long after the last frame never will be."""
_BETWEEN_PINGS_S = 0.002
_ACK = b'{"type":"ack","seq":'
_MASKED = 0x80
_SHORT, _MIDDLE = 126, 127


class NotAcknowledged(Exception):
    """A fix was refused, or not answered, or the line was lost: nothing measured would mean anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """The frames of one terminal, as bytes on the wire; each holds `size` fixes, and counters run from 1."""

    frames: Sequence[bytes]
    size: int


def tracks(count: int, size: int, ends: datetime, rng: random.Random) -> list[Track]:
    """`TRACKS` drives through Shanghai, a fix each second, `count` frames each, the last at `ends`."""
    return [_track(count, size, ends - timedelta(seconds=count * size), rng) for _ in range(TRACKS)]


def _track(count: int, size: int, begins: datetime, rng: random.Random) -> Track:
    fixes: list[Mapping[str, object]] = []
    lat, lon = SHANGHAI.lat + rng.gauss(0, 0.05), SHANGHAI.lon + rng.gauss(0, 0.05)
    course_deg, speed_mps = rng.uniform(0, 360), 11.0
    for seq in range(1, count * size + 1):
        course_deg = (course_deg + rng.gauss(0, 4)) % 360
        speed_mps = min(22.0, max(0.0, speed_mps + rng.gauss(0, 0.5)))
        lat += speed_mps * math.cos(math.radians(course_deg)) / M_PER_DEGREE
        lon += speed_mps * math.sin(math.radians(course_deg)) / M_PER_DEGREE
        fix = {
            "seq": seq,
            "time": begins + timedelta(seconds=seq),
            "lat": round(lat, 6),
            "lon": round(lon, 6),
            "speed_mps": round(speed_mps, 1),
            "course_deg": round(course_deg, 1),
            "accuracy_m": round(rng.uniform(3, 12), 1),
        }
        fixes.append(fix)
    return Track(frames=[_frame(fixes[at : at + size]) for at in range(0, len(fixes), size)], size=size)


def _frame(fixes: Sequence[Mapping[str, object]]) -> bytes:
    message = {"type": "fix", **fixes[0]} if len(fixes) == 1 else {"type": "fixes", "items": fixes}
    return Frame(Opcode.TEXT, msgspec.json.encode(message)).serialize(mask=True)


class Line(asyncio.Protocol):
    """One terminal's connection. It keeps `in_flight` frames under way, up to `allowed` of its frames."""

    def __init__(self, path: str, track: Track, in_flight: int) -> None:
        self.acked = 0
        """So many frames are acknowledged wholly."""
        self.allowed = 0
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._path = path
        self._track = track
        self._in_flight = in_flight
        self._sent = 0
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self._answered: asyncio.Future[None] | None = None
        self._pinged_at = 0.0
        self._pong: asyncio.Future[float] | None = None
        self._failure: NotAcknowledged | None = None

    @property
    def acked_fixes(self) -> int:
        """Fixes acknowledged since the line was opened."""
        return self.acked * self._track.size

    def allow(self, frames: int) -> None:
        """Let so many more frames go, as far as there are any."""
        self.allowed = min(len(self._track.frames), self.allowed + frames)
        self._fill()

    def enough(self) -> None:
        """Send nothing more."""
        self.allowed = self._sent

    async def answered(self) -> None:
        """Wait until all that was allowed is acknowledged. Raises `NotAcknowledged`."""
        if self._failure is not None:
            raise self._failure
        if self.acked < self.allowed:
            self._answered = asyncio.get_running_loop().create_future()
            await self._answered

    async def ping_s(self) -> float:
        """How long the server takes to answer a ping, which it does without looking at anything else."""
        self._pong = asyncio.get_running_loop().create_future()
        self._pinged_at = time.perf_counter()
        self._write(Frame(Opcode.PING, b"?").serialize(mask=True))
        return await self._pong

    def close(self) -> None:
        """Hang up."""
        self._answered = self._pong = None
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = cast(asyncio.Transport, transport)
        self._write(
            f"GET {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits any longer."""
        self._fail(f"the line was lost: {exc}")

    def data_received(self, data: bytes) -> None:
        """See what is acknowledged, and send as much anew."""
        self._buffer = data = self._buffer + data
        if not self.opened.done():
            head, ended, self._buffer = data.partition(b"\r\n\r\n")
            if not ended:
                self._buffer = head
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._fail(f"no socket: {head[:200]!r}")
                return
            self.opened.set_result(None)
        self._read_frames()
        if self._answered is not None and self.acked >= self.allowed and not self._answered.done():
            self._answered.set_result(None)
        else:
            self._fill()

    def _read_frames(self) -> None:
        data, at = self._buffer, 0
        while len(data) - at >= 2:
            length, body = data[at + 1], at + 2
            if length == _SHORT:
                length, body = int.from_bytes(data[at + 2 : at + 4]), at + 4
            elif length == _MIDDLE:
                length, body = int.from_bytes(data[at + 2 : at + 10]), at + 10
            if len(data) < body + length:
                break
            self._hear(data[at] & 0x0F, data[body : body + length])
            at = body + length
        self._buffer = data[at:]

    def _hear(self, opcode: int, payload: bytes) -> None:
        if opcode == Opcode.TEXT and payload.startswith(_ACK):
            self.acked = max(self.acked, int(payload[len(_ACK) : -1]) // self._track.size)
        elif opcode == Opcode.PING:
            self._write(Frame(Opcode.PONG, payload).serialize(mask=True))
        elif opcode == Opcode.PONG and self._pong is not None:
            self._pong.set_result(time.perf_counter() - self._pinged_at)
        else:
            self._fail(f"not an ack: {payload[:200]!r}")

    def _fill(self) -> None:
        upto = min(self.allowed, self.acked + self._in_flight)
        if upto > self._sent:
            self._write(b"".join(self._track.frames[self._sent : upto]))
            self._sent = upto

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _fail(self, why: str) -> None:
        self._failure = NotAcknowledged(why)
        for waiting in (self.opened, self._answered, self._pong):
            if waiting is not None and not waiting.done():
                waiting.set_exception(self._failure)


async def open_lines(port: int, paths: Iterable[str], driven: Sequence[Track], in_flight: int) -> list[Line]:
    """A line for each path, all of them connected. Raises `NotAcknowledged`."""
    loop, lines = asyncio.get_running_loop(), list[Line]()
    for number, path in enumerate(paths):
        line = Line(path, driven[number % len(driven)], in_flight)
        await loop.create_connection(lambda line=line: line, "127.0.0.1", port)
        async with asyncio.timeout(UNANSWERED_S):
            await line.opened
        lines.append(line)
    return lines


async def pour(lines: Sequence[Line], frames: int, seconds: float) -> float:
    """Send `frames` more on each line, as fast as they are acknowledged, or what can be sent in `seconds`.

    Returns when all that was sent is acknowledged, and gives the wall seconds it took. Raises `NotAcknowledged`.
    """
    began = time.perf_counter()
    for line in lines:
        line.allow(frames)
    try:
        async with asyncio.timeout(seconds + UNANSWERED_S):
            await _all_answered_or_enough(lines, seconds)
    except TimeoutError:
        raise NotAcknowledged(f"something was not acknowledged within {UNANSWERED_S:.0f} s") from None
    return time.perf_counter() - began


async def _all_answered_or_enough(lines: Sequence[Line], seconds: float) -> None:
    loop = asyncio.get_running_loop()
    stop = loop.call_later(seconds, lambda: [line.enough() for line in lines])
    try:
        for line in lines:
            await line.answered()
    finally:
        stop.cancel()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pings:
    """What pings took, and how late this process itself once was: a busy machine makes both wait."""

    waits_s: Sequence[float]
    late_s: float


async def drip(lines: Sequence[Line], per_s: float, seconds: float) -> Pings:
    """Send `per_s` frames a second over all lines, evenly, while the last line, which sends none, pings the server.

    Raises `NotAcknowledged`.
    """
    *terminals, probe = lines
    sent, waits_s, late_s = 0, list[float](), 0.0
    began = time.perf_counter()
    while (since_s := time.perf_counter() - began) < seconds:
        due = int(since_s * per_s)
        for number in range(sent, due):
            terminals[number % len(terminals)].allow(1)
        sent = due
        waits_s.append(await probe.ping_s())
        rests = time.perf_counter()
        await asyncio.sleep(_BETWEEN_PINGS_S)
        late_s = max(late_s, time.perf_counter() - rests - _BETWEEN_PINGS_S)
    for line in terminals:
        await line.answered()
    return Pings(waits_s=waits_s, late_s=late_s)
