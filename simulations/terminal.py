"""A GPS terminal on its WebSocket: keeps every message until the service has acknowledged it, and sends it again."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, WebSocketException

from simulations.doors import Refused, attempts
from simulations.ledger import FixBook, Ledger

UNANSWERED_S = 10.0
"""Wall seconds without an answer after which a terminal connects anew and sends again."""
BATCH = 40
"""Fixes in one late upload."""
TRANSIENT = frozenset({"store_unavailable", "too_many_requests"})
"""Refusals of the moment: the same message is sent again."""

Message = Mapping[str, Any]
_encode = msgspec.json.Encoder().encode


class Answer(msgspec.Struct):
    """What the service says to a terminal."""

    type: str
    seq: int | None = None
    code: str = ""
    detail: str = ""


_answers = msgspec.json.Decoder(Answer)


class Terminal:
    """One terminal. `duplicate` and `shuffled` are the chances that it sends a fix twice, or a batch in disorder."""

    def __init__(
        self,
        url: str,
        token: str,
        book: FixBook,
        ledger: Ledger,
        rng: random.Random,
        *,
        duplicate: float = 0.0,
        shuffled: float = 0.0,
    ) -> None:
        self.book = book
        self._url = f"{url.replace('http', 'ws', 1)}/api/v1/terminals/ws?token={token}"
        self._ledger = ledger
        self._rng = rng
        self._duplicate = duplicate
        self._shuffled = shuffled
        self._seq = 0
        self._sent_up_to = 0
        self._ever_sent = 0
        self._unacked: dict[int, Message] = {}
        self._completions: dict[int, asyncio.Future[None]] = {}
        self._news = asyncio.Event()
        self._heard_at = 0.0
        self._silent = False
        self._socket: ClientConnection | None = None

    @property
    def unacked(self) -> int:
        """Messages that the service has not answered yet."""
        return len(self._unacked)

    def fix(self, at: datetime, facts: Message) -> None:
        """Report a position."""
        seq = self._say({"type": "fix", "time": at.isoformat(), **facts})
        self.book.sent[seq] = at

    async def complete(self, at: datetime) -> None:
        """Reply "complete" (R7); returns when it is stored. Raises `Refused` with the service's code."""
        seq = self._say({"type": "complete", "time": at.isoformat()})
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._completions[seq] = answer
        await answer

    async def silence(self, *, on: bool) -> None:
        """Lose the network, or find it again and upload what was kept."""
        self._silent = on
        self._news.set()
        if on and self._socket is not None:
            await self._socket.close()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        waits = attempts()
        while True:
            if self._silent:
                self._news.clear()
                await self._news.wait()
                continue
            # The service may be down, or the network lost: what was kept is sent again.
            with suppress(OSError, TimeoutError, InvalidHandshake, WebSocketException):
                await self._connect()
                waits = attempts()
            await asyncio.sleep(next(waits))

    def _say(self, message: dict[str, Any]) -> int:
        self._seq += 1
        self._unacked[self._seq] = {**message, "seq": self._seq}
        self._news.set()
        return self._seq

    async def _connect(self) -> None:
        async with connect(self._url, compression=None, open_timeout=10, ping_interval=None, proxy=None) as socket:
            self._socket = socket
            self._sent_up_to = 0
            self._heard_at = time.monotonic()
            self.book.connects += 1
            listening = asyncio.create_task(self._listen(socket))
            try:
                while not listening.done() and not self._silent:
                    await self._send(socket)
                    await self._wait(socket)
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)

    async def _send(self, socket: ClientConnection) -> None:
        waiting = [message for seq, message in self._unacked.items() if seq > self._sent_up_to]
        if not waiting:
            return
        self._sent_up_to = waiting[-1]["seq"]
        self.book.resent += sum(message["seq"] <= self._ever_sent for message in waiting)
        self._ever_sent = max(self._ever_sent, self._sent_up_to)
        for message in self._parts(waiting):
            await socket.send(_encode(message), text=True)
            self.book.messages += 1

    async def _wait(self, socket: ClientConnection) -> None:
        self._news.clear()
        if any(seq > self._sent_up_to for seq in self._unacked):
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(UNANSWERED_S):
                await self._news.wait()
        if self._unacked and time.monotonic() - self._heard_at > UNANSWERED_S:
            await socket.close()

    def _parts(self, waiting: Sequence[Message]) -> list[Message]:
        """The waiting messages in order: one by one while they are few, else the fixes between others together."""
        if len(waiting) < 3:
            twice = self._rng.random() < self._duplicate
            return [*waiting, *(fix for fix in waiting if twice and fix["type"] == "fix")]
        parts: list[Message] = []
        batch: list[Message] = []
        for message in waiting:
            if batch and (message["type"] != "fix" or len(batch) == BATCH):
                parts.append(self._together(batch))
                batch = []
            if message["type"] == "fix":
                batch.append({name: fact for name, fact in message.items() if name != "type"})
            else:
                parts.append(message)
        return [*parts, self._together(batch)] if batch else parts

    def _together(self, fixes: list[Message]) -> Message:
        if self._rng.random() < self._shuffled:
            self._rng.shuffle(fixes)
        return {"type": "fixes", "items": fixes}

    async def _listen(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                self._heard_at = time.monotonic()
                if not self._take(text):
                    break
        except ConnectionClosed:
            pass  # the sender sees the socket closed as well
        finally:
            self._news.set()

    def _take(self, text: str | bytes) -> bool:
        try:
            answer = _answers.decode(text)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            self._ledger.faults.append(f"terminal of {self.book.plate}: {error} in {text[:200]!r}")
            return True
        if answer.type == "ack" and answer.seq is not None:
            self._acked(answer.seq)
        elif answer.type == "nack" and answer.code in TRANSIENT:
            return False
        elif answer.type == "nack" and answer.seq is not None:
            self._refused(answer.seq, answer)
        elif answer.type == "nack":
            self._ledger.faults.append(f"terminal of {self.book.plate}: {answer.code} {answer.detail}")
        return True

    def _acked(self, seq: int) -> None:
        self.book.acked_up_to = max(self.book.acked_up_to, seq)
        for known in [known for known in self._unacked if known <= seq]:
            del self._unacked[known]
            if (answer := self._completions.pop(known, None)) and not answer.done():
                answer.set_result(None)

    def _refused(self, seq: int, answer: Answer) -> None:
        self._unacked.pop(seq, None)
        self.book.refused[seq] = answer.code
        if (waiting := self._completions.pop(seq, None)) and not waiting.done():
            waiting.set_exception(Refused(409, answer.code, answer.detail))
