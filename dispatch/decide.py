"""The rules of a case: `(case, input, now) → events`, or an error that changes nothing. No I/O, no clock.

Facts that only live dispatching knows (vehicle, crew, consent) are judged in dispatch.acceptance; what stands here
judges live cases and imported past cases alike.
"""

from datetime import datetime, timedelta

from core.errors import (
    Conflict,
    IllegalTransition,
    Invalid,
    NotFound,
    NotPermitted,
    OfferNotPending,
    SecondDispatchNotConfirmed,
    UnsignedCheckSheet,
)
from dispatch import checksheet, lifecycle
from dispatch import events as e
from dispatch.events import Event
from dispatch.faults import FaultTable, tools_for
from dispatch.lifecycle import Step
from dispatch.vocabulary import (
    CancelledBy,
    Candidate,
    Case,
    CaseStatus,
    Offer,
    OfferStatus,
    Person,
    Result,
    Source,
    Trip,
    TripStatus,
)
from tracking.vocabulary import Crossing, Vehicle, VehicleKind

CLOCK_TOLERANCE = timedelta(minutes=2)
"""A phone's or a terminal's clock may be this far off."""

Events = tuple[Event, ...]


def offer(
    case: Case,
    *,
    offer_id: str,
    dealer: str,
    now: datetime,
    expires_at: datetime,
    candidate: Candidate | None = None,
    automatic: bool = False,
    override_reason: str = "",
) -> Events:
    """Offer the case to `dealer`, as chosen by dispatch.proximity (R1). One offer at a time."""
    lifecycle.check(case.status, Step.OFFER)
    return (
        e.OfferMade(
            offer_id=offer_id,
            dealer=dealer,
            at=now,
            expires_at=expires_at,
            rank=candidate.rank if candidate else None,
            distance_m=candidate.distance_m if candidate else None,
            automatic=automatic,
            own_case=dealer == case.own_dealer,
            override_reason=override_reason,
        ),
    )


def exhausted(case: Case, *, now: datetime) -> Events:
    """Nobody is left to offer to: a dispatcher must act."""
    lifecycle.check(case.status, Step.EXHAUST)
    return (e.CaseUnassigned(at=now),)


def accept(
    case: Case,
    *,
    offer_id: str,
    trip_id: str,
    vehicle: Vehicle,
    driver: Person,
    crew: int | None,
    promised_at: datetime,
    now: datetime,
    reason: str = "",
) -> Events:
    """The specialist confirms (R3). Exactly one answer wins: an offer that is not pending any more is refused."""
    found = pending(case, offer_id, now)
    if promised_at < now:
        raise Invalid("the promised arrival lies before the acceptance", rule="R3", field="promised_at")
    return (
        e.OfferAccepted(
            offer_id=offer_id,
            trip_id=trip_id,
            dealer=found.dealer,
            at=now,
            plate=vehicle.plate,
            vehicle_kind=vehicle.kind,
            tracked=vehicle.tracked,
            driver=driver,
            crew=crew,
            promised_at=promised_at,
            reason=reason,
        ),
    )


def decline(case: Case, *, offer_id: str, reason: str, now: datetime) -> Events:
    """The specialist refuses, with a reason (R1)."""
    found = pending(case, offer_id, now)
    return (e.OfferDeclined(offer_id=offer_id, dealer=found.dealer, at=now, reason=_reason(reason, "R1")),)


def expire(case: Case, *, offer_id: str, now: datetime) -> Events:
    """The deadline passed; nothing happens to an offer that was answered before."""
    found = _offer(case, offer_id)
    if found.status is not OfferStatus.PENDING:
        return ()
    return (e.OfferExpired(offer_id=offer_id, dealer=found.dealer, at=now),)


def withdraw(case: Case, *, offer_id: str, reason: str, now: datetime) -> Events:
    """The CAC takes the offer back before the dealer answered (K1)."""
    found = pending(case, offer_id, now)
    return (e.OfferWithdrawn(offer_id=offer_id, dealer=found.dealer, at=now, reason=_reason(reason, "K1")),)


