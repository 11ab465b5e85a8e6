"""Bad input: each gets its stable code in a problem document, and changes nothing."""

import asyncio
import io
import json
from typing import Any

import httpx
import pytest
from gateway_house import House, case_body, open_house

from core import errors
from core.errors import NearsideError
from gateway.front import SECURITY_HEADERS
from gateway.http.paging import cursor_of
from gateway.logs import set_up_logs
from gateway.problems import STATUS_OF, status_of

together = pytest.mark.asyncio(loop_scope="module")
JSON = {"Content-Type": "application/json"}


def document(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert (found["status"], found["code"], found["type"]) == (status, code, f"/problems/{code}")
    assert found["title"]
    assert found["detail"]
    return found


def at(**place: Any) -> dict[str, Any]:
    return case_body(location=place)


@together
@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "invalid", "channel"),
        (case_body(channel="fax"), "invalid", "channel"),
        (case_body(fault="boredom"), "invalid", "fault"),
        (case_body(caller="李"), "invalid", "caller"),
        (case_body(caller={"name": "李", "phone": "不知道"}), "invalid", "caller.phone"),
        (case_body(caller={"name": "李" * 81, "phone": ""}), "invalid", "caller.name"),
        (case_body(car={"plate": "<b>"}), "invalid", "car.plate"),
        (case_body(car={"plate": "", "energy": "steam"}), "invalid", "car.energy"),
        (case_body(car={}), "invalid", "car.plate"),
        (case_body(caller={"name": "李"}), "invalid", "caller.phone"),
        (case_body(car={"plate": "", "registered_city_code": "abc"}), "invalid", "car.registered_city_code"),
        (case_body(note="a\x00b"), "invalid", "note"),
        (case_body(note="x" * 2001), "invalid", "note"),
        (case_body(note=7), "invalid", "note"),
        (case_body(priority=True), "invalid", "priority"),
        (case_body(hand_over={"lat": 31.2, "lon": 121.4}), "invalid", "location.hand_over"),
        (case_body(dealer="D1"), "invalid", "dealer"),
        (at(lat="31", lon=121.4), "invalid", "location.lat"),
        (at(lat=None, lon=121.4), "invalid", "location.lat"),
        (at(lat=31.2), "invalid", "location.lon"),
        (at(lat=31.2, lon=121.4, datum="mars"), "invalid", "location.datum"),
        (at(lat=31.2, lon=121.4, accuracy_m=-1), "invalid", "location.accuracy_m"),
        (at(lat=121.4, lon=31.2), "invalid_position", "location"),
        (at(lat=0, lon=0), "invalid_position", "location"),
        (at(lat=float("nan"), lon=121.4), "invalid_position", "location"),
        (at(lat=float("inf"), lon=121.4), "invalid_position", "location"),
        (at(lat=91, lon=200), "invalid_position", "location"),
        (at(lat=22.3, lon=114.17), "outside_service_area", "location"),
        (at(lat=51.5, lon=-0.1), "outside_service_area", "location"),
    ],
)
async def test_r12_r22_a_wrong_case_opens_nothing(shared_house: House, body: Any, code: str, field: str) -> None:
    answer = await shared_house.cac.post("/cases", content=json.dumps(body), headers=JSON)
    assert document(answer, 422, code)["field"] == field
    assert await shared_house.last_seq() == 0


@together
@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"", 422),
        (b"[]", 422),
        (b"null", 422),
        (b'{"note": "\xff\xfe"}', 400),
        (b'{"note": "\\ud800"}', 422),
        (b'{"a": ' * 5000, 400),
        (b'{"priority": ' + b"9" * 5000 + b"}", 400),
        (b'{"priority": 1e999}', 422),
        (b" " * (1024 * 1024 + 1), 413),
    ],
    ids=lambda value: str(value)[:16],
)
async def test_a_body_that_is_no_request_is_refused(shared_house: House, content: bytes, status: int) -> None:
    document(await shared_house.cac.post("/cases", content=content, headers=JSON), status, "invalid")
    assert await shared_house.last_seq() == 0


