"""Corners of the public contract that a caller may turn into."""

import pytest
from gateway_house import House, case_body

from dispatch.queries import dealer
from gateway.imports.vehicles import import_vehicles


async def test_every_list_pages_by_a_cursor_that_a_header_can_hold(house: House) -> None:
    seen: list[str] = []
    path = "/vehicles?limit=1"
    while path:
        answer = await house.cac.get(path)
        assert answer.status_code == 200, answer.text
        seen += [one["plate"] for one in answer.json()]
        cursor = answer.headers.get("x-next-cursor")
        path = f"/vehicles?limit=1&cursor={cursor}" if cursor else ""
    whole = [one["plate"] for one in (await house.cac.get("/vehicles")).json()]
    assert (seen, len(seen) > 1, any(not plate.isascii() for plate in seen)) == (whole, True, True)


LISTS = ["/cases", "/dealers", "/vehicles", "/scores/D1/cases", "/vehicles/沪A00001/trail"]


@pytest.mark.parametrize("path", [*(f"{path}?" for path in LISTS), "/vehicles/passed?lat=31.2&lon=121.4&"])
async def test_a_cursor_that_was_not_given_out_is_refused(shared_house: House, path: str) -> None:
    for cursor in ("garbage", "%00", "azE=", "沪"):
        answer = await shared_house.cac.get(f"{path}cursor={cursor}")
        assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid", "cursor")


async def test_a_terminal_imported_without_a_token_is_given_one_once(house: House) -> None:
    table = "plate,kind,dealer,on_duty,terminal_id,protocol\n沪A77777,service,D1,true,T-77,websocket\n".encode()
    report = (await import_vehicles(house.service.desk, table, "test", lambda _done, _of: None)).report
    assert (report.imported, report.rejected) == (1, [])
    body = {"terminal_id": "T-77", "vehicle": "沪A77777", "protocol": "websocket"}
    assert (await house.cac.post("/terminals", {**body, "protocol": "gt06"})).status_code == 409
    told = await house.cac.post("/terminals", body)
    assert (told.status_code, len(told.json()["token"]) > 20) == (201, True)
    assert (await house.cac.post("/terminals", body)).status_code == 409


async def test_what_may_be_left_out_may_be_null(house: House) -> None:
    body = case_body(note=None, priority=None)
    body["car"] |= {"vin": None, "model": None, "drive": None, "energy": None}
    body["location"] |= {"datum": None, "address": None}
    opened = await house.cac.post("/cases", body)
    assert opened.status_code == 201, opened.text
    offered = await house.cac.post(f"/cases/{opened.json()['id']}/offers", {"dealer": None, "override_reason": None})
    assert offered.status_code == 201


@pytest.mark.parametrize(("word", "drive"), [("AWD", "four_wheel"), ("4wd", "four_wheel"), ("fwd", "front")])
async def test_r17_a_drive_may_be_said_in_the_usual_words(house: House, word: str, drive: str) -> None:
    body = case_body(fault="tow_only")
    body["car"]["drive"] = word
    opened = (await house.cac.post("/cases", body)).json()
    assert (opened["car"]["drive"], "flatbed" in opened["tools"]) == (drive, drive == "four_wheel")


async def test_city_codes_mean_their_prefecture(house: House) -> None:
    case = (await house.cac.post("/cases", case_body())).json()
    assert [one["id"] for one in (await house.cac.get("/cases?city_code=310115")).json()] == [case["id"]]
    body = case_body()
    body["car"]["registered_city_code"] = "999999"
    assert (await house.cac.post("/cases", body)).json()["scope"] == "unknown"
    async with house.service.db.read() as session:
        known = await dealer(session, "D1")
    assert known
    assert known.city_code == "310000"


async def test_health_is_found_under_the_base_path_too(house: House) -> None:
    for path in ("/api/v1/healthz", "/api/v1/readyz", "/api/v1/metrics", "/healthz"):
        assert (await house.client.get(path)).status_code == 200
