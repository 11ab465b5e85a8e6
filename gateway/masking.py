"""Personal data by role: phones, plates and names of customers are shown only to those who need them now.

The CAC sees all. A dealer's people see the caller's phone only while that dealer has the case. The car maker
sees neither phones nor plates nor names.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from dispatch.vocabulary import Case
from gateway.roles import Role, User, holds

STRUCK = "***"
_LIKE_PHONE = r"\+?\d[\d .\-]{5,}\d"
_LIKE_PLATE = (
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领][A-Z][·• -]?[A-Z0-9]{5,6}(?![A-Z0-9])"
)
_LIKE_VIN = r"(?<![A-Z0-9])(?=[A-Z]*\d)[A-HJ-NPR-Z0-9]{17}(?![A-Z0-9])"
_LIKE_PERSONAL = re.compile(f"{_LIKE_VIN}|{_LIKE_PLATE}|{_LIKE_PHONE}", re.IGNORECASE)
_SHORTEST_NAME = 2
"""A name of one character would strike out half of what is said."""
_FREE_TEXT = frozenset({"note", "comment", "reason", "address", "before", "after"})
_PEOPLE = frozenset({"caller", "driver"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What one person may see of one case."""

    caller_phone: bool
    customer: bool
    """Names, plate, VIN, signature, and phones of drivers."""
    dealer: str = ""
    """Only this dealer's offers and trips; empty: all."""
    known: tuple[str, ...] = ()
    """What this case calls its people and its car: struck out of free text for those who may not know it."""

    def plate(self, plate: str) -> str:
        """The customer's plate; for those who may not know it only where it is registered."""
        return plate if self.customer or not plate else struck_plate(plate)

    def text(self, text: str) -> str:
        """Free text; for those who may not know them without the names of this case, and without whatever looks like a
        phone number, a plate or a VIN.
        """
        if self.customer:
            return text
        for name in self.known:
            text = text.replace(name, STRUCK)
        return _LIKE_PERSONAL.sub(STRUCK, text)

    def hidden(self, value: str) -> str:
        """A customer's name or number, struck out for those who may not know it."""
        return value if self.customer or not value else STRUCK

    def phone(self, phone: str) -> str:
        """The caller's phone."""
        return phone if self.caller_phone or not phone else STRUCK

    def own(self, dealer: str) -> bool:
        """Whether a dealer's offers and trips are shown."""
        return not self.dealer or self.dealer == dealer


def sight_of(user: User, case: Case) -> Sight:
    """What `user` may see of `case`, which they may read at all."""
    if user.is_cac:
        return Sight(caller_phone=True, customer=True)
    if user.role is Role.OEM:
        return Sight(caller_phone=False, customer=False, known=_known(case))
    return Sight(caller_phone=holds(case, user.dealer), customer=True, dealer=user.dealer)


def _known(case: Case) -> tuple[str, ...]:
    said = {case.caller.name, case.car.plate, case.car.vin, *(trip.driver.name for trip in case.trips)}
    # The longest first: what is left of a name of which another one is part would still tell.
    return tuple(sorted((name for name in said if len(name) >= _SHORTEST_NAME), key=len, reverse=True))


def struck_plate(plate: str) -> str:
    """The plate with all but the place of registration struck out."""
    return f"{plate[:2]}{STRUCK}" if len(plate) > 5 else STRUCK


def masked_event(sight: Sight, data: Mapping[str, Any]) -> dict[str, Any]:
    """An event's data as the timeline shows it. Drawings of signatures are never in a timeline."""
    told = {key: _masked(sight, key, value) for key, value in data.items() if key != "signature_svg"}
    changed = {key: str(data[key]) for key in ("before", "after") if key in data}
    if data.get("field") == "driver":  # R4: from whom to whom
        told |= {key: sight.hidden(name) for key, name in changed.items()}
    elif data.get("field") == "vehicle":  # a dealer's own, and nobody's secret
        told |= changed
    return told


def _masked(sight: Sight, key: str, value: Any) -> Any:
    if key in _PEOPLE and isinstance(value, Mapping):
        person = dict(cast(Mapping[str, Any], value))
        if key == "caller":
            person["phone"] = sight.phone(str(person.get("phone", "")))
        elif not sight.customer:
            person["phone"] = sight.hidden(str(person.get("phone", "")))
        person["name"] = sight.hidden(str(person.get("name", "")))
        return person
    if key == "car" and isinstance(value, Mapping):
        car = dict(cast(Mapping[str, Any], value))
        car["plate"] = sight.plate(str(car.get("plate", "")))
        car["vin"] = sight.hidden(str(car.get("vin", "")))
        return car
    if isinstance(value, Mapping):
        return {name: _masked(sight, name, item) for name, item in cast(Mapping[str, Any], value).items()}
    if key == "signer" and isinstance(value, str):
        return sight.hidden(value)
    if key == "content" and not sight.customer:
        return STRUCK  # a check sheet, in whatever form its phone gave it
    if key in _FREE_TEXT and isinstance(value, str):
        return value if _is_moment(value) else sight.text(value)
    return value


def _is_moment(value: str) -> bool:
    """Whether it is a time and no text: R4 tells the promise that was, and its digits look like a telephone's."""
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
