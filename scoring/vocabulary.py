"""The words of scoring: the five KPIs, how a case counts in each, and a dealer's figures."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kpi(StrEnum):
    """The five figures by which a dealer is judged."""

    COMPLETION = "completion"
    SATISFACTION = "satisfaction"
    ARRIVAL = "arrival"
    DRIVE_AWAY = "drive_away"
    FIRST_SUCCESS = "first_success"


WEIGHTS: Mapping[Kpi, int] = {
    Kpi.COMPLETION: 30,
    Kpi.SATISFACTION: 40,
    Kpi.ARRIVAL: 10,
    Kpi.DRIVE_AWAY: 10,
    Kpi.FIRST_SUCCESS: 10,
}
"""What each KPI weighs in the score, in percent, unless the administrator says otherwise (scoring.rules)."""


class Counted(StrEnum):
    """Which side of a KPI's fraction a case is on. What is in the numerator is in the denominator too."""

    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"
    EXCLUDED = "excluded"


class Reason(StrEnum):
    """Why a case is counted as it is (K7). Stable codes; the wording is the screen's."""

    RUNNING = "running"
    """K9: not yet decided for this dealer."""

    COMPLETED = "completed"
    """K2: completed by this dealer."""
    COMPLETED_BY_ANOTHER = "completed_by_another"
    """K2: this dealer accepted, another one completed."""
    DECLINED = "declined"
    """K1: refused."""
    EXPIRED = "expired"
    """K1: not answered in time."""
    WITHDRAWN = "withdrawn"
    """K1: every offer was taken back before an answer."""
    OWN_CASE = "own_case"
    """C2: the dealer's own case, not an attempt of the CAC."""
    GIVEN_BACK = "given_back"
    """K10: accepted, then given back; for arrival: and no vehicle had arrived."""
    FAILED = "failed"
    """Accepted, and the rescue ended without success."""
    CANCELLED_BY_CAC = "cancelled_by_cac"
    """K2: only the customer's cancellation is left out."""
    CANCELLED_BY_CUSTOMER = "cancelled_by_customer"
    """K2: by the customer, while the promise had not passed."""
    CANCELLED_AFTER_PROMISE = "cancelled_after_promise"
    """K2, K8: by the customer, strictly after the promised arrival."""

    SURVEYED = "surveyed"
    """K11: the owner answered."""
    NOT_SURVEYED = "not_surveyed"
    """Completed by this dealer, but the owner gave no answer."""
    NOT_COMPLETED = "not_completed"
    """K5, K10: this dealer did not complete the case."""

    IN_TIME = "in_time"
    """K3, K8: a vehicle arrived by the promised second."""
    LATE = "late"
    """K3: a vehicle arrived after it."""
    NEVER_ARRIVED = "never_arrived"
    """K3: the promise fell due before the case ended, and no vehicle arrived."""
    ENDED_BEFORE_PROMISE = "ended_before_promise"
    """K3: the case ended with nobody there, but the promise was not yet due."""
    NOT_ACCEPTED = "not_accepted"
    """This dealer never took the case on."""

    DROVE_AWAY = "drove_away"
    """K4: a service vehicle was tried, and the car could drive on."""
    NOT_DRIVABLE = "not_drivable"
    """K4: a service vehicle was tried, and the car could not drive on."""
    NO_REPAIR_TRIED = "no_repair_tried"
    """K4: no service vehicle of this dealer was tried on site."""

    ONE_TRIP = "one_trip"
    """K5: completed with one trip."""
    MORE_TRIPS = "more_trips"
    """K5: completed, with a second dispatch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How one case counts in one KPI of one dealer, and why (K7)."""

    counted: Counted
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one case counts for one dealer: a mark for each KPI, and what K11 and K12 add up."""

    dealer: str
    completion: Mark
    satisfaction: Mark
    arrival: Mark
    drive_away: Mark
    first_success: Mark
    satisfaction_percent: int | None = None
    """K11: the owner's answer, 0 to 100; None unless it belongs to this dealer."""
    offers_accepted: int = 0
    offers_answered: int = 0
    """K12: accepted, declined or expired; the dealer's own cases left out."""

    def mark(self, kpi: Kpi) -> Mark:
        """The mark for `kpi`."""
        mark: Mark = getattr(self, kpi.value)
        return mark


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiValue:
    """One KPI of one dealer: a percentage 0 to 100, None where it is not available (K6).

    For satisfaction the numerator is the sum of the answers in percent, the denominator their number (K11);
    for the others both count cases.
    """

    value: float | None
    numerator: int
    denominator: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DealerScore:
    """One dealer's figures over a span of time."""

    dealer: str
    cases: int
    """K6, K12: the cases that the CAC tried to assign to it, as far as decided: completion's denominator."""
    score: float | None
    """0 to 100; None where no KPI is available."""
    provisional: bool
    """K6: at least one KPI is missing from the score."""
    kpis: Mapping[Kpi, KpiValue]
    acceptance: KpiValue
    """K12: accepted of all answered or expired offers."""
    shares: Mapping[Kpi, float] = field(default_factory=dict[Kpi, float])
    """K6: what each KPI counts in the score, in percent. Empty where there is none, and in reports of early weeks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedDealer:
    """A place in the ranking, from 1; equal scores share a place."""

    dealer: str
    rank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The dealers by score, and those left out of it, which the reader must be told (K12)."""

    places: tuple[RankedDealer, ...]
    left_out: tuple[str, ...]
    min_cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedCase:
    """One case behind one figure (K7)."""

    case_id: str
    number: str
    opened_at: datetime
    dealer: str
    kpi: Kpi
    counted: Counted
    reason: Reason
    satisfaction_percent: int | None
