"""A dealer's people: who is on duty, who drives, under which number (R8, R10)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core.columns import Chars
from core.database import Base
from core.errors import NotFound
from core.ids import new_id
from dispatch.queries import record_change


class DealerPerson(Base):
    """Somebody who goes out to rescues."""

    __tablename__ = "dealer_person"
    id: Mapped[str] = mapped_column(Chars, primary_key=True)
    dealer: Mapped[str] = mapped_column(Chars, index=True)
    name: Mapped[str] = mapped_column(Chars)
    phone: Mapped[str] = mapped_column(Chars)
    on_duty: Mapped[bool] = mapped_column(Boolean)
    drives: Mapped[bool] = mapped_column(Boolean)


async def people_of(session: AsyncSession, dealer: str) -> list[DealerPerson]:
    """By name; of all dealers where none is named."""
    statement = select(DealerPerson).order_by(DealerPerson.dealer, DealerPerson.name, DealerPerson.id)
    return list(await session.scalars(statement.where(DealerPerson.dealer == dealer) if dealer else statement))


async def person(session: AsyncSession, person_id: str) -> DealerPerson:
    """Somebody, to be changed. Raises `NotFound`."""
    found = await session.get(DealerPerson, person_id, with_for_update=True)
    if found is None:
        raise NotFound("no such person")
    return found


async def add_person(session: AsyncSession, facts: Mapping[str, Any], *, actor: str, at: datetime) -> DealerPerson:
    """Put somebody on record."""
    new = DealerPerson(id=new_id(at), **facts)
    session.add(new)
    await session.flush()
    await record_change(session, f"dealer:{new.dealer}", actor=actor, at=at, field="person", before="", after=new.name)
    return new


async def change_person(
    session: AsyncSession, known: DealerPerson, changes: Mapping[str, Any], *, actor: str, at: datetime
) -> None:
    """Change a record, keeping who, when, from and to (R10)."""
    for field, after in changes.items():
        before = getattr(known, field)
        if before != after:
            setattr(known, field, after)
            subject = f"dealer:{known.dealer}"
            named = f"person.{field}"
            await record_change(session, subject, actor=actor, at=at, field=named, before=before, after=after)
    await session.flush()
