"""What a specialist must name when accepting (R2, R3, R8, R9, R16, R19): facts that only live dispatching knows."""

from core.errors import CrewTooSmall, DriverPhoneRequired, Invalid, NoEligibleVehicle, UnsignedCheckSheet
from dispatch.faults import FLATBED, FaultTable, carries, tools_for
from dispatch.promise import PromiseRules, latest_minutes_without_reason
from dispatch.vocabulary import Case, Person, Result, Trip
from tracking.vocabulary import Vehicle, VehicleKind

MIN_CREW = 2
MAX_ETA_MINUTES = 24 * 60


def check_vehicle(vehicle: Vehicle | None, *, dealer: str, busy: bool) -> Vehicle:
    """The vehicle belongs to the dealer, is on duty and free (R9)."""
    if vehicle is None or vehicle.dealer != dealer:
        raise NoEligibleVehicle("the dealer has no such vehicle", rule="R9", field="vehicle")
    if not vehicle.on_duty:
        raise NoEligibleVehicle("the vehicle is not on duty", rule="R9", field="vehicle")
    if busy:
        raise NoEligibleVehicle("the vehicle is on another trip", rule="R9", field="vehicle")
    return vehicle


def check_kind(vehicle: Vehicle, case: Case) -> None:
    """The fault decides the kind of vehicle (R2)."""
    if vehicle.kind is not case.needs:
        raise NoEligibleVehicle(f"the fault needs a {case.needs} vehicle", rule="R2", field="vehicle")


def check_tools(faults: FaultTable, vehicle: Vehicle, case: Case) -> None:
    """What the car asks of a vehicle of this kind, such as a flatbed (R17)."""
    if not carries(vehicle, tools_for(faults, case, vehicle.kind)):
        raise NoEligibleVehicle(f"the job needs a {FLATBED}", rule="R17", field="vehicle")


def check_changed_kind(vehicle: Vehicle, case: Case) -> None:
    """A tow vehicle may always take over (R4); a service vehicle cannot do a tow's work."""
    if case.needs is VehicleKind.TOW and vehicle.kind is not VehicleKind.TOW:
        raise NoEligibleVehicle("the fault needs a tow vehicle", rule="R2", field="vehicle")


def check_driver(vehicle: Vehicle, driver: Person) -> None:
    """A tow vehicle, or any that is not on GPS, needs its driver's phone (R3)."""
    if not driver.name.strip():
        raise Invalid("the driver's name is missing", rule="R3", field="driver.name")
    on_gps = vehicle.kind is VehicleKind.SERVICE and vehicle.tracked
    if not on_gps and not driver.phone.strip():
        raise DriverPhoneRequired(rule="R3", field="driver.phone")


def check_crew(crew: int) -> None:
    """At least two people go (R8)."""
    if crew < MIN_CREW:
        raise CrewTooSmall(rule="R8", field="crew")


def check_minutes(eta_minutes: int, *, rule: str) -> None:
    """An estimate is a time from the next minute to a day."""
    if not 1 <= eta_minutes <= MAX_ETA_MINUTES:
        raise Invalid(f"an estimate is 1 to {MAX_ETA_MINUTES} minutes", rule=rule, field="eta_minutes")


def check_estimate(rules: PromiseRules, case: Case, *, eta_minutes: int, distance_m: float | None, reason: str) -> None:
    """An estimate may be earlier than the standard promise, or later with a reason (R16)."""
    check_minutes(eta_minutes, rule="R3")
    limit = latest_minutes_without_reason(rules, county=case.county, distance_m=distance_m)
    if limit is not None and eta_minutes > limit and not reason.strip():
        raise Invalid(f"an estimate over {limit} minutes needs a reason", rule="R16", field="reason")


def check_result(trip: Trip, result: Result) -> None:
    """A tow goes by a tow vehicle, whose completion the CAC confirms (R7); for that a second one is asked (R5)."""
    if result is Result.TOWED and trip.kind is not VehicleKind.TOW:
        raise Invalid("a service vehicle does not tow: report unresolved, and ask for a tow", rule="R5", field="result")


def check_consent(case: Case, trip: Trip, result: Result) -> None:
    """Recovery and flooded cars need their own signature before the work (R19)."""
    if case.consent_needed and result is not Result.UNRESOLVED and not trip.consent_by:
        raise UnsignedCheckSheet("this work needs its own signature first: POST /trips/{id}/consent", rule="R19")
