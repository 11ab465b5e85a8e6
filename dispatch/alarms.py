"""What must not be overlooked: alarms over the cases that run, as they stand at this second. Pure.

An alarm's id names the occurrence, such as this offer or this trip's silence since that fix, so that whoever
acknowledges it acknowledges just that one. It is made of what every process sees alike, since any of them may be asked.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from core.geo import Position, distance_m
from dispatch.vocabulary import Case, CaseStatus, Channel, Trip, TripStatus
from tracking.travel import estimate_s


class AlarmKind(StrEnum):
    """Why a dispatcher is called."""

    OFFER_EXPIRING = "offer_expiring"
    UNASSIGNED = "unassigned"
    SECOND_DISPATCH = "second_dispatch"
    UNSIGNED = "unsigned"
    PROMISE_AT_RISK = "promise_at_risk"
    LATE = "late"
    SILENT_TERMINAL = "silent_terminal"
    STOPPED_ON_THE_WAY = "stopped_on_the_way"
    OUTSIDE_PLAN = "outside_plan"
    CRASH_CALL = "crash_call"
    COMPLAINT = "complaint"


_CELLS_A_DEGREE = 500
"""Of the places where a vehicle may stand: about 200 m each way."""
HIGH = frozenset({AlarmKind.UNASSIGNED, AlarmKind.LATE, AlarmKind.CRASH_CALL, AlarmKind.SECOND_DISPATCH})
"""The kinds that stand first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One occurrence. `since` is when it began, `due_at` when it will be too late, where there is such a moment."""

    id: str
    kind: AlarmKind
    case: str
    number: str
    dealer: str = ""
    vehicle: str = ""
    since: datetime
    due_at: datetime | None = None

    @property
    def high(self) -> bool:
        """Whether it stands before the others."""
        return self.kind in HIGH


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When each alarm is raised."""

    offer_left: timedelta = timedelta(seconds=45)
    silence: timedelta = timedelta(seconds=120)
    standstill: timedelta = timedelta(minutes=5)
    standstill_m: float = 50
    at_scene_m: float = 300
    astray_m: float = 2_000
    crash_priority: int = 8
    complaint_under: int = 60
    complaint_for: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A vehicle's last fix."""

    position: Position
    fix_time: datetime


@dataclass(slots=True, kw_only=True)
class Way:
    """What was seen of a trip's way so far: how near it came, and since when it has not moved.

    `stood_at` is where it was when it had stood too long, by which time processes that began to look at different
    moments see it at the same place; None before.
    """

    nearest_m: float
    stands_at: Position
    stands_since: datetime
    stood_at: Position | None = None


@dataclass(slots=True)
class Ways:
    """The ways of all trips that are watched; forgotten with the trip. A process that starts anew begins them anew."""

    limits: Limits
    by_trip: dict[str, Way] = field(default_factory=dict[str, Way])

    def look(self, trip: Trip, seen: Seen, scene: Position) -> Way:
        """Take in the vehicle's last fix, and give the way up to it."""
        here_m = distance_m(seen.position, scene)
        way = self.by_trip.get(trip.id)
        if way is None:
            way = Way(nearest_m=here_m, stands_at=seen.position, stands_since=seen.fix_time)
            self.by_trip[trip.id] = way
        way.nearest_m = min(way.nearest_m, here_m)
        if distance_m(way.stands_at, seen.position) > self.limits.standstill_m:
            way.stands_at, way.stands_since, way.stood_at = seen.position, seen.fix_time, None
        elif way.stood_at is None and seen.fix_time - way.stands_since > self.limits.standstill:
            way.stood_at = seen.position
        return way

    def forget_others(self, trips: Iterable[str]) -> None:
        """Keep the ways of `trips` only."""
        kept = set(trips)
        self.by_trip = {trip: way for trip, way in self.by_trip.items() if trip in kept}


def alarms_of(
    cases: Iterable[Case], positions: Mapping[str, Seen], now: datetime, ways: Ways, limits: Limits
) -> list[Alarm]:
    """All alarms, those that stand first in front, then the newest first.

    `ways` takes in what is seen now; everything else only answers.
    """
    found: list[Alarm] = []
    watched: list[str] = []
    for case in cases:
        found += _of_case(case, now, limits)
        if (trip := case.active_trip) and trip.arrived_at is None:
            watched.append(trip.id)
            found += _of_promise(case, trip, positions.get(trip.plate), now)
            if trip.tracked and (seen := positions.get(trip.plate)):
                found += _of_way(case, trip, seen, now, ways, limits)
    ways.forget_others(watched)
    return sorted(found, key=lambda alarm: (not alarm.high, -alarm.since.timestamp(), alarm.id))


