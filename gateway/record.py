"""The rescue record (服务救援记录表) as a document for paper: what was done, by whom, and the customer's signature.

Typst lays it out. Everything that a person typed goes in as data, never as part of the document's source.
"""

import re
from datetime import datetime
from typing import Any, cast
from xml.parsers.expat import ExpatError

import msgspec
import typst

from core.clock import CHINA_STANDARD_TIME
from dispatch.checksheet import is_drawing
from dispatch.promise import trips_promise
from dispatch.vocabulary import Case, Dealer, Trip
from gateway.catalogue import Language, catalogue, word
from gateway.masking import Sight
from gateway.paper import paper

_SOURCE = b"""
#let d = json(bytes(sys.inputs.data))
#set page(paper: "a4", margin: 18mm, footer: align(center, text(8pt, fill: gray, d.footer)))
#set text(font: d.fonts, size: 9.5pt, lang: d.lang)
#align(center, text(16pt, weight: "bold", d.title))
#v(2mm)
#for part in d.parts {
  block(above: 5mm, below: 2mm, text(11pt, weight: "bold", part.name))
  table(
    columns: (32mm, 1fr, 32mm, 1fr), stroke: 0.4pt + gray, inset: 2mm,
    ..part.rows.map(row => (text(fill: luma(90), row.at(0)), row.at(1))).flatten()
  )
}
#block(above: 5mm, text(11pt, weight: "bold", d.notices.name))
#for notice in d.notices.items { list.item(notice) }
#v(4mm)
#grid(columns: (1fr, 1fr),
  [#text(fill: luma(90), d.signed.label) \\ #d.signed.by \\ #d.signed.at],
  if d.signed.svg != "" { image(bytes(d.signed.svg), format: "svg", height: 26mm, fit: "contain") },
)
#v(2mm)
#text(7.5pt, fill: luma(90), d.signed.seal)
"""
_SVG = re.compile(r"<svg\b", re.IGNORECASE)
_NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'


def rescue_record(
    case: Case, trip: Trip | None, dealer: Dealer | None, sight: Sight, language: Language, *, city: str, fault: str
) -> bytes:
    """The record of one trip of the case as PDF, as somebody with this `sight` may see it; `city` and `fault` are their
    names, and `dealer` is the trip's.
    """
    document: dict[str, Any] = {
        "title": word("record.title", language),
        "footer": f"Nearside · {case.number}",
        "parts": _parts(case, trip, dealer, sight, language, city, fault),
        "notices": {
            "name": word("record.notices", language),
            "items": [word(f"record.notice_{name}", language) for name in ("belongings", "force", "tolls", "tow")],
        },
        "signed": _signed(trip, sight, language),
    }
    try:
        return paper(_SOURCE, document, language)
    except typst.TypstError:
        # A drawing without any size, say: the record is wanted all the same.
        undrawn = {**document, "signed": {**document["signed"], "svg": ""}}
        return paper(_SOURCE, undrawn, language)


def _parts(
    case: Case, trip: Trip | None, dealer: Dealer | None, sight: Sight, language: Language, city: str, fault: str
) -> list[dict[str, Any]]:
    def said(key: str) -> str:
        return word(key, language)

    def rows(*pairs: tuple[str, str]) -> list[list[str]]:
        return [[said(f"record.{key}"), value or "–"] for key, value in pairs]

    place = case.place
    road = place.expressway
    post = f"{road.road} {road.kilometre_post} {road.direction}".strip() if road else ""
    drivable = trip.drivable if trip else None
    parts: list[dict[str, Any]] = [
        {
            "name": said("record.rescuer"),
            "rows": rows(
                ("dealer", dealer.name if dealer else ""),
                ("vehicle", trip.plate if trip else ""),
                ("driver", sight.hidden(trip.driver.name) if trip else ""),
                ("crew", str(trip.crew) if trip and trip.crew else ""),
            ),
        },
        {
            "name": said("record.customer"),
            "rows": rows(
                ("name", sight.hidden(case.caller.name)),
                ("phone", sight.phone(case.caller.phone)),
                ("plate", sight.plate(case.car.plate)),
                ("model", f"{case.car.brand} {case.car.model}".strip()),
                ("vin", sight.hidden(case.car.vin)),
                ("number", case.number),
            ),
        },
        {
            "name": said("record.job"),
            "rows": rows(
                ("fault", fault),
                ("result", said(f"result.{trip.result}") if trip and trip.result else ""),
                ("place", sight.text(f"{place.address} {post}".strip())),
                ("city", city),
                ("opened", _time(case.opened_at)),
                ("promised", _time(trips_promise(case, trip) if trip else None)),
                ("departed", _time(trip.departed_at if trip else None)),
                ("arrived", _time(trip.arrived_at if trip else None)),
                ("finished", _time(case.ended_at)),
                ("drivable", "" if drivable is None else said("record.yes" if drivable else "record.no")),
            ),
        },
    ]
    if trip and trip.sheet and sight.customer:
        content: dict[str, Any] = msgspec.json.decode(trip.sheet.content)
        listed = [
            [_name(key, language), _text(value, language, marked=key in _MARKED) or "–"]
            for key, value in content.items()
            if key != "photos"
        ]
        parts.append({"name": said("record.sheet"), "rows": listed})
    for part in parts:
        if len(part["rows"]) % 2:
            part["rows"].append(["", ""])
    return parts


def _signed(trip: Trip | None, sight: Sight, language: Language) -> dict[str, str]:
    sheet = trip.sheet if trip else None
    if sheet is None or sheet.signed_at is None:
        why = sight.text(trip.unsigned_reason) if trip else ""
        return {"label": word("record.unsigned", language), "by": why, "at": "", "svg": "", "seal": ""}
    # A drawing may be older than the check at the door.
    drawing = sheet.signature_svg if sight.customer and fit_to_draw(sheet.signature_svg) else ""
    if drawing and _NAMESPACE not in drawing:
        drawing = _SVG.sub(f"<svg {_NAMESPACE}", drawing, count=1) if "xmlns=" not in drawing else drawing
    return {
        "label": word("record.signed", language),
        "by": sight.hidden(sheet.signer),
        "at": _time(sheet.signed_at),
        "svg": drawing,
        "seal": f"SHA-256 {sheet.sha256}",
    }


def fit_to_draw(drawing: str) -> bool:
    """Whether the drawing of a signature may be handed to Typst, which goes down with what nests too deep."""
    try:
        return is_drawing(drawing)
    except ExpatError:
        return False


def _name(key: str, language: Language) -> str:
    said = word(f"sheet.{key}", language)
    return key if said == key else said


_MARKED = frozenset({"damage", "lights"})
"""The parts of a sheet in which the phone marks by codes what it shows as drawings."""


def _text(value: Any, language: Language, *, marked: bool) -> str:
    if isinstance(value, list):
        return "、".join(_text(item, language, marked=marked) for item in cast(list[Any], value))
    if isinstance(value, dict):
        parts = cast(dict[str, Any], value)
        said = {key: _text(item, language, marked=marked) for key, item in parts.items()}
        is_, and_ = ("：", "；") if language == "zh" else (": ", "; ")
        return and_.join(f"{_mark(key, language) if marked else key}{is_}{text}" for key, text in said.items())
    text = "" if value is None else str(value)
    return _mark(text, language) if marked else text


def _mark(code: str, language: Language) -> str:
    key = f"sheet.mark_{code}"
    return word(key, language) if key in catalogue() else code


def _time(moment: datetime | None) -> str:
    return moment.astimezone(CHINA_STANDARD_TIME).strftime("%Y-%m-%d %H:%M") if moment else ""
