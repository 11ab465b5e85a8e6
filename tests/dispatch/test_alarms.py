"""Alarms and tasks: what a dispatcher must not overlook, and what waits for the CAC's word."""

from dataclasses import replace
from datetime import timedelta

import pytest
from dispatch_build import T0, minutes, opened, position, then, vehicle
from hypothesis import given
from hypothesis import strategies as st

from dispatch import decide
from dispatch.alarms import AlarmKind, Limits, Seen, Ways, alarms_of
from dispatch.tasks import TaskKind, tasks_of
from dispatch.vocabulary import Case, CaseStatus, Channel, OfferStatus, Person, Result
from tracking.vocabulary import VehicleKind

LIMITS = Limits()


def offered(case: Case) -> Case:
    return then(case, decide.offer(case, offer_id="o1", dealer="D1", now=T0, expires_at=minutes(3)))


def accepted(case: Case, *, kind: VehicleKind = VehicleKind.SERVICE, tracked: bool = True) -> Case:
    return then(
        case,
        decide.accept(
            case,
            offer_id="o1",
            trip_id="t1",
            vehicle=vehicle(kind=kind, tracked=tracked),
            driver=Person(name="陈", phone="13800000002"),
            crew=2,
            promised_at=minutes(40),
            now=minutes(1),
        ),
    )


def departed(case: Case) -> Case:
    return then(case, decide.depart(case, trip_id="t1", at=minutes(2)))


def kinds(case: Case, at: float, seen: Seen | None = None, ways: Ways | None = None) -> set[AlarmKind]:
    positions = {"沪A1": seen} if seen else {}
    return {one.kind for one in alarms_of([case], positions, minutes(at), ways or Ways(LIMITS), LIMITS)}


def test_an_offer_alarms_in_its_last_seconds_and_not_before() -> None:
    case = offered(opened())
    assert kinds(case, 2) == set()
    assert kinds(case, 2.5) == {AlarmKind.OFFER_EXPIRING}


def test_r3_a_promise_is_at_risk_as_soon_as_the_way_takes_longer_and_late_when_it_has_passed() -> None:
    case = departed(accepted(offered(opened())))
    far, near = position(lat=31.33), position(lat=31.24)
    assert kinds(case, 30, Seen(position=far, fix_time=minutes(30))) == {AlarmKind.PROMISE_AT_RISK}
    assert kinds(case, 30, Seen(position=near, fix_time=minutes(30))) == set()
    assert kinds(case, 40, Seen(position=position(), fix_time=minutes(40))) == {AlarmKind.PROMISE_AT_RISK}
    assert kinds(case, 41, Seen(position=near, fix_time=minutes(41))) == {AlarmKind.LATE}


def test_r11_a_silent_a_standing_and_a_straying_vehicle() -> None:
    case = departed(accepted(offered(opened())))
    there = position(lat=31.28)
    assert kinds(case, 10, Seen(position=there, fix_time=minutes(7))) == {AlarmKind.SILENT_TERMINAL}
    ways = Ways(LIMITS)
    assert kinds(case, 5, Seen(position=there, fix_time=minutes(5)), ways) == set()
    assert kinds(case, 11, Seen(position=there, fix_time=minutes(11)), ways) == {AlarmKind.STOPPED_ON_THE_WAY}
    assert kinds(case, 12, Seen(position=position(lat=31.31), fix_time=minutes(12)), ways) == {AlarmKind.OUTSIDE_PLAN}
    assert kinds(replace(case, trips=()), 12, None, ways) == set()
    assert not ways.by_trip


def test_r11_a_standing_vehicle_is_one_alarm_whichever_process_looks_and_another_where_it_stands_later() -> None:
    case = departed(accepted(offered(opened())))

    def stopped(ways: Ways, at: float, lat: float) -> list[str]:
        seen = {"沪A1": Seen(position=position(lat=lat), fix_time=minutes(at))}
        found = alarms_of([case], seen, minutes(at), ways, LIMITS)
        return [one.id for one in found if one.kind is AlarmKind.STOPPED_ON_THE_WAY]

    one, other, anew = Ways(LIMITS), Ways(LIMITS), Ways(LIMITS)
    assert stopped(one, 4, 31.2889) == []  # still rolling, in the next cell
    assert stopped(other, 4.2, 31.2893) == []
    (told,) = stopped(one, 10, 31.2893)
    assert stopped(other, 10, 31.2893) == [told]
    assert stopped(anew, 12, 31.2893) == []
    assert stopped(anew, 18, 31.2893) == [told]
    assert stopped(one, 18, 31.2893) == [told]
    assert stopped(one, 20, 31.285) == []
    (later,) = stopped(one, 26, 31.285)
    assert later != told


