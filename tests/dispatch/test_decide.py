"""The rules of a case, one by one; each test is named after its rule."""

from datetime import timedelta

import pytest
from dispatch_build import (
    SVG,
    accepted,
    completed,
    minutes,
    offered,
    on_scene,
    opened,
    opening_event,
    outcome,
    place,
    position,
    signed,
    then,
    vehicle,
)

from core import errors
from dispatch import acceptance, checksheet, decide
from dispatch.events import CaseUnassigned
from dispatch.evolve import evolve, fold
from dispatch.faults import FAULTS, need_of
from dispatch.promise import PromiseRules, effective_promise, latest_minutes_without_reason, standard_minutes
from dispatch.vocabulary import (
    CancelledBy,
    Car,
    CaseStatus,
    Drive,
    Energy,
    OfferStatus,
    Person,
    Result,
    Source,
    TripStatus,
)
from scoring.kpi import standings
from tracking.vocabulary import Crossing, VehicleKind

SERVICE, TOW = VehicleKind.SERVICE, VehicleKind.TOW
RULES = PromiseRules()


def test_r1_every_refusal_is_recorded_with_its_reason() -> None:
    case = offered(opened())
    refused = then(case, decide.decline(case, offer_id="o1", reason="no crew", now=minutes(2)))
    assert (refused.offers[0].status, refused.offers[0].reason) == (OfferStatus.DECLINED, "no crew")
    assert refused.offers[0].answered_at == minutes(2)
    with pytest.raises(errors.Invalid):
        decide.decline(case, offer_id="o1", reason="  ", now=minutes(2))


def test_r1_an_answered_or_expired_offer_is_not_pending() -> None:
    case = offered(opened())
    at_deadline = case.offers[0].expires_at
    assert accepted(case, at=(at_deadline - minutes(0)).total_seconds() / 60).status is CaseStatus.ACCEPTED
    with pytest.raises(errors.OfferNotPending):
        decide.decline(case, offer_id="o1", reason="x", now=at_deadline + timedelta(microseconds=1))
    with pytest.raises(errors.OfferNotPending):
        accepted(accepted(case), trip_id="t2")
    assert decide.expire(accepted(case), offer_id="o1", now=at_deadline) == ()


def test_r1_one_offer_at_a_time() -> None:
    with pytest.raises(errors.IllegalTransition):
        offered(offered(opened()), offer_id="o2")


@pytest.mark.parametrize(
    ("fault", "car", "kind", "flatbed"),
    [
        ("battery", Car(), SERVICE, False),
        ("battery", Car(energy=Energy.ELECTRIC), TOW, True),
        ("battery", Car(energy=Energy.HYBRID), SERVICE, False),
        ("fuel", Car(energy=Energy.ELECTRIC), TOW, True),
        ("tyre", Car(), SERVICE, False),
        ("tyre", Car(spare_wheel=True), SERVICE, False),
        ("tyre", Car(spare_wheel=False), TOW, False),
        ("tow_only", Car(), TOW, False),
        ("tow_only", Car(drive=Drive.FOUR_WHEEL), TOW, True),
        ("accident", Car(energy=Energy.ELECTRIC), TOW, True),
        ("flooded", Car(), TOW, True),
        ("lockout", Car(energy=Energy.ELECTRIC), SERVICE, False),
    ],
)
def test_r2_r17_fault_and_car_decide_the_vehicle(fault: str, car: Car, kind: VehicleKind, flatbed: bool) -> None:
    need = need_of(FAULTS, fault, car)
    assert (need.kind, "flatbed" in need.tools) == (kind, flatbed)


def test_r2_an_unknown_fault_is_refused_and_the_table_holds_the_contracts_codes() -> None:
    with pytest.raises(errors.Invalid):
        need_of(FAULTS, "gremlins", Car())
    contract = {
        "battery",
        "tyre",
        "fuel",
        "coolant",
        "lockout",
        "wont_start",
        "electrical",
        "mechanical",
        "accident",
        "stuck",
        "tow_only",
    }
    assert contract <= set(FAULTS)
    assert all(code == fault.code and fault.name_zh and fault.name_en for code, fault in FAULTS.items())


