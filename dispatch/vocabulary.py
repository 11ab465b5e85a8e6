"""The words of dispatching: dealers, cases, offers, trips, check sheets. Frozen facts that only answer."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from core.datum import Datum
from core.geo import Position
from tracking.vocabulary import VehicleKind


class Channel(StrEnum):
    """Where a case comes from (C1, C2, C3)."""

    HOTLINE_400 = "hotline_400"
    DEALER_24H = "dealer_24h"
    TELEMATICS = "telematics"


class CaseStatus(StrEnum):
    """Where a case stands; dispatch.lifecycle says how it gets from one to another."""

    OPEN = "open"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    TOWING = "towing"
    AWAITING_SECOND_DISPATCH = "awaiting_second_dispatch"
    UNASSIGNED = "unassigned"
    COMPLETED = "completed"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    FAILED = "failed"


ENDED = frozenset({CaseStatus.COMPLETED, CaseStatus.CLOSED, CaseStatus.CANCELLED, CaseStatus.FAILED})
"""The rescue itself is over; a completed case still waits for the owner's answer."""

FINAL = frozenset({CaseStatus.CLOSED, CaseStatus.CANCELLED, CaseStatus.FAILED})
"""Nothing more happens to the case; it leaves the board."""


class OfferStatus(StrEnum):
    """What became of an offer."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class TripStatus(StrEnum):
    """Where one vehicle's trip stands."""

    ACCEPTED = "accepted"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    TOWING = "towing"
    DONE = "done"
    ABANDONED = "abandoned"


ACTIVE_TRIP = frozenset({TripStatus.ACCEPTED, TripStatus.EN_ROUTE, TripStatus.ON_SCENE, TripStatus.TOWING})


class Result(StrEnum):
    """How a trip ended on site."""

    REPAIRED = "repaired"
    TOWED = "towed"
    UNRESOLVED = "unresolved"


class Energy(StrEnum):
    """What drives the customer's car (R17)."""

    PETROL = "petrol"
    DIESEL = "diesel"
    HYBRID = "hybrid"
    ELECTRIC = "electric"


class Drive(StrEnum):
    """Which wheels are driven (R17)."""

    FRONT = "front"
    REAR = "rear"
    FOUR_WHEEL = "four_wheel"


class Scope(StrEnum):
    """Inside or outside the prefecture where the car is registered."""

    LOCAL = "local"
    NON_LOCAL = "non_local"
    UNKNOWN = "unknown"


class CancelledBy(StrEnum):
    """Who ended the case before its end (K2)."""

    CUSTOMER = "customer"
    CAC = "cac"