async def test_a_body_without_its_length_is_bounded_too(house: House) -> None:
    async def endless() -> Any:
        for _ in range(20):
            yield b" " * 100_000

    answer = await house.cac.post("/cases", content=endless(), headers=JSON)
    document(answer, 413, "invalid")


@together
@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/cases/none", 404, "not_found"),
        ("GET", "/cases/none/timeline", 404, "not_found"),
        ("GET", "/cases/none/candidates", 404, "not_found"),
        ("POST", "/cases/none/offers", 404, "not_found"),
        ("GET", "/offers/none", 404, "not_found"),
        ("GET", "/trips/none", 404, "not_found"),
        ("POST", "/trips/none/depart", 404, "not_found"),
        ("GET", "/dealers/none", 404, "not_found"),
        ("GET", "/vehicles/沪A77777", 404, "not_found"),
        ("GET", "/vehicles/沪A77777/trail", 404, "not_found"),
        ("GET", "/scores/none/cases", 404, "not_found"),
        ("GET", "/scores?dealer=none", 404, "not_found"),
        ("GET", "/nowhere", 404, "not_found"),
        ("DELETE", "/cases", 405, "method_not_allowed"),
        ("GET", "/cases?limit=0", 422, "invalid"),
        ("GET", "/cases?limit=201", 422, "invalid"),
        ("GET", "/cases?limit=x", 422, "invalid"),
        ("GET", "/cases?status=lost", 422, "invalid"),
        ("GET", "/cases?from=yesterday", 422, "invalid"),
        ("GET", "/cases?from=2026-10-01T08:00:00", 422, "invalid"),
        ("GET", "/cases?from=9999-12-31T23:59:59-12:00", 422, "invalid"),
        ("GET", "/cases?to=9999-12-31", 422, "invalid"),
        ("GET", "/cases?to=2026-02-30", 422, "invalid"),
        ("GET", "/scores/D1/cases?kpi=charm", 422, "invalid"),
        ("GET", "/scores/D1/cases?cursor=x", 422, "invalid"),
        ("GET", "/cases/none/timeline?cursor=x", 422, "invalid"),
        ("GET", "/vehicles/live?bbox=1,2,3", 422, "invalid"),
        ("GET", "/vehicles/live?bbox=nan,1,2,3", 422, "invalid"),
        ("GET", "/vehicles/nearest?lat=nan&lon=121", 422, "invalid_position"),
        ("GET", "/vehicles/nearest?lat=121&lon=31", 422, "invalid_position"),
        ("GET", "/vehicles/沪A00001/trail?cursor=x", 422, "invalid"),
        *(
            ("GET", f"{path}?cursor={cursor_of(key)}", 422, "invalid")
            for path, keys in {
                "/cases": ("\0",),
                "/cases/none/timeline": ("\0", "-1", str(2**63), "9" * 200),
                "/dealers": ("\0",),
                "/scores/D1/cases": ("\0", "0.\0", f"{2**63}.x", f"{'9' * 200}.x"),
                "/vehicles/沪A00001/trail": tuple(
                    f"2026-01-01T00:00:00+00:00|{rest}" for rest in ("1|\0", f"{2**63}|T1", f"{'9' * 200}|T1", "x|T1")
                ),
            }.items()
            for key in keys
        ),
        ("GET", "/cases/%00", 422, "invalid"),
        ("POST", "/cases/%00/offers", 422, "invalid"),
        ("GET", "/cases?q=a%00b", 422, "invalid"),
        ("GET", "/cases?%00=x", 422, "invalid"),
        ("GET", "/nowhere%00", 422, "invalid"),
        ("GET", "/cases/%2500", 404, "not_found"),
        ("GET", "/vehicles/沪A00001/trail?from=2026-01-03&to=2026-01-01", 422, "invalid"),
        ("GET", "/vehicles/沪A00001/trail?from=2025-01-02&to=2026-01-01", 422, "invalid"),
    ],
)
async def test_a_wrong_address_has_its_code(
    shared_house: House, method: str, path: str, status: int, code: str
) -> None:
    document(await shared_house.cac.send(method, path), status, code)


