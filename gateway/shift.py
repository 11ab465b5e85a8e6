"""The shift: notes that one hands to the next, and who is signed in."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Text, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core.columns import BigId, Chars, UtcTime
from core.database import Base
from core.errors import NotFound
from gateway.accounts import Account, SignedIn
from gateway.roles import CAC, Role

SHOWN = 100


class ShiftNote(Base):
    """Something that the next shift must know. It stays on the list until somebody has done it."""

    __tablename__ = "shift_note"
    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    text: Mapped[str] = mapped_column(Text)
    case_id: Mapped[str] = mapped_column(Chars, default="")
    author: Mapped[str] = mapped_column(Chars)
    at: Mapped[datetime] = mapped_column(UtcTime)
    done_by: Mapped[str] = mapped_column(Chars, default="")
    done_at: Mapped[datetime | None] = mapped_column(UtcTime)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnShift:
    """Somebody of the CAC who is signed in, until the session ends at the latest."""

    name: str
    role: Role
    until: datetime


async def on_shift(session: AsyncSession, now: datetime) -> list[OnShift]:
    """By name; `now` is the wall's, by which sessions live."""
    statement = (
        select(Account.name, Account.role, SignedIn.expires_at)
        .join(SignedIn, SignedIn.name == Account.name)
        .where(SignedIn.expires_at > now, Account.role.in_([role.value for role in CAC]))
    )
    latest: dict[str, OnShift] = {}
    for name, role, until in (await session.execute(statement)).tuples():
        if name not in latest or latest[name].until < until:
            latest[name] = OnShift(name=name, role=Role(role), until=until)
    return [latest[name] for name in sorted(latest)]


async def notes(session: AsyncSession, *, done_after: datetime) -> list[ShiftNote]:
    """Those to be done, and those done after `done_after`; the newest first."""
    wanted = or_(ShiftNote.done_at.is_(None), ShiftNote.done_at > done_after)
    return list(
        (await session.execute(select(ShiftNote).where(wanted).order_by(ShiftNote.id.desc()).limit(SHOWN))).scalars()
    )


async def add_note(session: AsyncSession, *, text: str, case_id: str, author: str, at: datetime) -> ShiftNote:
    """A new note."""
    note = ShiftNote(text=text, case_id=case_id, author=author, at=at, done_by="", done_at=None)
    session.add(note)
    await session.flush()
    return note


async def finish_note(session: AsyncSession, note_id: int, *, by: str, at: datetime) -> ShiftNote:
    """Somebody has done it; the first one stays. Raises `NotFound`."""
    note = await session.get(ShiftNote, note_id, with_for_update=True)
    if note is None:
        raise NotFound("no such note")
    if note.done_at is None:
        note.done_by, note.done_at = by, at
        await session.flush()
    return note