def _of_case(case: Case, now: datetime, limits: Limits) -> Iterator[Alarm]:
    offer = case.pending_offer
    if offer and offer.expires_at - now <= limits.offer_left:
        since = offer.expires_at - limits.offer_left
        yield _alarm(AlarmKind.OFFER_EXPIRING, case, offer.id, since, dealer=offer.dealer, due_at=offer.expires_at)
    if case.status is CaseStatus.UNASSIGNED:
        since = max((one.answered_at or one.expires_at for one in case.offers), default=case.opened_at)
        yield _alarm(AlarmKind.UNASSIGNED, case, f"{case.id}:{len(case.offers)}", min(since, now))
    if case.status is CaseStatus.AWAITING_SECOND_DISPATCH:
        trip = case.trips[-1]
        yield _alarm(AlarmKind.SECOND_DISPATCH, case, trip.id, trip.arrived_at or trip.accepted_at, dealer=trip.dealer)
    for trip in case.trips:
        if trip.active and trip.unsigned_reason and not trip.unsigned_confirmed_by:
            yield _alarm(AlarmKind.UNSIGNED, case, trip.id, trip.arrived_at or trip.accepted_at, dealer=trip.dealer)
    urgent = case.channel is Channel.TELEMATICS or case.priority >= limits.crash_priority
    if urgent and not case.ended_at and not any(one.accepted_at for one in case.trips):
        yield _alarm(AlarmKind.CRASH_CALL, case, case.id, case.opened_at)
    answered = case.surveyed_at
    unhappy = case.satisfaction is not None and case.satisfaction < limits.complaint_under
    if unhappy and answered and now - answered <= limits.complaint_for:
        yield _alarm(AlarmKind.COMPLAINT, case, case.id, answered, dealer=case.completed_by)


def _of_promise(case: Case, trip: Trip, seen: Seen | None, now: datetime) -> Iterator[Alarm]:
    """R3: the promise has passed, or cannot be kept any more from where the vehicle stands."""
    told = f"{trip.id}:{trip.promised_at.timestamp():.0f}"
    if now > trip.promised_at:
        yield _of_trip(AlarmKind.LATE, case, trip, told, trip.promised_at, due_at=trip.promised_at)
    elif seen:
        needed = timedelta(seconds=estimate_s(distance_m(seen.position, case.place.scene)))
        if now + needed > trip.promised_at:
            # Since about when it was too late to drive off.
            since = trip.promised_at - needed
            yield _of_trip(AlarmKind.PROMISE_AT_RISK, case, trip, told, since, due_at=trip.promised_at)


def _of_way(case: Case, trip: Trip, seen: Seen, now: datetime, ways: Ways, limits: Limits) -> Iterator[Alarm]:
    """R11: what the fixes say of a vehicle that should be on its way."""
    if now - seen.fix_time > limits.silence:
        told = f"{trip.id}:{seen.fix_time.timestamp():.0f}"
        yield _of_trip(AlarmKind.SILENT_TERMINAL, case, trip, told, seen.fix_time)
        return
    if trip.status is not TripStatus.EN_ROUTE:
        return
    way = ways.look(trip, seen, case.place.scene)
    here_m = distance_m(seen.position, case.place.scene)
    if way.stood_at and here_m > limits.at_scene_m:
        told = f"{trip.id}:{_cell(way.stood_at)}"
        yield _of_trip(AlarmKind.STOPPED_ON_THE_WAY, case, trip, told, way.stands_since)
    if here_m - way.nearest_m > limits.astray_m:
        yield _of_trip(AlarmKind.OUTSIDE_PLAN, case, trip, trip.id, seen.fix_time)


def _cell(position: Position) -> str:
    return f"{position.lat * _CELLS_A_DEGREE:.0f}:{position.lon * _CELLS_A_DEGREE:.0f}"


def _of_trip(
    kind: AlarmKind, case: Case, trip: Trip, told: str, since: datetime, *, due_at: datetime | None = None
) -> Alarm:
    return _alarm(kind, case, told, since, dealer=trip.dealer, vehicle=trip.plate, due_at=due_at)


def _alarm(
    kind: AlarmKind,
    case: Case,
    told: str,
    since: datetime,
    *,
    dealer: str = "",
    vehicle: str = "",
    due_at: datetime | None = None,
) -> Alarm:
    return Alarm(
        id=f"{kind}:{told}",
        kind=kind,
        case=case.id,
        number=case.number,
        dealer=dealer,
        vehicle=vehicle,
        since=since,
        due_at=due_at,
    )
