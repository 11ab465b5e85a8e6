"""The log as the screens read it: the newest events at hand, the older ones by page. Nothing uncommitted is seen."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from core.database import Database
from core.eventlog import LoggedEvent, events_after, last_seq
from gateway.live.protocol import Card, Event, encode
from gateway.live.queries import dealers_before
from gateway.live.viewer import Share, Viewer, event_for, share_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is kept and sent. Seconds are of the wall clock."""

    ring: int = 2_000
    """Events kept at hand; a screen further behind reads the log."""
    page: int = 200
    """Events that one screen takes at a time."""
    gap: int = 5_000
    """A screen that missed more gets a fresh snapshot."""
    heartbeat_s: float = 2.0
    positions_s: float = 0.2
    patience_s: float = 30.0
    """A screen that takes nothing for so long is closed."""


class Entry:
    """One event of the log, encoded once for each way of showing it."""

    __slots__ = ("_dealers_before", "_encoded", "_event", "card", "seq")

    def __init__(self, logged: LoggedEvent, before: frozenset[str]) -> None:
        self.seq = logged.seq
        self.card: Card = msgspec.json.decode(logged.card)
        self._dealers_before = before
        self._encoded: dict[Share, bytes | None] = {}
        self._event = Event(
            seq=logged.seq,
            kind=logged.kind,
            case=logged.case_id,
            actor=logged.actor,
            at=logged.at,
            data=msgspec.json.decode(logged.data),
            card=None,
        )

    @property
    def event(self) -> Event:
        """The event itself, without its card."""
        return self._event

    @property
    def dealers(self) -> frozenset[str]:
        """Those who may see the case after this event."""
        return frozenset(self.card["dealers"])

    def shown_to(self, viewer: Viewer) -> bytes | None:
        """The message for `viewer`; None where it is not for that one."""
        share = share_of(viewer, self.card, self._dealers_before)
        if share not in self._encoded:
            shown = event_for(share, self._event, self.card)
            self._encoded[share] = None if shown is None else encode(shown)
        return self._encoded[share]


Follower = Callable[[Sequence[Entry]], Awaitable[None]]
"""Told of events as they are taken in. Where it raises, they are taken in again."""


class Feed:
    """The end of the log in memory, up to `head`, and the way to what lies before."""

    def __init__(self, db: Database, limits: Limits) -> None:
        self._db = db
        self._limits = limits
        self._ring: dict[int, Entry] = {}
        self._advanced = asyncio.Event()
        self._followers: list[Follower] = []
        self._started = False
        self.head = 0

    def follow(self, follower: "Follower") -> None:
        """Have `follower` told of every event that is taken in from now on, in order."""
        self._followers.append(follower)

    async def committed(self) -> int:
        """The number of the newest event in the store."""
        async with self._db.read(once=True) as session:
            return await last_seq(session)

    async def catch_up(self) -> None:
        """Take in what was committed since the last time, in order, and wake the screens. One caller at a time."""
        if not self._started:
            # What was logged before the start is read by page, if anybody asks for it.
            self.head, self._started = await self.committed(), True
        more = True
        while more:
            entries = await self._read(self.head)
            more = len(entries) == self._limits.page
            if not entries:
                return
            for entry in entries:
                self._ring[entry.seq] = entry
            for follower in self._followers:
                await follower(entries)
            self.head = entries[-1].seq
            for seq in range(self.head - len(self._ring) + 1, self.head - self._limits.ring + 1):
                del self._ring[seq]
            advanced, self._advanced = self._advanced, asyncio.Event()
            advanced.set()

    async def after(self, seq: int) -> list[Entry]:
        """A page of the events after `seq`, in order; none where `seq` is the head or beyond."""
        if seq >= self.head:
            return []
        if seq + 1 in self._ring:
            last = min(self.head, seq + self._limits.page)
            return [self._ring[number] for number in range(seq + 1, last + 1)]
        return await self._read(seq)

    async def wait_beyond(self, seq: int, timeout_s: float) -> None:
        """Return as soon as the head is beyond `seq`, and after `timeout_s` in any case."""
        if self.head > seq:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._advanced.wait()

    async def _read(self, seq: int) -> list[Entry]:
        async with self._db.read() as session:
            events = await events_after(session, seq, limit=self._limits.page)
            if not events:
                return []
            seen = dict(await dealers_before(session, {event.case_id for event in events}, events[0].seq))
        entries: list[Entry] = []
        for event in events:
            entry = Entry(event, seen.get(event.case_id, frozenset()))
            seen[event.case_id] = entry.dealers
            entries.append(entry)
        return entries
