"""What can be asked of dispatching, and the dealers' record. The first argument is a session."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Conflict, NotFound
from core.eventlog import count_at_last, last_seq
from core.geo import Position
from core.upsert import upsert
from dispatch.card import card
from dispatch.roster import ROSTER_COUNTER, dealer_of
from dispatch.store import decode_case, digits_of, load, load_candidates, search_text
from dispatch.tables import CaseDealer, CaseRow, DealerRow, OfferRow, RecordChange, TripRow
from dispatch.vocabulary import FINAL, Candidate, Case, CaseStatus, Dealer, Person

_OLDEST_SURVEYED = timedelta(days=7)
"""An owner who answers later than this complains by another way."""
_LONGEST = timedelta(days=30)
"""No rescue takes longer, so that of a dealer's ended cases only the last month's are looked through."""


async def get_case(session: AsyncSession, case_id: str, *, lock: bool = False) -> Case:
    """The case. With `lock` nobody else changes it until the transaction ends, nor what hangs on it.

    Raises `NotFound`.
    """
    if lock:
        return (await load(session, case_id)).case
    state = (await session.execute(select(CaseRow.state).where(CaseRow.id == case_id))).scalar()
    if state is None:
        raise NotFound("no such case")
    return decode_case(state)


async def number_taken(session: AsyncSession, number: str) -> bool:
    """Whether a case of that number is on record."""
    return (await session.execute(select(CaseRow.id).where(CaseRow.number == number))).scalar() is not None


async def case_id_of_offer(session: AsyncSession, offer_id: str) -> str:
    """Whose offer it is. Raises `NotFound`."""
    found = (await session.execute(select(OfferRow.case_id).where(OfferRow.id == offer_id))).scalar()
    if found is None:
        raise NotFound("no such offer")
    return found


async def case_id_of_trip(session: AsyncSession, trip_id: str) -> str:
    """Whose trip it is. Raises `NotFound`."""
    found = (await session.execute(select(TripRow.case_id).where(TripRow.id == trip_id))).scalar()
    if found is None:
        raise NotFound("no such trip")
    return found


async def latest_trip_of(session: AsyncSession, plate: str) -> str:
    """The trip that the vehicle is on, or its last one. Raises `NotFound`."""
    statement = select(TripRow.id).where(TripRow.plate == plate).order_by(TripRow.active.desc(), TripRow.id.desc())
    found = (await session.execute(statement.limit(1))).scalar()
    if found is None:
        raise NotFound("the vehicle has had no trip")
    return found


async def case_of_offer(session: AsyncSession, offer_id: str) -> Case:
    """The case that the offer belongs to. Raises `NotFound`."""
    return await get_case(session, await case_id_of_offer(session, offer_id))


async def case_of_trip(session: AsyncSession, trip_id: str, *, lock: bool = False) -> Case:
    """The case that the trip belongs to; `lock` as in `get_case`. Raises `NotFound`."""
    return await get_case(session, await case_id_of_trip(session, trip_id), lock=lock)


async def offer_candidates(session: AsyncSession, offer_id: str) -> tuple[Candidate, ...]:
    """The candidates as known when the offer was made (R1). Raises `NotFound`."""
    return await load_candidates(session, offer_id)


async def list_cases(
    session: AsyncSession,
    *,
    statuses: Sequence[CaseStatus] = (),
    dealer: str = "",
    city_code: str = "",
    start: datetime | None = None,
    end: datetime | None = None,
    q: str = "",
    by_phone: bool = True,
    cursor: str = "",
    limit: int = 50,
) -> tuple[list[Case], str]:
    """Cases, newest first, opened in `[start, end)`, and the cursor of the next page (empty at the end).

    `dealer` means: ever offered to it. `q` is looked for in number, plate, caller and address. Not
    `by_phone`: a page is shorter by the cases that only their caller's number would find.
    """
    statement = select(CaseRow.state).order_by(CaseRow.id.desc()).limit(limit + 1)
    if statuses:
        statement = statement.where(CaseRow.status.in_([status.value for status in statuses]))
    if dealer:
        statement = statement.join(CaseDealer, CaseDealer.case_id == CaseRow.id).where(CaseDealer.dealer == dealer)
    if city_code:
        statement = statement.where(CaseRow.city_code == city_code)
    if start:
        statement = statement.where(CaseRow.opened_at >= start)
    if end:
        statement = statement.where(CaseRow.opened_at < end)
    if q:
        statement = statement.where(CaseRow.search.contains(q.lower(), autoescape=True))
    if cursor:
        statement = statement.where(CaseRow.id < cursor)
    cases = [decode_case(state) for state in (await session.execute(statement)).scalars()]
    following = cases[limit - 1].id if len(cases) > limit else ""
    shown = cases[:limit]
    if q and not by_phone:
        shown = [case for case in shown if q.lower() in search_text(case, by_phone=False)]
    return shown, following


async def board(session: AsyncSession) -> tuple[int, list[dict[str, Any]]]:
    """The log's last number, and a card for every case that is not final, as one view of the store."""
    seq = await last_seq(session)
    statement = select(CaseRow.state).where(CaseRow.status.not_in([status.value for status in FINAL]))
    rows = (await session.execute(statement.order_by(CaseRow.id))).scalars()
    return seq, [card(decode_case(state)) for state in rows]


