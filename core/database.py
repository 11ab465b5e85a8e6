"""The store: sessions for reading and for writing, the same on the embedded store and on PostgreSQL."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import psycopg
from sqlalchemy.engine import URL
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase

from core import postgresql, sqlite
from core.errors import Conflict, Invalid, StoreUnavailable
from core.storeurl import is_embedded, read_url

_UNIQUE_VIOLATION = "23505"


class Base(DeclarativeBase):
    """The one model of all rooms' tables."""


_AT_LAST = "at_last"


def at_last(session: AsyncSession, name: str, work: Callable[[], Awaitable[object]]) -> None:
    """Have `work` done when the session's transaction is about to commit; once, however often it is said by a name."""
    session.info.setdefault(_AT_LAST, {})[name] = work


class Database:
    """Sessions for reading and for writing. Nothing connects before the first session.

    A `read` sees one unchanging view of the store. On the embedded store writes are serial, and what a `write` has
    read cannot change under it; on PostgreSQL each of its statements sees what was committed by then, so a command
    locks what it is about to change. Either way only what was committed is ever seen.
    """

    def __init__(self, url: str, *, connections: int = 8) -> None:
        """`url` is `sqlite:///FILE` or `postgresql://…`; raises `Invalid` for any other.

        `connections` is the most that are held for reading, and the most for writing; the embedded store has its own.
        """
        self.url: URL = read_url(url)
        self.embedded = is_embedded(self.url)
        engines = sqlite.engines(self.url) if self.embedded else postgresql.engines(self.url, connections)
        self._reader, self._writer, self._express = engines
        self._read_sessions = async_sessionmaker(self._reader, expire_on_commit=False, autoflush=False)
        once = self._reader if self.embedded else self._reader.execution_options(isolation_level="AUTOCOMMIT")
        self._once_sessions = async_sessionmaker(once, expire_on_commit=False, autoflush=False)
        self._write_sessions = async_sessionmaker(self._writer, expire_on_commit=False, autoflush=False)
        self._express_sessions = async_sessionmaker(self._express, expire_on_commit=False, autoflush=False)

    @property
    def text(self) -> str:
        """The URL with its password, for whoever opens the same store once more."""
        return self.url.render_as_string(hide_password=False)

    @property
    def name(self) -> str:
        """The URL as it may be shown to people: without its password."""
        return self.url.render_as_string(hide_password=True)

    @asynccontextmanager
    async def read(self, *, once: bool = False) -> AsyncGenerator[AsyncSession]:
        """A session on one unchanging view of the store; `once` is for a single statement, which is a view by itself,
        and spares PostgreSQL the transaction around it.
        """
        with _store_errors():
            async with (self._once_sessions if once else self._read_sessions)() as session:
                yield session

    @asynccontextmanager
    async def write(self, *, express: bool = False) -> AsyncGenerator[AsyncSession]:
        """A transaction: committed when the block ends well, undone when it raises.

        Raises `Conflict` where another transaction has just recorded the same. An `express` one has connections of
        its own: the fixes do not queue behind commands.
        """
        committing = False
        with _store_errors(lambda: committing), _conflicts():
            try:
                async with (self._express_sessions if express else self._write_sessions).begin() as session:
                    yield session
                    for last in session.info.pop(_AT_LAST, {}).values():
                        await last()
                    await session.flush()
                    committing = True
            except _LOST_BELOW as error:
                if error.sqlstate is None or error.sqlstate.startswith(_LOST):
                    # The toolkit has not seen that a connection broke, nor what that says of the others.
                    await self._express.dispose()
                    await self._writer.dispose()
                raise

    async def close(self) -> None:
        """Let go of every connection."""
        for engine in (self._reader, self._writer, self._express):
            await engine.dispose()


_AWAY = (OperationalError, InterfaceError, InternalError, PoolTimeoutError)
"""The store refused the connection, lost it, had no room, or was in a state in which it takes nothing."""
_LOST_BELOW = (psycopg.OperationalError, psycopg.InterfaceError)
_AWAY_BELOW = (*_LOST_BELOW, psycopg.InternalError)
"""The same, from a COPY, which goes past the toolkit straight to the driver."""
_LOST = ("08", "57P")
"""What the codes begin with of a connection that broke, and of a server that goes."""


def _nothing_is_under_way() -> bool:
    return False


@contextmanager
def _store_errors(committing: Callable[[], bool] = _nothing_is_under_way) -> Generator[None]:
    try:
        yield
    except (*_AWAY, *_AWAY_BELOW) as error:
        if committing():
            raise StoreUnavailable(
                f"the store was lost while it committed ({_kind(error)}), so whether this was done is not known: "
                "send it again under the same Idempotency-Key"
            ) from error
        raise StoreUnavailable(f"the store did not answer: {_kind(error)}") from error
    except (DataError, psycopg.DataError) as error:
        raise Invalid("a value that the store cannot keep") from error


@contextmanager
def _conflicts() -> Generator[None]:
    try:
        yield
    except IntegrityError as error:
        if getattr(error.orig, "sqlstate", None) != _UNIQUE_VIOLATION:
            raise
        raise Conflict("another request has just recorded the same") from error


def _kind(error: Any) -> str:
    return type(getattr(error, "orig", None) or error).__name__
