"""What the tests of the store share: a stopped clock, a fleet, fixes, and an ingest that is stopped in the end."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.bus import Bus
from core.database import Database
from core.geo import Position
from tracking.ingest import Ingest
from tracking.live import LiveIndex
from tracking.queries import add_terminal, add_vehicle
from tracking.vocabulary import Fix, Protocol, Terminal, Vehicle, VehicleKind

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
METRE = 1 / 111_000
"""About one metre of latitude, in degrees."""


@dataclass
class StoppedClock:
    time: datetime = NOW
    speed: float = 1.0

    def now(self) -> datetime:
        return self.time


def place(north_m: float = 0) -> Position:
    return Position(lat=31.2 + north_m * METRE, lon=121.4)


def fix_at(second: float, north_m: float = 0, *, terminal_id: str = "T1", seq: int | None = None) -> Fix:
    """A good fix so many seconds after an hour ago."""
    return Fix(
        terminal_id=terminal_id,
        seq=int(second * 10) if seq is None else seq,
        time=NOW - timedelta(hours=1) + timedelta(seconds=second),
        position=place(north_m),
        speed_mps=9.5,
        course_deg=0.0,
        accuracy_m=5.0,
    )


def vehicle(plate: str = "P1", kind: VehicleKind = VehicleKind.SERVICE) -> Vehicle:
    return Vehicle(plate=plate, kind=kind, dealer="D1", on_duty=True, tools=("jack", "cable"))


async def fit(db: Database, names: Iterable[str]) -> dict[str, Terminal]:
    """Vehicles P… with terminals T…, by name."""
    terminals = {
        name: Terminal(terminal_id=f"T{name}", plate=f"P{name}", protocol=Protocol.WEBSOCKET) for name in names
    }
    async with db.write() as session:
        for terminal in terminals.values():
            await add_vehicle(session, vehicle(terminal.plate))
            await add_terminal(session, terminal)
    return terminals


@asynccontextmanager
async def ingesting(
    db: Database, clock: StoppedClock, live: LiveIndex | None = None, bus: Bus | None = None
) -> AsyncGenerator[Ingest]:
    ingest = Ingest(db=db, bus=bus or Bus(), live=LiveIndex() if live is None else live, clock=clock, window_s=0)
    await ingest.start()
    try:
        yield ingest
    finally:
        await ingest.stop()
