"""Who may do what: the least rights for each role (R1, R4, R7, R10)."""

from dataclasses import dataclass
from enum import StrEnum

from core.errors import NotPermitted
from dispatch.vocabulary import FINAL, Case, CaseStatus, Trip
from tracking.vocabulary import VehicleKind


class Role(StrEnum):
    """What a person is to the network."""

    DISPATCHER = "dispatcher"
    DEALER = "dealer"
    DRIVER = "driver"
    OEM = "oem"
    ADMIN = "admin"


CAC = frozenset({Role.DISPATCHER, Role.ADMIN})
"""Those who speak for the customer assistance centre."""
OF_A_DEALER = frozenset({Role.DEALER, Role.DRIVER})
EVERYONE = frozenset(Role)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who signed in. `dealer` is set for dealers and drivers only."""

    name: str
    role: Role
    dealer: str = ""

    @property
    def is_cac(self) -> bool:
        """Speaks for the CAC."""
        return self.role in CAC

    @property
    def of_dealer(self) -> bool:
        """Belongs to one dealer, and sees only that dealer's things."""
        return self.role in OF_A_DEALER

    @property
    def actor(self) -> str:
        """How the event log names this person."""
        return f"user:{self.name}"


def check_dealer(user: User, dealer: str) -> None:
    """Refuse a dealer's person who reaches for another dealer's things. Raises `NotPermitted`."""
    if user.of_dealer and user.dealer != dealer:
        raise NotPermitted("that belongs to another dealer")


def check_reads(user: User, case: Case) -> None:
    """A dealer's person reads only cases that were offered to that dealer. Raises `NotPermitted`."""
    if user.of_dealer and user.dealer not in case.dealers:
        raise NotPermitted("that case was never offered to this dealer")


def check_completes(user: User, trip: Trip) -> None:
    """R7: a tow's completion is confirmed by the CAC; a dealer's person phones it in."""
    if not user.is_cac and trip.kind is VehicleKind.TOW:
        raise NotPermitted("the CAC confirms the completion of a tow", rule="R7")


def holds(case: Case, dealer: str) -> bool:
    """The dealer has the case in hand now, so that it must be able to phone the customer."""
    if case.status in FINAL:
        return False
    if trip := case.active_trip:
        return trip.dealer == dealer
    if case.status is CaseStatus.AWAITING_SECOND_DISPATCH and case.trips:
        return case.trips[-1].dealer == dealer
    return dealer in (case.own_dealer, case.completed_by)