def change_promise(
    case: Case, *, trip_id: str, promised_at: datetime, reason: str, now: datetime, approved: bool, outside_cause: bool
) -> Events:
    """Another arrival time (R4). Whether it counts is K3's business; the first promise always stays on record."""
    trip = active_trip(case, trip_id)
    if trip.arrived_at is not None:
        raise IllegalTransition("the vehicle has arrived; its promise cannot change", rule="R4")
    return (
        e.PromiseChanged(
            trip_id=trip_id,
            dealer=trip.dealer,
            at=now,
            before=trip.promised_at,
            promised_at=promised_at,
            reason=_reason(reason, "R4"),
            approved=approved,
            outside_cause=outside_cause,
        ),
    )


def approve_promise_change(case: Case, *, trip_id: str, outside_cause: bool, now: datetime) -> Events:
    """The CAC approves the newest change of this trip's dealer (K3)."""
    trip = trip_of(case, trip_id)
    changes = [change for change in case.promise_changes if change.dealer == trip.dealer]
    if not changes:
        raise IllegalTransition("no change of the promise was told", rule="K3")
    if changes[-1].approved:
        raise Conflict("the newest change is already approved", rule="K3")
    return (e.PromiseChangeApproved(trip_id=trip_id, dealer=trip.dealer, at=now, outside_cause=outside_cause),)


def change_vehicle(case: Case, *, trip_id: str, vehicle: Vehicle, reason: str, now: datetime) -> Events:
    """Another vehicle goes instead (R4)."""
    trip = active_trip(case, trip_id)
    lifecycle.check(case.status, Step.CHANGE)
    if trip.plate == vehicle.plate:
        return ()
    if trip.arrived_at is not None:
        raise SecondDispatchNotConfirmed("a vehicle is on scene: another is a second dispatch", rule="R5")
    return (
        e.TripChanged(
            trip_id=trip_id,
            at=now,
            field="vehicle",
            before=trip.plate,
            after=vehicle.plate,
            reason=_reason(reason, "R4"),
            plate=vehicle.plate,
            vehicle_kind=vehicle.kind,
            tracked=vehicle.tracked,
        ),
    )


def change_driver(case: Case, *, trip_id: str, driver: Person, reason: str, now: datetime) -> Events:
    """Another driver goes instead (R4)."""
    trip = active_trip(case, trip_id)
    lifecycle.check(case.status, Step.CHANGE)
    if trip.driver == driver:
        return ()
    return (
        e.TripChanged(
            trip_id=trip_id,
            at=now,
            field="driver",
            before=trip.driver.name,
            after=driver.name,
            reason=_reason(reason, "R4"),
            driver=driver,
        ),
    )


def give_back(case: Case, *, trip_id: str, reason: str, now: datetime) -> Events:
    """The dealer gives the case back after all (R4); it counts as not completed (K10)."""
    trip = active_trip(case, trip_id)
    lifecycle.check(case.status, Step.GIVE_BACK)
    return (
        e.TripGivenBack(
            trip_id=trip_id, offer_id=trip.offer_id, dealer=trip.dealer, at=now, reason=_reason(reason, "R4")
        ),
    )


def log_call(case: Case, *, trip_id: str, note: str, now: datetime) -> Events:
    """The CAC phoned the driver (R11)."""
    active_trip(case, trip_id)
    return (e.MonitoringCalled(trip_id=trip_id, at=now, note=note),)


def depart(case: Case, *, trip_id: str, at: datetime) -> Events:
    """The driver says that the vehicle has set out. Where the fixes said so before, the word is kept beside.

    A word that comes after the arrival, from a phone that was offline, must lie before it.
    """
    trip = active_trip(case, trip_id)
    at = _not_before(trip.accepted_at, at)
    if trip.arrived_at is not None and at > trip.arrived_at:
        raise IllegalTransition("the vehicle has arrived")
    if (trip.departed_at or trip.arrived_at) is not None and trip.reported_departed_at is None:
        return (e.DepartureReported(trip_id=trip_id, at=at),)
    return (e.VehicleDeparted(trip_id=trip_id, at=at, source=Source.REPORTED),)


