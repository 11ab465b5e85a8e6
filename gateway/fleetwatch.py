"""Keeps the live index told what each vehicle is and does: at the start, and when another process changes it."""

import asyncio
from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import Final

from core.database import Database
from core.errors import StoreUnavailable
from core.pause import pause
from dispatch.desk import Desk
from dispatch.roster import busy_plates
from tracking.vocabulary import Vehicle, VehicleState

LOOK_S: Final = 2.0
NO_REGION: Final = "00"


class FleetWatch:
    """One process's view of the fleet's record."""

    def __init__(self, db: Database, desk: Desk) -> None:
        self._db = db
        self._desk = desk
        self._seen = -1

    async def load(self) -> None:
        """Tell the live index every vehicle's kind and state."""
        async with self._db.read() as session:
            # The roster first, which may take a while: who is busy is to be told as soon as it was read.
            roster = await self._desk.roster.get(session)
        async with self._db.read() as session:
            busy = await busy_plates(session)
        for vehicle in roster.by_plate.values():
            self._show(vehicle, busy)
        self._seen = roster.version

    async def load_states(self, plates: Iterable[str]) -> None:
        """The same of some vehicles, which another process has sent out or taken back."""
        wanted = set(plates)
        async with self._db.read() as session:
            roster = await self._desk.roster.get(session)
        async with self._db.read() as session:
            busy = await busy_plates(session, wanted)
        for plate in wanted & roster.by_plate.keys():
            self._show(roster.by_plate[plate], busy)

    async def follow(self, stop: asyncio.Event) -> None:
        """Vehicles may be put on record by another process, such as an import beside this one."""
        while not stop.is_set():
            with suppress(StoreUnavailable):  # then at the next look
                async with self._db.read() as session:
                    version = (await self._desk.roster.get(session)).version
                if version != self._seen:
                    await self.load()
            await pause(stop, LOOK_S)

    def region_of(self, plate: str) -> str:
        """The province of the vehicle's dealer, by the first two digits of its adcode."""
        roster = self._desk.roster.latest
        vehicle = roster.by_plate.get(plate)
        dealer = roster.dealers.get(vehicle.dealer) if vehicle else None
        return dealer.city_code[:2] if dealer else NO_REGION

    def _show(self, vehicle: Vehicle, busy: Collection[str]) -> None:
        idle = VehicleState.FREE if vehicle.on_duty else VehicleState.OFF_DUTY
        state = VehicleState.BUSY if vehicle.plate in busy else idle
        self._desk.live.set_vehicle(vehicle.plate, vehicle.kind, state)
