"""One function per command: load the case locked, decide by a pure rule, keep state, events and deadlines together.

All take the desk and the act (one transaction of one actor). An error undoes the whole act.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from core.clock import CHINA_STANDARD_TIME
from core.datum import Datum
from core.errors import Invalid
from core.eventlog import count_up
from core.ids import new_id
from dispatch import acceptance, checksheet, decide, faults, opening, proximity, store
from dispatch.deadlines import deadlines_of
from dispatch.decide import CLOCK_TOLERANCE
from dispatch.desk import SYSTEM, Act, Desk
from dispatch.events import Event
from dispatch.evolve import evolve
from dispatch.fences import follow
from dispatch.opening import CaseRequest
from dispatch.queries import case_id_of_offer, case_id_of_trip, latest_trip_of, number_taken
from dispatch.ranking import current_candidates
from dispatch.roster import busy_plates
from dispatch.store import Stored
from dispatch.vocabulary import CancelledBy, Candidate, Case, Offer, Person, Result, Trip
from tracking.vocabulary import Terminal, Vehicle, VehicleKind


async def number_for(desk: Desk, request: CaseRequest) -> str:
    """A number for a case about to be opened; they count from 1 each day of China Standard Time.

    In a transaction of its own, before the case's: whoever opened a case would else hold up everybody who opens
    another one, until its commit. A request that cannot become a case raises its error here and takes no number; one
    that fails later leaves a gap. A number that a past case brought along is passed over.
    """
    now = desk.clock.now()
    faults.check_active(desk.rules.faults, request.fault)
    opening.open_case(desk.places, desk.rules.faults, request, number="", now=now)
    day = now.astimezone(CHINA_STANDARD_TIME).strftime("%y%m%d")
    async with desk.db.write() as session:
        while True:
            number = f"R{day}-{await count_up(session, f'case_number:{day}'):04d}"
            if not await number_taken(session, number):
                return number


async def open_case(desk: Desk, act: Act, request: CaseRequest, *, number: str) -> Case:
    """A call becomes a case; one that a dealer opened for itself is offered to it at once (C2)."""
    table = desk.rules.faults
    faults.check_active(table, request.fault)
    opened = opening.open_case(desk.places, table, request, number=number, now=act.now)
    case_id = new_id(act.now)
    stored = Stored(case=evolve(None, opened, case_id), version=0)
    stored.logged.append((act.actor, store.log_entry(stored.case, opened, act.now)))
    await _keep(desk, act, stored, None, [opened])
    if request.own_dealer:
        await make_offer(desk, act, case_id, dealer=request.own_dealer)
    return (await store.load(act.session, case_id)).case


async def amend_place(
    desk: Desk,
    act: Act,
    case_id: str,
    *,
    lat: float,
    lon: float,
    datum: Datum,
    reason: str,
    address: str = "",
    accuracy_m: float | None = None,
) -> Case:
    """Correct where the car stands (R22); who, when, from and to stay on record. A hand-over point stays (R18)."""
    stored = await store.load(act.session, case_id)
    amended = opening.amend_place(
        desk.places,
        stored.case,
        lat=lat,
        lon=lon,
        datum=datum,
        address=address,
        accuracy_m=accuracy_m,
        reason=reason,
        now=act.now,
    )
    return await apply(desk, act, stored, (amended,))


async def make_offer(
    desk: Desk, act: Act, case_id: str, *, dealer: str = "", override_reason: str = ""
) -> tuple[Case, Offer, tuple[Candidate, ...]]:
    """Offer to the nearest able dealer, or to the one named (R1); the candidates of this second are kept with it."""
    stored = await store.load(act.session, case_id)
    candidates = await current_candidates(desk, act.session, stored.case, act.now)
    # An offer out of turn is the clearer error, before any talk of who is nearest.
    decide.offer(stored.case, offer_id="", dealer=dealer, now=act.now, expires_at=act.now)
    chosen = proximity.choose(candidates, dealer=dealer, override_reason=override_reason)
    events = await _offer_events(desk, act, stored.case, chosen, candidates, override_reason=override_reason)
    case = await apply(desk, act, stored, events)
    return case, case.offers[-1], candidates


async def accept_offer(
    desk: Desk,
    act: Act,
    offer_id: str,
    *,
    vehicle: str,
    driver: Person,
    crew: int,
    eta_minutes: int,
    reason: str = "",
) -> tuple[Case, Trip]:
    """The specialist confirms, naming vehicle, driver, crew and arrival (R3, R8, R9, R16). Exactly one answer wins."""
    stored = await store.load(act.session, await case_id_of_offer(act.session, offer_id))
    case = stored.case
    offer = decide.pending(case, offer_id, act.now)
    named = await _free_vehicle(desk, act, vehicle, offer.dealer)
    acceptance.check_kind(named, case)
    acceptance.check_tools(desk.rules.faults, named, case)
    acceptance.check_driver(named, driver)
    acceptance.check_crew(crew)
    candidates = await store.load_candidates(act.session, offer_id)
    distance_m = next((one.distance_m for one in candidates if one.dealer == offer.dealer), None)
    acceptance.check_estimate(desk.rules.promise, case, eta_minutes=eta_minutes, distance_m=distance_m, reason=reason)
    events = decide.accept(
        case,
        offer_id=offer_id,
        trip_id=new_id(act.now),
        vehicle=named,
        driver=driver,
        crew=crew,
        promised_at=act.now + timedelta(minutes=eta_minutes),
        now=act.now,
        reason=reason,
    )
    case = await apply(desk, act, stored, events)
    return case, case.trips[-1]


async def decline_offer(desk: Desk, act: Act, offer_id: str, reason: str) -> Case:
    """The specialist refuses; the next nearest is asked by itself (R1)."""
    stored = await store.load(act.session, await case_id_of_offer(act.session, offer_id))
    await apply(desk, act, stored, decide.decline(stored.case, offer_id=offer_id, reason=reason, now=act.now))
    return await _offer_next(desk, act, stored)


async def expire_offer(desk: Desk, act: Act, case_id: str, offer_id: str) -> Case:
    """The deadline passed unanswered; the next nearest is asked by itself (R1)."""
    stored = await store.load(act.session, case_id)
    events = decide.expire(stored.case, offer_id=offer_id, now=act.now)
    if not events:
        return stored.case
    await apply(desk, act, stored, events)
    return await _offer_next(desk, act, stored)


async def withdraw_offer(desk: Desk, act: Act, offer_id: str, reason: str) -> Case:
    """The CAC takes the offer back (K1); what comes next is the dispatcher's choice."""
    stored = await store.load(act.session, await case_id_of_offer(act.session, offer_id))
    return await apply(desk, act, stored, decide.withdraw(stored.case, offer_id=offer_id, reason=reason, now=act.now))