def arrive(case: Case, *, trip_id: str, at: datetime) -> Events:
    """The driver says that the vehicle has arrived. Where the fixes said so before, the word is kept beside."""
    trip = active_trip(case, trip_id)
    at = _not_before(max(trip.accepted_at, trip.reported_departed_at or trip.accepted_at), at)
    if trip.arrived_at is not None and trip.reported_arrived_at is None:
        return (e.ArrivalReported(trip_id=trip_id, at=at),)
    return (e.VehicleArrived(trip_id=trip_id, at=at, source=Source.REPORTED),)


def cross(case: Case, crossing: Crossing) -> Events:
    """What the fixes say of a trip's way (K3): measured times win, and a late upload amends the record visibly."""
    trip = trip_of(case, crossing.trip_id)
    events: list[Event] = []
    if crossing.departed_at and trip.status is TripStatus.ACCEPTED:
        events.append(e.VehicleDeparted(trip_id=trip.id, at=crossing.departed_at, source=Source.GPS))
    arrived = crossing.arrived_at
    if arrived and trip.arrived_at is None and trip.ended_at is not None and arrived > trip.ended_at:
        return tuple(events)  # it came by after its trip was over
    if arrived and trip.status in {TripStatus.ACCEPTED, TripStatus.EN_ROUTE}:
        events.append(e.VehicleArrived(trip_id=trip.id, at=arrived, source=Source.GPS))
    elif arrived and (arrived != trip.arrived_at or trip.arrival_source is not Source.GPS):
        events.append(e.ArrivalAmended(trip_id=trip.id, before=trip.arrived_at, after=arrived, source=Source.GPS))
    elif arrived is None and trip.arrival_source is Source.GPS:
        events.append(
            e.ArrivalAmended(
                trip_id=trip.id, before=trip.arrived_at, after=trip.reported_arrived_at, source=Source.REPORTED
            )
        )
    return tuple(events)


def told(case: Case, *, trip_id: str, at: datetime) -> datetime:
    """When something of a trip happened, as a phone that was offline tells it: not before the acceptance."""
    return _not_before(trip_of(case, trip_id).accepted_at, at)


def told_end(case: Case, *, trip_id: str, at: datetime) -> datetime:
    """The same for the end of the work. No trip ends before its vehicle arrives, whatever the phone's clock says."""
    at = told(case, trip_id=trip_id, at=at)
    return max(at, trip_of(case, trip_id).arrived_at or at)


def miss_promise(case: Case, *, trip_id: str, now: datetime) -> Events:
    """The promise passed (K8) without an arrival; a trip that arrived, ended or was put off has missed nothing."""
    trip = trip_of(case, trip_id)
    if not trip.active or trip.arrived_at is not None or trip.promise_missed or now <= trip.promised_at:
        return ()
    return (e.PromiseMissed(trip_id=trip_id, promised_at=trip.promised_at),)


def sign_consent(case: Case, *, trip_id: str, signer: str, signature_svg: str, now: datetime) -> Events:
    """The customer's own signature before recovery or the tow of a flooded car (R19)."""
    active_trip(case, trip_id)
    lifecycle.check(case.status, Step.SHEET)
    checksheet.check_signature(signer, signature_svg)
    return (e.ConsentSigned(trip_id=trip_id, at=now, signer=signer, signature_svg=signature_svg),)


def save_sheet(case: Case, *, trip_id: str, content: str, client_id: str, now: datetime) -> Events:
    """Fill in the sheet (R6), given in canonical form. After the seal, new content becomes an addendum."""
    trip = trip_of(case, trip_id)
    sheet = trip.sheet
    if sheet and sheet.signed_at:
        lifecycle.check(case.status, Step.ADD)
        if content == sheet.content or content in sheet.addenda:
            return ()
        return (e.CheckSheetAddendum(trip_id=trip_id, at=now, content=content),)
    active_trip(case, trip_id)
    lifecycle.check(case.status, Step.SHEET)
    if sheet and content == sheet.content:
        return ()
    return (e.CheckSheetSaved(trip_id=trip_id, at=now, content=content, client_id=client_id),)


