"""The embedded store: SQLite in WAL mode. One writer at a time, in the order they asked; readers never wait.

Each write transaction takes the write lock when it begins, so what it reads cannot change under it.
"""

import sqlite3
import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, Engine
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

BUSY_TIMEOUT_MS = 10_000


def engines(url: URL) -> tuple[AsyncEngine, AsyncEngine, AsyncEngine]:
    """One engine for reading, and the one for writing, which serves for express writes too."""
    file = url.set(drivername="sqlite+aiosqlite")
    writer = _engine(file, begin="BEGIN IMMEDIATE", pool_size=1)
    return _engine(file, begin="BEGIN", pool_size=4), writer, writer


def _engine(url: URL, *, begin: str, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=pool_size, max_overflow=0, pool_timeout=30, hide_parameters=True)
    set_up(engine.sync_engine, begin=begin)
    return engine


def set_up(engine: Engine, *, begin: str) -> None:
    """Let every connection of `engine` be durable, and every transaction of it start with `begin`."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        connection.isolation_level = None  # we say BEGIN ourselves, below
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        _write_ahead(cursor)
        cursor.execute("PRAGMA synchronous=FULL")  # acknowledged means on the disk
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        connection.exec_driver_sql(begin)


def _write_ahead(cursor: Any) -> None:
    # Of those who open a new file at once, only one can change its journal, and the others are refused without
    # SQLite's timeout being waited for. An older file has its journal already: then this changes nothing.
    until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
