"""Least rights: who may do what, and who sees whose phone and plate."""

from datetime import datetime

import pytest
from gateway_house import SIGNATURE, House, acceptance, case_body, dealer_body

PHONE, PLATE, NAME, VIN = "13912345678", "沪B54321", "李女士", "LSGAB52H9GE123456"

# method, path, body, who may: c = CAC (dispatcher, admin), a = admin alone, d = the dealer's specialist,
# r = its driver, o = OEM
MATRIX = [
    ("POST", "/dealers", dealer_body("D9", 31.2, 121.4), "c"),
    ("PATCH", "/dealers/D1", {"phone": "021-1"}, "c"),
    ("GET", "/dealers", None, "cdro"),
    ("POST", "/vehicles", {"plate": "沪A99999", "kind": "tow", "dealer": "D1", "on_duty": True}, "c"),
    ("PATCH", "/vehicles/沪A00001", {"on_duty": True}, "cd"),
    ("GET", "/vehicles", None, "cdr"),
    ("GET", "/vehicles/live", None, "cdr"),
    ("GET", "/vehicles/nearest?lat=31.2&lon=121.4", None, "c"),
    ("GET", "/vehicles/沪A00001/trail", None, "cdr"),
    ("GET", "/vehicles/passed?lat=31.2&lon=121.4", None, "c"),
    ("GET", "/heat?of=fixes&bbox=121.4,31.2,121.5,31.3", None, "co"),
    ("GET", "/replay", None, "c"),
    ("POST", "/terminals", {"terminal_id": "T9", "vehicle": "沪A00003", "protocol": "websocket"}, "c"),
    ("POST", "/cases", case_body(channel="dealer_24h"), "cd"),
    ("POST", "/cases", case_body(), "c"),
    ("GET", "/cases", None, "cdro"),
    ("GET", "/cases/{case}", None, "cdro"),
    ("GET", "/cases/{case}/timeline", None, "cdro"),
    ("GET", "/cases/{case}/candidates", None, "c"),
    ("POST", "/cases/{case}/offers", {}, "c"),
    ("POST", "/cases/{case}/cancel", {"by": "cac", "reason": "x"}, "c"),
    ("POST", "/cases/{case}/fail", {"reason": "x"}, "c"),
    ("POST", "/cases/{case}/solve_by_phone", {"note": "x"}, "c"),
    ("POST", "/cases/{case}/second_dispatch", {"approve": False}, "c"),
    ("POST", "/cases/{case}/survey", {"satisfaction": 1}, "c"),
    ("POST", "/cases/{case}/close", {}, "c"),
    ("PATCH", "/cases/{case}", {"location": {"lat": 31.2, "lon": 121.4}, "reason": "x"}, "c"),
    ("GET", "/offers/{offer}", None, "cdr"),
    ("POST", "/offers/{offer}/accept", acceptance(), "cd"),
    ("POST", "/offers/{offer}/decline", {"reason": "x"}, "cd"),
    ("POST", "/offers/{offer}/withdraw", {"reason": "x"}, "c"),
    ("GET", "/trips/{trip}", None, "cdro"),
    ("PATCH", "/trips/{trip}", {"eta_minutes": 20, "reason": "x"}, "cd"),
    ("POST", "/trips/{trip}/give_back", {"reason": "x"}, "cd"),
    ("POST", "/trips/{trip}/promise_change/approve", {}, "c"),
    ("POST", "/trips/{trip}/calls", {"note": "x"}, "c"),
    ("POST", "/trips/{trip}/depart", {}, "cdr"),
    ("POST", "/trips/{trip}/arrive", {}, "cdr"),
    ("PUT", "/trips/{trip}/checksheet", {"km": 1}, "cdr"),
    ("POST", "/trips/{trip}/checksheet/sign", {"signer": "x", "signature_svg": SIGNATURE}, "cdr"),
    ("POST", "/trips/{trip}/checksheet/confirm_unsigned", None, "c"),
    ("POST", "/trips/{trip}/consent", {"signer": "x", "signature_svg": SIGNATURE}, "cdr"),
    ("POST", "/trips/{trip}/outcome", {"result": "repaired", "drivable": True}, "cdr"),
    ("POST", "/trips/{trip}/complete", {}, "cdr"),
    ("GET", "/scores", None, "cdo"),
    ("GET", "/scores/D1/cases", None, "cdo"),
    ("GET", "/faults", None, "cdro"),
    ("GET", "/admin/rules", None, "a"),
    ("PATCH", "/admin/rules", {"offer_timeout_s": 90, "reason": "x"}, "a"),
    ("PUT", "/admin/faults/snow", {"name_zh": "雪", "name_en": "snow", "needs": "tow", "reason": "x"}, "a"),
    ("GET", "/users", None, "a"),
    ("POST", "/users", {"username": "n", "password": "long-enough", "role": "oem"}, "a"),
    ("PATCH", "/users/none", {"active": False}, "a"),
    ("GET", "/changes", None, "a"),
    ("GET", "/terminals", None, "c"),
    ("POST", "/terminals/T7/token", None, "c"),
    ("DELETE", "/terminals/T7", None, "c"),
    ("GET", "/tiles/outlines/5/26/13.mvt", None, "cdro"),
]
LETTERS = {"cac": "c", "admin": "ca", "d1": "d", "driver": "r", "oem": "o"}


