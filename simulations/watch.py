"""What a specialist knows of one case from the feed, for whoever works on it to wait on."""

import asyncio
from collections.abc import Mapping
from typing import Any

GOING_ON = frozenset({"accepted", "en_route", "on_scene", "towing", "awaiting_second_dispatch"})


class CaseWatch:
    """One case as its card last showed it. `over` is set when the dealer's part in it is at its end."""

    def __init__(self, dealer: str) -> None:
        self.over = asyncio.Event()
        self.status = ""
        self._dealer = dealer
        self._changed = asyncio.Event()

    def show(self, card: Mapping[str, Any] | None) -> None:
        """Take in a newer card; none: the case is no longer on the dealer's board."""
        self.status = "" if card is None else card["status"]
        if card is None or card["status"] not in GOING_ON or card["dealer"] != self._dealer:
            self.over.set()
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def until(self, *statuses: str) -> None:
        """Wait for one of these statuses, or for the end of the dealer's part."""
        while self.status not in statuses and not self.over.is_set():
            await self._changed.wait()
