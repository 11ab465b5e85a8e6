"""Users and their sessions, as kept in the store. Of a token only its SHA-256 is kept.

Sessions live by the wall clock, not by the desk's: a rehearsal's clock may run an hour in a minute, and the
people in it would be signed out all the time.
"""

import hashlib
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core.columns import Chars, UtcTime
from core.database import Base
from core.errors import Conflict
from gateway.roles import Role, User


class Account(Base):
    """Somebody who may sign in."""

    __tablename__ = "account"
    name: Mapped[str] = mapped_column(Chars, primary_key=True)
    password_hash: Mapped[str] = mapped_column(Chars)
    role: Mapped[str] = mapped_column(Chars)
    dealer: Mapped[str] = mapped_column(Chars, default="")
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    active: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Who is not may not sign in, and stays on record."""


class SignedIn(Base):
    """One session of one user."""

    __tablename__ = "signed_in"
    token_sha256: Mapped[str] = mapped_column(Chars, primary_key=True)
    name: Mapped[str] = mapped_column(Chars, index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcTime, index=True)


def digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


async def add_account(session: AsyncSession, user: User, password_hash: str, now: datetime) -> Account:
    """Add a user. Raises `Conflict` when the name is taken."""
    if await session.get(Account, user.name) is not None:
        raise Conflict("a user of that name exists", field="name")
    added = Account(
        name=user.name,
        password_hash=password_hash,
        role=user.role.value,
        dealer=user.dealer,
        created_at=now,
        active=True,
    )
    session.add(added)
    await session.flush()
    return added


async def forget_account(session: AsyncSession, name: str) -> None:
    """Forget the user of that name, if there is one, and every session of theirs."""
    await session.execute(delete(SignedIn).where(SignedIn.name == name))
    await session.execute(delete(Account).where(Account.name == name))


async def account(session: AsyncSession, name: str) -> tuple[User, str] | None:
    """The user of that name, with the password's hash; None also for one who may not sign in."""
    row = await session.get(Account, name)
    return None if row is None or not row.active else (user_of(row), row.password_hash)


async def all_accounts(session: AsyncSession) -> list[Account]:
    """Every user, by name."""
    return list((await session.execute(select(Account).order_by(Account.name))).scalars())


async def account_to_change(session: AsyncSession, name: str) -> tuple[Account | None, int]:
    """The user of that name, and how many other administrators may sign in.

    Until the transaction ends nobody else changes any of them.
    """
    wanted = select(Account).where(or_(Account.name == name, Account.role == Role.ADMIN.value))
    rows = await session.execute(wanted.order_by(Account.name).with_for_update())
    found = {row.name: row for row in rows.scalars()}
    known = found.pop(name, None)
    return known, sum(row.active and row.role == Role.ADMIN.value for row in found.values())


async def open_session(session: AsyncSession, name: str, token: str, expires_at: datetime) -> None:
    """Remember that `token` speaks for the user `name` until it expires."""
    session.add(SignedIn(token_sha256=digest(token), name=name, expires_at=expires_at))
    await session.flush()


async def session_of(session: AsyncSession, token: str, now: datetime) -> tuple[User, datetime] | None:
    """Whom `token` speaks for and until when; None when it is unknown or has expired."""
    statement = (
        select(Account, SignedIn.expires_at)
        .join(SignedIn, SignedIn.name == Account.name)
        .where(SignedIn.token_sha256 == digest(token), SignedIn.expires_at > now, Account.active)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else (user_of(row[0]), row[1])


async def open_among(session: AsyncSession, digests: Collection[str]) -> set[str]:
    """Those of the tokens' digests that sessions are open for."""
    rows = await session.execute(select(SignedIn.token_sha256).where(SignedIn.token_sha256.in_(digests)))
    return set(rows.scalars())


async def close_session(session: AsyncSession, token: str) -> None:
    """Forget `token`."""
    await session.execute(delete(SignedIn).where(SignedIn.token_sha256 == digest(token)))


async def close_sessions(session: AsyncSession, name: str) -> set[str]:
    """Forget every session of a user, and give the digests of their tokens."""
    gone = await session.execute(delete(SignedIn).where(SignedIn.name == name).returning(SignedIn.token_sha256))
    return set(gone.scalars())


async def forget_expired(session: AsyncSession, now: datetime) -> None:
    """Forget every session that has expired."""
    await session.execute(delete(SignedIn).where(SignedIn.expires_at <= now))


def user_of(row: Account) -> User:
    """Who is on record in this row."""
    return User(name=row.name, role=Role(row.role), dealer=row.dealer)
