"""Past cases as they are handed over: one JSON object a line, as the public contract describes it. Reading only.

dispatch.replay judges what was read by the rules of a live case.
"""

import hashlib
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar, cast, get_args, get_type_hints

import msgspec
from msgspec import Meta

from core.datum import Datum
from core.errors import Invalid
from dispatch.vocabulary import CancelledBy, Channel, Result
from tracking.vocabulary import VehicleKind

MAX_LINE_BYTES = 256_000

Time = Annotated[datetime, Meta(tz=True)]
_NO_NUL = r"^[^\x00]*$"
"""Not every store keeps a NUL in a text."""
Text = Annotated[str, Meta(pattern=_NO_NUL)]
Code = Annotated[str, Meta(min_length=1, max_length=40, pattern=_NO_NUL)]
Number = Annotated[str, Meta(min_length=1, max_length=80, pattern=_NO_NUL)]


class Answer(StrEnum):
    """What became of an offer."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class EndStatus(StrEnum):
    """How a case ended."""

    CLOSED = "closed"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PastLocation:
    """Where the car stood, in `datum`."""

    lat: float
    lon: float
    datum: Datum = Datum.WGS84
    address: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastOffer:
    """One attempt of the CAC. `answered_at` may be missing where nobody answered."""

    dealer: Code
    at: Time
    answer: Answer
    answered_at: Time | None = None
    reason: Text | None = None
    promised_at: Time | None = None
    given_up_at: Time | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTrip:
    """One vehicle sent. `arrived_at` is the GPS's time, `reported_arrived_at` the driver's word."""

    dealer: Code
    kind: VehicleKind
    departed_at: Time | None = None
    arrived_at: Time | None = None
    reported_arrived_at: Time | None = None
    result: Result | None = None
    drivable: bool | None = None
    signed: bool | None = None
    unsigned_confirmed_by: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastPromiseChange:
    """Another arrival time that the dealer told (R4, K3)."""

    dealer: Code
    at: Time
    promised_at: Time
    approved: bool
    outside_cause: bool
    reason: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEnd:
    """How and when the case ended; `by` says who cancelled it (K2)."""

    status: EndStatus
    at: Time
    by: CancelledBy | None = None
    reason: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCase:
    """One case of the past, from the call to the end. All times are aware and in UTC."""

    number: Number
    channel: Channel
    opened_at: Time
    fault: Text
    location: PastLocation
    end: PastEnd
    offers: tuple[PastOffer, ...] = ()
    trips: tuple[PastTrip, ...] = ()
    promise_changes: tuple[PastPromiseChange, ...] = ()
    satisfaction: int | None = None

    @property
    def digest(self) -> str:
        """The SHA-256 of what the line says, whatever its spacing, order of keys or offsets of time."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()


def read_past_case(line: bytes | str) -> PastCase:
    """The case in one line. Raises `Invalid` with the field at fault; no value is ever coerced."""
    raw = _parse(line)
    if isinstance(raw, dict):  # what is null was not recorded
        raw = {name: value for name, value in cast(dict[str, Any], raw).items() if value is not None}
    try:
        return _in_utc(msgspec.convert(raw, PastCase))
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `$")
        raise Invalid(what, field=path.rstrip("`").lstrip(".")) from error
    except OverflowError as error:
        raise Invalid("a time is out of range") from error


def unknown_fields(line: bytes | str) -> tuple[str, ...]:
    """The fields that a past case does not have, such as `trips[0].colour`: ignored, but worth telling."""
    return tuple(_unknown(_parse(line), PastCase, ""))


def _parse(line: bytes | str) -> Any:
    if len(line) > MAX_LINE_BYTES:
        raise Invalid(f"longer than {MAX_LINE_BYTES} bytes")
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Invalid(f"not JSON: {error}") from error


T = TypeVar("T")


def _in_utc(value: T) -> T:
    """The same facts with every time in UTC."""
    if isinstance(value, datetime):
        return cast(T, value.astimezone(UTC))
    if isinstance(value, tuple):
        return cast(T, tuple(_in_utc(item) for item in cast(tuple[Any, ...], value)))
    if is_dataclass(value) and not isinstance(value, type):
        return cast(T, replace(value, **{one.name: _in_utc(getattr(value, one.name)) for one in fields(value)}))
    return value


def _unknown(raw: Any, cls: Any, path: str) -> list[str]:
    if not isinstance(raw, dict):
        return []
    hints = get_type_hints(cls)
    found: list[str] = []
    for name, value in cast(dict[str, Any], raw).items():
        inner = f"{path}.{name}" if path else name
        if name not in hints:
            found.append(inner)
        elif is_dataclass(hints[name]):
            found.extend(_unknown(value, hints[name], inner))
        elif isinstance(value, list) and is_dataclass(item := next(iter(get_args(hints[name])), None)):
            for index, element in enumerate(cast(list[Any], value)):
                found.extend(_unknown(element, item, f"{inner}[{index}]"))
    return found
