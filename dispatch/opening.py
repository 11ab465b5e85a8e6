"""From a call to a case: where it is, what it needs, what is doubtful. Nothing doubtful is silently used (R22)."""

from dataclasses import dataclass
from datetime import datetime

from core.datum import Datum, to_wgs84
from core.errors import Invalid
from core.geo import Position, check_position
from core.places import Places
from dispatch import events as e
from dispatch.faults import FaultTable, need_of
from dispatch.vocabulary import Car, Case, Channel, Expressway, Person, Place, Scope

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
    hand_over: Position | None = None,
) -> Located:
    """Check and convert a position at the door. `hand_over` is WGS-84 already.

    The car's own place says whose city it is; the scene, which may be the hand-over point, says which promise
    holds (R16, R18), and both may be doubtful. Raises `InvalidPosition` (R22) or `OutsideServiceArea` (R12).
    """
    place = Place(
        position=to_position(lat, lon, datum),
        datum=datum,
        given=Position(lat=lat, lon=lon),
        address=address,
        accuracy_m=accuracy_m,
        expressway=expressway,
        hand_over=hand_over,
    )
    answer = places.assess(place.position)
    at_scene = places.assess(place.scene)
    doubts = dict.fromkeys((*answer.doubts, *at_scene.doubts, *_coarse(lat, lon, accuracy_m)))
    return Located(
        place=place,
        city_code=answer.city_code,
        county=at_scene.district_kind == "county",
        doubts=tuple(doubts),
    )


def open_case(places: Places, faults: FaultTable, request: CaseRequest, *, number: str, now: datetime) -> e.CaseOpened:
    """The event that begins the case. Raises `Invalid` for an unknown fault or a hand-over without expressway (R18)."""
    need = need_of(faults, request.fault, request.car)
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
        hand_over=to_position(*request.hand_over, request.datum) if request.hand_over else None,
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


def amend_place(
    places: Places,
    case: Case,
    *,
    lat: float,
    lon: float,
    datum: Datum,
    address: str,
    accuracy_m: float | None,
    reason: str,
    now: datetime,
) -> e.PlaceAmended:
    """The event that corrects where the car stands. Raises like `locate`."""
    known = case.place
    located = locate(
        places,
        lat=lat,
        lon=lon,
        datum=datum,
        address=address or known.address,
        accuracy_m=accuracy_m,
        expressway=known.expressway,
        hand_over=known.hand_over,
    )
    before, after = known.position, located.place.position
    return e.PlaceAmended(
        at=now,
        before=f"{before.lat:.6f},{before.lon:.6f}",
        after=f"{after.lat:.6f},{after.lon:.6f}",
        reason=reason,
        place=located.place,
        city_code=located.city_code,
        county=located.county,
        doubts=located.doubts,
        scope=scope_of(located.city_code, case.car.registered_city_code),
    )


def to_position(lat: float, lon: float, datum: Datum) -> Position:
    """WGS-84, from what was given in `datum`. Raises `InvalidPosition` (R22)."""
    check_position(lat, lon)
    wgs_lat, wgs_lon = to_wgs84(lat, lon, datum)
    return Position(lat=wgs_lat, lon=wgs_lon)


def _coarse(lat: float, lon: float, accuracy_m: float | None) -> tuple[str, ...]:
    typed_coarsely = accuracy_m is None and all(round(value, COARSE_DECIMALS) == value for value in (lat, lon))
    return ("coarse",) if typed_coarsely or (accuracy_m is not None and accuracy_m > COARSE_M) else ()
