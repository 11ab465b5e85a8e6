"""Rules as data, people who sign in, terminals and the record of changes, through the doors."""

import asyncio
from typing import Any

import pytest
from gateway_house import House, Person, case_body
from hypothesis import given
from hypothesis import strategies as st

from core.settings import Settings
from gateway.imports.cases import import_cases
from gateway.rulebook import book_of, first_book, values_of

WHY = {"reason": "按十一月例会"}
FAULT = {"name_zh": "轮胎", "name_en": "tyres", "needs": "tow", "tools": ["winch"], "parts": [], **WHY}


async def rules(house: House) -> dict[str, Any]:
    answer = await house.admin.get("/admin/rules")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def changes(house: House, subject: str) -> list[tuple[str, str, str, str, str]]:
    found = (await house.admin.get(f"/changes?subject={subject}")).json()
    return [(one["field"], one["before"], one["after"], one["reason"], one["actor"]) for one in found]


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"weights": {"completion": 40}}, "weights"),
        ({"weights": {"completion": 101}}, "weights.completion"),
        ({"weights": {"completion": -1}}, "weights.completion"),
        ({"weights": {"completion": 30.5}}, "weights.completion"),
        ({"promise": {"near_m": 20_000}}, "promise.near_m"),
        ({"promise": {"near_minutes": 61}}, "promise.near_minutes"),
        ({"promise": {"district_minutes": 0}}, "promise.district_minutes"),
        ({"offer_timeout_s": 1.5}, "offer_timeout_s"),
        ({"offer_timeout_s": 29.9}, "offer_timeout_s"),
        ({"offer_timeout_s": 86401}, "offer_timeout_s"),
        ({"offer_timeout_s": "180"}, "offer_timeout_s"),
        ({"auto_close_s": 3599}, "auto_close_s"),
        ({"promise": {"near_m": 1}}, "promise.near_m"),
        ({"keep_brands_apart": 1}, "keep_brands_apart"),
        ({"min_cases_ranked": -1}, "min_cases_ranked"),
        ({"retention": {"position_days": 7}}, "retention.position_days"),
        ({"retention": {"photo_days": 29}}, "retention.photo_days"),
        ({"retention": {"motorist_link_days": 0.5}}, "retention.motorist_link_days"),
        ({"retention": {"motorist_link_days": 61}}, "retention.motorist_link_days"),
        ({"targets": {"completion": 101}}, "targets.completion"),
        ({"reason": " "}, "reason"),
    ],
)
async def test_one_bad_part_refuses_all_and_changes_nothing(
    shared_house: House, bad: dict[str, Any], field: str
) -> None:
    before = await rules(shared_house)
    good = {"offer_timeout_s": 77, "promise": {"county_minutes": 59}, **WHY}
    answer = await shared_house.admin.patch("/admin/rules", {**good, **bad})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["field"] == field
    assert await rules(shared_house) == before
    assert await changes(shared_house, "rules") == []


async def test_a_time_that_nobody_could_answer_in_is_refused_in_words(shared_house: House) -> None:
    answer = await shared_house.admin.patch("/admin/rules", {**WHY, "offer_timeout_s": 1.5, "auto_close_s": 60})
    said = {one["field"]: one["reason"] for one in answer.json()["errors"]}
    assert said == {"offer_timeout_s": "答复时限为 30 秒到 24 小时", "auto_close_s": "自动结案为 1 小时到 366 天"}


async def test_what_names_no_rule_is_no_change(shared_house: House) -> None:
    assert (await shared_house.admin.patch("/admin/rules", WHY)).status_code == 422
    assert (await shared_house.admin.patch("/admin/rules", {**WHY, "weights": {}})).status_code == 422


async def test_a_change_is_in_force_at_once_and_on_record(house: House) -> None:
    version = (await rules(house))["version"]
    asked = {"offer_timeout_s": 60, "promise": {"near_minutes": 25}, "targets": {"arrival": None}, **WHY}
    answer = await house.admin.patch("/admin/rules", asked)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["version"], told["offer_timeout_s"], told["targets"]["arrival"]) == (version + 1, 60, None)
    assert told["promise"] == {**told["promise"], "near_minutes": 25, "far_minutes": 60}
    assert await rules(house) == told
    offer = await house.new_offer()
    assert house.service.desk.rules.offer_timeout_s == 60
    (first, *_) = (await house.cac.get(f"/cases/{offer['case']}/candidates")).json()
    assert first["standard_minutes"] == 25
    network = (await house.oem.get("/network")).json()
    assert (network["kpis"]["arrival"]["target"], network["kpis"]["completion"]["target"]) == (None, 95)
    assert sorted(await changes(house, "rules")) == [
        ("offer_timeout_s", "180", "60", WHY["reason"], "user:admin"),
        ("promise.near_minutes", "40", "25", WHY["reason"], "user:admin"),
        ("targets.arrival", "90", "", WHY["reason"], "user:admin"),
    ]
    again = await house.admin.patch("/admin/rules", asked)
    assert again.json()["version"] == version + 1
    assert len(await changes(house, "rules")) == 3