def test_r3_driver_phone() -> None:
    nameless, silent, reachable = Person(phone="1"), Person(name="李"), Person(name="李", phone="139")
    acceptance.check_driver(vehicle(), silent)
    for needs_phone in (vehicle(tracked=False), vehicle(kind=TOW), vehicle(kind=TOW, tracked=False)):
        acceptance.check_driver(needs_phone, reachable)
        with pytest.raises(errors.DriverPhoneRequired):
            acceptance.check_driver(needs_phone, silent)
    with pytest.raises(errors.Invalid):
        acceptance.check_driver(vehicle(), nameless)


def test_r8_crew_of_two() -> None:
    acceptance.check_crew(2)
    with pytest.raises(errors.CrewTooSmall):
        acceptance.check_crew(1)


def test_r9_the_vehicle_is_the_dealers_own_on_duty_free_and_fit() -> None:
    acceptance.check_vehicle(vehicle(), dealer="D1", busy=False)
    for bad, busy in ((None, False), (vehicle(dealer="D2"), False), (vehicle(on_duty=False), False), (vehicle(), True)):
        with pytest.raises(errors.NoEligibleVehicle):
            acceptance.check_vehicle(bad, dealer="D1", busy=busy)
    with pytest.raises(errors.NoEligibleVehicle):
        acceptance.check_kind(vehicle(kind=TOW), opened())
    acceptance.check_changed_kind(vehicle(kind=TOW), opened())
    with pytest.raises(errors.NoEligibleVehicle):
        acceptance.check_changed_kind(vehicle(), opened(fault="tow_only"))


def test_r4_changes_keep_who_when_from_to() -> None:
    case = accepted(offered(opened()))
    (event,) = decide.change_vehicle(case, trip_id="t1", vehicle=vehicle("沪A2"), reason="puncture", now=minutes(4))
    changed = then(case, (event,))
    assert (event.before, event.after, changed.trips[0].plate) == ("沪A1", "沪A2", "沪A2")  # pyright: ignore
    driver = Person(name="赵", phone="1")
    changed = then(changed, decide.change_driver(changed, trip_id="t1", driver=driver, reason="ill", now=minutes(5)))
    assert changed.trips[0].driver == driver
    with pytest.raises(errors.Invalid):
        decide.change_driver(case, trip_id="t1", driver=driver, reason="", now=minutes(5))


def test_r4_k10_given_back_after_acceptance_frees_the_case() -> None:
    case = accepted(offered(opened()))
    back = then(case, decide.give_back(case, trip_id="t1", reason="broken down", now=minutes(9)))
    assert back.status is CaseStatus.OPEN
    assert back.trips[0].status is TripStatus.ABANDONED
    assert back.offers[0].given_up_at == minutes(9)


@pytest.mark.parametrize("same_dealer", [True, False])
def test_r5_second_dispatch_only_after_the_cac_confirms(same_dealer: bool) -> None:
    case = outcome(on_scene(accepted(offered(opened()))), Result.UNRESOLVED, drivable=False)
    assert case.status is CaseStatus.AWAITING_SECOND_DISPATCH
    for too_early in (
        lambda: offered(case, offer_id="o2"),
        lambda: decide.complete(case, trip_id="t1", now=minutes(40), by_cac=True),
    ):
        with pytest.raises(errors.SecondDispatchNotConfirmed):
            too_early()
    events = decide.decide_second_dispatch(
        case, FAULTS, approve=True, needs=TOW, same_dealer=same_dealer, now=minutes(33)
    )
    case = then(case, events)
    assert (case.status, case.needs, case.required_dealer) == (CaseStatus.OPEN, TOW, "D1" if same_dealer else "")
    assert case.trips[0].status is TripStatus.DONE
    second = accepted(offered(case, offer_id="o2", at=34), offer_id="o2", trip_id="t2", at=35)
    assert [trip.id for trip in second.trips] == ["t1", "t2"]


