"""The screens' own routes: one page for each kind of person, and the files that they name.

Vite builds them into `dist`; a file's name holds the hash of its content, so that a browser keeps it for a year. Only
files that were read from the package are served; no path is ever looked up on disk.
"""

import mimetypes
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType

from fastapi import APIRouter, Request
from starlette.responses import Response

from core.errors import NotFound
from gateway.http.door import service_of

_NONCE = b"__NONCE__"
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_HASHED = "assets/"
_TYPES: Mapping[str, str] = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
}
_PACKED = {"br": ".br", "gzip": ".gz"}
"""How a file may come packed, the best first."""

PAGES: Mapping[str, str] = {
    "/": "door",
    "/console": "console",
    "/dealer": "dealer",
    "/oem": "oem",
    "/admin": "admin",
    "/m/{token}": "motorist",
}
"""Each page's address, and the name of what is built for it. What follows the address is the page's own business."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of the screens, as it is and packed."""

    body: bytes
    media_type: str
    packed: Mapping[str, bytes]


@cache
def files() -> Mapping[str, File]:
    """What was built, by path below `dist`, read once. Empty where nothing was built."""
    dist = resources.files("gateway.web").joinpath("dist")
    found = dict(_walk(dist, "")) if dist.is_dir() else {}
    return MappingProxyType(
        {
            name: File(
                body=body,
                media_type=_media_type(name),
                packed={how: found[name + end] for how, end in _PACKED.items() if name + end in found},
            )
            for name, body in found.items()
            if not name.endswith(tuple(_PACKED.values()))
        }
    )


def _walk(folder: Traversable, above: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _walk(entry, f"{above}{entry.name}/")
        elif not entry.name.startswith("."):
            found.append((above + entry.name, entry.read_bytes()))
    return found


def _media_type(name: str) -> str:
    end = "." + name.rpartition(".")[2]
    return _TYPES.get(end) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def content_security_policy(nonce: str, origins: Sequence[str] = ()) -> str:
    """Everything from this origin alone; `origins` are those of a configured source of map tiles.

    Styles that the component library makes carry the page's `nonce`; no script does, since all are files. Blobs are
    the photographs that a person has just taken, not yet sent.
    """
    beyond = "".join(f" {origin}" for origin in origins)
    return (
        "default-src 'none'; script-src 'self'; "
        f"style-src 'self' 'nonce-{nonce}'; img-src 'self' blob: data:{beyond}; connect-src 'self'{beyond}; "
        "font-src 'self'; worker-src 'self'; manifest-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


router = APIRouter(include_in_schema=False)


def _page_for(name: str) -> None:
    path = next(path for path, built in PAGES.items() if built == name)

    async def page(request: Request) -> Response:
        file = _known(f"{name}.html")
        nonce = secrets.token_urlsafe(16)
        policy = content_security_policy(nonce, service_of(request).tile_origins)
        headers = {"Content-Security-Policy": policy, "Cache-Control": _ASK_AGAIN}
        return Response(file.body.replace(_NONCE, nonce.encode()), media_type=file.media_type, headers=headers)

    router.add_api_route(path, page, methods=["GET"])
    if path != "/":
        router.add_api_route(path + "/{rest:path}", page, methods=["GET"])


@router.get("/mark.svg")
@router.get("/dealer/sw.js")
@router.get("/dealer/manifest.webmanifest")
async def standing(request: Request) -> Response:
    """A file whose address may not change: the mark, and what makes the phone's page installable."""
    answer = _send(request, request.url.path.removeprefix("/"), _ASK_AGAIN)
    answer.headers["Service-Worker-Allowed"] = "/dealer"
    return answer


@router.get("/static/{name:path}")
async def file(name: str, request: Request) -> Response:
    """One of the files that a page names."""
    return _send(request, name, _FOR_EVER if name.startswith(_HASHED) else _ASK_AGAIN)


def _known(name: str) -> File:
    known = files().get(name)
    if known is None:
        raise NotFound("no such file" if files() else "the screens are not built: run `make setup`")
    return known


def _send(request: Request, name: str, cached: str) -> Response:
    if name.endswith(".html"):
        raise NotFound("no such file")
    known = _known(name)
    accepted = {part.partition(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")}
    how = next((how for how in _PACKED if how in accepted and how in known.packed), "")
    headers = {"Cache-Control": cached, "Vary": "Accept-Encoding"}
    if how:
        headers["Content-Encoding"] = how
    return Response(known.packed[how] if how else known.body, media_type=known.media_type, headers=headers)


for _name in PAGES.values():
    _page_for(_name)
