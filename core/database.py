"""The embedded store: SQLite in WAL mode. One writer at a time, in the order they asked; readers never wait.

Each write transaction takes the write lock when it begins, so what it reads cannot change under it.
"""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from core.errors import Invalid, StoreUnavailable

BUSY_TIMEOUT_MS = 10_000


class Base(DeclarativeBase):
    """The one model of all rooms' tables."""


class Database:
    """Sessions for reading and for writing. Nothing connects before the first session."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
            raise Invalid("the embedded store needs a URL like sqlite:///FILE", field="database")
        self.path = Path(parsed.database)
        async_url = parsed.set(drivername="sqlite+aiosqlite")
        self._reader = _engine(async_url, begin="BEGIN", pool_size=4)
        self._writer = _engine(async_url, begin="BEGIN IMMEDIATE", pool_size=1)
        self._read_sessions = async_sessionmaker(self._reader, expire_on_commit=False, autoflush=False)
        self._write_sessions = async_sessionmaker(self._writer, expire_on_commit=False, autoflush=False)

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncSession]:
        """A session on one unchanging view of the store."""
        with _store_errors():
            async with self._read_sessions() as session:
                yield session

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[AsyncSession]:
        """A transaction: committed when the block ends well, undone when it raises."""
        with _store_errors():
            async with self._write_sessions.begin() as session:
                yield session

    async def create_schema(self) -> None:
        """Create what is missing; safe to repeat."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        async with self._writer.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)

    async def close(self) -> None:
        """Let go of every connection."""
        await self._reader.dispose()
        await self._writer.dispose()


def _engine(url: Any, *, begin: str, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=pool_size, max_overflow=0, pool_timeout=30, hide_parameters=True)

    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        connection.isolation_level = None  # we say BEGIN ourselves, below
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # acknowledged means on the disk
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        connection.exec_driver_sql(begin)

    return engine


@contextmanager
def _store_errors() -> Generator[None]:
    try:
        yield
    except (OperationalError, PoolTimeoutError) as error:
        raise StoreUnavailable(f"the store did not answer: {error.__class__.__name__}") from error