async def change_trip(
    desk: Desk,
    act: Act,
    trip_id: str,
    *,
    reason: str,
    by_cac: bool,
    eta_minutes: int | None = None,
    vehicle: str | None = None,
    driver: Person | None = None,
    outside_cause: bool = False,
) -> Case:
    """Any change after acceptance (R4): arrival, vehicle, driver. The CAC's own word approves a later arrival (K3)."""
    stored = await _load_trip(act, trip_id)
    if eta_minutes is None and vehicle is None and driver is None:
        raise Invalid("nothing to change was given", rule="R4")
    events: list[Event] = []
    trip = decide.active_trip(stored.case, trip_id)
    going = (await desk.roster.get(act.session)).by_plate.get(trip.plate)
    if vehicle is not None and vehicle != trip.plate:
        going = await _free_vehicle(desk, act, vehicle, trip.dealer)
        acceptance.check_changed_kind(going, stored.case)
        acceptance.check_tools(desk.rules.faults, going, stored.case)
        events += decide.change_vehicle(stored.case, trip_id=trip_id, vehicle=going, reason=reason, now=act.now)
    if going:
        acceptance.check_driver(going, driver or trip.driver)
    if driver is not None:
        events += decide.change_driver(stored.case, trip_id=trip_id, driver=driver, reason=reason, now=act.now)
    if eta_minutes is not None:
        acceptance.check_minutes(eta_minutes, rule="R4")
        events += decide.change_promise(
            stored.case,
            trip_id=trip_id,
            promised_at=act.now + timedelta(minutes=eta_minutes),
            reason=reason,
            now=act.now,
            approved=by_cac and outside_cause,
            outside_cause=outside_cause,
        )
    return await apply(desk, act, stored, events)


