"""What to make of a fix: it moves its vehicle, is kept as history, or is doubted and set aside (R22).

Two laws hold. Quarantine depends on the fix and the moment alone, so what is kept does not depend on the order
of arrival. And what a terminal's state remembers is its newest usable fixes by their own time, so that neither
does where a vehicle is shown, as long as nothing jumps; it never goes back in time.
"""

from bisect import insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from core.geo import CHINA_ENVELOPE, Position, at_most_m, distance_m
from tracking.vocabulary import Fix, FixFlag, trail_key

WINDOW = 4
"""A jump is judged against so many usable fixes before it."""
REMEMBERED = 2 * WINDOW
"""So many of a terminal's newest usable fixes are remembered: fixes that come late still find their neighbours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Where doubt begins. The reasons for each figure are in docs/decisions/0005."""

    future_s: float = 60
    stale_s: float = 7 * 86_400
    coarse_m: float = 200
    top_speed_mps: float = 70
    unknown_accuracy_m: float = 50
    null_island_deg: float = 0.01


LIMITS = Limits()


class Outcome(StrEnum):
    """What becomes of a fix."""

    LIVE = "live"
    HISTORY = "history"
    QUARANTINE = "quarantine"
    DUPLICATE = "duplicate"


class Reason(StrEnum):
    """Why a fix does not move its vehicle: the first four are set aside, the others kept in the trail."""

    NULL_ISLAND = "null_island"
    SWAPPED = "swapped"
    FUTURE = "future"
    STALE_CLOCK = "stale_clock"
    LATE = "late"
    COARSE = "coarse"
    JUMP = "jump"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of one fix, and why when it does not move its vehicle."""

    outcome: Outcome
    reason: Reason | None = None


class TerminalState(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of a terminal: its newest usable fixes, sorted; where it is shown; its newest time."""

    recent: tuple[Fix, ...] = ()
    live: Fix | None = None
    newest: datetime | None = None


Step = Callable[[TerminalState, Fix, datetime, Limits], Verdict | None]

_LIVE = Verdict(outcome=Outcome.LIVE)
_DUPLICATE = Verdict(outcome=Outcome.DUPLICATE)
_NULL_ISLAND, _SWAPPED, _FUTURE, _STALE_CLOCK = (
    Verdict(outcome=Outcome.QUARANTINE, reason=reason)
    for reason in (Reason.NULL_ISLAND, Reason.SWAPPED, Reason.FUTURE, Reason.STALE_CLOCK)
)
_LATE, _COARSE, _JUMP = (
    Verdict(outcome=Outcome.HISTORY, reason=reason) for reason in (Reason.LATE, Reason.COARSE, Reason.JUMP)
)


def null_island(_state: TerminalState, fix: Fix, _now: datetime, limits: Limits) -> Verdict | None:
    """A receiver without satellites reports (0, 0) (R22)."""
    place, near = fix.position, limits.null_island_deg
    return _NULL_ISLAND if -near <= place.lat <= near and -near <= place.lon <= near else None


def swapped(_state: TerminalState, fix: Fix, _now: datetime, _limits: Limits) -> Verdict | None:
    """Latitude and longitude changed places (R22)."""
    return _SWAPPED if plainly_swapped(fix.position) else None


def future(_state: TerminalState, fix: Fix, now: datetime, limits: Limits) -> Verdict | None:
    """The terminal's clock is ahead: believed, it would hold the vehicle where it is until the clock is reached."""
    return _FUTURE if fix.time > now and (fix.time - now).total_seconds() > limits.future_s else None


def stale_clock(_state: TerminalState, fix: Fix, now: datetime, limits: Limits) -> Verdict | None:
    """Older than any honest upload of kept fixes: a clock that was reset."""
    return _STALE_CLOCK if (now - fix.time).total_seconds() > limits.stale_s else None


def duplicate(state: TerminalState, fix: Fix, _now: datetime, _limits: Limits) -> Verdict | None:
    """Already remembered; an older repetition is found by the store."""
    if state.newest is None or fix.time > state.newest:
        return None
    name = trail_key(fix)
    return _DUPLICATE if any(trail_key(known) == name for known in state.recent) else None


def late(state: TerminalState, fix: Fix, _now: datetime, _limits: Limits) -> Verdict | None:
    """Out of order: it would move its vehicle back in time."""
    live = state.live
    if live is None or fix.time > live.time:
        return None
    return _LATE if trail_key(fix) <= trail_key(live) else None


def coarse(_state: TerminalState, fix: Fix, _now: datetime, limits: Limits) -> Verdict | None:
    """Placed by radio cells, not by satellites."""
    return _COARSE if is_coarse(fix, limits) else None


def jump(state: TerminalState, fix: Fix, _now: datetime, limits: Limits) -> Verdict | None:
    """Too far from the fixes before it for any vehicle."""
    before = state.recent
    if not _in_order(before, fix):
        name = trail_key(fix)
        before = tuple(known for known in before if trail_key(known) < name)
    return _JUMP if jumps(before[-WINDOW:], fix, limits) else None


