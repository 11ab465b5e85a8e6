"""The promised arrival: the standard for a place and distance (R16), and the promise that counts (R3, K3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dispatch.vocabulary import Case, PromiseChange, Trip


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseRules:
    """The administrator's figures for R16: by the kind of city, and up to two distances."""

    district_minutes: int = 45
    county_minutes: int = 60
    near_m: float = 10_000
    near_minutes: int = 40
    far_m: float = 20_000
    far_minutes: int = 60


def standard_minutes(rules: PromiseRules, *, county: bool, distance_m: float) -> int:
    """The promise that practice expects: by the kind of city, capped by the distance (R16)."""
    by_city = rules.county_minutes if county else rules.district_minutes
    by_distance = _by_distance(rules, distance_m)
    return by_city if by_distance is None else min(by_city, by_distance)


def latest_minutes_without_reason(rules: PromiseRules, *, county: bool, distance_m: float | None) -> int | None:
    """The longest estimate that needs no reason: later than every default of R16 needs one.

    Beyond the farther distance the time is agreed with the customer, so there is no limit (None).
    """
    by_city = rules.county_minutes if county else rules.district_minutes
    if distance_m is None:
        return by_city
    by_distance = _by_distance(rules, distance_m)
    return None if by_distance is None else max(by_city, by_distance)


def _by_distance(rules: PromiseRules, distance_m: float) -> int | None:
    if distance_m <= rules.near_m:
        return rules.near_minutes
    return rules.far_minutes if distance_m <= rules.far_m else None


def effective_promise(case: Case, dealer: str) -> datetime | None:
    """The promise by which this dealer's arrival is judged (K3); None if it never accepted.

    It is the one first confirmed; a later time replaces it only where the CAC approved it for a cause
    outside the dealer's hands.
    """
    promised = next((offer.promised_at for offer in case.offers if offer.dealer == dealer and offer.promised_at), None)
    return promised and _moved(promised, (change for change in case.promise_changes if change.dealer == dealer))


def trips_promise(case: Case, trip: Trip) -> datetime:
    """The same of one trip: an earlier trip of the same dealer (R5) had its own."""
    promised = next((offer.promised_at for offer in case.offers if offer.id == trip.offer_id), None)
    own = (one for one in case.promise_changes if one.dealer == trip.dealer and one.at >= trip.accepted_at)
    return _moved(promised or trip.promised_at, own)


def _moved(promised: datetime, changes: Iterable[PromiseChange]) -> datetime:
    for change in changes:
        if change.approved and change.outside_cause and change.promised_at > promised:
            promised = change.promised_at
    return promised
