"""A dealer's rescue specialist on duty: sees offers on the feed, answers them by the model, sends vehicles."""

from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from core.geo import Position
from gateway.live.protocol import Board, Event
from simulations import behaviour
from simulations.behaviour import Answer, Habits, Reply, dice
from simulations.city import CityDealer
from simulations.doors import Client, Refused
from simulations.errand import Job, run_errand
from simulations.feed import Feed
from simulations.fittings import person, phone
from simulations.fleet import expected_s
from simulations.pace import Pace
from simulations.telephone import Telephone
from simulations.vehicle import Vehicle
from simulations.watch import CaseWatch
from tracking.vocabulary import VehicleKind

Start = Callable[[Coroutine[Any, Any, None]], None]
"""Starts a task that the run looks after."""


class Specialist:
    """One dealer's person. Everything passes through the dealer's own session.

    `answers` says whether an offer of that case is this person's to answer.
    """

    def __init__(
        self,
        dealer: CityDealer,
        vehicles: Sequence[Vehicle],
        client: Client,
        *,
        pace: Pace,
        habits: Habits,
        seed: int,
        telephone: Telephone,
        start: Start,
        answers: Callable[[str], bool],
    ) -> None:
        self.dealer = dealer
        self.client = client
        self.pace = pace
        self.habits = habits
        self.seed = seed
        self.telephone = telephone
        self.feed = Feed(client, self)
        self._vehicles = vehicles
        self._start = start
        self._answers = answers
        self._watches: dict[str, CaseWatch] = {}
        self._answered: set[str] = set()
        self._trips: Counter[str] = Counter()

    def snapshot(self, board: Board) -> None:
        """Everything anew: find offers that came meanwhile, and trips that ended."""
        for case_id, watch in self._watches.items():
            watch.show(board.cards.get(case_id))
        for case_id, card in board.cards.items():
            if card["status"] == "offered" and card["dealer"] == self.dealer.code:
                self._start(self._look_up(case_id))

    def event(self, event: Event) -> None:
        """One more event: an offer to answer, or news of a trip under way."""
        if watch := self._watches.get(event.case):
            watch.show(event.card)
        if event.kind == "offer_made" and event.data.get("dealer") == self.dealer.code and event.card:
            self._offered(event.case, event.data["offer_id"], event.card)

    async def _look_up(self, case_id: str) -> None:
        case = await self.client.get(f"/cases/{case_id}")
        for offer in case["offers"]:
            if offer["status"] == "pending" and offer["dealer"] == self.dealer.code:
                scene = case["location"]["hand_over"] or case["location"]
                card = {"needs": case["needs"], "plate": case["car"]["plate"], **scene}
                self._offered(case_id, offer["id"], card)

    def _offered(self, case_id: str, offer_id: str, card: Any) -> None:
        if offer_id not in self._answered and self._answers(case_id):
            self._answered.add(offer_id)
            job = Job(
                case_id=case_id,
                car=card["plate"],
                needs=VehicleKind(card["needs"]),
                scene=Position(lat=card["lat"], lon=card["lon"]),
            )
            self._start(self._answer(job, offer_id))

    async def _answer(self, job: Job, offer_id: str) -> None:
        reply = behaviour.reply(self.habits, dice(self.seed, "reply", job.car, self.dealer.code))
        await self.pace.sleep(reply.after_s)
        if reply.answer is Answer.IGNORE:
            return
        try:
            if reply.answer is Answer.DECLINE:
                await self._decline(job.case_id, offer_id, reply.reason)
            elif vehicle := self._free(job.needs):
                await self._accept(job, offer_id, vehicle, reply)
            else:
                await self._decline(job.case_id, offer_id, "没有空闲的合适车辆")
        except Refused:
            return  # too late, or the vehicle was just taken; the ledger has the code

    async def _decline(self, case_id: str, offer_id: str, reason: str) -> None:
        await self.client.send(f"/offers/{offer_id}/decline", {"reason": reason}, key=f"decline-{offer_id}")
        self.client.door.ledger.acked("offer_declined", case_id, offer_id=offer_id)

    async def _accept(self, job: Job, offer_id: str, vehicle: Vehicle, reply: Reply) -> None:
        rng = dice(self.seed, "crew", job.car, vehicle.facts.plate)
        expected = expected_s(vehicle.where(), job.scene, vehicle.facts.kind) + self.habits.preparing_s
        minutes = max(5, round(reply.slack * expected / 60)) + (45 if reply.late else 0)
        body = {
            "vehicle": vehicle.facts.plate,
            "driver": {"name": person(rng), "phone": phone(rng)},
            "crew": 2,
            "eta_minutes": minutes,
            "reason": reply.reason or ("路程远" if minutes > 40 else ""),
        }
        vehicle.busy = True
        watch = self._watches[job.case_id] = CaseWatch(self.dealer.code)
        try:
            trip = await self.client.send(f"/offers/{offer_id}/accept", body, key=f"accept-{offer_id}")
        except Refused:
            vehicle.busy = False
            raise
        ledger = self.client.door.ledger
        ledger.acked("offer_accepted", job.case_id, offer_id=offer_id, trip_id=trip["id"])
        try:
            self._trips[job.case_id] += 1
            luck = dice(self.seed, "errand", job.car, vehicle.facts.plate, self._trips[job.case_id])
            await run_errand(self, job, trip["id"], vehicle, watch, luck, promised_minutes=minutes)
        finally:
            vehicle.release()

    def _free(self, kind: VehicleKind) -> Vehicle | None:
        fit = [vehicle for vehicle in self._vehicles if vehicle.facts.kind is kind and not vehicle.busy]
        return next((vehicle for vehicle in fit if vehicle.terminal), fit[0] if fit else None)