def test_an_unassigned_case_is_its_own_alarm_and_another_after_the_next_refusal() -> None:
    def unassigned(case_id: str, refusals: int) -> Case:
        refused = replace(offered(opened()).offers[0], status=OfferStatus.DECLINED, answered_at=minutes(1))
        return replace(opened(), id=case_id, status=CaseStatus.UNASSIGNED, offers=(refused,) * refusals)

    cases = [unassigned("c1", 2), unassigned("c2", 2), unassigned("c1", 3)]
    found = alarms_of(cases, {}, minutes(2), Ways(LIMITS), LIMITS)
    assert {one.kind for one in found} == {AlarmKind.UNASSIGNED}
    assert len({one.id for one in found}) == 3


def test_r21_a_crash_call_alarms_until_somebody_goes_and_stands_first() -> None:
    crash = replace(opened(), channel=Channel.TELEMATICS)
    waiting = replace(
        opened(), id="c2", status=CaseStatus.AWAITING_SECOND_DISPATCH, trips=accepted(offered(opened())).trips
    )
    found = alarms_of([offered(opened()), crash, waiting], {}, minutes(2.9), Ways(LIMITS), LIMITS)
    assert [one.kind for one in found][-1] is AlarmKind.OFFER_EXPIRING
    assert {one.kind for one in found[:2]} == {AlarmKind.CRASH_CALL, AlarmKind.SECOND_DISPATCH}
    assert AlarmKind.CRASH_CALL not in kinds(replace(accepted(offered(crash)), channel=Channel.TELEMATICS), 2)


def test_a_low_answer_is_a_complaint_for_a_day() -> None:
    case = replace(opened(), status=CaseStatus.CLOSED, satisfaction=40, surveyed_at=T0, completed_by="D1")
    assert kinds(case, 60) == {AlarmKind.COMPLAINT}
    assert kinds(case, 25 * 60) == set()
    assert kinds(replace(case, satisfaction=60), 60) == set()


@given(st.lists(st.tuples(st.floats(31.0, 31.5), st.floats(121.2, 121.8)), min_size=1, max_size=12))
def test_r11_an_alarm_of_the_way_keeps_its_id_while_it_lasts(track: list[tuple[float, float]]) -> None:
    case, ways = departed(accepted(offered(opened()))), Ways(LIMITS)
    for minute, (lat, lon) in enumerate(track, start=3):
        seen = {"沪A1": Seen(position=position(lat, lon), fix_time=minutes(minute))}
        found = alarms_of([case], seen, minutes(minute), ways, LIMITS)
        again = alarms_of([case], seen, minutes(minute), ways, LIMITS)
        assert [one.id for one in found] == [one.id for one in again]
        assert len({one.id for one in found}) == len(found)


def test_r11_a_driver_without_gps_is_called_again_a_quarter_of_an_hour_after_the_last_call() -> None:
    case = accepted(offered(opened(fault="tow_only")), kind=VehicleKind.TOW, tracked=False)
    (task,) = tasks_of([case])
    assert (task.kind, task.due_at, task.who) == (TaskKind.MONITORING_CALL, minutes(16), case.trips[0].driver)
    called = then(case, decide.log_call(case, trip_id="t1", note="", now=minutes(14)))
    assert tasks_of([called])[0].due_at == minutes(29)
    assert tasks_of([accepted(offered(opened()))]) == []


@pytest.mark.parametrize(("rule", "kind"), [("R5", TaskKind.SECOND_DISPATCH), ("R7", TaskKind.CONFIRM_COMPLETION)])
def test_what_waits_for_the_cacs_word(rule: str, kind: TaskKind) -> None:
    fault, vehicles = ("battery", VehicleKind.SERVICE) if rule == "R5" else ("tow_only", VehicleKind.TOW)
    case = accepted(offered(opened(fault=fault)), kind=vehicles)
    case = then(case, decide.arrive(case, trip_id="t1", at=minutes(20)))
    result = Result.UNRESOLVED if rule == "R5" else Result.TOWED
    case = then(
        case,
        decide.report_outcome(case, trip_id="t1", result=result, drivable=False, note="", now=minutes(25)),
    )
    assert [task.kind for task in tasks_of([case])] == [kind]


def test_a6_an_owner_is_asked_half_an_hour_after_the_end() -> None:
    case = replace(opened(), status=CaseStatus.COMPLETED, ended_at=T0, completed_by="D1")
    (task,) = tasks_of([case])
    assert (task.kind, task.due_at - T0) == (TaskKind.SURVEY_CALL, timedelta(minutes=30))
