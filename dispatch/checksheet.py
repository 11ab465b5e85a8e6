"""The check sheet's canonical form and seal (R6): the same content always gives the same bytes and hash."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from core.errors import Invalid

_STROKES = frozenset(
    {"svg", "g", "title", "path", "polyline", "polygon", "line", "circle", "ellipse", "rect", "text", "tspan"}
)
_ACTIVE = re.compile(r"\bon\w+\s*=|href\s*=|javascript:|<!|url\s*\(")

MAX_SHEET_BYTES = 64_000
MAX_SIGNATURE_BYTES = 200_000


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
    if not _only_strokes(drawing):
        raise Invalid("the signature's drawing holds more than strokes", rule="R6", field="signature_svg")


def _only_strokes(drawing: str) -> bool:
    """Whether markup draws and does nothing else: it may be shown in a page later."""
    lowered = drawing.lower()
    elements = set(re.findall(r"<\s*/?\s*([^\s/>]*)", lowered.removeprefix("<?xml")))
    return elements <= _STROKES and not _ACTIVE.search(lowered)


def _dump(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
