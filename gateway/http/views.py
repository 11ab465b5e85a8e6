"""What the service answers: one model for each thing, as the OpenAPI document describes it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.datum import Datum
from dispatch.faults import Question
from dispatch.vocabulary import (
    CancelledBy,
    CaseStatus,
    Channel,
    Drive,
    Energy,
    OfferStatus,
    Result,
    Scope,
    Source,
    TripStatus,
)
from gateway.roles import Role
from tracking.vocabulary import Protocol, VehicleKind, VehicleState


class View(BaseModel):
    """An answer or a part of it."""

    model_config = ConfigDict(frozen=True)


class SessionView(View):
    """A session; the token is told only when it is opened."""

    token: str
    role: Role
    expires_at: datetime
    dealer: str | None
    username: str


class WhoView(View):
    """Who is signed in."""

    username: str
    role: Role
    expires_at: datetime
    dealer: str | None


class PersonView(View):
    """Somebody to call."""

    name: str
    phone: str


class PointView(View):
    """A position, WGS-84."""

    lat: float
    lon: float


class GivenView(PointView):
    """A position as it was given, in its own datum."""

    datum: Datum


class DealerView(View):
    """A service centre of the network."""

    code: str
    name: str
    city_code: str
    city_name: str
    location: PointView
    phone: str
    specialist: PersonView
    brands: list[str]
    region: str
    active: bool
    doubts: list[str]


class VehicleView(View):
    """A rescue vehicle. `tracked`: a GPS terminal is fitted."""

    plate: str
    kind: VehicleKind
    dealer: str
    on_duty: bool
    tools: list[str]
    tracked: bool
    official_plate: bool


class LiveVehicleView(View):
    """Where a vehicle was last seen. `vehicle` is its plate, as elsewhere; `plate` says the same."""

    vehicle: str
    plate: str
    kind: VehicleKind | None
    dealer: str
    state: VehicleState | None
    lat: float
    lon: float
    fix_time: datetime
    age_s: float
    speed_mps: float | None
    course_deg: float | None


class NearVehicleView(LiveVehicleView):
    """A vehicle and how far it is, on the ellipsoid."""

    distance_m: float


class PassView(View):
    """One visit of a vehicle to a place's surroundings, by its fixes and the straight ways between them.

    It was nearest at `at`; `since` and `until` are its first and last fixes there, or just before and after.
    """

    vehicle: str
    dealer: str
    nearest_m: float
    at: datetime
    since: datetime
    until: datetime


class HeatCellView(View):
    """What was counted in one cell, whose edges are in degrees. `vehicles` is for fixes: of how many they are."""

    west: float
    south: float
    east: float
    north: float
    count: int
    vehicles: int | None


class FixView(View):
    """One acknowledged fix of a trail; `flag` says how it fits its neighbours."""

    fix_time: datetime
    lat: float
    lon: float
    age_s: float
    speed_mps: float | None
    course_deg: float | None
    accuracy_m: float | None
    flag: str


class TerminalView(View):
    """A terminal and its secret, which is told only now."""

    terminal_id: str
    vehicle: str
    protocol: Protocol
    token: str


class FittedTerminalView(View):
    """A terminal in its vehicle. `last_fix_at` is null where another one of the vehicle spoke later, or none did."""

    terminal_id: str
    vehicle: str
    protocol: Protocol
    last_fix_at: datetime | None


class FaultView(View):
    """One row of the fault table (R2)."""

    code: str
    name_zh: str
    name_en: str
    needs: VehicleKind
    tools: list[str]
    parts: list[str]
    consent: bool
    """The customer signs before the work begins (R19)."""
    active: bool
    """No new case is opened with a fault that is not."""
    asks: list[Question]
    """The questions about the car whose answer may change what is sent (R17)."""


class CandidateView(View):
    """One dealer as it stood when the decision was taken (R1)."""

    dealer: str
    rank: int | None
    distance_m: float
    travel_time_s: float
    travel_source: Literal["road", "estimate"] | str
    vehicle: str | None
    eligible: bool
    reasons: list[str]


class FromView(PointView):
    """Where a candidate's way is measured from: its vehicle's fresh fix, or the dealer's site (R1)."""

    source: Literal["gps", "site"]


class CandidateOnDeskView(CandidateView):
    """A candidate with what a dispatcher weighs: its load, how often it accepts, the usual promise (R16)."""

    name: str
    site: PointView
    start: FromView
    load: int
    """Its vehicles that are on a trip."""
    acceptance_rate: float | None
    standard_minutes: int


