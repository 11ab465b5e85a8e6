"""Notes on each case what tracking measured: departures and arrivals. A crossing waits in the store until it is noted,
so none is missed over a restart.
"""

import asyncio
from contextlib import suppress

import structlog

from core.errors import StoreUnavailable
from dispatch import decide, store
from dispatch.desk import SYSTEM, Desk
from dispatch.queries import case_id_of_trip
from dispatch.service import apply
from tracking.fences import note_crossing, unnoted_crossing, unnoted_crossings
from tracking.vocabulary import Crossed

_log = structlog.stdlib.get_logger(__name__)

POLL_S = 5.0
"""Crossings are told on the bus; this is only the safety net, in wall-clock seconds."""


async def run_arrivals(desk: Desk, stop: asyncio.Event) -> None:
    """Note crossings until told to stop: those left from before first, then as they are told."""
    told = desk.bus.listen(Crossed)
    while not stop.is_set():
        try:
            await note_all(desk)
        except StoreUnavailable as error:  # they stay unnoted in the store, and are found at the next look
            _log.warning("arrivals_wait", reason=error.detail)
        with suppress(TimeoutError):
            await asyncio.wait_for(told.get(), POLL_S)


async def note_all(desk: Desk) -> int:
    """Note every crossing that waits, each in its own transaction; gives how many."""
    async with desk.db.read() as session:
        crossings = await unnoted_crossings(session)
    for crossing in crossings:
        await _note(desk, crossing.trip_id)
    return len(crossings)


async def _note(desk: Desk, trip_id: str) -> None:
    async with desk.act(SYSTEM) as act:
        stored = await store.load(act.session, await case_id_of_trip(act.session, trip_id))
        # Looked at again with the case locked: another process may have noted it, or the fixes may show more by now.
        crossing = await unnoted_crossing(act.session, trip_id)
        if crossing is None:
            return
        await apply(desk, act, stored, decide.cross(stored.case, crossing))
        await note_crossing(act.session, crossing)
