"""R1: the pick equals brute force on the ellipsoid, and every dealer passed over has its reason."""

import random
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from dispatch_build import (
    accepted,
    dealer,
    fleet,
    minutes,
    offered,
    on_scene,
    opened,
    outcome,
    place,
    position,
    then,
    vehicle,
)
from geopy.distance import geodesic
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from plain_ranking import PlainFleet, plain_rank

from core import errors
from core.geo import Position, distances_m
from dispatch import decide, proximity
from dispatch.faults import FAULTS
from dispatch.proximity import Fleet, Skip, choose, rank
from dispatch.vocabulary import Car, Case, Energy, Result
from tracking.vocabulary import VehicleKind

SERVICE, TOW = VehicleKind.SERVICE, VehicleKind.TOW

points = st.builds(Position, lat=st.floats(20, 50), lon=st.floats(80, 130))
near_points = st.builds(Position, lat=st.floats(31.2, 31.3), lon=st.floats(121.4, 121.5))


hair_apart = st.builds(
    lambda north, east: Position(lat=31.2 + north * 3e-9, lon=121.4 + east * 3e-9), st.integers(0, 9), st.integers(0, 9)
)
"""Fractions of a millimetre."""
anywhere = st.builds(Position, lat=st.floats(-90, 90), lon=st.floats(-180, 180))
regions = st.sampled_from([points, near_points, hair_apart, anywhere])


often = st.sampled_from([True, True, True, False])


@st.composite
def fleets(draw: st.DrawFn) -> PlainFleet:
    where = draw(regions)
    codes = draw(st.permutations([f"D{n}" for n in range(draw(st.integers(0, 6)))]))
    brands = st.sampled_from([(), ("别克",), ("别克", "雪佛兰")])
    dealers = [dealer(code, draw(where), active=draw(often), brands=draw(brands)) for code in codes]
    vehicles, positions, busy = {}, {}, set()
    for code in [*codes, "not on record"]:
        cars = []
        for n in draw(st.permutations(range(draw(st.integers(0, 4))))):
            plate = f"{code}-{n}"
            kind, tools = draw(st.sampled_from([SERVICE, TOW])), draw(st.sampled_from([(), ("winch",), ("flatbed",)]))
            cars.append(vehicle(plate, kind, code, on_duty=draw(often), tools=tools))
            if draw(st.booleans()):
                positions[plate] = draw(where)
            if not draw(often):
                busy.add(plate)
        vehicles[code] = cars
    return PlainFleet(dealers=dealers, vehicles=vehicles, busy=frozenset(busy), positions=positions)


def columns_of(plain: PlainFleet) -> Fleet:
    return fleet(plain.dealers, plain.vehicles, busy=plain.busy, positions=plain.positions)


@st.composite
def histories(draw: st.DrawFn) -> Case:
    """A case that some dealers refused, let pass or gave back, and perhaps one that asked for a second vehicle."""
    car = Car(brand=draw(st.sampled_from(["", "别克", "福特"])), energy=draw(st.sampled_from([None, Energy.ELECTRIC])))
    own = draw(st.sampled_from(["", "", "D1"]))
    fault = draw(st.sampled_from(["battery", "tow_only"]))
    case = opened(fault=fault, car=car, own_dealer=own, at=place(draw(draw(regions))))
    codes = st.sampled_from(["D0", "D1", "D2", "D3", "left the network"])
    for n, (code, answer) in enumerate(draw(st.lists(st.tuples(codes, st.sampled_from("dxb")), max_size=4))):
        offer, trip, at = f"o{n}", f"t{n}", 10.0 * n + 1
        case = offered(case, dealer_code=code, offer_id=offer, at=at)
        if answer == "d":
            case = then(case, decide.decline(case, offer_id=offer, reason="x", now=minutes(at + 1)))
        elif answer == "x":
            case = then(case, decide.expire(case, offer_id=offer, now=minutes(at + 5)))
        else:
            case = accepted(case, offer_id=offer, trip_id=trip, at=at + 1)
            case = then(case, decide.give_back(case, trip_id=trip, reason="x", now=minutes(at + 2)))
    if draw(st.booleans()):
        case = accepted(offered(case, dealer_code=draw(codes), offer_id="o", at=51), offer_id="o", trip_id="t", at=52)
        case = outcome(on_scene(case, trip_id="t", depart=53, arrive=60), Result.UNRESOLVED, trip_id="t")
        again = decide.decide_second_dispatch(
            case, FAULTS, approve=True, needs=draw(st.sampled_from([SERVICE, TOW])), same_dealer=True, now=minutes(61)
        )
        case = then(case, again)
        if draw(st.booleans()):
            case = offered(case, dealer_code=case.required_dealer, offer_id="p", at=62)
            case = then(case, decide.decline(case, offer_id="p", reason="x", now=minutes(63)))
    return case


