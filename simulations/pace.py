"""Time in a rehearsal: waits are in seconds of the rehearsed clock, which may run faster than the wall's."""

import asyncio
from datetime import datetime, timedelta

from core.clock import Clock


class Pace:
    """Tells the rehearsed time and sleeps by it. The drivers compute the same clock as the server."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @property
    def speed(self) -> float:
        """Rehearsed seconds for each second of the wall."""
        return self._clock.speed

    def now(self) -> datetime:
        """The rehearsed moment, aware, in UTC."""
        return self._clock.now()

    def seconds(self) -> float:
        """The rehearsed moment in seconds of the epoch, as motion counts it."""
        return self._clock.now().timestamp()

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` of the rehearsed clock pass."""
        await asyncio.sleep(max(0.0, seconds) / self.speed)

    async def until(self, moment: datetime) -> None:
        """Wait for a rehearsed moment; one that has passed is not waited for."""
        await self.sleep((moment - self.now()) / timedelta(seconds=1))

    async def unless(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait `seconds`, or less if `event` is set: then True."""
        try:
            async with asyncio.timeout(max(0.0, seconds) / self.speed):
                await event.wait()
        except TimeoutError:
            return False
        return True