async def test_r2_a_changed_fault_leaves_open_cases_as_they_were_opened(house: House) -> None:
    before = await house.new_case(fault="tyre")
    changed = await house.admin.put("/admin/faults/tyre", {**FAULT, "consent": True})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["asks"], changed.json()["active"]) == (["energy", "drive"], True)
    after = await house.new_case(fault="tyre")
    kept = (await house.cac.get(f"/cases/{before['id']}")).json()
    assert (before["needs"], before["tools"]) == (kept["needs"], kept["tools"]) == ("service", before["tools"])
    assert (after["needs"], after["tools"], after["consent_needed"]) == ("tow", ["winch"], True)
    made = await house.cac.post(f"/cases/{before['id']}/offers")
    accepted = await house.d1.post(
        f"/offers/{made.json()['id']}/accept",
        {"vehicle": "沪A00001", "driver": {"name": "陈", "phone": "13800000002"}, "crew": 2, "eta_minutes": 20},
    )
    assert accepted.status_code == 200, accepted.text
    words = (await house.client.get("/api/v1/catalogue")).json()
    assert words["fault.tyre"] == {"zh": "轮胎", "en": "tyres"}
    told = {field: (before, after) for field, before, after, _why, _who in await changes(house, "fault:tyre")}
    assert told["needs"] == ("service", "tow")
    assert told["tools"] == ("jack, wheel_wrench, inflator", "winch")
    assert told.keys() == {"name_zh", "name_en", "needs", "tools", "parts", "consent"}


async def test_r2_a_fault_out_of_use_refuses_new_cases_but_not_past_ones(house: House) -> None:
    row = {**FAULT, "needs": "service", "tools": [], "active": False}
    assert (await house.admin.put("/admin/faults/lockout", row)).status_code == 200
    refused = await house.cac.post("/cases", case_body(fault="lockout"))
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (422, "invalid", "fault")
    line = (
        '{"number":"H-1","channel":"hotline_400","opened_at":"2026-10-01T08:00:00+08:00","fault":"lockout",'
        '"location":{"lat":31.2,"lon":121.4},"end":{"status":"cancelled","at":"2026-10-01T08:10:00+08:00",'
        '"by":"customer"}}'
    )
    report = await import_cases(house.service.desk, line.encode(), "system", lambda *_: None)
    assert (report.imported, report.rejected) == (1, [])
    faults = {one["code"]: one for one in (await house.d1.get("/faults")).json()}
    assert [code for code, one in faults.items() if not one["active"]] == ["lockout"]


async def test_a_new_fault_opens_cases(house: House) -> None:
    assert (await house.admin.put("/admin/faults/Snow", FAULT)).json()["field"] == "code"
    assert (await house.admin.put("/admin/faults/snow", {**FAULT, "needs": "boat"})).json()["field"] == "needs"
    assert (await house.cac.post("/cases", case_body(fault="snow"))).status_code == 422
    assert (await house.admin.put("/admin/faults/snow", FAULT)).status_code == 200
    assert (await house.new_case(fault="snow", car={"plate": "沪B54321", "energy": "electric"}))["tools"] == [
        "winch",
        "flatbed",
    ]


async def test_r17_a_fault_asks_what_decides_something(shared_house: House) -> None:
    asks = {one["code"]: one["asks"] for one in (await shared_house.d1.get("/faults")).json()}
    assert asks["lockout"] == asks["flooded"] == asks["traction_battery"] == []
    assert asks["battery"] == asks["fuel"] == ["energy"]
    assert asks["tyre"] == ["energy", "drive", "spare_wheel"]
    assert asks["accident"] == ["energy", "drive"]


async def test_k6_scores_are_by_the_present_weights(house: House) -> None:
    offer = await house.new_offer()
    assert (await house.d1.post(f"/offers/{offer['id']}/decline", {"reason": "x"})).status_code == 200
    await house.cac.post(f"/cases/{offer['case']}/fail", {"reason": "x"})

    async def score() -> tuple[float | None, bool]:
        (found,) = (await house.oem.get("/scores?dealer=D1")).json()
        return found["score"], found["provisional"]

    assert await score() == (0, True)
    weights = {"completion": 0, "satisfaction": 40, "arrival": 40, "drive_away": 10, "first_success": 10}
    assert (await house.admin.patch("/admin/rules", {"weights": weights, **WHY})).status_code == 200
    assert await score() == (None, True)


