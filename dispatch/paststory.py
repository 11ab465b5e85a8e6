"""Which trip and which change of promise of a past case belongs to which offer. Pure."""

from dataclasses import dataclass
from datetime import datetime

from core.errors import IllegalTransition, Invalid
from dispatch.pastcases import Answer, PastCase, PastOffer, PastPromiseChange, PastTrip

_MUST_TELL_WHEN = frozenset({Answer.ACCEPTED, Answer.DECLINED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A trip of the line, where it stands in it, and when it begins: with its first known time."""

    trip: PastTrip
    field: str
    starts_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An offer of the line with all that followed from it, in the order of time."""

    offer: PastOffer
    field: str
    answered_at: datetime
    changes: tuple[tuple[str, PastPromiseChange], ...] = ()
    sent: tuple[Sent, ...] = ()


def story(past: PastCase) -> tuple[Asked, ...]:
    """The offers in the order of time. Raises `IllegalTransition` for what follows from no acceptance (R3, R4)."""
    answered = _answered(past)
    trips: dict[int, list[tuple[int, PastTrip]]] = {}
    for index, trip in enumerate(past.trips):
        trips.setdefault(_offer_of_trip(past, index, trip, trips), []).append((index, trip))
    changes: dict[int, list[tuple[str, PastPromiseChange]]] = {}
    for index, change in enumerate(past.promise_changes):
        field = f"promise_changes[{index}]"
        accepted = _accepted_before(past, change.dealer, change.at)
        if not accepted:
            raise IllegalTransition("the dealer had not accepted then", rule="R4", field=field)
        changes.setdefault(accepted[-1], []).append((field, change))
    return tuple(
        Asked(
            offer=past.offers[index],
            field=f"offers[{index}]",
            answered_at=answered_at,
            changes=tuple(sorted(changes.get(index, ()), key=lambda change: change[1].at)),
            sent=_in_order(trips.get(index, []), answered_at),
        )
        for index, answered_at in answered.items()
    )


def _answered(past: PastCase) -> dict[int, datetime]:
    """When each offer was over, the offers in the order of time.

    One that nobody answered was over, at the latest, when the next was made or the case ended.
    """
    order = sorted(range(len(past.offers)), key=lambda index: past.offers[index].at)
    answered: dict[int, datetime] = {}
    for place, index in enumerate(order):
        offer = past.offers[index]
        if offer.answered_at is None and offer.answer in _MUST_TELL_WHEN:
            raise Invalid("an answer has its time", rule="R1", field=f"offers[{index}].answered_at")
        following = past.offers[order[place + 1]].at if place + 1 < len(order) else past.end.at
        answered[index] = offer.answered_at or following
    return answered


def _offer_of_trip(past: PastCase, index: int, trip: PastTrip, taken: dict[int, list[tuple[int, PastTrip]]]) -> int:
    """The acceptance that the trip follows: its dealer's last one before the trip's first time."""
    field = f"trips[{index}]"
    starts_at = first_time(trip)
    accepted = _accepted_before(past, trip.dealer, past.end.at)
    if not accepted:
        raise IllegalTransition("a trip of a dealer that had not accepted", rule="R3", field=field)
    if starts_at is None:
        return next((one for one in accepted if one not in taken), accepted[-1])
    before = _accepted_before(past, trip.dealer, starts_at)
    if not before:
        raise Invalid("the trip begins before the acceptance", rule="R3", field=field)
    return before[-1]


def _accepted_before(past: PastCase, dealer: str, at: datetime) -> list[int]:
    """The dealer's acceptances up to `at`, by time."""
    accepted = [
        (offer.answered_at, index)
        for index, offer in enumerate(past.offers)
        if offer.dealer == dealer and offer.answer is Answer.ACCEPTED and offer.answered_at
    ]
    return [index for answered_at, index in sorted(accepted) if answered_at <= at]


def _in_order(trips: list[tuple[int, PastTrip]], accepted_at: datetime) -> tuple[Sent, ...]:
    """By their first time; one without any stands where the line has it, at the moment of the one before."""
    sent: list[Sent] = []
    latest = accepted_at
    for index, trip in trips:
        starts_at = first_time(trip) or latest
        latest = max(latest, starts_at, trip.arrived_at or trip.reported_arrived_at or starts_at)
        sent.append(Sent(trip=trip, field=f"trips[{index}]", starts_at=starts_at))
    return tuple(sorted(sent, key=lambda one: one.starts_at))


def first_time(trip: PastTrip) -> datetime | None:
    """When the trip is first heard of; None where it has no time at all."""
    times = (trip.departed_at, trip.arrived_at, trip.reported_arrived_at)
    return min((at for at in times if at is not None), default=None)
