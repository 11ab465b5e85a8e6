"""A real log with simple cards, for the tests of the feed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from stores import new_store

from core.bus import Bus
from core.database import Database
from core.eventlog import CaseEvent, Logged, NewEvent, append, last_seq
from core.geo import Position
from gateway.live.feed import Limits
from gateway.live.hub import Hub
from gateway.live.protocol import OFF_THE_BOARD, Board, Snapshot, decode
from gateway.live.viewer import Viewer
from gateway.roles import Role
from tracking.live import LiveIndex
from tracking.vocabulary import LivePosition

START = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)

CAC = Viewer(role=Role.DISPATCHER)
OEM = Viewer(role=Role.OEM)
DEALER_1 = Viewer(role=Role.DEALER, dealer="D1")
DRIVER_2 = Viewer(role=Role.DRIVER, dealer="D2")
VIEWERS = (CAC, OEM, DEALER_1, DRIVER_2)


class StillClock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.time = START
        self.speed = 1.0

    def now(self) -> datetime:
        return self.time


def card(case: str, status: str = "open", dealer: str = "", dealers: Sequence[str] = ()) -> dict[str, Any]:
    return {
        "id": case,
        "number": f"R-{case}",
        "status": status,
        "plate": "沪A12345",
        "address": "虹桥路1号 13800138000",
        "dealer": dealer,
        "dealers": sorted({*dealers, dealer} - {""}),
    }


def event(card: dict[str, Any], kind: str = "case_changed", data: dict[str, Any] | None = None) -> tuple[str, NewEvent]:
    return card["id"], NewEvent(kind=kind, at=START, data=data or {}, card=card)


async def board_of_log(session: AsyncSession) -> tuple[int, list[dict[str, Any]]]:
    """What dispatch.queries.board gives, folded from the log's newest cards alone."""
    newest = select(func.max(CaseEvent.seq)).group_by(CaseEvent.case_id)
    cards = (await session.execute(select(CaseEvent.card).where(CaseEvent.seq.in_(newest)))).scalars()
    decoded = [msgspec.json.decode(card) for card in cards]
    return await last_seq(session), [card for card in decoded if card["status"] not in OFF_THE_BOARD]


class LiveDesk:
    """A store, a bus and a hub, on which a test commits events as the desk would."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.db = Database(new_store(folder))
        self.limits = limits
        self.live = LiveIndex()
        self.clock = StillClock()
        self.seq = 0
        self.restart()

    def restart(self) -> None:
        """A new process over the same store."""
        self.bus = Bus()
        self.hub = Hub(self.db, self.bus, self.live, self.clock, read_board=board_of_log, limits=self.limits)

    async def log(self, session: AsyncSession, events: Sequence[tuple[str, NewEvent]]) -> int:
        last = 0
        for case, new in events:
            last = await append(session, [(case, "user:zhang", new)])
        return last

    async def commit(self, *events: tuple[str, NewEvent], say: bool = True) -> None:
        async with self.db.write() as session:
            self.seq = await self.log(session, events)
        if say:
            self.bus.publish(Logged(seq=self.seq))

    def move(self, plate: str, lat: float = 31.2, lon: float = 121.4, after_s: float = 0) -> None:
        fix_time = START + timedelta(seconds=after_s)
        position = Position(lat=lat, lon=lon)
        self.live.put(LivePosition(plate=plate, position=position, fix_time=fix_time, speed_mps=8.5, course_deg=90.0))

    async def fresh(self, viewer: Viewer) -> Snapshot:
        screen = await self.hub.screen(viewer)
        (message,) = [decode(text) for text in await screen.take()]
        assert isinstance(message, Snapshot)
        return message


def facts(board: Board) -> tuple[int, dict[str, Any], dict[str, Any]]:
    """What two boards must agree on."""
    return board.seq, dict(board.cards), {plate: dict(vehicle) for plate, vehicle in board.vehicles.items()}
