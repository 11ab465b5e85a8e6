"""A rescue vehicle on the road: it is somewhere, goes where it is sent, and its terminal says so."""

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime

from core.geo import Position
from simulations.city import CityVehicle
from simulations.fleet import Course, Path, Point, drive, parked, patrol
from simulations.pace import Pace
from simulations.terminal import Terminal

IDLE_S = 60.0
MOVING_S = 20.0
"""Rehearsed seconds between two fixes of a vehicle that stands, and of one that works."""
RESTS_S = 2 * 3600.0
"""A free vehicle stands so long, on average, before it patrols again."""
BUDGET_PER_S = 150.0
"""Fixes for each second of the wall that all terminals together may send."""


class Vehicle:
    """One vehicle. `busy` while it is out on a trip; without a terminal nobody is told where it is."""

    def __init__(
        self,
        facts: CityVehicle,
        pace: Pace,
        rng: random.Random,
        *,
        terminal: Terminal | None = None,
        track: Sequence[Point] = (),
        idle_s: float = IDLE_S,
        moving_s: float = MOVING_S,
        rests_s: float = RESTS_S,
        blind: float = 0.0,
    ) -> None:
        self.facts = facts
        self.terminal = terminal
        self.busy = False
        self._pace = pace
        self._rng = rng
        self._track = track
        self._idle_s = idle_s
        self._moving_s = moving_s
        self._rests_s = rests_s
        self._blind = blind
        self._course = Course((parked(facts.home, pace.seconds()),))
        self._sent_off = asyncio.Event()

    def where(self) -> Position:
        """Where it is now."""
        return self._course.where(self._pace.seconds())

    def go(self, path: Path) -> None:
        """Take this way from now on."""
        self._course = Course((path,))
        self._sent_off.set()

    def way_to(self, place: Position) -> Path:
        """The way it would take from here, setting out now."""
        return drive(self.where(), place, self._pace.seconds(), self.facts.kind, self._rng)

    def release(self) -> None:
        """The trip is over: drive home, free for the next on the way."""
        self.busy = False
        self.go(self.way_to(self.facts.home))

    async def report(self) -> None:
        """Send fixes through the terminal until cancelled, closer together while at work; patrol at times."""
        if self.terminal is None:
            return
        await self._pace.sleep(self._rng.uniform(0, self._idle_s))
        while True:
            now_s = self._pace.seconds()
            reading = self._course.current(now_s).read(now_s, self._rng)
            blind = self._rng.random() < self._blind
            facts = {
                "lat": 0.0 if blind else round(reading.lat, 7),
                "lon": 0.0 if blind else round(reading.lon, 7),
                "speed_mps": reading.speed_mps,
                "course_deg": reading.course_deg,
                "accuracy_m": reading.accuracy_m,
                "datum": "wgs84",
            }
            at = datetime.fromtimestamp(round(now_s, 3), UTC)
            self.terminal.fix(at, {name: fact for name, fact in facts.items() if fact is not None})
            self._sent_off.clear()
            self._perhaps_patrol(now_s)
            spacing_s = self._moving_s if self.busy else self._idle_s
            await self._pace.unless(self._sent_off, spacing_s)

    def _perhaps_patrol(self, now_s: float) -> None:
        resting = not self.busy and now_s > self._course.ends_s
        if resting and self._track and self._rng.random() < self._idle_s / self._rests_s:
            self._course = patrol(self.where(), self._track, now_s, self.facts.kind, self._rng)


def spacings(terminals: int, working: int, speed: float, wanted_s: tuple[float, float]) -> tuple[float, float]:
    """Rehearsed seconds between fixes (standing, at work), stretched so that all terminals stay within the budget."""
    idle_s, moving_s = wanted_s
    load_per_s = terminals * speed / idle_s + working * speed / moving_s
    stretch = max(1.0, load_per_s / BUDGET_PER_S)
    return idle_s * stretch, moving_s * stretch