async def approve_promise_change(desk: Desk, act: Act, trip_id: str, *, outside_cause: bool) -> Case:
    """The CAC approves the newest later arrival (K3)."""
    stored = await _load_trip(act, trip_id)
    return await apply(
        desk,
        act,
        stored,
        decide.approve_promise_change(stored.case, trip_id=trip_id, outside_cause=outside_cause, now=act.now),
    )


async def log_call(desk: Desk, act: Act, trip_id: str, note: str) -> Case:
    """The CAC phoned a driver (R11)."""
    stored = await _load_trip(act, trip_id)
    return await apply(desk, act, stored, decide.log_call(stored.case, trip_id=trip_id, note=note, now=act.now))


async def give_back(desk: Desk, act: Act, trip_id: str, reason: str) -> Case:
    """The dealer gives the case back (R4, K10); the next nearest is asked by itself, for the motorist waits."""
    stored = await _load_trip(act, trip_id)
    await apply(desk, act, stored, decide.give_back(stored.case, trip_id=trip_id, reason=reason, now=act.now))
    return await _offer_next(desk, act, stored)


async def depart(desk: Desk, act: Act, trip_id: str, at: datetime | None = None) -> Case:
    """The driver says that the vehicle has set out."""
    stored = await _load_trip(act, trip_id)
    told_at = _told_at(at, act.now)
    return await apply(desk, act, stored, decide.depart(stored.case, trip_id=trip_id, at=told_at))


async def arrive(desk: Desk, act: Act, trip_id: str, at: datetime | None = None) -> Case:
    """The driver says that the vehicle has arrived."""
    stored = await _load_trip(act, trip_id)
    told_at = _told_at(at, act.now)
    return await apply(desk, act, stored, decide.arrive(stored.case, trip_id=trip_id, at=told_at))


async def save_sheet(
    desk: Desk,
    act: Act,
    trip_id: str,
    content: Mapping[str, Any],
    client_id: str = "",
    at: datetime | None = None,
) -> Case:
    """Fill in the check sheet (R6); after its seal, add to it."""
    stored = await _load_trip(act, trip_id)
    text = checksheet.canonical(content)
    moment = _moment(stored.case, trip_id, at, act.now)
    events = decide.save_sheet(stored.case, trip_id=trip_id, content=text, client_id=client_id, now=moment)
    return await apply(desk, act, stored, events)


async def sign_sheet(
    desk: Desk, act: Act, trip_id: str, *, signer: str, signature_svg: str, at: datetime | None = None
) -> Case:
    """The customer signs, or signed `at` (R6)."""
    stored = await _load_trip(act, trip_id)
    moment = _moment(stored.case, trip_id, at, act.now)
    events = decide.sign_sheet(stored.case, trip_id=trip_id, signer=signer, signature_svg=signature_svg, now=moment)
    return await apply(desk, act, stored, events)


async def refuse_signature(
    desk: Desk, act: Act, trip_id: str, *, reason: str, confirmed_by: str = "", at: datetime | None = None
) -> Case:
    """The customer cannot or will not sign (R6)."""
    stored = await _load_trip(act, trip_id)
    moment = _moment(stored.case, trip_id, at, act.now)
    events = decide.refuse_signature(stored.case, trip_id=trip_id, reason=reason, confirmed_by=confirmed_by, now=moment)
    return await apply(desk, act, stored, events)


