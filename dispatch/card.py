"""A case as a row on the board shows it. The log keeps the card after each event, so every screen agrees."""

from typing import Any

from dispatch.promise import trips_promise
from dispatch.vocabulary import Case


def card(case: Case) -> dict[str, Any]:
    """Plain JSON values. `deadline_at` is the one countdown that matters now; `dealers` are those who may see it."""
    offer, trip = case.pending_offer, case.active_trip
    waiting = trip if trip and trip.arrived_at is None else None
    deadline = offer.expires_at if offer else trips_promise(case, waiting) if waiting else None
    return {
        "id": case.id,
        "number": case.number,
        "status": case.status.value,
        "channel": case.channel.value,
        "priority": case.priority,
        "plate": case.car.plate,
        "fault": case.fault,
        "needs": case.needs.value,
        "lat": case.place.scene.lat,
        "lon": case.place.scene.lon,
        "address": case.place.address,
        "city_code": case.city_code,
        "doubts": list(case.doubts),
        "dealer": case.dealer,
        "dealers": sorted(case.dealers),
        "vehicle": trip.plate if trip else "",
        "opened_at": case.opened_at.isoformat(),
        "deadline_at": deadline.isoformat() if deadline else None,
        "deadline_kind": "offer" if offer else "promise" if waiting else None,
        "late": bool(waiting and waiting.promise_missed),
    }
