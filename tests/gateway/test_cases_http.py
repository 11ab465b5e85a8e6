"""The main job through the HTTP doors, rule by rule."""

import json
from typing import Any

import pytest
from gateway_house import SIGNATURE, House, acceptance, case_body
from pydantic import TypeAdapter

from gateway.http.views import CandidateOnDeskView, OfferWithCandidates

CASE_FIELDS = (
    "id number status channel needs scope city_code city_name entitlement price_quote doubts tools caller car location"
    " fault note priority opened_at dealer promised_at offers trips promise_changes satisfaction ended_at cancelled_by"
    " end_reason"
)


async def test_a_case_has_every_field_of_the_contract(house: House) -> None:
    case = await house.new_case(car={"plate": "沪b·54321", "registered_city_code": "310100"})
    assert set(CASE_FIELDS.split()) <= case.keys()
    assert (case["status"], case["needs"], case["city_code"], case["city_name"]) == (
        "open",
        "service",
        "310000",
        "上海市",
    )
    assert (case["entitlement"], case["price_quote"]) == ("unknown", None)
    assert case["scope"] == "local"  # 310100 and 310000 are the same municipality
    assert case["car"]["plate"] == "沪B54321"
    assert case["location"]["datum"] == "wgs84"
    assert case["location"]["given"] == {"lat": 31.23041, "lon": 121.47372, "datum": "wgs84"}


async def test_the_whole_job_from_call_to_score(house: House) -> None:
    offer = await house.new_offer()
    assert (offer["dealer"], offer["status"], offer["rank"]) == ("D1", "pending", 1)
    assert [one["dealer"] for one in offer["candidates"]] == ["D1", "D2"]
    accepted = await house.d1.post(f"/offers/{offer['id']}/accept", acceptance())
    trip = accepted.json()
    assert (accepted.status_code, trip["status"], trip["vehicle"]) == (200, "accepted", "沪A00001")
    path = f"/trips/{trip['id']}"
    assert (await house.driver.post(f"{path}/depart")).json()["status"] == "en_route"
    assert (await house.driver.post(f"{path}/arrive", {})).json()["status"] == "on_scene"
    sheet = (await house.driver.put(f"{path}/checksheet", {"client_id": "c1", "odometer_km": 45210})).json()
    assert (sheet["sheet"]["client_id"], sheet["signed"]) == ("c1", False)
    outcome = await house.driver.post(f"{path}/outcome", {"result": "repaired", "drivable": True})
    assert outcome.json()["result"] == "repaired"
    unsigned = await house.driver.post(f"{path}/complete")
    assert (unsigned.status_code, unsigned.json()["code"], unsigned.json()["rule"]) == (
        409,
        "unsigned_check_sheet",
        "R6",
    )
    signed = await house.driver.post(f"{path}/checksheet/sign", {"signer": "李女士", "signature_svg": SIGNATURE})
    assert signed.json()["signed"] is True
    assert len(signed.json()["sheet"]["sha256"]) == 64
    assert (await house.driver.post(f"{path}/complete")).json()["status"] == "done"
    later = await house.driver.put(f"{path}/checksheet", {"odometer_km": 45211})
    assert later.json()["sheet"]["addenda"] == 1
    surveyed = await house.cac.post(f"/cases/{trip['case']}/survey", {"satisfaction": 90, "comment": "好"})
    assert (surveyed.json()["status"], surveyed.json()["satisfaction"]) == ("closed", 90)
    scores = (await house.oem.get("/scores", params={"dealer": "D1"})).json()
    assert [row["dealer"] for row in scores] == ["D1"]
    assert scores[0]["kpis"]["completion"] == {"value": 100.0, "numerator": 1, "denominator": 1}
    assert (scores[0]["score"], scores[0]["provisional"], scores[0]["ranked"]) == (96.0, False, False)
    behind = (await house.oem.get("/scores/D1/cases", params={"kpi": "completion"})).json()
    assert [(one["case"], one["counted"], one["reason"]) for one in behind] == [
        (trip["case"], "numerator", "completed")
    ]


async def test_r1_another_than_the_nearest_needs_a_reason(house: House) -> None:
    case = await house.new_case()
    refused = await house.cac.post(f"/cases/{case['id']}/offers", {"dealer": "D2"})
    assert (refused.status_code, refused.json()["code"], refused.json()["rule"]) == (409, "not_nearest", "R1")
    made = await house.cac.post(f"/cases/{case['id']}/offers", {"dealer": "D2", "override_reason": "客户指定"})
    assert (made.status_code, made.json()["dealer"], made.json()["override_reason"]) == (201, "D2", "客户指定")
    again = await house.cac.get(f"/offers/{made.json()['id']}")
    assert again.json()["candidates"] == made.json()["candidates"]