def sign_sheet(case: Case, *, trip_id: str, signer: str, signature_svg: str, now: datetime) -> Events:
    """The customer signs; the sheet is sealed (R6)."""
    trip = active_trip(case, trip_id)
    lifecycle.check(case.status, Step.SHEET)
    checksheet.check_signature(signer, signature_svg)
    if trip.sheet is None:
        raise IllegalTransition("there is no check sheet to sign yet", rule="R6")
    if trip.sheet.signed_at:
        raise Conflict("the check sheet is already signed", rule="R6")
    sha256 = checksheet.seal(
        trip.sheet.content, trip_id=trip_id, signer=signer, signature_svg=signature_svg, signed_at=now.isoformat()
    )
    return (e.CheckSheetSigned(trip_id=trip_id, at=now, signer=signer, signature_svg=signature_svg, sha256=sha256),)


def refuse_signature(case: Case, *, trip_id: str, reason: str, confirmed_by: str, now: datetime) -> Events:
    """The customer cannot or will not sign (R6); `confirmed_by` is the CAC's person, empty while unconfirmed."""
    trip = active_trip(case, trip_id)
    lifecycle.check(case.status, Step.SHEET)
    if trip.sheet and trip.sheet.signed_at:
        raise Conflict("the check sheet is already signed", rule="R6")
    refused: Events = (e.SignatureRefused(trip_id=trip_id, at=now, reason=_reason(reason, "R6")),)
    return (*refused, e.UnsignedConfirmed(trip_id=trip_id, at=now, by=confirmed_by)) if confirmed_by else refused


def confirm_unsigned(case: Case, *, trip_id: str, by: str, now: datetime) -> Events:
    """The CAC confirms that there is no signature (R6)."""
    trip = active_trip(case, trip_id)
    if not trip.unsigned_reason:
        raise IllegalTransition("no refusal to sign is on record", rule="R6")
    if trip.unsigned_confirmed_by:
        raise Conflict("the refusal is already confirmed", rule="R6")
    return (e.UnsignedConfirmed(trip_id=trip_id, at=now, by=by),)


def report_outcome(case: Case, *, trip_id: str, result: Result, drivable: bool, note: str, now: datetime) -> Events:
    """What was achieved on site; `unresolved` waits for the CAC (R5)."""
    active_trip(case, trip_id)
    event = e.OutcomeReported(trip_id=trip_id, at=now, result=result, drivable=drivable, note=note)
    lifecycle.check(case.status, lifecycle.step_of(event))
    return (event,)


def decide_second_dispatch(
    case: Case, faults: FaultTable, *, approve: bool, needs: VehicleKind, same_dealer: bool, now: datetime
) -> Events:
    """Only after the CAC's word may another vehicle go (R5)."""
    lifecycle.check(case.status, Step.APPROVE_SECOND)
    trip = case.trips[-1]  # the one that left it unresolved
    return (
        e.SecondDispatchDecided(
            trip_id=trip.id,
            at=now,
            approved=approve,
            needs=needs,
            tools=tools_for(faults, case, needs),
            dealer=trip.dealer if same_dealer else "",
        ),
    )


def complete(case: Case, *, trip_id: str, now: datetime, by_cac: bool, confirmed_by: str = "") -> Events:
    """The rescue succeeded (R7): a tow's completion is the CAC's to confirm, and nothing completes unsigned (R6)."""
    trip = active_trip(case, trip_id)
    lifecycle.check(case.status, Step.COMPLETE)
    if trip.result is Result.UNRESOLVED:
        raise SecondDispatchNotConfirmed("the vehicle did not solve it", rule="R5")
    if trip.kind is VehicleKind.TOW and not by_cac:
        raise NotPermitted("a tow's completion is phoned to the CAC, who confirms it", rule="R7")
    events: list[Event] = []
    if not (trip.sheet and trip.sheet.signed_at) and not trip.unsigned_confirmed_by:
        if not (trip.unsigned_reason and by_cac):
            raise UnsignedCheckSheet(
                "no signature, no completion: have the sheet signed, or say why it is not", rule="R6"
            )
        events.append(e.UnsignedConfirmed(trip_id=trip_id, at=now, by=confirmed_by or "CAC"))
    if trip.result is None:
        raise IllegalTransition("the outcome has not been reported", rule="R7")
    events.append(e.CaseCompleted(trip_id=trip_id, dealer=trip.dealer, at=now, confirmed_by=confirmed_by))
    return tuple(events)


