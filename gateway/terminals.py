"""The terminals' socket: fixes come in without waiting for one another, and are answered in their order."""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from core.database import Database
from core.errors import NearsideError, StoreUnavailable
from core.eventlog import counted
from core.pause import pause
from tracking.ingest import Ingest, Receipt
from tracking.protocols.websocket import (
    CompleteFrame,
    FixFrame,
    encode_ack,
    encode_job,
    encode_nack,
    read_frame,
)
from tracking.queries import ROSTER, valid_tokens
from tracking.vocabulary import Fix, Refusal, Terminal

IN_FLIGHT = 64
"""So many frames of one terminal may wait for their answers; the next is not read before."""

LOOK_S = 2.0
TOKEN_ENDED = 4401
"""Close code: the token that the terminal came with is worth nothing any more."""

Job = Mapping[str, Any]
Complete = Callable[[Terminal, int, datetime], Awaitable[None]]


class TerminalSockets:
    """Who is connected, so that a job finds its vehicle's terminals."""

    def __init__(self) -> None:
        self._queues: dict[str, list[asyncio.Queue[Job]]] = {}
        self._lines: dict[WebSocket, str] = {}
        self._seen = -1

    @property
    def connected(self) -> int:
        """How many sockets are open."""
        return sum(map(len, self._queues.values()))

    @contextmanager
    def register(self, plate: str) -> Generator[asyncio.Queue[Job]]:
        """The jobs of one vehicle, for as long as its socket is open."""
        queue: asyncio.Queue[Job] = asyncio.Queue()
        queues = self._queues.setdefault(plate, [])
        queues.append(queue)
        try:
            yield queue
        finally:
            queues.remove(queue)
            if not queues:
                del self._queues[plate]

    @contextmanager
    def connected_by(self, token: str, websocket: WebSocket) -> Generator[None]:
        """While the block runs, `follow` hangs up the socket when its token has become worth nothing."""
        self._lines[websocket] = token
        self._seen = -1
        try:
            yield
        finally:
            del self._lines[websocket]

    async def follow(self, db: Database, stop: asyncio.Event) -> None:
        """Look, until told to stop, whether the terminals that are connected still may be."""
        while not stop.is_set():
            with suppress(StoreUnavailable):  # then at the next look
                await self._look(db)
            await pause(stop, LOOK_S)

    async def _look(self, db: Database) -> None:
        if not self._lines:
            return
        async with db.read() as session:
            version = await counted(session, ROSTER)
            if version == self._seen:
                return
            self._seen = version
            lines = dict(self._lines)  # who connects meanwhile is looked at next time
            valid = await valid_tokens(session, set(lines.values()))
        for websocket, token in lines.items():
            if token in valid:
                continue
            if websocket.application_state is WebSocketState.CONNECTING:
                self._seen = -1  # it is hung up at the next look
            else:
                with suppress(WebSocketDisconnect, RuntimeError):  # it has hung up itself
                    await websocket.close(TOKEN_ENDED)

    def listens(self, plate: str) -> bool:
        """Whether a terminal of the vehicle is connected here."""
        return plate in self._queues

    def send_job(self, plate: str, job: Job) -> int:
        """Send the vehicle a job; gives how many of its terminals are connected."""
        queues = self._queues.get(plate, ())
        for queue in queues:
            queue.put_nowait(job)
        return len(queues)


class _Submitted(msgspec.Struct, frozen=True, kw_only=True):
    """A frame of fixes under way to the store."""

    items: Sequence[Fix | Refusal]
    receipts: asyncio.Future[list[Receipt]]


_Owed = _Submitted | CompleteFrame | Refusal
"""What a frame turned into, to be answered in its turn."""


