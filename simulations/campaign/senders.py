"""Terminals by the hundred, as cheap as a client can be: a fix's time and frame follow from its number alone.

So what was acknowledged is a few ranges of numbers, whatever their count, and the store is asked for exactly those.
"""

import asyncio
import math
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, WebSocketException

from core.geo import Position
from simulations.campaign.pulse import Pulse
from simulations.doors import attempts
from simulations.fleet import moved
from simulations.terminal import TRANSIENT, Answer

FRAME_S = 0.25
"""A terminal sends what came together in so many seconds."""
FRAME_FIXES = 100
"""Fixes in one frame at most: what was kept while nobody answered goes out in such frames."""
PATIENCE_S = 30.0
"""So long a terminal waits for an answer on a line that stands. What it sends again too soon is work for the service
twice over, just when that is late.
"""
ROUND_STEPS, ROUND_M = 64, 20.0
"""A vehicle at rest circles so wide, in so many fixes."""

_answers = msgspec.json.Decoder(Answer)


class Metronome:
    """Which fix is due: number N is taken N steps after the beginning, at every terminal."""

    def __init__(self, step: timedelta) -> None:
        self.step = step
        self.began = datetime.now(UTC)
        self._began_s = time.monotonic()
        self._running = False
        self.paused_at = 0
        """The newest number before the last pause."""

    def start(self) -> None:
        """From now on a fix is due at each step."""
        self._running = True

    def stop(self) -> None:
        """No further fix comes."""
        self.paused_at = self.due
        self._running = False

    @property
    def due(self) -> int:
        """The newest number."""
        if not self._running:
            return self.paused_at
        return int((time.monotonic() - self._began_s) / self.step.total_seconds())

    def time_of(self, seq: int) -> datetime:
        """When fix `seq` is taken."""
        return self.began + seq * self.step


@dataclass(slots=True, kw_only=True)
class Sent:
    """The fixes of one terminal without a pause between: all from `first` to `acked` are acknowledged."""

    first: int
    acked: int
    refused: dict[int, str] = field(default_factory=dict[int, str])


class Sender:
    """One terminal: keeps every fix until it is acknowledged, sends it again after each loss, to the next process."""

    def __init__(
        self, terminal_id: str, token: str, home: Position, urls: Sequence[str], at: int, beat: Metronome, pulse: Pulse
    ) -> None:
        self.terminal_id = terminal_id
        self.sent: list[Sent] = []
        self.resent = 0
        self._urls = [f"{url.replace('http', 'ws', 1)}/api/v1/terminals/ws?token={token}" for url in urls]
        self._home = self._at = at
        self.beat = beat
        self._pulse = pulse
        self._places = _circle(home)
        self._sent_up_to = 0
        self._ever_sent = 0
        self._heard_s = 0.0
        self._socket: ClientConnection | None = None

    @property
    def unanswered(self) -> int:
        """Fixes that are due and not acknowledged."""
        return self.beat.due - self.sent[-1].acked if self.sent else 0

    def begin(self) -> None:
        """Go on, once the metronome does: what came in the pause is never sent, unless there was more before it."""
        if not self.sent or self.sent[-1].acked >= self.beat.paused_at:
            due = self.beat.due
            self.sent.append(Sent(first=due + 1, acked=due))
            self._sent_up_to = max(self._sent_up_to, due)

    async def go_home(self) -> None:
        """Back to the process that it began with."""
        if self._at != self._home:
            self._at = self._home
            if self._socket is not None:
                await self._socket.close()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        waits = attempts()
        while True:
            # The process may be gone: what was kept is sent to the next one.
            at = self._at
            with suppress(OSError, TimeoutError, InvalidHandshake, WebSocketException):
                await self._connect(self._urls[at])
                waits = attempts()
            if self._at == at:  # else it was called home
                self._at = (at + 1) % len(self._urls)
            await asyncio.sleep(next(waits))

    async def _connect(self, url: str) -> None:
        async with connect(
            url, compression=None, open_timeout=10, close_timeout=1, ping_interval=None, proxy=None
        ) as socket:
            self._socket = socket
            self._heard_s = time.monotonic()
            if self.sent:
                self._sent_up_to = self.sent[-1].acked
            talk = {asyncio.create_task(self._listen(socket)), asyncio.create_task(self._send(socket))}
            try:
                await asyncio.wait(talk, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in talk:
                    task.cancel()
                await asyncio.gather(*talk, return_exceptions=True)

    async def _send(self, socket: ClientConnection) -> None:
        """Send what is due, until an answer is overdue."""
        with suppress(ConnectionClosed):
            while not self._unheard():
                due = self.beat.due
                while self.sent and self._sent_up_to < due:
                    first, last = self._sent_up_to + 1, min(due, self._sent_up_to + FRAME_FIXES)
                    async with asyncio.timeout(PATIENCE_S):
                        await socket.send(self._frame(first, last))
                    self._sent_up_to = last
                    self.resent += max(0, min(last, self._ever_sent) - first + 1)
                    self._ever_sent = max(self._ever_sent, last)
                await asyncio.sleep(FRAME_S)

    def _unheard(self) -> bool:
        waiting = bool(self.sent) and self._sent_up_to > self.sent[-1].acked
        if not waiting:
            self._heard_s = time.monotonic()
        return time.monotonic() - self._heard_s > PATIENCE_S

    def _frame(self, first: int, last: int) -> str:
        began, step, places = self.beat.began, self.beat.step, self._places
        fixes = ",".join(
            f'{{"seq":{seq},"time":"{(began + seq * step).isoformat()}",{places[seq % ROUND_STEPS]}}}'
            for seq in range(first, last + 1)
        )
        return f'{{"type":"fixes","items":[{fixes}]}}'

    async def _listen(self, socket: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for text in socket:
                self._heard_s = time.monotonic()
                answer = _answers.decode(text)
                if answer.type == "nack" and answer.code in TRANSIENT:
                    return  # an ack that follows would not cover it: all is sent again
                if answer.seq is not None:
                    self._take(answer, answer.seq)

    def _take(self, answer: Answer, seq: int) -> None:
        now = self.sent[-1]
        if answer.type == "nack":
            now.refused[seq] = f"{answer.code}: {answer.detail}"
        elif answer.type == "ack" and seq > now.acked:
            self._pulse.beat(seq - now.acked)
            now.acked = seq


def _circle(home: Position) -> list[str]:
    places: list[str] = []
    for step in range(ROUND_STEPS):
        angle = math.tau * step / ROUND_STEPS
        lat, lon = moved(home.lat, home.lon, ROUND_M * math.cos(angle), ROUND_M * math.sin(angle))
        places.append(f'"lat":{lat:.6f},"lon":{lon:.6f},"speed_mps":2.0,"accuracy_m":5.0')
    return places
