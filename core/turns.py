"""Taking turns: transactions that must not run side by side although no row of theirs is there to be locked yet."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core.upsert import on_postgresql

_WAIT = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


async def take_turn(session: AsyncSession, name: str) -> None:
    """Wait until no other transaction has the turn of `name`, and have it until this one ends.

    What the others committed is seen by the next statement. On the embedded store all writes are serial anyway.
    """
    if on_postgresql(session):
        await session.execute(_WAIT, {"name": name})
