"""Signing in: argon2 passwords, server-side sessions, a limit on failed attempts."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Collection, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from core.clock import Clock, WallClock
from core.database import Database
from core.errors import Invalid, NotSignedIn, StoreUnavailable, TooManyRequests
from core.ids import new_token
from core.pause import pause
from core.settings import Settings
from gateway import accounts
from gateway.roles import OF_A_DEALER, User

COOKIE = "nearside_session"
GOOD_PASSWORD = 8
"""A shorter password is taken from whoever adds the user, with a warning."""
MAX_PASSWORD = 256
MAX_NAME = 80
FOLLOW_S = 2.0

_HASHER = PasswordHash((Argon2Hasher(),))
_wall = WallClock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a sign-in gives: the token is told once and never kept."""

    token: str
    user: User
    expires_at: datetime


class SignIn:
    """Signs people in and out, and says whom a token speaks for."""

    def __init__(self, db: Database, settings: Settings, wall: Clock) -> None:
        self._db = db
        self._wall = wall
        self._lifetime = timedelta(hours=settings.session_hours)
        self._allowed = RateLimitItemPerMinute(settings.sign_in_failures_per_minute)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        # Each check takes tens of milliseconds and of megabytes: two at a time are enough.
        self._turn = asyncio.Semaphore(2)
        # An unknown name is checked against this, so that it takes as long as a known one.
        self._nobody = ""
        self._signed_out: dict[str, datetime] = {}
        self._watched: Counter[str] = Counter()

    async def sign_in(self, name: str, password: str, client: str) -> Session:
        """Open a session. Raises `NotSignedIn`, and `TooManyRequests` after too many failures."""
        async with self._turn:
            self._check_limit(name, client)
            nobody = await self._dummy()
            async with self._db.read() as session:
                found = await accounts.account(session, name)
            right = await self._verify(password, found[1] if found else nobody)
            opened = await self._open(name, found[1]) if found and right else None
            if opened is None:
                self._limiter.hit(self._allowed, name, client)
                raise NotSignedIn("the name or the password is wrong")
        return opened

    async def _open(self, name: str, verified: str) -> Session | None:
        """A new session; None where the password with the hash `verified` is not theirs any more.

        The check took a while. Whoever changes the account now waits for this transaction, and ends its session.
        """
        token, expires_at = new_token(), self._wall.now() + self._lifetime
        async with self._db.write() as session:
            row = await session.get(accounts.Account, name, with_for_update=True)
            if row is None or not row.active or row.password_hash != verified:
                return None
            await accounts.open_session(session, name, token, expires_at)
            return Session(token=token, user=accounts.user_of(row), expires_at=expires_at)

    async def session_of(self, token: str) -> Session:
        """Whom `token` speaks for. Raises `NotSignedIn`."""
        if not token:
            raise NotSignedIn("no session token came with the request")
        async with self._db.read(once=True) as session:
            found = await accounts.session_of(session, token, self._wall.now())
        if found is None:
            raise NotSignedIn("the session is unknown or has ended")
        return Session(token=token, user=found[0], expires_at=found[1])

    async def sign_out(self, token: str) -> None:
        """End the session of `token`."""
        async with self._db.write() as session:
            await accounts.close_session(session, token)
        self.ended({accounts.digest(token)})

    def ended(self, digests: Collection[str]) -> None:
        """Sessions that are no more, by their tokens' digests: whoever watches them here is to know at once."""
        now = self._wall.now()
        self._signed_out = {one: until for one, until in self._signed_out.items() if until > now}
        self._signed_out.update(dict.fromkeys(digests, now + self._lifetime))

    @contextmanager
    def watched(self, session: Session) -> Generator[None]:
        """While the block runs, `follow` sees to it that `has_ended` knows of a sign-out in another process too."""
        token = accounts.digest(session.token)
        self._watched[token] += 1
        try:
            yield
        finally:
            self._watched[token] -= 1
            if not self._watched[token]:
                del self._watched[token]

    async def follow(self, stop: asyncio.Event) -> None:
        """Look again and again, until told to stop, whether the sessions that are watched are still in the store."""
        while not stop.is_set():
            with suppress(StoreUnavailable):  # then at the next look
                await self._look()
            await pause(stop, FOLLOW_S)

    async def _look(self) -> None:
        tokens = set(self._watched)
        if not tokens:
            return
        async with self._db.read(once=True) as session:
            gone = tokens - await accounts.open_among(session, tokens)
        self.ended(gone)

    def has_ended(self, session: Session) -> bool:
        """Whether a session has expired or was signed out of. Does not ask the store, so it never blocks."""
        return session.expires_at <= self._wall.now() or accounts.digest(session.token) in self._signed_out

    def _check_limit(self, name: str, client: str) -> None:
        if not self._limiter.test(self._allowed, name, client):
            raise TooManyRequests("too many failed sign-ins; wait a minute")

    async def _dummy(self) -> str:
        self._nobody = self._nobody or await hash_password(secrets.token_urlsafe(16))
        return self._nobody

    async def _verify(self, password: str, hashed: str) -> bool:
        return await asyncio.to_thread(_HASHER.verify, password, hashed)


async def hash_password(password: str) -> str:
    """The argon2 hash of a password."""
    return await asyncio.to_thread(_HASHER.hash, password)


async def add_user(db: Database, user: User, password: str) -> None:
    """Add a user. Raises `Invalid` for an empty password or a missing dealer, `Conflict` for a taken name."""
    _check_user(user, password)
    hashed = await hash_password(password)
    async with db.write() as session:
        await accounts.add_account(session, user, hashed, _wall.now())


async def put_user(db: Database, user: User, password: str) -> None:
    """Add a user, or give the user of that name a new password and role; their sessions end. Raises `Invalid`."""
    _check_user(user, password)
    hashed = await hash_password(password)
    async with db.write() as session:
        await accounts.forget_account(session, user.name)
        await accounts.add_account(session, user, hashed, _wall.now())


def _check_user(user: User, password: str) -> None:
    if not 1 <= len(password) <= MAX_PASSWORD:
        raise Invalid(f"a password has 1 to {MAX_PASSWORD} characters", field="password")
    if not 1 <= len(user.name) <= MAX_NAME or user.name != user.name.strip() or not fits_address(user.name):
        raise Invalid(
            f"a user's name has 1 to {MAX_NAME} printable characters, no slash, and not dots alone", field="name"
        )
    check_belongs(user)


def fits_address(name: str) -> bool:
    """Whether a user of this name can be named in a path, where alone they can be changed or disabled."""
    return name.isprintable() and not any(letter in "/\\" for letter in name) and name.strip(".") != ""


def check_belongs(user: User) -> None:
    """Dealers and drivers belong to a dealer, and nobody else does. Raises `Invalid`."""
    if user.role in OF_A_DEALER and not user.dealer:
        raise Invalid(f"a {user.role} belongs to a dealer: name its code", field="dealer")
    if user.role not in OF_A_DEALER and user.dealer:
        raise Invalid(f"a {user.role} belongs to no dealer", field="dealer")
