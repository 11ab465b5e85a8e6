"""`INSERT … ON CONFLICT`, which both stores have, each under its own name."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

Upsert = sqlite.Insert | postgresql.Insert


def upsert(session: AsyncSession, table: type[Any]) -> Upsert:
    """An insert into `table` for the session's store, to be told what to do on a conflict."""
    make = postgresql.insert if on_postgresql(session) else sqlite.insert
    return make(table)


def on_postgresql(session: AsyncSession) -> bool:
    """Whether the session speaks to PostgreSQL: where the two stores' forms of a statement differ."""
    return session.get_bind().dialect.name == "postgresql"