def test_r5_a_refused_second_dispatch_leaves_the_first_vehicle_to_it() -> None:
    case = outcome(on_scene(accepted(offered(opened()))), Result.UNRESOLVED, drivable=False)
    case = then(
        case, decide.decide_second_dispatch(case, FAULTS, approve=False, needs=TOW, same_dealer=True, now=minutes(33))
    )
    assert case.status is CaseStatus.ON_SCENE
    with pytest.raises(errors.SecondDispatchNotConfirmed):
        decide.complete(signed(case), trip_id="t1", now=minutes(40), by_cac=True)
    assert outcome(case).trips[0].result is Result.REPAIRED
    with pytest.raises(errors.IllegalTransition):
        decide.decide_second_dispatch(case, FAULTS, approve=True, needs=TOW, same_dealer=True, now=minutes(34))


def test_r6_no_signature_no_completion() -> None:
    case = outcome(on_scene(accepted(offered(opened()))))
    with pytest.raises(errors.UnsignedCheckSheet):
        decide.complete(case, trip_id="t1", now=minutes(40), by_cac=True)
    refused = then(case, decide.refuse_signature(case, trip_id="t1", reason="hurt", confirmed_by="", now=minutes(32)))
    with pytest.raises(errors.UnsignedCheckSheet):
        decide.complete(refused, trip_id="t1", now=minutes(40), by_cac=False)
    by_cac = then(refused, decide.complete(refused, trip_id="t1", now=minutes(40), by_cac=True, confirmed_by="张"))
    assert by_cac.trips[0].unsigned_confirmed_by == "张"
    confirmed = then(refused, decide.confirm_unsigned(refused, trip_id="t1", by="张", now=minutes(33)))
    done = then(confirmed, decide.complete(confirmed, trip_id="t1", now=minutes(40), by_cac=False))
    assert done.status is CaseStatus.COMPLETED
    with pytest.raises(errors.Conflict):
        decide.confirm_unsigned(confirmed, trip_id="t1", by="张", now=minutes(33))


def test_r6_signed_means_sealed_and_later_changes_are_addenda() -> None:
    case = signed(on_scene(accepted(offered(opened()))))
    sheet = case.trips[0].sheet
    assert sheet
    assert sheet.sha256 == checksheet.seal(
        '{"km":1}', trip_id="t1", signer="王", signature_svg=SVG, signed_at=minutes(30).isoformat()
    )
    later = (
        then(case, decide.save_sheet(case, trip_id="t1", content='{"km":2}', client_id="", now=minutes(50)))
        .trips[0]
        .sheet
    )
    assert later
    assert (later.sha256, later.content, later.addenda) == (sheet.sha256, '{"km":1}', ('{"km":2}',))
    with pytest.raises(errors.Conflict):
        decide.sign_sheet(case, trip_id="t1", signer="王", signature_svg=SVG, now=minutes(31))
    unsheeted = on_scene(accepted(offered(opened())))
    with pytest.raises(errors.IllegalTransition):
        decide.sign_sheet(unsheeted, trip_id="t1", signer="王", signature_svg=SVG, now=minutes(31))


def test_r6_the_canonical_form_does_not_depend_on_order_and_refuses_what_json_cannot_say() -> None:
    assert checksheet.canonical({"b": 1, "a": "车"}) == checksheet.canonical({"a": "车", "b": 1}) == '{"a":"车","b":1}'
    for bad in ({"x": float("nan")}, {"x": "y" * 70_000}, {"x": {1, 2}}):
        with pytest.raises(errors.Invalid):
            checksheet.canonical(bad)
    for signer, drawing in (
        ("", SVG),
        ("王", ""),
        ("王", "<svg><script>1</script></svg>"),
        ("王", "<svg onclick='x()'/>"),
        ("王", "<svg><image href='x'/></svg>"),
        ("王", "<!DOCTYPE x><svg/>"),
        ("王", "x" * 200_001),
    ):
        with pytest.raises(errors.Invalid):
            checksheet.check_signature(signer, drawing)


