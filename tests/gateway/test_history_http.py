"""Who passed where, and the heat maps, through the doors."""

from datetime import UTC, datetime, timedelta

import pytest
from gateway_house import SCENE, House
from shapely import Point, Polygon

from core.datum import Datum, from_wgs84
from core.geo import Position
from tracking.fixstore import store_fixes
from tracking.vocabulary import Fix

NOON = datetime(2026, 11, 2, 4, 0, tzinfo=UTC)
"""In China."""
DAY = "from=2026-11-02&to=2026-11-02"
BOX = "bbox=121.47,31.22,121.48,31.24"


async def drive(house: House, plate: str, north_m: float, *, start: datetime = NOON, fixes: int = 3) -> None:
    """Eastward, so many metres north of the scene: one fix a minute, every 1200 m, passing after half a minute."""
    trail = [
        Fix(
            terminal_id=f"T-{plate}",
            seq=seq,
            time=start + timedelta(minutes=seq),
            position=Position(lat=SCENE["lat"] + north_m / 110_866, lon=SCENE["lon"] + (seq - 0.5) * 1200 / 95_262),
        )
        for seq in range(fixes)
    ]
    async with house.service.db.write() as session:
        await store_fixes(session, [(plate, fix) for fix in trail])


async def test_the_cac_sees_who_passed_by_time_and_page(house: House) -> None:
    await drive(house, "沪A00001", 100)
    await drive(house, "沪A00003", 150, start=NOON + timedelta(minutes=10))
    await drive(house, "沪A00002", 300)
    asked = f"/vehicles/passed?lat={SCENE['lat']}&lon={SCENE['lon']}&{DAY}"
    first, second = (await house.cac.get(asked)).json()
    assert (first["vehicle"], first["dealer"], first["nearest_m"]) == ("沪A00001", "D1", pytest.approx(100, abs=1))
    assert abs(datetime.fromisoformat(first["at"]) - NOON - timedelta(seconds=30)) < timedelta(seconds=1)
    assert [datetime.fromisoformat(first[name]) - NOON for name in ("since", "until")] == [
        timedelta(0),
        timedelta(minutes=1),
    ]
    assert second["vehicle"] == "沪A00003"
    page = await house.cac.get(f"{asked}&limit=1")
    following = await house.cac.get(f"{asked}&limit=1&cursor={page.headers['x-next-cursor']}")
    assert [page.json(), following.json()] == [[first], [second]]
    assert "x-next-cursor" not in following.headers
    assert len((await house.cac.get(f"{asked}&radius_m=320")).json()) == 3
    lat, lon = from_wgs84(SCENE["lat"], SCENE["lon"], Datum.GCJ02)
    shifted = (await house.cac.get(f"/vehicles/passed?lat={lat}&lon={lon}&datum=gcj02&{DAY}")).json()
    assert [one["nearest_m"] for one in shifted] == [first["nearest_m"], second["nearest_m"]]
    assert (await house.cac.get(f"/vehicles/passed?lat={SCENE['lat']}&lon={SCENE['lon']}")).json() == []


async def test_cells_tell_the_oem_of_no_single_vehicle(house: House) -> None:
    for plate in ("沪A00001", "沪A00002"):
        await drive(house, plate, 0, fixes=1)
        await drive(house, plate, 2000, fixes=1, start=NOON + timedelta(hours=1))
    await drive(house, "沪A00003", 0, fixes=1)
    asked = f"/heat?of=fixes&{BOX}&{DAY}"
    crowded = {"west": 121.46, "south": 31.23, "east": 121.47, "north": 31.24, "count": 3, "vehicles": 3}
    wider = asked.replace("121.47,", "121.465,").replace("31.24", "31.249")
    assert (await house.cac.get(asked)).json() == []
    assert (await house.cac.get(wider)).json() == [
        crowded,
        {**crowded, "south": 31.24, "north": 31.25, "count": 2, "vehicles": 2},
    ]
    assert (await house.oem.get(wider)).json() == [crowded]


async def test_cases_are_counted_where_they_were(house: House) -> None:
    for north in (0, 0, 0.012):
        await house.new_case(location={**SCENE, "lat": SCENE["lat"] + north})
    for person in (house.cac, house.oem):
        cells = (await person.get(f"/heat?of=cases&{BOX}&cell=0.01")).json()
        assert [(one["south"], one["north"], one["count"], one["vehicles"]) for one in cells] == [
            (31.23, 31.24, 2, None),
            (31.24, 31.25, 1, None),
        ]
    assert (await house.oem.get(f"/heat?of=cases&{BOX}&from=2020-01-01&to=2020-01-02")).json() == []
    elsewhere = await house.cac.get("/heat?of=cases&bbox=-10,-10,10,10&cell=1")
    assert elsewhere.json() == []


