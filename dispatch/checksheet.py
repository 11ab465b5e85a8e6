"""The check sheet's canonical form and seal (R6): the same content always gives the same bytes and hash."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

from core.errors import Invalid

_STROKES = frozenset(
    {"svg", "g", "title", "path", "polyline", "polygon", "line", "circle", "ellipse", "rect", "text", "tspan"}
)
_ACTIVE = re.compile(r"\bon\w+\s*=|href\s*=|javascript:|<!|url\s*\(")

MAX_SHEET_BYTES = 64_000
MAX_SIGNATURE_BYTES = 200_000
_MAX_DEPTH = 16
"""Drawers go down by recursion: one that nests by the thousand would bring the process down that shows it."""


def canonical(content: Mapping[str, Any]) -> str:
    """JSON with sorted keys, no spaces, no escapes. Refuses what JSON cannot say, and sheets over 64 kB."""
    try:
        text = _dump(content)
        size = len(text.encode())
    except (TypeError, ValueError) as error:
        raise Invalid("the check sheet is not plain JSON", field="checksheet") from error
    if size > MAX_SHEET_BYTES:
        raise Invalid(f"the check sheet is larger than {MAX_SHEET_BYTES} bytes", field="checksheet")
    return text


def seal(content: str, *, trip_id: str, signer: str, signature_svg: str, signed_at: str) -> str:
    """The SHA-256, in hexadecimal, over the sheet and who signed it when: none can change unseen."""
    signed = {
        "content": content,
        "trip_id": trip_id,
        "signer": signer,
        "signature_svg": signature_svg,
        "signed_at": signed_at,
    }
    return hashlib.sha256(_dump(signed).encode()).hexdigest()


def check_signature(signer: str, signature_svg: str) -> None:
    """A signature has a name and a drawing of bounded size; a drawing with scripts in it is refused."""
    if not signer.strip():
        raise Invalid("who signed is missing", rule="R6", field="signer")
    drawing = signature_svg.strip()
    if not drawing:
        raise Invalid("the signature's drawing is missing", rule="R6", field="signature_svg")
    if len(drawing.encode()) > MAX_SIGNATURE_BYTES:
        raise Invalid("the signature's drawing is too large", rule="R6", field="signature_svg")
    try:
        only_strokes = is_drawing(drawing)
    except expat.ExpatError as error:
        raise Invalid("the signature's drawing is no whole SVG", rule="R6", field="signature_svg") from error
    if not only_strokes:
        raise Invalid("the signature's drawing holds more than strokes", rule="R6", field="signature_svg")


def is_drawing(markup: str) -> bool:
    """Whether an SVG draws and does nothing else, nested no deeper than a hand needs: pages and papers show it.

    Raises `ExpatError` where it is not even well-formed.
    """
    if _ACTIVE.search(markup.lower()):
        return False
    parser = expat.ParserCreate("utf-8")
    only_strokes, depth = True, 0

    def begin(name: str, _attributes: dict[str, str]) -> None:
        nonlocal only_strokes, depth
        depth += 1
        known = _STROKES if depth > 1 else {"svg"}
        only_strokes = only_strokes and depth <= _MAX_DEPTH and name.lower() in known

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.Parse(markup.encode(), True)
    return only_strokes


def _dump(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
