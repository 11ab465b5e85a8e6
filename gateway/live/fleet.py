"""What the screens show of vehicles: where each is, from the live index, and what it is, from the roster."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from core.eventlog import counted
from gateway.live.viewer import Viewer
from tracking.live import LiveIndex
from tracking.roster import ROSTER, vehicles
from tracking.vocabulary import LivePosition

_UNKNOWN: Mapping[str, Any] = {"kind": None, "dealer": "", "on_duty": None}


class Fleet:
    """Positions with the roster remembered; `roster` is the number of its last change that is known here."""

    def __init__(self, live: LiveIndex) -> None:
        self._live = live
        self._about: dict[str, dict[str, Any]] = {}
        self.roster = -1

    async def refresh(self, session: AsyncSession) -> None:
        """Read the roster again where it has changed."""
        roster = await counted(session, ROSTER)
        if roster == self.roster:
            return
        self._about = {
            vehicle.plate: {"kind": vehicle.kind.value, "dealer": vehicle.dealer, "on_duty": vehicle.on_duty}
            for vehicle in await vehicles(session)
        }
        self.roster = roster

    def about(self, plate: str) -> Mapping[str, Any]:
        """What the vehicle is: `kind`, `dealer`, `on_duty`; empty values where the roster does not have it."""
        return self._about.get(plate, _UNKNOWN)

    def shown_to(self, viewer: Viewer, plate: str) -> bool:
        """A dealer's people see only that dealer's vehicles."""
        return not viewer.partial or (self.about(plate)["dealer"] == viewer.dealer != "")

    def moved_since(self, version: int) -> tuple[int, list[LivePosition]]:
        """The live index's version now, and the vehicles that moved after `version`; all of them after 0."""
        return self._live.changed_since(version)


def vehicle_card(live: LivePosition, about: Mapping[str, Any]) -> dict[str, Any]:
    """A vehicle as a snapshot shows it, in plain JSON values."""
    return {
        "plate": live.plate,
        **about,
        "lat": live.position.lat,
        "lon": live.position.lon,
        "speed_mps": live.speed_mps,
        "course_deg": live.course_deg,
        "fix_time": msgspec.to_builtins(live.fix_time),
    }
