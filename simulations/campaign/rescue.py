"""One case from the call to the survey. Each step is asked of another process than the one before."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from simulations.campaign.callers import Caller
from simulations.doors import Refused
from simulations.errand import SIGNATURE
from simulations.ledger import Ledger
from simulations.madeup import somewhere

STEP_S = 0.3
"""Between two steps."""
OFFERS = 3
"""A case is offered so often before it is called off."""


class Fate(StrEnum):
    """What becomes of a case."""

    RACED = "raced"
    RESCUED = "rescued"
    DECLINED = "declined"
    IGNORED = "ignored"
    CANCELLED = "cancelled"


FATES = (
    *(Fate.RACED, Fate.RESCUED, Fate.RACED, Fate.DECLINED, Fate.RACED),
    *(Fate.RESCUED, Fate.RACED, Fate.IGNORED, Fate.RACED, Fate.CANCELLED),
)
"""One case after the other, over and over."""


@dataclass(slots=True, kw_only=True)
class People:
    """Who takes part: a dispatcher, two specialists of each dealer and its vehicles, by the dealer's code."""

    dispatcher: Caller
    specialists: Mapping[str, Sequence[Caller]]
    vehicles: Mapping[str, Sequence[str]]
    ledger: Ledger
    luck: random.Random
    ignored_s: float
    hurry: asyncio.Event = field(default_factory=asyncio.Event)
    busy: set[str] = field(default_factory=set[str])
    races: int = 0
    won_twice: list[str] = field(default_factory=list[str])

    def free(self, dealer: str) -> list[str]:
        """The dealer's vehicles that nobody has named."""
        return [plate for plate in self.vehicles.get(dealer, ()) if plate not in self.busy]

    async def pause(self, seconds: float) -> None:
        """Let `seconds` pass, unless there is hurry."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.hurry.wait()


class Rescue:
    """Case number `number` of a run."""

    def __init__(self, people: People, number: int) -> None:
        self._people = people
        self._number = number
        self._at = number
        self._case_id = ""

    async def live(self, fate: Fate) -> None:
        """Live through it. Raises `Refused` where an outage took its course."""
        people, cac = self._people, self._people.dispatcher
        case = await cac.send("/cases", self._call(), key=f"call-{self._number}", at=self._next())
        self._case_id = case["id"]
        self._acked("case_opened", number=case["number"])
        try:
            if fate is Fate.CANCELLED:
                await self._cancel()
                return
            offer = await cac.send(f"/cases/{self._case_id}/offers", {}, key=self._key("offer"), at=self._next())
            self._acked("offer_made", offer_id=offer["id"])
            if fate is Fate.IGNORED:
                await people.pause(people.ignored_s)
                await self._cancel()
                return
            await self._answered(offer, fate)
        except Refused:
            with suppress(Refused):  # it may have ended already
                await self._cancel()
            raise

    async def _answered(self, offer: Any, fate: Fate) -> None:
        for turn in range(OFFERS):
            dealer, offer_id = offer["dealer"], offer["id"]
            specialists, free = self._people.specialists[dealer], self._people.free(dealer)
            if free and not (fate is Fate.DECLINED and turn == 0):
                self._people.busy.update(free[:2])
                try:
                    await self._accepted(offer_id, specialists, free[:2], raced=fate is Fate.RACED)
                finally:
                    self._people.busy.difference_update(free[:2])
                return
            reason = {"reason": "all crews are out"}
            path, key = f"/offers/{offer_id}/decline", f"decline-{offer_id}"
            await specialists[0].send(path, reason, key=key, at=self._next())
            self._acked("offer_declined", offer_id=offer_id)
            case = await self._people.dispatcher.get(f"/cases/{self._case_id}", at=self._next())
            following = [one for one in case["offers"] if one["status"] == "pending"]
            if not following:
                break
            offer = following[0]
        await self._cancel()

    async def _accepted(self, offer_id: str, who: Sequence[Caller], plates: Sequence[str], *, raced: bool) -> None:
        """Accept it: alone, or both specialists at the same moment, each at a process of its own."""
        tries = [self._accept(offer_id, who[0], plates[0], "a")]
        if raced:
            tries.append(self._accept(offer_id, who[1], plates[-1] if self._number % 4 else plates[0], "b"))
        answers = await asyncio.gather(*tries, return_exceptions=True)
        trips = {turn: answer["id"] for turn, answer in enumerate(answers) if not isinstance(answer, BaseException)}
        for trip_id in trips.values():
            self._acked("offer_accepted", offer_id=offer_id, trip_id=trip_id)
        if raced:
            self._people.races += 1
        if len(trips) > 1:
            self._people.won_twice.append(f"offer {offer_id} was granted to both: {trips}")
        if not trips:
            raise next(answer for answer in answers if isinstance(answer, BaseException))
        turn, trip_id = next(iter(trips.items()))
        await self._drive(who[turn], trip_id)

    async def _accept(self, offer_id: str, who: Caller, plate: str, name: str) -> Any:
        driver = {"name": "陈师傅", "phone": "13900000001"}
        body = {"vehicle": plate, "driver": driver, "crew": 2, "eta_minutes": 40, "reason": "the bridge is closed"}
        return await who.send(f"/offers/{offer_id}/accept", body, key=f"accept-{name}-{offer_id}", at=self._next())

    async def _drive(self, who: Caller, trip_id: str) -> None:
        signature = {"signer": "车主", "signature_svg": SIGNATURE}
        outcome = {"result": "repaired", "drivable": True}
        sheet = {"client_id": f"c-{trip_id[-12:]}", "odometer_km": 1_000 + self._number % 90_000, "fuel": "1/2"}
        steps: tuple[tuple[str, str, Any, str], ...] = (
            ("POST", "depart", {}, "vehicle_departed|departure_reported"),
            ("POST", "arrive", {}, "vehicle_arrived|arrival_reported"),
            ("PUT", "checksheet", sheet, "check_sheet_saved"),
            ("POST", "outcome", outcome, "outcome_reported"),
            ("POST", "checksheet/sign", signature, "check_sheet_signed"),
            ("POST", "complete", {}, "case_completed"),
        )
        for method, step, body, kinds in steps:
            await self._people.pause(STEP_S)
            path = f"/trips/{trip_id}/{step}"
            await who.send(path, body, key=f"{step}-{trip_id}", at=self._next(), method=method)
            self._acked(kinds, trip_id=trip_id)
        if self._number % 3 == 0:
            answer = {"satisfaction": self._number % 101}
            cac = self._people.dispatcher
            await cac.send(f"/cases/{self._case_id}/survey", answer, key=self._key("survey"), at=self._next())
            self._acked("survey_answered")

    async def _cancel(self) -> None:
        body = {"by": "customer", "reason": "the car starts again"}
        cac = self._people.dispatcher
        await cac.send(f"/cases/{self._case_id}/cancel", body, key=self._key("cancel"), at=self._next())
        self._acked("case_cancelled")

    def _call(self) -> dict[str, Any]:
        scene = somewhere(self._people.luck)
        return {
            "channel": "hotline_400",
            "caller": {"name": "王女士", "phone": "13900000000"},
            "car": {"plate": f"沪A{self._number % 100_000:05d}"},
            "location": {"lat": scene.lat, "lon": scene.lon},
            "fault": "battery",
        }

    def _next(self) -> int:
        self._at += 1
        return self._at

    def _key(self, what: str) -> str:
        return f"{what}-{self._case_id}"

    def _acked(self, kinds: str, **match: Any) -> None:
        self._people.ledger.acked(kinds, self._case_id, **match)
