"""K1-K5, K8-K11 and R20 by number: how one case counts, and why."""

import pytest
from scoring_build import TOW, Told, minutes, repaired

from dispatch import events as e
from dispatch.vocabulary import CancelledBy, CaseStatus, Result, Source
from scoring.kpi import standings
from scoring.vocabulary import Counted, Kpi, Reason, Standing

NUMERATOR, DENOMINATOR, EXCLUDED = Counted.NUMERATOR, Counted.DENOMINATOR, Counted.EXCLUDED


def of(told: Told, dealer: str = "D1") -> Standing:
    return standings(told.case)[dealer]


def mark(told: Told, kpi: Kpi, dealer: str = "D1") -> tuple[Counted, Reason]:
    found = of(told, dealer).mark(kpi)
    return found.counted, found.reason


def test_a_plain_rescue_counts_for_everything_but_the_survey() -> None:
    assert {kpi: mark(repaired(), kpi) for kpi in Kpi} == {
        Kpi.COMPLETION: (NUMERATOR, Reason.COMPLETED),
        Kpi.SATISFACTION: (EXCLUDED, Reason.NOT_SURVEYED),
        Kpi.ARRIVAL: (NUMERATOR, Reason.IN_TIME),
        Kpi.DRIVE_AWAY: (NUMERATOR, Reason.DROVE_AWAY),
        Kpi.FIRST_SUCCESS: (NUMERATOR, Reason.ONE_TRIP),
    }


def test_K1_a_case_counts_once_per_dealer_however_often_it_was_offered() -> None:
    told = Told().declined("D1", 1).expired("D1", 4).declined("D2", 8).accepted("D1", 10).cancelled(11)
    found = standings(told.case)
    assert set(found) == {"D1", "D2"}
    assert mark(told, Kpi.COMPLETION, "D2") == (DENOMINATOR, Reason.DECLINED)


def test_K1_a_refusal_or_a_timeout_counts() -> None:
    told = Told().declined("D1", 1).expired("D2", 4).failed(20)
    assert mark(told, Kpi.COMPLETION, "D1") == (DENOMINATOR, Reason.DECLINED)
    assert mark(told, Kpi.COMPLETION, "D2") == (DENOMINATOR, Reason.EXPIRED)


def test_K1_an_offer_withdrawn_before_an_answer_does_not_count() -> None:
    told = Told().withdrawn("D1", 1).withdrawn("D1", 3).cancelled(10, by=CancelledBy.CAC)
    assert mark(told, Kpi.COMPLETION) == (EXCLUDED, Reason.WITHDRAWN)


def test_K1_a_refusal_counts_even_where_another_offer_was_withdrawn() -> None:
    told = Told().withdrawn("D1", 1).declined("D1", 3).withdrawn("D1", 6).cancelled(10)
    assert mark(told, Kpi.COMPLETION) == (DENOMINATOR, Reason.DECLINED)


def test_K1_C2_a_dealers_own_case_is_no_attempt_of_the_CAC_but_counts_otherwise() -> None:
    told = Told().accepted("D1", own_case=True).departed(3).arrived(40)
    told.outcome(Result.REPAIRED, drivable=True).completed().surveyed(80)
    assert mark(told, Kpi.COMPLETION) == (EXCLUDED, Reason.OWN_CASE)
    assert [mark(told, kpi)[0] for kpi in Kpi if kpi is not Kpi.COMPLETION] == [NUMERATOR] * 4
    assert (of(told).offers_accepted, of(told).offers_answered) == (0, 0)


def test_K2_completed_after_an_earlier_refusal_is_completed() -> None:
    told = Told().declined("D1", 1).accepted("D1", 5).arrived(40).outcome(Result.REPAIRED, drivable=True).completed()
    assert mark(told, Kpi.COMPLETION) == (NUMERATOR, Reason.COMPLETED)


