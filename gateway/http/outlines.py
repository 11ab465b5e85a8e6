"""Outlines of the prefectures, for orientation where there is no other map."""

import asyncio
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from starlette.responses import Response

from core.geo import parse_bbox
from gateway.http.door import JSON, AnyDoor
from gateway.problems import documented

router = APIRouter(tags=["reference"])

FINEST_DEG = 0.001
COARSEST_DEG = 0.064
_A_DAY = "private, max-age=86400"


@router.get("/outlines", summary="Outlines of the prefectures, for orientation", responses=documented(422, 503))
async def outlines(
    door: AnyDoor,
    w: Annotated[float, Query(description="west, in degrees")],
    s: Annotated[float, Query(description="south")],
    e: Annotated[float, Query(description="east")],
    n: Annotated[float, Query(description="north")],
    tolerance_deg: Annotated[
        float, Query(ge=FINEST_DEG, le=COARSEST_DEG, description="how far a line may stray")
    ] = COARSEST_DEG,
) -> Response:
    """`[{code, name, rings: [[[lon, lat], …], …]}]` of the units that meet the box, for even-odd filling.

    For signed-in people only: to show them to the public needs a map with an approval number (decision 4).
    """
    bbox = parse_bbox(f"{w},{s},{e},{n}")
    # The first question for each tolerance takes about a second.
    found = await asyncio.to_thread(door.desk.places.outlines, bbox, tolerance_deg)
    body = await asyncio.to_thread(msgspec.json.encode, found)
    return Response(body, media_type=JSON, headers={"Cache-Control": _A_DAY})