def test_r7_a_tow_is_completed_by_the_cac() -> None:
    case = signed(outcome(on_scene(accepted(offered(opened(fault="tow_only")))), Result.TOWED, drivable=False))
    assert case.status is CaseStatus.TOWING
    with pytest.raises(errors.NotPermitted):
        decide.complete(case, trip_id="t1", now=minutes(40), by_cac=False)
    done = then(case, decide.complete(case, trip_id="t1", now=minutes(40), by_cac=True))
    assert (done.status, done.completed_by) == (CaseStatus.COMPLETED, "D1")


def test_r5_r7_a_service_vehicle_does_not_tow() -> None:
    with pytest.raises(errors.Invalid):
        acceptance.check_result(accepted(offered(opened())).trips[0], Result.TOWED)
    acceptance.check_result(accepted(offered(opened(fault="tow_only"))).trips[0], Result.TOWED)


def test_r6_r7_without_signature_and_outcome_the_signature_is_asked_for_first() -> None:
    with pytest.raises(errors.UnsignedCheckSheet):
        decide.complete(on_scene(accepted(offered(opened()))), trip_id="t1", now=minutes(40), by_cac=True)


def test_r7_nothing_completes_before_its_outcome() -> None:
    case = signed(on_scene(accepted(offered(opened()))))
    with pytest.raises(errors.IllegalTransition):
        decide.complete(case, trip_id="t1", now=minutes(40), by_cac=True)


def test_r16_the_standard_promise() -> None:
    assert standard_minutes(RULES, county=False, distance_m=9_000) == 40
    assert standard_minutes(RULES, county=False, distance_m=15_000) == 45
    assert standard_minutes(RULES, county=True, distance_m=15_000) == 60
    assert standard_minutes(RULES, county=True, distance_m=90_000) == 60
    nearer = PromiseRules(county_minutes=50, near_m=5_000, near_minutes=20, far_m=9_000, far_minutes=35)
    found = [standard_minutes(nearer, county=True, distance_m=metres) for metres in (5_000, 5_001, 9_001)]
    assert found == [20, 35, 50]
    assert latest_minutes_without_reason(nearer, county=True, distance_m=9_001) is None
    assert latest_minutes_without_reason(RULES, county=False, distance_m=9_000) == 45
    assert latest_minutes_without_reason(RULES, county=False, distance_m=15_000) == 60
    assert latest_minutes_without_reason(RULES, county=False, distance_m=25_000) is None
    assert latest_minutes_without_reason(RULES, county=True, distance_m=None) == 60


def test_r16_a_late_estimate_needs_a_reason() -> None:
    def check(eta: int, reason: str = "", distance_m: float | None = 9_000) -> None:
        acceptance.check_estimate(RULES, opened(), eta_minutes=eta, distance_m=distance_m, reason=reason)

    check(45)
    check(46, "snow")
    check(300, distance_m=25_000)
    for eta in (46, 0, 1441):
        with pytest.raises(errors.Invalid):
            check(eta)


def test_r19_consent_comes_before_the_work() -> None:
    case = on_scene(accepted(offered(opened(fault="stuck"))))
    with pytest.raises(errors.UnsignedCheckSheet):
        acceptance.check_consent(case, case.trips[0], Result.TOWED)
    acceptance.check_consent(case, case.trips[0], Result.UNRESOLVED)
    case = then(case, decide.sign_consent(case, trip_id="t1", signer="王", signature_svg=SVG, now=minutes(21)))
    acceptance.check_consent(case, case.trips[0], Result.TOWED)


def test_r20_solved_by_phone_has_no_offers() -> None:
    case = opened()
    solved = then(case, decide.solve_by_phone(case, note="advice", now=minutes(3)))
    assert (solved.status, solved.offers, solved.completed_by) == (CaseStatus.CLOSED, (), "")
    with pytest.raises(errors.IllegalTransition):
        decide.answer_survey(solved, satisfaction=90, comment="", now=minutes(4))
    lost = then(offered(case), decide.decline(offered(case), offer_id="o1", reason="x", now=minutes(2)))
    with pytest.raises(errors.IllegalTransition):
        decide.solve_by_phone(lost, note="advice", now=minutes(3))


