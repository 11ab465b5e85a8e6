"""Where help was needed, by cells of a grid: the heat map of the cases' scenes."""

from collections import Counter
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from core.grid import Cell, Grid
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
    opened = select(CaseRow.scene).where(CaseRow.opened_at >= start, CaseRow.opened_at < end)
    scenes = (await session.execute(opened)).scalars()
    return Counter(grid.cell_of(scene) for scene in scenes if grid.bbox.contains(scene))
