"""What can happen to a case. Each event holds all that its fold needs; dispatch.evolve folds them, in order.

An event's name in the log is its class's name in snake_case; times inside are the moments things happened,
the log's `at` is when they were recorded.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from dispatch.vocabulary import (
    CancelledBy,
    Car,
    Channel,
    Person,
    Place,
    Result,
    Scope,
    Source,
)
from tracking.vocabulary import VehicleKind


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened:
    """A call became a case."""

    number: str
    channel: Channel
    at: datetime
    caller: Person
    car: Car
    place: Place
    city_code: str | None
    county: bool
    doubts: tuple[str, ...]
    scope: Scope
    fault: str
    needs: VehicleKind
    tools: tuple[str, ...]
    consent_needed: bool
    note: str = ""
    priority: int = 0
    own_dealer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferMade:
    """The CAC offered the case to a dealer (R1). The ranked candidates are kept under the offer's id."""

    offer_id: str
    dealer: str
    at: datetime
    expires_at: datetime
    rank: int | None = None
    distance_m: float | None = None
    automatic: bool = False
    own_case: bool = False
    override_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAccepted:
    """The specialist confirmed, naming vehicle, driver, crew and arrival (R3, R8); the trip begins."""

    offer_id: str
    trip_id: str
    dealer: str
    at: datetime
    plate: str
    vehicle_kind: VehicleKind
    tracked: bool
    driver: Person
    crew: int | None
    promised_at: datetime
    reason: str = ""
    """Why the estimate is later than the standard promise (R16)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDeclined:
    """The specialist refused; it counts (R1)."""

    offer_id: str
    dealer: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferExpired:
    """Nobody answered in time; it counts (R1)."""

    offer_id: str
    dealer: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferWithdrawn:
    """The CAC took the offer back before it was answered (K1)."""

    offer_id: str
    dealer: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseUnassigned:
    """Nobody is left to offer the case to: a dispatcher must act."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceAmended:
    """The place was corrected: from, to, and all that follows from it (R4, R22)."""

    at: datetime
    before: str
    after: str
    reason: str
    place: Place
    city_code: str | None
    county: bool
    doubts: tuple[str, ...]
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleDeparted:
    """The vehicle set out."""

    trip_id: str
    at: datetime
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleArrived:
    """The vehicle reached the scene."""

    trip_id: str
    at: datetime
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartureReported:
    """The driver's own word, kept beside a departure already on record."""

    trip_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalReported:
    """The driver's own word, kept beside an arrival already on record."""

    trip_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalAmended:
    """The fixes, perhaps uploaded late, show another time than the one on record."""

    trip_id: str
    before: datetime | None
    after: datetime | None
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class TripChanged:
    """The dealer changed vehicle or driver (R4)."""

    trip_id: str
    at: datetime
    field: str
    before: str
    after: str
    reason: str
    plate: str | None = None
    vehicle_kind: VehicleKind | None = None
    tracked: bool | None = None
    driver: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseChanged:
    """The dealer told another arrival time (R4); it counts if `approved` for an `outside_cause` (K3)."""

    trip_id: str
    dealer: str
    at: datetime
    before: datetime
    promised_at: datetime
    reason: str
    approved: bool = False
    outside_cause: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseChangeApproved:
    """The CAC approved the dealer's newest change of promise (K3)."""

    trip_id: str
    dealer: str
    at: datetime
    outside_cause: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseMissed:
    """The promised arrival has passed and no vehicle is there."""

    trip_id: str
    promised_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringCalled:
    """The CAC phoned a driver who is not on GPS (R11)."""

    trip_id: str
    at: datetime
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TripGivenBack:
    """The dealer gave the case back after accepting it (R4, K10)."""

    trip_id: str
    offer_id: str
    dealer: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentSigned:
    """The customer consented to recovery, or to the tow of a flooded car (R19)."""

    trip_id: str
    at: datetime
    signer: str
    signature_svg: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSheetSaved:
    """The check sheet was filled in (R6)."""

    trip_id: str
    at: datetime
    content: str
    client_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSheetSigned:
    """The customer signed; the sheet is sealed by its hash (R6)."""

    trip_id: str
    at: datetime
    signer: str
    signature_svg: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSheetAddendum:
    """Something was added to a sealed sheet; the seal stands."""

    trip_id: str
    at: datetime
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRefused:
    """The customer could not or would not sign (R6); the CAC must confirm it."""

    trip_id: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsignedConfirmed:
    """The CAC confirmed that there is no signature (R6)."""

    trip_id: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeReported:
    """What the vehicle achieved on site (R5, K4)."""

    trip_id: str
    at: datetime
    result: Result
    drivable: bool
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondDispatchDecided:
    """The CAC confirmed, or refused, that another vehicle goes (R5)."""

    trip_id: str
    at: datetime
    approved: bool
    needs: VehicleKind
    tools: tuple[str, ...]
    dealer: str
    """Which dealer must send it; empty: the nearest able one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCompleted:
    """The rescue succeeded (R7)."""

    trip_id: str
    dealer: str
    at: datetime
    confirmed_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SolvedByPhone:
    """Advice was enough; no vehicle went (R20)."""

    at: datetime
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCancelled:
    """The customer or the CAC called it off (K2)."""

    at: datetime
    by: CancelledBy
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFailed:
    """The rescue was given up without success."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyAnswered:
    """The owner said how satisfied they were, 0 to 100 (K11)."""

    at: datetime
    satisfaction: int
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosed:
    """The owner was asked, or could not be reached: nothing is left to do."""

    at: datetime
    reason: str


Event = (
    CaseOpened
    | OfferMade
    | OfferAccepted
    | OfferDeclined
    | OfferExpired
    | OfferWithdrawn
    | CaseUnassigned
    | PlaceAmended
    | VehicleDeparted
    | VehicleArrived
    | DepartureReported
    | ArrivalReported
    | ArrivalAmended
    | TripChanged
    | PromiseChanged
    | PromiseChangeApproved
    | PromiseMissed
    | MonitoringCalled
    | TripGivenBack
    | ConsentSigned
    | CheckSheetSaved
    | CheckSheetSigned
    | CheckSheetAddendum
    | SignatureRefused
    | UnsignedConfirmed
    | OutcomeReported
    | SecondDispatchDecided
    | CaseCompleted
    | SolvedByPhone
    | CaseCancelled
    | CaseFailed
    | SurveyAnswered
    | CaseClosed
)


def kind_of(event: type[Event] | Event) -> str:
    """The event's name in the log, such as `offer_made`."""
    cls = event if isinstance(event, type) else type(event)
    return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


EVENT_TYPES: dict[str, type[Event]] = {kind_of(cls): cls for cls in get_args(Event)}
"""Every event's class by its name in the log."""
