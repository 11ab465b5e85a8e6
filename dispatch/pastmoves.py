"""What happened in a past case, as moves that dispatch.decide is asked to allow. Pure."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from core.errors import IllegalTransition, Invalid, SecondDispatchNotConfirmed
from dispatch import checksheet, decide
from dispatch.events import CheckSheetSigned, Event, OfferMade
from dispatch.evolve import evolve
from dispatch.faults import FaultTable
from dispatch.pastcases import Answer, EndStatus, PastCase, PastPromiseChange
from dispatch.paststory import Asked, Sent, story
from dispatch.vocabulary import Case, CaseStatus, Person, Result
from tracking.vocabulary import Crossing, Vehicle, VehicleKind

NOT_RECORDED = "not recorded"
"""The reason of whatever a past case gives no reason for."""
CAC = "cac"
"""Who must have confirmed that there is no signature (R6)."""

Events = tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One thing that happened, and the rule and field to name when the rules do not allow it."""

    at: datetime
    rule: str
    field: str
    decide: Callable[[Case], Events]


def moves(past: PastCase, faults: FaultTable) -> Iterator[Move]:
    """All that happened after the call; in the order of cause, which is not always that of time."""
    for asked in story(past):
        yield from _asking(faults, past.number, asked)
    yield from _ending(past)


def _asking(faults: FaultTable, number: str, asked: Asked) -> Iterator[Move]:
    offer, field = asked.offer, asked.field
    offer_id, first_id = _id(number, field), _id(number, asked.sent[0].field if asked.sent else f"{field}.trip")
    kind = asked.sent[0].trip.kind if asked.sent else None
    yield Move(at=offer.at, rule="R5", field=field, decide=_confirm(faults, offer.dealer, kind, offer.at))
    yield Move(at=offer.at, rule="R1", field=field, decide=_offer(offer_id, offer.dealer, offer.at, asked.answered_at))
    yield Move(at=asked.answered_at, rule="R1", field=field, decide=_answer(asked, offer_id, first_id))
    for change_field, change in asked.changes:
        yield Move(at=change.at, rule="R4", field=change_field, decide=_change(change))
    for sent in asked.sent:
        if sent is not asked.sent[0]:
            yield Move(at=sent.starts_at, rule="R5", field=sent.field, decide=_send_again(faults, number, sent))
        yield from _trip(_id(number, sent.field), sent)
    if offer.given_up_at:
        yield Move(at=offer.given_up_at, rule="K10", field=field, decide=_give_back(offer.dealer, offer.given_up_at))


def _confirm(faults: FaultTable, dealer: str, kind: VehicleKind | None, at: datetime) -> Callable[[Case], Events]:
    """R5: that somebody was asked after an unresolved trip says that the CAC confirmed it."""

    def decision(case: Case) -> Events:
        if case.status is not CaseStatus.AWAITING_SECOND_DISPATCH:
            return ()
        needs, same_dealer = kind or VehicleKind.TOW, case.dealer == dealer
        return decide.decide_second_dispatch(case, faults, approve=True, needs=needs, same_dealer=same_dealer, now=at)

    return decision


def _offer(offer_id: str, dealer: str, at: datetime, expires_at: datetime) -> Callable[[Case], Events]:
    return lambda case: decide.offer(case, offer_id=offer_id, dealer=dealer, now=at, expires_at=expires_at)


def _answer(asked: Asked, offer_id: str, trip_id: str) -> Callable[[Case], Events]:
    offer, at = asked.offer, asked.answered_at
    reason = offer.reason or NOT_RECORDED

    def decision(case: Case) -> Events:
        match offer.answer:
            case Answer.DECLINED:
                return decide.decline(case, offer_id=offer_id, reason=reason, now=at)
            case Answer.EXPIRED:
                return decide.expire(case, offer_id=offer_id, now=at)
            case Answer.WITHDRAWN:
                return decide.withdraw(case, offer_id=offer_id, reason=reason, now=at)
            case Answer.ACCEPTED:
                if offer.promised_at is None:
                    raise Invalid("accepted without a promised arrival", rule="R3")
                sent = asked.sent[0] if asked.sent else None
                return _accept(case, offer_id, trip_id, offer.dealer, sent, offer.promised_at, at)

    return decision


