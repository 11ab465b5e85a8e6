"""Small builders of cases with a history, made by the fold of events, for the tests of this room."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from core.geo import Position
from dispatch import events as e
from dispatch.events import Event
from dispatch.evolve import fold
from dispatch.vocabulary import CancelledBy, Car, Case, Channel, Person, Place, Result, Scope, Source
from tracking.vocabulary import VehicleKind

T0 = datetime(2026, 11, 2, 0, 0, tzinfo=UTC)
SERVICE, TOW = VehicleKind.SERVICE, VehicleKind.TOW


def minutes(count: float, *, seconds: float = 0) -> datetime:
    return T0 + timedelta(minutes=count, seconds=seconds)


@dataclass
class Told:
    """A case told event by event; times in minutes after the call."""

    case_id: str = "c1"
    opened_at: datetime = T0
    events: list[Event] = field(default_factory=list)
    offers: int = 0

    def __post_init__(self) -> None:
        at = Position(lat=31.23, lon=121.47)
        self.events.append(
            e.CaseOpened(
                number=f"N-{self.case_id}",
                channel=Channel.HOTLINE_400,
                at=self.opened_at,
                caller=Person(),
                car=Car(),
                place=Place(position=at, given=at),
                city_code="310000",
                county=False,
                doubts=(),
                scope=Scope.UNKNOWN,
                fault="battery",
                needs=SERVICE,
                tools=(),
                consent_needed=False,
            )
        )

    @property
    def case(self) -> Case:
        return fold(self.case_id, self.events)

    def then(self, *events: Event) -> "Told":
        self.events.extend(events)
        return self

    def offered(self, dealer: str, at: float, *, own_case: bool = False) -> "Told":
        self.offers += 1
        return self.then(
            e.OfferMade(
                offer_id=self.offer_id,
                dealer=dealer,
                at=minutes(at),
                expires_at=minutes(at + 3),
                own_case=own_case,
            )
        )

    @property
    def offer_id(self) -> str:
        return f"{self.case_id}-o{self.offers}"

    @property
    def trip_id(self) -> str:
        return f"{self.case_id}-t{self.offers}"

    @property
    def dealer(self) -> str:
        return self.case.offers[-1].dealer

    def declined(self, dealer: str, at: float = 1) -> "Told":
        self.offered(dealer, at)
        return self.then(e.OfferDeclined(offer_id=self.offer_id, dealer=dealer, at=minutes(at + 1), reason="no crew"))

    def expired(self, dealer: str, at: float = 1) -> "Told":
        self.offered(dealer, at)
        return self.then(e.OfferExpired(offer_id=self.offer_id, dealer=dealer, at=minutes(at + 3)))

    def withdrawn(self, dealer: str, at: float = 1) -> "Told":
        self.offered(dealer, at)
        return self.then(e.OfferWithdrawn(offer_id=self.offer_id, dealer=dealer, at=minutes(at + 1), reason="erred"))

    def accepted(
        self, dealer: str, at: float = 2, *, promise: float = 45, kind: VehicleKind = SERVICE, own_case: bool = False
    ) -> "Told":
        self.offered(dealer, at, own_case=own_case)
        return self.then(
            e.OfferAccepted(
                offer_id=self.offer_id,
                trip_id=self.trip_id,
                dealer=dealer,
                at=minutes(at),
                plate="",
                vehicle_kind=kind,
                tracked=False,
                driver=Person(),
                crew=2,
                promised_at=minutes(promise),
            )
        )

    def departed(self, at: float) -> "Told":
        return self.then(e.VehicleDeparted(trip_id=self.trip_id, at=minutes(at), source=Source.GPS))

    def arrived(self, at: float, *, seconds: float = 0, source: Source = Source.GPS) -> "Told":
        return self.then(e.VehicleArrived(trip_id=self.trip_id, at=minutes(at, seconds=seconds), source=source))

    def told_arrival(self, at: float) -> "Told":
        return self.then(e.ArrivalReported(trip_id=self.trip_id, at=minutes(at)))

    def promised(self, promise: float, at: float = 5, *, approved: bool = True, outside: bool = True) -> "Told":
        return self.then(
            e.PromiseChanged(
                trip_id=self.trip_id,
                dealer=self.dealer,
                at=minutes(at),
                before=minutes(0),
                promised_at=minutes(promise),
                reason="road closed",
                approved=approved,
                outside_cause=outside,
            )
        )

    def outcome(self, result: Result, *, drivable: bool, at: float = 50) -> "Told":
        return self.then(
            e.OutcomeReported(trip_id=self.trip_id, at=minutes(at), result=result, drivable=drivable),
        )

    def unresolved(self, *, at: float = 50) -> "Told":
        return self.outcome(Result.UNRESOLVED, drivable=False, at=at)

    def second(self, dealer: str = "", *, at: float = 52) -> "Told":
        return self.then(
            e.SecondDispatchDecided(
                trip_id=self.trip_id, at=minutes(at), approved=True, needs=TOW, tools=(), dealer=dealer
            )
        )

    def given_back(self, at: float = 10) -> "Told":
        return self.then(
            e.TripGivenBack(
                trip_id=self.trip_id, offer_id=self.offer_id, dealer=self.dealer, at=minutes(at), reason="broke down"
            )
        )

    def completed(self, at: float = 60) -> "Told":
        return self.then(e.CaseCompleted(trip_id=self.trip_id, dealer=self.dealer, at=minutes(at)))

    def surveyed(self, percent: int, at: float = 70) -> "Told":
        return self.then(e.SurveyAnswered(at=minutes(at), satisfaction=percent))

    def cancelled(self, at: float, *, seconds: float = 0, by: CancelledBy = CancelledBy.CUSTOMER) -> "Told":
        return self.then(e.CaseCancelled(at=minutes(at, seconds=seconds), by=by, reason="gone"))

    def failed(self, at: float) -> "Told":
        return self.then(e.CaseFailed(at=minutes(at), reason="nobody came"))


def repaired(
    case_id: str = "c1", dealer: str = "D1", *, arrive: float = 40, promise: float = 45, opened_at: datetime = T0
) -> Told:
    """Accepted, driven, repaired and completed by one dealer."""
    told = Told(case_id=case_id, opened_at=opened_at).accepted(dealer, promise=promise).departed(3).arrived(arrive)
    return told.outcome(Result.REPAIRED, drivable=True).completed()
