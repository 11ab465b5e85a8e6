"""R1: the pick equals brute force on the ellipsoid, and every dealer passed over has its reason."""

from itertools import pairwise

import pytest
from dispatch_build import accepted, dealer, minutes, offered, on_scene, opened, outcome, place, position, then, vehicle
from geopy.distance import geodesic
from hypothesis import given
from hypothesis import strategies as st

from core import errors
from core.geo import Position
from dispatch import decide
from dispatch.proximity import Fleet, Skip, choose, rank
from dispatch.vocabulary import Car, Energy, Result
from tracking.vocabulary import VehicleKind

SERVICE, TOW = VehicleKind.SERVICE, VehicleKind.TOW

points = st.builds(Position, lat=st.floats(20, 50), lon=st.floats(80, 130))
near_points = st.builds(Position, lat=st.floats(31.2, 31.3), lon=st.floats(121.4, 121.5))


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    where = draw(st.sampled_from([points, near_points]))
    dealers = [dealer(f"D{n}", draw(where)) for n in range(draw(st.integers(0, 6)))]
    vehicles, positions, busy = {}, {}, set()
    for one in dealers:
        fleet = []
        for n in range(draw(st.integers(0, 3))):
            plate = f"{one.code}-{n}"
            kind = draw(st.sampled_from([SERVICE, TOW]))
            fleet.append(vehicle(plate, kind, one.code, on_duty=draw(st.booleans())))
            if draw(st.booleans()):
                positions[plate] = draw(where)
            if draw(st.integers(0, 3)) == 0:
                busy.add(plate)
        vehicles[one.code] = fleet
    return Fleet(dealers=dealers, vehicles=vehicles, busy=frozenset(busy), positions=positions)


@given(fleets(), st.one_of(points, near_points))
def test_r1_the_ranking_equals_brute_force_with_geopy(fleet: Fleet, at: Position) -> None:
    candidates = rank(opened(at=place(at)), fleet)
    expected: dict[str, float] = {}
    for one in fleet.dealers:
        for car in fleet.vehicles[one.code]:
            if car.kind is SERVICE and car.on_duty and car.plate not in fleet.busy:
                start = fleet.positions.get(car.plate, one.site)
                metres = geodesic((at.lat, at.lon), (start.lat, start.lon)).meters
                expected[one.code] = min(metres, expected.get(one.code, metres))
    able = [candidate for candidate in candidates if candidate.eligible]
    assert {candidate.dealer for candidate in candidates} == {one.code for one in fleet.dealers}
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
    fleet = Fleet(
        dealers=[dealer(code, site) for code, site in sites.items()],
        vehicles={code: [vehicle(code, dealer=code)] for code in sites},
        busy=frozenset(),
        positions={},
    )
    return choose(rank(opened(at=place(scene)), fleet)).dealer


def test_r1_planar_degrees_would_pick_another() -> None:
    """Near Mohe 0.40 degrees east is 27 km, but 0.30 degrees north is 33 km."""
    sites = {"N": position(52.30, 122.0), "E": position(52.0, 122.40)}
    assert nearest_of(position(52.0, 122.0), **sites) == "E"


def test_r1_a_sphere_would_pick_another() -> None:
    """At 25 N, 0.10 degrees north is 11,077 m and 0.11 degrees east 11,104 m; a sphere has 11,119 and 11,085."""
    sites = {"N": position(25.10, 110.0), "E": position(25.0, 110.11)}
    assert nearest_of(position(25.0, 110.0), **sites) == "N"


def test_r1_ties_go_by_dealer_code() -> None:
    fleet = Fleet(
        dealers=[dealer("B"), dealer("A")],
        vehicles={"A": [vehicle("a", dealer="A")], "B": [vehicle("b", dealer="B")]},
        busy=frozenset(),
        positions={},
    )
    assert choose(rank(opened(), fleet)).dealer == "A"


def two(**facts: object) -> Fleet:
    """D1 near with facts of its own, D2 far and able."""
    base: dict[str, object] = {
        "dealers": [dealer("D1"), dealer("D2", position(31.5, 121.9))],
        "vehicles": {"D1": [vehicle("a")], "D2": [vehicle("b", dealer="D2")]},
        "busy": frozenset(),
        "positions": {},
    }
    return Fleet(**(base | facts))  # type: ignore[arg-type]


def reasons(case, fleet: Fleet, **options: bool) -> tuple[str, ...]:
    return next(one.reasons for one in rank(case, fleet, **options) if one.dealer == "D1")


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

    def fleet(tools: tuple[str, ...]) -> Fleet:
        return two(vehicles={"D1": [vehicle("a", TOW, tools=tools)], "D2": [vehicle("b", TOW, "D2")]})

    assert reasons(case, fleet(("winch",))) == (Skip.MISSING_TOOL,)
    assert reasons(case, fleet(("flatbed",))) == reasons(case, fleet(())) == ()


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
    events = decide.decide_second_dispatch(case, approve=True, needs=SERVICE, same_dealer=True, now=minutes(33))
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
        decide.decide_second_dispatch(left, approve=True, needs=SERVICE, same_dealer=True, now=minutes(33)),
    )
    assert choose(rank(again, two())).dealer == "D1"
