"""The load: so many fixes and cases a second, on and off, over all processes at once."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from simulations import madeup
from simulations.behaviour import Habits
from simulations.campaign.admission import admit, dispatchers, specialists
from simulations.campaign.callers import Caller
from simulations.campaign.cluster import Cluster
from simulations.campaign.pulse import Pulse
from simulations.campaign.rescues import Rescues
from simulations.campaign.senders import Metronome, Sender
from simulations.city import City
from simulations.doors import Client, Door
from simulations.fittings import vehicles
from simulations.provision import post_dealers, post_fleet
from simulations.tasks import Tasks

VEHICLES_EACH = 4
OFFER_TIMEOUT_S = 15
AUTO_CLOSE_S = 20
SETTINGS = {
    "NEARSIDE_OFFER_TIMEOUT_S": str(OFFER_TIMEOUT_S),
    "NEARSIDE_AUTO_CLOSE_S": str(AUTO_CLOSE_S),
}
"""Deadlines so short that many fall due within each round."""
SPECIALISTS = 2
SETTLE_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How much is sent: fixes and cases each second, by how many dealers' vehicles; screens at each process."""

    fixes_per_s: float = 2000
    cases_per_s: float = 5
    dealers: int = 40
    screens: int = 2


class Load:
    """Made by `provide`; nothing is sent before `start`."""

    def __init__(
        self,
        senders: Sequence[Sender],
        beat: Metronome,
        rescues: Rescues,
        rates: Rates,
        tokens: Sequence[str],
        *,
        fixes: Pulse,
        commands: Pulse,
    ) -> None:
        self.senders = senders
        self.rescues = rescues
        self.tokens = tokens
        """Dispatchers' sessions."""
        self.fixes = fixes
        self.commands = commands
        self._beat = beat
        self._rates = rates
        self._lines = Tasks()
        self._calls = Tasks()

    async def connect(self) -> None:
        """Every terminal to its process."""
        for sender in self.senders:
            self._lines.start(sender.run())

    async def start(self) -> None:
        """From now on fixes and calls come."""
        for sender in self.senders:
            await sender.go_home()
        self._beat.start()
        for sender in self.senders:
            sender.begin()
        self._calls = Tasks()
        self._calls.start(self.rescues.call_in(self._rates.cases_per_s))

    def measure(self) -> None:
        """From now on the waits count."""
        self.fixes.start()
        self.commands.start()

    async def stop(self, within_s: float) -> list[str]:
        """Nothing new; wait until all is answered. Gives what is still open after `within_s`."""
        self._beat.stop()
        await self._calls.stop()
        self.rescues.hurry()
        await self._until(lambda: not self._open, within_s)
        self.fixes.stop()
        self.commands.stop()
        return [f"after {within_s:.0f} s still unanswered: {self._open}"] if self._open else []

    async def settled(self, within_s: float) -> bool:
        """Wait until fixes are answered as they come again; False where they are not after `within_s`."""
        return await self._until(lambda: self._waiting < 2 * self._rates.fixes_per_s, within_s)

    async def close(self) -> None:
        """Everybody goes home."""
        await self._calls.stop()
        await self.rescues.tasks.stop()
        await self._lines.stop()

    @property
    def failures(self) -> list[str]:
        """What failed in the load's own tasks."""
        tasks = (*self._lines.failures, *self._calls.failures, *self.rescues.tasks.failures)
        return [f"a client failed: {failure!r}" for failure in tasks]

    @property
    def _waiting(self) -> int:
        return sum(sender.unanswered for sender in self.senders)

    @property
    def _open(self) -> str:
        waiting, cases = self._waiting, self.rescues.under_way
        return f"{waiting} fixes, {cases} cases" if waiting or cases else ""

    async def _until(self, condition: Callable[[], bool], within_s: float) -> bool:
        for _ in range(round(within_s / SETTLE_S)):
            if condition():
                return True
            await asyncio.sleep(SETTLE_S)
        return condition()


async def provide(cluster: Cluster, rates: Rates) -> Load:
    """Put a made-up city and its people on record, at a cluster that is ready."""
    city = _city(rates.dealers)
    cac = dispatchers(max(1, rates.screens))
    fielded = specialists([dealer.code for dealer in city.dealers], SPECIALISTS)
    sessions = await admit(cluster.database, [*cac, *fielded])
    door = Door(cluster.gateways[0].url, cluster.ledger)
    try:
        client = Client(door, cac[0].name, "")
        client.token = sessions[cac[0].name]
        await post_dealers(client, city.dealers)
        tokens = await post_fleet(client, city)
    finally:
        await door.close()
    fixes, commands = Pulse(), Pulse()
    beat = Metronome(timedelta(microseconds=round(1e6 * len(tokens) / rates.fixes_per_s)))
    fitted = [vehicle for vehicle in city.vehicles if vehicle.terminal_id]
    urls = [gateway.url for gateway in cluster.gateways]
    senders = [
        Sender(one.terminal_id, tokens[one.plate], one.home, urls, number % len(urls), beat, fixes)
        for number, one in enumerate(fitted)
    ]
    callers: dict[str, list[Caller]] = {}
    for user in fielded:
        callers.setdefault(user.dealer, []).append(Caller(cluster.doors, sessions[user.name], commands))
    rescues = Rescues(
        city,
        dispatcher=Caller(cluster.doors, client.token, commands),
        specialists=callers,
        ledger=cluster.ledger,
        offer_timeout_s=OFFER_TIMEOUT_S,
    )
    seats = [sessions[user.name] for user in cac]
    return Load(senders, beat, rescues, rates, seats, fixes=fixes, commands=commands)


def _city(dealers: int) -> City:
    city = madeup.make(dealers=dealers, cases=0, day_s=1, seed=1, habits=Habits())
    fleet = vehicles(city.dealers, 1, services=VEHICLES_EACH, tow_share=0)
    return City(origin=city.origin, dealers=city.dealers, vehicles=fleet, calls=())
