"""R1 written plainly, with a geodesic to every vehicle: what `dispatch.proximity.rank` must equal."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np

from core.geo import Position, distances_m
from dispatch.faults import carries
from dispatch.proximity import Skip
from dispatch.vocabulary import Candidate, Case, Dealer, Offer, OfferStatus
from tracking.travel import ESTIMATE, estimate_s
from tracking.vocabulary import Vehicle


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainFleet:
    """The same facts as objects."""

    dealers: Sequence[Dealer]
    vehicles: Mapping[str, Sequence[Vehicle]]
    busy: AbstractSet[str]
    positions: Mapping[str, Position]


def plain_rank(case: Case, fleet: PlainFleet, *, keep_brands_apart: bool = False) -> tuple[Candidate, ...]:
    """All dealers: the able ones nearest first and numbered from 1, then the skipped ones, nearest first."""
    if not fleet.dealers:
        return ()
    refusals = [_refusals(case, dealer, keep_brands_apart=keep_brands_apart) for dealer in fleet.dealers]
    able = [_able(case, fleet, dealer) for dealer in fleet.dealers]
    starts: list[tuple[int, str | None, Position]] = []
    for index, (dealer, (vehicles, _)) in enumerate(zip(fleet.dealers, able, strict=True)):
        for vehicle in vehicles:
            starts.append((index, vehicle.plate, fleet.positions.get(vehicle.plate, dealer.site)))
        if not vehicles:
            starts.append((index, None, dealer.site))
    # In whole millimetres: what is shown as equal is a tie.
    distances = np.round(
        distances_m(
            case.place.scene,
            np.array([position.lat for _, _, position in starts]),
            np.array([position.lon for _, _, position in starts]),
        ),
        3,
    )
    nearest: dict[int, tuple[float, str | None]] = {}
    for (index, plate, _), distance in zip(starts, distances.tolist(), strict=True):
        found = nearest.get(index)
        if found is None or (distance, plate or "") < (found[0], found[1] or ""):
            nearest[index] = (distance, plate)
    rows = [
        (dealer.code, *nearest[index], (*refusals[index], *able[index][1]))
        for index, dealer in enumerate(fleet.dealers)
    ]
    rows.sort(key=lambda row: (bool(row[3]), row[1], row[0]))
    return tuple(
        Candidate(
            dealer=code,
            rank=None if skips else place,
            distance_m=distance,
            travel_time_s=round(estimate_s(distance), 1),
            travel_source=ESTIMATE,
            vehicle=plate,
            eligible=not skips,
            reasons=tuple(skips),
        )
        for place, (code, distance, plate, skips) in enumerate(rows, start=1)
    )


def _refusals(case: Case, dealer: Dealer, *, keep_brands_apart: bool) -> tuple[Skip, ...]:
    skips: list[Skip] = []
    if not dealer.active:
        skips.append(Skip.INACTIVE)
    if keep_brands_apart and case.car.brand and dealer.brands and case.car.brand not in dealer.brands:
        skips.append(Skip.OTHER_BRAND)
    if case.own_dealer and dealer.code != case.own_dealer:
        skips.append(Skip.NOT_OWN_CASE)
    sends_second = _sends_second(case)
    if sends_second == dealer.code:
        return tuple(skips)  # the CAC has just chosen it, whatever it answered before
    if sends_second:
        skips.append(Skip.OTHER_DEALER_SENDS)
    skips.extend(_before([offer for offer in case.offers if offer.dealer == dealer.code]))
    return tuple(skips)


def _sends_second(case: Case) -> str:
    """R5: the dealer that must send the second vehicle, unless it has refused to since."""
    last = next((offer for offer in reversed(case.offers) if offer.dealer == case.required_dealer), None)
    return "" if last is None or _lost(last) else case.required_dealer


def _lost(offer: Offer) -> Skip | None:
    if offer.status is OfferStatus.DECLINED:
        return Skip.DECLINED_BEFORE
    if offer.status is OfferStatus.EXPIRED:
        return Skip.EXPIRED_BEFORE
    return Skip.GAVE_BACK_BEFORE if offer.given_up_at else None


def _before(offers: Sequence[Offer]) -> list[Skip]:
    return sorted({skip for offer in offers if (skip := _lost(offer))})


def _able(case: Case, fleet: PlainFleet, dealer: Dealer) -> tuple[list[Vehicle], tuple[Skip, ...]]:
    """The vehicles that could go now, or why there is none: the last hurdle that any of them fell at."""
    left = [vehicle for vehicle in fleet.vehicles.get(dealer.code, ()) if vehicle.kind is case.needs]
    if not left:
        return [], (Skip.NO_VEHICLE_OF_KIND,)
    left = [vehicle for vehicle in left if carries(vehicle, case.tools)]
    if not left:
        return [], (Skip.MISSING_TOOL,)
    left = [vehicle for vehicle in left if vehicle.on_duty]
    if not left:
        return [], (Skip.OFF_DUTY,)
    free = [vehicle for vehicle in left if vehicle.plate not in fleet.busy]
    return (free, ()) if free else ([], (Skip.BUSY,))