@together
@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/dealers", {"code": "../x"}, "invalid"),
        ("/vehicles", {"plate": "沪A1", "kind": "bus", "dealer": "D1", "on_duty": True}, "invalid"),
        ("/vehicles", {"plate": "沪A1", "kind": "tow", "dealer": "D1", "on_duty": "yes"}, "invalid"),
        ("/vehicles", {"plate": "a" * 17, "kind": "tow", "dealer": "D1", "on_duty": True}, "invalid"),
        ("/vehicles", {"plate": "沪A1", "kind": "tow", "dealer": "D7", "on_duty": True}, "not_found"),
        ("/vehicles", {"plate": "沪A00001", "kind": "tow", "dealer": "D1", "on_duty": True}, "conflict"),
        ("/terminals", {"terminal_id": "T1", "vehicle": "沪A7", "protocol": "websocket"}, "not_found"),
        ("/terminals", {"terminal_id": "T1", "vehicle": "沪A00001", "protocol": "morse"}, "invalid"),
        ("/cases/none/survey", {"satisfaction": 101}, "invalid"),
        ("/cases/none/survey", {"satisfaction": -1}, "invalid"),
        ("/cases/none/survey", {"satisfaction": 90.5}, "invalid"),
        ("/cases/none/survey", {"satisfaction": "90"}, "invalid"),
        ("/cases/none/cancel", {"by": "weather", "reason": "x"}, "invalid"),
        ("/cases/none/cancel", {"by": "cac", "reason": "  "}, "invalid"),
        ("/trips/none/depart", {"at": "2026-10-01T08:00:00"}, "invalid"),
        ("/trips/none/depart", {"at": 1790000000}, "invalid"),
        ("/trips/none/depart", {"at": "0001-01-01T00:00:00+23:00"}, "invalid"),
        ("/trips/none/outcome", {"result": "fine", "drivable": True}, "invalid"),
        ("/trips/none/outcome", {"result": "repaired", "drivable": 1}, "invalid"),
    ],
)
async def test_a_wrong_field_has_its_code(shared_house: House, path: str, body: Any, code: str) -> None:
    document(await shared_house.cac.post(path, body), status_of(code), code)


@pytest.mark.parametrize(
    "sheet",
    [[], "sheet", {}, {"a": float("nan")}, {"a": "\x00"}, {"client_id": 7}, {"a": [[[[[[[[[[[[[[1]]]]]]]]]]]]]]}],
    ids=str,
)
async def test_r6_a_sheet_that_cannot_be_sealed_is_refused(house: House, sheet: Any) -> None:
    trip = await house.on_scene()
    before = await house.last_seq()
    answer = await house.cac.send("PUT", f"/trips/{trip['id']}/checksheet", content=json.dumps(sheet), headers=JSON)
    document(answer, 422, "invalid")
    assert await house.last_seq() == before


async def test_r6_a_signature_is_a_drawing_and_nothing_more(house: House) -> None:
    trip = await house.on_scene()
    path = f"/trips/{trip['id']}/checksheet"
    await house.cac.put(path, {"km": 1})
    deep = f"<svg><text>{'<tspan>' * 20}x{'</tspan>' * 20}</text></svg>"
    broken = ("signed", "<svg", "<svg>", "<svg>&bogus;</svg>", "<svg/><svg/>", "<path d='M0 0'/>")
    active = (
        "<svg onload='x'/>",
        "<svg><script>x</script></svg>",
        "<svg><image href='x'/></svg>",
        "<!DOCTYPE x><svg/>",
    )
    for drawing in ("", *broken, *active, deep, "x" * 300_000):
        answer = await house.cac.post(f"{path}/sign", {"signer": "李", "signature_svg": drawing})
        document(answer, 422, "invalid")
    assert (await house.cac.get(f"/trips/{trip['id']}")).json()["signed"] is False


@together
@pytest.mark.parametrize("name", ["a\0b", "\0", "\x1b[2J"])
async def test_a_name_that_is_no_text_is_refused_before_anybody_is_looked_for(shared_house: House, name: str) -> None:
    answer = await shared_house.client.post("/api/v1/session", json={"username": name, "password": "x"})
    assert document(answer, 422, "invalid")["field"] == "username"


