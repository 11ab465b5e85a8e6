"""What callers send: one model for each body, with the limits of each field."""

import math
from dataclasses import replace
from typing import Annotated, Any, Literal, Self, cast

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, RootModel, model_validator

from core.datum import Datum
from core.places import Places
from dispatch.opening import CaseRequest
from dispatch.vocabulary import CancelledBy, Car, Channel, Drive, Energy, Expressway, Person, Result
from gateway.http.fields import (
    MAX_TEXT,
    Body,
    CarPlate,
    Code,
    Coordinate,
    FilledLine,
    FilledName,
    FilledText,
    Flag,
    Line,
    Name,
    Number,
    Phone,
    RescuePlate,
    Text,
    Time,
    Vin,
    Whole,
    Words,
    no_controls,
)
from gateway.network import prefecture_code
from tracking.vocabulary import Protocol, VehicleKind

MAX_SIGNATURE = 200_000
MAX_DEPTH = 12


class Credentials(Body):
    """A name and its password."""

    username: Annotated[str, Field(strict=True, max_length=80), AfterValidator(no_controls)]
    password: Annotated[str, Field(strict=True, max_length=256)]


class PersonIn(Body):
    """Somebody to call."""

    name: Name
    phone: Phone

    def person(self) -> Person:
        """As dispatching knows people."""
        return Person(name=self.name, phone=self.phone)


class DriverIn(PersonIn):
    """Who drives; a driver on GPS needs no phone (R3)."""

    phone: Phone = ""


class LocationIn(Body):
    """A place in its own datum (R22); dispatching judges whether it is one."""

    lat: Coordinate
    lon: Coordinate
    datum: Datum = Datum.WGS84
    address: Line = ""
    accuracy_m: Annotated[Number, Field(ge=0, le=1_000_000)] | None = None


class PointIn(Body):
    """A position in the datum of the place that it belongs to."""

    lat: Coordinate
    lon: Coordinate


class ExpresswayIn(Body):
    """A place on an expressway (R18)."""

    road: FilledLine
    direction: Line = ""
    kilometre_post: Line = ""


class DealerIn(Body):
    """A service centre of the network."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "D1",
                    "name": "浦东绿地",
                    "city_code": "310100",
                    "location": {"lat": 31.23, "lon": 121.5, "datum": "wgs84"},
                    "phone": "021-50000000",
                    "specialist": {"name": "王强", "phone": "13800000001"},
                    "brands": ["Buick"],
                    "region": "华东",
                }
            ]
        }
    )
    code: Code
    name: FilledName
    city_code: Annotated[Line, Field(max_length=6)] = ""
    location: LocationIn
    phone: Phone = ""
    specialist: PersonIn
    brands: Words = Field(default_factory=list[str])
    region: Line = ""


class DealerChange(Body):
    """What changed at a dealer; told to the CAC at once (R10). A field that is absent stays as it is."""

    name: FilledName | None = None
    phone: Phone | None = None
    specialist: PersonIn | None = None
    location: LocationIn | None = None
    brands: Words | None = None
    region: Line | None = None
    active: Flag | None = None


class VehicleIn(Body):
    """A rescue vehicle (R9)."""

    plate: RescuePlate
    kind: VehicleKind
    dealer: Code
    on_duty: Flag = True
    tools: Words = Field(default_factory=list[str])


class VehicleChange(Body):
    """What changed at a vehicle. A field that is absent stays as it is."""

    on_duty: Flag | None = None
    tools: Words | None = None


class TerminalIn(Body):
    """A GPS terminal and the vehicle that it is fitted in."""

    terminal_id: Code
    vehicle: RescuePlate
    protocol: Protocol


_DRIVES = {
    "fwd": Drive.FRONT,
    "rwd": Drive.REAR,
    **dict.fromkeys(("awd", "4wd", "4x4", "four_wheel_drive", "all_wheel_drive"), Drive.FOUR_WHEEL),
}
"""How people write it; the answer always says front, rear or four_wheel."""


class CarIn(Body):
    """The customer's car. A plate that nobody knows is empty."""

    plate: CarPlate
    vin: Vin = ""
    brand: Name = ""
    model: Name = ""
    energy: Energy | None = None
    drive: Annotated[Drive | None, BeforeValidator(lambda value: _DRIVES.get(str(value).lower(), value))] = None
    registered_city_code: Annotated[str, Field(strict=True, pattern=r"^([0-9]{6})?$")] | None = None
    spare_wheel: Flag | None = None

    def car(self) -> Car:
        """As dispatching knows cars."""
        return Car(
            plate=self.plate,
            vin=self.vin,
            brand=self.brand,
            model=self.model,
            energy=self.energy,
            drive=self.drive,
            registered_city_code=self.registered_city_code or None,
            spare_wheel=self.spare_wheel,
        )


