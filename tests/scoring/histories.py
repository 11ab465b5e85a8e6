"""Legal histories of cases, cut off anywhere, for properties that hold for all of them."""

from hypothesis import strategies as st
from scoring_build import SERVICE, TOW, Told

from dispatch.vocabulary import CancelledBy, Result

DEALERS = ("D1", "D2", "D3")


@st.composite
def histories(draw: st.DrawFn, case_id: str = "c1") -> Told:
    """A legal history, cut off anywhere: a few dealers asked, some accepting, each with its own fate."""
    told = Told(case_id)
    at = 1.0
    for dealer in draw(st.lists(st.sampled_from(DEALERS), max_size=4)):
        at += 5
        answer = draw(st.sampled_from(["declined", "expired", "withdrawn", "accepted", "accepted", "accepted"]))
        if answer != "accepted":
            getattr(told, answer)(dealer, at)
            continue
        kind = draw(st.sampled_from([SERVICE, TOW]))
        told.accepted(dealer, at, promise=at + draw(st.sampled_from([1, 15, 40])), kind=kind)
        if draw(st.booleans()):
            told.promised(at + 30, at, approved=draw(st.booleans()), outside=draw(st.booleans()))
        if draw(st.booleans()):
            told.departed(at + 1)
        fate = draw(st.sampled_from(["given_back", "given_back", "unresolved", "done", "done", "running", "ended"]))
        at += draw(st.integers(1, 40))
        if fate == "given_back":
            told.given_back(at)
            continue
        if fate in {"unresolved", "done"}:
            told.arrived(at)
        if fate == "unresolved":
            told.unresolved(at=at).second(at=at + 1)
            continue
        if fate == "done":
            result = Result.TOWED if kind is TOW else Result.REPAIRED
            told.outcome(result, drivable=draw(st.booleans()), at=at).completed(at + 9)
            return told.surveyed(draw(st.integers(0, 100)), at + 10) if draw(st.booleans()) else told
        break
    end = draw(st.sampled_from(["running", "customer", "cac", "failed"]))
    if end == "failed":
        return told.failed(at + 20)
    return told if end == "running" else told.cancelled(at + 20, by=CancelledBy(end))
