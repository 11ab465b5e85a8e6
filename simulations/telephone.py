"""What is said over the phone in a rehearsal: motorists and specialists ring the CAC, which acts through its door."""

import asyncio
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WantsCancelled:
    """The customer needs no rescue any more (K2)."""

    case_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDone:
    """The specialist says that the trip has done its work (R7). `unsigned`: the customer did not sign (R6)."""

    case_id: str
    trip_id: str
    caller: str
    unsigned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ComesLater:
    """The specialist told a later arrival, for a cause outside the dealer's hands (R4, K3)."""

    case_id: str
    trip_id: str


Word = WantsCancelled | JobDone | ComesLater
Telephone = asyncio.Queue[Word]
"""The CAC's line."""
