"""Where vehicles were seen, by cells of a grid: the heat map of their fixes."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.grid import Cell, Grid
from core.upsert import on_postgresql
from tracking.history import usable
from tracking.tables import PositionFix, VehicleRow


async def fix_heat(
    session: AsyncSession, grid: Grid, start: datetime, end: datetime, *, fewest_vehicles: int = 1
) -> list[Cell]:
    """The usable fixes of each cell from `start` until before `end`, and of how many vehicles they are.

    Cells without fixes are left out, and those of fewer than `fewest_vehicles`.
    """
    box = grid.bbox
    postgis = on_postgresql(session)
    by_vehicle = _by_index_of_place(grid) if postgis else _by_vehicle(grid)
    by_vehicle = by_vehicle.where(
        PositionFix.fix_time >= start,
        PositionFix.fix_time < end,
        PositionFix.lat.between(box.south, box.north),
        PositionFix.lon.between(box.west, box.east),
        usable(PositionFix),
    )
    cell = by_vehicle.group_by("column", "row", PositionFix.plate).subquery()
    vehicles = func.count()
    statement = (
        select(cell.c.column, cell.c.row, func.sum(cell.c.fixes), vehicles)
        .where(
            cell.c.column.between(grid.columns[0], grid.columns[-1]), cell.c.row.between(grid.rows[0], grid.rows[-1])
        )
        .group_by(cell.c.column, cell.c.row)
        .having(vehicles >= fewest_vehicles)
        .order_by(cell.c.row, cell.c.column)
    )
    rows = (await session.execute(statement)).tuples()
    return [
        Cell(column=int(column), row=int(row), count=int(fixes), vehicles=seen) for column, row, fixes, seen in rows
    ]


def _by_index_of_place(grid: Grid) -> Select[Any]:
    """Closed days are indexed by the place as PostGIS sees it."""
    box = grid.bbox
    envelope = func.ST_MakeEnvelope(box.west, box.south, box.east, box.north)
    inside: ColumnElement[bool] = func.ST_MakePoint(PositionFix.lon, PositionFix.lat).bool_op("&&")(envelope)
    return _counted(func.floor(_east(grid)), func.floor(_north(grid))).where(inside)


def _by_vehicle(grid: Grid) -> Select[Any]:
    """Through the vehicles, since the embedded store has no index by time alone. A cast cuts off: that is its floor."""
    fixes = _counted(cast(_east(grid), Integer), cast(_north(grid), Integer))
    return fixes.join_from(VehicleRow, PositionFix, PositionFix.plate == VehicleRow.plate)


def _counted(column: ColumnElement[Any], row: ColumnElement[Any]) -> Select[Any]:
    return select(column.label("column"), row.label("row"), PositionFix.plate, func.count().label("fixes"))


def _east(grid: Grid) -> ColumnElement[float]:
    return (PositionFix.lon + 180.0) * grid.parts


def _north(grid: Grid) -> ColumnElement[float]:
    return (PositionFix.lat + 90.0) * grid.parts
