"""The dispatcher's desk: what every command needs at hand, and the one transaction that a command runs in."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from core.bus import Bus
from core.clock import Clock
from core.database import Database
from core.eventlog import Entry, Logged, append
from core.places import Places
from core.settings import Settings
from dispatch.roster import RosterCache
from dispatch.rules import DispatchRules
from tracking.live import LiveIndex
from tracking.vocabulary import Turned, VehicleKind, VehicleState

SYSTEM = "system"
"""The actor of what the service does by itself."""


@dataclass(slots=True, kw_only=True)
class Act:
    """One transaction of one actor. `actor` is `user:NAME`, `terminal:ID` or `system`."""

    session: AsyncSession
    now: datetime
    actor: str
    log: list[Entry] = field(default_factory=list[Entry])
    """Numbered when the transaction is about to commit."""
    vehicle_states: dict[str, tuple[VehicleKind, VehicleState]] = field(
        default_factory=dict[str, tuple[VehicleKind, VehicleState]]
    )
    """What the live index is told after the commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Built once, by the composition root."""

    db: Database
    bus: Bus
    clock: Clock
    places: Places
    live: LiveIndex
    settings: Settings
    ruling: Callable[[], DispatchRules]
    """Gives the rules of this moment, without asking the store."""
    roster: RosterCache = field(default_factory=RosterCache)

    @property
    def rules(self) -> DispatchRules:
        """The administrator's rules, as they stand now."""
        return self.ruling()

    @asynccontextmanager
    async def act(self, actor: str) -> AsyncGenerator[Act]:
        """One write transaction; its events are numbered last, and told on the bus once they are committed."""
        seq = 0
        async with self.db.write() as session:
            act = Act(session=session, now=self.clock.now(), actor=actor)
            yield act
            if act.log:
                seq = await append(session, act.log)
        for plate, (kind, state) in act.vehicle_states.items():
            self.live.set_vehicle(plate, kind, state)
        if act.vehicle_states:
            self.bus.publish(Turned(plates=tuple(act.vehicle_states)))
        if seq:
            self.bus.publish(Logged(seq=seq))
