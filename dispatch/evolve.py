"""From events to the case: a pure fold. The log replayed from empty gives the stored state, or the log is wrong."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from dispatch import events as e
from dispatch import lifecycle
from dispatch.events import Event
from dispatch.vocabulary import (
    Case,
    CaseStatus,
    CheckSheet,
    Offer,
    OfferStatus,
    PromiseChange,
    Result,
    Source,
    Trip,
    TripStatus,
)


def fold(case_id: str, events: Iterable[Event]) -> Case:
    """The case that these events, in order, make. The first must be `CaseOpened`."""
    case: Case | None = None
    for event in events:
        case = evolve(case, event, case_id)
    if case is None:
        raise ValueError("a case begins with an event")
    return case


def evolve(case: Case | None, event: Event, case_id: str) -> Case:
    """The case after one more event. Raises `IllegalTransition` for an event the life cycle does not allow."""
    if isinstance(event, e.CaseOpened):
        return _opened(event, case_id)
    if case is None:
        raise ValueError("a case begins with CaseOpened")
    status = lifecycle.after(case.status, event)
    change = _CHANGES.get(type(event))
    return replace(change(case, event) if change else case, status=status)


def _opened(event: e.CaseOpened, case_id: str) -> Case:
    return Case(
        id=case_id,
        number=event.number,
        channel=event.channel,
        status=CaseStatus.OPEN,
        opened_at=event.at,
        caller=event.caller,
        car=event.car,
        place=event.place,
        city_code=event.city_code,
        county=event.county,
        doubts=event.doubts,
        scope=event.scope,
        fault=event.fault,
        needs=event.needs,
        tools=event.tools,
        consent_needed=event.consent_needed,
        note=event.note,
        priority=event.priority,
        own_dealer=event.own_dealer,
    )


def _offer_made(case: Case, event: e.OfferMade) -> Case:
    offer = Offer(
        id=event.offer_id,
        dealer=event.dealer,
        status=OfferStatus.PENDING,
        at=event.at,
        expires_at=event.expires_at,
        rank=event.rank,
        automatic=event.automatic,
        own_case=event.own_case,
        override_reason=event.override_reason,
    )
    return replace(case, offers=(*case.offers, offer))


def _offer_accepted(case: Case, event: e.OfferAccepted) -> Case:
    trip = Trip(
        id=event.trip_id,
        offer_id=event.offer_id,
        dealer=event.dealer,
        plate=event.plate,
        kind=event.vehicle_kind,
        tracked=event.tracked,
        driver=event.driver,
        crew=event.crew,
        status=TripStatus.ACCEPTED,
        accepted_at=event.at,
        promised_at=event.promised_at,
    )
    case = _with_offer(
        case,
        event.offer_id,
        status=OfferStatus.ACCEPTED,
        answered_at=event.at,
        promised_at=event.promised_at,
        reason=event.reason,
    )
    return replace(case, trips=(*case.trips, trip))


def _offer_declined(case: Case, event: e.OfferDeclined) -> Case:
    return _with_offer(case, event.offer_id, status=OfferStatus.DECLINED, answered_at=event.at, reason=event.reason)


def _offer_expired(case: Case, event: e.OfferExpired) -> Case:
    return _with_offer(case, event.offer_id, status=OfferStatus.EXPIRED, answered_at=event.at)


def _offer_withdrawn(case: Case, event: e.OfferWithdrawn) -> Case:
    return _with_offer(case, event.offer_id, status=OfferStatus.WITHDRAWN, answered_at=event.at, reason=event.reason)


def _amended(case: Case, event: e.PlaceAmended) -> Case:
    return replace(
        case,
        place=event.place,
        city_code=event.city_code,
        county=event.county,
        doubts=event.doubts,
        scope=event.scope,
    )


def _departed(case: Case, event: e.VehicleDeparted) -> Case:
    reported = event.at if event.source is Source.REPORTED else None
    return _with_trip(
        case, event.trip_id, status=TripStatus.EN_ROUTE, departed_at=event.at, reported_departed_at=reported
    )


def _arrived(case: Case, event: e.VehicleArrived) -> Case:
    reported = event.at if event.source is Source.REPORTED else None
    return _with_trip(
        case,
        event.trip_id,
        status=TripStatus.ON_SCENE,
        arrived_at=event.at,
        arrival_source=event.source,
        reported_arrived_at=reported,
    )


def _departure_reported(case: Case, event: e.DepartureReported) -> Case:
    return _with_trip(case, event.trip_id, reported_departed_at=event.at)


def _arrival_reported(case: Case, event: e.ArrivalReported) -> Case:
    return _with_trip(case, event.trip_id, reported_arrived_at=event.at)


def _arrival_amended(case: Case, event: e.ArrivalAmended) -> Case:
    source = event.source if event.after else None
    return _with_trip(case, event.trip_id, arrived_at=event.after, arrival_source=source)


def _trip_changed(case: Case, event: e.TripChanged) -> Case:
    facts: dict[str, Any] = {
        "plate": event.plate,
        "kind": event.vehicle_kind,
        "tracked": event.tracked,
        "driver": event.driver,
    }
    return _with_trip(case, event.trip_id, **{name: fact for name, fact in facts.items() if fact is not None})


def _promise_changed(case: Case, event: e.PromiseChanged) -> Case:
    change = PromiseChange(
        dealer=event.dealer,
        at=event.at,
        promised_at=event.promised_at,
        approved=event.approved,
        outside_cause=event.outside_cause,
        reason=event.reason,
    )
    case = _with_trip(case, event.trip_id, promised_at=event.promised_at, promise_missed=False)
    return replace(case, promise_changes=(*case.promise_changes, change))


def _promise_change_approved(case: Case, event: e.PromiseChangeApproved) -> Case:
    changes = list(case.promise_changes)
    newest = max(index for index, change in enumerate(changes) if change.dealer == event.dealer)
    changes[newest] = replace(changes[newest], approved=True, outside_cause=event.outside_cause)
    return replace(case, promise_changes=tuple(changes))


def _promise_missed(case: Case, event: e.PromiseMissed) -> Case:
    return _with_trip(case, event.trip_id, promise_missed=True)


def _called(case: Case, event: e.MonitoringCalled) -> Case:
    before = next(trip.called_at for trip in case.trips if trip.id == event.trip_id)
    return _with_trip(case, event.trip_id, called_at=(*before, event.at))


def _given_back(case: Case, event: e.TripGivenBack) -> Case:
    case = _with_trip(case, event.trip_id, status=TripStatus.ABANDONED, ended_at=event.at)
    return _with_offer(case, event.offer_id, given_up_at=event.at, reason=event.reason)


def _consent_signed(case: Case, event: e.ConsentSigned) -> Case:
    return _with_trip(case, event.trip_id, consent_by=event.signer)


def _sheet_saved(case: Case, event: e.CheckSheetSaved) -> Case:
    sheet = CheckSheet(content=event.content, saved_at=event.at, client_id=event.client_id)
    return _with_trip(case, event.trip_id, sheet=sheet)


def _sheet_signed(case: Case, event: e.CheckSheetSigned) -> Case:
    return _with_sheet(
        case,
        event.trip_id,
        signer=event.signer,
        signature_svg=event.signature_svg,
        signed_at=event.at,
        sha256=event.sha256,
    )


def _addendum(case: Case, event: e.CheckSheetAddendum) -> Case:
    addenda = next(trip.sheet.addenda for trip in case.trips if trip.id == event.trip_id and trip.sheet)
    return _with_sheet(case, event.trip_id, addenda=(*addenda, event.content))


def _signature_refused(case: Case, event: e.SignatureRefused) -> Case:
    return _with_trip(case, event.trip_id, unsigned_reason=event.reason, unsigned_confirmed_by="")


def _unsigned_confirmed(case: Case, event: e.UnsignedConfirmed) -> Case:
    return _with_trip(case, event.trip_id, unsigned_confirmed_by=event.by)


def _outcome(case: Case, event: e.OutcomeReported) -> Case:
    case = _with_trip(case, event.trip_id, result=event.result, drivable=event.drivable)
    return _with_trip(case, event.trip_id, status=TripStatus.TOWING) if event.result is Result.TOWED else case


def _second_dispatch(case: Case, event: e.SecondDispatchDecided) -> Case:
    if not event.approved:
        return case
    case = _with_trip(case, event.trip_id, status=TripStatus.DONE, ended_at=event.at)
    return replace(case, needs=event.needs, tools=event.tools, required_dealer=event.dealer)


def _completed(case: Case, event: e.CaseCompleted) -> Case:
    case = _with_trip(case, event.trip_id, status=TripStatus.DONE, ended_at=event.at)
    return replace(case, completed_by=event.dealer, ended_at=event.at)


def _solved_by_phone(case: Case, event: e.SolvedByPhone) -> Case:
    return replace(case, ended_at=event.at, end_reason=event.note)


def _cancelled(case: Case, event: e.CaseCancelled) -> Case:
    case = _abandon(case, event)
    return replace(case, ended_at=event.at, cancelled_by=event.by, end_reason=event.reason)


def _failed(case: Case, event: e.CaseFailed) -> Case:
    return replace(_abandon(case, event), ended_at=event.at, end_reason=event.reason)


def _abandon(case: Case, event: e.CaseCancelled | e.CaseFailed) -> Case:
    trip = case.active_trip
    return _with_trip(case, trip.id, status=TripStatus.ABANDONED, ended_at=event.at) if trip else case


def _surveyed(case: Case, event: e.SurveyAnswered) -> Case:
    return replace(case, satisfaction=event.satisfaction, survey_comment=event.comment, surveyed_at=event.at)


def _with_offer(case: Case, offer_id: str, **facts: Any) -> Case:
    offers = tuple(replace(offer, **facts) if offer.id == offer_id else offer for offer in case.offers)
    return replace(case, offers=offers)


def _with_trip(case: Case, trip_id: str, **facts: Any) -> Case:
    trips = tuple(replace(trip, **facts) if trip.id == trip_id else trip for trip in case.trips)
    return replace(case, trips=trips)


def _with_sheet(case: Case, trip_id: str, **facts: Any) -> Case:
    sheet = next(trip.sheet for trip in case.trips if trip.id == trip_id and trip.sheet)
    return _with_trip(case, trip_id, sheet=replace(sheet, **facts))


_CHANGES: dict[type[Event], Callable[[Case, Any], Case]] = {
    e.OfferMade: _offer_made,
    e.OfferAccepted: _offer_accepted,
    e.OfferDeclined: _offer_declined,
    e.OfferExpired: _offer_expired,
    e.OfferWithdrawn: _offer_withdrawn,
    e.PlaceAmended: _amended,
    e.VehicleDeparted: _departed,
    e.VehicleArrived: _arrived,
    e.DepartureReported: _departure_reported,
    e.ArrivalReported: _arrival_reported,
    e.ArrivalAmended: _arrival_amended,
    e.TripChanged: _trip_changed,
    e.PromiseChanged: _promise_changed,
    e.PromiseChangeApproved: _promise_change_approved,
    e.PromiseMissed: _promise_missed,
    e.MonitoringCalled: _called,
    e.TripGivenBack: _given_back,
    e.ConsentSigned: _consent_signed,
    e.CheckSheetSaved: _sheet_saved,
    e.CheckSheetSigned: _sheet_signed,
    e.CheckSheetAddendum: _addendum,
    e.SignatureRefused: _signature_refused,
    e.UnsignedConfirmed: _unsigned_confirmed,
    e.OutcomeReported: _outcome,
    e.SecondDispatchDecided: _second_dispatch,
    e.CaseCompleted: _completed,
    e.SolvedByPhone: _solved_by_phone,
    e.CaseCancelled: _cancelled,
    e.CaseFailed: _failed,
    e.SurveyAnswered: _surveyed,
}
"""What each event changes beside the status; an event that is not here only stands in the timeline."""
