"""Tells the terminals that are connected here of their jobs, whichever process the dealer accepted them in.

The log says what was accepted or changed; each process follows it, and sends what concerns its own sockets.
"""

from collections.abc import Sequence
from typing import Any, Final

from core.database import Database
from dispatch.queries import get_case
from dispatch.vocabulary import Case, Trip
from gateway.live.feed import Entry
from gateway.terminals import TerminalSockets

_ACCEPTED: Final = "offer_accepted"
_CHANGED: Final = "trip_changed"


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
    """Follows the live feed. A terminal that connects later asks for its job by itself."""

    def __init__(self, db: Database, sockets: TerminalSockets) -> None:
        self._db = db
        self._sockets = sockets

    async def take(self, entries: Sequence[Entry]) -> None:
        """Send the jobs that these events gave or changed."""
        for entry in entries:
            if _gives_a_job(entry) and self._sockets.listens(entry.card["vehicle"]):
                await self._send(entry)

    async def _send(self, entry: Entry) -> None:
        async with self._db.read(once=True) as session:
            case = await get_case(session, entry.event.case)
        trip = case.active_trip
        if trip is not None and trip.id == entry.event.data["trip_id"]:
            self._sockets.send_job(trip.plate, job_of(case, trip))


def _gives_a_job(entry: Entry) -> bool:
    event = entry.event
    return event.kind == _ACCEPTED or (event.kind == _CHANGED and event.data["field"] == "vehicle")
