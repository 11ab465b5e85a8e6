"""What the motorist at the kerb is told: where things stand, when help arrives, what to do until then. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from core.geo import Position, distance_m
from dispatch.vocabulary import Case, CaseStatus, Energy
from tracking.travel import estimate_s

_UNSURE = 0.15
_LEAST = timedelta(minutes=4)
_AROUND_PROMISE = timedelta(minutes=5)
_FRESH = timedelta(minutes=5)
_MINUTE = timedelta(minutes=1)


class Standing(StrEnum):
    """Where things stand, in the motorist's words."""

    LOCATING = "locating"
    LOCATED = "located"
    WAITING = "waiting"
    ASSIGNED = "assigned"
    COMING = "coming"
    ON_SCENE = "on_scene"
    TOWING = "towing"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    ENDED = "ended"


_STANDING = {
    CaseStatus.ACCEPTED: Standing.ASSIGNED,
    CaseStatus.EN_ROUTE: Standing.COMING,
    CaseStatus.ON_SCENE: Standing.ON_SCENE,
    CaseStatus.AWAITING_SECOND_DISPATCH: Standing.ON_SCENE,
    CaseStatus.TOWING: Standing.TOWING,
    CaseStatus.COMPLETED: Standing.COMPLETED,
    CaseStatus.CLOSED: Standing.COMPLETED,
    CaseStatus.CANCELLED: Standing.CANCELLED,
    CaseStatus.FAILED: Standing.ENDED,
}
"""Everything before an acceptance is waiting: to whom the case is offered is not the motorist's business."""

BEFORE_ARRIVAL = frozenset({Standing.WAITING, Standing.ASSIGNED, Standing.COMING})
"""So long the motorist waits, wants advice, and may call it off (K2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Help arrives between two moments; `measured` where a fix of the vehicle says so, else by the promise."""

    start: datetime
    end: datetime
    measured: bool


def standing_of(case: Case) -> Standing:
    """Where the case stands for its motorist. Advice by phone (R20) has ended it like any other success."""
    return _STANDING.get(case.status, Standing.WAITING)


def arrival_of(case: Case, position: Position | None, fix_time: datetime | None, now: datetime) -> Arrival | None:
    """When the vehicle arrives, as a band of whole minutes that is honest about what is known; None if none is coming.

    From a fresh fix: the estimated way, give or take 15 % and at least 4 minutes wide. Else around the promise (R3).
    Never ends before now.
    """
    trip = case.active_trip
    if trip is None or trip.arrived_at is not None:
        return None
    if position and fix_time and now - fix_time <= _FRESH:
        way = timedelta(seconds=estimate_s(distance_m(position, case.place.scene)))
        half = max(way * _UNSURE, _LEAST / 2)
        start, end, measured = now + way - half, now + way + half, True
    else:
        start, end, measured = trip.promised_at - _AROUND_PROMISE, trip.promised_at + _AROUND_PROMISE, False
    return Arrival(start=_down(max(start, now)), end=_up(max(end, now + _LEAST)), measured=measured)


def _down(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _up(moment: datetime) -> datetime:
    down = _down(moment)
    return down if down == moment else down + _MINUTE


def advice_of(case: Case) -> tuple[str, ...]:
    """What keeps the people safe until then, the most important first; codes that the catalogue has words for."""
    advice = ["hazard_lights"]
    if case.place.expressway:
        advice += ["behind_barrier", "triangle_150"]
    else:
        advice += ["off_the_road", "triangle_50"]
    if case.fault == "flooded":
        advice.append("do_not_start")
    if case.fault == "accident":
        advice.insert(0, "police_first")
    if case.car.energy is Energy.ELECTRIC and case.fault in ("accident", "flooded"):
        advice.append("electric_distance")
    return tuple(advice)
