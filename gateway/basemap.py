"""The source of map tiles that the settings name, from which pages load pictures beside this service's own."""

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from core.errors import Invalid
from core.settings import Settings

_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
"""A host as a policy may name it: with nothing in it that would end the name or stand for others."""
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_PLACEHOLDERS: Final = ["x", "y", "z"]
_IN_GCJ02: Final = ("amap.com", "autonavi.com")
"""Sources known to draw in GCJ-02 alone: taken for WGS-84, a car would stand some hundred metres from its street."""
_EXAMPLE: Final = "https://tiles.example/{z}/{x}/{y}.png"


def tile_origins(settings: Settings) -> list[str]:
    """The origin of the configured source of tiles, which pages must be let to; none where it is this service's own.

    Raises `Invalid` for a URL that names no origin which a policy can hold.
    """
    parts = _parts(settings)
    if not parts.netloc:
        return []
    host, port = _bracketed(parts.hostname or ""), parts.port
    return [f"{parts.scheme}://{host}" if port is None else f"{parts.scheme}://{host}:{port}"]


def check_tiles(settings: Settings) -> str:
    """What source of tiles the settings name. Raises `Invalid`, with the setting and the remedy."""
    url = settings.tiles_url
    if not url:
        return "no source of tiles"
    origins = tile_origins(settings)
    named = sorted(_PLACEHOLDER.findall(url))
    if named != _PLACEHOLDERS or re.search(r"[{}]", _PLACEHOLDER.sub("", url)):
        raise Invalid(
            f"tiles_url must hold {{z}}, {{x}} and {{y}} once each, and no other braces, as {_EXAMPLE} does; "
            "of several hosts name one",
            field="tiles_url",
        )
    if not settings.tiles_attribution.strip():
        raise Invalid(
            "tiles_attribution is missing: say whose map it is, and its approval number (审图号) where it has one",
            field="tiles_attribution",
        )
    if re.search(r"[<>]", settings.tiles_attribution):
        raise Invalid("tiles_attribution is plain text: leave out < and >", field="tiles_attribution")
    host = _parts(settings).hostname or ""
    if settings.tiles_datum != "gcj02" and any(host == one or host.endswith(f".{one}") for one in _IN_GCJ02):
        raise Invalid(f"{host} draws its tiles in GCJ-02: set tiles_datum to gcj02", field="tiles_datum")
    return f"{settings.tiles_kind} tiles in {settings.tiles_datum} from {origins[0] if origins else 'this service'}"


def _parts(settings: Settings) -> SplitResult:
    """The pieces of the tiles' URL; all empty where there is none."""
    url = settings.tiles_url
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise Invalid(f"tiles_url is no URL ({error}): write it as {_EXAMPLE}", field="tiles_url") from error
    own = not parts.scheme and not parts.netloc and (not url or url.startswith("/"))
    away = parts.scheme in ("http", "https") and "@" not in parts.netloc
    if re.search(r"[\s\\\x00-\x1f]", url) or not (own or (away and _HOST.fullmatch(_bracketed(host)))):
        raise Invalid(
            f"tiles_url must be https, http, or a path of this service, with a plain host and no password: {_EXAMPLE}",
            field="tiles_url",
        )
    return parts


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
