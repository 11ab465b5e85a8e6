"""The city of a rehearsal: dealers, their vehicles, motorists' calls, real tracks. Facts only."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.datum import Datum
from core.geo import Position
from dispatch.vocabulary import Energy
from simulations.fleet import Point
from tracking.vocabulary import VehicleKind


@dataclass(frozen=True, slots=True, kw_only=True)
class CityDealer:
    """A dealer as its import line has it, and where it really is (WGS-84)."""

    code: str
    name: str
    lat: float
    lon: float
    datum: Datum
    site: Position
    phone: str
    specialist: str
    specialist_phone: str
    brands: tuple[str, ...]
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CityVehicle:
    """A rescue vehicle; `terminal_id` is empty where none is fitted."""

    plate: str
    kind: VehicleKind
    dealer: str
    home: Position
    tools: tuple[str, ...] = ()
    terminal_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A motorist's call, `at_s` seconds after the day began. `ref` is told in the note, to find it again."""

    ref: str
    at_s: float
    scene: Position
    address: str
    caller: str
    phone: str
    plate: str
    brand: str
    energy: Energy
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """All that a rehearsal is made of. `origin` says honestly where it comes from."""

    origin: str
    dealers: tuple[CityDealer, ...]
    vehicles: tuple[CityVehicle, ...]
    calls: tuple[Call, ...]
    tracks: tuple[tuple[Point, ...], ...] = ()

    @property
    def dealer(self) -> Mapping[str, CityDealer]:
        """The dealers by code."""
        return {dealer.code: dealer for dealer in self.dealers}
