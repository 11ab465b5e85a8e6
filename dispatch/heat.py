"""Where help was needed: the cases' scenes, counted by cells of a grid or by hexagons."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from core.geo import BBox, Position
from core.grid import Cell, Grid
from core.hexagons import centre, hexagon_of
from core.upsert import on_postgresql
from dispatch.tables import CaseRow


async def case_heat(session: AsyncSession, grid: Grid, start: datetime, end: datetime) -> list[Cell]:
    """The cases of each cell, opened from `start` until before `end`; cells without any are left out.

    The index by the time of opening serves both stores: of the cases of some weeks most are wanted on the map.
    """
    counted = await (_in_postgis if on_postgresql(session) else _embedded)(session, grid, start, end)
    inside = {cell: count for cell, count in counted.items() if cell[0] in grid.columns and cell[1] in grid.rows}
    cells = [Cell(column=column, row=row, count=count) for (column, row), count in inside.items()]
    return sorted(cells, key=lambda cell: (cell.row, cell.column))


_COUNTED = text(
    """
    SELECT floor((ST_X(place) + 180.0) * :parts)::int, floor((ST_Y(place) + 90.0) * :parts)::int, count(*)
    FROM (SELECT scene::geometry AS place FROM rescue_case WHERE opened_at >= :start AND opened_at < :end) AS opened
    WHERE ST_X(place) BETWEEN :west AND :east AND ST_Y(place) BETWEEN :south AND :north
    GROUP BY 1, 2
    """
)


async def _in_postgis(session: AsyncSession, grid: Grid, start: datetime, end: datetime) -> dict[tuple[int, int], int]:
    box = grid.bbox
    within = {"west": box.west, "south": box.south, "east": box.east, "north": box.north}
    rows = await session.execute(_COUNTED, {"parts": grid.parts, "start": start, "end": end, **within})
    return {(column, row): count for column, row, count in rows.tuples()}


async def _embedded(session: AsyncSession, grid: Grid, start: datetime, end: datetime) -> dict[tuple[int, int], int]:
    scenes = await _scenes(session, start, end)
    return Counter(grid.cell_of(scene) for scene in scenes if grid.bbox.contains(scene))


async def demand(
    session: AsyncSession, resolution: int, bbox: BBox, start: datetime, end: datetime
) -> list[tuple[str, int]]:
    """The cases of each H3 hexagon with its middle in `bbox`, opened from `start` until before `end`; most first.

    PostgreSQL knows no H3 without an extension that is not Debian's, so both stores give the scenes and they are
    counted here: about a microsecond each.
    """
    counted = Counter(hexagon_of(scene, resolution) for scene in await _scenes(session, start, end))
    return [(hexagon, count) for hexagon, count in counted.most_common() if bbox.contains(centre(hexagon))]


async def _scenes(session: AsyncSession, start: datetime, end: datetime) -> Iterable[Position]:
    opened = select(CaseRow.scene).where(CaseRow.opened_at >= start, CaseRow.opened_at < end)
    return (await session.execute(opened)).scalars()
