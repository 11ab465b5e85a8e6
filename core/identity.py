"""The store's own name: what belongs to it elsewhere, as in Redis, is kept under it."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core.columns import Chars
from core.database import Base


class StoreIdentity(Base):
    """One row, written by the migration that made the table."""

    __tablename__ = "store_identity"
    id: Mapped[str] = mapped_column(Chars, primary_key=True)


async def identity(session: AsyncSession) -> str:
    """The store's name: 16 hexadecimal digits by chance."""
    return (await session.execute(select(StoreIdentity.id))).scalar_one()
