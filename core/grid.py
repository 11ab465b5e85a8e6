"""A grid of cells in whole parts of a degree, in which things are counted for a map.

The grid lies still whatever part of the map is looked at, so that a count means the same while the map is moved. A cell
is as wide as high in degrees: at 30° N its width is 0.87 of its height in metres.
"""

import math
from dataclasses import dataclass
from typing import Final

from core.errors import Invalid
from core.geo import BBox, Position

PARTS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Into how many cells a degree may be divided: from 111 km a cell to 111 m."""
SIZES_DEG: Final = tuple(1 / parts for parts in PARTS)
MOST_CELLS: Final = 40_000
"""More cells than a screen can show apart are asked for by mistake."""
_HAIR_DEG: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The cells of some columns and rows, `parts` of them to each degree. Every cell is in it whole."""

    parts: int
    columns: range
    rows: range

    @property
    def bbox(self) -> BBox:
        """A rectangle that holds all of its cells, and for the sake of rounding a hair more."""
        first = self.outline(self.columns[0], self.rows[0])
        last = self.outline(self.columns[-1], self.rows[-1])
        return BBox(
            west=first.west - _HAIR_DEG,
            south=first.south - _HAIR_DEG,
            east=last.east + _HAIR_DEG,
            north=last.north + _HAIR_DEG,
        )

    def cell_of(self, position: Position) -> tuple[int, int]:
        """Column and row of the cell that a position lies in, counted from 180° W and 90° S.

        The stores count by the same arithmetic, step by step, so that a position on an edge goes the same way.
        """
        return math.floor((position.lon + 180.0) * self.parts), math.floor((position.lat + 90.0) * self.parts)

    def outline(self, column: int, row: int) -> BBox:
        """The rectangle of a cell; its western and southern edges belong to it."""
        return BBox(
            west=column / self.parts - 180.0,
            south=row / self.parts - 90.0,
            east=(column + 1) / self.parts - 180.0,
            north=(row + 1) / self.parts - 90.0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What was counted in one cell. `vehicles` is how many different ones it comes from, where it comes from such."""

    column: int
    row: int
    count: int
    vehicles: int | None = None


def grid(bbox: BBox, size_deg: float) -> Grid:
    """The cells of one of `SIZES_DEG` that `bbox` touches. Raises `Invalid` for another size, or too many cells."""
    if size_deg not in SIZES_DEG:
        raise Invalid(f"a cell is one of {', '.join(f'{size:g}' for size in SIZES_DEG)} degrees", field="cell")
    parts = PARTS[SIZES_DEG.index(size_deg)]
    whole = Grid(parts=parts, columns=range(0), rows=range(0))
    west, south = whole.cell_of(Position(lat=bbox.south, lon=bbox.west))
    east, north = whole.cell_of(Position(lat=bbox.north, lon=bbox.east))
    columns, rows = range(west, east + 1), range(south, north + 1)
    if len(columns) * len(rows) > MOST_CELLS:
        raise Invalid(f"that is more than {MOST_CELLS} cells: ask for larger ones, or for a smaller bbox", field="cell")
    return Grid(parts=parts, columns=columns, rows=rows)