def _accept(
    case: Case, offer_id: str, trip_id: str, dealer: str, sent: Sent | None, promised_at: datetime, at: datetime
) -> Events:
    vehicle = Vehicle(
        plate="",
        kind=sent.trip.kind if sent else case.needs,
        dealer=dealer,
        on_duty=True,
        tracked=bool(sent and sent.trip.arrived_at),
    )
    return decide.accept(
        case,
        offer_id=offer_id,
        trip_id=trip_id,
        vehicle=vehicle,
        driver=Person(),
        crew=None,
        promised_at=promised_at,
        now=at,
    )


def _change(change: PastPromiseChange) -> Callable[[Case], Events]:
    def decision(case: Case) -> Events:
        trip = case.active_trip
        if trip is None or trip.dealer != change.dealer:
            raise IllegalTransition("the dealer did not have the case then")
        if trip.result is Result.UNRESOLVED:
            return ()  # told of the second vehicle, whose arrival no KPI asks for (K3)
        return decide.change_promise(
            case,
            trip_id=trip.id,
            promised_at=change.promised_at,
            reason=change.reason or NOT_RECORDED,
            now=change.at,
            approved=change.approved,
            outside_cause=change.outside_cause,
        )

    return decision


def _send_again(faults: FaultTable, number: str, sent: Sent) -> Callable[[Case], Events]:
    """R5: the same dealer's next vehicle, without another offer on record.

    The life cycle knows no trip without an offer, so one is told here; marked as no attempt of the CAC, it counts
    neither for completion nor for acceptance (K1, K12).
    """

    def decision(case: Case) -> Events:
        at, dealer = sent.starts_at, sent.trip.dealer
        if case.active_trip and case.status is not CaseStatus.AWAITING_SECOND_DISPATCH:
            raise SecondDispatchNotConfirmed("another vehicle without an unresolved first")
        events = list(_confirm(faults, dealer, sent.trip.kind, at)(case))
        for event in events:
            case = evolve(case, event, case.id)
        offer_id = _id(number, f"{sent.field}.offer")
        for made in decide.offer(case, offer_id=offer_id, dealer=dealer, now=at, expires_at=at):
            events.append(replace(made, own_case=True) if isinstance(made, OfferMade) else made)
            case = evolve(case, events[-1], case.id)
        promised_at = max(at, *(trip.promised_at for trip in case.trips if trip.dealer == dealer))
        events += _accept(case, offer_id, _id(number, sent.field), dealer, sent, promised_at, at)
        return tuple(events)

    return decision


def _trip(trip_id: str, sent: Sent) -> Iterator[Move]:
    """The way there, then what was done on site: the line has no time of its own for that, so it is the arrival's."""
    trip, field = sent.trip, sent.field
    departed_at, gps_at, told_at = trip.departed_at, trip.arrived_at, trip.reported_arrived_at
    if departed_at and gps_at:
        yield Move(at=departed_at, rule="R3", field=field, decide=_cross(trip_id, departed_at, None))
    elif departed_at:
        yield Move(at=departed_at, rule="R3", field=field, decide=_depart(trip_id, departed_at))
    arrived_at = gps_at or told_at
    if gps_at:
        yield Move(at=gps_at, rule="K3", field=field, decide=_cross(trip_id, departed_at, gps_at))
    if told_at and arrived_at:
        yield Move(at=arrived_at, rule="K3", field=field, decide=_arrive(trip_id, told_at))
    done_at = arrived_at or sent.starts_at
    if arrived_at:  # a sheet is filled on site (R6)
        yield Move(at=done_at, rule="R6", field=field, decide=_sheet(trip_id, sent, done_at))
    if trip.result:
        yield Move(at=done_at, rule="R5", field=field, decide=_outcome(trip_id, sent, done_at))


def _cross(trip_id: str, departed_at: datetime | None, arrived_at: datetime | None) -> Callable[[Case], Events]:
    crossing = Crossing(trip_id=trip_id, plate="", departed_at=departed_at, arrived_at=arrived_at)

    def decision(case: Case) -> Events:
        decide.active_trip(case, trip_id)
        return decide.cross(case, crossing)

    return decision


