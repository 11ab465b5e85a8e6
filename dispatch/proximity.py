"""Who is nearest (R1): every dealer ranked, each skipped one with its reasons. Pure: the fleet comes as an argument.

Nearest is judged on the WGS-84 ellipsoid from where the vehicle that would go stands now, or from the dealer's
site where no fresh position is known; ties go by dealer code.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from core.chords import chords_m, ecef_m, longest_m, shortest_m
from core.errors import NoEligibleVehicle, NotFound, NotNearest
from core.geo import Position, distances_m
from dispatch.faults import FLATBED
from dispatch.network import Floats, Network, Rows
from dispatch.vocabulary import Candidate, Case, Offer, OfferStatus
from tracking.travel import ESTIMATE, estimate_s


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
    """The network at one moment: its record, who is busy, and the positions that are fresh."""

    network: Network
    busy: AbstractSet[str]
    lats: Floats
    lons: Floats
    """A position for each of the network's vehicles; not a number where the vehicle's fix is not fresh."""


def rank(case: Case, fleet: Fleet, *, keep_brands_apart: bool = False) -> tuple[Candidate, ...]:
    """All dealers: the able ones nearest first and numbered from 1, then the skipped ones, nearest first."""
    network = fleet.network
    if not network.dealers:
        return ()
    passed = _hurdles_passed(case, fleet)
    best = np.zeros(len(network.dealers), np.intp)
    np.maximum.at(best, network.owners, passed)
    distances, going = _nearest(case.place.scene, fleet, np.flatnonzero(passed == _ALL), np.flatnonzero(best < _ALL))
    refusals = _refusals(case, network, keep_brands_apart=keep_brands_apart)
    skipped = best < _ALL
    skipped[list(refusals)] = True
    # Dealers are in the order of their codes, and the sort is stable: so go ties.
    order: list[int] = np.lexsort((distances, skipped)).tolist()
    metres: list[float] = distances.tolist()
    vehicles: list[int] = going.tolist()
    hurdles: list[int] = best.tolist()
    ranked: list[Candidate] = []
    for place, row in enumerate(order, start=1):
        distance, vehicle = metres[row], vehicles[row]
        reasons = (*refusals.get(row, ()), *_FALLEN[hurdles[row]])
        ranked.append(
            Candidate(
                dealer=network.dealers[row].code,
                rank=None if reasons else place,
                distance_m=distance,
                travel_time_s=round(estimate_s(distance), 1),
                travel_source=ESTIMATE,
                vehicle=None if vehicle < 0 else network.plates[vehicle],
                eligible=not reasons,
                reasons=reasons,
            )
        )
    return tuple(ranked)


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


_FALLEN: Final[tuple[tuple[Skip, ...], ...]] = (
    (Skip.NO_VEHICLE_OF_KIND,),
    (Skip.MISSING_TOOL,),
    (Skip.OFF_DUTY,),
    (Skip.BUSY,),
    (),
)
"""Why a dealer has nobody to send, by how many hurdles the best of its vehicles passed; the last passed them all."""
_ALL: Final = len(_FALLEN) - 1
_MARGIN_M: Final = 0.002
"""Distances a millimetre apart may be shown as equal; the other is more than all rounding of chords and geodesics."""


def _hurdles_passed(case: Case, fleet: Fleet) -> Rows:
    """How far each vehicle came: of the kind, with the tools, on duty, free."""
    network = fleet.network
    free = np.ones(len(network.plates), np.bool_)
    free[[network.rows[plate] for plate in fleet.busy if plate in network.rows]] = False
    passed = np.zeros(len(network.plates), np.intp)
    left = np.ones(len(network.plates), np.bool_)
    tools = network.with_flatbed if FLATBED in case.tools else left
    for hurdle in (network.of_kind[case.needs], tools, network.on_duty, free):
        left = left & hurdle
        passed += left
    return passed


def _nearest(scene: Position, fleet: Fleet, free: Rows, without: Rows) -> tuple[Floats, Rows]:
    """For each dealer how far it is, in metres, and the row of the vehicle that would go.

    `free` are the rows of the vehicles that could go, `without` the dealers that have none: there it is the site
    that counts, and -1 stands for the vehicle. Equally near vehicles go by plate.
    """
    network = fleet.network
    owners = np.concatenate((network.owners[free], without))
    vehicles = np.concatenate((free, np.full(len(without), -1)))
    lats, lons = network.site_lats[owners], network.site_lons[owners]
    known = np.flatnonzero(~np.isnan(fleet.lats[free]))
    lats[known], lons[known] = fleet.lats[free[known]], fleet.lons[free[known]]
    near = _may_be_nearest(scene, owners, lats, lons, len(network.dealers))
    # In whole millimetres: what is shown as equal is a tie.
    distances = np.round(distances_m(scene, lats[near], lons[near]), 3)
    owners, vehicles = owners[near], vehicles[near]
    order = np.lexsort((distances, owners))  # a stable sort, and the rows are in the order of the plates
    first = order[np.flatnonzero(np.diff(owners[order], prepend=-1))]
    return distances[first], vehicles[first]


def _may_be_nearest(scene: Position, owners: Rows, lats: Floats, lons: Floats, dealers: int) -> Rows:
    """Which starts can be the nearest of their owner: almost always one each, told by chords alone."""
    origin = ecef_m(np.array([scene.lat]), np.array([scene.lon]))
    chords = chords_m(origin, ecef_m(lats, lons))
    nearest = np.full(dealers, np.inf)
    np.minimum.at(nearest, owners, chords)
    return np.flatnonzero(shortest_m(chords) <= longest_m(nearest)[owners] + _MARGIN_M)


def _refusals(case: Case, network: Network, *, keep_brands_apart: bool) -> dict[int, tuple[Skip, ...]]:
    """By the dealer's place in the network, why it is not asked whatever vehicles it has; the others are left out."""
    second = _sends_second(case)
    brand = case.car.brand if keep_brands_apart else ""
    before: dict[str, set[Skip]] = {}
    for offer in case.offers:
        if skip := _lost(offer):
            before.setdefault(offer.dealer, set()).add(skip)
    if case.own_dealer or second or brand:
        rows: Iterable[int] = range(len(network.dealers))
    else:  # then there is no reason for any but these
        rows = network.inactive | {network.dealer_rows[code] for code in before if code in network.dealer_rows}
    refusals: dict[int, tuple[Skip, ...]] = {}
    for row in rows:
        dealer = network.dealers[row]
        skips: list[Skip] = []
        if not dealer.active:
            skips.append(Skip.INACTIVE)
        if brand and dealer.brands and brand not in dealer.brands:
            skips.append(Skip.OTHER_BRAND)
        if case.own_dealer and dealer.code != case.own_dealer:
            skips.append(Skip.NOT_OWN_CASE)
        if second != dealer.code:  # the CAC has just chosen that one, whatever it answered before
            if second:
                skips.append(Skip.OTHER_DEALER_SENDS)
            skips.extend(sorted(before.get(dealer.code, ())))
        if skips:
            refusals[row] = tuple(skips)
    return refusals


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
