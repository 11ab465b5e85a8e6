"""What the motorist is told: an honest band for the arrival, and what to do until then."""

from dataclasses import replace
from datetime import timedelta

from dispatch_build import T0, minutes, opened, position, then, vehicle
from hypothesis import given
from hypothesis import strategies as st

from dispatch import decide
from dispatch.vocabulary import Case, CaseStatus, Expressway, Person
from dispatch.wayside import Standing, advice_of, arrival_of, standing_of


def coming() -> Case:
    case = opened()
    case = then(case, decide.offer(case, offer_id="o1", dealer="D1", now=T0, expires_at=minutes(3)))
    return then(
        case,
        decide.accept(
            case,
            offer_id="o1",
            trip_id="t1",
            vehicle=vehicle(),
            driver=Person(name="陈"),
            crew=2,
            promised_at=minutes(40),
            now=minutes(1),
        ),
    )


def test_r3_the_band_is_by_the_vehicles_fix_where_that_is_fresh_else_around_the_promise() -> None:
    case = coming()
    told = arrival_of(case, None, None, minutes(10))
    assert told
    assert (told.start, told.end, told.measured) == (minutes(35), minutes(45), False)
    measured = arrival_of(case, position(lat=31.28), minutes(9), minutes(10))
    assert measured
    assert measured.measured
    old = arrival_of(case, position(lat=31.28), minutes(1), minutes(10))
    assert old == told
    assert arrival_of(opened(), None, None, T0) is None
    there = then(case, decide.arrive(case, trip_id="t1", at=minutes(20)))
    assert arrival_of(there, position(), minutes(21), minutes(21)) is None


@given(st.floats(30, 32), st.floats(120, 122), st.integers(0, 600))
def test_r3_a_band_never_ends_before_now_and_is_some_minutes_wide(lat: float, lon: float, now: int) -> None:
    at = minutes(now)
    band = arrival_of(coming(), position(lat, lon), at, at)
    assert band
    assert band.end > at
    assert band.end - band.start >= timedelta(minutes=3)


def test_to_whom_a_case_is_offered_is_not_the_motorists_business() -> None:
    for status in (CaseStatus.OPEN, CaseStatus.OFFERED, CaseStatus.UNASSIGNED):
        assert standing_of(replace(opened(), status=status)) is Standing.WAITING
    # The first crew is still beside the car.
    awaiting = replace(opened(), status=CaseStatus.AWAITING_SECOND_DISPATCH)
    assert standing_of(awaiting) is Standing.ON_SCENE
    assert {standing_of(replace(opened(), status=status)) for status in CaseStatus} == set(Standing) - {
        Standing.LOCATING,
        Standing.LOCATED,
    }


def test_r18_on_an_expressway_one_waits_behind_the_barrier() -> None:
    case = opened()
    road = replace(case, place=replace(case.place, expressway=Expressway(road="G2")))
    assert "behind_barrier" in advice_of(road)
    assert "behind_barrier" not in advice_of(case)
    assert advice_of(replace(case, fault="accident"))[0] == "police_first"
