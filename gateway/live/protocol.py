"""The live feed's messages, and what a screen makes of them. Pure: no socket, no clock, no store.

The law of the feed: `apply` over a snapshot and every message after it gives what a fresh snapshot would show.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec

Card = Mapping[str, Any]
"""A case as a screen shows it; at least `id` and `status`."""

OFF_THE_BOARD = frozenset({"closed", "cancelled", "failed"})
"""A card with one of these statuses leaves the board."""


class FeedBroken(Exception):
    """The messages do not follow each other: an event is missing. The screen must ask again with `since`."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="snapshot"):
    """Everything that the screen may see, as of event `seq`.

    `now` is the service's clock and `speed` its seconds for each second of the wall, from which a screen tells
    the age of a fix and the time left to a deadline. In a `partial` feed the viewer sees only its own cases,
    so that the numbers of its events may jump.
    """

    seq: int
    now: datetime
    speed: float = 1.0
    partial: bool = False
    cases: list[dict[str, Any]]
    vehicles: list[dict[str, Any]]


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="event"):
    """One event of the log with the case's card right after it. No card: this viewer may see the case no more."""

    seq: int
    kind: str
    case: str
    actor: str
    at: datetime
    data: dict[str, Any]
    card: dict[str, Any] | None


class Positions(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="positions"):
    """Vehicles that moved: plate, lat, lon, speed (m/s), course (degrees), time of the fix.

    `vehicles` tells what a vehicle is, where that is new to the screen. When `whole`, these are all that the screen
    shows: it forgets the others.
    """

    items: list[tuple[str, float, float, float | None, float | None, datetime]]
    vehicles: list[dict[str, Any]]
    whole: bool = False


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="heartbeat"):
    """The feed is alive, and the screen has been told all up to `seq`; `now` and `speed` as in a snapshot."""

    seq: int
    now: datetime
    speed: float = 1.0


class Refusal(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="error"):
    """What the screen sent was not understood and changed nothing."""

    code: str
    detail: str


Message = Snapshot | Event | Positions | Heartbeat | Refusal

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def encode(message: Message) -> bytes:
    """The message as it goes over the wire: one JSON object."""
    return _encoder.encode(message)


def decode(text: bytes | str) -> Message:
    """Read what `encode` wrote. Raises msgspec.ValidationError or DecodeError for anything else."""
    return _decoder.decode(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What one screen holds: all cards and vehicles as of event `seq`. The empty board stands before event 1."""

    seq: int = 0
    partial: bool = False
    cards: Mapping[str, Card] = field(default_factory=dict[str, Card])
    vehicles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])


def apply(board: Board, message: Message) -> Board:
    """The board after `message`. What it already knows changes nothing; raises FeedBroken where an event is missing."""
    match message:
        case Snapshot():
            return Board(
                seq=message.seq,
                partial=message.partial,
                cards={card["id"]: card for card in message.cases if card["status"] not in OFF_THE_BOARD},
                vehicles={vehicle["plate"]: vehicle for vehicle in message.vehicles},
            )
        case Event():
            return _apply_event(board, message)
        case Heartbeat():
            if message.seq <= board.seq:
                return board
            if not board.partial:
                raise FeedBroken(f"told all up to {message.seq}, but the board stands at {board.seq}")
            return replace(board, seq=message.seq)
        case Positions():
            return replace(board, vehicles=_moved(board.vehicles, message))
        case Refusal():
            return board


def apply_all(board: Board, messages: Iterable[Message]) -> Board:
    """The board after all `messages`, in their order."""
    for message in messages:
        board = apply(board, message)
    return board


def _apply_event(board: Board, event: Event) -> Board:
    if event.seq <= board.seq:
        return board
    if event.seq > board.seq + 1 and not board.partial:
        raise FeedBroken(f"event {event.seq} came while the board stands at {board.seq}")
    cards = dict(board.cards)
    if event.card is None or event.card["status"] in OFF_THE_BOARD:
        cards.pop(event.case, None)
    else:
        cards[event.case] = event.card
    return replace(board, seq=event.seq, cards=cards)


def _moved(vehicles: Mapping[str, Mapping[str, Any]], message: Positions) -> dict[str, Mapping[str, Any]]:
    after = {} if message.whole else dict(vehicles)
    for told in message.vehicles:
        after[told["plate"]] = {**after.get(told["plate"], {}), **told}
    for plate, lat, lon, speed_mps, course_deg, fix_time in message.items:
        position = {"lat": lat, "lon": lon, "speed_mps": speed_mps, "course_deg": course_deg}
        # A fix time stays text on the board, as a snapshot has it.
        position["fix_time"] = msgspec.to_builtins(fix_time)
        after[plate] = {**after.get(plate, {"plate": plate}), **position}
    return after
