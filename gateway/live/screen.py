"""One screen's place in the feed. It holds no queue: a slow screen just stands further back in the log."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.database import Database
from core.errors import Invalid
from core.geo import BBox
from gateway.live.feed import Feed, Limits
from gateway.live.fleet import Fleet, vehicle_card
from gateway.live.protocol import Heartbeat, Positions, Refusal, Snapshot, encode
from gateway.live.view import parse_view
from gateway.live.viewer import Viewer, card_for, share_of
from tracking.vocabulary import LivePosition

ReadBoard = Callable[[AsyncSession], Awaitable[tuple[int, list[dict[str, Any]]]]]
"""All cards that are on the board and the log's number, from one view of the store."""


class Screen:
    """What one viewer has been told, and what comes next. `cursor` is the last event told; None before the snapshot."""

    def __init__(
        self,
        *,
        viewer: Viewer,
        feed: Feed,
        fleet: Fleet,
        db: Database,
        read_board: ReadBoard,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self.viewer = viewer
        self.cursor: int | None = None
        self._feed = feed
        self._fleet = fleet
        self._db = db
        self._read_board = read_board
        self._clock = clock
        self._limits = limits
        self._bbox: BBox | None = None
        self._moved_up_to = 0
        self._roster = fleet.roster
        self._whole = True
        self._inside: set[str] = set()
        self._told: dict[str, Mapping[str, Any]] = {}

    async def resume(self, since: int | None) -> None:
        """Go on after event `since`. One that never was, or one too long ago, will get a snapshot instead."""
        if since is None:
            return
        newest = await self._feed.committed()
        if since >= 0 and 0 <= newest - since <= self._limits.gap:
            self.cursor = since

    async def take(self) -> list[bytes]:
        """The next messages of the log in order, at most a page; none where the screen is up to date."""
        if self.cursor is None or self._feed.head - self.cursor > self._limits.gap:
            return [await self._snapshot()]
        entries = await self._feed.after(self.cursor)
        if entries:
            self.cursor = entries[-1].seq
        return [shown for entry in entries if (shown := entry.shown_to(self.viewer)) is not None]

    async def wait(self, timeout_s: float) -> None:
        """Return when there is something to take, and after `timeout_s` in any case."""
        await self._feed.wait_beyond(self.cursor or 0, timeout_s)

    def heartbeat(self) -> bytes:
        """Alive, and told all up to the cursor."""
        return encode(Heartbeat(seq=self.cursor or 0, now=self._clock.now(), speed=self._clock.speed))

    def positions(self) -> bytes | None:
        """The vehicles that moved since the last time, each once, where it is now; None where none did.

        One that left the part of the map that is shown is told once more, so that it does not stay behind.
        """
        if self._roster != self._fleet.roster:
            self._roster, self._whole = self._fleet.roster, True
        whole, self._whole = self._whole, False
        if whole:
            self._moved_up_to = 0
            self._inside.clear()
            self._told.clear()
        self._moved_up_to, moved = self._fleet.moved_since(self._moved_up_to)
        shown = [live for live in moved if self._looks_at(live)]
        if not shown and not whole:
            return None
        return encode(Positions(items=[_item(live) for live in shown], vehicles=self._news(shown), whole=whole))

    def said(self, text: str | bytes) -> bytes | None:
        """Take in what the screen sent; the answer where that was not understood."""
        try:
            self._bbox = parse_view(text)
        except Invalid as error:
            return encode(Refusal(code=error.code, detail=error.detail))
        self._whole = True  # what stood still outside the old view may stand inside the new one
        return None

    async def _snapshot(self) -> bytes:
        async with self._db.read() as session:
            seq, cards = await self._read_board(session)
            await self._fleet.refresh(session)
        self._moved_up_to, everywhere = self._fleet.moved_since(0)
        self._inside.clear()
        shown = [live for live in everywhere if self._looks_at(live)]
        self._told = {live.plate: self._fleet.about(live.plate) for live in shown}
        self._roster, self._whole = self._fleet.roster, False
        self.cursor = seq
        seen = (card_for(share_of(self.viewer, card), card) for card in cards)
        return encode(
            Snapshot(
                seq=seq,
                now=self._clock.now(),
                speed=self._clock.speed,
                partial=self.viewer.partial,
                cases=[card for card in seen if card is not None],
                vehicles=[vehicle_card(live, self._fleet.about(live.plate)) for live in shown],
            )
        )

    def _looks_at(self, live: LivePosition) -> bool:
        if not self._fleet.shown_to(self.viewer, live.plate):
            return False
        if self._bbox is None or self._bbox.contains(live.position):
            self._inside.add(live.plate)
            return True
        was_inside = live.plate in self._inside
        self._inside.discard(live.plate)
        return was_inside

    def _news(self, shown: list[LivePosition]) -> list[dict[str, Any]]:
        """What vehicles are, where this screen does not know it so."""
        abouts = {live.plate: self._fleet.about(live.plate) for live in shown}
        news = [{"plate": plate, **about} for plate, about in abouts.items() if self._told.get(plate) != about]
        self._told.update(abouts)
        return news


def _item(live: LivePosition) -> tuple[str, float, float, float | None, float | None, datetime]:
    return (
        live.plate,
        live.position.lat,
        live.position.lon,
        live.speed_mps,
        live.course_deg,
        live.fix_time,
    )
