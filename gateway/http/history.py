"""History on the map: who passed a place, and where vehicles were seen or help was needed."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from core.datum import Datum
from core.errors import Invalid
from core.geo import parse_bbox
from core.grid import SIZES_DEG, Cell, Grid, grid
from dispatch.heat import case_heat
from dispatch.opening import to_position
from gateway.http.door import CacDoor, From, NetworkDoor, To, read_answer, span_of
from gateway.http.fields import parse_time
from gateway.http.paging import Cursor, page
from gateway.http.views import HeatCellView, PassView
from gateway.problems import documented
from tracking import queries as tracking
from tracking.passing import PassKey, pass_key

router = APIRouter(tags=["history"])

MOST_DAYS = 31
FEWEST_VEHICLES = 3
"""A cell that fewer vehicles were in is the way of somebody; those who may not follow vehicles do not see it."""

_SIZES: dict[str, Any] = {"enum": list(SIZES_DEG)}


@router.get(
    "/vehicles/passed",
    summary="Who passed a place",
    response_model=list[PassView],
    responses=documented(422, 503),
)
async def passed(
    door: CacDoor,
    request: Request,
    lat: float,
    lon: float,
    radius_m: Annotated[float, Query(ge=10, le=2000)] = 200,
    datum: Datum = Datum.WGS84,
    start: From = None,
    end: To = None,
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Response:
    """Each visit within `radius_m`, by time, from `from` to `to`; without them, the last hour. At most 31 days.

    Between two fixes at most two minutes and two kilometres apart the way is taken as straight.
    """
    place = to_position(lat, lon, datum)
    desk = door.desk
    since, until = span_of(start, end, desk.clock.now(), usual=timedelta(hours=1), most_days=MOST_DAYS)
    async with desk.db.read() as session:
        found = await tracking.passed_within(
            session,
            place,
            radius_m=radius_m,
            start=since,
            end=until,
            after=_after(cursor),
            limit=limit + 1,
        )
        roster = (await desk.roster.get(session)).by_plate
    shown = found[:limit]
    views = [
        PassView(
            vehicle=one.plate,
            dealer=known.dealer if (known := roster.get(one.plate)) else "",
            nearest_m=round(one.nearest_m, 1),
            at=one.at,
            since=one.since,
            until=one.until,
        )
        for one in shown
    ]
    return page(request, views, _cursor(pass_key(shown[-1])) if len(found) > limit else "")


@router.get(
    "/heat",
    summary="Where vehicles were seen, or help was needed",
    response_model=list[HeatCellView],
    responses=documented(422, 503),
)
async def heat(
    door: NetworkDoor,
    of: Literal["fixes", "cases"],
    bbox: Annotated[str, Query(max_length=120, description="west,south,east,north in degrees")],
    cell: Annotated[float, Query(description="the size of a cell in degrees", json_schema_extra=_SIZES)] = 0.01,
    start: From = None,
    end: To = None,
) -> Response:
    """Every cell that `bbox` touches and in which something was, from `from` until before `to`; else the last day.

    A cell is counted whole, so its count does not change as the map is moved. It holds no personal data: a count says
    neither who nor when, and the OEM, which may not follow vehicles, sees only cells of three different ones or more.
    Places of cases are known to it one by one anyway.
    """
    cells = grid(parse_bbox(bbox), cell)
    desk = door.desk
    since, until = span_of(start, end, desk.clock.now(), usual=timedelta(days=1), most_days=MOST_DAYS)
    fewest = 1 if door.user.is_cac else FEWEST_VEHICLES
    async with desk.db.read() as session:
        if of == "fixes":
            found = await tracking.fix_heat(session, cells, since, until, fewest_vehicles=fewest)
        else:
            found = await case_heat(session, cells, since, until)
    return read_answer([_view(cells, one) for one in found])


def _view(cells: Grid, cell: Cell) -> HeatCellView:
    edges = cells.outline(cell.column, cell.row)
    return HeatCellView(
        # No cell is smaller than a thousandth of a degree.
        west=round(edges.west, 3),
        south=round(edges.south, 3),
        east=round(edges.east, 3),
        north=round(edges.north, 3),
        count=cell.count,
        vehicles=cell.vehicles,
    )


def _cursor(key: PassKey) -> str:
    moment, plate = key
    return f"{moment.isoformat()}|{plate}"


def _after(cursor: str) -> PassKey | None:
    if not cursor:
        return None
    moment, _, plate = cursor.partition("|")
    try:
        return parse_time(moment), plate
    except ValueError as error:
        raise Invalid("not a cursor that this service gave", field="cursor") from error