async def test_r1_candidates_are_answered_as_the_contract_describes_them(house: House) -> None:
    """They are encoded past the models, which are what the OpenAPI document shows."""
    case = await house.new_case()
    listed = await house.cac.get(f"/cases/{case['id']}/candidates")
    views = TypeAdapter(list[CandidateOnDeskView])
    assert json.loads(views.dump_json(views.validate_json(listed.content, strict=True))) == listed.json()
    made = await house.cac.post(f"/cases/{case['id']}/offers", {"dealer": "D2", "override_reason": "客户指定"})
    assert OfferWithCandidates.model_validate_json(made.content).model_dump_json().encode() == made.content
    dealers = await house.d2.get(f"/offers/{made.json()['id']}")
    assert [one["dealer"] for one in dealers.json()["candidates"]] == ["D2"]


async def test_r1_after_a_refusal_the_next_nearest_is_asked_then_nobody_is_left(house: House) -> None:
    offer = await house.new_offer()
    declined = await house.d1.post(f"/offers/{offer['id']}/decline", {"reason": "人手不足"})
    assert (declined.json()["status"], declined.json()["reason"]) == ("declined", "人手不足")
    case = (await house.cac.get(f"/cases/{offer['case']}")).json()
    second = case["offers"][1]
    assert (second["dealer"], second["automatic"], second["status"]) == ("D2", True, "pending")
    late = await house.d1.post(f"/offers/{offer['id']}/accept", acceptance())
    assert (late.status_code, late.json()["code"]) == (409, "offer_not_pending")
    await house.d2.post(f"/offers/{second['id']}/decline", {"reason": "太远"})
    assert (await house.cac.get(f"/cases/{offer['case']}")).json()["status"] == "unassigned"
    skipped = (await house.cac.get(f"/cases/{offer['case']}/candidates")).json()
    assert [(one["dealer"], one["rank"], one["reasons"]) for one in skipped] == [
        ("D1", None, ["declined_before"]),
        ("D2", None, ["declined_before"]),
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"crew": 1}, "crew_too_small"),
        ({"crew": 0}, "crew_too_small"),
        ({"driver": {"name": "陈"}}, "driver_phone_required"),  # the vehicle has no terminal (R3)
        ({"vehicle": "沪A00002"}, "no_eligible_vehicle"),
        ({"vehicle": "沪A00003"}, "no_eligible_vehicle"),
        ({"eta_minutes": 0}, "invalid"),
        ({"eta_minutes": 1441}, "invalid"),
        ({"eta_minutes": 30.5}, "invalid"),
        ({"crew": True}, "invalid"),
        ({"crew": "2"}, "invalid"),
        ({"driver": {"name": "陈", "phone": "call me"}}, "invalid"),
        ({"vehicle": ""}, "invalid"),
    ],
)
async def test_r3_r8_a_wrong_acceptance_changes_nothing(house: House, changes: dict[str, Any], code: str) -> None:
    offer = await house.new_offer()
    before = await house.last_seq()
    answer = await house.d1.post(f"/offers/{offer['id']}/accept", acceptance(**changes))
    assert answer.json()["code"] == code
    assert await house.last_seq() == before
    assert (await house.d1.get(f"/offers/{offer['id']}")).json()["status"] == "pending"


async def test_r4_changes_stay_on_record_and_the_cac_approves_a_later_promise(house: House) -> None:
    trip = await house.new_trip()
    path = f"/trips/{trip['id']}"
    first = trip["promise_counted_at"]
    sly = await house.d1.patch(path, {"eta_minutes": 60, "reason": "堵车", "outside_cause": True})
    assert (sly.status_code, sly.json()["code"]) == (403, "not_permitted")
    later = (await house.d1.patch(path, {"eta_minutes": 60, "reason": "堵车"})).json()
    assert later["promised_at"] > first
    assert later["promise_counted_at"] == first
    approved = (await house.cac.post(f"{path}/promise_change/approve", {"outside_cause": True})).json()
    assert approved["promise_counted_at"] == later["promised_at"]
    driver = {"name": "刘师傅", "phone": "13800000009"}
    changed = (await house.d1.patch(path, {"driver": driver, "reason": "换班"})).json()
    assert changed["driver"] == driver
    assert (await house.d1.patch(path, {"reason": "无"})).json()["code"] == "invalid"
    kinds = [event["kind"] for event in (await house.cac.get(f"/cases/{trip['case']}/timeline")).json()]
    assert kinds[-3:] == ["promise_changed", "promise_change_approved", "trip_changed"]
    called = await house.cac.post(f"{path}/calls", {"note": "司机说十分钟后到"})
    assert called.status_code == 200
    back = await house.d1.post(f"{path}/give_back", {"reason": "车坏了"})
    assert back.json()["status"] == "abandoned"


