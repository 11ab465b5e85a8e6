"""The JSON that terminals speak over a WebSocket, read and written without any I/O.

Reading never raises: whatever comes, the answer is a frame, in which each item is a fix or the refusal of it. A
frame in good order is read in one pass; only one that is not is taken apart, to save what is good in it.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, TypeGuard, cast

import msgspec

from core.datum import Datum, to_wgs84
from core.errors import Invalid, InvalidPosition
from core.geo import Position
from tracking.fixes import plainly_swapped
from tracking.vocabulary import Fix, Refusal

FRAME_MAX_CHARS = 1_048_576
ITEMS_MAX = 1_000
SEQ_MAX = 2**53
"""The largest counter that every JSON reader keeps exactly."""
DETAIL_MAX = 200


class FixFrame(msgspec.Struct, frozen=True, kw_only=True):
    """One fix or many, in the order in which they stood, each read or refused by itself."""

    items: tuple[Fix | Refusal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteFrame:
    """The driver's "complete" (R7)."""

    seq: int
    time: datetime


Frame = FixFrame | CompleteFrame | Refusal
"""What a terminal sent; a `Refusal` when nothing in it could be used."""

_Seq = Annotated[int, msgspec.Meta(ge=0, le=SEQ_MAX)]
_Time = Annotated[datetime, msgspec.Meta(tz=True)]
_NotNegative = Annotated[float, msgspec.Meta(ge=0)]
_Course = Annotated[float, msgspec.Meta(ge=0, le=360)]


class _FixItem(msgspec.Struct, tag_field="type", tag="fix", frozen=True):
    seq: _Seq
    time: _Time
    lat: float
    lon: float
    speed_mps: _NotNegative | None = None
    course_deg: _Course | None = None
    accuracy_m: _NotNegative | None = None
    datum: Datum = Datum.WGS84


class _Fixes(msgspec.Struct, tag_field="type", tag="fixes", frozen=True):
    items: Annotated[list[_FixItem], msgspec.Meta(min_length=1, max_length=ITEMS_MAX)]


class _Complete(msgspec.Struct, tag_field="type", tag="complete", frozen=True):
    seq: _Seq
    time: _Time


_WGS84 = Datum.WGS84
_UNREADABLE = (msgspec.ValidationError, UnicodeEncodeError)
"""The second: a string with half of a surrogate pair in it."""
_DECODER = msgspec.json.Decoder(_FixItem | _Fixes | _Complete)
_ENCODER = msgspec.json.Encoder()


def read_frame(data: str | bytes, terminal_id: str) -> Frame:
    """Read one message of `terminal_id`. Refusals carry `invalid`, or `invalid_position` for a number that is
    no place (R22); their `seq` is given where it can be read.
    """
    if len(data) > FRAME_MAX_CHARS:
        return _invalid(None, f"a frame has at most {FRAME_MAX_CHARS} bytes")
    try:
        text = data if isinstance(data, str) else data.decode()
    except UnicodeDecodeError:
        return _invalid(None, "not UTF-8")
    try:
        frame = _DECODER.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return _salvaged(text, terminal_id)
    if isinstance(frame, _FixItem):
        return FixFrame(items=(_fix(frame, terminal_id),))
    if isinstance(frame, _Fixes):
        return FixFrame(items=tuple(_fix(item, terminal_id) for item in frame.items))
    return _complete(frame)


def encode_ack(seq: int) -> str:
    """Everything up to `seq` is stored, save what was refused."""
    return _text({"type": "ack", "seq": seq})


def encode_nack(refusal: Refusal) -> str:
    """This was not stored, and why."""
    return _text({"type": "nack", "seq": refusal.seq, "code": refusal.code, "detail": refusal.detail})


def encode_job(job: Mapping[str, Any]) -> str:
    """The vehicle got a trip, or its trip changed."""
    return _text({"type": "job", **job})


def _text(message: Mapping[str, Any]) -> str:
    return _ENCODER.encode(message).decode()


def _fix(item: _FixItem, terminal_id: str) -> Fix | Refusal:
    lat, lon = item.lat, item.lon
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        # Swapped values go on as they are, to be set aside with that reason.
        if not plainly_swapped(Position(lat=lat, lon=lon)):
            return _no_place(item.seq, f"latitude {lat}, longitude {lon}: out of range")
    elif item.datum is not _WGS84:
        lat, lon = to_wgs84(lat, lon, item.datum)
    time = _utc(item.time)
    if time is None:
        return _invalid(item.seq, "the time is beyond the calendar")
    return Fix(
        terminal_id=terminal_id,
        seq=item.seq,
        time=time,
        position=Position(lat=lat, lon=lon),
        speed_mps=item.speed_mps,
        course_deg=item.course_deg,
        accuracy_m=item.accuracy_m,
    )


def _complete(frame: _Complete) -> Frame:
    time = _utc(frame.time)
    if time is None:
        return _invalid(frame.seq, "the time is beyond the calendar")
    return CompleteFrame(seq=frame.seq, time=time)


def _utc(time: datetime) -> datetime | None:
    if time.tzinfo is UTC:
        return time
    try:
        return time.astimezone(UTC)
    except OverflowError:
        return None


def _salvaged(text: str, terminal_id: str) -> Frame:
    """What can be used of a frame that is not in good order."""
    try:
        # Unlike the strict reader this one takes NaN and Infinity, so that only their item is refused.
        frame: Any = json.loads(text)
    except (ValueError, RecursionError):
        return _invalid(None, "not JSON")
    if not _is_object(frame):
        return _invalid(None, "a frame is a JSON object")
    match frame.get("type"):
        case "fix":
            return FixFrame(items=(_item(frame, terminal_id),))
        case "fixes":
            return _items(frame.get("items"), terminal_id)
        case "complete":
            try:
                return _complete(msgspec.convert(frame, _Complete))
            except _UNREADABLE as error:
                return _invalid(_seq(frame), str(error))
        case _:
            return _invalid(_seq(frame), "a frame's type is fix, fixes or complete")


def _items(items: Any, terminal_id: str) -> Frame:
    if not isinstance(items, list) or not items or len(cast(list[Any], items)) > ITEMS_MAX:
        return _invalid(None, f"items is a list of 1 to {ITEMS_MAX} fixes")
    return FixFrame(items=tuple(_item(item, terminal_id) for item in cast(list[Any], items)))


def _item(item: Any, terminal_id: str) -> Fix | Refusal:
    if not _is_object(item):
        return _invalid(None, "a fix is a JSON object")
    endless = {name for name, value in item.items() if isinstance(value, float) and not math.isfinite(value)}
    if endless & {"lat", "lon"}:
        return _no_place(_seq(item), "the position is not a number")
    if endless:
        return _invalid(_seq(item), f"not a number: {', '.join(sorted(endless))}")
    try:
        return _fix(msgspec.convert(item, _FixItem), terminal_id)
    except _UNREADABLE as error:
        return _invalid(_seq(item), str(error))


def _is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _seq(frame: Mapping[str, Any]) -> int | None:
    seq = frame.get("seq")
    return seq if type(seq) is int and 0 <= seq <= SEQ_MAX else None


def _invalid(seq: int | None, detail: str) -> Refusal:
    return Refusal(seq=seq, code=Invalid.code, detail=_quotable(detail))


def _no_place(seq: int | None, detail: str) -> Refusal:
    return Refusal(seq=seq, code=InvalidPosition.code, detail=detail)


def _quotable(detail: str) -> str:
    # A reason may quote what was sent: not at any length, and not with halves of characters.
    return detail[:DETAIL_MAX].encode(errors="replace").decode()