@settings(max_examples=400)
@given(histories(), fleets(), st.booleans())
def test_r1_looking_at_columns_and_chords_first_changes_nothing(case: Case, plain: PlainFleet, apart: bool) -> None:
    expected = plain_rank(case, plain, keep_brands_apart=apart)
    assert rank(case, columns_of(plain), keep_brands_apart=apart) == expected


def test_r1_of_a_national_fleet_nearly_every_dealer_needs_one_geodesic_only(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(7)
    looked_at = []

    def counting(origin: Position, lats: NDArray[np.float64], lons: NDArray[np.float64]) -> NDArray[np.float64]:
        looked_at.append(len(lats))
        return distances_m(origin, lats, lons)

    monkeypatch.setattr(proximity, "distances_m", counting)
    dealers = [dealer(f"D{n}", position(rng.uniform(22, 46), rng.uniform(88, 122))) for n in range(200)]
    vehicles = {one.code: [vehicle(f"{one.code}-{n}", dealer=one.code) for n in range(10)] for one in dealers}
    positions = {
        car.plate: position(one.site.lat + rng.gauss(0, 0.1), one.site.lon + rng.gauss(0, 0.1))
        for one in dealers
        for car in vehicles[one.code]
    }
    plain = PlainFleet(dealers=dealers, vehicles=vehicles, busy=frozenset(), positions=positions)
    assert rank(opened(), columns_of(plain)) == plain_rank(opened(), plain)
    assert sum(looked_at) < 1.2 * len(dealers)


@given(fleets(), st.one_of(points, near_points))
def test_r1_the_ranking_equals_brute_force_with_geopy(plain: PlainFleet, at: Position) -> None:
    active = PlainFleet(
        dealers=[replace(one, active=True) for one in plain.dealers],
        vehicles=plain.vehicles,
        busy=plain.busy,
        positions=plain.positions,
    )
    candidates = rank(opened(at=place(at)), columns_of(active))
    expected: dict[str, float] = {}
    for one in plain.dealers:
        for car in plain.vehicles[one.code]:
            if car.kind is SERVICE and car.on_duty and car.plate not in plain.busy:
                start = plain.positions.get(car.plate, one.site)
                metres = geodesic((at.lat, at.lon), (start.lat, start.lon)).meters
                expected[one.code] = min(metres, expected.get(one.code, metres))
    able = [candidate for candidate in candidates if candidate.eligible]
    assert {candidate.dealer for candidate in candidates} == {one.code for one in plain.dealers}
    assert {candidate.dealer for candidate in able} == set(expected)
    assert [candidate.rank for candidate in able] == list(range(1, len(able) + 1))
    for candidate in able:
        assert candidate.distance_m == pytest.approx(expected[candidate.dealer], abs=0.01)
    in_order = [expected[candidate.dealer] for candidate in able]
    assert all(a <= b + 1e-3 for a, b in pairwise(in_order))
    if able:
        assert expected[choose(candidates).dealer] == pytest.approx(min(expected.values()), abs=1e-3)
    for skipped in candidates[len(able) :]:
        assert skipped.reasons
        assert skipped.rank is None


def nearest_of(scene: Position, **sites: Position) -> str:
    dealers = [dealer(code, site) for code, site in sites.items()]
    vehicles = {code: [vehicle(code, dealer=code)] for code in sites}
    return choose(rank(opened(at=place(scene)), fleet(dealers, vehicles))).dealer


def test_r1_planar_degrees_would_pick_another() -> None:
    """Near Mohe 0.40 degrees east is 27 km, but 0.30 degrees north is 33 km."""
    sites = {"N": position(52.30, 122.0), "E": position(52.0, 122.40)}
    assert nearest_of(position(52.0, 122.0), **sites) == "E"


def test_r1_a_sphere_would_pick_another() -> None:
    """At 25 N, 0.10 degrees north is 11,077 m and 0.11 degrees east 11,104 m; a sphere has 11,119 and 11,085."""
    sites = {"N": position(25.10, 110.0), "E": position(25.0, 110.11)}
    assert nearest_of(position(25.0, 110.0), **sites) == "N"


def test_r1_the_way_over_the_ground_decides_where_the_chord_through_the_earth_is_shorter() -> None:
    """From the equator the ground curves down faster to the north than to the east."""
    positions = {"east": position(0.0, 127.9663), "north": position(18.08192, 110.0)}
    vehicles = {"D1": [vehicle("east"), vehicle("north")]}
    among = fleet([dealer("D1")], vehicles, positions=positions)
    assert choose(rank(opened(at=place(position(0.0, 110.0))), among)).vehicle == "east"


def test_r1_ties_go_by_dealer_code() -> None:
    vehicles = {"A": [vehicle("a", dealer="A")], "B": [vehicle("b", dealer="B")]}
    assert choose(rank(opened(), fleet([dealer("B"), dealer("A")], vehicles))).dealer == "A"


def two(**facts: object) -> Fleet:
    """D1 near with facts of its own, D2 far and able."""
    base: dict[str, object] = {
        "dealers": [dealer("D1"), dealer("D2", position(31.5, 121.9))],
        "vehicles": {"D1": [vehicle("a")], "D2": [vehicle("b", dealer="D2")]},
    }
    return fleet(**(base | facts))  # type: ignore[arg-type]


def reasons(case, among: Fleet, **options: bool) -> tuple[str, ...]:
    return next(one.reasons for one in rank(case, among, **options) if one.dealer == "D1")


def test_r1_r9_every_reason_to_skip() -> None:
    case = opened()
    b = [vehicle("b", dealer="D2")]
    assert reasons(case, two()) == ()
    assert reasons(case, two(vehicles={"D2": b})) == (Skip.NO_VEHICLE_OF_KIND,)
    assert reasons(case, two(vehicles={"D1": [vehicle("a", TOW)], "D2": b})) == (Skip.NO_VEHICLE_OF_KIND,)
    assert reasons(case, two(vehicles={"D1": [vehicle("a", on_duty=False)], "D2": b})) == (Skip.OFF_DUTY,)
    assert reasons(case, two(busy=frozenset({"a"}))) == (Skip.BUSY,)
    closed = [dealer("D1", active=False), dealer("D2", position(31.5, 121.9))]
    assert reasons(case, two(dealers=closed)) == (Skip.INACTIVE,)
    assert reasons(opened(own_dealer="D2"), two()) == (Skip.NOT_OWN_CASE,)


def test_r17_a_tow_vehicle_without_a_flatbed_is_skipped_where_one_is_needed() -> None:
    case = opened(fault="tow_only", car=Car(energy=Energy.ELECTRIC))

    def carrying(tools: tuple[str, ...]) -> Fleet:
        return two(vehicles={"D1": [vehicle("a", TOW, tools=tools)], "D2": [vehicle("b", TOW, "D2")]})

    assert reasons(case, carrying(("winch",))) == (Skip.MISSING_TOOL,)
    assert reasons(case, carrying(("flatbed",))) == reasons(case, carrying(())) == ()


def test_r23_brands_are_kept_apart_only_by_setting() -> None:
    other = [dealer("D1", brands=("雪佛兰",)), dealer("D2", position(31.5, 121.9), brands=("别克",))]
    case = opened(car=Car(brand="别克"))
    assert reasons(case, two(dealers=other)) == ()
    assert reasons(case, two(dealers=other), keep_brands_apart=True) == (Skip.OTHER_BRAND,)
    assert choose(rank(case, two(dealers=other), keep_brands_apart=True)).dealer == "D2"


def test_r1_who_refused_timed_out_or_gave_back_is_not_asked_again_by_itself() -> None:
    asked = offered(opened())
    declined = then(asked, decide.decline(asked, offer_id="o1", reason="x", now=minutes(2)))
    expired = then(asked, decide.expire(asked, offer_id="o1", now=minutes(5)))
    back = then(accepted(asked), decide.give_back(accepted(asked), trip_id="t1", reason="x", now=minutes(5)))
    for case, why in (
        (declined, Skip.DECLINED_BEFORE),
        (expired, Skip.EXPIRED_BEFORE),
        (back, Skip.GAVE_BACK_BEFORE),
    ):
        assert reasons(case, two()) == (why,)
        candidates = rank(case, two())
        assert choose(candidates).dealer == "D2"
        assert choose(candidates, dealer="D1", override_reason="they called back").dealer == "D1"
        with pytest.raises(errors.NotNearest):
            choose(candidates, dealer="D1")


def test_r1_another_than_the_nearest_needs_a_reason_and_must_be_able() -> None:
    candidates = rank(opened(), two())
    assert choose(candidates).dealer == choose(candidates, dealer="D1").dealer == "D1"
    with pytest.raises(errors.NotNearest):
        choose(candidates, dealer="D2")
    assert choose(candidates, dealer="D2", override_reason="knows the car").dealer == "D2"
    with pytest.raises(errors.NotFound):
        choose(candidates, dealer="D9")
    with pytest.raises(errors.NoEligibleVehicle):
        choose(rank(opened(), two(busy=frozenset({"b"}))), dealer="D2", override_reason="please")
    with pytest.raises(errors.NoEligibleVehicle):
        choose(rank(opened(), two(busy=frozenset({"a", "b"}))))


def test_r5_the_second_vehicle_comes_from_the_dealer_the_cac_named_until_it_refuses() -> None:
    case = outcome(on_scene(accepted(offered(opened(), dealer_code="D2"))), Result.UNRESOLVED, drivable=False)
    events = decide.decide_second_dispatch(case, FAULTS, approve=True, needs=SERVICE, same_dealer=True, now=minutes(33))
    case = then(case, events)
    assert reasons(case, two()) == (Skip.OTHER_DEALER_SENDS,)
    assert choose(rank(case, two())).dealer == "D2"
    again = offered(case, dealer_code="D2", offer_id="o2", at=34)
    refused = then(again, decide.decline(again, offer_id="o2", reason="x", now=minutes(35)))
    assert choose(rank(refused, two())).dealer == "D1"


def test_r1_what_is_shown_as_equally_far_is_a_tie() -> None:
    """A dealer due east and one due west differ by less than the millimetre that is shown."""
    sites = {"B": position(31.23, 121.48), "A": position(31.23, 121.46)}
    assert nearest_of(position(31.23, 121.47), **sites) == "A"
    assert nearest_of(position(31.23, 121.47), **dict(reversed(sites.items()))) == "A"


def test_r5_the_dealer_that_the_cac_named_is_asked_whatever_it_answered_before() -> None:
    asked = offered(opened(), dealer_code="D1")
    late = then(asked, decide.expire(asked, offer_id="o1", now=minutes(5)))
    taken = accepted(offered(late, dealer_code="D1", offer_id="o2", at=6), offer_id="o2", at=7)
    left = outcome(on_scene(taken, depart=8), Result.UNRESOLVED, drivable=False)
    again = then(
        left,
        decide.decide_second_dispatch(left, FAULTS, approve=True, needs=SERVICE, same_dealer=True, now=minutes(33)),
    )
    assert choose(rank(again, two())).dealer == "D1"
