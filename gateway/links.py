"""Links that a motorist opens without signing in: unguessable, of one case, gone some days after it.

A link may be sent before there is a case, so that the phone tells where it is; the case then takes it over. Of a
link's token only the digest is kept.
"""

from datetime import datetime, timedelta

from sqlalchemy import Float, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core.columns import Chars, UtcTime
from core.database import Base
from core.errors import Conflict, NotFound
from core.ids import new_id, new_token
from gateway.accounts import digest

UNATTACHED_FOR = timedelta(hours=24)
"""A link that no case took over."""
LONGEST = timedelta(days=400)


class MotoristLink(Base):
    """One link, and where its phone said that it was."""

    __tablename__ = "motorist_link"
    id: Mapped[str] = mapped_column(Chars, primary_key=True)
    token_sha256: Mapped[str] = mapped_column(Chars, unique=True)
    case_id: Mapped[str] = mapped_column(Chars, default="", index=True)
    created_by: Mapped[str] = mapped_column(Chars)
    created_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    opened_at: Mapped[datetime | None] = mapped_column(UtcTime)
    lat: Mapped[float | None] = mapped_column(Float)
    lon: Mapped[float | None] = mapped_column(Float)
    accuracy_m: Mapped[float | None] = mapped_column(Float)
    positioned_at: Mapped[datetime | None] = mapped_column(UtcTime)


async def add_link(session: AsyncSession, *, case_id: str, by: str, at: datetime) -> tuple[MotoristLink, str]:
    """A new link and its token, which is told only now."""
    token = new_token()
    link = MotoristLink(id=new_id(at), token_sha256=digest(token), case_id=case_id, created_by=by, created_at=at)
    session.add(link)
    await session.flush()
    return link, token


async def link_of(session: AsyncSession, token: str) -> MotoristLink:
    """The link of that token. Raises `NotFound`."""
    statement = select(MotoristLink).where(MotoristLink.token_sha256 == digest(token))
    link = (await session.execute(statement)).scalar_one_or_none()
    if link is None:
        raise NotFound("no such link, or its time is over")
    return link


async def link(session: AsyncSession, link_id: str, *, lock: bool = False) -> MotoristLink:
    """A link by its id. Raises `NotFound`."""
    found = await session.get(MotoristLink, link_id, with_for_update=lock or None)
    if found is None:
        raise NotFound("no such link, or its time is over", field="link")
    return found


async def attach(session: AsyncSession, link_id: str, case_id: str, now: datetime) -> None:
    """The case takes the link over. One motorist must not see what happens to another.

    Raises `NotFound` where its time is over, and `Conflict` where it is another case's.
    """
    found = await link(session, link_id, lock=True)
    if found.case_id not in ("", case_id):
        raise Conflict("this link belongs to another case", field="link")
    check_alive(found, None, now, days=0)
    found.case_id = case_id


def check_alive(link: MotoristLink, ended_at: datetime | None, now: datetime, *, days: float) -> None:
    """Refuse a link whose time is over: `days` after its case ended. Raises `NotFound`, as for no link at all."""
    running = link.created_at + (LONGEST if link.case_id else UNATTACHED_FOR)
    if now > (ended_at + timedelta(days=days) if ended_at else running):
        raise NotFound("no such link, or its time is over")


async def forget_old_links(session: AsyncSession, now: datetime) -> None:
    """Those that can be open no more, whatever became of their case."""
    unused = (MotoristLink.case_id == "") & (MotoristLink.created_at < now - UNATTACHED_FOR)
    await session.execute(delete(MotoristLink).where(unused | (MotoristLink.created_at < now - LONGEST)))