def test_r18_the_hand_over_point_is_the_scene() -> None:
    gate = position(31.5, 121.5)
    assert opened(at=place(hand_over=gate)).place.scene == gate


def test_k1_cancelling_withdraws_the_pending_offer() -> None:
    case = offered(opened())
    ended = then(case, decide.cancel(case, by=CancelledBy.CUSTOMER, reason="moved", now=minutes(2)))
    assert (ended.status, ended.offers[0].status) == (CaseStatus.CANCELLED, OfferStatus.WITHDRAWN)


def test_k2_cancelling_frees_the_vehicle() -> None:
    case = accepted(offered(opened()))
    ended = then(case, decide.cancel(case, by=CancelledBy.CUSTOMER, reason="moved", now=minutes(9)))
    assert (ended.active_trip, ended.trips[0].status) == (None, TripStatus.ABANDONED)


def test_k3_a_later_promise_counts_only_when_approved_for_an_outside_cause() -> None:
    case = accepted(offered(opened()))
    first = minutes(32)

    def changed(*, approved: bool, outside: bool, to: float = 60):
        events = decide.change_promise(
            case,
            trip_id="t1",
            promised_at=minutes(to),
            reason="jam",
            now=minutes(9),
            approved=approved,
            outside_cause=outside,
        )
        return then(case, events)

    assert effective_promise(case, "D1") == first
    assert effective_promise(case, "D9") is None
    assert effective_promise(changed(approved=False, outside=True), "D1") == first
    assert effective_promise(changed(approved=True, outside=False), "D1") == first
    assert effective_promise(changed(approved=True, outside=True), "D1") == minutes(60)
    assert effective_promise(changed(approved=True, outside=True, to=20), "D1") == first
    told = changed(approved=False, outside=False)
    agreed = then(told, decide.approve_promise_change(told, trip_id="t1", outside_cause=True, now=minutes(10)))
    assert effective_promise(agreed, "D1") == minutes(60)
    with pytest.raises(errors.Conflict):
        decide.approve_promise_change(agreed, trip_id="t1", outside_cause=True, now=minutes(11))
    with pytest.raises(errors.IllegalTransition):
        decide.approve_promise_change(case, trip_id="t1", outside_cause=True, now=minutes(11))


def test_k3_measured_arrival_wins_and_the_word_is_kept_beside() -> None:
    case = accepted(offered(opened()))
    gps = Crossing(trip_id="t1", plate="沪A1", departed_at=minutes(4), arrived_at=minutes(21))
    measured = then(case, decide.cross(case, gps))
    assert (measured.status, measured.trips[0].arrived_at) == (CaseStatus.ON_SCENE, minutes(21))
    assert decide.cross(measured, gps) == ()
    told = then(measured, decide.arrive(measured, trip_id="t1", at=minutes(25)))
    told = then(told, decide.depart(told, trip_id="t1", at=minutes(5)))
    trip = told.trips[0]
    assert (trip.arrived_at, trip.reported_arrived_at, trip.reported_departed_at) == (
        minutes(21),
        minutes(25),
        minutes(5),
    )
    with pytest.raises(errors.IllegalTransition):
        then(told, decide.arrive(told, trip_id="t1", at=minutes(26)))
    reported = on_scene(case)
    amended = then(reported, decide.cross(reported, gps)).trips[0]
    assert (amended.arrived_at, amended.arrival_source, amended.reported_arrived_at) == (
        minutes(21),
        Source.GPS,
        minutes(20),
    )
    withdrawn = Crossing(trip_id="t1", plate="沪A1", departed_at=minutes(4), arrived_at=None)
    assert then(told, decide.cross(told, withdrawn)).trips[0].arrived_at == minutes(25)


def test_k8_the_promised_second_itself_is_not_missed() -> None:
    case = accepted(offered(opened()))
    due = case.trips[0].promised_at
    assert decide.miss_promise(case, trip_id="t1", now=due) == ()
    late = then(case, decide.miss_promise(case, trip_id="t1", now=due + timedelta(microseconds=1)))
    assert late.trips[0].promise_missed
    assert decide.miss_promise(late, trip_id="t1", now=due + timedelta(hours=1)) == ()


