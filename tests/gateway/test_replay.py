"""The past on the map again, through the doors."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from gateway_house import SCENE, SIGNATURE, House

from core.geo import Position
from gateway.http import replay
from gateway.http.replay import ReplayView
from tracking.fixstore import store_fixes
from tracking.vocabulary import Fix

NOON = datetime(2026, 11, 2, 4, 0, tzinfo=UTC)
"""In China; long before any case of these tests."""
FROM_NOON = "from=2026-11-02T12:00:00%2B08:00&to=2026-11-02T12:10:00%2B08:00"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def drive(house: House, plate: str, *, start: datetime, lat: float = SCENE["lat"], fixes: int = 60) -> None:
    """Eastward from the scene at 10 m/s, a fix every 10 s."""
    trail = [
        Fix(
            terminal_id=f"T-{plate}",
            seq=seq,
            time=start + timedelta(seconds=10 * seq),
            position=Position(lat=lat, lon=SCENE["lon"] + seq * 100 / 95_262),
            speed_mps=10.04,
            course_deg=90.2,
        )
        for seq in range(fixes)
    ]
    async with house.service.db.write() as session:
        await store_fixes(session, [(plate, fix) for fix in trail])


async def played(house: House, query: str = "") -> dict[str, Any]:
    answer = await house.cac.get(f"/replay?{query}")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert ReplayView.model_validate(told).model_dump(mode="json", by_alias=True) == told
    return told


def kinds(told: dict[str, Any]) -> list[str]:
    return [event["kind"] for event in told["events"]]


def statuses(told: dict[str, Any]) -> list[list[str]]:
    return [[status for _, status in case["statuses"]] for case in told["cases"]]


def plates(told: dict[str, Any]) -> list[str]:
    return [one["plate"] for one in told["vehicles"]]


def since_noon_s(point: list[float]) -> float:
    return point[0] / 1000 - (NOON - EPOCH).total_seconds()


async def test_the_city_is_shown_thinned_and_by_the_part_that_is_looked_at(house: House) -> None:
    await drive(house, "沪A00001", start=NOON)
    await drive(house, "沪A00003", start=NOON, lat=SCENE["lat"] + 0.1)
    whole = await played(house, f"{FROM_NOON}&step_s=30")
    assert (whole["from"], whole["to"], whole["step_s"]) == ("2026-11-02T04:00:00Z", "2026-11-02T04:10:00Z", 30)
    assert (whole["events"], whole["cases"]) == ([], [])
    first, second = whole["vehicles"]
    assert (first["plate"], first["kind"], first["dealer"]) == ("沪A00001", "service", "D1")
    assert (second["plate"], second["kind"]) == ("沪A00003", "tow")
    assert [since_noon_s(point) for point in first["points"]] == [30.0 * step for step in range(20)]
    assert first["points"][1][1:] == [SCENE["lat"], pytest.approx(SCENE["lon"] + 300 / 95_262, abs=1e-6), 10.0, 90]
    # Whoever was seen there is shown with all of the way.
    part = await played(house, f"{FROM_NOON}&step_s=30&bbox=121.47372,31.2,121.48,31.25")
    assert part["vehicles"] == [first]
    assert plates(await played(house, f"{FROM_NOON}&plate=沪A00003&bbox=121.47372,31.2,121.48,31.25")) == ["沪A00003"]
    assert (await played(house, "from=2026-11-02T04:05:00Z&to=2026-11-02T04:05:09Z"))["vehicles"][0]["points"] == [
        [(NOON + timedelta(minutes=5) - EPOCH) // timedelta(milliseconds=1), *first["points"][10][1:]]
    ]


async def test_r4_a_case_is_shown_from_its_opening_to_its_end_with_all_its_vehicles(house: House) -> None:
    spare = {"plate": "沪A00004", "kind": "service", "dealer": "D1", "on_duty": True}
    await house.cac.post("/vehicles", spare)
    trip = await house.new_trip()
    opened = datetime.fromisoformat((await house.cac.get(f"/cases/{trip['case']}")).json()["opened_at"])
    for plate in ("沪A00001", "沪A00002", "沪A00004"):
        await drive(house, plate, start=opened, fixes=1)
    running = await played(house, f"case={trip['case']}")
    assert plates(running) == ["沪A00001"]
    assert (kinds(running), statuses(running)) == (
        ["case_opened", "offer_made", "offer_accepted"],
        [["open", "offered", "accepted"]],
    )
    assert (await house.d1.patch(f"/trips/{trip['id']}", {"vehicle": "沪A00004", "reason": "爆胎"})).status_code == 200
    await house.cac.post(f"/cases/{trip['case']}/cancel", {"by": "customer", "reason": "已自行解决"})
    other = await house.new_case(location={**SCENE, "lat": 31.9})
    ended = await played(house, f"case={trip['case']}")
    assert plates(ended) == ["沪A00001", "沪A00004"]
    assert kinds(ended)[3:] == ["trip_changed", "case_cancelled"]
    (case,) = ended["cases"]
    assert (case["id"], case["lat"], case["lon"]) == (trip["case"], SCENE["lat"], SCENE["lon"])
    assert [status for _, status in case["statuses"]] == ["open", "offered", "accepted", "cancelled"]
    assert (ended["from"], ended["to"]) == (case["opened_at"], case["ended_at"])
    assert {event["number"] for event in ended["events"]} == {case["number"]}
    # The vehicle that took over is the one that was sent; the city is all that ran in the last hour.
    assert [one["id"] for one in (await played(house, "plate=沪A00004"))["cases"]] == [trip["case"]]
    assert (await played(house, "plate=沪A00002"))["cases"] == []
    city = await played(house)
    assert ([one["id"] for one in city["cases"]], len(city["events"])) == ([trip["case"], other["id"]], 6)
    north = await played(house, "bbox=121,31.5,122,32")
    assert ([one["id"] for one in north["cases"]], kinds(north)) == ([other["id"]], ["case_opened"])
    # What had ended and was told before the span is not in it; what runs is, wherever it began.
    later = house.service.desk.clock.now() + timedelta(hours=1)
    ahead = f"from={later:%Y-%m-%dT%H:%M:%SZ}&to={later + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    still = await played(house, ahead)
    assert ([one["id"] for one in still["cases"]], still["events"]) == ([other["id"]], [])


class LaterClock:
    """An hour and a half after the wall's."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(minutes=90)


