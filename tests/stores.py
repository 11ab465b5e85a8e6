"""Stores for tests: on the embedded store, or with NEARSIDE_TEST_STORE=production on real PostgreSQL and Redis.

Each test process starts private servers of its own when the first test asks for one, and gives every test the same
migrated database, emptied.
"""

import atexit
import os
import shutil
import tempfile
from functools import cache
from itertools import count
from pathlib import Path

import psycopg
import pytest

from core.storeurl import read_url
from gateway.schema import migrate
from simulations.private import OWNER, PrivatePostgres, PrivateRedis, installed

PRODUCTION = os.environ.get("NEARSIDE_TEST_STORE", "embedded") == "production"
_KEPT = ("alembic_version", "spatial_ref_sys", "store_identity")
_numbers = count(1)


def new_store(folder: Path) -> str:
    """The URL of an empty store at the newest revision. On PostgreSQL the one before it is emptied for it."""
    return emptied() if PRODUCTION else embedded(folder)


def new_service(folder: Path, database: str = "nearside") -> dict[str, str]:
    """The settings of a service on a store of `new_store`, with Redis where the store is the production one.

    A service that lives on while other tests have theirs needs a `database` of its own.
    """
    if not PRODUCTION:
        return {"database": embedded(folder)}
    return shared_service(database)


def shared_service(database: str) -> dict[str, str]:
    """The settings of a service that several processes are, whatever store the other tests run on."""
    return {"database": emptied(database), "redis": redis().url}


def in_environment(settings: dict[str, str]) -> dict[str, str]:
    """The same settings as variables for a child process."""
    return {f"NEARSIDE_{name.upper()}": value for name, value in settings.items()}


def embedded(folder: Path) -> str:
    """A SQLite file at the newest revision."""
    file = folder / f"store-{next(_numbers)}.db"
    shutil.copyfile(_migrated_file(), file)
    return f"sqlite:///{file}"


def emptied(database: str = "nearside") -> str:
    """The test process's PostgreSQL database at the newest revision, without a row."""
    url = _migrated_database(database)
    with _owner(database) as connection:
        tables = connection.execute(
            "SELECT quote_ident(relname) FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace = 'public'::regnamespace AND relname <> ALL(%s)",
            [list(_KEPT)],
        ).fetchall()
        connection.execute("SET session_replication_role = replica")  # in any order of the tables
        connection.execute("; ".join(f"DELETE FROM {name}" for (name,) in tables).encode())
    return url


@cache
def postgres() -> PrivatePostgres:
    """This test process's server."""
    server = PrivatePostgres(_folder() / "postgresql")
    server.start()
    atexit.register(server.stop)
    return server


@cache
def redis() -> PrivateRedis:
    """This test process's server."""
    server = PrivateRedis(_folder() / "redis")
    server.start()
    atexit.register(server.stop)
    return server


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="nearside-test-"))
    folder.chmod(0o755)  # PostgreSQL runs as another user
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def _migrated_file() -> Path:
    file = _folder() / "migrated.db"
    migrate(read_url(f"sqlite:///{file}"))
    with file.open("rb"):
        assert not file.with_name("migrated.db-wal").exists(), "a copy would miss what is still in the log"
    return file


@cache
def _migrated_database(database: str) -> str:
    url = postgres().create(database)
    migrate(read_url(url))
    return url


def _owner(database: str) -> "psycopg.Connection[tuple[str, ...]]":
    return psycopg.connect(host=str(postgres().folder), user=OWNER, dbname=database, autocommit=True)


needs_servers = pytest.mark.skipif(not installed(), reason="PostgreSQL and Redis are not installed (scripts/servers)")
