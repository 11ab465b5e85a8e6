"""A write that is sent twice is done once."""

import asyncio
from datetime import timedelta

import pytest
from gateway_house import House, acceptance, case_body

from gateway.idempotency import HEADER, KEPT, REPLAYED, forget_old


async def test_sent_again_it_is_answered_the_same_and_done_once(house: House) -> None:
    first = await house.cac.post("/cases", case_body(), headers={HEADER: "k-1"})
    again = await house.cac.post("/cases", case_body(), headers={HEADER: "k-1"})
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert (first.headers.get(REPLAYED), again.headers.get(REPLAYED)) == (None, "true")
    assert len((await house.cac.get("/cases")).json()) == 1
    other = await house.admin.post("/cases", case_body(), headers={HEADER: "k-1"})
    assert other.json()["id"] != first.json()["id"]  # a key is its user's own


async def test_the_same_key_for_something_else_is_refused(house: House) -> None:
    first = await house.cac.post("/cases", case_body(), headers={HEADER: "k"})
    for path, body in (("/cases", case_body(note="x")), (f"/cases/{first.json()['id']}/offers", {})):
        answer = await house.cac.post(path, body, headers={HEADER: "k"})
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert await house.last_seq() == 1


async def test_a_refusal_is_not_kept(house: House) -> None:
    trip = await house.new_trip()
    body = {"result": "repaired", "drivable": True}
    key = {HEADER: "outcome"}
    early = await house.cac.post(f"/trips/{trip['id']}/outcome", body, headers=key)
    assert early.json()["code"] == "illegal_transition"
    await house.cac.post(f"/trips/{trip['id']}/arrive")
    assert (await house.cac.post(f"/trips/{trip['id']}/outcome", body, headers=key)).status_code == 200


async def test_twenty_at_once_have_one_effect(house: House) -> None:
    async with asyncio.TaskGroup() as group:
        sent = [group.create_task(house.cac.post("/cases", case_body(), headers={HEADER: "race"})) for _ in range(20)]
    answers = [task.result() for task in sent]
    assert {answer.content for answer in answers} == {answers[0].content}
    assert sorted(answer.headers.get(REPLAYED, "") for answer in answers) == ["", *["true"] * 19]
    assert await house.last_seq() == 1


async def test_exactly_one_of_two_specialists_wins_an_offer(house: House) -> None:
    for _ in range(5):
        offer = await house.new_offer()
        async with asyncio.TaskGroup() as group:
            sent = [
                group.create_task(house.d1.post(f"/offers/{offer['id']}/accept", acceptance(), headers={HEADER: key}))
                for key in (f"a{offer['id']}", f"b{offer['id']}")
            ]
        assert sorted(task.result().status_code for task in sent) == [200, 409]
        case = (await house.cac.get(f"/cases/{offer['case']}")).json()
        assert len(case["trips"]) == 1
        await house.d1.post(f"/trips/{case['trips'][0]['id']}/give_back", {"reason": "x"})
        await house.cac.post(f"/cases/{offer['case']}/cancel", {"by": "cac", "reason": "x"})


@pytest.mark.parametrize("key", ["", "x" * 201, "tab\there"])
async def test_a_key_that_cannot_be(house: House, key: str) -> None:
    answer = await house.cac.post("/cases", case_body(), headers={HEADER: key})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid", HEADER)


async def test_answers_are_forgotten_after_their_time(house: House) -> None:
    first = await house.cac.post("/cases", case_body(), headers={HEADER: "k"})
    service = house.service
    async with service.db.write() as session:
        await forget_old(session, service.wall.now() + KEPT - timedelta(minutes=1))
    assert (await house.cac.post("/cases", case_body(), headers={HEADER: "k"})).content == first.content
    async with service.db.write() as session:
        await forget_old(session, service.wall.now() + KEPT + timedelta(minutes=1))
    assert (await house.cac.post("/cases", case_body(), headers={HEADER: "k"})).content != first.content