def _depart(trip_id: str, at: datetime) -> Callable[[Case], Events]:
    return lambda case: decide.depart(case, trip_id=trip_id, at=at)


def _arrive(trip_id: str, at: datetime) -> Callable[[Case], Events]:
    return lambda case: decide.arrive(case, trip_id=trip_id, at=at)


def _sheet(trip_id: str, sent: Sent, at: datetime) -> Callable[[Case], Events]:
    """R6: that the customer signed is all that is known of the sheet; its drawing stays empty."""
    trip = sent.trip

    def decision(case: Case) -> Events:
        content = checksheet.canonical({})
        saved = decide.save_sheet(case, trip_id=trip_id, content=content, client_id="", now=at)
        if trip.signed:
            sha256 = checksheet.seal(content, trip_id=trip_id, signer="", signature_svg="", signed_at=at.isoformat())
            signed = CheckSheetSigned(trip_id=trip_id, at=at, signer="", signature_svg="", sha256=sha256)
            return (*saved, signed)
        if trip.unsigned_confirmed_by == CAC:
            for event in saved:
                case = evolve(case, event, case.id)
            refused = decide.refuse_signature(case, trip_id=trip_id, reason=NOT_RECORDED, confirmed_by=CAC, now=at)
            return (*saved, *refused)
        return saved

    return decision


def _outcome(trip_id: str, sent: Sent, at: datetime) -> Callable[[Case], Events]:
    trip = sent.trip

    def decision(case: Case) -> Events:
        if trip.result is None or (trip.drivable is None and trip.result is Result.REPAIRED):
            raise Invalid("a repair needs to say whether the car could drive on", rule="K4")
        drivable = bool(trip.drivable)
        return decide.report_outcome(case, trip_id=trip_id, result=trip.result, drivable=drivable, note="", now=at)

    return decision


def _give_back(dealer: str, at: datetime) -> Callable[[Case], Events]:
    def decision(case: Case) -> Events:
        trip = case.active_trip
        if trip is None or trip.dealer != dealer:
            raise IllegalTransition("the dealer did not have the case then")
        return decide.give_back(case, trip_id=trip.id, reason=NOT_RECORDED, now=at)

    return decision


def _ending(past: PastCase) -> Iterator[Move]:
    at, reason = past.end.at, past.end.reason or NOT_RECORDED
    satisfaction = past.satisfaction
    match past.end.status:
        case EndStatus.CLOSED if not past.offers and not past.trips:
            yield Move(
                at=at, rule="R20", field="end", decide=lambda case: decide.solve_by_phone(case, note=reason, now=at)
            )
        case EndStatus.CLOSED:
            yield Move(at=at, rule="R7", field="end", decide=_complete(at))
            if satisfaction is None:
                yield Move(at=at, rule="R7", field="end", decide=lambda case: decide.close(case, reason=reason, now=at))
        case EndStatus.CANCELLED:
            yield Move(at=at, rule="K2", field="end.by", decide=_cancel(past, reason))
        case EndStatus.FAILED:
            yield Move(at=at, rule="R7", field="end", decide=lambda case: decide.fail(case, reason=reason, now=at))
    if satisfaction is not None:
        yield Move(
            at=at,
            rule="K10",
            field="satisfaction",
            decide=lambda case: decide.answer_survey(case, satisfaction=satisfaction, comment="", now=at),
        )


def _complete(at: datetime) -> Callable[[Case], Events]:
    def decision(case: Case) -> Events:
        trip = case.active_trip
        if trip is None or trip.result in {None, Result.UNRESOLVED}:
            raise IllegalTransition("closed without a trip that solved it")
        return decide.complete(case, trip_id=trip.id, now=at, by_cac=True)

    return decision


def _cancel(past: PastCase, reason: str) -> Callable[[Case], Events]:
    def decision(case: Case) -> Events:
        if past.end.by is None:
            raise Invalid("a cancelled case says by whom")
        return decide.cancel(case, by=past.end.by, reason=reason, now=past.end.at)

    return decision


def _id(number: str, field: str) -> str:
    """The same past case gives the same ids, whenever it is told."""
    return hashlib.sha256(f"{number}/{field}".encode()).hexdigest()[:32]
