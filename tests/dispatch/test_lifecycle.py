"""The life of a case as a state machine: whatever is tried in whatever order, nothing illegal is reached."""

from datetime import timedelta

import pytest
from dispatch_build import SVG, T0, fleet, opened, opening_event, vehicle
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from core.errors import IllegalTransition, NearsideError
from dispatch import decide
from dispatch.events import EVENT_TYPES, CaseOpened, Event, OutcomeReported, SecondDispatchDecided
from dispatch.evolve import evolve, fold
from dispatch.faults import FAULTS
from dispatch.lifecycle import LIFECYCLE, STEP_OF, Step, after, allows
from dispatch.proximity import rank
from dispatch.vocabulary import ENDED, FINAL, CancelledBy, Case, CaseStatus, OfferStatus, Person, Result, TripStatus
from scoring.kpi import standings
from tracking.vocabulary import Crossing, VehicleKind

DEALERS = ("D1", "D2", "D3")


def test_every_step_has_a_row_and_every_event_a_step() -> None:
    assert set(LIFECYCLE) == set(Step)
    by_data = {CaseOpened, OutcomeReported, SecondDispatchDecided}
    assert set(STEP_OF) == set(EVENT_TYPES.values()) - by_data


def test_every_status_is_reachable_and_the_final_ones_are_final() -> None:
    reached = {CaseStatus.OPEN}
    while more := {to for row in LIFECYCLE.values() for start, to in row.items() if start in reached} - reached:
        reached |= more
    assert reached == set(CaseStatus)
    for final in FINAL:
        assert {row[final] for row in LIFECYCLE.values() if final in row} == {final}


def test_an_event_out_of_place_is_refused() -> None:
    case = opened()
    with pytest.raises(IllegalTransition):
        after(case.status, EVENT_TYPES["case_closed"](at=T0, reason="x"))  # type: ignore[call-arg]
    assert not allows(CaseStatus.CLOSED, Step.OFFER)


class Lives(RuleBasedStateMachine):
    """Tries commands at random moments; a refusal must change nothing."""

    @initialize(fault=st.sampled_from(["battery", "tow_only", "stuck"]))
    def open(self, fault: str) -> None:
        self.now = T0
        self.case = opened(fault=fault)
        self.events: list[Event] = [opening_event(self.case)]
        self.count = 0

    def attempt(self, decision) -> None:
        before = self.case
        try:
            events = decision()
            case = before
            for event in events:
                case = evolve(case, event, case.id)
        except NearsideError:
            assert self.case is before
            return
        self.case = case
        self.events += events

    def trip_id(self) -> str:
        return self.case.trips[-1].id if self.case.trips else "none"

    def offer_id(self) -> str:
        return self.case.offers[-1].id if self.case.offers else "none"

    @rule(seconds=st.integers(0, 2400))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(dealer=st.sampled_from(DEALERS))
    def offer(self, dealer: str) -> None:
        self.count += 1
        self.attempt(
            lambda: decide.offer(
                self.case,
                offer_id=f"o{self.count}",
                dealer=dealer,
                now=self.now,
                expires_at=decide.expiry(self.now, 180),
            )
        )

    @rule(kind=st.sampled_from(VehicleKind), eta=st.integers(0, 60))
    def accept(self, kind: VehicleKind, eta: int) -> None:
        self.count += 1
        self.attempt(
            lambda: decide.accept(
                self.case,
                offer_id=self.offer_id(),
                trip_id=f"t{self.count}",
                vehicle=vehicle(kind=kind),
                driver=Person(name="李"),
                crew=2,
                promised_at=self.now + timedelta(minutes=eta),
                now=self.now,
            )
        )

    @rule(which=st.sampled_from(["decline", "expire", "withdraw", "exhausted"]))
    def lose(self, which: str) -> None:
        actions = {
            "decline": lambda: decide.decline(self.case, offer_id=self.offer_id(), reason="x", now=self.now),
            "expire": lambda: decide.expire(self.case, offer_id=self.offer_id(), now=self.now),
            "withdraw": lambda: decide.withdraw(self.case, offer_id=self.offer_id(), reason="x", now=self.now),
            "exhausted": lambda: decide.exhausted(self.case, now=self.now),
        }
        self.attempt(actions[which])

    @rule(which=st.sampled_from(["depart", "arrive", "cross", "give_back", "miss"]), ago=st.integers(0, 600))
    def drive(self, which: str, ago: int) -> None:
        at = self.now - timedelta(seconds=ago)
        crossing = Crossing(trip_id=self.trip_id(), plate="沪A1", departed_at=at, arrived_at=at)
        actions = {
            "depart": lambda: decide.depart(self.case, trip_id=self.trip_id(), at=at),
            "arrive": lambda: decide.arrive(self.case, trip_id=self.trip_id(), at=at),
            "cross": lambda: decide.cross(self.case, crossing),
            "give_back": lambda: decide.give_back(self.case, trip_id=self.trip_id(), reason="x", now=self.now),
            "miss": lambda: decide.miss_promise(self.case, trip_id=self.trip_id(), now=self.now),
        }
        self.attempt(actions[which])

    @rule(eta=st.integers(1, 90), approved=st.booleans())
    def put_off(self, eta: int, approved: bool) -> None:
        self.attempt(
            lambda: decide.change_promise(
                self.case,
                trip_id=self.trip_id(),
                promised_at=self.now + timedelta(minutes=eta),
                reason="jam",
                now=self.now,
                approved=approved,
                outside_cause=approved,
            )
        )

    @rule(which=st.sampled_from(["sheet", "sign", "refuse", "confirm"]))
    def paper(self, which: str) -> None:
        actions = {
            "sheet": lambda: decide.save_sheet(
                self.case, trip_id=self.trip_id(), content=f'{{"n":{self.count}}}', client_id="", now=self.now
            ),
            "sign": lambda: decide.sign_sheet(
                self.case, trip_id=self.trip_id(), signer="王", signature_svg=SVG, now=self.now
            ),
            "refuse": lambda: decide.refuse_signature(
                self.case, trip_id=self.trip_id(), reason="x", confirmed_by="", now=self.now
            ),
            "confirm": lambda: decide.confirm_unsigned(self.case, trip_id=self.trip_id(), by="张", now=self.now),
        }
        self.attempt(actions[which])

    @rule(result=st.sampled_from(Result), drivable=st.booleans())
    def outcome(self, result: Result, drivable: bool) -> None:
        self.attempt(
            lambda: decide.report_outcome(
                self.case, trip_id=self.trip_id(), result=result, drivable=drivable, note="", now=self.now
            )
        )

    @rule(approve=st.booleans(), needs=st.sampled_from(VehicleKind), same=st.booleans())
    def second(self, approve: bool, needs: VehicleKind, same: bool) -> None:
        self.attempt(
            lambda: decide.decide_second_dispatch(
                self.case, FAULTS, approve=approve, needs=needs, same_dealer=same, now=self.now
            )
        )

    @rule(by_cac=st.booleans())
    def complete(self, by_cac: bool) -> None:
        self.attempt(lambda: decide.complete(self.case, trip_id=self.trip_id(), now=self.now, by_cac=by_cac))

    @rule(which=st.sampled_from(["cancel", "fail", "phone", "close"]), by=st.sampled_from(CancelledBy))
    def end(self, which: str, by: CancelledBy) -> None:
        actions = {
            "cancel": lambda: decide.cancel(self.case, by=by, reason="x", now=self.now),
            "fail": lambda: decide.fail(self.case, reason="x", now=self.now),
            "phone": lambda: decide.solve_by_phone(self.case, note="x", now=self.now),
            "close": lambda: decide.close(self.case, reason="x", now=self.now),
        }
        self.attempt(actions[which])

    @rule(satisfaction=st.integers(-5, 105))
    def survey(self, satisfaction: int) -> None:
        self.attempt(lambda: decide.answer_survey(self.case, satisfaction=satisfaction, comment="", now=self.now))

    @invariant()
    def the_log_replayed_gives_the_state(self) -> None:
        assert fold(self.case.id, self.events) == self.case

    @invariant()
    def the_status_tells_the_truth(self) -> None:
        check_truth(self.case)

    @invariant()
    def k_rules_hold(self) -> None:
        check_standings(self.case)