class _Line:
    """One socket to write on. What cannot be delivered is let go: its sender will send again."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._gone = False

    async def send(self, text: str) -> None:
        if self._gone:
            return
        try:
            await self._websocket.send_text(text)
        except (WebSocketDisconnect, RuntimeError):
            # RuntimeError is how servers say that they themselves have closed the socket.
            self._gone = True


async def serve_terminal(
    websocket: WebSocket,
    *,
    terminal: Terminal,
    ingest: Ingest,
    jobs: asyncio.Queue[Job],
    complete: Complete,
) -> None:
    """Accept the socket of an authenticated terminal and serve it until it closes.

    An ack is sent only after the commit, and covers all before it save what was refused. `complete` is called
    after everything sent before it is stored; its `NearsideError` becomes a nack with that code.
    """
    await websocket.accept()
    line = _Line(websocket)
    owed: asyncio.Queue[_Owed | None] = asyncio.Queue(IN_FLIGHT)
    async with asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(_send_jobs(line, jobs))
        tasks.create_task(_answer(line, terminal, owed, complete))
        await _read(websocket, terminal, ingest, owed)
        sending.cancel()
        await owed.put(None)  # what was received is still stored and carried out


async def _read(websocket: WebSocket, terminal: Terminal, ingest: Ingest, owed: asyncio.Queue[_Owed | None]) -> None:
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text: str | None = message.get("text")
        data: str | bytes = message.get("bytes") or b"" if text is None else text
        frame = read_frame(data, terminal.terminal_id)
        due = await _submit(frame, terminal, ingest) if isinstance(frame, FixFrame) else frame
        if owed.full():
            await owed.put(due)
        else:
            owed.put_nowait(due)


async def _submit(frame: FixFrame, terminal: Terminal, ingest: Ingest) -> _Submitted:
    fixes = [item for item in frame.items if isinstance(item, Fix)]
    try:
        if fixes:
            return _Submitted(items=frame.items, receipts=await ingest.offer(terminal, fixes))
        return _Submitted(items=frame.items, receipts=_settled([]))
    except StoreUnavailable as error:
        return _Submitted(items=frame.items, receipts=_settled(error))


def _settled(outcome: list[Receipt] | StoreUnavailable) -> asyncio.Future[list[Receipt]]:
    future: asyncio.Future[list[Receipt]] = asyncio.get_running_loop().create_future()
    if isinstance(outcome, StoreUnavailable):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
    return future


async def _send_jobs(line: _Line, jobs: asyncio.Queue[Job]) -> None:
    while True:
        await line.send(encode_job(await jobs.get()))


async def _answer(line: _Line, terminal: Terminal, owed: asyncio.Queue[_Owed | None], complete: Complete) -> None:
    covered: int | None = None  # an ack not yet sent, for which a later one may stand
    while True:
        if covered is not None and owed.empty():
            await line.send(encode_ack(covered))
            covered = None
        due = await owed.get() if owed.empty() else owed.get_nowait()
        if covered is not None and not _is_settled(due):
            await line.send(encode_ack(covered))
            covered = None
        if due is None:
            return
        refusals, stored = await _outcome(due, terminal, complete)
        if covered is not None and (refusals or stored is None or stored < covered):
            await line.send(encode_ack(covered))
        for refusal in refusals:
            await line.send(encode_nack(refusal))
        covered = stored


def _is_settled(due: _Owed | None) -> bool:
    return isinstance(due, _Submitted) and due.receipts.done()


async def _outcome(due: _Owed, terminal: Terminal, complete: Complete) -> tuple[Sequence[Refusal], int | None]:
    """What is refused, and up to which counter the rest is stored; None when nothing is."""
    if isinstance(due, Refusal):
        return (due,), None
    if isinstance(due, CompleteFrame):
        try:
            await complete(terminal, due.seq, due.time)
        except NearsideError as error:
            return (Refusal(seq=due.seq, code=error.code, detail=error.detail),), None
        return (), due.seq
    try:
        receipts = await due.receipts
    except StoreUnavailable as error:
        return [_refused(item, error) for item in due.items], None
    good = [receipt.seq for receipt in receipts if not receipt.code]
    stored = max(good, default=None)
    if len(good) == len(due.items):
        return (), stored
    answers = iter(receipts)
    answered = [item if isinstance(item, Refusal) else next(answers) for item in due.items]
    refusals = [
        one if isinstance(one, Refusal) else Refusal(seq=one.seq, code=one.code, detail=one.detail)
        for one in answered
        if isinstance(one, Refusal) or not one.stored
    ]
    return refusals, stored


def _refused(item: Fix | Refusal, error: StoreUnavailable) -> Refusal:
    if isinstance(item, Refusal):
        return item
    return Refusal(seq=item.seq, code=error.code, detail=error.detail)
