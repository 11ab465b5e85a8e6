"""Past cases as lines: hand-made ones, a generator of legal ones, and their scores counted straight from the JSON."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

Line = dict[str, Any]

OPENED = datetime(2026, 10, 1, 0, 0, tzinfo=UTC)
BEIJING = timezone(timedelta(hours=8))
DEALERS = ("D1", "D2", "D3")


def at(minutes: float, seconds: float = 0) -> str:
    """So long after the call, as people in the service area write it."""
    return (OPENED + timedelta(minutes=minutes, seconds=seconds)).astimezone(BEIJING).isoformat()


def offer(dealer: str, made: float, answer: str, answered: float | None = None, **more: Any) -> Line:
    return {
        "dealer": dealer,
        "at": at(made),
        "answer": answer,
        "answered_at": None if answered is None else at(answered),
        **more,
    }


def trip(dealer: str = "D2", departed: float | None = 6, arrived: float | None = 30, **more: Any) -> Line:
    return {
        "dealer": dealer,
        "kind": "service",
        "departed_at": None if departed is None else at(departed),
        "arrived_at": None if arrived is None else at(arrived),
        "result": "repaired",
        "drivable": True,
        "signed": True,
        **more,
    }


def line(**changes: Any) -> Line:
    """The public contract's example: refused by one dealer, done by the next."""
    return {
        "number": "H-1",
        "channel": "hotline_400",
        "opened_at": at(0),
        "fault": "battery",
        "location": {"lat": 31.2312, "lon": 121.4737},
        "offers": [
            offer("D1", 1, "declined", 2, reason="no crew"),
            offer("D2", 3, "accepted", 4, promised_at=at(45)),
        ],
        "trips": [trip()],
        "end": {"status": "closed", "at": at(60), "by": None},
        "satisfaction": 90,
        **changes,
    }


def text(past: Line) -> str:
    return json.dumps(past, ensure_ascii=False)


@st.composite
def past_lines(draw: st.DrawFn, number: str = "H-1") -> Line:
    """A legal past case; steps of nothing and of one second put things on both sides of every boundary."""
    clock = 0.0

    def step(*lengths: int) -> str:
        nonlocal clock
        clock += draw(st.sampled_from(lengths or (0, 1, 60, 900)))
        return moment(clock)

    def moment(seconds: float) -> str:
        told = OPENED + timedelta(seconds=seconds)
        return told.astimezone(draw(st.sampled_from([UTC, BEIJING]))).isoformat()

    offers: list[Line] = []
    trips: list[Line] = []
    changes: list[Line] = []
    solved = False
    for dealer in draw(st.lists(st.sampled_from(DEALERS), max_size=4)):
        asked_before = any(one["dealer"] == dealer for one in offers)
        made_at = step(1, 60) if asked_before else step()  # which of two acceptances a trip follows is told by its time
        answer = draw(st.sampled_from(["declined", "expired", "withdrawn", "accepted", "accepted", "accepted"]))
        asked: Line = {"dealer": dealer, "at": made_at, "answer": answer, "answered_at": step()}
        offers.append(asked)
        if answer != "accepted":
            continue
        asked["promised_at"] = moment(clock + draw(st.sampled_from([0, 60, 900, 1800])))
        fate = draw(st.sampled_from(["solved", "solved", "unresolved", "given_up", "nothing"]))
        more_trips = draw(st.integers(1, 2)) if fate in {"solved", "unresolved"} else draw(st.integers(0, 1))
        for left in reversed(range(more_trips)):
            if left + 1 == more_trips and draw(st.integers(0, 3)) == 0:
                change: Line = {"dealer": dealer, "at": step(), "reason": "road closed"}
                change["promised_at"] = moment(clock + draw(st.sampled_from([0, 60, 900])))
                change["approved"], change["outside_cause"] = draw(st.booleans()), draw(st.booleans())
                changes.append(change)
            sent: Line = {"dealer": dealer, "kind": draw(st.sampled_from(["service", "tow"]))}
            trips.append(sent)
            last = left == 0
            if not last or fate in {"solved", "unresolved"} or draw(st.booleans()):
                sent["departed_at"] = step()
                _arrive(draw, sent, step())
            elif draw(st.booleans()):
                sent["departed_at"] = step()
            if not last or fate == "unresolved":
                sent.update(result="unresolved", drivable=False, signed=False)
            elif fate == "solved":
                sent["result"] = "towed" if sent["kind"] == "tow" else "repaired"
                sent["drivable"] = draw(st.booleans())
                unsigned = {"signed": False, "unsigned_confirmed_by": "cac"}
                sent.update(draw(st.sampled_from([{"signed": True}, unsigned])))
        if fate == "given_up":
            asked["given_up_at"] = step()
            continue
        if fate == "unresolved":
            continue
        solved = fate == "solved"
        break
    end: Line = {"status": "closed", "by": None}
    if not solved and offers:
        end = draw(
            st.sampled_from([{"status": "failed"}, *({"status": "cancelled", "by": by} for by in ("customer", "cac"))])
        )
    end = {**end, "at": step(0, 1, 60, 900, 4000)}
    return {
        "number": number,
        "channel": draw(st.sampled_from(["hotline_400", "dealer_24h", "telematics"])),
        "opened_at": moment(0),
        "fault": draw(st.sampled_from(["battery", "tyre", "stuck", "tow_only"])),
        "location": {"lat": 31.2312, "lon": 121.4737},
        "offers": offers,
        "trips": trips,
        "promise_changes": changes,
        "end": end,
        "satisfaction": draw(st.none() | st.integers(0, 100)) if solved else None,
    }


