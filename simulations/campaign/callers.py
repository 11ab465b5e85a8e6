"""People who ask whichever process answers: a write goes out under one key until it is answered, then it is noted."""

import asyncio
from collections.abc import Sequence
from itertools import count
from typing import Any
from urllib.parse import quote

from simulations.campaign.pulse import Pulse
from simulations.doors import AGAIN, FAULT, FAULT_ATTEMPTS, Door, Unreachable, attempts, content_of


class Caller:
    """Somebody signed in; the session holds at every process."""

    def __init__(self, doors: Sequence[Door], token: str, pulse: Pulse) -> None:
        self._doors = doors
        self._token = token
        self._pulse = pulse

    async def send(self, path: str, body: Any, *, key: str, at: int, method: str = "POST") -> Any:
        """A write, first at process `at`, then at the next ones, until one answers. Raises `Refused`."""
        answer = await self._ask(method, path, body, {"idempotency-key": quote(key)}, at)
        self._pulse.beat()
        return answer

    async def get(self, path: str, *, at: int) -> Any:
        """What is there to read. Raises `Refused`."""
        return await self._ask("GET", path, None, {}, at)

    async def _ask(self, method: str, path: str, body: Any, headers: dict[str, str], at: int) -> Any:
        named = {**headers, "authorization": f"Bearer {self._token}"}
        waits, faults = attempts(), 0
        for turn in count(at):
            try:
                answer = await self._doors[turn % len(self._doors)].call(
                    method, path, headers=named, body=body, params=None
                )
            except Unreachable:
                pass  # that process is gone; nobody knows whether it had the request
            else:
                faults += answer.status_code == FAULT
                if answer.status_code not in AGAIN or faults >= FAULT_ATTEMPTS:
                    return content_of(answer)
            await asyncio.sleep(next(waits))
        raise AssertionError("counting never ends")
