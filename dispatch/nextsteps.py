"""What a dealer's people can do next in a case, the one to do first in front. Pure."""

from enum import StrEnum

from dispatch import lifecycle
from dispatch.lifecycle import Step
from dispatch.vocabulary import Case, CaseStatus, Result, Trip
from tracking.vocabulary import VehicleKind


class Next(StrEnum):
    """One thing to do on the phone."""

    ACCEPT = "accept"
    DECLINE = "decline"
    DEPART = "depart"
    ARRIVE = "arrive"
    CONSENT = "consent"
    CHECKSHEET = "checksheet"
    OUTCOME = "outcome"
    SIGN = "sign"
    COMPLETE = "complete"
    PHONE_COMPLETION = "phone_completion"
    """R7: the completion of a tow is phoned to the CAC."""
    WAIT_UNSIGNED = "wait_unsigned"
    """R6: the CAC must confirm that nobody signed."""
    WAIT_SECOND = "wait_second"
    """R5: the CAC decides on another vehicle."""
    CHANGE = "change"
    GIVE_BACK = "give_back"


def next_steps(case: Case, dealer: str) -> tuple[Next, ...]:
    """For `dealer`; empty where it has nothing to do in the case."""
    offer = case.pending_offer
    if offer and offer.dealer == dealer:
        return (Next.ACCEPT, Next.DECLINE)
    if case.status is CaseStatus.AWAITING_SECOND_DISPATCH and case.trips[-1].dealer == dealer:
        return (Next.WAIT_SECOND, Next.CHECKSHEET)
    trip = case.active_trip
    if trip is None or trip.dealer != dealer:
        return ()
    return _on_the_trip(case, trip)


def _on_the_trip(case: Case, trip: Trip) -> tuple[Next, ...]:
    steps: list[Next] = []
    if lifecycle.allows(case.status, Step.DEPART):
        steps.append(Next.DEPART)
    if lifecycle.allows(case.status, Step.ARRIVE):
        steps.append(Next.ARRIVE)
    if lifecycle.allows(case.status, Step.SHEET):
        steps += _at_the_scene(case, trip)
    if trip.arrived_at is None and lifecycle.allows(case.status, Step.CHANGE):
        steps.append(Next.CHANGE)
    if lifecycle.allows(case.status, Step.GIVE_BACK):
        steps.append(Next.GIVE_BACK)
    return tuple(steps)


def _at_the_scene(case: Case, trip: Trip) -> list[Next]:
    """Consent before the work (R19), the sheet, what came of it, the signature (R6), the end (R7)."""
    signed = bool(trip.sheet and trip.sheet.signed_at)
    steps: list[Next] = []
    if case.consent_needed and not trip.consent_by:
        steps.append(Next.CONSENT)
    if trip.sheet is None:
        steps.append(Next.CHECKSHEET)
    if trip.result is None and not (case.consent_needed and not trip.consent_by):
        steps.append(Next.OUTCOME)
    settled = signed or trip.unsigned_confirmed_by
    if trip.sheet and not settled:
        steps.append(Next.WAIT_UNSIGNED if trip.unsigned_reason else Next.SIGN)
    if trip.result in (Result.REPAIRED, Result.TOWED) and settled:
        steps.append(Next.PHONE_COMPLETION if trip.kind is VehicleKind.TOW else Next.COMPLETE)
    if trip.sheet:
        steps.append(Next.CHECKSHEET)
    return steps
