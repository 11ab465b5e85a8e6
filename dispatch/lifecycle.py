"""The life of a case, as one table: which step leads from which status to which.

A step that is not in the row of the present status is an illegal transition; nothing else decides that.
"""

from collections.abc import Mapping
from enum import StrEnum

from core.errors import IllegalTransition, SecondDispatchNotConfirmed
from dispatch import events as e
from dispatch.events import Event
from dispatch.vocabulary import CaseStatus, Result

S = CaseStatus


class Step(StrEnum):
    """What can move a case, or happen in it."""

    OFFER = "offer"
    ACCEPT = "accept"
    LOSE_OFFER = "lose_offer"  # declined, expired or withdrawn
    EXHAUST = "exhaust"
    DEPART = "depart"
    ARRIVE = "arrive"
    REPORT = "report"  # a time told or amended afterwards; moves nothing
    AMEND = "amend"
    CHANGE = "change"
    GIVE_BACK = "give_back"
    SHEET = "sheet"
    ADD = "add"
    REPAIR = "repair"
    TOW = "tow"
    LEAVE_UNRESOLVED = "leave_unresolved"
    APPROVE_SECOND = "approve_second"
    REFUSE_SECOND = "refuse_second"
    COMPLETE = "complete"
    SOLVE_BY_PHONE = "solve_by_phone"
    CANCEL = "cancel"
    FAIL = "fail"
    SURVEY = "survey"
    CLOSE = "close"


_SAME: Mapping[CaseStatus, CaseStatus] = {status: status for status in S}
_RUNNING = frozenset({S.ACCEPTED, S.EN_ROUTE, S.ON_SCENE, S.TOWING, S.AWAITING_SECOND_DISPATCH})
_BEFORE_END = frozenset({S.OPEN, S.OFFERED, S.UNASSIGNED}) | _RUNNING


def _stay(*statuses: CaseStatus) -> dict[CaseStatus, CaseStatus]:
    return {status: status for status in statuses}


# fmt: off
LIFECYCLE: Mapping[Step, Mapping[CaseStatus, CaseStatus]] = {
    # step                  from                      to
    Step.OFFER:            {S.OPEN:                   S.OFFERED,
                            S.UNASSIGNED:             S.OFFERED},
    Step.ACCEPT:           {S.OFFERED:                S.ACCEPTED},
    Step.LOSE_OFFER:       {S.OFFERED:                S.OPEN},
    Step.EXHAUST:          {S.OPEN:                   S.UNASSIGNED},
    Step.DEPART:           {S.ACCEPTED:               S.EN_ROUTE},
    Step.ARRIVE:           {S.ACCEPTED:               S.ON_SCENE,
                            S.EN_ROUTE:               S.ON_SCENE},
    Step.REPORT:           {**_SAME},
    Step.AMEND:            {status: status for status in _BEFORE_END},
    Step.CHANGE:           _stay(S.ACCEPTED, S.EN_ROUTE, S.ON_SCENE, S.TOWING),
    Step.GIVE_BACK:        {S.ACCEPTED:               S.OPEN,
                            S.EN_ROUTE:               S.OPEN,
                            S.ON_SCENE:               S.OPEN,
                            S.AWAITING_SECOND_DISPATCH: S.OPEN},
    Step.SHEET:            _stay(S.ON_SCENE, S.TOWING, S.AWAITING_SECOND_DISPATCH),
    Step.ADD:              _stay(S.ON_SCENE, S.TOWING, S.AWAITING_SECOND_DISPATCH, S.COMPLETED, S.CLOSED),
    Step.REPAIR:           {S.ON_SCENE:               S.ON_SCENE},
    Step.TOW:              {S.ON_SCENE:               S.TOWING},
    Step.LEAVE_UNRESOLVED: {S.ON_SCENE:               S.AWAITING_SECOND_DISPATCH},
    Step.APPROVE_SECOND:   {S.AWAITING_SECOND_DISPATCH: S.OPEN},
    Step.REFUSE_SECOND:    {S.AWAITING_SECOND_DISPATCH: S.ON_SCENE},
    Step.COMPLETE:         {S.ON_SCENE:               S.COMPLETED,
                            S.TOWING:                 S.COMPLETED},
    Step.SOLVE_BY_PHONE:   {S.OPEN:                   S.CLOSED},
    Step.CANCEL:           dict.fromkeys(_BEFORE_END, S.CANCELLED),
    Step.FAIL:             dict.fromkeys(_BEFORE_END - {S.OFFERED}, S.FAILED),
    Step.SURVEY:           _stay(S.COMPLETED, S.CLOSED),
    Step.CLOSE:            {S.COMPLETED:              S.CLOSED},
}