async def test_r5_a_second_vehicle_goes_only_after_the_cacs_word(house: House) -> None:
    trip = await house.on_scene()
    await house.driver.post(f"/trips/{trip['id']}/outcome", {"result": "unresolved", "drivable": False})
    case = f"/cases/{trip['case']}"
    early = await house.cac.post(f"{case}/offers")
    assert (early.status_code, early.json()["code"]) == (409, "second_dispatch_not_confirmed")
    missing = await house.cac.post(f"{case}/second_dispatch", {"approve": True})
    assert missing.json()["code"] == "invalid"
    yes = {"approve": True, "needs": "tow", "same_dealer": True}
    assert (await house.d1.post(f"{case}/second_dispatch", yes)).status_code == 403
    assert (await house.cac.post(f"{case}/second_dispatch", yes)).json()["needs"] == "tow"
    offer = (await house.cac.post(f"{case}/offers")).json()
    second = (await house.d1.post(f"/offers/{offer['id']}/accept", acceptance(vehicle="沪A00003"))).json()
    assert (second["kind"], second["monitoring"]) == ("tow", "phone")


async def test_r6_a_refusal_to_sign_is_confirmed_by_the_cac(house: House) -> None:
    trip = await house.on_scene()
    path = f"/trips/{trip['id']}"
    await house.driver.put(f"{path}/checksheet", {"km": 1})
    await house.driver.post(f"{path}/outcome", {"result": "repaired", "drivable": True})
    both = {"signer": "李", "signature_svg": SIGNATURE, "refused_reason": "不愿意"}
    assert (await house.driver.post(f"{path}/checksheet/sign", both)).json()["code"] == "invalid"
    assert (await house.driver.post(f"{path}/checksheet/sign", {})).json()["code"] == "invalid"
    refused = (await house.driver.post(f"{path}/checksheet/sign", {"refused_reason": "客户已离开"})).json()
    assert (refused["unsigned_reason"], refused["unsigned_confirmed_by"]) == ("客户已离开", "")
    assert (await house.driver.post(f"{path}/complete")).json()["code"] == "unsigned_check_sheet"
    assert (await house.driver.post(f"{path}/checksheet/confirm_unsigned")).status_code == 403
    confirmed = (await house.cac.post(f"{path}/checksheet/confirm_unsigned")).json()
    assert confirmed["unsigned_confirmed_by"] == "cac"
    assert (await house.driver.post(f"{path}/complete")).json()["status"] == "done"


async def test_r6_a_refusal_recorded_by_the_cac_is_confirmed_with_it(house: House) -> None:
    trip = await house.on_scene()
    refused = await house.cac.post(f"/trips/{trip['id']}/checksheet/sign", {"refused_reason": "客户已离开"})
    assert refused.json()["unsigned_confirmed_by"] == "cac"


async def test_r7_a_tow_is_completed_by_the_cac_only(house: House) -> None:
    trip = await house.on_scene(fault="tow_only")
    path = f"/trips/{trip['id']}"
    await house.driver.put(f"{path}/checksheet", {"km": 1})
    await house.driver.post(f"{path}/checksheet/sign", {"signer": "李", "signature_svg": SIGNATURE})
    await house.driver.post(f"{path}/outcome", {"result": "towed", "drivable": False})
    for person in (house.driver, house.d1):
        refused = await person.post(f"{path}/complete", {"confirmed_by": "me"})
        assert (refused.status_code, refused.json()["code"], refused.json()["rule"]) == (403, "not_permitted", "R7")
    done = await house.cac.post(f"{path}/complete", {"confirmed_by": "张敏"})
    assert done.json()["status"] == "done"