async def test_titles_are_chinese_or_english_as_asked(house: House) -> None:
    for asked, title in (("", "没有找到"), ("en-GB,zh;q=0.5", "Not found"), ("zh-CN,en;q=0.9", "没有找到")):
        answer = await house.cac.send("GET", "/cases/none", headers={"Accept-Language": asked})
        assert document(answer, 404, "not_found")["title"] == title


async def test_every_domain_error_has_a_status(house: House) -> None:
    classes = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, NearsideError)]
    assert len(classes) > 15
    assert set(STATUS_OF) <= {one.code for one in classes}
    assert {status_of(one.code) for one in classes} == {401, 403, 404, 409, 422, 429, 503}


async def test_what_nothing_else_caught_leaks_nothing_and_reaches_the_servers_log(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("the secret 13912345678")

    monkeypatch.setattr("dispatch.queries.get_case", broken)
    with pytest.raises(ZeroDivisionError):
        await house.cac.get("/cases/x")
    transport = httpx.ASGITransport(house.client._transport.app, raise_app_exceptions=False)  # type: ignore[attr-defined]
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
        answer = await client.get("/api/v1/cases/x", headers={"Authorization": f"Bearer {house.cac.token}"})
    document(answer, 500, "internal")
    assert "secret" not in answer.text
    assert answer.headers["x-request-id"]


async def test_a_store_that_does_not_answer_is_said_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(*_: Any, **__: Any) -> None:
        raise errors.StoreUnavailable

    monkeypatch.setattr("dispatch.queries.get_case", gone)
    answer = await house.cac.get("/cases/x")
    document(answer, 503, "store_unavailable")
    assert answer.headers["retry-after"] == "1"


async def test_every_answer_has_strict_headers_and_an_id(house: House) -> None:
    for answer in (
        await house.cac.get("/cases"),
        await house.cac.get("/nowhere"),
        await house.cac.send("GET", "/cases", headers={"X-Request-Id": "abc-1"}),
    ):
        assert SECURITY_HEADERS.items() <= dict(answer.headers).items()
        assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"] == "abc-1"


async def test_the_openapi_document_describes_every_route_and_its_problems(house: House) -> None:
    paths = (await house.client.get("/openapi.json")).json()["paths"]
    assert "/api/v1/cases/{case_id}/offers" in paths
    for path, item in paths.items():
        for method, operation in item.items():
            assert operation["summary"], path
            assert operation["tags"], path
            if path.startswith("/api/v1") and not path.endswith(("catalogue", "basemap")):
                content = operation["responses"]["401"]["content"]
                assert content == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
            assert operation["responses"], method


async def test_log_lines_are_json_without_personal_data(house: House, restored_logs: None) -> None:
    stream = io.StringIO()
    set_up_logs("INFO", stream)
    await house.new_case()
    await house.cac.get("/cases?q=13912345678")
    await house.cac.get("/vehicles/沪A00001")
    await house.cac.get("/cases?q=13912345678%00")
    said = stream.getvalue()
    lines = [json.loads(line) for line in said.splitlines()]
    assert [
        (one["method"], one["route"], one["status"], one["role"]) for one in lines if one["event"] == "request"
    ] == [
        ("POST", "/api/v1/cases", 201, "dispatcher"),
        ("GET", "/api/v1/cases", 200, "dispatcher"),
        ("GET", "/api/v1/vehicles/{plate}", 200, "dispatcher"),
        ("GET", "unmatched", 422, ""),
    ]
    assert not [secret for secret in ("13912345678", "沪B54321", "沪A00001", house.cac.token) if secret in said]


async def test_a_service_without_furniture_answers(tmp_path: Any) -> None:
    async with open_house(tmp_path) as house:
        case = await house.new_case()
        answer = await house.cac.post(f"/cases/{case['id']}/offers")
        document(answer, 409, "no_eligible_vehicle")


async def test_a_body_that_does_not_come_is_not_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.front.BODY_WITHIN_S", 0)

    async def stuck() -> Any:
        yield b"{"
        await asyncio.Event().wait()

    document(await house.cac.post("/cases", content=stuck(), headers=JSON), 408, "invalid")