async def confirm_unsigned(desk: Desk, act: Act, trip_id: str, *, by: str) -> Case:
    """The CAC confirms that there is no signature (R6)."""
    stored = await _load_trip(act, trip_id)
    return await apply(desk, act, stored, decide.confirm_unsigned(stored.case, trip_id=trip_id, by=by, now=act.now))


async def sign_consent(
    desk: Desk, act: Act, trip_id: str, *, signer: str, signature_svg: str, at: datetime | None = None
) -> Case:
    """The customer's own signature before recovery or a flooded car's tow (R19)."""
    stored = await _load_trip(act, trip_id)
    moment = _moment(stored.case, trip_id, at, act.now)
    events = decide.sign_consent(stored.case, trip_id=trip_id, signer=signer, signature_svg=signature_svg, now=moment)
    return await apply(desk, act, stored, events)


async def report_outcome(
    desk: Desk,
    act: Act,
    trip_id: str,
    *,
    result: Result,
    drivable: bool,
    note: str = "",
    at: datetime | None = None,
) -> Case:
    """What was achieved on site."""
    stored = await _load_trip(act, trip_id)
    moment = _moment(stored.case, trip_id, at, act.now)
    events = decide.report_outcome(
        stored.case, trip_id=trip_id, result=result, drivable=drivable, note=note, now=moment
    )
    trip = decide.active_trip(stored.case, trip_id)
    acceptance.check_result(trip, result)
    acceptance.check_consent(stored.case, trip, result)
    return await apply(desk, act, stored, events)


async def decide_second_dispatch(
    desk: Desk, act: Act, case_id: str, *, approve: bool, needs: VehicleKind, same_dealer: bool
) -> Case:
    """The CAC's word on another vehicle (R5); after a yes the case is open for an offer again."""
    stored = await store.load(act.session, case_id)
    events = decide.decide_second_dispatch(
        stored.case, desk.rules.faults, approve=approve, needs=needs, same_dealer=same_dealer, now=act.now
    )
    return await apply(desk, act, stored, events)


async def complete_trip(
    desk: Desk, act: Act, trip_id: str, *, by_cac: bool, confirmed_by: str = "", at: datetime | None = None
) -> Case:
    """The rescue succeeded, now or `at` (R7)."""
    stored = await _load_trip(act, trip_id)
    moment = act.now if at is None else decide.told_end(stored.case, trip_id=trip_id, at=_told_at(at, act.now))
    events = decide.complete(stored.case, trip_id=trip_id, now=moment, by_cac=by_cac, confirmed_by=confirmed_by)
    return await apply(desk, act, stored, events)


async def complete_from_terminal(desk: Desk, act: Act, terminal: Terminal, seq: int, time: datetime) -> Case:
    """The driver's "complete" on the terminal (R7). Sent again after it was stored, it changes nothing."""
    trip_id = await latest_trip_of(act.session, terminal.plate)
    stored = await _load_trip(act, trip_id)
    trip = decide.trip_of(stored.case, trip_id)
    if stored.case.completed_by and not trip.active:
        return stored.case
    if not trip.accepted_at - CLOCK_TOLERANCE <= time <= act.now + CLOCK_TOLERANCE:
        raise Invalid("the message's time does not fit the trip", rule="R7", field="time")
    events = decide.complete(
        stored.case, trip_id=trip_id, now=act.now, by_cac=False, confirmed_by=f"terminal:{terminal.terminal_id}"
    )
    return await apply(desk, act, stored, events)


async def cancel_case(desk: Desk, act: Act, case_id: str, *, by: CancelledBy, reason: str) -> Case:
    """Called off by the customer or the CAC (K2)."""
    stored = await store.load(act.session, case_id)
    return await apply(desk, act, stored, decide.cancel(stored.case, by=by, reason=reason, now=act.now))


async def fail_case(desk: Desk, act: Act, case_id: str, reason: str) -> Case:
    """Given up without success."""
    stored = await store.load(act.session, case_id)
    return await apply(desk, act, stored, decide.fail(stored.case, reason=reason, now=act.now))


