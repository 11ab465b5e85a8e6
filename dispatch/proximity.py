"""Who is nearest (R1): every dealer ranked, each skipped one with its reasons. Pure: the fleet comes as an argument.

Nearest is judged on the WGS-84 ellipsoid from where the vehicle that would go stands now, or from the dealer's
site where no fresh position is known; ties go by dealer code.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from core.errors import NoEligibleVehicle, NotFound, NotNearest
from core.geo import Position, distances_m
from dispatch.faults import carries
from dispatch.vocabulary import Candidate, Case, Dealer, Offer, OfferStatus
from tracking.travel import ESTIMATE, estimate_s
from tracking.vocabulary import Vehicle


class Skip(StrEnum):
    """Why a dealer was skipped."""

    INACTIVE = "inactive"
    OTHER_BRAND = "other_brand"
    NOT_OWN_CASE = "not_own_case"
    OTHER_DEALER_SENDS = "other_dealer_sends"
    DECLINED_BEFORE = "declined_before"
    EXPIRED_BEFORE = "expired_before"
    GAVE_BACK_BEFORE = "gave_back_before"
    NO_VEHICLE_OF_KIND = "no_vehicle_of_kind"
    OFF_DUTY = "off_duty"
    BUSY = "busy"
    MISSING_TOOL = "missing_tool"


OVERRIDABLE = frozenset(
    {
        Skip.DECLINED_BEFORE,
        Skip.EXPIRED_BEFORE,
        Skip.GAVE_BACK_BEFORE,
        Skip.OTHER_DEALER_SENDS,
        Skip.NOT_OWN_CASE,
    }
)
"""A dispatcher may still ask such a dealer, with a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The network at one moment: dealers, their vehicles, who is busy, and the positions that are fresh."""

    dealers: Sequence[Dealer]
    vehicles: Mapping[str, Sequence[Vehicle]]
    """By dealer code."""
    busy: AbstractSet[str]
    positions: Mapping[str, Position]
    """By plate; a vehicle whose fix is not fresh is left out."""


def rank(case: Case, fleet: Fleet, *, keep_brands_apart: bool = False) -> tuple[Candidate, ...]:
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


def choose(candidates: Sequence[Candidate], *, dealer: str = "", override_reason: str = "") -> Candidate:
    """The nearest able dealer, or the one named: another than the nearest only with a reason (R1).

    Raises `NoEligibleVehicle`, `NotNearest` or `NotFound`.
    """
    if not dealer:
        first = next((candidate for candidate in candidates if candidate.eligible), None)
        if first is None:
            raise NoEligibleVehicle("no dealer is able to take the case", rule="R1")
        return first
    named = next((candidate for candidate in candidates if candidate.dealer == dealer), None)
    if named is None:
        raise NotFound("no such dealer", field="dealer")
    if set(named.reasons) - OVERRIDABLE:
        raise NoEligibleVehicle(f"the dealer was skipped: {', '.join(named.reasons)}", rule="R1", field="dealer")
    if named.rank != 1 and not override_reason.strip():
        raise NotNearest(rule="R1", field="override_reason")
    return named


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


def _able(case: Case, fleet: Fleet, dealer: Dealer) -> tuple[list[Vehicle], tuple[Skip, ...]]:
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