@pytest.fixture
async def ids(house: House) -> dict[str, str]:
    trip = await house.new_trip()
    return {"case": trip["case"], "offer": trip["offer"], "trip": trip["id"]}


async def test_every_route_admits_only_its_roles(house: House, ids: dict[str, str]) -> None:
    wrong: list[str] = []
    for method, path, body, admitted in MATRIX:
        for name in ("oem", "driver", "d1", "cac", "admin"):
            answer = await house.people[name].send(method, path.format(**ids), **({"json": body} if body else {}))
            permitted = answer.status_code != 403
            if permitted != any(letter in admitted for letter in LETTERS[name]) or answer.status_code >= 500:
                wrong.append(f"{name} {method} {path}: {answer.status_code} {answer.text[:200]}")
    assert not wrong


async def test_nothing_is_open_to_those_not_signed_in(house: House, ids: dict[str, str]) -> None:
    for method, path, body, _ in MATRIX:
        answer = await house.client.request(method, f"/api/v1{path.format(**ids)}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in"), path


async def test_a_dealer_reaches_only_its_own(house: House, ids: dict[str, str]) -> None:
    offer, trip, case = (f"/{kind}s/{ids[kind]}" for kind in ("offer", "trip", "case"))
    refusals = [
        await house.d2.get(case),
        await house.d2.get(f"{case}/timeline"),
        await house.d2.get(offer),
        await house.d2.post(f"{offer}/accept", acceptance(vehicle="沪A00002")),
        await house.d2.post(f"{offer}/decline", {"reason": "x"}),
        await house.d2.get(trip),
        await house.d2.post(f"{trip}/arrive"),
        await house.d2.patch(trip, {"eta_minutes": 5, "reason": "x"}),
        await house.d2.patch("/vehicles/沪A00001", {"on_duty": False}),
        await house.d2.get("/vehicles/沪A00001/trail"),
        await house.d2.get("/vehicles?dealer=D1"),
        await house.d2.get("/cases?dealer=D1"),
        await house.d2.get("/scores?dealer=D1"),
        await house.d2.get("/scores/D1/cases"),
        await house.d2.get("/dealers/D1"),
    ]
    assert [(one.status_code, one.json()["code"]) for one in refusals] == [(403, "not_permitted")] * len(refusals)
    assert (await house.d2.get("/cases")).json() == []
    assert [one["plate"] for one in (await house.d2.get("/vehicles")).json()] == ["沪A00002"]
    assert [one["dealer"] for one in (await house.d2.get("/scores")).json()] == ["D2"]
    assert [one["code"] for one in (await house.d2.get("/dealers")).json()] == ["D2"]
    assert len((await house.d1.get("/cases")).json()) == 1