def solve_by_phone(case: Case, *, note: str, now: datetime) -> Events:
    """Advice was enough (R20): only a case that was never offered ends this way, and it touches no KPI."""
    if case.offers:
        raise IllegalTransition("the case was already offered to a dealer", rule="R20")
    lifecycle.check(case.status, Step.SOLVE_BY_PHONE)
    return (e.SolvedByPhone(at=now, note=note),)


def cancel(case: Case, *, by: CancelledBy, reason: str, now: datetime) -> Events:
    """Called off by the customer or the CAC (K2); an offer still pending is withdrawn with it (K1)."""
    lifecycle.check(case.status, Step.CANCEL)
    cancelled = e.CaseCancelled(at=now, by=by, reason=_reason(reason, "K2"))
    waiting = case.pending_offer
    if waiting is None:
        return (cancelled,)
    return (e.OfferWithdrawn(offer_id=waiting.id, dealer=waiting.dealer, at=now, reason=reason), cancelled)


def fail(case: Case, *, reason: str, now: datetime) -> Events:
    """The rescue is given up without success."""
    lifecycle.check(case.status, Step.FAIL)
    return (e.CaseFailed(at=now, reason=_reason(reason, "")),)


def answer_survey(case: Case, *, satisfaction: int, comment: str, now: datetime) -> Events:
    """The owner's answer, 0 to 100 (K11), about the dealer that completed the case (K10); then the case closes."""
    if not 0 <= satisfaction <= 100:
        raise Invalid("satisfaction is a percentage from 0 to 100", rule="K11", field="satisfaction")
    lifecycle.check(case.status, Step.SURVEY)
    if not case.completed_by:
        raise IllegalTransition("no dealer completed this case", rule="K10")
    if case.satisfaction is not None:
        raise Conflict("the owner has already answered", rule="K11")
    answered = e.SurveyAnswered(at=now, satisfaction=satisfaction, comment=comment)
    if case.status is CaseStatus.CLOSED:
        return (answered,)
    return (answered, e.CaseClosed(at=now, reason="surveyed"))


def close(case: Case, *, reason: str, now: datetime) -> Events:
    """Nothing is left to do."""
    lifecycle.check(case.status, Step.CLOSE)
    return (e.CaseClosed(at=now, reason=reason),)


def trip_of(case: Case, trip_id: str) -> Trip:
    """The case's trip of that id. Raises `NotFound`."""
    found = next((trip for trip in case.trips if trip.id == trip_id), None)
    if found is None:
        raise NotFound("no such trip in this case")
    return found


def active_trip(case: Case, trip_id: str) -> Trip:
    """The trip, if it is the one under way. Raises `IllegalTransition` when it is over."""
    trip = trip_of(case, trip_id)
    if not trip.active:
        raise IllegalTransition(f"the trip is {trip.status}")
    return trip


def pending(case: Case, offer_id: str, now: datetime) -> Offer:
    """The offer, if it still waits for its answer. Raises `OfferNotPending`, also when it is past its time."""
    found = _offer(case, offer_id)
    if found.status is not OfferStatus.PENDING:
        raise OfferNotPending(f"the offer is {found.status}", rule="R1")
    if now > found.expires_at:
        raise OfferNotPending("the offer has expired", rule="R1")
    return found


def expiry(now: datetime, offer_timeout_s: float) -> datetime:
    """When an offer made now expires; answered up to and including that moment, it is in time."""
    return now + timedelta(seconds=offer_timeout_s)


def _offer(case: Case, offer_id: str) -> Offer:
    found = next((offer for offer in case.offers if offer.id == offer_id), None)
    if found is None:
        raise NotFound("no such offer in this case")
    return found


def _reason(reason: str, rule: str) -> str:
    if not reason.strip():
        raise Invalid("a reason is required", rule=rule, field="reason")
    return reason.strip()


def _not_before(earliest: datetime, at: datetime) -> datetime:
    """A clock that is a little behind, or tells whole seconds only, is put right; one that is far off is refused."""
    if at < earliest - CLOCK_TOLERANCE:
        raise Invalid("that lies before the acceptance or the departure", field="at")
    return max(at, earliest)
