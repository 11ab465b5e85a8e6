"""Past cases into the store: judged by the rules of a live case, told to the log, and never imported twice."""

from typing import Literal

from sqlalchemy import select

from core.errors import Conflict
from core.ids import new_id
from dispatch import opening, store
from dispatch.desk import Act, Desk
from dispatch.evolve import evolve
from dispatch.opening import CaseRequest
from dispatch.pastcases import PastCase
from dispatch.replay import replay
from dispatch.tables import CaseRow
from dispatch.vocabulary import Car, Person

Outcome = Literal["imported", "unchanged"]


async def import_case(desk: Desk, act: Act, past: PastCase) -> Outcome:
    """Keep a past case; the same line again changes nothing.

    Raises the error of the broken rule, `NotFound` for an unknown dealer, or `Conflict` where the number belongs to
    another case. Everything is judged before anything is written, so one act may import many lines and leave out
    those that are refused. Nothing falls due for a past case, and its log entries bear the times of long ago.
    """
    digest = past.digest
    known = await act.session.execute(select(CaseRow.imported_digest).where(CaseRow.number == past.number))
    if (kept := known.scalar()) is not None:
        if kept == digest:
            return "unchanged"
        raise Conflict("this number belongs to another case, or to this one told differently", field="number")
    table = desk.rules.faults
    opened = opening.open_case(desk.places, table, _request(past), number=past.number, now=past.opened_at)
    case_id = new_id(past.opened_at)
    roster = await desk.roster.get(act.session)
    told = replay(past, table, case_id=case_id, opened=opened, dealers=roster.dealers, now=act.now)
    stored = store.Stored(case=evolve(None, opened, case_id), version=0)
    stored.logged.append((act.actor, store.log_entry(stored.case, opened, past.opened_at)))
    for event, at in told[1:]:
        store.happen(stored, (event,), actor=act.actor, at=at)
    await store.save(act.session, stored, before=None, imported_digest=digest)
    for offer in stored.case.offers:
        await store.save_candidates(act.session, case_id, offer.id, ())
    act.log.extend((case_id, actor, entry) for actor, entry in stored.logged)
    return "imported"


def _request(past: PastCase) -> CaseRequest:
    """Caller and car are personal data that past cases leave out."""
    return CaseRequest(
        channel=past.channel,
        caller=Person(),
        car=Car(),
        lat=past.location.lat,
        lon=past.location.lon,
        datum=past.location.datum,
        address=past.location.address or "",
        fault=past.fault,
    )
