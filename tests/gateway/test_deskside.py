"""Beside the case: the caller's file, places, alarms, tasks, the shift; through the doors."""

import asyncio

import pytest
from gateway_house import SCENE, House

from dispatch.vocabulary import Expressway
from gateway.placetext import read_place


@pytest.mark.parametrize(
    ("text", "coordinates", "swapped"),
    [
        ("31.23,121.47", (31.23, 121.47), False),
        ("31.23，121.47", (31.23, 121.47), False),
        (" 31.23 121.47 ", (31.23, 121.47), False),
        ("121.47, 31.23", (31.23, 121.47), True),
        ("31.23°N 121.47°E", (31.23, 121.47), False),
        ("人民广场", None, False),
        ("虹桥路 1 号", None, False),
    ],
)
def test_r22_typed_coordinates(text: str, coordinates: tuple[float, float] | None, *, swapped: bool) -> None:
    typed = read_place(text)
    assert (typed.coordinates, typed.swapped, typed.expressway) == (coordinates, swapped, None)


@pytest.mark.parametrize(
    ("text", "road", "post", "direction"),
    [
        ("G2 K1234 上海方向", "G2", "K1234", "上海"),
        ("g2京沪高速 K1234+500 往上海方向", "G2", "K1234+500", "上海"),
        ("G60 32公里 杭州方向", "G60", "K32", "杭州"),
        ("S20 k12", "S20", "K12", ""),
    ],
)
def test_r18_a_typed_point_of_an_expressway(text: str, road: str, post: str, direction: str) -> None:
    assert read_place(text).expressway == Expressway(road=road, direction=direction, kilometre_post=post)


async def test_a_callers_file_fills_in_the_car_and_warns_of_the_same_request(house: House) -> None:
    case = await house.new_case()
    known = (await house.cac.get("/callers", params={"phone": "139 1234 5678"})).json()
    assert known["caller"] == {"name": "李女士", "phone": "13912345678"}
    assert [car["plate"] for car in known["cars"]] == ["沪B54321"]
    assert [one["id"] for one in known["open_cases"]] == [case["id"]]
    by_plate = (await house.cac.get("/callers", params={"plate": "沪B·54321"})).json()
    assert [one["number"] for one in by_plate["open_cases"]] == [case["number"]]
    nobody = (await house.cac.get("/callers", params={"phone": "13900009999"})).json()
    assert nobody == {"caller": None, "cars": [], "open_cases": [], "past_cases": 0}
    for person in (house.d1, house.oem, house.driver):
        assert (await person.get("/callers", params={"phone": "13912345678"})).status_code == 403


async def test_places_are_read_in_their_datum_and_found_by_words(house: House) -> None:
    await house.new_case(location={**SCENE, "address": "人民大道 200 号"})
    (plain,) = (await house.cac.get("/places", params={"q": "31.22846,121.47822", "datum": "gcj02"})).json()
    assert plain["kind"] == "coordinates"
    assert (plain["lat"], plain["lon"]) == (pytest.approx(31.2304, abs=1e-4), pytest.approx(121.4737, abs=1e-4))
    assert plain["city_name"] == "上海市"
    (road,) = (await house.cac.get("/places", params={"q": "G2 K1234 上海方向"})).json()
    assert (road["kind"], road["lat"], road["expressway"]["kilometre_post"]) == ("expressway", None, "K1234")
    (past,) = (await house.cac.get("/places", params={"q": "人民大道"})).json()
    assert (past["kind"], past["lat"]) == ("past_address", SCENE["lat"])
    (dealer,) = (await house.cac.get("/places", params={"q": "店D2"})).json()
    assert dealer["kind"] == "dealer"
    abroad = await house.cac.get("/places", params={"q": "48.85,2.35"})
    assert (abroad.status_code, abroad.json()["code"]) == (422, "outside_service_area")


