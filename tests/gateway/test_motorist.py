"""The motorist's link: one case, nothing else, and gone in time."""

import asyncio
import io
from datetime import timedelta
from urllib.parse import unquote

import pytest
from gateway_house import SCENE, SIGNATURE, House, acceptance, case_body
from pypdf import PdfReader

from core.clock import WallClock
from dispatch.wayside import Standing
from gateway.catalogue import catalogue
from gateway.http.motorist import disposition
from gateway.links import MotoristLink
from gateway.record import fit_to_draw


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
    assigned = await look(house, token)
    assert (assigned["state"], assigned["driver"], assigned["can_cancel"]) == ("assigned", "陈", True)
    await house.driver.post(f"/trips/{trip['id']}/depart")
    coming = await look(house, token)
    assert (coming["state"], coming["can_cancel"]) == ("coming", True)
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
    assert (await look(house, token))["state"] == "located"
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
    await house.d1.put(
        f"{path}/checksheet", {"damage": {"left": "scratch"}, "odometer_km": 48210, "note": "#let x = 1 *粗* $a$"}
    )
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
    for said in ("服务救援记录表", "李女士", "沪B54321", "#letx=1*粗*$a$", "里程（公里）", "48210", "左：划痕", sealed):
        assert said in read, said
    english = await house.client.get(f"/api/v1/motorist/{token}/record.pdf?lang=en")
    assert "left: scratch" in PdfReader(io.BytesIO(english.content)).pages[0].extract_text()
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


async def test_a_link_of_one_case_is_never_moved_to_another(house: House) -> None:
    link_id, token = await new_link(house)
    first = await house.new_case(link=link_id)
    again = await house.cac.post("/cases", case_body(link=link_id, caller={"name": "钱先生", "phone": "13700001111"}))
    assert (again.status_code, again.json()["field"]) == (409, "link")
    assert (await look(house, token))["number"] == first["number"]
    assert [one["id"] for one in (await house.cac.get("/cases")).json()] == [first["id"]]
    old, _ = await new_link(house)
    async with house.service.db.write() as session:
        link = await session.get(MotoristLink, old)
        assert link
        link.created_at = WallClock().now() - timedelta(hours=25)
    assert (await house.cac.post("/cases", case_body(link=old))).status_code == 404


async def test_what_is_open_keeps_open_where_others_ask_for_what_is_not(house: House) -> None:
    case = await house.new_case()
    _, token = await new_link(house, case["id"])
    for _ in range(40):
        await house.client.get("/api/v1/motorist/nothing")
    assert (await look(house, token))["number"] == case["number"]


async def test_k2_of_several_cancels_at_once_all_are_told_that_it_is_cancelled(house: House) -> None:
    case = await house.new_case()
    _, token = await new_link(house, case["id"])
    path = f"/api/v1/motorist/{token}/cancel"
    answers = await asyncio.gather(*(house.client.post(path, json={"reason": "车已恢复"}) for _ in range(5)))
    assert {(one.status_code, one.json()["state"]) for one in answers} == {(200, "cancelled")}


async def test_r5_with_the_crew_beside_the_car_nothing_is_cancelled(house: House) -> None:
    trip = await house.on_scene()
    _, token = await new_link(house, trip["case"])
    asked = await house.d1.post(f"/trips/{trip['id']}/outcome", {"result": "unresolved", "drivable": False})
    assert asked.status_code == 200, asked.text
    told = await look(house, token)
    assert (told["state"], told["can_cancel"]) == ("on_scene", False)
    refused = await house.client.post(f"/api/v1/motorist/{token}/cancel", json={"reason": "x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")


async def test_a_dealer_reads_the_record_of_its_own_trip_and_of_no_other(house: House) -> None:
    case = await house.new_case()
    declined = await house.cac.post(f"/cases/{case['id']}/offers", {"dealer": "D2", "override_reason": "客户要求"})
    await house.d2.post(f"/offers/{declined.json()['id']}/decline", {"reason": "没有人"})
    offer = (await house.cac.get(f"/cases/{case['id']}")).json()["offers"][-1]
    assert offer["dealer"] == "D1"
    assert (await house.d1.post(f"/offers/{offer['id']}/accept", acceptance())).status_code == 200
    path = f"/cases/{case['id']}/record.pdf"
    assert [(await who.get(path)).status_code for who in (house.d1, house.driver, house.cac)] == [200, 200, 200]
    assert (await house.d2.get(path)).status_code == 404


@pytest.mark.parametrize("drawing", ["<svg width='0' height='0'/>", "<svg/>", "<svg><text>李</text></svg>"])
async def test_r6_a_record_is_had_whatever_the_signature_looks_like(house: House, drawing: str) -> None:
    trip = await house.on_scene()
    path = f"/trips/{trip['id']}/checksheet"
    await house.d1.put(path, {"odometer_km": 1})
    signed = await house.d1.post(f"{path}/sign", {"signer": "李女士", "signature_svg": drawing})
    assert signed.status_code == 200, signed.text
    record = await house.cac.get(f"/cases/{trip['case']}/record.pdf")
    assert (record.status_code, record.content[:5]) == (200, b"%PDF-")


def test_r6_a_drawing_from_before_the_check_is_left_out_of_the_record() -> None:
    deep = f"<svg><text>{'<tspan>' * 9000}x{'</tspan>' * 9000}</text></svg>"
    for drawing in (deep, "<svg", "x"):
        assert not fit_to_draw(drawing)
    assert fit_to_draw(SIGNATURE)


@pytest.mark.parametrize("number", ["R261125-0001", "案例-1", 'x"; filename="evil.html', "a\r\nSet-Cookie: b=c"])
def test_a_file_is_named_after_any_number_in_ascii(number: str) -> None:
    said = disposition(number)
    assert said.isascii()
    assert said.isprintable()
    assert said.count('"') == 2
    assert unquote(said.partition("UTF-8''")[2]) == f"{number}.pdf"


async def test_r20_what_was_solved_by_phone_has_no_record(house: House) -> None:
    case = await house.new_case()
    _, token = await new_link(house, case["id"])
    assert (await house.cac.post(f"/cases/{case['id']}/solve_by_phone", {"note": "已指导重启"})).status_code == 200
    told = await look(house, token)
    assert (told["state"], told["has_record"]) == ("completed", False)
    assert (await house.client.get(f"/api/v1/motorist/{token}/record.pdf")).status_code == 404
