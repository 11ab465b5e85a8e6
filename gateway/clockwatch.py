"""Stays with the store's clock, whatever happens to this machine's."""

import asyncio
from contextlib import suppress
from typing import Final

import structlog
from sqlalchemy import text

from core.clock import StoreClock
from core.database import Database
from core.errors import StoreUnavailable
from core.pause import pause

LOOK_S: Final = 5.0
_WORTH_A_WORD_S: Final = 1.0

_log = structlog.stdlib.get_logger(__name__)


async def look_at_clock(db: Database, clock: StoreClock) -> None:
    """Set `clock` by the store's, if it differs by more than the asking takes."""
    async with db.read(once=True) as session:
        await session.connection()  # so that what it may take to connect is not counted to the answer
        asked_s = clock.steady_s()
        told = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
        moved_s = clock.follow(told, asked_s, clock.steady_s())
    if abs(moved_s) > _WORTH_A_WORD_S:
        _log.warning("clock_set_by_the_store", moved_s=round(moved_s, 3))


async def follow_clock(db: Database, clock: StoreClock, stop: asyncio.Event) -> None:
    """Look again and again until told to stop; while the store is away, steady time goes on."""
    while not stop.is_set():
        with suppress(StoreUnavailable):
            await look_at_clock(db, clock)
        await pause(stop, LOOK_S)
