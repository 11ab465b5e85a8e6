"""The CAC's dispatcher of a rehearsal: takes calls, works the board that the feed keeps, answers the phone."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from gateway.live.protocol import Board, Event
from simulations import behaviour
from simulations.behaviour import Habits, Owner, dice
from simulations.city import Call, City
from simulations.doors import Client, Refused
from simulations.feed import Feed
from simulations.pace import Pace
from simulations.specialist import Start
from simulations.telephone import ComesLater, JobDone, Telephone, WantsCancelled, Word
from tracking.vocabulary import VehicleKind

ATTEMPTS = 6
"""So often a case that nobody can take is tried again before it is given up."""
STALE_S = 4 * 3600
"""A case on which nothing happened for so long is called off; a rehearsal should have none."""


class Dispatcher:
    """One dispatcher with one screen."""

    def __init__(
        self,
        client: Client,
        city: City,
        *,
        pace: Pace,
        habits: Habits,
        seed: int,
        telephone: Telephone,
        start: Start,
    ) -> None:
        self.client = client
        self.feed = Feed(client, self)
        self.stale: list[str] = []
        self._pace = pace
        self._habits = habits
        self._seed = seed
        self._telephone = telephone
        self._start = start
        self._towing = {one.dealer for one in city.vehicles if one.kind is VehicleKind.TOW}
        self._changed_s: dict[str, float] = {}
        self._attempts: dict[str, int] = {}
        self._in_hand: set[str] = set()
        self._owners: dict[str, Owner] = {}

    def snapshot(self, board: Board) -> None:
        """The board anew."""
        for case_id in board.cards:
            self._changed_s.setdefault(case_id, self._pace.seconds())

    def event(self, event: Event) -> None:
        """Something happened to a case."""
        self._changed_s[event.case] = self._pace.seconds()

    def took(self, case_id: str) -> bool:
        """Whether it is this dispatcher's call: what a person opened beside it is left to that person."""
        return case_id in self._owners

    async def take(self, call: Call) -> None:
        """A motorist calls: open the case, offer it to the nearest; the motorist may think better of it later."""
        body = {
            "channel": "hotline_400",
            "caller": {"name": call.caller, "phone": call.phone},
            "car": {"plate": call.plate, "brand": call.brand, "energy": call.energy.value},
            "location": {"lat": call.scene.lat, "lon": call.scene.lon, "address": call.address},
            "fault": call.fault,
            "note": call.ref,
        }
        case = await self.client.send("/cases", body, key=f"open-{call.ref}")
        case_id = case["id"]
        ledger = self.client.door.ledger
        ledger.calls[call.ref] = case_id
        ledger.acked("case_opened", case_id)
        owner = behaviour.owner(self._habits, dice(self._seed, "owner", call.ref))
        self._owners[case_id] = owner
        if owner.cancel_after_s is not None:
            self._start(self._call_off_later(case_id, owner.cancel_after_s))
        self._in_hand.add(case_id)
        await self._pace.sleep(self._habits.typing_s)
        await self._offer(case_id)
        self._in_hand.discard(case_id)

    async def work_board(self) -> None:
        """Look over the board again and again, and take in hand what needs a person."""
        while True:
            await self._pace.sleep(max(20.0, 0.2 * self._pace.speed))
            for case_id, card in self.feed.board.cards.items():
                if self.took(case_id) and case_id not in self._in_hand and self._due(case_id, card):
                    self._in_hand.add(case_id)
                    self._start(self._handle(case_id, card))

    async def answer_phone(self) -> None:
        """Take what motorists and specialists say over the phone."""
        while True:
            self._start(self._hear(await self._telephone.get()))

    def _due(self, case_id: str, card: Mapping[str, Any]) -> bool:
        idle_s = self._pace.seconds() - self._changed_s.get(case_id, 0.0)
        match card["status"]:
            case "open":
                return idle_s > self._habits.typing_s
            case "unassigned":
                return idle_s > self._habits.retry_s * min(1, self._attempts.get(case_id, 0))
            case "awaiting_second_dispatch":
                return idle_s > self._habits.typing_s
            case "completed":
                owner = self._owners[case_id]
                asks = owner.answers_survey or self._habits.closes_unreached
                return asks and idle_s > owner.survey_after_s
            case _:
                return idle_s > STALE_S

    async def _handle(self, case_id: str, card: Mapping[str, Any]) -> None:
        try:
            match card["status"]:
                case "open" | "unassigned":
                    await self._offer(case_id)
                case "awaiting_second_dispatch":
                    await self._decide(case_id, card)
                case "completed":
                    await self._ask_owner(case_id)
                case _:
                    self.stale.append(f"{case_id} {card['status']}")
                    await self._cancel(case_id, "cac", "经销商无回音")
        except Refused:
            pass  # somebody was faster; the board will show what is left to do
        finally:
            self._changed_s[case_id] = self._pace.seconds()
            self._in_hand.discard(case_id)

    async def _offer(self, case_id: str) -> None:
        attempt = self._attempts[case_id] = self._attempts.get(case_id, 0) + 1
        try:
            offer = await self.client.send(f"/cases/{case_id}/offers", {}, key=f"offer-{case_id}-{attempt}")
        except Refused as refused:
            if refused.code == "no_eligible_vehicle" and attempt >= ATTEMPTS:
                with suppress(Refused):
                    await self._fail(case_id, "网络内无车可派")
            return
        self.client.door.ledger.acked("offer_made", case_id, offer_id=offer["id"])

    async def _decide(self, case_id: str, card: Mapping[str, Any]) -> None:
        rng = dice(self._seed, "second", card["plate"], card["vehicle"], self._attempts.get(case_id, 0))
        approve = rng.random() < self._habits.second_approved
        body = {"approve": approve, "needs": "tow", "same_dealer": card["dealer"] in self._towing}
        key = f"second-{case_id}-{card['vehicle']}-{self._attempts.get(case_id, 0)}"
        await self.client.send(f"/cases/{case_id}/second_dispatch", body, key=key)
        self.client.door.ledger.acked("second_dispatch_decided", case_id, approved=approve)
        if approve:
            await self._offer(case_id)

    async def _ask_owner(self, case_id: str) -> None:
        if not self._owners[case_id].answers_survey:
            await self.client.send(f"/cases/{case_id}/close", {}, key=f"close-{case_id}")
            self.client.door.ledger.acked("case_closed", case_id)
            return
        body = {"satisfaction": self._owners[case_id].satisfaction}
        await self.client.send(f"/cases/{case_id}/survey", body, key=f"survey-{case_id}")
        self.client.door.ledger.acked("survey_answered", case_id, **body)

    async def _fail(self, case_id: str, reason: str) -> None:
        await self.client.send(f"/cases/{case_id}/fail", {"reason": reason}, key=f"fail-{case_id}")
        self.client.door.ledger.acked("case_failed", case_id)

    async def _cancel(self, case_id: str, by: str, reason: str) -> None:
        body = {"by": by, "reason": reason}
        await self.client.send(f"/cases/{case_id}/cancel", body, key=f"cancel-{case_id}-{by}")
        self.client.door.ledger.acked("case_cancelled", case_id, by=by)

    async def _call_off_later(self, case_id: str, after_s: float) -> None:
        await self._pace.sleep(after_s)
        self._telephone.put_nowait(WantsCancelled(case_id=case_id, reason="客户不再需要"))

    async def _hear(self, word: Word) -> None:
        await self._pace.sleep(self._habits.typing_s / 2)
        with suppress(Refused):  # too late: the case has gone on meanwhile
            match word:
                case WantsCancelled(case_id=case_id, reason=reason):
                    await self._cancel(case_id, "customer", reason)
                case JobDone():
                    await self._confirm(word)
                case ComesLater(case_id=case_id, trip_id=trip_id):
                    path = f"/trips/{trip_id}/promise_change/approve"
                    await self.client.send(path, {"outside_cause": True}, key=f"approve-{trip_id}")
                    self.client.door.ledger.acked("promise_change_approved", case_id, trip_id=trip_id)

    async def _confirm(self, word: JobDone) -> None:
        ledger = self.client.door.ledger
        if word.unsigned:
            path = f"/trips/{word.trip_id}/checksheet/confirm_unsigned"
            await self.client.send(path, {}, key=f"unsigned-{word.trip_id}")
            ledger.acked("unsigned_confirmed", word.case_id, trip_id=word.trip_id)
        path = f"/trips/{word.trip_id}/complete"
        await self.client.send(path, {"confirmed_by": word.caller}, key=f"complete-{word.trip_id}")
        ledger.acked("case_completed", word.case_id, trip_id=word.trip_id)


async def call_in(dispatcher: Dispatcher, calls: tuple[Call, ...], pace: Pace, began_s: float) -> None:
    """Every call at its time of the day that began at `began_s`."""
    async with asyncio.TaskGroup() as group:
        for call in calls:
            await pace.sleep(began_s + call.at_s - pace.seconds())
            group.create_task(dispatcher.take(call))
