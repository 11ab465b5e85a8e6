"""Every field of every body with every nasty value: never a 500, and every refusal is a problem with a stable code."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from gateway_house import SIGNATURE, House, acceptance, case_body, dealer_body

NASTY: list[Any] = [
    None,
    True,
    -1,
    0,
    2**63,
    2**70,
    1e308,
    float("nan"),
    "",
    " ",
    "x" * 3000,
    "\u202e",
    "\x1b[2J",
    "a\x00b",
    "😀" * 30,
    "' OR 1=1 --",
    [],
    {},
    [{}],
    {"a": []},
    "2026-10-01T08:00:00+08:00",
    "9999-12-31T23:59:59Z",
]

BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "/cases": (
        "POST",
        case_body(
            expressway={"road": "G2", "direction": "上海", "kilometre_post": "K1"},
            hand_over={"lat": 31.2, "lon": 121.4},
            note="x",
            priority=1,
            dealer="D1",
        ),
    ),
    "/dealers": ("POST", dealer_body("D8", 31.2, 121.4, brands=["Buick"], region="华东")),
    "/dealers/D1": ("PATCH", dealer_body("D1", 31.2, 121.4, active=True)),
    "/vehicles": ("POST", {"plate": "沪A88888", "kind": "tow", "dealer": "D1", "on_duty": True, "tools": ["winch"]}),
    "/vehicles/沪A00002": ("PATCH", {"on_duty": True, "tools": ["winch"]}),
    "/terminals": ("POST", {"terminal_id": "T8", "vehicle": "沪A00002", "protocol": "websocket"}),
    "/cases/{case}": ("PATCH", {"location": {"lat": 31.2, "lon": 121.4, "address": "x"}, "reason": "x"}),
    "/cases/{case}/offers": ("POST", {"dealer": "D2", "override_reason": "x"}),
    "/cases/{case}/survey": ("POST", {"satisfaction": 50, "comment": "x"}),
    "/cases/{case}/second_dispatch": ("POST", {"approve": True, "needs": "tow", "same_dealer": True}),
    "/offers/{offer}/accept": ("POST", acceptance(reason="x")),
    "/offers/{offer}/decline": ("POST", {"reason": "x"}),
    "/trips/{trip}": ("PATCH", {"eta_minutes": 5, "driver": {"name": "x", "phone": "1380"}, "reason": "x"}),
    "/trips/{trip}/depart": ("POST", {"at": "2026-10-01T08:00:00+08:00"}),
    "/trips/{trip}/checksheet": ("PUT", {"client_id": "c", "km": 1, "list": [1]}),
    "/trips/{trip}/checksheet/sign": ("POST", {"signer": "x", "signature_svg": SIGNATURE, "refused_reason": ""}),
    "/trips/{trip}/consent": ("POST", {"signer": "x", "signature_svg": SIGNATURE}),
    "/trips/{trip}/outcome": ("POST", {"result": "repaired", "drivable": True, "note": "x"}),
    "/trips/{trip}/complete": ("POST", {"confirmed_by": "x"}),
}


def leaves(body: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    keys = body.keys() if isinstance(body, dict) else range(len(body)) if isinstance(body, list) else ()
    for key in keys:
        yield from leaves(body[key], (*path, key))


def mutated(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in leaves(body):
        for value in NASTY:
            changed = copy.deepcopy(body)
            inner: Any = changed
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = value
            yield changed


@pytest.mark.slow
async def test_no_value_of_any_field_breaks_the_service(house: House) -> None:
    trip = await house.on_scene()
    ids = {"case": trip["case"], "offer": trip["offer"], "trip": trip["id"]}
    wrong: list[str] = []
    headers = {"Content-Type": "application/json"}
    for path, (method, body) in BODIES.items():
        for changed in mutated(body):
            content = json.dumps(changed)
            answer = await house.cac.send(method, path.format(**ids), content=content, headers=headers)
            refused = answer.status_code >= 400
            if answer.status_code >= 500 or (refused and not answer.json().get("code")):
                wrong.append(f"{method} {path} {content[:200]}: {answer.status_code} {answer.text[:200]}")
    assert not wrong
    ready = await house.client.get("/readyz")
    assert ready.status_code == 200


async def test_no_nul_in_any_parameter_of_any_route_breaks_the_service(house: House) -> None:
    """Not every store takes one in a text, so no route is ever asked with it."""
    routes = (await house.client.get("/openapi.json")).json()["paths"]
    asked = 0
    for route, methods in routes.items():
        for method, operation in methods.items():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] not in ("path", "query"):
                    continue
                named = {one["name"]: "x" for one in operation["parameters"] if one["in"] == "path"}
                query = ""
                if parameter["in"] == "path":
                    named[parameter["name"]] = "a%00b"
                else:
                    query = f"?{parameter['name']}=a%00b"
                path = route.removeprefix("/api/v1").format(**named) + query
                answer = await house.admin.send(method.upper(), path)
                assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), f"{method} {path}"
                asked += 1
    assert asked > 50
