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
EXPRESS: Final = 2

_SESSION: Final = {
    "timezone": "UTC",
    "jit": "off",
    "lock_timeout": "10s",
    "statement_timeout": "60s",
    "synchronous_commit": "on",
}
"""No statement waits for ever. Acknowledged means on the disk, whatever the server's default. Compiling a statement
over many partitions takes seconds, more than any of ours then saves.
"""

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


_GIVE_BACK: Final = " -c idle_in_transaction_session_timeout={}"
"""A process that hangs in mid-transaction is cut off: soon where it may hold locks, the log's counter above all."""


def engines(url: URL, connections: int) -> tuple[AsyncEngine, AsyncEngine, AsyncEngine]:
    """For reading and for writing with at most `connections` connections each, and for express writes with two."""
    reading = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    reader = _engine(url, connections, "60s").execution_options(**reading)
    writer, express = (
        _engine(url, size, "10s").execution_options(isolation_level="READ COMMITTED") for size in (connections, EXPRESS)
    )
    return reader, writer, express


def _engine(url: URL, connections: int, give_back: str) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        hide_parameters=True,
        connect_args={**CONNECT, "options": CONNECT["options"] + _GIVE_BACK.format(give_back)},
    )