async def running(session: AsyncSession) -> list[Case]:
    """Every case that is not final, by id."""
    unfinished = CaseRow.status.not_in([status.value for status in FINAL])
    rows = await session.execute(select(CaseRow.state).where(unfinished).order_by(CaseRow.id))
    return [decode_case(state) for state in rows.scalars()]


async def answered_since(session: AsyncSession, start: datetime) -> list[Case]:
    """The cases closed by an answer that their owner gave after `start`, by id."""
    lately = (CaseRow.status == CaseStatus.CLOSED.value) & (CaseRow.opened_at >= start - _OLDEST_SURVEYED)
    rows = await session.execute(select(CaseRow.state).where(lately).order_by(CaseRow.id))
    return [case for state in rows.scalars() if (case := decode_case(state)).surveyed_at and case.surveyed_at > start]


async def jobs_of(session: AsyncSession, dealer: str, *, ended_after: datetime) -> list[Case]:
    """The cases ever offered to `dealer` that run, or have ended since `ended_after`; by id."""
    unfinished = CaseRow.status.not_in([status.value for status in FINAL])
    statement = (
        select(CaseRow.state)
        .join(CaseDealer, CaseDealer.case_id == CaseRow.id)
        .where(CaseDealer.dealer == dealer, unfinished | (CaseRow.opened_at >= ended_after - _LONGEST))
        .order_by(CaseRow.id)
    )
    cases = (decode_case(state) for state in (await session.execute(statement)).scalars())
    return [case for case in cases if case.status not in FINAL or (case.ended_at and case.ended_at >= ended_after)]


async def opened_since(
    session: AsyncSession, start: datetime, *, before: datetime | None = None, limit: int | None = None
) -> list[Case]:
    """The cases opened at `start` or later and before `before`, in order, at most `limit`."""
    statement = select(CaseRow.state).where(CaseRow.opened_at >= start).order_by(CaseRow.id).limit(limit)
    if before:
        statement = statement.where(CaseRow.opened_at < before)
    return [decode_case(state) for state in (await session.execute(statement)).scalars()]


async def case_numbers(session: AsyncSession, ids: Collection[str]) -> dict[str, str]:
    """The numbers of those cases that are on record, by their ids."""
    rows = await session.execute(select(CaseRow.id, CaseRow.number).where(CaseRow.id.in_(ids)))
    return dict(rows.tuples().all())


async def cases_about(session: AsyncSession, *, phone: str, plate: str, limit: int = 40) -> list[Case]:
    """The newest cases of a caller's phone, by its digits, or a car's normal plate; an empty one is not looked for."""
    digits = digits_of(phone)
    asked = [word for word in (digits, plate) if word]
    if not asked:
        return []
    met = or_(*(CaseRow.search.contains(word.lower(), autoescape=True) for word in asked))
    rows = await session.execute(select(CaseRow.state).where(met).order_by(CaseRow.id.desc()).limit(limit))
    found = [decode_case(state) for state in rows.scalars()]
    return [
        case
        for case in found
        if (digits and digits_of(case.caller.phone) == digits) or (plate and case.car.plate == plate)
    ]