async def test_demand_is_counted_by_hexagons_that_lie_still(house: House) -> None:
    for north in (0, 0.0005, 0.06):
        await house.new_case(location={**SCENE, "lat": SCENE["lat"] + north})
    asked = "/network/demand?bbox=121,31,122,32"
    coarse = (await house.oem.get(f"{asked}&resolution=5")).json()
    assert [one["count"] for one in coarse] == [3]
    first, second = (await house.oem.get(f"{asked}&resolution=7")).json()
    assert (first["count"], second["count"]) == (2, 1)
    assert Polygon(first["ring"]).contains(Point(SCENE["lon"], SCENE["lat"]))
    lon, lat = Polygon(first["ring"]).centroid.coords[0]
    near = f"{lon - 0.001},{lat - 0.001},{lon + 0.001},{lat + 0.001}"
    assert (await house.oem.get(f"/network/demand?bbox={near}&resolution=7")).json() == [first]
    assert (await house.oem.get(f"{asked}&resolution=7&from=2020-01-01&to=2020-01-02")).json() == []
    for wrong in ("&resolution=9", "&resolution=2", "&resolution=x"):
        refused = await house.oem.get(asked + wrong)
        assert (refused.status_code, refused.json()["field"]) == (422, "resolution")
    assert (await house.oem.get("/network/demand?bbox=1,2,3")).json()["field"] == "bbox"


PASSED = "/vehicles/passed?"
HEAT = "/heat?"
AT = "lat=31.2&lon=121.4"


@pytest.mark.parametrize(
    ("path", "code", "field"),
    [
        (f"{PASSED}lat=nan&lon=121.4", "invalid_position", "location"),
        (f"{PASSED}lat=inf&lon=121.4", "invalid_position", "location"),
        (f"{PASSED}lat=121.4&lon=31.2", "invalid_position", "location"),
        (f"{PASSED}lat=0&lon=0", "invalid_position", "location"),
        (f"{PASSED}lat=91&lon=121.4", "invalid_position", "location"),
        (f"{PASSED}lat=31.2", "invalid", "lon"),
        (f"{PASSED}lat=here&lon=121.4", "invalid", "lat"),
        (f"{PASSED}{AT}&radius_m=9.9", "invalid", "radius_m"),
        (f"{PASSED}{AT}&radius_m=2000.1", "invalid", "radius_m"),
        (f"{PASSED}{AT}&radius_m=nan", "invalid", "radius_m"),
        (f"{PASSED}{AT}&datum=tokyo", "invalid", "datum"),
        (f"{PASSED}{AT}&limit=0", "invalid", "limit"),
        (f"{PASSED}{AT}&from=soon", "invalid", "from"),
        (f"{PASSED}{AT}&from=2026-11-03&to=2026-11-01", "invalid", "from"),
        (f"{PASSED}{AT}&from=2026-10-01&to=2026-11-01", "invalid", "from"),
        (f"{PASSED}{AT}&from=2000-01-01T00:00:00Z&to=2000-01-01T00:10:00Z", None, None),
        (f"{PASSED}{AT}&from=1999-12-31T23:59:59Z&to=2000-01-01T00:10:00Z", "invalid", "from"),
        (f"{PASSED}{AT}&from=9999-12-31T23:00:00Z&to=9999-12-31T23:59:59Z", None, None),
        (f"{PASSED}{AT}&to=0001-01-01T00:10:00Z", "invalid", "from"),
        (f"{HEAT}of=cars&{BOX}", "invalid", "of"),
        (f"{HEAT}{BOX}", "invalid", "of"),
        (f"{HEAT}of=fixes", "invalid", "bbox"),
        (f"{HEAT}of=fixes&bbox=121.5,31.2,121.4,31.3", "invalid", "bbox"),
        (f"{HEAT}of=fixes&bbox=nan,31.2,121.4,31.3", "invalid", "bbox"),
        (f"{HEAT}of=fixes&bbox=1,2,3", "invalid", "bbox"),
        (f"{HEAT}of=fixes&{BOX}&cell=0.03", "invalid", "cell"),
        (f"{HEAT}of=fixes&{BOX}&cell=nan", "invalid", "cell"),
        (f"{HEAT}of=fixes&{BOX}&cell=0", "invalid", "cell"),
        (f"{HEAT}of=fixes&bbox=70,10,130,50&cell=0.01", "invalid", "cell"),
        (f"{HEAT}of=cases&{BOX}&from=2026-11-03T00:00:00%2B08:00&to=2026-11-01", "invalid", "from"),
        (f"{HEAT}of=cases&{BOX}&from=2026-09-01&to=2026-11-01", "invalid", "from"),
        (f"{HEAT}of=fixes&bbox=-180,-90,180,90&cell=2", "invalid", "cell"),
    ],
)
async def test_what_cannot_be_asked_is_said_so(
    shared_house: House, path: str, code: str | None, field: str | None
) -> None:
    answer = await shared_house.cac.get(path)
    if code is None:
        assert (answer.status_code, answer.json()) == (200, [])
        return
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["field"]) == (422, code, field)
    assert answer.headers["content-type"] == "application/problem+json"
