"""What a day has to bear beside the work: lost connections, looks at the scores, and a server killed in mid-day."""

import asyncio
import random
from collections.abc import Sequence

from simulations.behaviour import dice
from simulations.doors import Client
from simulations.feed import Feed
from simulations.pace import Pace
from simulations.service import Server

SCREEN_DROP_S = 60.0
"""Wall seconds, on average, between two losses of a screen's connection."""
SCORES_EVERY_S = 20.0
"""Wall seconds between two looks at the scores, so that they are brought up to date in many steps."""


class Shaking:
    """Goes on beside the day until cancelled. `kills` are seconds of the epoch on the rehearsed clock."""

    def __init__(
        self,
        *,
        screens: Sequence[Feed],
        client: Client,
        server: Server | None,
        kills: Sequence[float],
        pace: Pace,
        seed: int,
    ) -> None:
        self._screens = screens
        self._client = client
        self._server = server
        self._kills = kills
        self._pace = pace
        self._rng = dice(seed, "shaking")

    async def go_on(self) -> None:
        """Everything at once."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._drop_screens(self._rng))
            group.create_task(self._look_at_scores())
            if self._server:
                group.create_task(self._kill(self._server))

    async def _drop_screens(self, rng: random.Random) -> None:
        while True:
            await asyncio.sleep(rng.expovariate(1 / SCREEN_DROP_S))
            await rng.choice(self._screens).drop()

    async def _look_at_scores(self) -> None:
        while True:
            await asyncio.sleep(SCORES_EVERY_S)
            await self._client.get("/scores")

    async def _kill(self, server: Server) -> None:
        door = self._client.door
        for at_s in self._kills:
            await self._pace.sleep(at_s - self._pace.seconds())
            server.kill()
            server.start()
            door.ledger.restarts.append(await server.until_ready(door))


def kill_moments(seed: int, kills: int, day_s: float) -> list[float]:
    """When to kill the server: seconds of the day, one in each of `kills` equal parts of it, at a seeded moment."""
    rng = dice(seed, "kills")
    part_s = day_s / max(1, kills)
    return [(number + rng.uniform(0.1, 0.9)) * part_s for number in range(kills)]
