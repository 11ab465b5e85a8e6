import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from core.geo import Position, distance_m
from tracking.fixes import (
    LIMITS,
    REMEMBERED,
    Outcome,
    Reason,
    TerminalState,
    Verdict,
    flagged,
    is_coarse,
    judge,
    jumps,
)
from tracking.vocabulary import Fix, FixFlag, trail_key

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
METRE = 1 / 111_000
"""About one metre of latitude, in degrees."""


def fix(second: float = 0, north_m: float = 0, *, seq: int = 1, **other: object) -> Fix:
    values: dict[str, object] = {
        "terminal_id": "T1",
        "seq": seq,
        "time": NOW - timedelta(hours=1) + timedelta(seconds=second),
        "position": Position(lat=31.2 + north_m * METRE, lon=121.4),
        "accuracy_m": 5.0,
    }
    return Fix(**(values | other))  # type: ignore[arg-type]


def judged(fixes: Iterable[Fix], state: TerminalState | None = None) -> tuple[TerminalState, list[Verdict]]:
    state = state or TerminalState()
    verdicts: list[Verdict] = []
    for one in fixes:
        state, verdict = judge(state, one, NOW)
        verdicts.append(verdict)
    return state, verdicts


def reasons(fixes: Iterable[Fix]) -> list[Reason | None]:
    return [verdict.reason for verdict in judged(fixes)[1]]


@pytest.mark.parametrize(
    ("doubted", "reason"),
    [
        (fix(position=Position(lat=0.0, lon=0.0)), Reason.NULL_ISLAND),
        (fix(position=Position(lat=0.006, lon=0.0065)), Reason.NULL_ISLAND),  # zeros that passed through BD-09
        (fix(position=Position(lat=121.4, lon=31.2)), Reason.SWAPPED),
        (fix(position=Position(lat=87.6, lon=43.8)), Reason.SWAPPED),  # Ürümqi: in range even when swapped
        (fix(3600 + 61), Reason.FUTURE),
        (fix(-7 * 86_400), Reason.STALE_CLOCK),
    ],
)
def test_R22_doubted_fixes_are_set_aside_and_remembered_by_nothing(doubted: Fix, reason: Reason) -> None:
    seen, _ = judged([fix(0), fix(2, 20, seq=2)])
    for state in (TerminalState(), seen):
        after, verdict = judge(state, doubted, NOW)
        assert verdict == Verdict(outcome=Outcome.QUARANTINE, reason=reason)
        assert after is state


@pytest.mark.parametrize("second", [3600 + 60, -7 * 86_400 + 3600])
def test_the_limits_of_time_themselves_are_believed(second: float) -> None:
    assert judged([fix(second)])[1] == [Verdict(outcome=Outcome.LIVE)]


def test_in_order_late_coarse_repeated() -> None:
    first, second, third = fix(0, 0, seq=1), fix(10, 50, seq=2), fix(20, 100, seq=3)
    cell_tower = fix(30, 300, seq=4, accuracy_m=550.0)
    state, verdicts = judged([first, third, second, third, cell_tower])
    assert [(verdict.outcome, verdict.reason) for verdict in verdicts] == [
        (Outcome.LIVE, None),
        (Outcome.LIVE, None),
        (Outcome.HISTORY, Reason.LATE),
        (Outcome.DUPLICATE, None),
        (Outcome.HISTORY, Reason.COARSE),
    ]
    assert state.live == third
    assert state.recent == (first, second, third)
    assert state.newest == cell_tower.time


def test_a_single_wrong_fix_is_outvoted_by_its_neighbours() -> None:
    track = [fix(2 * n, 20 * n, seq=n) for n in range(9)]
    track[5] = fix(10, 40_000, seq=5)
    assert reasons(track) == [None] * 5 + [Reason.JUMP] + [None] * 3


def test_a_vehicle_recovers_from_a_wrong_first_fix() -> None:
    wrong = fix(0, 500_000, seq=0)
    assert reasons([wrong, *(fix(2 * n, 20 * n, seq=n) for n in range(1, 6))]) == [None, Reason.JUMP] + [None] * 4


def test_fixes_that_agree_on_a_far_place_are_believed_in_the_end() -> None:
    before = [fix(2 * n, 0, seq=n) for n in range(6)]
    after = [fix(12 + 2 * n, 90_000, seq=6 + n) for n in range(6)]
    assert reasons(before + after) == [None] * 6 + [Reason.JUMP] * 2 + [None] * 4


def test_unknown_accuracy_is_given_some_slack_and_a_long_silence_allows_a_long_way() -> None:
    vague = fix(2, 240, seq=2, accuracy_m=None)
    assert reasons([fix(0, accuracy_m=None), vague]) == [None, None]
    assert reasons([fix(0), fix(1200, 80_000, seq=2)]) == [None, None]
    assert reasons([fix(0), fix(1, 90, seq=2)]) == [None, Reason.JUMP]


