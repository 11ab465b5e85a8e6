"""What a vehicle's terminal is told of its job: where to go, and by when. No customer's name, phone or plate."""

from typing import Any

from dispatch.vocabulary import Case, Trip


def job_of(case: Case, trip: Trip) -> dict[str, Any]:
    """The terminal's `job` message."""
    scene = case.place.scene
    return {
        "trip": trip.id,
        "case": case.id,
        "fault": case.fault,
        "lat": scene.lat,
        "lon": scene.lon,
        "address": case.place.address,
        "promised_at": trip.promised_at.isoformat(),
    }