async def test_a_dealer_sees_nothing_of_other_dealers_in_a_case_it_was_offered(house: House) -> None:
    offer = await house.new_offer()
    await house.d1.post(f"/offers/{offer['id']}/decline", {"reason": "机密理由"})
    case = await house.d2.get(f"/cases/{offer['case']}")
    assert [one["dealer"] for one in case.json()["offers"]] == ["D2"]
    timeline = await house.d2.get(f"/cases/{offer['case']}/timeline")
    assert "机密理由" not in case.text + timeline.text
    assert [event["kind"] for event in timeline.json()] == ["case_opened", "offer_made"]


async def test_the_car_maker_sees_no_customers(house: House, ids: dict[str, str]) -> None:
    await house.driver.post(f"/trips/{ids['trip']}/arrive")
    await house.driver.put(f"/trips/{ids['trip']}/checksheet", {"note": f"{NAME} {PHONE}"})
    signing = {"signer": NAME, "signature_svg": SIGNATURE}
    await house.driver.post(f"/trips/{ids['trip']}/checksheet/sign", signing)
    for path in ("/cases", f"/cases/{ids['case']}", f"/cases/{ids['case']}/timeline", f"/trips/{ids['trip']}"):
        text = (await house.oem.get(path)).text
        assert not [secret for secret in (PHONE, PLATE, NAME, VIN, "13800000002") if secret in text], path
    assert (await house.oem.get(f"/cases?q={PHONE}")).status_code == 403


async def test_the_car_maker_reads_free_text_without_people_and_plates(house: House) -> None:
    note = f"车牌{PLATE} VIN {VIN} {NAME} 138.1234.5678，另一车粤B·D54321，G2 K1234 处"
    trip = await house.new_trip(note=note)
    path = f"/trips/{trip['id']}"
    driver = {"name": "张三丰", "phone": "13800000003"}
    changed = await house.d1.patch(path, {"driver": driver, "reason": f"{NAME}要求"})
    assert changed.status_code == 200, changed.text
    case = f"/cases/{trip['case']}"
    told = (await house.oem.get(case)).json()["note"]
    assert told == "车牌*** VIN *** *** ***，另一车***，G2 K1234 处"
    assert (await house.cac.get(case)).json()["note"] == note
    timeline = (await house.oem.get(f"{case}/timeline")).json()
    (renamed,) = [one["data"] for one in timeline if one["data"].get("field") == "driver"]
    assert (renamed["before"], renamed["after"], renamed["reason"]) == ("***", "***", "***要求")
    await house.d1.patch(path, {"eta_minutes": 70, "reason": "堵车"})
    moved = (await house.oem.get(f"{case}/timeline")).json()[-1]["data"]
    assert datetime.fromisoformat(moved["before"]) == datetime.fromisoformat(trip["promised_at"])
    seen = (await house.d1.get(f"{case}/timeline")).json()
    (known,) = [one["data"] for one in seen if one["data"].get("field") == "driver"]
    assert (known["before"], known["after"]) == ("陈师傅", "张三丰")


async def test_a_dealer_sees_the_callers_phone_only_while_it_has_the_case(house: House) -> None:
    offer = await house.new_offer()
    path = f"/cases/{offer['case']}"

    async def seen() -> tuple[str, str, bool]:
        case = await house.d1.get(path)
        timeline = await house.d1.get(f"{path}/timeline")
        return case.json()["caller"]["phone"], case.json()["car"]["plate"], PHONE in timeline.text

    assert await seen() == ("***", PLATE, False)
    for q, found in ((PHONE[:5], 0), (PLATE, 1)):  # nor is it told by looking for it
        assert len((await house.d1.get(f"/cases?q={q}")).json()) == found
        assert len((await house.cac.get(f"/cases?q={q}")).json()) == 1
    trip = (await house.d1.post(f"/offers/{offer['id']}/accept", acceptance())).json()
    assert await seen() == (PHONE, PLATE, True)
    await house.d1.post(f"/trips/{trip['id']}/give_back", {"reason": "x"})
    assert await seen() == ("***", PLATE, False)
