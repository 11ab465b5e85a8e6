from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.geo import Position, distance_m
from tracking.arrival import DEPARTED_M, Fence, FenceState, derive, step
from tracking.vocabulary import Fix, trail_key

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
METRE = 1 / 111_000


def at(north_m: float) -> Position:
    return Position(lat=31.2 + north_m * METRE, lon=121.4)


SCENE = at(3_000)


def fence(**changes: object) -> Fence:
    values: dict[str, object] = {
        "trip_id": "t1",
        "plate": "P1",
        "origin": at(0),
        "scene": SCENE,
        "since": START,
        "until": None,
        "radius_m": 150.0,
        "dwell_s": 30.0,
    }
    return Fence(**(values | changes))  # type: ignore[arg-type]


def drive(*legs: tuple[float, float], accuracy_m: float | None = 5.0) -> list[Fix]:
    """Fixes at (seconds after the start, metres north)."""
    return [
        Fix(
            terminal_id="T1",
            seq=seq,
            time=START + timedelta(seconds=second),
            position=at(north_m),
            accuracy_m=accuracy_m,
        )
        for seq, (second, north_m) in enumerate(legs)
    ]


def crossing(fixes: list[Fix], **changes: object) -> tuple[float | None, float | None]:
    """Seconds after the start of departure and arrival."""
    state = derive(fence(**changes), fixes)
    departed, arrived = (
        None if time is None else (time - START).total_seconds() for time in (state.departed_at, state.arrived_at)
    )
    return departed, arrived


def test_K3_arrival_is_the_first_fix_of_the_first_long_enough_stay() -> None:
    way = drive((0, 0), (60, 150), (120, 900), (180, 2_000), (240, 2_950), (255, 2_990), (270, 3_000), (300, 3_000))
    assert crossing(way) == (120, 240)
    assert crossing(way[:6]) == (120, None)  # 15 s are no stay


def test_driving_through_the_fence_is_no_arrival_and_leaving_it_starts_anew() -> None:
    way = drive((0, 0), (100, 2_000), (140, 2_900), (160, 3_100), (180, 4_000), (300, 3_010), (331, 3_010))
    assert crossing(way) == (100, 300)


def test_a_long_silence_breaks_the_stay() -> None:
    way = drive((0, 0), (200, 3_000), (820, 3_000), (845, 3_000), (851, 3_000))
    assert crossing(way) == (200, 820)


def test_coarse_and_jumping_fixes_count_for_nothing() -> None:
    way = drive((0, 0), (10, 0), (20, 0), (30, 0), (600, 3_000), (640, 3_000))
    noise = [
        *drive((400, 3_000), (450, 3_000), accuracy_m=180.0),
        *drive((31, 3_000)),  # 3 km in a second
    ]
    assert crossing(sorted(way + noise, key=trail_key)) == (600, 600)


def test_one_cannot_arrive_without_having_left() -> None:
    assert crossing(drive((0, 2_900), (40, 3_000)), origin=at(2_900)) == (0, 0)


def test_without_a_known_origin_the_first_fix_is_it() -> None:
    assert crossing(drive((0, 0), (30, 190), (60, 210)), origin=None) == (60, None)


def test_only_the_trips_own_time_counts_both_ends_included() -> None:
    way = drive((-60, 2_990), (0, 2_990), (60, 3_000), (90, 3_000))
    assert crossing(way, until=START + timedelta(seconds=60)) == (0, 0)
    assert crossing(way, until=START + timedelta(seconds=59)) == (0, None)
    assert crossing(way, since=START + timedelta(seconds=61)) == (90, None)


@pytest.mark.parametrize("north_m", [DEPARTED_M - 5, DEPARTED_M + 5])
def test_departure_is_at_200_metres(north_m: float) -> None:
    (one,) = drive((60, north_m))
    departed = crossing([*drive((0, 0)), one])[0]
    assert (departed is not None) == (distance_m(at(0), one.position) > DEPARTED_M)


@st.composite
def ways(draw: st.DrawFn) -> list[Fix]:
    legs: list[tuple[float, float]] = []
    second = -30.0
    for gap, north in draw(
        st.lists(
            st.tuples(st.sampled_from([1, 10, 20, 60, 601]), st.sampled_from([0, 250, 2_900, 3_000, 3_100, 4_000])),
            max_size=25,
        )
    ):
        second += gap
        legs.append((second, north))
    return drive(*legs)


@given(ways(), st.data())
def test_steps_in_order_and_the_whole_fold_agree(way: list[Fix], data: st.DataObject) -> None:
    ending = fence(until=START + timedelta(seconds=data.draw(st.integers(0, 2_000))))
    state = FenceState()
    for one in way:
        following = step(ending, state, one)
        if state.arrived_at is not None:
            assert following == state  # once arrived, nothing later changes it
        state = following
    assert state == derive(ending, way)
    if state.arrived_at is not None:
        assert state.departed_at is not None
        assert state.departed_at <= state.arrived_at
        inside = [one for one in way if one.time == state.arrived_at]
        assert distance_m(inside[0].position, SCENE) <= ending.radius_m
