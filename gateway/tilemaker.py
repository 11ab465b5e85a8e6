"""Makes vector tiles beside the event loop, each once, and keeps what was asked for last.

One thread makes them, one after the other: what a tile costs is mostly the interpreter's time, which the desk has the
first claim to.
"""

import asyncio
import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

from core.errors import TooManyRequests
from core.webtiles import Tile

KEPT_BYTES: Final = 32 * 1024 * 1024
"""Packed tiles are kept up to this; all of a town's are a few megabytes."""
MOST_WAITING: Final = 500
"""A screen asks for some thirty tiles at once. Whoever comes when more are waiting is told to come again."""
_ONE_COSTS_BYTES: Final = 500
"""What a kept tile takes beside its own bytes."""
_PACKING: Final = 6
"""The level of gzip; beyond it tiles become hardly smaller."""

Draw = Callable[[Tile], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A tile as it is sent: gzip'd, or empty where nothing is drawn, and the tag that names just these bytes."""

    body: bytes
    etag: str


class TileMaker:
    """Belongs to one event loop."""

    def __init__(self, *, kept_bytes: int = KEPT_BYTES, most_waiting: int = MOST_WAITING) -> None:
        self._room = kept_bytes
        self._most_waiting = most_waiting
        self._kept: OrderedDict[tuple[str, Tile], Packed] = OrderedDict()
        self._being_made: dict[tuple[str, Tile], asyncio.Future[Packed]] = {}
        self._thread = ThreadPoolExecutor(1, "tiles")

    async def tile(self, layer: str, tile: Tile, draw: Draw) -> Packed:
        """The tile of `layer`, which is what `draw` makes of it. Raises `TooManyRequests`."""
        key = (layer, tile)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        making = self._being_made.get(key)
        if making is None:
            if len(self._being_made) >= self._most_waiting:
                raise TooManyRequests("too many tiles are waiting to be made")
            making = asyncio.get_running_loop().run_in_executor(self._thread, packed, draw, tile)
            self._being_made[key] = making
            making.add_done_callback(partial(self._made, key))
        return await asyncio.shield(making)  # whoever goes away takes nothing from the others who wait

    def close(self) -> None:
        """Make no further tile."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _made(self, key: tuple[str, Tile], making: "asyncio.Future[Packed]") -> None:
        del self._being_made[key]
        if making.cancelled() or making.exception():
            return
        self._kept[key] = made = making.result()
        self._room -= len(made.body) + _ONE_COSTS_BYTES
        while self._room < 0:
            _, dropped = self._kept.popitem(last=False)
            self._room += len(dropped.body) + _ONE_COSTS_BYTES


def packed(draw: Draw, tile: Tile) -> Packed:
    """Make a tile and pack it; the same tile always comes out as the same bytes, in every process."""
    drawn = draw(tile)
    return Packed(
        body=gzip.compress(drawn, _PACKING, mtime=0) if drawn else b"",
        etag=f'"{hashlib.sha256(drawn).hexdigest()[:24]}"',
    )
