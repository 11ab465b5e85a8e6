"""Past cases: what is read, what the rules let pass, and what they refuse, with the rule's number."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from dispatch_build import place
from hypothesis import given
from hypothesis import strategies as st
from past_lines import DEALERS, Line, at, count_all, line, offer, past_lines, text, trip

from core.errors import NearsideError
from dispatch.events import CaseOpened, Event
from dispatch.evolve import fold
from dispatch.faults import FAULTS, need_of
from dispatch.pastcases import PastCase, read_past_case, unknown_fields
from dispatch.promise import effective_promise
from dispatch.replay import replay
from dispatch.vocabulary import ENDED, Car, Case, CaseStatus, OfferStatus, Person, Scope, Source
from scoring.kpi import standings
from scoring.score import dealer_score, tally
from scoring.vocabulary import WEIGHTS

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def retold(past: PastCase) -> tuple[tuple[Event, datetime], ...]:
    need = need_of(FAULTS, past.fault, Car())
    opened = CaseOpened(
        number=past.number,
        channel=past.channel,
        at=past.opened_at,
        caller=Person(),
        car=Car(),
        place=place(),
        city_code="310000",
        county=False,
        doubts=(),
        scope=Scope.UNKNOWN,
        fault=past.fault,
        needs=need.kind,
        tools=need.tools,
        consent_needed=need.consent,
    )
    return replay(past, FAULTS, case_id="c1", opened=opened, dealers=set(DEALERS), now=NOW)


def case_of(past: Line) -> Case:
    return fold("c1", (event for event, _ in retold(read_past_case(text(past)))))


def refused(past: Line) -> NearsideError:
    with pytest.raises(NearsideError) as caught:
        case_of(past)
    return caught.value


# What is read


def test_the_contracts_example_becomes_a_case() -> None:
    case = case_of(line())
    assert (case.status, case.completed_by, case.satisfaction) == (CaseStatus.CLOSED, "D2", 90)
    assert [one.status for one in case.offers] == [OfferStatus.DECLINED, OfferStatus.ACCEPTED]
    assert case.offers[0].reason == "no crew"
    assert case.trips[0].arrived_at == datetime(2026, 10, 1, 0, 30, tzinfo=UTC)
    assert case.trips[0].arrival_source is Source.GPS
    assert effective_promise(case, "D2") == datetime(2026, 10, 1, 0, 45, tzinfo=UTC)


def test_the_story_is_told_in_the_order_of_time_and_always_alike() -> None:
    past = read_past_case(text(line()))
    told = retold(past)
    assert [moment for _, moment in told] == sorted(moment for _, moment in told)
    assert told == retold(past)


def test_the_same_facts_have_the_same_digest_however_they_are_written() -> None:
    past = line()
    moved = dict(reversed(past.items())) | {"opened_at": "2026-10-01T00:00:00.000Z"}
    assert read_past_case(text(past)).digest == read_past_case(text(moved).encode()).digest
    assert read_past_case(text(past)).digest != read_past_case(text(line(satisfaction=89))).digest


def test_fields_that_a_past_case_does_not_have_are_told() -> None:
    past = line(colour="red", trips=[trip(wheels=4)])
    past["location"]["floor"] = 2
    assert unknown_fields(text(past)) == ("location.floor", "trips[0].wheels", "colour")
    assert unknown_fields(text(line())) == unknown_fields('{"location": 3, "offers": [1]}') == ()
    assert read_past_case(text(past)) == read_past_case(text(line()))


@pytest.mark.parametrize(
    ("past", "field"),
    [
        (line(opened_at="2026-10-01T08:00:00"), "opened_at"),
        (line(opened_at=1790000000), "opened_at"),
        (line(opened_at="yesterday"), "opened_at"),
        (line(opened_at="0001-01-01T00:00:00+08:00"), ""),
        (line(number=""), "number"),
        (line(number=7), "number"),
        (line(channel="fax"), "channel"),
        (line(location={"lat": "31", "lon": 121.4}), "location.lat"),
        (line(location={"lon": 121.4}), "location"),
        (line(offers=[offer("D1", 1, "maybe", 2)]), "offers[0].answer"),
        (line(offers=[offer("", 1, "declined", 2)]), "offers[0].dealer"),
        (line(offers="none"), "offers"),
        (line(trips=[trip(kind="bicycle")]), "trips[0].kind"),
        (line(trips=[trip(drivable="yes")]), "trips[0].drivable"),
        (line(end={"status": "closed"}), "end"),
        (line(end={"status": "cancelled", "at": at(9), "by": "dealer"}), "end.by"),
        (line(satisfaction=90.5), "satisfaction"),
        (line(satisfaction=True), "satisfaction"),
        (line(promise_changes=[{"dealer": "D2", "at": at(5), "promised_at": at(50)}]), "promise_changes[0]"),
    ],
)
def test_a_malformed_value_is_refused_with_its_field(past: Line, field: str) -> None:
    found = refused(past)
    assert (found.code, found.field) == ("invalid", field)


@pytest.mark.parametrize(
    "bytes_",
    [
        b"",
        b"null",
        b"[1]",
        b'{"number": "H-1"',
        b"\xff\xfe{}",
        b'{"number": NaN}',
        b'{"number": "\\ud800"}',
        b"[" * 200_000,
        b'{"x": "' + b"x" * 300_000 + b'"}',
        text(line(location={"lat": 31, "lon": 0})).replace('"lon": 0', '"lon": 1e999').encode(),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_what_is_not_a_line_of_json_is_refused(bytes_: bytes) -> None:
    with pytest.raises(NearsideError) as caught:
        read_past_case(bytes_)
    assert caught.value.code == "invalid"


# What the rules let pass


def test_R20_a_case_without_offers_was_solved_by_phone() -> None:
    case = case_of(line(offers=[], trips=[], satisfaction=None))
    assert (case.status, case.completed_by, standings(case)) == (CaseStatus.CLOSED, "", {})


def test_K3_the_drivers_word_stands_beside_the_GPS_or_in_its_place() -> None:
    both = case_of(line(trips=[trip(reported_arrived_at=at(28))])).trips[0]
    assert (both.arrived_at, both.reported_arrived_at) == (
        datetime(2026, 10, 1, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 1, 0, 28, tzinfo=UTC),
    )
    word = case_of(line(trips=[trip(arrived=None, reported_arrived_at=at(28))])).trips[0]
    assert (word.arrived_at, word.arrival_source) == (datetime(2026, 10, 1, 0, 28, tzinfo=UTC), Source.REPORTED)


def test_R5_a_second_trip_after_an_unresolved_one_needs_no_second_offer() -> None:
    first = trip(result="unresolved", drivable=False)
    second = trip(departed=35, arrived=60, kind="tow", result="towed", drivable=False)
    case = case_of(line(trips=[first, second], end={"status": "closed", "at": at(90)}))
    assert [one.sent for one in case.trips] == [True, True]
    assert case.required_dealer == "D2"
    found = standings(case)["D2"]
    assert (found.first_success.counted, found.offers_accepted, found.offers_answered) == ("denominator", 1, 1)


def test_R5_a_second_offer_after_an_unresolved_trip_says_that_the_CAC_confirmed() -> None:
    offers = [*line()["offers"], offer("D3", 40, "accepted", 41, promised_at=at(80))]
    trips = [trip(result="unresolved", drivable=False), trip("D3", 45, 70, kind="tow", result="towed", drivable=False)]
    case = case_of(line(offers=offers, trips=trips, end={"status": "closed", "at": at(90)}))
    assert (case.completed_by, case.required_dealer) == ("D3", "")
    assert standings(case)["D2"].completion.reason == "completed_by_another"


def test_R5_back_to_the_first_dealer_after_another_refused() -> None:
    offers = [*line()["offers"], offer("D3", 40, "declined", 41)]
    second = trip(departed=45, arrived=60, kind="tow", result="towed", drivable=False)
    trips = [trip(result="unresolved", drivable=False), second]
    case = case_of(line(offers=offers, trips=trips, end={"status": "closed", "at": at(90)}))
    assert (case.completed_by, len(case.trips)) == ("D2", 2)


def test_K10_given_up_and_taken_by_another() -> None:
    offers = [
        offer("D1", 1, "accepted", 2, promised_at=at(40), given_up_at=at(10)),
        offer("D2", 10, "accepted", 11, promised_at=at(45)),
    ]
    gone = trip("D1", 3, None, result=None, drivable=None, signed=False)
    case = case_of(line(offers=offers, trips=[gone, trip(departed=12)]))
    found = standings(case)
    assert (found["D1"].completion.reason, found["D1"].arrival.reason) == ("given_back", "given_back")
    assert found["D2"].completion.reason == "completed"


def test_K10_a_dealer_may_give_back_what_it_could_not_solve() -> None:
    offers = [offer("D2", 3, "accepted", 4, promised_at=at(45), given_up_at=at(40))]
    trips = [trip(result="unresolved", drivable=False)]
    case = case_of(line(offers=offers, trips=trips, end={"status": "failed", "at": at(60)}, satisfaction=None))
    assert standings(case)["D2"].completion.reason == "given_back"


def test_K10_giving_back_counts_even_after_a_second_trip_without_an_offer() -> None:
    offers = [offer("D2", 3, "accepted", 4, promised_at=at(45), given_up_at=at(50))]
    trips = [trip(result="unresolved", drivable=False), trip(departed=35, arrived=None, result=None, kind="tow")]
    end = {"status": "cancelled", "at": at(44 + 7), "by": "customer"}
    case = case_of(line(offers=offers, trips=trips, end=end, satisfaction=None))
    assert standings(case)["D2"].completion.reason == "given_back"


def test_K3_promise_changes_are_kept_and_count_by_their_approval() -> None:
    change: Line = {"dealer": "D2", "at": at(10), "promised_at": at(50), "reason": "flood"}
    told = [
        {**change, "approved": True, "outside_cause": True},
        {**change, "promised_at": at(70), "approved": False, "outside_cause": True},
    ]
    case = case_of(line(promise_changes=told))
    assert len(case.promise_changes) == 2
    assert effective_promise(case, "D2") == datetime(2026, 10, 1, 0, 50, tzinfo=UTC)


def test_R6_no_signature_with_the_CACs_confirmation_completes() -> None:
    case = case_of(line(trips=[trip(signed=False, unsigned_confirmed_by="cac")]))
    assert (case.completed_by, case.trips[0].unsigned_confirmed_by) == ("D2", "cac")


def test_K1_offers_that_nobody_answered_need_no_time_of_answer() -> None:
    offers = [
        offer("D1", 1, "expired"),
        offer("D3", 2, "withdrawn"),
        offer("D2", 3, "accepted", 4, promised_at=at(45)),
    ]
    case = case_of(line(offers=offers))
    assert [one.answered_at for one in case.offers[:2]] == [one.at for one in case.offers[1:]]


@pytest.mark.parametrize("by", ["customer", "cac"])
def test_K2_cancelled_before_anyone_went(by: str) -> None:
    idle = trip(departed=None, arrived=None, result=None, drivable=None, signed=None)
    end = {"status": "cancelled", "at": at(20), "by": by}
    for trips in ([], [idle]):
        case = case_of(line(trips=trips, end=end, satisfaction=None))
        assert (case.status, case.trips[0].sent) == (CaseStatus.CANCELLED, False)


# What they refuse


def two_winners() -> list[Line]:
    return [
        offer("D1", 1, "accepted", 3, promised_at=at(40)),
        offer("D2", 2, "accepted", 4, promised_at=at(45)),
    ]


UNRESOLVED: dict[str, Any] = {"result": "unresolved", "drivable": False}
CANCELLED: Line = {"status": "cancelled", "at": at(60), "by": "customer"}


@pytest.mark.parametrize(
    ("past", "code", "rule", "field"),
    [
        pytest.param(line(offers=two_winners()), "illegal_transition", "R1", "offers[1]", id="offers overlap"),
        pytest.param(
            line(
                offers=[
                    offer("D1", 1, "accepted", 2, promised_at=at(40)),
                    offer("D2", 3, "accepted", 4, promised_at=at(45)),
                ]
            ),
            "illegal_transition",
            "R1",
            "offers[1]",
            id="two winners",
        ),
        pytest.param(
            line(offers=[offer("D2", 3, "accepted", 2, promised_at=at(45))]),
            "invalid",
            "R1",
            "offers[0].answered_at",
            id="answered before it was offered",
        ),
        pytest.param(
            line(offers=[offer("D2", 3, "accepted", promised_at=at(45))]),
            "invalid",
            "R1",
            "offers[0].answered_at",
            id="an acceptance without its time",
        ),
        pytest.param(
            line(offers=[offer("D2", 3, "accepted", 4)]), "invalid", "R3", "offers[0]", id="accepted without a promise"
        ),
        pytest.param(
            line(offers=[offer("D2", 3, "accepted", 4, promised_at=at(3))]),
            "invalid",
            "R3",
            "offers[0]",
            id="promised before the acceptance",
        ),
        pytest.param(line(trips=[trip("D3")]), "illegal_transition", "R3", "trips[0]", id="a trip of one never asked"),
        pytest.param(line(trips=[trip("D1")]), "illegal_transition", "R3", "trips[0]", id="a trip of one that refused"),
        pytest.param(line(trips=[trip(departed=3)]), "invalid", "R3", "trips[0]", id="departed before accepting"),
        pytest.param(
            line(trips=[trip(departed=31)]), "invalid", "K3", "trips[0].arrived_at", id="arrived before departing"
        ),
        pytest.param(
            line(trips=[trip(departed=31, arrived=None, reported_arrived_at=at(30))]),
            "invalid",
            "K3",
            "trips[0].reported_arrived_at",
            id="told to have arrived before departing",
        ),
        pytest.param(
            line(trips=[trip(), trip(departed=35, arrived=50)]),
            "second_dispatch_not_confirmed",
            "R5",
            "trips[1]",
            id="a second trip though the first solved it",
        ),
        pytest.param(
            line(trips=[trip(result=None), trip(departed=35, arrived=50)]),
            "second_dispatch_not_confirmed",
            "R5",
            "trips[1]",
            id="a second trip before the first reported",
        ),
        pytest.param(
            line(trips=[trip(**UNRESOLVED), trip(departed=20, arrived=50)]),
            "second_dispatch_not_confirmed",
            "R5",
            "trips[1]",
            id="a second trip before the first arrived",
        ),
        pytest.param(
            line(trips=[trip(drivable=None)]),
            "invalid",
            "K4",
            "trips[0]",
            id="a repair that says nothing of driving on",
        ),
        pytest.param(
            line(trips=[trip(arrived=None)]), "illegal_transition", "R5", "trips[0]", id="solved without an arrival"
        ),
        pytest.param(
            line(trips=[trip(signed=False)]), "unsigned_check_sheet", "R6", "end", id="completed without a signature"
        ),
        pytest.param(
            line(trips=[trip(signed=None)]), "unsigned_check_sheet", "R6", "end", id="nothing said of a signature"
        ),
        pytest.param(
            line(trips=[trip(signed=False, unsigned_confirmed_by="dealer")]),
            "unsigned_check_sheet",
            "R6",
            "end",
            id="a refusal to sign that the CAC did not confirm",
        ),
        pytest.param(line(trips=[]), "illegal_transition", "R7", "end", id="closed without a trip"),
        pytest.param(
            line(trips=[trip(**UNRESOLVED)]), "illegal_transition", "R7", "end", id="closed though unresolved"
        ),
        pytest.param(line(trips=[trip(result=None)]), "illegal_transition", "R7", "end", id="closed without a result"),
        pytest.param(
            line(offers=[offer("D1", 1, "declined", 2)], trips=[], satisfaction=None),
            "illegal_transition",
            "R7",
            "end",
            id="closed after a refusal alone",
        ),
        pytest.param(
            line(end={"status": "cancelled", "at": at(60)}, satisfaction=None),
            "invalid",
            "K2",
            "end.by",
            id="cancelled by nobody",
        ),
        pytest.param(
            line(end={"status": "closed", "at": at(29)}), "invalid", "", "trips[0].arrived_at", id="ends early"
        ),
        pytest.param(
            line(end={"status": "closed", "at": "2026-11-22T00:00:01Z"}), "invalid", "", "end.at", id="ends tomorrow"
        ),
        pytest.param(line(opened_at=at(2)), "invalid", "", "offers[0].at", id="offered before the call"),
        pytest.param(line(opened_at="1969-12-31T23:59:59Z"), "invalid", "", "opened_at", id="an absurd year"),
        pytest.param(line(satisfaction=101), "invalid", "K11", "satisfaction", id="more than satisfied"),
        pytest.param(line(satisfaction=-1), "invalid", "K11", "satisfaction", id="less than dissatisfied"),
        pytest.param(
            line(end=CANCELLED), "illegal_transition", "K10", "satisfaction", id="a survey of a cancelled case"
        ),
        pytest.param(
            line(offers=[], trips=[]), "illegal_transition", "K10", "satisfaction", id="a survey of telephone advice"
        ),
        pytest.param(
            line(offers=[offer("D2", 3, "accepted", 4, promised_at=at(45), given_up_at=at(3.5))]),
            "invalid",
            "K10",
            "offers[0].given_up_at",
            id="given up before accepted",
        ),
        pytest.param(
            line(offers=[offer("D2", 3, "accepted", 4, promised_at=at(45), given_up_at=at(20))]),
            "illegal_transition",
            "K3",
            "trips[0]",
            id="arrived after giving up",
        ),
        pytest.param(
            line(offers=[offer("D1", 1, "declined", 2, given_up_at=at(3)), *line()["offers"][1:]]),
            "illegal_transition",
            "K10",
            "offers[0]",
            id="given up what was refused",
        ),
        pytest.param(
            line(
                promise_changes=[
                    {"dealer": "D2", "at": at(31), "promised_at": at(70), "approved": True, "outside_cause": True}
                ]
            ),
            "illegal_transition",
            "R4",
            "promise_changes[0]",
            id="a promise moved after the arrival",
        ),
        pytest.param(
            line(
                promise_changes=[
                    {"dealer": "D1", "at": at(5), "promised_at": at(70), "approved": True, "outside_cause": True}
                ]
            ),
            "illegal_transition",
            "R4",
            "promise_changes[0]",
            id="a promise of one that never accepted",
        ),
        pytest.param(
            line(offers=[offer("D9", 1, "expired")]), "not_found", "", "offers[0].dealer", id="no such dealer"
        ),
        pytest.param(line(trips=[trip("D9")]), "not_found", "", "trips[0].dealer", id="no such dealer's trip"),
        pytest.param(line(fault="ghost"), "invalid", "R2", "fault", id="no such fault"),
    ],
)
def test_a_past_case_that_breaks_a_rule_is_refused_with_its_number(
    past: Line, code: str, rule: str, field: str
) -> None:
    found = refused(past)
    assert (found.code, found.rule, found.field) == (code, rule, field)


# All together


@given(past=st.lists(past_lines(), max_size=4))
def test_scores_of_legal_past_cases_equal_a_count_straight_from_the_lines(past: list[Line]) -> None:
    cases = [case_of(one) for one in past]
    assert all(case.status in ENDED for case in cases)
    for dealer in DEALERS:
        found = dealer_score(
            dealer, tally(standings(case)[dealer] for case in cases if dealer in standings(case)), WEIGHTS
        )
        figures = {kpi.value: (one.numerator, one.denominator) for kpi, one in found.kpis.items()}
        figures["acceptance"] = (found.acceptance.numerator, found.acceptance.denominator)
        assert figures == count_all(past, dealer)


@given(past=past_lines())
def test_what_is_told_is_in_the_case(past: Line) -> None:
    case = case_of(past)
    listed = [offer for offer in case.offers if not offer.own_case]
    assert [(one.dealer, one.status.value) for one in listed] == [
        (one["dealer"], one["answer"]) for one in past["offers"]
    ]
    sent = [one for one in case.trips if one.sent]
    gone = [one for one in past["trips"] if one.get("departed_at") or one.get("arrived_at")]
    assert [(one.dealer, one.kind.value) for one in sent] == [(one["dealer"], one["kind"]) for one in gone]
    assert len(case.promise_changes) == len(past["promise_changes"])


def test_what_is_null_was_not_recorded() -> None:
    bare = {**PHONE_SOLVED, "offers": None, "trips": None, "promise_changes": None, "satisfaction": None}
    assert read_past_case(json.dumps(bare)) == read_past_case(json.dumps(PHONE_SOLVED))


PHONE_SOLVED = {
    "number": "H-20",
    "channel": "hotline_400",
    "opened_at": "2026-10-01T08:00:00+08:00",
    "fault": "battery",
    "location": {"lat": 31.2, "lon": 121.4},
    "end": {"status": "closed", "at": "2026-10-01T08:05:00+08:00"},
}
