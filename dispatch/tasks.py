"""What the CAC has to do by phone or by its word, as a list: calls to drivers (R11), confirmations, surveys. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dispatch.vocabulary import Case, CaseStatus, Person, Result, Trip
from tracking.vocabulary import VehicleKind

MONITORING_EVERY = timedelta(minutes=15)
"""R11: so often the CAC phones a driver whom it cannot follow by GPS."""
SURVEY_AFTER = timedelta(minutes=30)


class TaskKind(StrEnum):
    """What is to be done."""

    MONITORING_CALL = "monitoring_call"
    CONFIRM_COMPLETION = "confirm_completion"
    CONFIRM_UNSIGNED = "confirm_unsigned"
    SECOND_DISPATCH = "second_dispatch"
    APPROVE_PROMISE = "approve_promise"
    SURVEY_CALL = "survey_call"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to do for one case, at the latest by `due_at`; `who` is whom to call."""

    kind: TaskKind
    case: str
    number: str
    trip: str = ""
    dealer: str = ""
    who: Person | None = None
    since: datetime
    due_at: datetime


def tasks_of(cases: Iterable[Case]) -> list[Task]:
    """Everything that waits for the CAC, the most urgent first."""
    return sorted((task for case in cases for task in _of_case(case)), key=lambda task: (task.due_at, task.number))


def _of_case(case: Case) -> Iterator[Task]:
    if case.status is CaseStatus.COMPLETED and case.ended_at:
        yield Task(
            kind=TaskKind.SURVEY_CALL,
            case=case.id,
            number=case.number,
            dealer=case.completed_by,
            who=case.caller,
            since=case.ended_at,
            due_at=case.ended_at + SURVEY_AFTER,
        )
    if case.status is CaseStatus.AWAITING_SECOND_DISPATCH:
        left = case.trips[-1]
        yield _task(TaskKind.SECOND_DISPATCH, case, left, left.arrived_at or left.accepted_at)
    trip = case.active_trip
    if trip is None:
        return
    if trip.unsigned_reason and not trip.unsigned_confirmed_by:
        yield _task(TaskKind.CONFIRM_UNSIGNED, case, trip, trip.arrived_at or trip.accepted_at)
    changes = [change for change in case.promise_changes if change.dealer == trip.dealer]
    if changes and not changes[-1].approved and trip.arrived_at is None:
        yield _task(TaskKind.APPROVE_PROMISE, case, trip, changes[-1].at)
    if trip.kind is VehicleKind.TOW and trip.result in (Result.TOWED, Result.REPAIRED):
        yield _task(TaskKind.CONFIRM_COMPLETION, case, trip, trip.arrived_at or trip.accepted_at)
    elif not trip.tracked and trip.arrived_at is None:
        last = max([trip.accepted_at, *trip.called_at])
        yield _task(TaskKind.MONITORING_CALL, case, trip, last, due_at=last + MONITORING_EVERY, who=trip.driver)


def _task(
    kind: TaskKind,
    case: Case,
    trip: Trip,
    since: datetime,
    *,
    due_at: datetime | None = None,
    who: Person | None = None,
) -> Task:
    return Task(
        kind=kind,
        case=case.id,
        number=case.number,
        trip=trip.id,
        dealer=trip.dealer,
        who=who,
        since=since,
        due_at=due_at or since,
    )