class NewCase(Body):
    """A call that becomes a case."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "channel": "hotline_400",
                    "caller": {"name": "李女士", "phone": "13900000001"},
                    "car": {"plate": "沪A12345", "brand": "Buick", "energy": "petrol"},
                    "location": {"lat": 31.2304, "lon": 121.4737, "datum": "wgs84", "address": "人民广场"},
                    "fault": "battery",
                }
            ]
        }
    )
    channel: Channel
    caller: PersonIn
    car: CarIn
    location: LocationIn
    fault: Annotated[Line, Field(max_length=40)]
    note: Text = ""
    priority: Annotated[Whole, Field(ge=0, le=9)] = 0
    expressway: ExpresswayIn | None = None
    hand_over: PointIn | None = None
    link: Annotated[Line, Field(max_length=64)] = ""
    """The motorist's link that told the place; from now on it follows this case."""
    dealer: Code | None = None
    """C2: the dealer whose own case this is; a dealer's person need not name it."""

    def request(self, places: Places, own_dealer: str) -> CaseRequest:
        """As dispatching takes it; the city of registration is made the prefecture that it belongs to."""
        road, car = self.expressway, self.car.car()
        if registered := car.registered_city_code:
            # A code that no map knows says nothing of where the car belongs.
            car = replace(car, registered_city_code=prefecture_code(places, registered))
        return CaseRequest(
            channel=self.channel,
            caller=self.caller.person(),
            car=car,
            lat=self.location.lat,
            lon=self.location.lon,
            datum=self.location.datum,
            address=self.location.address,
            accuracy_m=self.location.accuracy_m,
            expressway=Expressway(road=road.road, direction=road.direction, kilometre_post=road.kilometre_post)
            if road
            else None,
            hand_over=(self.hand_over.lat, self.hand_over.lon) if self.hand_over else None,
            fault=self.fault,
            note=self.note,
            priority=self.priority,
            own_dealer=own_dealer,
        )


class PlaceChange(Body):
    """A corrected place, and why."""

    location: LocationIn
    reason: FilledText


class NewOffer(Body):
    """To whom the case is offered; nobody named: the nearest that is able (R1)."""

    dealer: Code | None = None
    override_reason: Text = ""


class Acceptance(Body):
    """What the specialist confirms (R3, R8)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "vehicle": "沪A00001",
                    "driver": {"name": "陈师傅", "phone": "13800000002"},
                    "crew": 2,
                    "eta_minutes": 30,
                }
            ]
        }
    )
    vehicle: RescuePlate
    driver: DriverIn
    crew: Annotated[Whole, Field(le=20)]
    eta_minutes: Annotated[Whole, Field(ge=1, le=1440)]
    reason: Text = ""


class Reason(Body):
    """Why."""

    reason: FilledText


class TripChange(Body):
    """A change after the acceptance (R4), and why. `outside_cause` is the CAC's to say (K3)."""

    eta_minutes: Annotated[Whole, Field(ge=1, le=1440)] | None = None
    vehicle: RescuePlate | None = None
    driver: DriverIn | None = None
    reason: FilledText
    outside_cause: Flag = False

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.eta_minutes is None and self.vehicle is None and self.driver is None:
            raise ValueError("name eta_minutes, vehicle or driver")
        return self


class PromiseApproval(Body):
    """Whether the cause of the later arrival lay outside the dealer's hands (K3)."""

    outside_cause: Flag = True


class Moment(Body):
    """When it happened; nothing: now."""

    at: Time | None = None


class Note(Body):
    """What was said."""

    note: FilledText


class OptionalNote(Body):
    """What was said, if anything."""

    note: Text = ""


def _plain(value: Any, depth: int = 0) -> None:
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    match value:
        case float() if not math.isfinite(value):
            raise ValueError("numbers must be finite")
        case str():
            _plain_text(value)
        case dict():
            for key, item in cast(dict[str, Any], value).items():
                _plain_text(key)
                _plain(item, depth + 1)
        case list():
            for item in cast(list[Any], value):
                _plain(item, depth + 1)
        case _:
            pass


def _plain_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("text must be valid Unicode") from error
    if "\x00" in text:
        raise ValueError("control characters are not allowed")


def _plain_sheet(sheet: dict[str, Any]) -> dict[str, Any]:
    if not sheet:
        raise ValueError("the sheet is empty")
    _plain(sheet)
    client_id = sheet.get("client_id", "")
    if not isinstance(client_id, str) or len(client_id) > 64:
        raise ValueError("client_id has at most 64 characters")
    return sheet


class Sheet(RootModel[Annotated[dict[str, Any], AfterValidator(_plain_sheet)]]):
    """The check sheet (R6): any plain JSON object. `client_id` names the phone's draft, and is kept beside."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"client_id": "c-1", "odometer_km": 45210, "fuel": "1/2", "scratches": ["左前门"], "work": "搭电"}
            ]
        }
    )


class Signing(Body):
    """The customer's signature, or why there is none (R6)."""

    signer: Name = ""
    signature_svg: Annotated[str, Field(strict=True, max_length=MAX_SIGNATURE)] = ""
    refused_reason: Annotated[Text, Field(max_length=MAX_TEXT)] = ""
    at: Time | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if bool(self.refused_reason) == bool(self.signature_svg or self.signer):
            raise ValueError("send signer and signature_svg, or refused_reason")
        return self


class Consent(Body):
    """The customer's own consent to recovery or the tow of a flooded car (R19)."""

    signer: FilledName
    signature_svg: Annotated[str, Field(strict=True, max_length=MAX_SIGNATURE)]
    at: Time | None = None


class Outcome(Body):
    """What was achieved on site (R5, K4)."""

    result: Result
    drivable: Flag
    note: Text = ""
    at: Time | None = None


class SecondDispatch(Body):
    """The CAC's word on another vehicle (R5)."""

    approve: Flag
    needs: VehicleKind | None = None
    same_dealer: Flag = False

    @model_validator(mode="after")
    def _kind_when_approved(self) -> Self:
        if self.approve and self.needs is None:
            raise ValueError("say which kind of vehicle goes")
        return self


class Completion(Body):
    """Who of the CAC confirmed the completion (R7)."""

    confirmed_by: Name = ""
    at: Time | None = None


class Cancelling(Body):
    """Who called the case off, and why (K2)."""

    by: CancelledBy
    reason: FilledText


class Survey(Body):
    """The owner's answer (K11)."""

    satisfaction: Annotated[Whole, Field(ge=0, le=100)]
    comment: Text = ""


class Closing(Body):
    """Why nothing is left to do."""

    reason: Text = ""


Role = Literal["dispatcher", "dealer", "driver", "oem", "admin"]
