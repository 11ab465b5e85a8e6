"""Who looks at a screen, and what that one may see of a case. Pure.

Dispatchers and administrators see everything; the car maker sees every case without personal data; a dealer and
its drivers see the cases that were ever offered to that dealer, what happens in them only while it has the case.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec

from gateway.live.protocol import Card, Event
from gateway.masking import Sight, masked_event
from gateway.roles import CAC, OF_A_DEALER, Role


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Whoever signed in at a screen. `dealer` is the code of a dealer's own people, empty for the others.

    `expired` says whether the session has ended; it is asked several times a second and must not block.
    """

    role: Role
    dealer: str = ""
    expired: Callable[[], bool] = _never

    @property
    def partial(self) -> bool:
        """Sees only some of the cases, so that the numbers of its events jump."""
        return self.role in OF_A_DEALER


class Share(Enum):
    """How much of one event a viewer is shown."""

    ALL = "all"
    NO_PERSON = "no_person"
    """Without names, phones and plates of customers."""
    OWN = "own"
    """The viewer's dealer has the case. The caller's phone is not in the feed but on the case's own page."""
    CARD = "card"
    """The viewer's dealer was offered the case and does not have it: what it is, not what others do in it."""
    GONE = "gone"
    """Only that the case has left this viewer's board."""
    NOTHING = "nothing"


_SIGHTS: Mapping[Share, Sight] = {
    Share.ALL: Sight(caller_phone=True, customer=True),
    Share.NO_PERSON: Sight(caller_phone=False, customer=False),
    Share.OWN: Sight(caller_phone=False, customer=True),
}


_OTHERS_DOING: Mapping[str, Any] = {
    "dealer": "",
    "dealers": [],
    "vehicle": "",
    "deadline_at": None,
    "deadline_kind": None,
    "late": False,
}
"""What a dealer is told in place of what the others do in a case that is not its own."""


def share_of(viewer: Viewer, card: Card, dealers_before: Collection[str] = ()) -> Share:
    """How much `viewer` sees of an event after which the case looks like `card`.

    `dealers_before` are the dealers that could see the case until then.
    """
    if viewer.role in CAC:
        return Share.ALL
    if viewer.role is Role.OEM:
        return Share.NO_PERSON
    if viewer.dealer and viewer.dealer in card["dealers"]:
        return Share.OWN if card["dealer"] == viewer.dealer else Share.CARD
    return Share.GONE if viewer.dealer in dealers_before else Share.NOTHING


def card_for(share: Share, card: Card) -> dict[str, Any] | None:
    """The card as it is shown; None where it is not."""
    match share:
        case Share.ALL:
            return dict(card)
        case Share.OWN:
            return {**card, "dealers": [card["dealer"]]}
        case Share.CARD:
            return {**card, **_OTHERS_DOING}
        case Share.NO_PERSON:
            sight = _SIGHTS[share]
            return {**card, "plate": sight.plate(card["plate"]), "address": sight.text(card["address"])}
        case Share.GONE | Share.NOTHING:
            return None


def event_for(share: Share, event: Event, card: Card) -> Event | None:
    """The event as it is shown; None where it is not."""
    if share is Share.NOTHING:
        return None
    sight = _SIGHTS.get(share)
    data = masked_event(sight, event.data) if sight else {}
    return msgspec.structs.replace(event, data=data, card=card_for(share, card))