STEPS: tuple[Step, ...] = (null_island, swapped, future, stale_clock, duplicate, late, coarse, jump)
"""Asked in this order; the first that objects decides, and a fix to which none objects is live."""


def judge(state: TerminalState, fix: Fix, now: datetime, limits: Limits = LIMITS) -> tuple[TerminalState, Verdict]:
    """What becomes of `fix`, and what its terminal is remembered by from then on."""
    for step in STEPS:
        verdict = step(state, fix, now, limits)
        if verdict is not None:
            kept = verdict.outcome is Outcome.HISTORY
            return remember(state, fix, limits) if kept else state, verdict
    if _in_order(state.recent, fix):  # the common case, judged already
        recent = (*state.recent, fix)[-REMEMBERED:]
        return TerminalState(recent=recent, live=fix, newest=_newest(state, fix)), _LIVE
    return remember(state, fix, limits), _LIVE


def remember(state: TerminalState, fix: Fix, limits: Limits = LIMITS) -> TerminalState:
    """The state with one more kept fix. A late one may vouch for a newer one that had seemed to jump."""
    if is_coarse(fix, limits):
        return msgspec.structs.replace(state, newest=_newest(state, fix))
    recent = list(state.recent)
    insort(recent, fix, key=trail_key)
    kept = tuple(recent[-REMEMBERED:])
    return TerminalState(recent=kept, live=_newest_acceptable(kept, state.live, limits), newest=_newest(state, fix))


def flag(before: tuple[Fix, ...], fix: Fix, limits: Limits = LIMITS) -> tuple[tuple[Fix, ...], FixFlag]:
    """One step of the fold over a trail in its order: the window for the next fix, and this one's flag."""
    if is_coarse(fix, limits):
        return before, FixFlag.COARSE
    judged = FixFlag.JUMP if jumps(before, fix, limits) else FixFlag.OK
    return (*before, fix)[-WINDOW:], judged


def flagged(fixes: Sequence[Fix], before: tuple[Fix, ...] = (), limits: Limits = LIMITS) -> list[FixFlag]:
    """The flags of `fixes`, sorted by `trail_key`; `before` are the last `WINDOW` usable ones before them."""
    flags: list[FixFlag] = []
    for fix in fixes:
        before, judged = flag(before, fix, limits)
        flags.append(judged)
    return flags


def is_coarse(fix: Fix, limits: Limits = LIMITS) -> bool:
    """Whether the terminal itself says that it hardly knows where it is."""
    return fix.accuracy_m is not None and fix.accuracy_m > limits.coarse_m


def jumps(before: Sequence[Fix], fix: Fix, limits: Limits = LIMITS) -> bool:
    """Whether no vehicle could come to `fix` from more than half of the usable fixes before it.

    A single wrong fix is outvoted by its neighbours, before and after; two that agree on a new place are
    believed at the next one, so that a wrong first fix, a ferry or a long silence does not hold a vehicle.
    """
    needed = len(before) - len(before) // 2
    for known in reversed(before):
        if needed <= 0:
            break
        needed -= _reachable(known, fix, limits)
    return needed > 0 and bool(before)


def plainly_swapped(position: Position) -> bool:
    """Whether the point lies far outside China as given, and in it with the two exchanged."""
    if CHINA_ENVELOPE.contains(position):
        return False
    return CHINA_ENVELOPE.contains(Position(lat=position.lon, lon=position.lat))


def _reachable(known: Fix, fix: Fix, limits: Limits) -> bool:
    # Terminals' clocks tick in whole seconds, so two fixes of one second may be a second apart.
    gap_s = abs((fix.time - known.time).total_seconds())
    slack_m = _accuracy_m(known, limits) + _accuracy_m(fix, limits)
    reach_m = limits.top_speed_mps * (gap_s if gap_s > 1.0 else 1.0) + slack_m
    # Few vehicles go nearly as far as any could, so few distances need be known.
    return at_most_m(known.position, fix.position) <= reach_m or distance_m(known.position, fix.position) <= reach_m


def _accuracy_m(fix: Fix, limits: Limits) -> float:
    return limits.unknown_accuracy_m if fix.accuracy_m is None else fix.accuracy_m


def _in_order(recent: Sequence[Fix], fix: Fix) -> bool:
    """Whether `fix` comes after all of `recent`, which are sorted."""
    if not recent:
        return True
    last = recent[-1]
    return last.time < fix.time or trail_key(last) < trail_key(fix)


def _newest(state: TerminalState, fix: Fix) -> datetime:
    newest = state.newest
    return fix.time if newest is None or fix.time > newest else newest


def _newest_acceptable(recent: tuple[Fix, ...], live: Fix | None, limits: Limits) -> Fix | None:
    newer = (at for at in reversed(range(len(recent))) if live is None or trail_key(recent[at]) > trail_key(live))
    return next((recent[at] for at in newer if not jumps(recent[max(0, at - WINDOW) : at], recent[at], limits)), live)
