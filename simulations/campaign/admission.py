"""Sessions for a campaign's people, put on record beside the service: a password's slow hash is not what is tried."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from core.clock import WallClock
from core.database import Database
from core.ids import new_token
from gateway import accounts
from gateway.roles import Role, User

VALID = timedelta(days=2)
"""Longer than any campaign, and than any step of a clock."""
NO_HASH = "-"
"""No password has this hash."""


async def admit(database: str, users: Iterable[User]) -> Mapping[str, str]:
    """Add the users and open a session for each; gives their tokens by name. Raises `StoreUnavailable`."""
    db, now = Database(database), WallClock().now()
    tokens: dict[str, str] = {}
    try:
        async with db.write() as session:
            for user in users:
                await accounts.add_account(session, user, NO_HASH, now)
                tokens[user.name] = new_token()
                await accounts.open_session(session, user.name, tokens[user.name], now + VALID)
    finally:
        await db.close()
    return tokens


def dispatchers(number: int) -> list[User]:
    """So many people of the CAC."""
    return [User(name=f"dispatcher-{one}", role=Role.DISPATCHER, dealer="") for one in range(number)]


def specialists(codes: Iterable[str], each: int) -> list[User]:
    """So many specialists of each dealer."""
    return [User(name=f"{code}-{one}", role=Role.DEALER, dealer=code) for code in codes for one in range(each)]