async def test_what_a_phone_told_later_is_shown_when_the_board_showed_it(house: House) -> None:
    trip = await house.on_scene()
    path, arrived = f"/trips/{trip['id']}", trip["arrived_at"]
    object.__setattr__(house.service.desk, "clock", LaterClock())
    for method, where, body in (
        ("PUT", "checksheet", {"km": 1}),
        ("POST", "checksheet/sign", {"signer": "李女士", "signature_svg": SIGNATURE, "at": arrived}),
        ("POST", "outcome", {"result": "repaired", "drivable": True, "at": arrived}),
        ("POST", "complete", {"at": arrived}),
    ):
        answer = await house.driver.send(method, f"{path}/{where}", json=body)
        assert answer.status_code == 200, answer.text
    told = await played(house, f"case={trip['case']}")
    (case,) = told["cases"]
    assert case["ended_at"] == arrived
    shown, status = case["statuses"][-1]
    assert (status, kinds(told)[-1]) == ("completed", "case_completed")
    late = timedelta(milliseconds=shown) - (datetime.fromisoformat(arrived) - EPOCH)
    assert late > timedelta(minutes=80)
    assert told["to"] == told["events"][-1]["at"]


async def test_too_much_is_refused_and_a_step_left_to_us_stays_within(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await drive(house, "沪A00001", start=NOON)
    await drive(house, "沪A00002", start=NOON)
    monkeypatch.setattr(replay, "MOST_POINTS", 50)
    refused = await house.cac.get(f"/replay?{FROM_NOON}&step_s=10")
    assert (refused.status_code, refused.json()["field"]) == (422, "step_s")
    ours = await played(house, FROM_NOON)
    assert 20 < sum(len(one["points"]) for one in ours["vehicles"]) <= 50
    assert ours["step_s"] == 40  # three vehicles on record: 15 steps each, and the point at the end


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("from=2026-11-02T00:00:00Z&to=2026-11-02T02:00:00Z", 200, None),
        ("from=2026-11-02T00:00:00Z&to=2026-11-02T02:00:01Z", 422, "from"),
        ("from=2026-11-02&to=2026-11-02&plate=沪A00001", 200, None),
        ("from=2026-11-02&to=2026-11-03&plate=沪A00001", 422, "from"),
        ("from=2026-11-02&to=2026-10-31", 422, "from"),
        ("from=soon", 422, "from"),
        ("to=0001-01-01T00:10:00Z", 422, "from"),
        ("from=0001-01-01T00:00:00Z&to=0001-01-01T00:10:00Z", 422, "from"),
        ("from=2000-01-01T00:00:00Z&to=2000-01-01T00:10:00Z", 200, None),
        ("from=9999-12-31T23:00:00Z&to=9999-12-31T23:59:59Z", 200, None),
        ("step_s=0", 422, "step_s"),
        ("step_s=3601", 422, "step_s"),
        ("bbox=1,2,3", 422, "bbox"),
        ("plate=沪A99999", 404, "plate"),
        ("case=none", 404, None),
    ],
)
async def test_what_cannot_be_replayed_is_said_so(
    shared_house: House, query: str, status: int, field: str | None
) -> None:
    answer = await shared_house.cac.get(f"/replay?{query}")
    assert (answer.status_code, answer.json().get("field")) == (status, field), answer.text


async def test_only_the_cac_follows_vehicles_through_the_past(shared_house: House) -> None:
    for person in (shared_house.d1, shared_house.driver, shared_house.oem):
        assert (await person.get("/replay")).status_code == 403