def _arrive(draw: st.DrawFn, sent: Line, arrived_at: str) -> None:
    """By GPS, by the driver's word, or both, the word a little off."""
    source = draw(st.sampled_from(["gps", "told", "both"]))
    if source != "told":
        sent["arrived_at"] = arrived_at
    if source != "gps":
        sent["reported_arrived_at"] = arrived_at


def count(past: Line, dealer: str) -> dict[str, tuple[int, int]]:
    """Numerator and denominator of each KPI for one past case: K1 to K5 and K8 to K12, read off the JSON."""
    ended = time(past["end"]["at"])
    asked = [one for one in past["offers"] if one["dealer"] == dealer]
    answers = [one["answer"] for one in asked]
    accepted = [one for one in asked if one["answer"] == "accepted"]
    own_trips = [one for one in past["trips"] if one["dealer"] == dealer]
    completer = past["trips"][-1]["dealer"] if past["end"]["status"] == "closed" and past["trips"] else None
    gave_up = any(one.get("given_up_at") for one in accepted)
    promise = None
    if accepted:
        promise = time(accepted[0]["promised_at"])
        for change in past.get("promise_changes", ()):
            if change["dealer"] == dealer and change["approved"] and change["outside_cause"]:
                promise = max(promise, time(change["promised_at"]))
    figures: dict[str, tuple[int, int]] = {}

    by_customer = past["end"]["status"] == "cancelled" and past["end"]["by"] == "customer"
    excused = by_customer and promise is not None and ended <= promise and not gave_up
    refused = "declined" in answers or "expired" in answers
    tried = (refused or bool(accepted)) and not excused
    figures["completion"] = (int(completer == dealer), int(tried))

    surveyed = completer == dealer and past.get("satisfaction") is not None
    figures["satisfaction"] = (past["satisfaction"] if surveyed else 0, int(surveyed))

    arrivals = [time(one.get("arrived_at") or one["reported_arrived_at"]) for one in own_trips if arrived(one)]
    if promise is None or not (arrivals or gave_up or promise < ended):
        figures["arrival"] = (0, 0)
    else:
        figures["arrival"] = (int(bool(arrivals) and min(arrivals) <= promise), 1)

    repairs = [one for one in own_trips if one["kind"] == "service" and one.get("result")]
    figures["drive_away"] = (int(any(one["drivable"] for one in repairs)), int(bool(repairs)))

    went = [one for one in own_trips if one.get("departed_at") or arrived(one) or one.get("result")]
    figures["first_success"] = (int(completer == dealer and len(went) == 1), int(completer == dealer))

    figures["acceptance"] = (len(accepted), sum(answer != "withdrawn" for answer in answers))
    return figures


def arrived(sent: Mapping[str, Any]) -> bool:
    return bool(sent.get("arrived_at") or sent.get("reported_arrived_at"))


def time(told: str) -> datetime:
    return datetime.fromisoformat(told)


def count_all(past: Sequence[Line], dealer: str) -> dict[str, tuple[int, int]]:
    """The sums over many past cases."""
    counted = [count(one, dealer) for one in past]
    names = ("completion", "satisfaction", "arrival", "drive_away", "first_success", "acceptance")
    return {name: (sum(one[name][0] for one in counted), sum(one[name][1] for one in counted)) for name in names}
