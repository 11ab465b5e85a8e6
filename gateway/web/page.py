"""The page's own routes: `/`, its files, and the outlines under its map.

The files stand under `/static/VERSION/`, where VERSION is the hash of them all: a browser keeps them for a year, and a
new edition has new addresses. Only files that were read from the package are served; no path is ever looked up on disk.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from starlette.responses import Response

from core.errors import NotFound
from core.geo import parse_bbox
from gateway.http.door import JSON, AnyDoor
from gateway.problems import documented

INDEX = "index.html"
CURRENT = "current"
"""What the files call VERSION; served too, but never kept by a browser."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_A_DAY = "private, max-age=86400"

_TYPES: Mapping[str, str] = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
FINEST_DEG = 0.001
COARSEST_DEG = 0.064


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The page's files by name, and the hash of them all."""

    version: str
    files: Mapping[str, bytes]


@cache
def edition() -> Edition:
    """Read the files from the package, once."""
    folder = resources.files("gateway.web").joinpath("static")
    files = {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.is_file()}
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + hashlib.sha256(files[name]).digest())
    version = digest.hexdigest()[:16]
    files[INDEX] = files[INDEX].replace(f"/static/{CURRENT}/".encode(), f"/static/{version}/".encode())
    return Edition(version=version, files=MappingProxyType(files))


router = APIRouter()


@router.get("/", include_in_schema=False)
async def index() -> Response:
    """The page itself."""
    return Response(
        edition().files[INDEX],
        media_type=_TYPES["html"],
        headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": _ASK_AGAIN},
    )


@router.get("/static/{version}/{name}", include_in_schema=False)
async def file(version: str, name: str) -> Response:
    """One of the page's files."""
    known = edition()
    body = known.files.get(name)
    if body is None or version not in (known.version, CURRENT):
        raise NotFound("no such file")
    return Response(
        body,
        media_type=_TYPES[name.rpartition(".")[2]],
        headers={"Cache-Control": _FOR_EVER if version == known.version else _ASK_AGAIN},
    )


@router.get(
    "/api/v1/outlines",
    summary="Outlines of the prefectures, for orientation",
    tags=["reference"],
    responses=documented(422, 503),
)
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
