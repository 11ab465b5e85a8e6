"""What a replay tells of cases: which ran in a span of time, and how each one's status changed, as the log has it.

Told is what stood on the board then: an event's moment is that of its record, not an earlier one that a phone named for
it afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.eventlog import CaseEvent
from dispatch.events import OfferAccepted, TripChanged
from dispatch.store import decode_case, replayed
from dispatch.tables import CaseRow, TripRow
from dispatch.vocabulary import ENDED, Case, CaseStatus

LONGEST_RESCUE: Final = timedelta(days=3)
"""So long after it was opened a case that has ended is not looked for any more: no index knows when cases ended."""
_AT_ONCE: Final = 500
_OLDEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""No case is older. Of the first days that there are, three cannot be taken away."""


class _Card(msgspec.Struct, frozen=True):
    status: CaseStatus


_CARD = msgspec.json.Decoder(_Card)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event of the log, and the status that its case had from then on."""

    seq: int
    case_id: str
    at: datetime
    kind: str
    status: CaseStatus


async def ran_between(session: AsyncSession, start: datetime, end: datetime, *, plate: str = "") -> list[Case]:
    """The cases opened by `end` that were not over before `start`, or of which something was recorded since; by id.

    With `plate`, those that the vehicle was sent to; not one that another vehicle took over from it.
    """
    unfinished = CaseRow.status.not_in([status.value for status in ENDED])
    told_since = select(CaseEvent.seq).where(CaseEvent.case_id == CaseRow.id, CaseEvent.at >= start).exists()
    lately = (CaseRow.opened_at >= max(start, _OLDEST) - LONGEST_RESCUE) & told_since
    statement = select(CaseRow.state).where(CaseRow.opened_at <= end, unfinished | lately)
    if plate:
        statement = statement.where(CaseRow.id.in_(select(TripRow.case_id).where(TripRow.plate == plate)))
    return [decode_case(state) for state in (await session.execute(statement.order_by(CaseRow.id))).scalars()]


async def sent_for(session: AsyncSession, case_id: str) -> list[str]:
    """Every vehicle that was ever named for the case, those too that another one took over from (R4); by plate."""
    plates: set[str | None] = set()
    for event in await replayed(session, case_id):
        if isinstance(event, OfferAccepted | TripChanged):
            plates.add(event.plate)
    return sorted(plate for plate in plates if plate)


async def told_of(session: AsyncSession, case_ids: Sequence[str], until: datetime) -> list[Told]:
    """Every event of these cases up to `until`, included, in the order of time."""
    told: list[Told] = []
    for begin in range(0, len(case_ids), _AT_ONCE):
        statement = select(CaseEvent.seq, CaseEvent.case_id, CaseEvent.at, CaseEvent.kind, CaseEvent.card).where(
            CaseEvent.case_id.in_(case_ids[begin : begin + _AT_ONCE]), CaseEvent.at <= until
        )
        for seq, case_id, at, kind, card in (await session.execute(statement)).tuples():
            told.append(Told(seq=seq, case_id=case_id, at=at, kind=kind, status=_CARD.decode(card).status))
    return sorted(told, key=lambda one: (one.at, one.seq))