async def test_r19_recovery_needs_its_own_consent(house: House) -> None:
    trip = await house.on_scene(fault="stuck")
    path = f"/trips/{trip['id']}"
    outcome = {"result": "towed", "drivable": True}
    refused = await house.driver.post(f"{path}/outcome", outcome)
    assert (refused.json()["code"], refused.json()["rule"]) == ("unsigned_check_sheet", "R19")
    consent = await house.driver.post(f"{path}/consent", {"signer": "李", "signature_svg": SIGNATURE})
    assert consent.json()["consent_by"] == "李"
    assert (await house.driver.post(f"{path}/outcome", outcome)).status_code == 200


async def test_c2_a_dealer_opens_its_own_case_and_no_other(house: House) -> None:
    other = await house.d1.post("/cases", case_body())
    assert (other.status_code, other.json()["rule"]) == (403, "C2")
    foreign = await house.d1.post("/cases", case_body(channel="dealer_24h", dealer="D2"))
    assert foreign.status_code == 403
    own = await house.d1.post("/cases", case_body(channel="dealer_24h"))
    assert (own.status_code, own.json()["own_dealer"], own.json()["offers"][0]["dealer"]) == (201, "D1", "D1")
    assert own.json()["caller"]["phone"] == "13912345678"


async def test_r18_r20_r22_and_the_ends_of_a_case(house: House) -> None:
    solved = await house.new_case()
    answer = await house.cac.post(f"/cases/{solved['id']}/solve_by_phone", {"note": "教客户复位"})
    assert (answer.json()["status"], answer.json()["offers"]) == ("closed", [])
    moved = await house.new_case()
    place = {"location": {"lat": 31.24, "lon": 121.48, "datum": "gcj02"}, "reason": "客户更正"}
    assert (await house.cac.patch(f"/cases/{moved['id']}", place)).json()["location"]["given"]["datum"] == "gcj02"
    ended = await house.cac.post(f"/cases/{moved['id']}/cancel", {"by": "customer", "reason": "自己修好了"})
    assert (ended.json()["status"], ended.json()["cancelled_by"]) == ("cancelled", "customer")
    late = await house.cac.post(f"/cases/{moved['id']}/cancel", {"by": "cac", "reason": "x"})
    assert (late.status_code, late.json()["code"]) == (409, "illegal_transition")
    failed = await house.new_case()
    assert (await house.cac.post(f"/cases/{failed['id']}/fail", {"reason": "无路可达"})).json()["status"] == "failed"
    road = {"road": "G2", "direction": "上海方向", "kilometre_post": "K1234"}
    express = await house.new_case(expressway=road, hand_over={"lat": 31.25, "lon": 121.45})
    assert express["location"]["hand_over"] == {"lat": 31.25, "lon": 121.45}


async def test_lists_are_paged_and_filtered(house: House) -> None:
    cases = [await house.new_case(note=str(number)) for number in range(5)]
    await house.cac.post(f"/cases/{cases[0]['id']}/cancel", {"by": "cac", "reason": "误报"})
    seen: list[str] = []
    path = "/cases?limit=2&status=open&status=cancelled"
    while path:
        answer = await house.cac.get(path)
        seen += [case["id"] for case in answer.json()]
        link = answer.headers.get("link", "")
        assert bool(link) == ("x-next-cursor" in answer.headers)
        path = link.partition(">")[0].removeprefix("</api/v1") if link else ""
    assert seen == [case["id"] for case in reversed(cases)]
    assert len((await house.cac.get("/cases?status=open")).json()) == 4
    assert len((await house.cac.get("/cases?status=open,cancelled")).json()) == 5
    assert (await house.cac.get("/cases?q=13912345678&limit=1")).json()[0]["id"] == cases[-1]["id"]
    assert (await house.cac.get("/cases?from=2000-01-01&to=2001-01-01")).json() == []
    assert len((await house.cac.get("/cases?from=2000-01-01T00:00:00+08:00&to=2100-01-01")).json()) == 5
    timeline = await house.cac.get(f"/cases/{cases[0]['id']}/timeline?limit=1")
    after = timeline.headers["x-next-cursor"]
    rest = await house.cac.get(f"/cases/{cases[0]['id']}/timeline?cursor={after}")
    assert [event["kind"] for event in (*timeline.json(), *rest.json())] == ["case_opened", "case_cancelled"]


async def test_the_fault_table_has_the_contracts_codes(house: House) -> None:
    codes = {fault["code"] for fault in (await house.driver.get("/faults")).json()}
    wanted = "battery tyre fuel coolant lockout wont_start electrical mechanical accident stuck tow_only"
    assert set(wanted.split()) <= codes
