"""What is due, and when: each deadline is a row in the store, so it survives a restart and fires once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dispatch import events as e
from dispatch.events import Event


class Due(StrEnum):
    """What falls due."""

    OFFER_EXPIRY = "offer_expiry"
    PROMISE = "promise"
    AUTO_CLOSE = "auto_close"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDeadline:
    """A deadline about to be stored; `ref` is the offer, trip or case it belongs to."""

    kind: Due
    ref: str
    due_at: datetime


def deadlines_of(case_id: str, events: Iterable[Event], *, auto_close_s: float) -> list[NewDeadline]:
    """The deadlines that these events set. None is ever taken back: what it asks is judged when it fires."""
    due: list[NewDeadline] = []
    for event in events:
        if isinstance(event, e.OfferMade):
            due.append(NewDeadline(kind=Due.OFFER_EXPIRY, ref=event.offer_id, due_at=event.expires_at))
        elif isinstance(event, (e.OfferAccepted, e.PromiseChanged)):
            due.append(NewDeadline(kind=Due.PROMISE, ref=event.trip_id, due_at=event.promised_at))
        elif isinstance(event, e.CaseCompleted):
            due.append(NewDeadline(kind=Due.AUTO_CLOSE, ref=case_id, due_at=event.at + timedelta(seconds=auto_close_s)))
    return due
