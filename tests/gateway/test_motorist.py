"""The motorist's link: one case, nothing else, and gone in time."""

import io
from datetime import timedelta

import pytest
from gateway_house import SCENE, SIGNATURE, House, acceptance
from pypdf import PdfReader

from core.clock import WallClock
from dispatch.wayside import Standing
from gateway.catalogue import catalogue
from gateway.links import MotoristLink


async def new_link(house: House, case_id: str = "") -> tuple[str, str]:
    made = (await house.cac.post("/links", {"case": case_id})).json()
    return made["id"], made["url"].removeprefix("/m/")


async def look(house: House, token: str, expected: int = 200) -> dict[str, object]:
    answer = await house.client.get(f"/api/v1/motorist/{token}")
    assert answer.status_code == expected, answer.text
    return answer.json()


async def test_a_link_follows_its_case_and_tells_no_more_than_it_must(house: House) -> None:
    case = await house.new_case()
    _, token = await new_link(house, case["id"])
    assert (await look(house, token))["state"] == "waiting"
    offer = (await house.cac.post(f"/cases/{case['id']}/offers")).json()
    offered = await look(house, token)
    assert (offered["state"], offered["service"], offered["vehicle"]) == ("waiting", None, None)
    trip = (await house.d1.post(f"/offers/{offer['id']}/accept", acceptance())).json()
    coming = await look(house, token)
    assert (coming["state"], coming["driver"], coming["can_cancel"]) == ("coming", "陈", True)
    assert coming["service"] == {"dealer_name": "店D1", "dealer_phone": "021-51330126"}
    assert coming["arrival"]["source"] == "promise"  # type: ignore[index]
    text = str(coming)
    for personal in ("13912345678", "13800000002", "李女士", "沪B54321", "LSGAB52H9GE123456"):
        assert personal not in text
    await house.driver.post(f"/trips/{trip['id']}/arrive")
    assert (await look(house, token))["state"] == "on_scene"
    refused = await house.client.post(f"/api/v1/motorist/{token}/cancel", json={"reason": "车已恢复"})
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")


async def test_a_phone_tells_where_it_is_before_there_is_a_case(house: House) -> None:
    link_id, token = await new_link(house)
    assert (await look(house, token))["state"] == "locating"
    said = {**SCENE, "accuracy_m": 12.5}
    assert (await house.client.post(f"/api/v1/motorist/{token}/position", json=said)).status_code == 200
    state = (await house.cac.get(f"/links/{link_id}")).json()
    assert state["opened_at"]
    assert (state["position"]["lat"], state["position"]["accuracy_m"]) == (SCENE["lat"], 12.5)
    case = await house.new_case(link=link_id)
    assert (await look(house, token))["number"] == case["number"]
    for wrong, code in (
        ({"lat": 0, "lon": 0}, "invalid_position"),
        ({"lat": 48.8, "lon": 2.3}, "outside_service_area"),
    ):
        answer = await house.client.post(f"/api/v1/motorist/{token}/position", json=wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_k2_the_motorist_cancels_once(house: House) -> None:
    case = await house.new_case()
    _, token = await new_link(house, case["id"])
    for _ in range(2):
        answer = await house.client.post(f"/api/v1/motorist/{token}/cancel", json={"reason": "车已恢复"})
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    ended = (await house.cac.get(f"/cases/{case['id']}")).json()
    assert (ended["status"], ended["cancelled_by"]) == ("cancelled", "customer")


async def test_r6_k11_afterwards_the_survey_and_the_signed_record(house: House) -> None:
    trip = await house.on_scene()
    _, token = await new_link(house, trip["case"])
    path = f"/trips/{trip['id']}"
    await house.d1.put(f"{path}/checksheet", {"odometer_km": 48210, "note": "#let x = 1 *粗* $a$"})
    await house.d1.post(f"{path}/outcome", {"result": "repaired", "drivable": True})
    assert (await house.client.get(f"/api/v1/motorist/{token}/record.pdf")).status_code == 404
    await house.d1.post(f"{path}/checksheet/sign", {"signer": "李女士", "signature_svg": SIGNATURE})
    done = await house.d1.post(f"{path}/complete")
    assert done.status_code == 200, done.text
    assert (await look(house, token))["survey_open"] is True
    for _ in range(2):
        rated = await house.client.post(f"/api/v1/motorist/{token}/survey", json={"satisfaction": 100})
        assert (rated.status_code, rated.json()["satisfaction"], rated.json()["survey_open"]) == (200, 100, False)
    changed = await house.client.post(f"/api/v1/motorist/{token}/survey", json={"satisfaction": 1})
    assert changed.status_code == 409
    own = await house.client.get(f"/api/v1/motorist/{token}/record.pdf")
    assert own.headers["content-type"] == "application/pdf"
    read = PdfReader(io.BytesIO(own.content)).pages[0].extract_text().replace(" ", "")
    sealed = (await house.d1.get(path)).json()["sheet"]["sha256"]
    for said in ("服务救援记录表", "李女士", "沪B54321", "#letx=1*粗*$a$", "里程（公里）", "48210", sealed):
        assert said in read, said
    masked = await house.oem.get(f"/cases/{trip['case']}/record.pdf")
    shown = PdfReader(io.BytesIO(masked.content)).pages[0].extract_text().replace(" ", "")
    assert "李女士" not in shown
    assert "13912345678" not in shown
    assert "48210" not in shown
    assert (await house.d2.get(f"/cases/{trip['case']}/record.pdf")).status_code == 403


async def test_a_link_dies_and_unknown_ones_are_not_tried_without_end(house: House) -> None:
    case = await house.new_case()
    link_id, token = await new_link(house, case["id"])
    for altered in (token[:-1], token.swapcase(), "x", token + "A"):
        await look(house, altered, 404)
    async with house.service.db.write() as session:
        link = await session.get(MotoristLink, link_id)
        assert link
        assert token not in str(vars(link))
        link.created_at = WallClock().now() - timedelta(days=401)
    await look(house, token, 404)
    statuses = [(await house.client.get("/api/v1/motorist/nothing")).status_code for _ in range(40)]
    assert (statuses[0], statuses[-1]) == (404, 429)


@pytest.mark.parametrize("who", ["d1", "driver", "oem"])
async def test_only_the_cac_makes_links(house: House, who: str) -> None:
    assert (await house.people[who].post("/links", {})).status_code == 403


def test_every_standing_and_advice_has_words() -> None:
    assert {f"motorist.state_{one}" for one in Standing} <= catalogue().keys()


async def test_r20_what_was_solved_by_phone_has_no_record(house: House) -> None:
    case = await house.new_case()
    _, token = await new_link(house, case["id"])
    assert (await house.cac.post(f"/cases/{case['id']}/solve_by_phone", {"note": "已指导重启"})).status_code == 200
    told = await look(house, token)
    assert (told["state"], told["has_record"]) == ("completed", False)
    assert (await house.client.get(f"/api/v1/motorist/{token}/record.pdf")).status_code == 404