@given(
    st.fixed_dictionaries(
        {
            "offer_timeout_s": st.floats(1, 600),
            "keep_brands_apart": st.booleans(),
            "promise.far_m": st.floats(1, 1e6),
            "weights.arrival": st.integers(0, 100),
            "targets.arrival": st.none() | st.floats(0, 100),
            "retention.position_days": st.integers(8, 999),
        }
    )
)
def test_a_book_is_its_values(values: dict[str, Any]) -> None:
    book = first_book(Settings())
    assert book_of(values_of(book), book.version) == book
    changed = book_of({**values_of(book), **values}, 7)
    assert {name: values_of(changed)[name] for name in values} == values
    assert changed.version == 7


# The people


async def test_users_are_added_changed_and_kept_on_record(house: House) -> None:
    new = {"username": "wang", "password": "long-enough", "role": "driver", "dealer": "D1"}
    added = await house.admin.post("/users", new)
    assert added.status_code == 201, added.text
    assert (added.json()["role"], added.json()["dealer"], added.json()["active"]) == ("driver", "D1", True)
    assert "long-enough" not in added.text
    assert (await house.admin.post("/users", new)).json()["code"] == "conflict"
    wang = await signed_in(house, "wang", "long-enough")
    assert (await wang.get("/faults")).status_code == 200
    moved = await house.admin.patch("/users/wang", {"role": "dispatcher", **WHY})
    assert (moved.json()["role"], moved.json()["dealer"]) == ("dispatcher", None)
    assert (await wang.get("/faults")).json()["code"] == "not_signed_in"
    names = [one["username"] for one in (await house.admin.get("/users")).json()]
    assert names == sorted(names)
    assert "wang" in names
    assert sorted(await changes(house, "user:wang")) == [
        ("dealer", "D1", "", WHY["reason"], "user:admin"),
        ("role", "driver", "dispatcher", WHY["reason"], "user:admin"),
        ("user", "", "driver D1", "", "user:admin"),
    ]


async def test_who_is_disabled_does_not_sign_in(house: House) -> None:
    await house.admin.post("/users", {"username": "li", "password": "long-enough", "role": "oem"})
    li = await signed_in(house, "li", "long-enough")
    assert (await house.admin.patch("/users/li", {"active": False})).json()["active"] is False
    assert (await li.get("/faults")).status_code == 401
    body = {"username": "li", "password": "long-enough"}
    assert (await house.client.post("/api/v1/session", json=body)).status_code == 401
    assert (await house.admin.patch("/users/li", {"active": True, "password": "another-one"})).status_code == 200
    assert (await house.client.post("/api/v1/session", json=body)).status_code == 401
    assert (await house.client.post("/api/v1/session", json={**body, "password": "another-one"})).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"username": "x", "password": "short", "role": "oem"}, 422, "password"),
        ({"username": "", "password": "long-enough", "role": "oem"}, 422, "username"),
        *(
            ({"username": name, "password": "long-enough", "role": "oem"}, 422, "username")
            for name in ("a/b", "a\\b", "a\x00b", "a\x7fb", ".", "..", "...")
        ),
        ({"username": "x", "password": "long-enough", "role": "king"}, 422, "role"),
        ({"username": "x", "password": "long-enough", "role": "driver"}, 422, "dealer"),
        ({"username": "x", "password": "long-enough", "role": "oem", "dealer": "D1"}, 422, "dealer"),
        ({"username": "x", "password": "long-enough", "role": "dealer", "dealer": "D7"}, 404, "dealer"),
    ],
)
async def test_a_user_that_cannot_be(shared_house: House, body: dict[str, Any], status: int, field: str) -> None:
    before = (await shared_house.admin.get("/users")).json()
    answer = await shared_house.admin.post("/users", body)
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert (await shared_house.admin.get("/users")).json() == before


async def test_the_last_administrator_stays(house: House) -> None:
    for body in ({"active": False}, {"role": "dispatcher"}):
        answer = await house.admin.patch("/users/admin", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    second = {"username": "second", "password": "long-enough", "role": "admin"}
    assert (await house.admin.post("/users", second)).status_code == 201
    token = await signed_in(house, "second", "long-enough")
    answers = await asyncio.gather(
        house.admin.patch("/users/admin", {"active": False}), token.patch("/users/second", {"active": False})
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 401], [200, 409])
    active = [
        one["username"]
        for one in (await (house.admin if answers[0].status_code != 200 else token).get("/users")).json()
        if one["role"] == "admin" and one["active"]
    ]
    assert len(active) == 1


