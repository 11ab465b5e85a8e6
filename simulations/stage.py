"""A city's people at work on a running service: dispatchers, screens, specialists, vehicles with their terminals."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from core.geo import Position, distance_m
from simulations.behaviour import Habits, dice
from simulations.city import City, CityVehicle
from simulations.dispatcher import Dispatcher
from simulations.doors import Client
from simulations.feed import Feed
from simulations.fleet import Point
from simulations.ledger import FixBook, Ledger
from simulations.pace import Pace
from simulations.specialist import Specialist
from simulations.tasks import Tasks
from simulations.telephone import Telephone
from simulations.terminal import Terminal
from simulations.vehicle import IDLE_S, MOVING_S, RESTS_S, Vehicle, spacings

PATROL_WITHIN_M = 8_000
"""A vehicle patrols on the real track that begins nearest to its home, if that is near enough."""
WORKING_SHARE = 0.1
"""This share of the vehicles is expected to be out at any time."""


class Stage:
    """Everybody of one run. Nothing moves before `open`."""

    def __init__(self, city: City, *, pace: Pace, habits: Habits, seed: int, ledger: Ledger) -> None:
        self.city = city
        self.pace = pace
        self.ledger = ledger
        self.tasks = Tasks()
        self.vehicles: list[Vehicle] = []
        self.specialists: list[Specialist] = []
        self.screens: list[Feed] = []
        self.dispatcher: Dispatcher | None = None
        self._driving = Tasks()
        self._habits = habits
        self._seed = seed
        self._telephone: Telephone = Telephone()

    def place_vehicles(
        self,
        url: str,
        tokens: Mapping[str, str],
        *,
        spacing_s: tuple[float, float] = (IDLE_S, MOVING_S),
        rests_s: float = RESTS_S,
    ) -> None:
        """Every vehicle at its home, with its terminal where one is fitted; `spacing_s` is (standing, at work)."""
        working = round(len(tokens) * WORKING_SHARE)
        idle_s, moving_s = spacings(len(tokens), working, self.pace.speed, spacing_s)
        for facts in self.city.vehicles:
            rng = dice(self._seed, "vehicle", facts.plate)
            terminal = None
            if token := tokens.get(facts.plate):
                book = self.ledger.fixes.setdefault(facts.plate, FixBook(plate=facts.plate))
                terminal = Terminal(
                    url,
                    token,
                    book,
                    self.ledger,
                    rng,
                    duplicate=self._habits.duplicate,
                    shuffled=self._habits.shuffled,
                )
            self.vehicles.append(
                Vehicle(
                    facts,
                    self.pace,
                    rng,
                    terminal=terminal,
                    track=_nearest_track(facts, self.city.tracks),
                    idle_s=idle_s,
                    moving_s=moving_s,
                    rests_s=rests_s,
                    blind=self._habits.blind,
                )
            )

    def put_on_duty(self, clients: Mapping[str, Client], *, shared: AbstractSet[str] = frozenset()) -> None:
        """A specialist for each dealer that has a signed-in client.

        In a `shared` dealer a person may sit as well, and is left the offers of cases that people opened.
        """
        for dealer in self.city.dealers:
            if client := clients.get(dealer.code):
                own = [vehicle for vehicle in self.vehicles if vehicle.facts.dealer == dealer.code]
                self.specialists.append(
                    Specialist(
                        dealer,
                        own,
                        client,
                        pace=self.pace,
                        habits=self._habits,
                        seed=self._seed,
                        telephone=self._telephone,
                        start=self.tasks.start,
                        answers=self._took if dealer.code in shared else lambda _case_id: True,
                    )
                )

    def _took(self, case_id: str) -> bool:
        return self.dispatcher is not None and self.dispatcher.took(case_id)

    def seat_dispatchers(self, clients: Sequence[Client]) -> Dispatcher:
        """The first works the board, the others only watch it."""
        self.dispatcher = Dispatcher(
            clients[0],
            self.city,
            pace=self.pace,
            habits=self._habits,
            seed=self._seed,
            telephone=self._telephone,
            start=self.tasks.start,
        )
        self.screens = [self.dispatcher.feed, *(Feed(client) for client in clients[1:])]
        return self.dispatcher

    async def open(self) -> None:
        """Everybody to work; returns when every feed has told what there is."""
        feeds = [*self.screens, *(specialist.feed for specialist in self.specialists)]
        for feed in feeds:
            self.tasks.start(feed.run())
        for vehicle in self.vehicles:
            if vehicle.terminal is not None:
                self.tasks.start(vehicle.terminal.run())
                self._driving.start(vehicle.report())
        for feed in feeds:
            await feed.seen.wait()
        if self.dispatcher is not None:
            self.tasks.start(self.dispatcher.work_board())
            self.tasks.start(self.dispatcher.answer_phone())

    async def park(self) -> None:
        """No further fixes; what was said is still delivered."""
        await self._driving.stop()

    async def close(self) -> None:
        """Everybody goes home."""
        await self._driving.stop()
        await self.tasks.stop()

    @property
    def failures(self) -> Iterable[BaseException]:
        """What failed in any of the run's tasks."""
        return (*self.tasks.failures, *self._driving.failures)

    @property
    def unacked(self) -> int:
        """Messages of terminals that the service has not answered yet."""
        return sum(vehicle.terminal.unacked for vehicle in self.vehicles if vehicle.terminal)


def _nearest_track(vehicle: CityVehicle, tracks: Sequence[Sequence[Point]]) -> Sequence[Point]:
    if not tracks:
        return ()
    home = vehicle.home
    best = min(tracks, key=lambda track: abs(track[0].lat - home.lat) + abs(track[0].lon - home.lon))
    begins = Position(lat=best[0].lat, lon=best[0].lon)
    return best if distance_m(home, begins) <= PATROL_WITHIN_M else ()
