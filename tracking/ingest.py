"""From terminals to the store: fixes are gathered, judged, committed together, and only then acknowledged.

A fix that was acknowledged is on the disk and in its vehicle's trail. When the commit fails, everyone who waits
for it is told, nothing is remembered of the attempt, and the next one starts from what the store knows.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import psycopg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from core.bus import Bus
from core.clock import Clock
from core.database import Database
from core.errors import Conflict, Invalid, InvalidPosition, NearsideError, StoreUnavailable
from tracking.fences import pass_fences
from tracking.fixcopy import Overtaken
from tracking.fixes import Outcome, Reason, TerminalState, judge
from tracking.fixstore import recall, store_doubted, store_fixes, store_live, stored_among
from tracking.history import live_positions
from tracking.live import LiveIndex
from tracking.vocabulary import Crossed, Fix, LivePosition, Moved, Terminal, TrailKey, trail_key

FIXES_AT_ONCE = 2_000
"""A transaction takes about so many fixes, so that other writers get their turn."""
ATTEMPTS = 3
"""So often a transaction is begun before its fixes are refused, to be sent again."""
WAITING_AT_MOST = 4_096
"""So many submissions may wait; whoever brings another waits for room first."""
_JUDGED_AT_ONCE = 250
"""After about so many fixes everyone else in this process gets a turn: a millisecond."""

_QUARANTINE = Outcome.QUARANTINE
_CODES = {
    Reason.NULL_ISLAND: InvalidPosition.code,
    Reason.SWAPPED: InvalidPosition.code,
    Reason.FUTURE: Invalid.code,
    Reason.STALE_CLOCK: Invalid.code,
}


class Receipt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of one submitted fix: an empty `code` says that it is stored, now or before."""

    seq: int
    code: str = ""
    detail: str = ""

    @property
    def stored(self) -> bool:
        """Whether it may be acknowledged."""
        return not self.code


@dataclass(slots=True, kw_only=True)
class IngestCounts:
    """What was done since the start, for metrics."""

    commits: int = 0
    stored: int = 0
    repeated: int = 0
    refused: int = 0
    failed: int = 0


class _Submission(msgspec.Struct, frozen=True):
    terminal: Terminal
    fixes: Sequence[Fix]
    answer: asyncio.Future[list[Receipt]]


@dataclass(slots=True, kw_only=True)
class _Batch:
    """What one transaction is about to make true."""

    states: dict[str, TerminalState]
    known: dict[TrailKey, Fix]
    """Stored before; `named` adds those of this batch when it is asked for one."""
    receipts: list[list[Receipt]] = field(default_factory=list[list[Receipt]])
    stored: list[tuple[str, Fix]] = field(default_factory=list[tuple[str, Fix]])
    doubted: list[tuple[str, Fix, Reason]] = field(default_factory=list[tuple[str, Fix, Reason]])
    moved: dict[str, Fix] = field(default_factory=dict[str, Fix])
    repeated: int = 0
    crossed: bool = False
    _known_of_stored: int = 0

    def named(self, name: TrailKey) -> Fix | None:
        """The fix of that name, stored before or in this batch."""
        # Nearly all fixes come in order, so that nobody asks, and no name is made for them.
        self.known.update((trail_key(fix), fix) for _, fix in self.stored[self._known_of_stored :])
        self._known_of_stored = len(self.stored)
        return self.known.get(name)