def test_K2_cancelled_by_the_customer_after_acceptance_is_left_out() -> None:
    assert mark(Told().accepted("D1").cancelled(10), Kpi.COMPLETION) == (EXCLUDED, Reason.CANCELLED_BY_CUSTOMER)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-1, (EXCLUDED, Reason.CANCELLED_BY_CUSTOMER)),
        (0, (EXCLUDED, Reason.CANCELLED_BY_CUSTOMER)),
        (1, (DENOMINATOR, Reason.CANCELLED_AFTER_PROMISE)),
    ],
)
def test_K2_K8_the_promise_had_passed_means_strictly_after_it(seconds: int, expected: tuple[Counted, Reason]) -> None:
    told = Told().accepted("D1", promise=45).cancelled(45, seconds=seconds)
    assert mark(told, Kpi.COMPLETION) == expected


def test_K2_the_promise_that_passed_is_the_one_that_counts() -> None:
    moved = Told().accepted("D1", promise=45).promised(60).cancelled(50)
    assert mark(moved, Kpi.COMPLETION) == (EXCLUDED, Reason.CANCELLED_BY_CUSTOMER)
    unapproved = Told().accepted("D1", promise=45).promised(60, approved=False).cancelled(50)
    assert mark(unapproved, Kpi.COMPLETION) == (DENOMINATOR, Reason.CANCELLED_AFTER_PROMISE)


def test_K2_the_customers_cancellation_after_acceptance_leaves_the_case_out_whatever_was_refused_before() -> None:
    told = Told().declined("D1", 1).accepted("D1", 5).cancelled(10)
    assert mark(told, Kpi.COMPLETION) == (EXCLUDED, Reason.CANCELLED_BY_CUSTOMER)
    told = Told().declined("D1", 1).accepted("D2", 5).cancelled(10)
    assert mark(told, Kpi.COMPLETION, "D1") == (DENOMINATOR, Reason.DECLINED)
    assert mark(told, Kpi.COMPLETION, "D2") == (EXCLUDED, Reason.CANCELLED_BY_CUSTOMER)


def test_K2_only_the_customers_cancellation_is_left_out() -> None:
    told = Told().accepted("D1").cancelled(10, by=CancelledBy.CAC)
    assert mark(told, Kpi.COMPLETION) == (DENOMINATOR, Reason.CANCELLED_BY_CAC)
    assert mark(Told().accepted("D1").failed(10), Kpi.COMPLETION) == (DENOMINATOR, Reason.FAILED)


def test_K2_accepted_but_completed_by_another_is_not_completed() -> None:
    told = Told().accepted("D1").arrived(30).unresolved().second().accepted("D2", 53, kind=TOW, promise=90)
    told.arrived(80).outcome(Result.TOWED, drivable=False, at=85).completed(100)
    assert mark(told, Kpi.COMPLETION, "D1") == (DENOMINATOR, Reason.COMPLETED_BY_ANOTHER)
    assert mark(told, Kpi.COMPLETION, "D2") == (NUMERATOR, Reason.COMPLETED)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-1, (NUMERATOR, Reason.IN_TIME)), (0, (NUMERATOR, Reason.IN_TIME)), (1, (DENOMINATOR, Reason.LATE))],
)
def test_K3_K8_the_promised_second_itself_is_in_time(seconds: int, expected: tuple[Counted, Reason]) -> None:
    told = Told().accepted("D1", promise=45).arrived(45, seconds=seconds).cancelled(90)
    assert mark(told, Kpi.ARRIVAL) == expected


def test_K3_the_GPS_time_counts_and_else_the_reported_one() -> None:
    both = Told().accepted("D1").arrived(46).told_arrival(44).cancelled(90)
    assert mark(both, Kpi.ARRIVAL) == (DENOMINATOR, Reason.LATE)
    told_only = Told().accepted("D1").arrived(44, source=Source.REPORTED).cancelled(90)
    assert mark(told_only, Kpi.ARRIVAL) == (NUMERATOR, Reason.IN_TIME)


def test_K3_an_arrival_that_the_fixes_took_back_leaves_the_reported_one() -> None:
    told = Told().accepted("D1").arrived(44).told_arrival(46)
    told.then(
        e.ArrivalAmended(trip_id=told.trip_id, before=minutes(44), after=minutes(46), source=Source.REPORTED)
    ).cancelled(90)
    assert mark(told, Kpi.ARRIVAL) == (DENOMINATOR, Reason.LATE)