async def test_r1_candidates_tell_what_a_dispatcher_weighs(house: House) -> None:
    trip = await house.new_trip()
    first, second = (await house.cac.get(f"/cases/{trip['case']}/candidates")).json()
    assert (first["dealer"], first["name"], first["standard_minutes"]) == ("D2", "店D2", 40)
    assert first["start"] == {"lat": 31.3, "lon": 121.5, "source": "site"}
    assert (second["dealer"], second["load"], second["reasons"]) == ("D1", 1, ["busy"])


async def test_an_alarm_is_acknowledged_once_by_a_person(house: House) -> None:
    case = await house.new_case(fault="battery")
    await house.cac.post(f"/cases/{case['id']}/offers")
    for who in (house.d1, house.d2):
        offer = (await house.cac.get(f"/cases/{case['id']}")).json()["offers"][-1]
        await who.post(f"/offers/{offer['id']}/decline", {"reason": "忙"})
    (alarm,) = (await house.cac.get("/alarms")).json()["alarms"]
    assert (alarm["kind"], alarm["severity"], alarm["case"]) == ("unassigned", "high", case["id"])
    assert alarm["acknowledged_by"] is None
    seen = await house.cac.post(f"/alarms/{alarm['id']}/acknowledge")
    again = await house.admin.post(f"/alarms/{alarm['id']}/acknowledge", {"note": "我也看到"})
    assert seen.json() == again.json()
    assert seen.json()["acknowledged_by"] == "cac"
    assert (await house.cac.get("/alarms")).json()["alarms"][0]["acknowledged_by"] == "cac"
    assert (await house.cac.post("/alarms/late:none/acknowledge")).status_code == 404
    assert (await house.d1.get("/alarms")).status_code == 403


async def test_an_alarm_that_several_acknowledge_at_once_is_the_first_ones(house: House) -> None:
    case = await house.new_case()
    await house.cac.post(f"/cases/{case['id']}/offers")
    for who in (house.d1, house.d2):
        offer = (await house.cac.get(f"/cases/{case['id']}")).json()["offers"][-1]
        await who.post(f"/offers/{offer['id']}/decline", {"reason": "忙"})
    (alarm,) = (await house.cac.get("/alarms")).json()["alarms"]
    path = f"/alarms/{alarm['id']}/acknowledge"
    answers = await asyncio.gather(*(who.post(path) for who in (house.cac, house.admin) * 3))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert len({answer.json()["acknowledged_by"] for answer in answers}) == 1


async def test_tasks_notes_and_figures(house: House) -> None:
    trip = await house.new_trip(fault="tow_only")
    (task,) = (await house.cac.get("/tasks")).json()
    assert (task["kind"], task["trip"], task["who"]["phone"]) == ("monitoring_call", trip["id"], "13800000002")
    note = (await house.cac.post("/shift/notes", {"text": "等拖车回电", "case": trip["case"]})).json()
    done = (await house.admin.post(f"/shift/notes/{note['id']}/done")).json()
    assert (done["done_by"], (await house.cac.post(f"/shift/notes/{note['id']}/done")).json()) == ("admin", done)
    shift = (await house.cac.get("/shift")).json()
    assert [one["username"] for one in shift["on"]] == ["admin", "cac"]
    assert [one["text"] for one in shift["notes"]] == ["等拖车回电"]
    assert (await house.cac.post("/shift/notes", {"text": "x", "case": "none"})).status_code == 404
    assert (await house.cac.post("/shift/notes", {"text": " "})).json()["field"] == "text"
    for number in (10**20, -(10**20)):
        assert (await house.cac.post(f"/shift/notes/{number}/done")).json()["field"] == "note_id"
    figures = (await house.cac.get("/board/summary")).json()
    assert (figures["today"], figures["running"], figures["by_status"]) == (1, 1, {"accepted": 1})
    for path in ("/tasks", "/shift", "/board/summary", "/places?q=x"):
        assert (await house.oem.get(path)).status_code == 403
