"""Tells the terminals that are connected here of their jobs, whichever process the dealer accepted them in.

The log says what was accepted or changed; each process follows it, and sends what concerns its own sockets.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from core.bus import Bus
from core.database import Database
from core.errors import StoreUnavailable
from core.eventlog import Logged, LoggedEvent, events_of_kinds, last_seq
from dispatch.queries import get_case
from dispatch.vocabulary import Case, Trip
from gateway.terminals import TerminalSockets

LOOK_S: Final = 1.0
"""So often the log is looked at even if nobody said that it grew."""
_ACCEPTED: Final = "offer_accepted"
_CHANGED: Final = "trip_changed"

_log = structlog.stdlib.get_logger(__name__)


class _Data(msgspec.Struct):
    trip_id: str
    field: str = ""


_DATA = msgspec.json.Decoder(_Data)


def job_of(case: Case, trip: Trip) -> dict[str, Any]:
    """The terminal's `job` message: where to go, and by when. No customer's name, phone or plate."""
    scene = case.place.scene
    return {
        "trip": trip.id,
        "case": case.id,
        "fault": case.fault,
        "lat": scene.lat,
        "lon": scene.lon,
        "address": case.place.address,
        "promised_at": trip.promised_at.isoformat(),
    }


class JobLines:
    """Follows the log from when it was made. A terminal that connects later asks for its job by itself."""

    def __init__(self, db: Database, bus: Bus, sockets: TerminalSockets) -> None:
        self._db = db
        self._sockets = sockets
        self._logged = bus.listen(Logged)
        self._seq: int | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Send jobs until told to stop. What came while the store did not answer is sent when it does."""
        while not stop.is_set():
            try:
                await self.look()
            except StoreUnavailable as error:
                _log.warning("jobs_wait", reason=error.detail)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._logged.get()

    async def look(self) -> None:
        """Send what was logged since the last look."""
        while not self._logged.empty():
            self._logged.get_nowait()
        async with self._db.read() as session:
            last = await last_seq(session)
            if self._seq is None or not self._sockets.connected:
                self._seq = last
                return
            for event in await events_of_kinds(session, (_ACCEPTED, _CHANGED), after=self._seq, up_to=last):
                await self._tell(session, event)
        self._seq = last

    async def _tell(self, session: AsyncSession, event: LoggedEvent) -> None:
        data = _DATA.decode(event.data)
        card: Mapping[str, Any] = msgspec.json.decode(event.card)
        if event.kind == _CHANGED and data.field != "vehicle":
            return
        if not self._sockets.listens(card["vehicle"]):
            return
        case = await get_case(session, event.case_id)
        trip = case.active_trip
        if trip is not None and trip.id == data.trip_id:
            self._sockets.send_job(trip.plate, job_of(case, trip))
