"""The production store: PostgreSQL with PostGIS, asked through psycopg by any number of processes.

Reads see one snapshot (repeatable read); a write's statements each see what was committed by then (read committed),
so that waiting for a row's lock gives the row as it is after the wait.
"""

from typing import Any, Final

from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

POOL_TIMEOUT_S: Final = 10.0
"""Whoever finds all connections busy for so long is told that the store does not answer."""
CONNECT_TIMEOUT_S: Final = 5

_SESSION: Final = {
    "timezone": "UTC",
    "jit": "off",
    "lock_timeout": "10s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
}
"""No statement waits for ever, and a process that hangs in mid-transaction gives its locks back. Compiling a statement
over many partitions takes seconds, more than any of ours then saves."""

CONNECT: Final[dict[str, Any]] = {
    "application_name": "nearside",
    "connect_timeout": CONNECT_TIMEOUT_S,
    "options": " ".join(f"-c {name}={value}" for name, value in _SESSION.items()),
    # A server that vanished without a word is noticed: within 10 s of the last unanswered packet.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""What every connection of the service is opened with."""


def engines(url: URL, connections: int) -> tuple[AsyncEngine, AsyncEngine]:
    """One engine for reading, one for writing, each with at most `connections` connections."""
    reading = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    reader = _engine(url, connections).execution_options(**reading)
    return reader, _engine(url, connections).execution_options(isolation_level="READ COMMITTED")


def _engine(url: URL, connections: int) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        hide_parameters=True,
        connect_args=dict(CONNECT),
    )
