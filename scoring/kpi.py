"""K1-K5 and K8-K11: how one case counts for each dealer that it was offered to. Pure, from the recorded case alone.

docs/decisions/0006 says how the rules are read where two of them meet.
"""

from datetime import datetime

from dispatch.promise import effective_promise
from dispatch.vocabulary import ENDED, CancelledBy, Case, CaseStatus, Offer, OfferStatus, Trip
from scoring.vocabulary import Counted, Mark, Reason, Standing
from tracking.vocabulary import VehicleKind

_REFUSALS = ((OfferStatus.DECLINED, Reason.DECLINED), (OfferStatus.EXPIRED, Reason.EXPIRED))


def standings(case: Case) -> dict[str, Standing]:
    """How `case` counts for each dealer that it was ever offered to, by dealer.

    While it is undecided for a dealer (K9) that dealer's marks are all excluded as `running`. A case solved by
    phone was offered to nobody and touches no KPI (R20).
    """
    return {dealer: _standing(case, dealer) for dealer in sorted({offer.dealer for offer in case.offers})}


def _standing(case: Case, dealer: str) -> Standing:
    offers = tuple(offer for offer in case.offers if offer.dealer == dealer)
    trips = tuple(trip for trip in case.trips if trip.dealer == dealer)
    if case.status not in ENDED and any(_undecided(offer) for offer in offers):
        running = _excluded(Reason.RUNNING)
        return Standing(
            dealer=dealer,
            completion=running,
            satisfaction=running,
            arrival=running,
            drive_away=running,
            first_success=running,
        )
    attempts = tuple(offer for offer in offers if not offer.own_case)
    completed = case.completed_by == dealer
    return Standing(
        dealer=dealer,
        completion=_completion(case, dealer, offers),
        satisfaction=_satisfaction(case, completed=completed),
        arrival=_arrival(case, dealer, offers, trips),
        drive_away=_drive_away(trips),
        first_success=_first_success(trips, completed=completed),
        satisfaction_percent=case.satisfaction if completed else None,
        offers_accepted=sum(offer.status is OfferStatus.ACCEPTED for offer in attempts),
        offers_answered=sum(offer.status in _ANSWERED for offer in attempts),
    )


_ANSWERED = frozenset({OfferStatus.ACCEPTED, OfferStatus.DECLINED, OfferStatus.EXPIRED})


def _undecided(offer: Offer) -> bool:
    """K9: neither refused, nor withdrawn, nor given back."""
    engaged = offer.status is OfferStatus.ACCEPTED and offer.given_up_at is None
    return engaged or offer.status is OfferStatus.PENDING


def _completion(case: Case, dealer: str, offers: tuple[Offer, ...]) -> Mark:
    """K1, K2, K10: once per dealer, however often the case was offered to it."""
    statuses = {offer.status for offer in offers if not offer.own_case}
    if not statuses:
        return _excluded(Reason.OWN_CASE)
    if case.completed_by == dealer:
        return _hit(Reason.COMPLETED)
    if any(offer.given_up_at for offer in offers):
        return _miss(Reason.GIVEN_BACK)
    if OfferStatus.ACCEPTED in statuses:
        return _fate(case, dealer)
    return next((_miss(reason) for status, reason in _REFUSALS if status in statuses), _excluded(Reason.WITHDRAWN))


def _fate(case: Case, dealer: str) -> Mark:
    """K2: what became of a case that this dealer accepted, kept, and did not complete."""
    if case.completed_by:
        return _miss(Reason.COMPLETED_BY_ANOTHER)
    if case.status is not CaseStatus.CANCELLED:
        return _miss(Reason.FAILED)
    if case.cancelled_by is not CancelledBy.CUSTOMER:
        return _miss(Reason.CANCELLED_BY_CAC)
    if _promise_passed(case, dealer):
        return _miss(Reason.CANCELLED_AFTER_PROMISE)
    return _excluded(Reason.CANCELLED_BY_CUSTOMER)


def _promise_passed(case: Case, dealer: str) -> bool:
    """K8: the case ended strictly after the promised second."""
    promised_at = effective_promise(case, dealer)
    return promised_at is not None and case.ended_at is not None and promised_at < case.ended_at


def _satisfaction(case: Case, *, completed: bool) -> Mark:
    """K10, K11: the survey belongs to the dealer that completed."""
    if not completed:
        return _excluded(Reason.NOT_COMPLETED)
    return _excluded(Reason.NOT_SURVEYED) if case.satisfaction is None else _hit(Reason.SURVEYED)


def _arrival(case: Case, dealer: str, offers: tuple[Offer, ...], trips: tuple[Trip, ...]) -> Mark:
    """K3, K8, K10: the first of the dealer's vehicles to arrive, against the promise that counts."""
    promised_at = effective_promise(case, dealer)
    if promised_at is None:
        return _excluded(Reason.NOT_ACCEPTED)
    arrivals = [arrived_at for trip in trips if (arrived_at := _arrived_at(trip))]
    if arrivals:
        return _hit(Reason.IN_TIME) if min(arrivals) <= promised_at else _miss(Reason.LATE)
    if any(offer.given_up_at for offer in offers):
        return _miss(Reason.GIVEN_BACK)
    if _promise_passed(case, dealer):
        return _miss(Reason.NEVER_ARRIVED)
    return _excluded(Reason.ENDED_BEFORE_PROMISE)


def _arrived_at(trip: Trip) -> datetime | None:
    """K3: the GPS's time where there is one, else the reported one."""
    return trip.arrived_at or trip.reported_arrived_at


def _drive_away(trips: tuple[Trip, ...]) -> Mark:
    """K4: only cases in which a service vehicle was tried on site."""
    tried = [trip for trip in trips if trip.kind is VehicleKind.SERVICE and trip.result]
    if not tried:
        return _excluded(Reason.NO_REPAIR_TRIED)
    return _hit(Reason.DROVE_AWAY) if any(trip.drivable for trip in tried) else _miss(Reason.NOT_DRIVABLE)


def _first_success(trips: tuple[Trip, ...], *, completed: bool) -> Mark:
    """K5, K10: this dealer's own trips that really went, whatever their type."""
    if not completed:
        return _excluded(Reason.NOT_COMPLETED)
    return _hit(Reason.ONE_TRIP) if sum(trip.sent for trip in trips) == 1 else _miss(Reason.MORE_TRIPS)


def _hit(reason: Reason) -> Mark:
    return Mark(counted=Counted.NUMERATOR, reason=reason)


def _miss(reason: Reason) -> Mark:
    return Mark(counted=Counted.DENOMINATOR, reason=reason)


def _excluded(reason: Reason) -> Mark:
    return Mark(counted=Counted.EXCLUDED, reason=reason)
