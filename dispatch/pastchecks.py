"""What a past case must satisfy before its story is told: known dealers, and times in an order that can be. Pure."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from core.errors import Invalid, NotFound
from dispatch.pastcases import PastCase

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""Ids sort by time from here on; an older case is a broken clock."""

Named = tuple[str, datetime | None]


def check_dealers(past: PastCase, dealers: Collection[str]) -> None:
    """Raises `NotFound` for a dealer that is not in `dealers`."""
    for name, rows in (("offers", past.offers), ("trips", past.trips), ("promise_changes", past.promise_changes)):
        for index, row in enumerate(rows):
            if row.dealer not in dealers:
                raise NotFound(f"no such dealer: {row.dealer!r}", field=f"{name}[{index}].dealer")


def check_times(past: PastCase, now: datetime) -> None:
    """Nothing in the future, nothing before the call or after the end, no effect before its cause. Raises `Invalid`."""
    if past.opened_at < EARLIEST:
        raise Invalid(f"before {EARLIEST:%Y}", field="opened_at")
    if past.end.at > now:
        raise Invalid("the case ends in the future", field="end.at")
    for field, at in _moments(past):
        if at is not None and at < past.opened_at:
            raise Invalid("before the case was opened", field=field)
        if at is not None and at > past.end.at:
            raise Invalid("after the end of the case", field=field)
    for rule, what, cause, (field, effect) in _pairs(past):
        if cause and effect and effect < cause:
            raise Invalid(f"before {what}", rule=rule, field=field)


def _moments(past: PastCase) -> Iterator[Named]:
    """Every time but the promises, which may lie after the end."""
    for index, offer in enumerate(past.offers):
        path = f"offers[{index}]"
        yield f"{path}.at", offer.at
        yield f"{path}.answered_at", offer.answered_at
        yield f"{path}.given_up_at", offer.given_up_at
    for index, trip in enumerate(past.trips):
        path = f"trips[{index}]"
        yield f"{path}.departed_at", trip.departed_at
        yield f"{path}.arrived_at", trip.arrived_at
        yield f"{path}.reported_arrived_at", trip.reported_arrived_at
    for index, change in enumerate(past.promise_changes):
        yield f"promise_changes[{index}].at", change.at
    yield "end.at", past.end.at


def _pairs(past: PastCase) -> Iterator[tuple[str, str, datetime | None, Named]]:
    """Rule, cause in words, its time, and the effect that cannot come before it."""
    for index, offer in enumerate(past.offers):
        path = f"offers[{index}]"
        yield "R1", "it was offered", offer.at, (f"{path}.answered_at", offer.answered_at)
        yield "K10", "the acceptance", offer.answered_at, (f"{path}.given_up_at", offer.given_up_at)
    for index, trip in enumerate(past.trips):
        path = f"trips[{index}]"
        yield "K3", "the departure", trip.departed_at, (f"{path}.arrived_at", trip.arrived_at)
        yield "K3", "the departure", trip.departed_at, (f"{path}.reported_arrived_at", trip.reported_arrived_at)