STEP_OF: Mapping[type[Event], Step] = {
    e.OfferMade: Step.OFFER,               e.OfferAccepted: Step.ACCEPT,
    e.OfferDeclined: Step.LOSE_OFFER,      e.OfferExpired: Step.LOSE_OFFER,
    e.OfferWithdrawn: Step.LOSE_OFFER,     e.CaseUnassigned: Step.EXHAUST,
    e.PlaceAmended: Step.AMEND,            e.VehicleDeparted: Step.DEPART,
    e.VehicleArrived: Step.ARRIVE,         e.ArrivalAmended: Step.REPORT,
    e.DepartureReported: Step.REPORT,      e.ArrivalReported: Step.REPORT,
    e.TripChanged: Step.CHANGE,            e.PromiseChanged: Step.CHANGE,
    e.PromiseChangeApproved: Step.REPORT,  e.PromiseMissed: Step.REPORT,
    e.MonitoringCalled: Step.CHANGE,       e.TripGivenBack: Step.GIVE_BACK,
    e.ConsentSigned: Step.SHEET,           e.CheckSheetSaved: Step.SHEET,
    e.CheckSheetSigned: Step.SHEET,        e.CheckSheetAddendum: Step.ADD,
    e.SignatureRefused: Step.SHEET,        e.UnsignedConfirmed: Step.SHEET,
    e.CaseCompleted: Step.COMPLETE,        e.SolvedByPhone: Step.SOLVE_BY_PHONE,
    e.CaseCancelled: Step.CANCEL,          e.CaseFailed: Step.FAIL,
    e.SurveyAnswered: Step.SURVEY,         e.CaseClosed: Step.CLOSE,
}
"""The step of each event whose class alone decides it; the rest is in `step_of`."""
# fmt: on

_STEP_OF_RESULT = {
    Result.REPAIRED: Step.REPAIR,
    Result.TOWED: Step.TOW,
    Result.UNRESOLVED: Step.LEAVE_UNRESOLVED,
}


def step_of(event: Event) -> Step:
    """The step that `event` is; every event but `CaseOpened`, which begins a life, is one."""
    if isinstance(event, e.OutcomeReported):
        return _STEP_OF_RESULT[event.result]
    if isinstance(event, e.SecondDispatchDecided):
        return Step.APPROVE_SECOND if event.approved else Step.REFUSE_SECOND
    return STEP_OF[type(event)]


def allows(status: CaseStatus, step: Step) -> bool:
    """Whether the table has this step in this status."""
    return status in LIFECYCLE[step]


def check(status: CaseStatus, step: Step) -> None:
    """Refuse a step that the table does not have. R5 has an error of its own: nobody goes unconfirmed."""
    if allows(status, step):
        return
    if status is S.AWAITING_SECOND_DISPATCH and step in {Step.OFFER, Step.COMPLETE}:
        raise SecondDispatchNotConfirmed("the CAC has not yet decided on a second vehicle", rule="R5")
    raise IllegalTransition(f"a case that is {status} does not allow: {step.replace('_', ' ')}")


def after(status: CaseStatus, event: Event) -> CaseStatus:
    """The status that follows `event`. Raises like `check`."""
    step = step_of(event)
    check(status, step)
    return LIFECYCLE[step][status]