async def signed_in(house: House, username: str, password: str) -> Person:
    answer = await house.client.post("/api/v1/session", json={"username": username, "password": password})
    assert answer.status_code == 200, answer.text
    house.client.cookies.clear()
    return Person(house.client, answer.json()["token"])


# Terminals and the record


async def test_a_terminal_gets_another_token_and_goes(house: House) -> None:
    body = {"terminal_id": "T1", "vehicle": "沪A00001", "protocol": "websocket"}
    old = (await house.cac.post("/terminals", body)).json()["token"]
    (listed,) = (await house.cac.get("/terminals")).json()
    assert listed == {**body, "last_fix_at": None}
    new = (await house.cac.post("/terminals/T1/token")).json()["token"]
    assert new != old
    (vehicle,) = [one for one in (await house.cac.get("/vehicles")).json() if one["plate"] == "沪A00001"]
    assert vehicle["tracked"]
    assert (await house.cac.send("DELETE", "/terminals/T1")).status_code == 200
    assert (await house.cac.get("/terminals")).json() == []
    assert (await house.cac.send("DELETE", "/terminals/T1")).json()["code"] == "not_found"
    assert (await house.cac.post("/terminals/T1/token")).json()["code"] == "not_found"
    assert len(await changes(house, "terminal")) == 3  # fitted, renewed, taken out
    assert old not in str(await changes(house, "terminal"))
    assert new not in str(await changes(house, "terminal"))


async def test_the_record_is_written_as_a_person_writes(house: House) -> None:
    brands = {"brands": ["凯迪拉克", "别克"]}
    moved = {"location": {"lat": 31.2320412, "lon": 121.4659149}}
    assert (await house.cac.patch("/dealers/D1", {"brands": []})).status_code == 200
    assert (await house.cac.patch("/dealers/D1", {**brands, **moved})).status_code == 200
    assert (await house.cac.patch("/vehicles/沪A00001", {"tools": ["winch", "jack"]})).status_code == 200
    told = {field: (before, after) for field, before, after, *_ in (await changes(house, "dealer:D1"))[:2]}
    assert told["brands"] == ("", "凯迪拉克, 别克")
    assert told["site"][1] == "31.23204, 121.46591"
    (tools, *_) = await changes(house, "vehicle:沪A00001")
    assert tools[:3] == ("tools", "", "winch, jack")


async def test_a_look_at_a_callers_file_names_the_case_by_its_number(house: House) -> None:
    case = await house.new_case()
    assert (await house.cac.get(f"/callers?phone={case['caller']['phone']}")).status_code == 200
    (look,) = (await house.admin.get("/changes?subject=case")).json()
    assert (look["subject"], look["case_number"]) == (f"case:{case['id']}", case["number"])
    others = (await house.admin.get("/changes?subject=dealer")).json()
    assert {one["case_number"] for one in others} == {""}


async def test_the_record_is_paged_and_filtered(house: House) -> None:
    for number in range(5):
        await house.cac.patch("/dealers/D1", {"phone": f"021-5133000{number}"})
    await house.cac.patch("/dealers/D2", {"phone": "021-51330009"})
    seen: list[str] = []
    cursor = ""
    while True:
        answer = await house.admin.get(f"/changes?subject=dealer&limit=2&cursor={cursor}")
        seen += [one["after"][-1] for one in answer.json()]
        cursor = answer.headers.get("X-Next-Cursor", "")
        if not cursor:
            break
    assert "".join(seen) == "94321021"  # the two dealers were put on record before
    assert len((await house.admin.get("/changes?subject=dealer:D1")).json()) == 6
    first = (await house.admin.get("/changes?subject=vehicle")).json()[-1]
    assert (first["subject"], first["field"], first["after"]) == ("vehicle:沪A00001", "kind", "service")
    mine = (await house.admin.get("/changes?actor=user:cac&limit=200")).json()
    assert len([one for one in mine if one["before"]]) == 6
    assert (await house.admin.get("/changes?actor=user:admin")).json() == []
    assert (await house.admin.get("/changes?subject=dealer%25")).json() == []
    assert (await house.admin.get("/changes?to=2020-01-01")).json() == []
    assert (await house.admin.get("/changes?from=nonsense")).json()["field"] == "from"