class Ingest:
    """The one writer of fixes. `start` it before the first `submit`; `stop` commits what still waits."""

    def __init__(self, *, db: Database, bus: Bus, live: LiveIndex, clock: Clock, window_s: float = 0.02) -> None:
        self.counts = IngestCounts()
        self._db = db
        self._bus = bus
        self._live = live
        self._clock = clock
        self._window_s = window_s
        self._queue: asyncio.Queue[_Submission | None] = asyncio.Queue(WAITING_AT_MOST)
        self._states: dict[str, TerminalState] = {}
        self._forgotten: set[str] = set()
        """Terminals that were to be forgotten since the transaction under way began."""
        self._task: asyncio.Task[None] | None = None
        self._open = False

    @property
    def running(self) -> bool:
        """Whether submissions are taken and committed."""
        return self._open and not self._ended

    @property
    def waiting(self) -> int:
        """Submissions that wait for their transaction."""
        return self._queue.qsize()

    async def start(self) -> None:
        """Fill the live index from the store and begin to commit."""
        async with self._db.read() as session:
            for shown in await live_positions(session):
                self._live.put(shown)
        self._task = asyncio.create_task(self._run(), name="ingest")
        self._open = True

    async def stop(self, within_s: float | None = None) -> None:
        """Commit what waits and end; later submissions are refused.

        After `within_s`, because the store hangs, what waits is refused too, and never was acknowledged.
        """
        if self._task is None:
            return
        try:
            async with asyncio.timeout(within_s):
                if self._open and not self._ended:
                    self._open = False
                    await self._queue.put(None)
                await asyncio.shield(self._task)
        except TimeoutError:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def submit(self, terminal: Terminal, fixes: Sequence[Fix]) -> list[Receipt]:
        """Store `fixes` of one terminal and give a receipt for each, in their order, after the commit.

        Raises `StoreUnavailable` when they could not be committed; then none of them is stored.
        """
        return await (await self.offer(terminal, fixes))

    async def offer(self, terminal: Terminal, fixes: Sequence[Fix]) -> asyncio.Future[list[Receipt]]:
        """Take `fixes` in, waiting only for room; the future ends as `submit` does."""
        if self._task is None or not self.running:
            raise StoreUnavailable("positions are not being stored")
        answer: asyncio.Future[list[Receipt]] = self._task.get_loop().create_future()
        submission = _Submission(terminal, fixes, answer)
        if self._queue.full():
            await self._queue.put(submission)
        else:
            self._queue.put_nowait(submission)
        if self._ended:
            _refuse_waiting(self._queue)
        return answer

    @property
    def _ended(self) -> bool:
        return self._task is None or self._task.done()

    async def _run(self) -> None:
        open_ = True
        try:
            while open_:
                first = await self._queue.get()
                if first is None:
                    return
                if self._window_s > 0:
                    await asyncio.sleep(self._window_s)
                batch, open_ = self._gather(first)
                await self._commit(batch)
        finally:
            # However this ends, nobody is left waiting for an answer.
            _refuse_waiting(self._queue)

    def _gather(self, first: _Submission) -> tuple[list[_Submission], bool]:
        batch, size = [first], len(first.fixes)
        while size < FIXES_AT_ONCE and not self._queue.empty():
            following = self._queue.get_nowait()
            if following is None:
                return batch, False
            batch.append(following)
            size += len(following.fixes)
        return batch, True

    async def _commit(self, submissions: Sequence[_Submission]) -> None:
        try:
            batch = await self._transacted(submissions)
        except (NearsideError, SQLAlchemyError, psycopg.Error, Overtaken) as error:
            self.counts.failed += 1
            self._forget(submissions)
            _refuse(submissions, error)
            return
        except BaseException as error:
            _refuse(submissions, error)
            raise
        self._tell(batch)
        for submission, receipts in zip(submissions, batch.receipts, strict=True):
            if not submission.answer.done():
                submission.answer.set_result(receipts)

    async def _transacted(self, submissions: Sequence[_Submission]) -> _Batch:
        """One transaction, begun anew where another process was at the same fixes, or the store was lost a moment."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self._db.write(express=True) as session:
                    batch = await self._prepare(session, submissions)
                    await store_fixes(session, batch.stored)
                    await store_doubted(session, batch.doubted, self._clock.now())
                    await store_live(session, batch.moved.items())
                    batch.crossed = await pass_fences(session, _by_plate(batch.stored), self._clock.now())
                return batch
            except (StoreUnavailable, Overtaken):
                self._forget(submissions)
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    def forget(self, terminal_id: str) -> None:
        """Remember a terminal from the store alone: it may have spoken to another process since."""
        self._states.pop(terminal_id, None)
        self._forgotten.add(terminal_id)

    def _forget(self, submissions: Sequence[_Submission]) -> None:
        for submission in submissions:
            self._states.pop(submission.terminal.terminal_id, None)

    async def _prepare(self, session: AsyncSession, submissions: Sequence[_Submission]) -> _Batch:
        seen = {submission.terminal.terminal_id for submission in submissions}
        # A terminal may connect anew while the store is asked, and be forgotten: this batch goes by what was known.
        known = {name: self._states[name] for name in seen & self._states.keys()}
        self._forgotten.clear()
        strangers = sorted(seen - known.keys())
        states = {**(await recall(session, strangers)), **known} if strangers else known
        # Only a fix that is not newer than all of its terminal's can be there already.
        doubtful = {
            trail_key(fix)
            for submission in submissions
            if (newest := states[submission.terminal.terminal_id].newest) is not None
            for fix in submission.fixes
            if fix.time <= newest
        }
        batch = _Batch(states=states, known=await stored_among(session, sorted(doubtful)))
        now = self._clock.now()
        turn = 0
        for submission in submissions:
            batch.receipts.append([_take(batch, submission.terminal, fix, now) for fix in submission.fixes])
            turn += len(submission.fixes)
            if turn >= _JUDGED_AT_ONCE:
                turn = 0
                await asyncio.sleep(0)
        return batch

    def _tell(self, batch: _Batch) -> None:
        self.counts.commits += 1
        self.counts.stored += len(batch.stored)
        self.counts.repeated += batch.repeated
        self.counts.refused += len(batch.doubted)
        self._states.update(batch.states)
        for terminal_id in self._forgotten:
            self._states.pop(terminal_id, None)
        moved = tuple(plate for plate, fix in batch.moved.items() if self._live.put(_live_position(plate, fix)))
        if moved:
            self._bus.publish(Moved(plates=moved))
        if batch.crossed:
            self._bus.publish(Crossed())


def _take(batch: _Batch, terminal: Terminal, fix: Fix, now: datetime) -> Receipt:
    before = batch.states[terminal.terminal_id]
    if before.newest is not None and fix.time <= before.newest:
        known = batch.named(trail_key(fix))
        if known is not None:
            batch.repeated += 1
            if before.live is not None and known == before.live:
                # It may be stored without its vehicle having been shown there: its commit was not heard of.
                batch.moved.setdefault(terminal.plate, before.live)
            if known == fix:
                return Receipt(seq=fix.seq)
            return Receipt(seq=fix.seq, code=Conflict.code, detail="another fix has this time and seq")
    after, verdict = judge(before, fix, now)
    if verdict.outcome is _QUARANTINE and verdict.reason is not None:
        batch.doubted.append((terminal.plate, fix, verdict.reason))
        return Receipt(seq=fix.seq, code=_CODES[verdict.reason], detail=verdict.reason.value)
    batch.states[terminal.terminal_id] = after
    batch.stored.append((terminal.plate, fix))
    if after.live is not None and after.live is not before.live:
        shown = batch.moved.get(terminal.plate)
        if shown is None or shown.time <= after.live.time:
            batch.moved[terminal.plate] = after.live
    return Receipt(seq=fix.seq)


def _by_plate(stored: Sequence[tuple[str, Fix]]) -> dict[str, list[Fix]]:
    plates: defaultdict[str, list[Fix]] = defaultdict(list)
    for plate, fix in stored:
        plates[plate].append(fix)
    return plates


def _live_position(plate: str, fix: Fix) -> LivePosition:
    return LivePosition(
        plate=plate,
        position=fix.position,
        fix_time=fix.time,
        speed_mps=fix.speed_mps,
        course_deg=fix.course_deg,
    )


def _refuse(submissions: Sequence[_Submission], cause: BaseException | None = None) -> None:
    for submission in submissions:
        if not submission.answer.done():
            error = StoreUnavailable("these positions could not be stored; send them again")
            error.__cause__ = cause
            submission.answer.set_exception(error)


def _refuse_waiting(queue: "asyncio.Queue[_Submission | None]") -> None:
    while not queue.empty():
        submission = queue.get_nowait()
        if submission is not None:
            _refuse([submission])