def test_k11_survey_range_and_once() -> None:
    case = completed()
    for bad in (-1, 101):
        with pytest.raises(errors.Invalid):
            decide.answer_survey(case, satisfaction=bad, comment="", now=minutes(50))
    answered = then(case, decide.answer_survey(case, satisfaction=100, comment="", now=minutes(50)))
    assert (answered.status, answered.satisfaction) == (CaseStatus.CLOSED, 100)
    with pytest.raises(errors.Conflict):
        decide.answer_survey(answered, satisfaction=100, comment="", now=minutes(51))
    unasked = then(case, decide.close(case, reason="owner_not_reached", now=minutes(50)))
    late = then(unasked, decide.answer_survey(unasked, satisfaction=7, comment="", now=minutes(60)))
    assert (late.status, late.satisfaction) == (CaseStatus.CLOSED, 7)


def test_times_told_must_fit_the_trip() -> None:
    case = accepted(offered(opened()))
    with pytest.raises(errors.Invalid):
        decide.depart(case, trip_id="t1", at=minutes(-0.1))
    gone = then(case, decide.depart(case, trip_id="t1", at=minutes(5)))
    with pytest.raises(errors.Invalid):
        decide.arrive(gone, trip_id="t1", at=minutes(2.9))
    a_little_behind = then(case, decide.depart(case, trip_id="t1", at=minutes(1.9)))
    assert a_little_behind.trips[0].departed_at == minutes(2)
    assert then(gone, decide.arrive(gone, trip_id="t1", at=minutes(4.9))).trips[0].arrived_at == minutes(5)
    with pytest.raises(errors.NotFound):
        decide.depart(case, trip_id="t9", at=minutes(5))


def test_a_departure_told_after_the_arrival_must_lie_before_it() -> None:
    """A phone that was offline sends in order; meanwhile the fixes, or the CAC, may have told of the arrival."""
    case = accepted(offered(opened()))
    there = then(
        case, decide.cross(case, Crossing(trip_id="t1", plate="沪A1", departed_at=None, arrived_at=minutes(20)))
    )
    late = then(there, decide.depart(there, trip_id="t1", at=minutes(5)))
    assert (late.status, late.trips[0].reported_departed_at) == (CaseStatus.ON_SCENE, minutes(5))
    with pytest.raises(errors.IllegalTransition):
        decide.depart(there, trip_id="t1", at=minutes(21))


def test_k_a_completion_told_later_counts_as_one_told_at_once() -> None:
    case = signed(outcome(on_scene(accepted(offered(opened())), arrive=20)))
    assert decide.told_end(case, trip_id="t1", at=minutes(35)) == minutes(35)
    assert decide.told_end(case, trip_id="t1", at=minutes(15)) == minutes(20)  # not before the arrival
    with pytest.raises(errors.Invalid):
        decide.told_end(case, trip_id="t1", at=minutes(-0.1))
    ends = [then(case, decide.complete(case, trip_id="t1", now=minutes(at), by_cac=False)) for at in (20, 35, 95)]
    assert {end.ended_at for end in ends} == {minutes(20), minutes(35), minutes(95)}
    assert standings(ends[0]) == standings(ends[1]) == standings(ends[2])


def test_r4_what_is_no_change_or_comes_too_late_changes_nothing() -> None:
    case = accepted(offered(opened()))
    same = decide.change_vehicle(case, trip_id="t1", vehicle=vehicle(), reason="x", now=minutes(4))
    again = decide.change_driver(case, trip_id="t1", driver=case.trips[0].driver, reason="x", now=minutes(4))
    assert (same, again) == ((), ())
    arrived = on_scene(case)
    with pytest.raises(errors.IllegalTransition):
        decide.change_promise(
            arrived,
            trip_id="t1",
            promised_at=minutes(90),
            reason="jam",
            now=minutes(25),
            approved=False,
            outside_cause=False,
        )
    with pytest.raises(errors.Invalid):
        accepted(offered(opened()), eta=-1)


