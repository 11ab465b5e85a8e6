"""One trip from its acceptance to its end, as crew and specialist live it (R4-R7, R19)."""

import random
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from core.geo import Position
from dispatch.vocabulary import Result
from simulations import behaviour
from simulations.behaviour import DELAYS, Errand, Habits
from simulations.city import CityDealer
from simulations.doors import Client, Refused
from simulations.fittings import person, phone
from simulations.fleet import delayed
from simulations.pace import Pace
from simulations.telephone import ComesLater, JobDone, Telephone
from simulations.vehicle import Vehicle
from simulations.watch import CaseWatch
from tracking.vocabulary import VehicleKind

SIGNATURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 30"><path d="M5 20 L25 8 L40 24 L85 10"/></svg>'
GPS_PATIENCE_S = 420
"""So long a crew waits for the service to notice its arrival before it taps."""


class Office(Protocol):
    """What a trip needs of the dealer that sent it."""

    dealer: CityDealer
    client: Client
    pace: Pace
    habits: Habits
    telephone: Telephone


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What the specialist knows of the case; the customer's plate tells one motorist's luck from another's."""

    case_id: str
    car: str
    needs: VehicleKind
    scene: Position


class Over(Exception):
    """The dealer's part in the case is at its end: completed, cancelled, given back or given to another."""


async def run_errand(
    office: Office,
    job: Job,
    trip_id: str,
    vehicle: Vehicle,
    watch: CaseWatch,
    luck: random.Random,
    *,
    promised_minutes: int,
) -> None:
    """Live through the trip until it is over. A refusal ends it too: the dispatcher will look after the case."""
    plan = behaviour.errand(office.habits, luck, vehicle.facts.kind)
    trip = _Trip(office, job, trip_id, vehicle, watch, plan, luck)
    try:
        await trip.travel(promised_minutes)
        await trip.work()
        await trip.finish()
    except (Over, Refused):
        return


