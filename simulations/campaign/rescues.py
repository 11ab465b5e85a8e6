"""Cases by the second: motorists call at a steady rate, whatever answers."""

import asyncio
import random
from collections.abc import Mapping, Sequence

from simulations.campaign.callers import Caller
from simulations.campaign.rescue import FATES, People, Rescue
from simulations.city import City
from simulations.doors import Refused
from simulations.ledger import Ledger
from simulations.tasks import Tasks
from tracking.vocabulary import VehicleKind

AT_ONCE = 300
"""So many cases may be under way; while nobody answers, no further motorist calls."""


class Rescues:
    """Starts the cases and counts how they end."""

    def __init__(
        self,
        city: City,
        *,
        dispatcher: Caller,
        specialists: Mapping[str, Sequence[Caller]],
        ledger: Ledger,
        offer_timeout_s: float,
    ) -> None:
        self.tasks = Tasks()
        self.called = 0
        self.under_way = 0
        vehicles: dict[str, list[str]] = {}
        for vehicle in city.vehicles:
            if vehicle.kind is VehicleKind.SERVICE:
                vehicles.setdefault(vehicle.dealer, []).append(vehicle.plate)
        self.people = People(
            dispatcher=dispatcher,
            specialists=specialists,
            vehicles=vehicles,
            ledger=ledger,
            luck=random.Random(1),
            ignored_s=offer_timeout_s + 2,
        )

    async def call_in(self, per_s: float) -> None:
        """A motorist calls `per_s` times a second, until cancelled."""
        self.people.hurry.clear()
        while True:
            if self.under_way < AT_ONCE:
                self.called += 1
                self.tasks.start(self._live(self.called))
            await asyncio.sleep(1 / per_s)

    def hurry(self) -> None:
        """What is under way comes to its end without waiting."""
        self.people.hurry.set()

    async def _live(self, number: int) -> None:
        self.under_way += 1
        try:
            await Rescue(self.people, number).live(FATES[number % len(FATES)])
        except Refused:
            pass  # an outage let an offer expire; the ledger counts the codes
        finally:
            self.under_way -= 1