def test_r11_a_monitoring_call_stands_in_the_log() -> None:
    case = accepted(offered(opened(fault="tow_only")))
    (event,) = decide.log_call(case, trip_id="t1", note="past the toll gate", now=minutes(9))
    called = then(case, (event,))
    assert called.trips[-1].called_at == (minutes(9),)
    assert called.status is case.status


def test_r6_the_same_sheet_again_changes_nothing() -> None:
    case = on_scene(accepted(offered(opened())))
    saved = then(case, decide.save_sheet(case, trip_id="t1", content="{}", client_id="c", now=minutes(22)))
    assert decide.save_sheet(saved, trip_id="t1", content="{}", client_id="c", now=minutes(23)) == ()
    sealed = signed(saved)
    assert decide.save_sheet(sealed, trip_id="t1", content='{"km":1}', client_id="c", now=minutes(50)) == ()
    with pytest.raises(errors.Conflict):
        decide.refuse_signature(sealed, trip_id="t1", reason="x", confirmed_by="", now=minutes(51))
    with pytest.raises(errors.IllegalTransition):
        decide.confirm_unsigned(saved, trip_id="t1", by="张", now=minutes(24))


def test_r6_a_refusal_the_cac_heard_itself_is_confirmed_at_once() -> None:
    case = on_scene(accepted(offered(opened())))
    events = decide.refuse_signature(case, trip_id="t1", reason="hurt", confirmed_by="张", now=minutes(22))
    assert then(case, events).trips[0].unsigned_confirmed_by == "张"


def test_a_case_begins_with_its_opening() -> None:
    assert fold("c1", [opening_event(opened())]) == opened()
    with pytest.raises(ValueError, match="begins"):
        fold("c1", [])
    with pytest.raises(ValueError, match="begins"):
        evolve(None, CaseUnassigned(at=minutes(0)), "c1")


def test_what_is_not_in_the_case_is_not_found() -> None:
    with pytest.raises(errors.NotFound):
        decide.expire(opened(), offer_id="o9", now=minutes(1))


def test_r5_once_a_vehicle_is_on_scene_another_is_a_second_dispatch() -> None:
    case = on_scene(accepted(offered(opened())))
    with pytest.raises(errors.SecondDispatchNotConfirmed):
        decide.change_vehicle(case, trip_id="t1", vehicle=vehicle("沪A9", TOW), reason="needs a tow", now=minutes(25))


def test_r17_a_vehicle_without_the_flatbed_is_not_accepted_either() -> None:
    electric = opened(fault="tow_only", car=Car(energy=Energy.ELECTRIC))
    acceptance.check_tools(FAULTS, vehicle(kind=TOW, tools=("flatbed",)), electric)
    acceptance.check_tools(FAULTS, vehicle(kind=TOW), electric)
    with pytest.raises(errors.NoEligibleVehicle):
        acceptance.check_tools(FAULTS, vehicle(kind=TOW, tools=("winch",)), electric)
    lockout = opened(fault="lockout", car=Car(drive=Drive.FOUR_WHEEL))
    acceptance.check_tools(FAULTS, vehicle(tools=("lockout_kit",)), lockout)
    with pytest.raises(errors.NoEligibleVehicle):  # sent instead as a tow, it must be a flatbed
        acceptance.check_tools(FAULTS, vehicle(kind=TOW, tools=("winch",)), lockout)


def test_k3_a_vehicle_that_comes_by_after_its_trip_was_over_has_not_arrived() -> None:
    case = accepted(offered(opened()))
    ended = then(case, decide.cancel(case, by=CancelledBy.CUSTOMER, reason="moved", now=minutes(9)))
    before = Crossing(trip_id="t1", plate="沪A1", departed_at=minutes(3), arrived_at=minutes(8))
    after = Crossing(trip_id="t1", plate="沪A1", departed_at=minutes(3), arrived_at=minutes(9.5))
    assert then(ended, decide.cross(ended, before)).trips[0].arrived_at == minutes(8)
    assert decide.cross(ended, after) == ()
