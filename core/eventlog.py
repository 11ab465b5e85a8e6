"""The event log, the spine: every change of every case, numbered without gaps in the order of commit.

Timeline, audit, live feed, scores and reports all read this one log.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import Index, LargeBinary, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core.columns import BigId, Chars, UtcTime
from core.database import Base, at_last
from core.upsert import upsert

_LOG = "case_event"


class Counter(Base):
    """Named counters, each locked by the transaction that moves it."""

    __tablename__ = "counter"
    name: Mapped[str] = mapped_column(Chars, primary_key=True)
    value: Mapped[int] = mapped_column(BigId)


class CaseEvent(Base):
    """One event of one case. `card` is the case as a screen shows it, right after this event."""

    __tablename__ = "case_event"
    __table_args__ = (Index("case_event_by_case", "case_id", "seq"),)
    seq: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    case_id: Mapped[str] = mapped_column(Chars)
    kind: Mapped[str] = mapped_column(Chars)
    actor: Mapped[str] = mapped_column(Chars)
    at: Mapped[datetime] = mapped_column(UtcTime)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    card: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event about to be logged: `data` and `card` are plain mappings."""

    kind: str
    at: datetime
    data: Mapping[str, Any]
    card: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """An event as it stands in the log; `data` and `card` still encoded as JSON."""

    seq: int
    case_id: str
    kind: str
    actor: str
    at: datetime
    data: bytes
    card: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """Told on the bus after a commit: the log now reaches `seq`."""

    seq: int


async def count_up(session: AsyncSession, name: str, by: int = 1) -> int:
    """Move the counter `name` by `by` and give its new value; it starts at 0.

    Until the transaction ends no other one can move it: counting by 0 only takes that turn.
    """
    statement = upsert(session, Counter).values(name=name, value=by)
    statement = statement.on_conflict_do_update(
        index_elements=[Counter.name], set_={"value": Counter.value + by}
    ).returning(Counter.value)
    return (await session.execute(statement)).scalar_one()


def count_at_last(session: AsyncSession, name: str) -> None:
    """Move the counter by one when the transaction is about to commit.

    For a counter that everyone moves who changes one of many rows: held from the first change to the end, it would
    make those wait who hold such a row, and wait for the counter themselves.
    """
    at_last(session, name, partial(count_up, session, name))


async def counted(session: AsyncSession, name: str) -> int:
    """The value of the counter `name`."""
    return (await session.execute(select(Counter.value).where(Counter.name == name))).scalar() or 0


Entry = tuple[str, str, NewEvent]
"""(case, actor, event)."""


async def append(session: AsyncSession, entries: Sequence[Entry]) -> int:
    """Log `entries` and give the last number. Call it last in the transaction: only that instant is serial."""
    rows: list[dict[str, Any]] = [
        {
            "case_id": case_id,
            "kind": event.kind,
            "actor": actor,
            "at": event.at,
            "data": msgspec.json.encode(event.data),
            "card": msgspec.json.encode(event.card),
        }
        for case_id, actor, event in entries
    ]
    last = await count_up(session, _LOG, len(rows))
    for seq, row in enumerate(rows, start=last - len(rows) + 1):
        row["seq"] = seq
    await session.execute(insert(CaseEvent), rows)
    return last


async def last_seq(session: AsyncSession) -> int:
    """The number of the newest event; 0 when there is none."""
    return await counted(session, _LOG)


async def events_after(session: AsyncSession, seq: int, *, limit: int = 1000) -> list[LoggedEvent]:
    """The events after `seq`, in order, at most `limit`."""
    statement = select(CaseEvent).where(CaseEvent.seq > seq).order_by(CaseEvent.seq).limit(limit)
    return [_logged(row) for row in (await session.execute(statement)).scalars()]


async def events_of(session: AsyncSession, case_id: str, *, after: int = 0, limit: int = 1000) -> list[LoggedEvent]:
    """One case's events after `after`, in order, at most `limit`."""
    statement = (
        select(CaseEvent)
        .where(CaseEvent.case_id == case_id, CaseEvent.seq > after)
        .order_by(CaseEvent.seq)
        .limit(limit)
    )
    return [_logged(row) for row in (await session.execute(statement)).scalars()]


def _logged(row: CaseEvent) -> LoggedEvent:
    return LoggedEvent(
        seq=row.seq,
        case_id=row.case_id,
        kind=row.kind,
        actor=row.actor,
        at=row.at,
        data=row.data,
        card=row.card,
    )