class _Trip:
    def __init__(
        self,
        office: Office,
        job: Job,
        trip_id: str,
        vehicle: Vehicle,
        watch: CaseWatch,
        plan: Errand,
        luck: random.Random,
    ) -> None:
        self.office = office
        self.case_id = job.case_id
        self.scene = job.scene
        self.trip_id = trip_id
        self.vehicle = vehicle
        self.watch = watch
        self.plan = plan
        self.luck = luck
        self.began_s = office.pace.seconds()

    async def travel(self, promised_minutes: int) -> None:
        """Make ready, set out, arrive. The crew may give the case back, be held up, or lose the network."""
        plan, vehicle = self.plan, self.vehicle
        await self._wait(plan.preparing_s)
        if plan.changes_driver:
            driver = {"name": person(self.luck), "phone": phone(self.luck)}
            await self._change({"driver": driver, "reason": "另一组人员更近"}, "trip_changed")
        way = vehicle.way_to(self.scene)
        if plan.delayed_s:
            way = delayed(way, plan.delayed_s)
        vehicle.go(way)
        told = plan.taps or vehicle.terminal is None
        if told:
            await self._tell("depart", "vehicle_departed", "departure_reported")
        if plan.delayed_s and way.ends_s > self.began_s + promised_minutes * 60:
            await self._wait(way.points[len(way.points) // 2].time_s - self.office.pace.seconds())
            await self._tell_later(way.ends_s)
        await self._drive_on(way.ends_s)
        if not told and vehicle.terminal is not None:
            await self._noticed()
            told = self.watch.status != "on_scene"
        if told:
            await self._tell("arrive", "vehicle_arrived", "arrival_reported")

    async def work(self) -> None:
        """The check sheet, consent where it is needed, and what was achieved; another vehicle where it was not."""
        await self._wait(90)
        sheet: dict[str, Any] = {
            "client_id": f"c-{self.trip_id[-12:]}",
            "odometer_km": self.luck.randrange(2_000, 180_000),
            "fuel": "1/2",
            "damage": [],
            "crew": 2,
        }
        await self._send("checksheet", sheet, "check_sheet_saved", method="PUT")
        case = await self.office.client.get(f"/cases/{self.case_id}")
        if case["consent_needed"]:
            await self._send("consent", {"signer": "车主", "signature_svg": SIGNATURE}, "consent_signed")
        await self._wait(self.plan.work_s)
        await self._report(self.plan.result, drivable=self.plan.drivable)
        if self.plan.result is Result.UNRESOLVED:
            await self.watch.until("on_scene")
            self._still_ours()
            await self._wait(600)
            tow = self.vehicle.facts.kind is VehicleKind.TOW
            await self._report(Result.TOWED if tow else Result.REPAIRED, drivable=not tow)

    async def finish(self) -> None:
        """Tow it in where that is the job; the customer signs or not; the end is told as R7 says."""
        vehicle, office = self.vehicle, self.office
        if vehicle.facts.kind is VehicleKind.TOW:
            way = vehicle.way_to(vehicle.facts.home)
            vehicle.go(way)
            await self._drive_on(way.ends_s)
        if self.plan.signed:
            body = {"signer": "车主", "signature_svg": SIGNATURE}
            await self._send("checksheet/sign", body, "check_sheet_signed")
        else:
            body = {"refused_reason": "客户有急事先行离开"}
            await self._send("checksheet/sign", body, "signature_refused")
        on_gps = vehicle.terminal is not None and vehicle.facts.kind is VehicleKind.SERVICE
        if on_gps and self.plan.signed and vehicle.terminal is not None:
            await vehicle.terminal.complete(office.pace.now())
            office.client.door.ledger.acked("case_completed", self.case_id, trip_id=self.trip_id)
        elif vehicle.facts.kind is VehicleKind.SERVICE and self.plan.signed:
            await self._send("complete", {}, "case_completed")
        else:
            office.telephone.put_nowait(
                JobDone(
                    case_id=self.case_id,
                    trip_id=self.trip_id,
                    caller=office.dealer.specialist,
                    unsigned=not self.plan.signed,
                )
            )
        await self.watch.until()

    async def _drive_on(self, until_s: float) -> None:
        terminal, silent_s = self.vehicle.terminal, self.plan.silent_after_s
        pace = self.office.pace
        if terminal is not None and silent_s is not None and pace.seconds() + silent_s < until_s:
            await self._wait(silent_s)
            await terminal.silence(on=True)
            try:
                await self._wait(self.plan.silent_for_s)
            finally:
                await terminal.silence(on=False)
        await self._wait(until_s - pace.seconds())

    async def _noticed(self) -> None:
        pace = self.office.pace
        noticed = pace.seconds() + GPS_PATIENCE_S
        while self.watch.status != "on_scene" and pace.seconds() < noticed:
            await self._wait(15)

    async def _tell_later(self, arrives_s: float) -> None:
        pace = self.office.pace
        minutes = max(1, round((arrives_s - pace.seconds()) / 60))
        reason = self.luck.choice(DELAYS)
        if await self._change({"eta_minutes": minutes, "reason": reason}, "promise_changed"):
            self.office.telephone.put_nowait(ComesLater(case_id=self.case_id, trip_id=self.trip_id))

    async def _change(self, change: Any, kind: str) -> bool:
        """Tell the CAC a change (R4); False when it is too late for one."""
        client = self.office.client
        try:
            await client.send(f"/trips/{self.trip_id}", change, key=f"{kind}-{self.trip_id}", method="PATCH")
        except Refused:
            return False
        client.door.ledger.acked(kind, self.case_id, trip_id=self.trip_id)
        return True

    async def _tell(self, step: str, *kinds: str) -> None:
        with suppress(Refused):  # the fixes said so before, or the case has just ended; `_wait` will know
            await self._send(step, {}, *kinds)

    async def _report(self, result: Result, *, drivable: bool) -> None:
        await self._send("outcome", {"result": result.value, "drivable": drivable}, "outcome_reported")

    async def _send(self, step: str, body: Any, *kinds: str, method: str = "POST") -> None:
        self._still_ours()
        client = self.office.client
        key = f"{step}-{self.trip_id}-{body.get('result', '')}"
        await client.send(f"/trips/{self.trip_id}/{step}", body, key=key, method=method)
        client.door.ledger.acked("|".join(kinds), self.case_id, trip_id=self.trip_id)

    async def _wait(self, seconds: float) -> None:
        """Let time pass, unless the trip is over; give the case back if that is how it goes (K10)."""
        pace, gives_back_s = self.office.pace, self.plan.give_back_after_s
        if gives_back_s is not None and self.watch.status in ("accepted", "en_route"):
            left_s = self.began_s + gives_back_s - pace.seconds()
            if left_s < seconds:
                await self._sleep(left_s)
                await self._send("give_back", {"reason": "救援车辆抛锚"}, "trip_given_back")
                raise Over
        await self._sleep(seconds)

    async def _sleep(self, seconds: float) -> None:
        if await self.office.pace.unless(self.watch.over, seconds):
            raise Over

    def _still_ours(self) -> None:
        if self.watch.over.is_set():
            raise Over