class Source(StrEnum):
    """Where a time comes from: measured by GPS, or reported by a person."""

    GPS = "gps"
    REPORTED = "reported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone to call. A name or number that was not given is empty."""

    name: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealer:
    """A service centre of the network; its rescue specialist is on duty round the clock (R10, R23)."""

    code: str
    name: str
    city_code: str
    site: Position
    phone: str
    specialist: Person
    brands: tuple[str, ...] = ()
    region: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Car:
    """The customer's car."""

    plate: str = ""
    vin: str = ""
    brand: str = ""
    model: str = ""
    energy: Energy | None = None
    drive: Drive | None = None
    registered_city_code: str | None = None
    spare_wheel: bool | None = None
    """The customer's own usable spare, which a tyre change needs (R17); None: not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expressway:
    """A place on an expressway (R18)."""

    road: str
    direction: str = ""
    kilometre_post: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the car stands: WGS-84, beside what was given and in which datum."""

    position: Position
    datum: Datum = Datum.WGS84
    given: Position
    address: str = ""
    accuracy_m: float | None = None
    expressway: Expressway | None = None
    hand_over: Position | None = None
    """R18: where the dealer takes over from 12122 rescue."""

    @property
    def scene(self) -> Position:
        """Where nearness, the fence and the promise count from (R18)."""
        return self.hand_over or self.position


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One dealer as it stood when a decision was taken (R1). `rank` is None for a dealer that was skipped.

    A struct, since each decision makes one for every dealer of the network.
    """

    dealer: str
    rank: int | None
    distance_m: float
    travel_time_s: float
    travel_source: str
    vehicle: str | None
    eligible: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The CAC's attempt to give the case to one dealer."""

    id: str
    dealer: str
    status: OfferStatus
    at: datetime
    expires_at: datetime
    rank: int | None = None
    automatic: bool = False
    """Made by the service itself, after a refusal or a timeout."""
    own_case: bool = False
    """C2: the dealer opened the case for its own vehicle; not an attempt of the CAC."""
    override_reason: str = ""
    answered_at: datetime | None = None
    reason: str = ""
    promised_at: datetime | None = None
    """The promise first confirmed with this acceptance (R3, K3)."""
    given_up_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseChange:
    """Another arrival time told to the CAC (R4); it moves the promise only if approved for an outside cause (K3)."""

    dealer: str
    at: datetime
    promised_at: datetime
    approved: bool = False
    outside_cause: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSheet:
    """The car's condition (R6): its latest content as canonical JSON, and, once signed, the seal over it."""

    content: str
    saved_at: datetime
    client_id: str = ""
    signer: str = ""
    signature_svg: str = ""
    signed_at: datetime | None = None
    sha256: str = ""
    addenda: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """One vehicle sent by the accepting dealer. `plate` is empty for a past case that did not record it."""

    id: str
    offer_id: str
    dealer: str
    plate: str
    kind: VehicleKind
    tracked: bool
    driver: Person
    crew: int | None
    status: TripStatus
    accepted_at: datetime
    promised_at: datetime
    """The newest estimate told; the promise that counts is `promise_of` in dispatch.promise."""
    promise_missed: bool = False
    """The promise passed while nobody was there."""
    departed_at: datetime | None = None
    arrived_at: datetime | None = None
    arrival_source: Source | None = None
    reported_departed_at: datetime | None = None
    reported_arrived_at: datetime | None = None
    result: Result | None = None
    drivable: bool | None = None
    sheet: CheckSheet | None = None
    unsigned_reason: str = ""
    unsigned_confirmed_by: str = ""
    consent_by: str = ""
    """R19: who signed the extra consent."""
    called_at: tuple[datetime, ...] = ()
    """R11: when the CAC phoned the driver."""
    ended_at: datetime | None = None

    @property
    def active(self) -> bool:
        """The vehicle is taken by this trip."""
        return self.status in ACTIVE_TRIP

    @property
    def sent(self) -> bool:
        """The vehicle really went (K5): a trip given back before departure is no dispatch."""
        return bool(self.departed_at or self.arrived_at or self.result)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One motorist's request for help: the fold of its events, nothing more."""

    id: str
    number: str
    channel: Channel
    status: CaseStatus
    opened_at: datetime
    caller: Person
    car: Car
    place: Place
    city_code: str | None
    county: bool
    """R16: in a county or county-level city, where the promise is longer."""
    doubts: tuple[str, ...]
    scope: Scope
    fault: str
    needs: VehicleKind
    tools: tuple[str, ...]
    """What the vehicle must bring, such as a flatbed (R2, R17)."""
    consent_needed: bool
    note: str = ""
    priority: int = 0
    own_dealer: str = ""
    """C2: the dealer that opened the case for itself; empty otherwise."""
    required_dealer: str = ""
    """R5: the second vehicle comes from the dealer that asked for it; empty: from any."""
    offers: tuple[Offer, ...] = ()
    trips: tuple[Trip, ...] = ()
    promise_changes: tuple[PromiseChange, ...] = ()
    satisfaction: int | None = None
    survey_comment: str = ""
    surveyed_at: datetime | None = None
    completed_by: str = ""
    """The dealer that completed the case (K2); empty while none did."""
    ended_at: datetime | None = None
    cancelled_by: CancelledBy | None = None
    end_reason: str = ""

    @property
    def pending_offer(self) -> Offer | None:
        """The one offer that waits for an answer."""
        return next((offer for offer in self.offers if offer.status is OfferStatus.PENDING), None)

    @property
    def active_trip(self) -> Trip | None:
        """The one trip under way."""
        return next((trip for trip in self.trips if trip.active), None)

    @property
    def dealer(self) -> str:
        """The dealer that has the case now, or the one asked; empty when none."""
        if trip := self.active_trip:
            return trip.dealer
        if offer := self.pending_offer:
            return offer.dealer
        return self.completed_by

    @property
    def dealers(self) -> frozenset[str]:
        """Every dealer that the case was ever offered to: those who may read it."""
        return frozenset(offer.dealer for offer in self.offers) | ({self.own_dealer} - {""})