@pytest.mark.parametrize(
    ("approved", "outside", "expected"),
    [
        (True, True, Reason.IN_TIME),
        (True, False, Reason.LATE),
        (False, True, Reason.LATE),
    ],
)
def test_K3_a_later_promise_counts_only_if_approved_for_an_outside_cause(
    approved: bool, outside: bool, expected: Reason
) -> None:
    told = Told().accepted("D1", promise=45).promised(60, approved=approved, outside=outside).arrived(55)
    assert mark(told.cancelled(90), Kpi.ARRIVAL)[1] is expected


def test_K3_an_earlier_promise_never_replaces_the_first() -> None:
    told = Told().accepted("D1", promise=45).promised(30).arrived(40).cancelled(90)
    assert mark(told, Kpi.ARRIVAL) == (NUMERATOR, Reason.IN_TIME)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, (EXCLUDED, Reason.ENDED_BEFORE_PROMISE)),
        (1, (DENOMINATOR, Reason.NEVER_ARRIVED)),
    ],
)
def test_K3_K8_nobody_arrived_counts_once_the_promise_fell_due_before_the_end(
    seconds: int, expected: tuple[Counted, Reason]
) -> None:
    told = Told().accepted("D1", promise=45).cancelled(45, seconds=seconds)
    assert mark(told, Kpi.ARRIVAL) == expected


def test_K3_only_dealers_that_accepted_can_be_late() -> None:
    assert mark(Told().declined("D1").failed(60), Kpi.ARRIVAL) == (EXCLUDED, Reason.NOT_ACCEPTED)


def test_K4_a_tow_from_the_start_is_not_in_it() -> None:
    told = Told().accepted("D1", kind=TOW).arrived(40).outcome(Result.TOWED, drivable=False).completed()
    assert mark(told, Kpi.DRIVE_AWAY) == (EXCLUDED, Reason.NO_REPAIR_TRIED)


def test_K4_a_repair_that_failed_and_was_towed_is_in_the_denominator() -> None:
    told = Told().accepted("D1").arrived(30).unresolved().second("D1").accepted("D1", 53, kind=TOW, promise=90)
    told.arrived(80).outcome(Result.TOWED, drivable=False, at=85).completed(100)
    assert mark(told, Kpi.DRIVE_AWAY) == (DENOMINATOR, Reason.NOT_DRIVABLE)


def test_K4_each_dealer_answers_for_its_own_repair() -> None:
    told = Told().accepted("D1").arrived(30).unresolved().second().accepted("D2", 53, promise=90).arrived(80)
    told.outcome(Result.REPAIRED, drivable=True, at=85).completed(100)
    assert mark(told, Kpi.DRIVE_AWAY, "D1") == (DENOMINATOR, Reason.NOT_DRIVABLE)
    assert mark(told, Kpi.DRIVE_AWAY, "D2") == (NUMERATOR, Reason.DROVE_AWAY)


def test_K4_no_attempt_before_a_cancellation() -> None:
    told = Told().accepted("D1").arrived(30).cancelled(35)
    assert mark(told, Kpi.DRIVE_AWAY) == (EXCLUDED, Reason.NO_REPAIR_TRIED)


def test_K5_a_second_trip_of_any_type_is_a_second_dispatch() -> None:
    told = Told().accepted("D1").arrived(30).unresolved().second("D1").accepted("D1", 53, kind=TOW, promise=90)
    told.arrived(80).outcome(Result.TOWED, drivable=False, at=85).completed(100)
    assert mark(told, Kpi.FIRST_SUCCESS) == (DENOMINATOR, Reason.MORE_TRIPS)


def test_K5_a_trip_given_back_before_it_went_is_no_dispatch() -> None:
    told = Told().accepted("D1").given_back(5).accepted("D1", 6).arrived(30)
    told.outcome(Result.REPAIRED, drivable=True).completed()
    assert mark(told, Kpi.FIRST_SUCCESS) == (NUMERATOR, Reason.ONE_TRIP)
    gone = Told().accepted("D1").departed(3).given_back(5).accepted("D1", 6).arrived(30)
    gone.outcome(Result.REPAIRED, drivable=True).completed()
    assert mark(gone, Kpi.FIRST_SUCCESS) == (DENOMINATOR, Reason.MORE_TRIPS)


