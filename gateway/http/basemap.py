"""What a page draws under its map, and the tiles of it that this service makes.

Roads are open to all, since a motorist's page draws them; outlines are not (decision 4).
"""

import gzip
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Request
from pydantic import Field
from starlette.responses import Response

from core import outlinetiles, roads
from core.errors import NotSignedIn
from core.settings import Settings
from core.webtiles import tile_at
from gateway.bootstrap import Service
from gateway.http.door import AnyDoor, read_answer, service_of, token_of
from gateway.http.views import View
from gateway.problems import documented
from gateway.tilemaker import Packed

router = APIRouter(tags=["reference"])

MEDIA_TYPE: Final = "application/vnd.mapbox-vector-tile"
ATTRIBUTION_OF_ROADS: Final = "© OpenStreetMap contributors"
"""Their licence, ODbL, wants this to be read where they are seen."""
_A_DAY: Final = "max-age=86400"
_TILE_SIZES: Mapping[str, int] = {"raster": 256, "vector": 512}
"""How large a tile is shown, in points: what nearly every source of that kind makes its tiles for."""


class RoadsView(View):
    """Roads that this service draws itself."""

    tiles: str = Field(description="vector tiles with the layer `roads`: `class`, and `name` and `ref` where known")
    minzoom: int
    maxzoom: int = Field(description="closer, these tiles are shown larger")
    bounds: tuple[float, float, float, float] = Field(description="west, south, east, north")
    attribution: str = Field(description="must be shown, as text")


class TilesView(View):
    """A configured source of tiles."""

    kind: Literal["raster", "vector"]
    url: str
    datum: Literal["wgs84", "gcj02"] = Field(description="in which the pictures are drawn; positions here are WGS-84")
    minzoom: int
    maxzoom: int
    tile_size: int
    attribution: str = Field(description="must be shown, as text")


class BaseMapView(View):
    """What lies under the map."""

    outlines: bool = Field(description="whether the asker may have `/tiles/outlines/…`: whoever is signed in")
    roads: RoadsView | None
    tiles: TilesView | None


@router.get("/basemap", summary="What lies under the map", response_model=BaseMapView)
async def base_map(request: Request) -> Response:
    """Open to all. Without a source of tiles, outlines and own roads are the whole map."""
    service = service_of(request)
    return read_answer(
        BaseMapView(
            outlines=await _signed_in(service, token_of(request)),
            roads=_roads(service.own_tiles.roads),
            tiles=_tiles(service.settings),
        )
    )


Z = Annotated[int, Path(description="zoom")]
X = Annotated[int, Path(description="column, from the west")]
Y = Annotated[int, Path(description="row, from the north")]
_TILE: Mapping[int | str, Any] = {
    200: {"content": {MEDIA_TYPE: {}}, "description": "a vector tile"},
    204: {"description": "nothing is there"},
}


@router.get(
    "/tiles/roads/{z}/{x}/{y}.mvt",
    summary="A vector tile of own roads",
    response_class=Response,
    responses={**_TILE, 304: {"description": "as it was"}, **documented(404, 422, 429)},
)
async def roads_tile(request: Request, z: Z, x: X, y: Y) -> Response:
    """Layer `roads`, in WGS-84. Open to all."""
    tile = tile_at(z, x, y, max_zoom=roads.MAX_ZOOM)
    return _answer(request, await service_of(request).own_tiles.roads_tile(tile), "public")


@router.get(
    "/tiles/outlines/{z}/{x}/{y}.mvt",
    summary="A vector tile of the prefectures' outlines, for orientation",
    response_class=Response,
    responses={**_TILE, 304: {"description": "as it was"}, **documented(422, 429, 503)},
)
async def outlines_tile(request: Request, door: AnyDoor, z: Z, x: X, y: Y) -> Response:
    """Layers `prefectures` (areas with `code` and `name`), `borders` (each line once) and `labels` (points, as areas).

    For signed-in people only: to show them to the public needs a map with an approval number (decision 4).
    """
    tile = tile_at(z, x, y, max_zoom=outlinetiles.MAX_ZOOM)
    return _answer(request, await door.service.own_tiles.outlines_tile(tile), "private")


def _answer(request: Request, tile: Packed, whose: str) -> Response:
    headers = {"Cache-Control": f"{whose}, {_A_DAY}", "Vary": "Accept-Encoding", "ETag": tile.etag}
    known = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    if known & {tile.etag, "*"}:
        return Response(status_code=304, headers=headers)
    if not tile.body:
        return Response(status_code=204, headers=headers)
    accepted = {part.partition(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")}
    if "gzip" in accepted:
        return Response(tile.body, media_type=MEDIA_TYPE, headers={**headers, "Content-Encoding": "gzip"})
    # The tag names other bytes than these, so here it is a weak one.
    return Response(gzip.decompress(tile.body), media_type=MEDIA_TYPE, headers={**headers, "ETag": f"W/{tile.etag}"})


async def _signed_in(service: Service, token: str) -> bool:
    if not token:
        return False
    try:
        await service.sign_in.session_of(token)
    except NotSignedIn:
        return False
    return True


def _roads(drawn: roads.Roads | None) -> RoadsView | None:
    if drawn is None:
        return None
    bounds = drawn.bounds
    return RoadsView(
        tiles="/api/v1/tiles/roads/{z}/{x}/{y}.mvt",
        minzoom=roads.MIN_ZOOM,
        maxzoom=roads.MAX_ZOOM,
        bounds=(bounds.west, bounds.south, bounds.east, bounds.north),
        attribution=ATTRIBUTION_OF_ROADS,
    )


def _tiles(settings: Settings) -> TilesView | None:
    if not settings.tiles_url:
        return None
    return TilesView(
        kind=settings.tiles_kind,
        url=settings.tiles_url,
        datum=settings.tiles_datum,
        minzoom=0,
        maxzoom=settings.tiles_maxzoom,
        tile_size=_TILE_SIZES[settings.tiles_kind],
        attribution=settings.tiles_attribution.strip(),
    )
