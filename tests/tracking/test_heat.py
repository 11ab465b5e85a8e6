from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from random import Random

from msgspec.structs import replace
from tracking_build import NOW, fit, fix_at

from core.database import Database
from core.geo import BBox, Position
from core.grid import Cell, grid
from tracking.fixes import is_coarse
from tracking.fixstore import store_fixes
from tracking.queries import fix_heat
from tracking.vocabulary import Fix

GRID = grid(BBox(west=121.38, south=31.19, east=121.45, north=31.22), 0.01)
START = NOW - timedelta(hours=1)


def scattered(rng: Random, plate: str) -> list[Fix]:
    """Fixes inside and outside of the grid, on edges of cells too, some coarse."""
    fixes: list[Fix] = []
    for seq in range(200):
        lat, lon = rng.uniform(31.17, 31.24), rng.uniform(121.36, 121.47)
        if seq % 5 == 0:
            lat, lon = round(lat, 2), round(lon, 2)
        fix = replace(fix_at(seq * 20, seq=seq), position=Position(lat=lat, lon=lon), terminal_id=f"T{plate}")
        fixes.append(replace(fix, accuracy_m=550.0) if seq % 7 == 0 else fix)
    return fixes


def counted(trails: dict[str, Sequence[Fix]], end_s: float, fewest: int) -> list[Cell]:
    cells: dict[tuple[int, int], list[str]] = defaultdict(list)
    for plate, fixes in trails.items():
        for fix in fixes:
            early_enough = (fix.time - START).total_seconds() < end_s
            column, row = GRID.cell_of(fix.position)
            if early_enough and not is_coarse(fix) and column in GRID.columns and row in GRID.rows:
                cells[row, column].append(plate)
    return [
        Cell(column=column, row=row, count=len(plates), vehicles=len(set(plates)))
        for (row, column), plates in sorted(cells.items())
        if len(set(plates)) >= fewest
    ]


async def test_fixes_are_counted_by_cell_as_one_by_one(db: Database) -> None:
    rng = Random(7)
    trails: dict[str, Sequence[Fix]] = {f"P{name}": scattered(rng, name) for name in "ABC"}
    await fit(db, "ABC")
    async with db.write() as session:
        await store_fixes(session, [(plate, fix) for plate, fixes in trails.items() for fix in fixes])
    for end_s, fewest in ((4000, 1), (2000, 1), (2000, 3)):
        async with db.read() as session:
            end = START + timedelta(seconds=end_s)
            found = await fix_heat(session, GRID, START, end, fewest_vehicles=fewest)
        expected = counted(trails, end_s, fewest)
        assert found == expected
        assert len(expected) > 3
