"""How a case is kept: loaded, changed by events, and written back with them in one transaction.

The log entries are handed to the transaction's owner (`dispatch.desk.Act`), who numbers them last of all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Conflict, NoEligibleVehicle, NotFound
from core.eventlog import LoggedEvent, NewEvent, events_of
from core.upsert import upsert
from dispatch.card import card
from dispatch.deadlines import NewDeadline
from dispatch.events import EVENT_TYPES, Event, kind_of
from dispatch.evolve import evolve
from dispatch.tables import CaseDealer, CaseRow, DeadlineRow, OfferRow, TripRow
from dispatch.vocabulary import Candidate, Case

_ENCODER = msgspec.json.Encoder()
_CASES = msgspec.json.Decoder(Case)
_CANDIDATES = msgspec.json.Decoder(tuple[Candidate, ...])
_EVENTS = {kind: msgspec.json.Decoder(cls) for kind, cls in EVENT_TYPES.items()}


@dataclass(slots=True, kw_only=True)
class Stored:
    """A case as loaded, and what has happened to it since."""

    case: Case
    version: int
    """0: not in the store yet."""
    logged: list[tuple[str, NewEvent]] = field(default_factory=list[tuple[str, NewEvent]])


def digits_of(phone: str) -> str:
    """A phone number without what people write between its digits."""
    return "".join(letter for letter in phone if letter.isdigit())


def decode_case(state: bytes) -> Case:
    """The case in a stored document."""
    return _CASES.decode(state)


def decode_event(logged: LoggedEvent) -> Event:
    """The event in a log entry."""
    return _EVENTS[logged.kind].decode(logged.data)


async def replayed(session: AsyncSession, case_id: str) -> list[Event]:
    """All events of a case, from the log."""
    events: list[Event] = []
    after = 0
    while page := await events_of(session, case_id, after=after):
        events.extend(decode_event(entry) for entry in page)
        after = page[-1].seq
    return events


async def load(session: AsyncSession, case_id: str) -> Stored:
    """The case, to be changed in this transaction. Raises `NotFound`."""
    statement = select(CaseRow.state, CaseRow.version).where(CaseRow.id == case_id).with_for_update()
    row = (await session.execute(statement)).first()
    if row is None:
        raise NotFound("no such case")
    return Stored(case=decode_case(row.state), version=row.version)


def happen(stored: Stored, events: Sequence[Event], *, actor: str, at: datetime) -> Case:
    """Fold `events` into the case and remember them for `save`."""
    for event in events:
        stored.case = evolve(stored.case, event, stored.case.id)
        stored.logged.append((actor, log_entry(stored.case, event, at)))
    return stored.case


def log_entry(case: Case, event: Event, at: datetime) -> NewEvent:
    """The log's form of an event that made `case`."""
    return NewEvent(kind=kind_of(event), at=at, data=msgspec.to_builtins(event), card=card(case))


async def save(session: AsyncSession, stored: Stored, *, before: Case | None, imported_digest: str = "") -> None:
    """Write the case and what is found through it. Raises `Conflict` if another transaction changed it meanwhile."""
    case = stored.case
    facts: dict[str, Any] = {
        "status": case.status.value,
        "city_code": case.city_code,
        "scene": case.place.scene,
        "search": search_text(case),
        "version": stored.version + 1,
        "state": _ENCODER.encode(case),
    }
    if stored.version == 0:
        row = {
            **facts,
            "id": case.id,
            "number": case.number,
            "opened_at": case.opened_at,
            "imported_digest": imported_digest,
        }
        await session.execute(insert(CaseRow), [row])
    else:
        changed = await session.execute(
            update(CaseRow)
            .where(CaseRow.id == case.id, CaseRow.version == stored.version)
            .values(**facts)
            .returning(CaseRow.id)
        )
        if changed.first() is None:
            raise Conflict("the case was changed at the same moment")
    stored.version += 1
    await _save_dealers(session, case, before)
    await _save_trips(session, case, before)


async def save_candidates(session: AsyncSession, case_id: str, offer_id: str, candidates: Sequence[Candidate]) -> None:
    """Keep the candidates that a decision was taken on (R1)."""
    row = {"id": offer_id, "case_id": case_id, "candidates": _ENCODER.encode(candidates)}
    await session.execute(insert(OfferRow), [row])


async def load_candidates(session: AsyncSession, offer_id: str) -> tuple[Candidate, ...]:
    """The candidates as known when the offer was made. Raises `NotFound`."""
    found = (await session.execute(select(OfferRow.candidates).where(OfferRow.id == offer_id))).scalar()
    if found is None:
        raise NotFound("no such offer")
    return _CANDIDATES.decode(found)


async def save_deadlines(session: AsyncSession, case_id: str, deadlines: Sequence[NewDeadline]) -> None:
    """Store what will fall due."""
    if deadlines:
        rows = [{"case_id": case_id, "kind": due.kind.value, "ref": due.ref, "due_at": due.due_at} for due in deadlines]
        await session.execute(insert(DeadlineRow), rows)


async def _save_dealers(session: AsyncSession, case: Case, before: Case | None) -> None:
    new = case.dealers - (before.dealers if before else frozenset())
    if new:
        rows = [{"dealer": dealer, "case_id": case.id} for dealer in sorted(new)]
        await session.execute(upsert(session, CaseDealer).on_conflict_do_nothing(), rows)


async def _save_trips(session: AsyncSession, case: Case, before: Case | None) -> None:
    known = {trip.id: trip for trip in before.trips} if before else {}
    for trip in case.trips:
        old = known.get(trip.id)
        if old and (old.plate, old.active) == (trip.plate, trip.active):
            continue
        facts = {"case_id": case.id, "plate": trip.plate, "active": trip.active}
        statement = upsert(session, TripRow).values(id=trip.id, **facts)
        statement = statement.on_conflict_do_update(index_elements=[TripRow.id], set_=facts)
        try:
            await session.execute(statement)
        except IntegrityError as error:
            raise NoEligibleVehicle("the vehicle is on another trip", rule="R9", field="vehicle") from error


def search_text(case: Case, *, by_phone: bool = True) -> str:
    """What a search looks through."""
    phone = case.caller.phone if by_phone else ""
    # A number is looked for by its digits, however it was written.
    words = (case.number, case.car.plate, case.caller.name, phone, digits_of(phone), case.place.address)
    return " ".join(word.lower() for word in words if word)
