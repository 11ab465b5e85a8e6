"""The tiles that this service makes itself: roads of a file by setting, and the outlines of the prefectures."""

from pathlib import Path
from typing import Final

from core.errors import NotFound
from core.outlinetiles import OutlineTiles
from core.places import Places
from core.roads import Roads, read_roads
from core.settings import Settings
from core.webtiles import Tile
from gateway.tilemaker import Packed, TileMaker, packed

_NOTHING: Final = packed(lambda _: b"", Tile(z=0, x=0, y=0))


class OwnTiles:
    """Roads and outlines. Belongs to one event loop."""

    def __init__(self, settings: Settings, places: Places) -> None:
        self._file = settings.roads
        self._places = places
        self._outlines: OutlineTiles | None = None
        self._maker = TileMaker()
        self.roads: Roads | None = None
        """None where none are configured, or before `load`."""

    def load(self) -> None:
        """Read the roads, where there are any. Raises `core.roads.UnusableRoads`."""
        if self._file:
            self.roads = read_roads(Path(self._file))

    def close(self) -> None:
        """Make no further tile."""
        self._maker.close()

    async def roads_tile(self, tile: Tile) -> Packed:
        """A tile of roads. Raises `NotFound` where none are configured, and `TooManyRequests`."""
        if self.roads is None:
            raise NotFound("no roads are configured")
        # The world is full of tiles without a road of ours: they take nobody's place.
        return await self._maker.tile("roads", tile, self.roads.draw) if self.roads.reach(tile) else _NOTHING

    async def outlines_tile(self, tile: Tile) -> Packed:
        """A tile of outlines, for signed-in people only (decision 4). Raises `TooManyRequests`."""
        return await self._maker.tile("outlines", tile, self._draw_outlines)

    def _draw_outlines(self, tile: Tile) -> bytes:
        if self._outlines is None:
            self._outlines = OutlineTiles(self._places.cities())
        return self._outlines.draw(tile)
