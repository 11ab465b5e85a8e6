"""The model of people: seeded, of the shares it was given, and never against the rules."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from dispatch.faults import FAULTS
from dispatch.vocabulary import Result
from simulations import behaviour
from simulations.behaviour import FAULT_MIX, Answer, Habits, dice
from tracking.vocabulary import VehicleKind

MANY = 4000


def test_the_same_seed_gives_the_same_day_whoever_acts_first():
    first = [behaviour.reply(Habits(), dice(7, "reply", name)) for name in ("a", "b")]
    second = [behaviour.reply(Habits(), dice(7, "reply", name)) for name in ("b", "a")]
    assert first == second[::-1]
    assert dice(7, "a").random() != dice(8, "a").random()


def test_shares_are_the_settings():
    habits = Habits(decline=0.2, ignore=0.1, cancel=0.25, survey_answered=0.4, mix={"battery": 3, "tow_only": 1})
    answers = Counter(behaviour.reply(habits, dice(1, n)).answer for n in range(MANY))
    owners = [behaviour.owner(habits, dice(2, n)) for n in range(MANY)]
    faults = Counter(behaviour.fault(habits, dice(3, n)) for n in range(MANY))
    assert abs(answers[Answer.DECLINE] / MANY - 0.2) < 0.03
    assert abs(answers[Answer.IGNORE] / MANY - 0.1) < 0.03
    assert abs(sum(one.cancel_after_s is not None for one in owners) / MANY - 0.25) < 0.03
    assert abs(sum(one.answers_survey for one in owners) / MANY - 0.4) < 0.03
    assert abs(faults["battery"] / MANY - 0.75) < 0.03


def test_R2_every_fault_of_the_default_mix_is_in_the_table():
    assert FAULT_MIX.keys() <= FAULTS.keys()
    assert abs(sum(FAULT_MIX.values()) - 1) < 1e-9


@given(seed=st.integers(), kind=st.sampled_from(VehicleKind))
def test_R5_a_service_vehicle_never_tows_and_nothing_drives_away_unrepaired(seed: int, kind: VehicleKind):
    plan = behaviour.errand(Habits(), dice(seed), kind)
    can = {VehicleKind.SERVICE: Result.REPAIRED, VehicleKind.TOW: Result.TOWED}[kind]
    assert plan.result in (can, Result.UNRESOLVED)
    assert not plan.drivable or plan.result is Result.REPAIRED
    assert min(plan.preparing_s, plan.work_s, plan.silent_for_s) > 0


@given(seed=st.integers())
def test_K11_satisfaction_is_a_percentage_and_R3_a_refusal_has_its_reason(seed: int):
    assert 0 <= behaviour.owner(Habits(), dice(seed)).satisfaction <= 100
    reply = behaviour.reply(Habits(decline=0.5), dice(seed))
    assert reply.after_s > 0
    assert bool(reply.reason) == (reply.answer is Answer.DECLINE or reply.late)
