"""What the feed reads from the log beside its events."""

from collections.abc import Collection, Mapping

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.eventlog import CaseEvent


class _Seers(msgspec.Struct):
    dealers: frozenset[str] = frozenset()


_decoder = msgspec.json.Decoder(_Seers)


async def dealers_before(session: AsyncSession, cases: Collection[str], seq: int) -> Mapping[str, frozenset[str]]:
    """By case, the dealers that its newest card before event `seq` names; a case that had none is left out."""
    newest = (
        select(func.max(CaseEvent.seq))
        .where(CaseEvent.case_id.in_(cases), CaseEvent.seq < seq)
        .group_by(CaseEvent.case_id)
    )
    rows = await session.execute(select(CaseEvent.case_id, CaseEvent.card).where(CaseEvent.seq.in_(newest)))
    return {case: _decoder.decode(card).dealers for case, card in rows.tuples()}
