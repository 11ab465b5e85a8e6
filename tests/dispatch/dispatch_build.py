"""Small builders of cases, dealers and vehicles for the tests of this room."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta

import numpy as np

from core.geo import Position
from dispatch import decide
from dispatch import events as e
from dispatch.evolve import evolve
from dispatch.faults import FAULTS, need_of
from dispatch.network import network_of
from dispatch.proximity import Fleet
from dispatch.vocabulary import Car, Case, Channel, Dealer, Person, Place, Result, Scope
from tracking.vocabulary import Vehicle, VehicleKind

T0 = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
SVG = "<svg><path d='M0 0L9 9'/></svg>"


@dataclass(slots=True)
class SetClock:
    """Stands still until the test moves it."""

    at: datetime = field(default=T0)
    speed: float = 1.0

    def now(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


def minutes(count: float) -> datetime:
    return T0 + timedelta(minutes=count)


def position(lat: float = 31.23, lon: float = 121.47) -> Position:
    return Position(lat=lat, lon=lon)


def place(at: Position | None = None, hand_over: Position | None = None) -> Place:
    at = at or position()
    return Place(position=at, given=at, hand_over=hand_over)


def opened(*, fault: str = "battery", car: Car | None = None, own_dealer: str = "", at: Place | None = None) -> Case:
    car = car or Car()
    need = need_of(FAULTS, fault, car)
    event = e.CaseOpened(
        number="R261122-0001",
        channel=Channel.DEALER_24H if own_dealer else Channel.HOTLINE_400,
        at=T0,
        caller=Person(name="王", phone="13800000000"),
        car=car,
        place=at or place(),
        city_code="310000",
        county=False,
        doubts=(),
        scope=Scope.UNKNOWN,
        fault=fault,
        needs=need.kind,
        tools=need.tools,
        consent_needed=need.consent,
        own_dealer=own_dealer,
    )
    return evolve(None, event, "c1")


def opening_event(case: Case) -> e.CaseOpened:
    """The event that made a case of `opened`."""
    names = {one.name for one in fields(e.CaseOpened)} - {"at"}
    return e.CaseOpened(at=case.opened_at, **{name: getattr(case, name) for name in names})


def then(case: Case, events: decide.Events) -> Case:
    for event in events:
        case = evolve(case, event, case.id)
    return case


def vehicle(
    plate: str = "沪A1",
    kind: VehicleKind = VehicleKind.SERVICE,
    dealer: str = "D1",
    *,
    on_duty: bool = True,
    tools: tuple[str, ...] = (),
    tracked: bool = True,
) -> Vehicle:
    return Vehicle(plate=plate, kind=kind, dealer=dealer, on_duty=on_duty, tools=tools, tracked=tracked)


def dealer(code: str = "D1", at: Position | None = None, **facts: object) -> Dealer:
    return Dealer(
        code=code, name=code, city_code="310000", site=at or position(), phone="021-1", specialist=Person(), **facts
    )


def fleet(
    dealers: Iterable[Dealer] = (),
    vehicles: Mapping[str, Sequence[Vehicle]] | None = None,
    *,
    busy: AbstractSet[str] = frozenset(),
    positions: Mapping[str, Position] | None = None,
) -> Fleet:
    """A network at one moment; `vehicles` by dealer code, `positions` by plate where they are fresh."""
    network, known = network_of(dealers, vehicles or {}), positions or {}
    nowhere = Position(lat=np.nan, lon=np.nan)
    shown = [known.get(plate, nowhere) for plate in network.plates]
    return Fleet(
        network=network,
        busy=busy,
        lats=np.array([one.lat for one in shown], float),
        lons=np.array([one.lon for one in shown], float),
    )


def offered(case: Case, *, dealer_code: str = "D1", offer_id: str = "o1", at: float = 1) -> Case:
    return then(
        case,
        decide.offer(case, offer_id=offer_id, dealer=dealer_code, now=minutes(at), expires_at=minutes(at + 3)),
    )


def accepted(
    case: Case, *, offer_id: str = "o1", trip_id: str = "t1", at: float = 2, eta: float = 30, by: Vehicle | None = None
) -> Case:
    going = by or vehicle(kind=case.needs)
    events = decide.accept(
        case,
        offer_id=offer_id,
        trip_id=trip_id,
        vehicle=going,
        driver=Person(name="李", phone="139"),
        crew=2,
        promised_at=minutes(at + eta),
        now=minutes(at),
    )
    return then(case, events)


def on_scene(case: Case, *, trip_id: str = "t1", depart: float = 3, arrive: float = 20) -> Case:
    case = then(case, decide.depart(case, trip_id=trip_id, at=minutes(depart)))
    return then(case, decide.arrive(case, trip_id=trip_id, at=minutes(arrive)))


def filled(case: Case, *, trip_id: str = "t1", at: float = 30) -> Case:
    return then(case, decide.save_sheet(case, trip_id=trip_id, content='{"km":1}', client_id="", now=minutes(at)))


def signed(case: Case, *, trip_id: str = "t1", at: float = 30) -> Case:
    case = filled(case, trip_id=trip_id, at=at)
    return then(case, decide.sign_sheet(case, trip_id=trip_id, signer="王", signature_svg=SVG, now=minutes(at)))


def outcome(case: Case, result: Result = Result.REPAIRED, *, trip_id: str = "t1", drivable: bool = True) -> Case:
    return then(
        case,
        decide.report_outcome(case, trip_id=trip_id, result=result, drivable=drivable, note="", now=minutes(31)),
    )


def completed(case: Case | None = None) -> Case:
    case = signed(outcome(on_scene(accepted(offered(case or opened())))))
    return then(case, decide.complete(case, trip_id="t1", now=minutes(40), by_cac=True))
