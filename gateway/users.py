"""People who sign in, kept by an administrator: added, changed, disabled; each change on record."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Conflict, NotFound
from dispatch import queries
from gateway import accounts
from gateway.accounts import Account
from gateway.auth import check_belongs
from gateway.roles import OF_A_DEALER, Role, User

_RENEWED = "a new one"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChange:
    """What is to be otherwise; None leaves it as it is. Of a password only the hash."""

    password_hash: str | None = None
    role: Role | None = None
    dealer: str | None = None
    active: bool | None = None
    reason: str = ""


async def add_user(
    session: AsyncSession, user: User, password_hash: str, *, created_at: datetime, actor: str, at: datetime
) -> Account:
    """Put a user on record. Raises `Invalid`, `NotFound` for an unknown dealer, `Conflict` for a taken name."""
    check_belongs(user)
    await _check_dealer(session, user)
    added = await accounts.add_account(session, user, password_hash, created_at)
    said = f"{user.role.value} {user.dealer}".strip()
    await queries.record_change(session, f"user:{user.name}", actor=actor, at=at, field="user", before="", after=said)
    return added


async def change_user(
    session: AsyncSession, name: str, change: UserChange, *, actor: str, at: datetime
) -> tuple[Account, set[str]]:
    """Change a user, whose sessions end with it; gives their tokens' digests. What stands already changes nothing.

    Raises `NotFound`, `Invalid`, and `Conflict` where no administrator would be left.
    """
    known, others = await accounts.account_to_change(session, name)
    if known is None:
        raise NotFound("no such user")
    role = change.role or Role(known.role)
    kept = known.dealer if role in OF_A_DEALER else ""
    after = User(name=name, role=role, dealer=kept if change.dealer is None else change.dealer)
    active = known.active if change.active is None else change.active
    check_belongs(after)
    if after.dealer != known.dealer:
        await _check_dealer(session, after)
    was_admin = known.active and known.role == Role.ADMIN.value
    if was_admin and not others and not (active and role is Role.ADMIN):
        raise Conflict("the last administrator stays one", field="role" if active else "active")
    facts: dict[str, object] = {"role": role.value, "dealer": after.dealer, "active": active}
    changes = {field: value for field, value in facts.items() if getattr(known, field) != value}
    told = {field: (getattr(known, field), value) for field, value in changes.items()}
    if change.password_hash is not None:
        changes["password_hash"], told["password"] = change.password_hash, ("", _RENEWED)
    if not changes:
        return known, set()
    for field, value in changes.items():
        setattr(known, field, value)
    for field, (old, new) in told.items():
        await queries.record_change(
            session, f"user:{name}", actor=actor, at=at, field=field, before=old, after=new, reason=change.reason
        )
    return known, await accounts.close_sessions(session, name)


async def _check_dealer(session: AsyncSession, user: User) -> None:
    if user.dealer and await queries.dealer(session, user.dealer) is None:
        raise NotFound("no such dealer", field="dealer")
