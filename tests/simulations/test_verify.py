"""The checks themselves: each finds the fault that it is there for, and is silent on a sound day."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from simulations.checks import check
from simulations.ledger import FixBook, Ledger
from simulations.shaking import kill_moments
from simulations.verify import Told, verify

AT = "2026-11-23T00:05:00+00:00"
LATE = "2026-11-23T00:09:00+00:00"


def sound() -> tuple[dict[str, Any], Ledger]:
    def happened(seq: int, kind: str, **data: Any) -> dict[str, Any]:
        return {"seq": seq, "kind": kind, "at": LATE, "data": data}

    timeline = [
        happened(1, "case_opened"),
        happened(2, "offer_made", offer_id="o1", expires_at=AT),
        happened(3, "offer_expired", offer_id="o1"),
        happened(4, "offer_made", offer_id="o2", expires_at=AT),
        happened(5, "offer_accepted", offer_id="o2", trip_id="t1"),
        happened(6, "promise_missed", trip_id="t1", promised_at=AT),
        happened(7, "case_completed", trip_id="t1"),
        happened(8, "case_closed"),
    ]
    day = {
        "cases": [{"id": "c1", "number": "R1", "status": "closed", "note": "call-1"}],
        "timelines": {"c1": timeline},
        "scores": [],
    }
    ledger = Ledger(calls={"call-1": "c1"})
    ledger.acked("case_opened", "c1")
    ledger.acked("vehicle_arrived|offer_accepted", "c1", trip_id="t1")
    return day, ledger


def broken(day: dict[str, Any], ledger: Ledger) -> list[str]:
    return [one.name for one in verify(Told(**day), ledger, 1) if not one.holds]


def test_a_sound_day_holds():
    assert broken(*sound()) == []


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (lambda day, _: day["cases"].append(dict(day["cases"][0])), "cases in = cases out"),
        (lambda _, ledger: ledger.calls.clear(), "cases in = cases out"),
        (lambda day, _: day["cases"][0].update(status="en_route"), "every case has ended, legally"),
        (
            lambda _, ledger: ledger.acked("check_sheet_signed", "c1", trip_id="t1"),
            "every acknowledged command is in the timeline",
        ),
        (
            lambda _, ledger: ledger.acked("offer_accepted", "c1", trip_id="t2"),
            "every acknowledged command is in the timeline",
        ),
        (
            lambda day, _: day["timelines"]["c1"][7].update(seq=9),
            "the log's numbers have no gap and no repeat",
        ),
        (
            lambda day, _: day["timelines"]["c1"][6].update(kind="offer_declined", data={"offer_id": "o2"}),
            "each deadline and answer at most once",
        ),
        (
            lambda day, _: day["timelines"]["c1"][6].update(
                kind="promise_missed", data=day["timelines"]["c1"][5]["data"]
            ),
            "each deadline and answer at most once",
        ),
        (
            lambda day, _: day["timelines"]["c1"][2].update(at="2026-11-23T00:04:59+00:00"),
            "each deadline and answer at most once",
        ),
        (lambda _, ledger: ledger.faults.append("500"), "no answer that no client should get"),
    ],
)
def test_each_fault_is_found(fault: Any, found: str):
    day, ledger = sound()
    day = deepcopy(day)
    fault(day, ledger)
    assert broken(day, ledger) == [found]


def test_acknowledged_means_up_to_the_ack_but_not_refused():
    book = FixBook(plate="沪A0001S", acked_up_to=3, refused={2: "invalid"})
    book.sent = {seq: datetime(2026, 11, 23, 0, seq, tzinfo=UTC) for seq in range(1, 6)}
    assert set(book.acked()) == {1, 3}


def test_many_findings_are_counted_not_listed():
    told = check("name", "scope", (f"f{n}" for n in range(9))).told
    assert told == "f0; f1; f2; f3; f4; and 4 more"


def test_kills_are_spread_over_the_day_by_the_seed():
    moments = kill_moments(7, 10, 86_400)
    assert moments == kill_moments(7, 10, 86_400) == sorted(moments)
    assert [int(at_s // 8640) for at_s in moments] == list(range(10))