class OfferView(View):
    """An attempt to give the case to a dealer."""

    id: str
    case: str
    dealer: str
    status: OfferStatus
    at: datetime
    expires_at: datetime
    rank: int | None
    override_reason: str
    automatic: bool
    answered_at: datetime | None
    reason: str
    promised_at: datetime | None
    given_up_at: datetime | None


class OfferWithCandidates(OfferView):
    """An offer with the ranked candidates as known at that second."""

    candidates: list[CandidateView]


class SheetView(View):
    """The check sheet (R6). `sha256` is its seal."""

    signed: bool
    signer: str
    signed_at: datetime | None
    sha256: str
    saved_at: datetime
    client_id: str
    addenda: int
    content: dict[str, Any] | None = None
    added: list[dict[str, Any]] | None = None


class TripView(View):
    """One vehicle sent by the accepting dealer."""

    id: str
    case: str
    offer: str
    dealer: str
    vehicle: str
    kind: VehicleKind
    monitoring: Literal["gps", "phone"]
    driver: PersonView
    crew: int | None
    status: TripStatus
    accepted_at: datetime
    promised_at: datetime
    promise_counted_at: datetime | None
    """The promise by which the arrival is judged (K3)."""
    departed_at: datetime | None
    arrived_at: datetime | None
    arrival_source: Source | None
    reported_departed_at: datetime | None
    reported_arrived_at: datetime | None
    result: Result | None
    drivable: bool | None
    signed: bool
    sheet: SheetView | None
    unsigned_reason: str
    unsigned_confirmed_by: str
    consent_by: str
    ended_at: datetime | None


class PromiseChangeView(View):
    """A later arrival told to the CAC (R4)."""

    dealer: str
    at: datetime
    promised_at: datetime
    approved: bool
    outside_cause: bool
    reason: str


class CarView(View):
    """The customer's car."""

    plate: str
    vin: str
    brand: str
    model: str
    energy: Energy | None
    drive: Drive | None
    registered_city_code: str | None
    spare_wheel: bool | None


class ExpresswayView(View):
    """A place on an expressway (R18)."""

    road: str
    direction: str
    kilometre_post: str


class PlaceView(View):
    """Where the car stands, and what was given."""

    lat: float
    lon: float
    datum: Literal["wgs84"] = "wgs84"
    address: str
    accuracy_m: float | None
    given: GivenView
    expressway: ExpresswayView | None
    hand_over: PointView | None


class CaseView(View):
    """One motorist's request for help."""

    id: str
    number: str
    status: CaseStatus
    channel: Channel
    needs: VehicleKind
    scope: Scope
    city_code: str | None
    city_name: str | None
    entitlement: Literal["unknown"] = "unknown"
    price_quote: None = None
    doubts: list[str]
    tools: list[str]
    consent_needed: bool
    caller: PersonView
    car: CarView
    location: PlaceView
    fault: str
    note: str
    priority: int
    opened_at: datetime
    dealer: str | None
    own_dealer: str | None
    promised_at: datetime | None
    offers: list[OfferView]
    trips: list[TripView]
    promise_changes: list[PromiseChangeView]
    satisfaction: int | None
    survey_comment: str
    completed_by: str | None
    ended_at: datetime | None
    cancelled_by: CancelledBy | None
    end_reason: str


class TimelineView(View):
    """One event of the log: `at` is when it was recorded."""

    seq: int
    kind: str
    actor: str
    at: datetime
    data: dict[str, Any]


class FigureView(View):
    """A figure with the two counts behind it; `value` is null where it is not available (K6)."""

    value: float | None
    numerator: Annotated[int, Field(description="a count, or the sum of percentages for satisfaction")]
    denominator: int


class KpisView(View):
    """The five (K1–K11)."""

    completion: FigureView
    satisfaction: FigureView
    arrival: FigureView
    drive_away: FigureView
    first_success: FigureView


class ScoreView(View):
    """One dealer's score. Under the set number of cases it is not ranked (K12)."""

    dealer: str
    name: str
    cases: int
    score: float | None
    provisional: bool
    kpis: KpisView
    shares: dict[str, float]
    """What each KPI counts in the score, in percent; one that is not available counts nothing (K6)."""
    acceptance_rate: FigureView
    ranked: bool
    rank: int | None


class CountedView(View):
    """A case behind a figure (K7)."""

    case: str
    number: str
    opened_at: datetime
    kpi: str
    counted: Literal["numerator", "denominator", "excluded"]
    reason: str
    satisfaction: int | None
    """The owner's answer in percent, with the satisfaction only (K11)."""


class HealthView(View):
    """Alive."""

    status: Literal["ok"] = "ok"


class ReadyView(View):
    """Fit to serve, or what is wrong."""

    status: Literal["ready", "degraded", "not_ready"]
    checks: dict[str, str]
