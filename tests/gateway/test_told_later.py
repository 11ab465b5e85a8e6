"""A phone that was offline sends later, in order and perhaps twice: what happened keeps the moment it happened at."""

from datetime import UTC, datetime, timedelta
from typing import Any

from gateway_house import SIGNATURE, House

from gateway.idempotency import HEADER, REPLAYED

SIGNED = {"signer": "李女士", "signature_svg": SIGNATURE}


class LaterClock:
    """An hour and a half after the wall's, for what a phone sends that was offline so long."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(minutes=90)


def at(accepted_at: str, minutes: float) -> str:
    return (datetime.fromisoformat(accepted_at) + timedelta(minutes=minutes)).isoformat()


async def test_an_hour_offline_all_is_sent_later_in_order_and_twice(house: House) -> None:
    trip = await house.new_trip()
    path, began = f"/trips/{trip['id']}", trip["accepted_at"]
    object.__setattr__(house.service.desk, "clock", LaterClock())
    told = {"signer": "李女士", "signature_svg": SIGNATURE}
    queue: list[tuple[str, str, Any]] = [
        ("POST", f"{path}/depart", {"at": at(began, 5)}),
        ("POST", f"{path}/arrive", {"at": at(began, 25)}),
        ("POST", f"{path}/consent", {**told, "at": at(began, 26)}),
        ("PUT", f"{path}/checksheet?at={at(began, 30).replace('+', '%2B')}", {"km": 1}),
        ("POST", f"{path}/outcome", {"result": "repaired", "drivable": True, "at": at(began, 40)}),
        ("POST", f"{path}/checksheet/sign", {**told, "at": at(began, 45)}),
        ("POST", f"{path}/complete", {"at": at(began, 46)}),
    ]
    for count, (method, where, body) in enumerate(queue):
        key = {HEADER: f"phone-{count}"}
        first = await house.driver.send(method, where, json=body, headers=key)
        again = await house.driver.send(method, where, json=body, headers=key)
        assert first.status_code == 200, (where, first.text)
        assert (again.status_code, again.content, again.headers[REPLAYED]) == (200, first.content, "true")
    done = (await house.cac.get(path)).json()
    for field, minutes in (("departed_at", 5), ("arrived_at", 25), ("ended_at", 46)):
        assert datetime.fromisoformat(done[field]) == datetime.fromisoformat(at(began, minutes)), field
    sheet = done["sheet"]
    for field, minutes in (("saved_at", 30), ("signed_at", 45)):
        assert datetime.fromisoformat(sheet[field]) == datetime.fromisoformat(at(began, minutes)), field
    timeline = (await house.cac.get(f"/cases/{trip['case']}/timeline")).json()
    happened = {one["kind"]: one["data"].get("at") for one in timeline}  # a promise that passed has none
    for kind, minutes in (("consent_signed", 26), ("outcome_reported", 40), ("case_completed", 46)):
        assert datetime.fromisoformat(happened[kind]) == datetime.fromisoformat(at(began, minutes)), kind
    kinds = [one["kind"] for one in timeline]
    assert len(kinds) == len(set(kinds))  # sent twice, each happened once


async def test_a_time_that_cannot_be_is_refused(house: House) -> None:
    trip = await house.on_scene(fault="stuck")
    path, began = f"/trips/{trip['id']}", trip["accepted_at"]
    for minutes in (-3, 3):
        moment = at(began, minutes)
        answers = [
            await house.driver.post(f"{path}/consent", {**SIGNED, "at": moment}),
            await house.driver.put(f"{path}/checksheet?at={moment.replace('+', '%2B')}", {"km": 1}),
            await house.driver.post(f"{path}/outcome", {"result": "unresolved", "drivable": False, "at": moment}),
            await house.driver.post(f"{path}/checksheet/sign", {**SIGNED, "at": moment}),
            await house.driver.post(f"{path}/checksheet/sign", {"refused_reason": "x", "at": moment}),
            await house.cac.post(f"{path}/complete", {"at": moment}),
        ]
        assert [(one.status_code, one.json()["field"]) for one in answers] == [(422, "at")] * len(answers)
    assert (await house.driver.put(f"{path}/checksheet?at=noon", {"km": 1})).json()["field"] == "at"
    # A clock that is only a little off is put right: within the acceptance and now.
    await house.driver.put(f"{path}/checksheet?at={at(began, 1).replace('+', '%2B')}", {"km": 1})
    early = (await house.driver.post(f"{path}/checksheet/sign", {**SIGNED, "at": at(began, -1)})).json()["sheet"]
    assert datetime.fromisoformat(early["signed_at"]) == datetime.fromisoformat(began)
    assert datetime.fromisoformat(early["saved_at"]) <= datetime.now(UTC)
