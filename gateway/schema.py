"""The schema's version: brought up to date, taken back, compared with what this version of the program needs.

Migrations only add while old processes serve: what they no longer need is removed by the version after the next.
All of one call is one transaction, and only one process migrates at a time.
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

from core import postgresql, sqlite
from core.database import Database
from core.errors import Invalid, StoreUnavailable
from core.storeurl import is_embedded

BASELINE: Final = "0001"
"""The schema of the stores that were made before there were migrations."""
_ANY_TABLE_OF_OURS: Final = "rescue_case"
_ONE_AT_A_TIME: Final = 0x4E_45_41_52
"""The number of the advisory lock that whoever migrates holds."""
WAIT_FOR_TABLES: Final = "SET LOCAL lock_timeout = '5s'"
"""A migration that would make the running service wait gives up instead, and is tried again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a store's schema is, and where this version of the program needs it; `at` is None for an empty store."""

    at: str | None
    head: str

    @property
    def fits(self) -> bool:
        """Whether the program may use the store."""
        return self.at == self.head


def head() -> str:
    """The newest revision."""
    found = ScriptDirectory.from_config(config()).get_current_head()
    assert found is not None
    return found


def migrate(url: URL, revision: str = "head") -> Standing:
    """Bring the store to `revision`, up or down; safe to repeat, and to run while the service runs.

    Blocks; raises `Invalid` for an unknown revision, `StoreUnavailable` where tables stay in use.
    """
    with connected(url) as connection:
        if not is_embedded(url):
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})"))
            connection.execute(text(WAIT_FOR_TABLES))
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgis"))
        alembic = config(connection)
        at = MigrationContext.configure(connection).get_current_revision()
        if at is None and inspect(connection).has_table(_ANY_TABLE_OF_OURS):
            command.stamp(alembic, BASELINE)
            at = BASELINE
        known = [one.revision for one in ScriptDirectory.from_config(alembic).walk_revisions()]  # newest first
        wanted = {"head": known[0], "base": None}.get(revision, revision)
        if wanted is not None and wanted not in known:
            raise Invalid(f"no revision {revision}; there are {', '.join(reversed(known))}, head and base", field="to")
        if at is not None and at not in known:
            raise StoreUnavailable(_from_the_future(at, known[0]))
        down = wanted is None or (at is not None and known.index(wanted) > known.index(at))
        (command.downgrade if down else command.upgrade)(alembic, wanted or "base")
    return Standing(at=wanted, head=known[0])


async def standing(db: Database) -> Standing:
    """Where the store's schema is."""
    async with db.read() as session:
        connection = await session.connection()
        at = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    return Standing(at=at, head=head())


async def prepare(db: Database) -> None:
    """Have the schema as this version needs it, or raise `StoreUnavailable` with the remedy.

    The embedded store is brought up to date on the way. One that other processes may be using is left alone: there
    `nearside migrate` is a step of its own.
    """
    if db.embedded:
        await asyncio.to_thread(migrate, db.url)
        return
    found = await standing(db)
    if not found.fits:
        raise StoreUnavailable(misfit(found))


def misfit(found: Standing) -> str:
    """What is wrong with a schema that does not fit, and the remedy."""
    if found.at is None:
        return f"the database has no schema yet (needed: {found.head}): run `nearside migrate`"
    known = {one.revision for one in ScriptDirectory.from_config(config()).walk_revisions()}
    if found.at not in known:
        return _from_the_future(found.at, found.head)
    return f"the schema is at {found.at}, this version needs {found.head}: run `nearside migrate`"


@contextmanager
def connected(url: URL) -> Generator[Connection]:
    """One transaction on the store, in which everything may be changed."""
    if is_embedded(url):
        assert url.database is not None
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, hide_parameters=True)
        sqlite.set_up(engine, begin="BEGIN IMMEDIATE")
    else:
        engine = create_engine(url, hide_parameters=True, connect_args=dict(postgresql.CONNECT))
    try:
        with engine.begin() as connection:
            yield connection
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == "55P03":
            raise StoreUnavailable("a table stayed in use; nothing was changed, so try again") from error
        raise
    finally:
        engine.dispose()


def _from_the_future(at: str, newest: str) -> str:
    return f"the schema is at {at}, which this version does not know (its newest is {newest}): use the newer version"


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, for its commands on `connection`."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    made.attributes["connection"] = connection
    return made