def test_a_late_fix_can_vouch_for_a_newer_one() -> None:
    wrong, late, newest = fix(0, 500_000, seq=0), fix(10, 0, seq=1), fix(12, 20, seq=2)
    state, verdicts = judged([wrong, newest])
    assert (state.live, verdicts[1].reason) == (wrong, Reason.JUMP)
    state, _ = judged([late], state)
    assert state.live == newest


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[Fix], list[Fix]]:
    """Fixes of one terminal, in the order of their times, and in an order of arrival."""
    count = draw(st.integers(1, 25))
    gaps = draw(st.lists(st.integers(0, 400), min_size=count, max_size=count))
    places = draw(st.lists(st.sampled_from([0, 30, 300, 5_000, 300_000]), min_size=count, max_size=count))
    accuracies = draw(st.lists(st.sampled_from([None, 5.0, 150.0, 550.0]), min_size=count, max_size=count))
    fixes: list[Fix] = []
    second = 0
    for seq, (gap, place, accuracy) in enumerate(zip(gaps, places, accuracies, strict=True)):
        second += gap
        fixes.append(fix(second / 4, place, seq=seq, accuracy_m=accuracy))
    return fixes, draw(st.permutations(fixes))


@given(
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.floats(0.5, 1.5) | st.floats(1 - 1e-9, 1 + 1e-9),
    st.integers(0, 100_000),
)
def test_a_jump_is_decided_by_the_exact_distance(lat: float, course_deg: float, share: float, gap_ms: int) -> None:
    """On both sides of the farthest that a vehicle can come, and within the bound that is looked at first."""
    gap_s = gap_ms / 1000
    reach_m = LIMITS.top_speed_mps * max(gap_s, 1.0) + (5.0 + 5.0)
    here = Position(lat=lat, lon=100.0)
    lon, lat, _ = Geod(ellps="WGS84").fwd(here.lon, here.lat, course_deg, share * reach_m)
    there = Position(lat=float(lat), lon=float(lon))
    known, later = fix(0, position=here), fix(gap_s, position=there, seq=2)
    assert jumps([known], later) == (distance_m(here, there) > reach_m)


@given(arrivals())
def test_what_is_remembered_does_not_depend_on_the_order_of_arrival(case: tuple[list[Fix], list[Fix]]) -> None:
    ordered, arrived = case
    state = TerminalState()
    shown: list[Fix] = []
    for one in arrived:
        state, verdict = judge(state, one, NOW)
        assert verdict.outcome in (Outcome.LIVE, Outcome.HISTORY)
        if state.live is not None:
            shown.append(state.live)
    usable = [one for one in ordered if not is_coarse(one)]
    assert state.recent == tuple(usable[-REMEMBERED:])
    assert state.newest == ordered[-1].time
    assert [trail_key(one) for one in shown] == sorted(trail_key(one) for one in shown)  # never back in time
    assert judged(arrived, state)[0] == state  # sent again, nothing changes


@given(arrivals())
def test_live_in_order_is_the_newest_fix_that_the_trail_calls_ok(case: tuple[list[Fix], list[Fix]]) -> None:
    ordered, _ = case
    good = [one for one, flag in zip(ordered, flagged(ordered), strict=True) if flag is FixFlag.OK]
    assert judged(ordered)[0].live == (good[-1] if good else None)


@given(st.integers(1, 40), st.randoms(use_true_random=False))
def test_without_jumps_live_is_the_newest_usable_fix_after_any_order(count: int, rng: random.Random) -> None:
    ordered: list[Fix] = []
    second = north = 0.0
    for seq in range(count):
        gap = rng.choice([0, 1, 2, 30, 85])
        second += gap
        north += rng.uniform(-30, 30) * gap
        ordered.append(fix(second, north, seq=seq, accuracy_m=rng.choice([None, 4.0, 550.0])))
    arrived = ordered + rng.choices(ordered, k=5)
    rng.shuffle(arrived)
    usable = [one for one in ordered if not is_coarse(one)]
    assert judged(arrived)[0].live == (usable[-1] if usable else None)


@given(arrivals(), st.data())
def test_flags_are_the_same_however_the_trail_is_paged(case: tuple[list[Fix], list[Fix]], data: st.DataObject) -> None:
    ordered, _ = case
    at = data.draw(st.integers(0, len(ordered)))
    usable: Sequence[Fix] = [one for one in ordered[:at] if not is_coarse(one)]
    assert flagged(ordered)[at:] == flagged(ordered[at:], tuple(usable[-4:]))


def test_limits_have_the_documented_defaults() -> None:
    assert (LIMITS.future_s, LIMITS.stale_s, LIMITS.coarse_m, LIMITS.top_speed_mps) == (60, 604_800, 200, 70)