def check_truth(case: Case) -> None:
    """What each status means, written out beside the table."""
    pending = [offer for offer in case.offers if offer.status is OfferStatus.PENDING]
    active = [trip for trip in case.trips if trip.active]
    assert len(pending) == (case.status is CaseStatus.OFFERED)
    running = {
        CaseStatus.ACCEPTED: TripStatus.ACCEPTED,
        CaseStatus.EN_ROUTE: TripStatus.EN_ROUTE,
        CaseStatus.ON_SCENE: TripStatus.ON_SCENE,
        CaseStatus.TOWING: TripStatus.TOWING,
        CaseStatus.AWAITING_SECOND_DISPATCH: TripStatus.ON_SCENE,
    }
    assert [trip.status for trip in active] == ([running[case.status]] if case.status in running else [])
    assert (case.ended_at is not None) == (case.status in ENDED)
    assert all(offer.answered_at for offer in case.offers if offer.status is not OfferStatus.PENDING)
    accepted = [offer for offer in case.offers if offer.status is OfferStatus.ACCEPTED]
    assert [offer.id for offer in accepted] == [trip.offer_id for trip in case.trips]
    if case.completed_by:
        last = case.trips[-1]
        assert last.result in {Result.REPAIRED, Result.TOWED}
        assert (last.sheet and last.sheet.signed_at) or last.unsigned_confirmed_by  # R6
    if case.satisfaction is not None:
        assert case.completed_by  # K10


def check_standings(case: Case) -> None:
    """Invariants of K1 to K12 for one case: nobody counts without an offer, and at most one dealer completed it."""
    found = standings(case)
    assert set(found) <= {offer.dealer for offer in case.offers}
    completed = [dealer for dealer, standing in found.items() if standing.completion.counted == "numerator"]
    assert completed == ([case.completed_by] if case.completed_by and case.status in ENDED else [])
    for dealer, standing in found.items():
        if standing.first_success.counted != "excluded":
            assert dealer == case.completed_by
        if standing.arrival.counted != "excluded":
            assert any(offer.dealer == dealer and offer.promised_at for offer in case.offers)


def test_ranking_survives_every_life() -> None:
    assert rank(opened(), fleet()) == ()


TestLives = Lives.TestCase