async def solve_by_phone(desk: Desk, act: Act, case_id: str, note: str) -> Case:
    """Advice was enough (R20)."""
    stored = await store.load(act.session, case_id)
    return await apply(desk, act, stored, decide.solve_by_phone(stored.case, note=note, now=act.now))


async def answer_survey(desk: Desk, act: Act, case_id: str, *, satisfaction: int, comment: str = "") -> Case:
    """The owner's answer (K11); then the case closes."""
    stored = await store.load(act.session, case_id)
    events = decide.answer_survey(stored.case, satisfaction=satisfaction, comment=comment, now=act.now)
    return await apply(desk, act, stored, events)


async def close_case(desk: Desk, act: Act, case_id: str, reason: str) -> Case:
    """Close a completed case whose owner was not asked or not reached."""
    stored = await store.load(act.session, case_id)
    return await apply(desk, act, stored, decide.close(stored.case, reason=reason, now=act.now))


async def apply(desk: Desk, act: Act, stored: Stored, events: Sequence[Event], *, actor: str | None = None) -> Case:
    """Let decided events happen to a loaded case, and keep all that follows; no events change nothing."""
    before = stored.case
    if events:
        store.happen(stored, events, actor=actor or act.actor, at=act.now)
        await _keep(desk, act, stored, before, events)
    return stored.case


async def _keep(desk: Desk, act: Act, stored: Stored, before: Case | None, events: Sequence[Event]) -> None:
    case = stored.case
    await store.save(act.session, stored, before=before)
    due = deadlines_of(case.id, events, auto_close_s=desk.rules.auto_close_s)
    await store.save_deadlines(act.session, case.id, due)
    await follow(desk, act, before, case)
    act.log.extend((case.id, actor, entry) for actor, entry in stored.logged)
    stored.logged.clear()


async def _offer_next(desk: Desk, act: Act, stored: Stored) -> Case:
    """R1: after a refusal or timeout the next nearest is asked; when nobody is left, a dispatcher must act."""
    case = stored.case
    candidates = await current_candidates(desk, act.session, case, act.now)
    nearest = next((candidate for candidate in candidates if candidate.eligible), None)
    if nearest is None:
        events: Sequence[Event] = decide.exhausted(case, now=act.now)
    else:
        events = await _offer_events(desk, act, case, nearest, candidates, automatic=True)
    return await apply(desk, act, stored, events, actor=SYSTEM)


async def _offer_events(
    desk: Desk,
    act: Act,
    case: Case,
    chosen: Candidate,
    candidates: Sequence[Candidate],
    *,
    automatic: bool = False,
    override_reason: str = "",
) -> Sequence[Event]:
    offer_id = new_id(act.now)
    await store.save_candidates(act.session, case.id, offer_id, candidates)
    return decide.offer(
        case,
        offer_id=offer_id,
        dealer=chosen.dealer,
        candidate=chosen,
        now=act.now,
        expires_at=decide.expiry(act.now, desk.rules.offer_timeout_s),
        automatic=automatic,
        override_reason=override_reason,
    )


async def _free_vehicle(desk: Desk, act: Act, plate: str, dealer: str) -> Vehicle:
    roster = await desk.roster.get(act.session)
    busy = plate in await busy_plates(act.session)
    return acceptance.check_vehicle(roster.by_plate.get(plate), dealer=dealer, busy=busy)


async def _load_trip(act: Act, trip_id: str) -> Stored:
    return await store.load(act.session, await case_id_of_trip(act.session, trip_id))


def _moment(case: Case, trip_id: str, at: datetime | None, now: datetime) -> datetime:
    return now if at is None else decide.told(case, trip_id=trip_id, at=_told_at(at, now))


def _told_at(at: datetime | None, now: datetime) -> datetime:
    if at is None:
        return now
    if at > now + CLOCK_TOLERANCE:
        raise Invalid("that lies in the future", field="at")
    return min(at, now)
