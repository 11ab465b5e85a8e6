"""The store's own name: what belongs to it elsewhere, as in Redis, is kept under it."""

import hashlib

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core.columns import Chars
from core.database import Base
from core.upsert import on_postgresql


class StoreIdentity(Base):
    """One row, written by the migration that made the table."""

    __tablename__ = "store_identity"
    id: Mapped[str] = mapped_column(Chars, primary_key=True)


async def identity(session: AsyncSession) -> str:
    """The store's name, which no copy of it has: what the migration wrote, the cluster and the database."""
    written = (await session.execute(select(StoreIdentity.id))).scalar_one()
    if not on_postgresql(session):
        return written
    where = await session.execute(text("SELECT system_identifier, current_database() FROM pg_control_system()"))
    return hashlib.sha256(f"{written} {where.one()}".encode()).hexdigest()[:16]