async def addresses_like(session: AsyncSession, text: str, *, limit: int) -> list[Case]:
    """The newest cases whose place was described by words that hold `text`."""
    statement = select(CaseRow.state).where(CaseRow.search.contains(text.lower(), autoescape=True))
    rows = await session.execute(statement.order_by(CaseRow.id.desc()).limit(limit * 4))
    found = [decode_case(state) for state in rows.scalars()]
    return [case for case in found if text in case.place.address][:limit]


async def dealers(session: AsyncSession) -> list[Dealer]:
    """All dealers, by code."""
    rows = (await session.execute(select(DealerRow).order_by(DealerRow.code))).scalars()
    return [dealer_of(row) for row in rows]


async def dealer(session: AsyncSession, code: str, *, lock: bool = False) -> Dealer | None:
    """One dealer, if it is on record; with `lock` nobody else changes it until the transaction ends."""
    row = await session.get(DealerRow, code, with_for_update=lock or None, populate_existing=lock)
    return dealer_of(row) if row else None


async def add_dealer(session: AsyncSession, new: Dealer) -> bool:
    """Put a dealer on record; False when the same is there already. Raises `Conflict` when another is."""
    known = await dealer(session, new.code)
    if known == new:
        return False
    if known is not None:
        raise Conflict("another dealer has this code", field="code")
    await session.execute(upsert(session, DealerRow).values(code=new.code, **_columns(new)))
    count_at_last(session, ROSTER_COUNTER)
    return True


async def change_dealer(session: AsyncSession, changed: Dealer, *, actor: str, at: datetime) -> None:
    """Change a dealer's record, keeping who, when, from and to (R10). Raises `NotFound`."""
    known = await dealer(session, changed.code, lock=True)
    if known is None:
        raise NotFound("no such dealer")
    for name in ("name", "city_code", "phone", "specialist", "brands", "region", "active", "site"):
        before, after = getattr(known, name), getattr(changed, name)
        if before != after:
            await record_change(
                session, f"dealer:{changed.code}", actor=actor, at=at, field=name, before=before, after=after
            )
    await session.execute(update(DealerRow).where(DealerRow.code == changed.code).values(**_columns(changed)))
    count_at_last(session, ROSTER_COUNTER)


async def record_change(
    session: AsyncSession,
    subject: str,
    *,
    actor: str,
    at: datetime,
    field: str,
    before: object,
    after: object,
    reason: str = "",
) -> None:
    """Keep one change of the record: who, when, from, to, and why where that was asked."""
    row = RecordChange(
        subject=subject, actor=actor, at=at, field=field, before=_text(before), after=_text(after), reason=reason
    )
    session.add(row)
    await session.flush()


async def changes(
    session: AsyncSession,
    *,
    subject: str = "",
    actor: str = "",
    start: datetime | None = None,
    end: datetime | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[RecordChange]:
    """Changes of the record in `[start, end)`, newest first, of those numbered under `before`.

    `subject` is one, such as `dealer:D1`, or a kind of them, such as `dealer`.
    """
    statement = select(RecordChange).order_by(RecordChange.id.desc()).limit(limit)
    if subject:
        of_kind = RecordChange.subject.startswith(f"{subject}:", autoescape=True)
        statement = statement.where((RecordChange.subject == subject) | of_kind)
    if actor:
        statement = statement.where(RecordChange.actor == actor)
    if start:
        statement = statement.where(RecordChange.at >= start)
    if end:
        statement = statement.where(RecordChange.at < end)
    if before is not None:
        statement = statement.where(RecordChange.id < before)
    return list((await session.execute(statement)).scalars())


def _text(value: object) -> str:
    """As a person writes it."""
    if isinstance(value, Person):
        return f"{value.name} {value.phone}".strip()
    if isinstance(value, Position):
        return f"{value.lat:.5f}, {value.lon:.5f}"
    return ", ".join(cast(tuple[str, ...], value)) if isinstance(value, tuple) else str(value)


def _columns(new: Dealer) -> dict[str, Any]:
    return {
        "name": new.name,
        "city_code": new.city_code,
        "site": new.site,
        "phone": new.phone,
        "specialist_name": new.specialist.name,
        "specialist_phone": new.specialist.phone,
        "brands": json.dumps(list(new.brands), ensure_ascii=False),
        "region": new.region,
        "active": new.active,
    }