def test_K5_K10_first_success_looks_at_the_dealers_own_trips() -> None:
    told = Told().accepted("D1").arrived(30).unresolved().second().accepted("D2", 53, kind=TOW, promise=90)
    told.arrived(80).outcome(Result.TOWED, drivable=False, at=85).completed(100)
    assert mark(told, Kpi.FIRST_SUCCESS, "D2") == (NUMERATOR, Reason.ONE_TRIP)
    assert mark(told, Kpi.FIRST_SUCCESS, "D1") == (EXCLUDED, Reason.NOT_COMPLETED)


def test_K9_a_running_case_is_not_yet_counted() -> None:
    pending = Told().offered("D1", 1)
    engaged = Told().accepted("D1").arrived(40).outcome(Result.REPAIRED, drivable=True)
    waiting = Told().accepted("D1").arrived(30).unresolved().second()
    for told in (pending, engaged, waiting):
        assert {mark(told, kpi) for kpi in Kpi} == {(EXCLUDED, Reason.RUNNING)}
        assert of(told).offers_answered == 0


def test_K9_a_refusal_counts_while_the_case_runs_on_with_another() -> None:
    told = Told().declined("D1", 1).accepted("D2", 4)
    assert mark(told, Kpi.COMPLETION, "D1") == (DENOMINATOR, Reason.DECLINED)
    assert mark(told, Kpi.COMPLETION, "D2") == (EXCLUDED, Reason.RUNNING)
    given = Told().accepted("D1").given_back(10).offered("D2", 11)
    assert mark(given, Kpi.COMPLETION, "D1") == (DENOMINATOR, Reason.GIVEN_BACK)


def test_K9_an_offer_made_again_suspends_what_was_decided() -> None:
    assert mark(Told().declined("D1", 1).offered("D1", 4), Kpi.COMPLETION) == (EXCLUDED, Reason.RUNNING)


def test_K10_given_back_counts_as_not_completed_and_not_arrived() -> None:
    told = Told().accepted("D1").departed(3).given_back(10).accepted("D2", 12).arrived(40)
    told.outcome(Result.REPAIRED, drivable=True).completed().surveyed(70)
    assert mark(told, Kpi.COMPLETION, "D1") == (DENOMINATOR, Reason.GIVEN_BACK)
    assert mark(told, Kpi.ARRIVAL, "D1") == (DENOMINATOR, Reason.GIVEN_BACK)
    assert mark(told, Kpi.SATISFACTION, "D1") == (EXCLUDED, Reason.NOT_COMPLETED)
    assert mark(told, Kpi.SATISFACTION, "D2") == (NUMERATOR, Reason.SURVEYED)
    assert (of(told, "D1").satisfaction_percent, of(told, "D2").satisfaction_percent) == (None, 70)


def test_K10_given_back_after_an_arrival_is_judged_by_the_arrival() -> None:
    told = Told().accepted("D1").arrived(40).given_back(45).failed(60)
    assert mark(told, Kpi.ARRIVAL) == (NUMERATOR, Reason.IN_TIME)
    assert mark(told, Kpi.COMPLETION) == (DENOMINATOR, Reason.GIVEN_BACK)


def test_K10_the_customers_later_cancellation_excuses_no_giving_back() -> None:
    told = Told().accepted("D1").given_back(10).cancelled(12)
    assert mark(told, Kpi.COMPLETION) == (DENOMINATOR, Reason.GIVEN_BACK)


def test_K11_a_satisfaction_of_zero_is_an_answer() -> None:
    told = repaired().surveyed(0)
    assert mark(told, Kpi.SATISFACTION) == (NUMERATOR, Reason.SURVEYED)
    assert of(told).satisfaction_percent == 0


def test_K12_answers_are_counted_by_offer() -> None:
    told = Told().withdrawn("D1", 0).declined("D1", 1).expired("D1", 4).accepted("D1", 10).cancelled(20)
    assert (of(told).offers_accepted, of(told).offers_answered) == (1, 3)


def test_R20_a_case_solved_by_phone_touches_no_KPI() -> None:
    told = Told().then(e.SolvedByPhone(at=minutes(5), note="press the brake"))
    assert told.case.status is CaseStatus.CLOSED
    assert standings(told.case) == {}
