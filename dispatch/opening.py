"""From a call to a case: where it is, what it needs, what is doubtful. Nothing doubtful is silently used (R22)."""

from dataclasses import dataclass
from datetime import datetime

from core.datum import Datum, to_wgs84
from core.errors import Invalid
from core.geo import Position, check_position
from core.places import PlaceAnswer, Places
from dispatch import events as e
from dispatch.faults import need_of
from dispatch.vocabulary import Car, Channel, Expressway, Person, Place, Scope

COARSE_M = 500.0
"""A phone's position worse than this is questioned."""
COARSE_DECIMALS = 2
"""So are typed coordinates with no more decimals than this: about a kilometre."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRequest:
    """What the dispatcher, the dealer or the car told. `lat` and `lon` are in `datum`, as is `hand_over`."""

    channel: Channel
    caller: Person
    car: Car
    lat: float
    lon: float
    fault: str
    datum: Datum = Datum.WGS84
    address: str = ""
    accuracy_m: float | None = None
    expressway: Expressway | None = None
    hand_over: tuple[float, float] | None = None
    note: str = ""
    priority: int = 0
    own_dealer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A place, and what the map says of it."""

    place: Place
    city_code: str | None
    county: bool
    doubts: tuple[str, ...]


def locate(
    places: Places,
    *,
    lat: float,
    lon: float,
    datum: Datum,
    address: str = "",
    accuracy_m: float | None = None,
    expressway: Expressway | None = None,
    hand_over: tuple[float, float] | None = None,
) -> Located:
    """Check and convert a position at the door. Raises `InvalidPosition` (R22) or `OutsideServiceArea` (R12)."""
    position = _to_position(lat, lon, datum)
    place = Place(
        position=position,
        datum=datum,
        given=Position(lat=lat, lon=lon),
        address=address,
        accuracy_m=accuracy_m,
        expressway=expressway,
        hand_over=_to_position(*hand_over, datum) if hand_over else None,
    )
    answer = places.assess(position)
    if place.hand_over:
        places.assess(place.hand_over)
    return Located(
        place=place,
        city_code=answer.city_code,
        county=answer.district_kind == "county",
        doubts=_doubts(answer, lat, lon, accuracy_m),
    )


def open_case(places: Places, request: CaseRequest, *, number: str, now: datetime) -> e.CaseOpened:
    """The event that begins the case. Raises `Invalid` for an unknown fault or a hand-over without expressway (R18)."""
    need = need_of(request.fault, request.car)
    if request.hand_over and request.expressway is None:
        raise Invalid("a hand-over point belongs to an expressway", rule="R18", field="location.hand_over")
    located = locate(
        places,
        lat=request.lat,
        lon=request.lon,
        datum=request.datum,
        address=request.address,
        accuracy_m=request.accuracy_m,
        expressway=request.expressway,
        hand_over=request.hand_over,
    )
    return e.CaseOpened(
        number=number,
        channel=request.channel,
        at=now,
        caller=request.caller,
        car=request.car,
        place=located.place,
        city_code=located.city_code,
        county=located.county,
        doubts=located.doubts,
        scope=scope_of(located.city_code, request.car.registered_city_code),
        fault=request.fault,
        needs=need.kind,
        tools=need.tools,
        consent_needed=need.consent,
        note=request.note,
        priority=request.priority,
        own_dealer=request.own_dealer,
    )


def scope_of(city_code: str | None, registered_city_code: str | None) -> Scope:
    """Local or not, where both cities are known."""
    if not city_code or not registered_city_code:
        return Scope.UNKNOWN
    return Scope.LOCAL if city_code == registered_city_code else Scope.NON_LOCAL


def _to_position(lat: float, lon: float, datum: Datum) -> Position:
    check_position(lat, lon)
    wgs_lat, wgs_lon = to_wgs84(lat, lon, datum)
    return Position(lat=wgs_lat, lon=wgs_lon)


def _doubts(answer: PlaceAnswer, lat: float, lon: float, accuracy_m: float | None) -> tuple[str, ...]:
    typed_coarsely = accuracy_m is None and all(round(value, COARSE_DECIMALS) == value for value in (lat, lon))
    coarse = typed_coarsely or (accuracy_m is not None and accuracy_m > COARSE_M)
    return (*answer.doubts, "coarse") if coarse else answer.doubts
