"""The network as the OEM reads it: figures, refusals, late cases, coverage, and the same for Excel and on paper."""

import io
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from gateway_house import SCENE, SIGNATURE, House
from openpyxl import load_workbook
from pypdf import PdfReader

from core.clock import CHINA_STANDARD_TIME
from gateway.imports.cases import import_cases
from scoring.vocabulary import WEIGHTS
from scoring.weekly import make_weekly_report


async def completed(house: House, **changes: Any) -> str:
    trip = await house.on_scene(**changes)
    path = f"/trips/{trip['id']}"
    await house.d1.put(f"{path}/checksheet", {"odometer_km": 1})
    await house.d1.post(f"{path}/outcome", {"result": "repaired", "drivable": True})
    await house.d1.post(f"{path}/checksheet/sign", {"signer": "李女士", "signature_svg": SIGNATURE})
    assert (await house.d1.post(f"{path}/complete")).status_code == 200
    return trip["case"]


def rows(content: bytes) -> list[tuple[Any, ...]]:
    return list(load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True))  # type: ignore[union-attr]


async def test_k7_the_networks_figures_add_up_and_open_to_their_cases(house: House) -> None:
    case = await completed(house)
    found = (await house.oem.get("/network")).json()
    assert found["kpis"]["completion"]["numerator"] == found["kpis"]["completion"]["denominator"] == 1
    assert found["kpis"]["completion"]["target"] == 95
    assert sum(part["denominator"] for part in found["kpis"]["completion"]["trend"]) == 1
    first = next(one for one in found["dealers"] if one["dealer"] == "D1")
    assert (first["city_name"], first["change"], sum(part["cases"] for part in first["trend"])) == ("上海市", None, 1)
    assert found["score"] == first["score"]
    (behind,) = (await house.oem.get("/scores/D1/cases?kpi=completion")).json()
    assert (behind["case"], behind["counted"]) == (case, "numerator")
    assert behind["opened_at"]


async def test_r1_refusals_are_told_with_their_reasons_and_for_excel_as_plain_text(house: House) -> None:
    offer = await house.new_offer(car={"plate": "沪B54321"})
    await house.d1.post(f"/offers/{offer['id']}/decline", {"reason": '=HYPERLINK("http://x") 13912345678'})
    (refused,) = (await house.oem.get("/network/refused")).json()
    assert (refused["dealer"], refused["answer"], refused["rank"]) == ("D1", "declined", 1)
    assert "13912345678" not in refused["reason"]
    sheet = await house.oem.get("/exports/refused.xlsx")
    heading, row = rows(sheet.content)
    assert heading[:3] == ("时间", "案例", "代码")
    assert row[-1].startswith("=HYPERLINK")
    cells = load_workbook(io.BytesIO(sheet.content)).active
    assert {cell.data_type for cell in cells[2]} <= {"s", "d"}  # type: ignore[index]
    assert (await house.oem.get("/network/refused?dealer=D2")).json() == []
    english = await house.oem.get("/exports/cases.xlsx", headers={"Accept-Language": "en"})
    heading, row = rows(english.content)
    assert (heading[0], row[5]) == ("case", "沪B***")
    assert row[1].tzinfo is None
    opened = (await house.cac.get(f"/cases/{offer['case']}")).json()["opened_at"]
    assert row[1].strftime("%H:%M") == _china(opened)


def _china(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(CHINA_STANDARD_TIME).strftime("%H:%M")


async def test_coverage_rings_grow_with_time(house: House) -> None:
    first = (await house.oem.get("/network/coverage")).json()[0]
    assert (first["dealer"], first["services"], first["tows"]) == ("D1", 1, 1)
    radii = [ring["radius_m"] for ring in first["rings"]]
    assert radii == sorted(radii)
    assert radii[0] > 4_000


async def test_k3_late_cases_are_told_with_their_place(house: House) -> None:
    past = {
        "number": "H-1",
        "channel": "hotline_400",
        "opened_at": "2026-10-01T08:00:00+08:00",
        "fault": "battery",
        "location": SCENE,
        "offers": [
            {
                "dealer": "D1",
                "at": "2026-10-01T08:01:00+08:00",
                "answer": "accepted",
                "answered_at": "2026-10-01T08:02:00+08:00",
                "promised_at": "2026-10-01T08:32:00+08:00",
            }
        ],
        "trips": [
            {
                "dealer": "D1",
                "kind": "service",
                "departed_at": "2026-10-01T08:05:00+08:00",
                "arrived_at": "2026-10-01T08:40:00+08:00",
                "result": "repaired",
                "drivable": True,
                "signed": True,
            }
        ],
        "end": {"status": "closed", "at": "2026-10-01T09:00:00+08:00", "by": None},
        "satisfaction": None,
    }
    report = await import_cases(house.service.desk, json.dumps(past).encode(), "user:cac", lambda *_: None)
    assert report.imported == 1
    (late,) = (await house.oem.get("/network/late?from=2026-10-01&to=2026-10-01")).json()
    assert (late["number"], late["dealer"], late["lat"]) == ("H-1", "D1", SCENE["lat"])
    assert (await house.oem.get("/network/late?from=2026-10-02&to=2026-10-02")).json() == []


async def test_r13_the_week_on_paper_and_for_excel(house: House) -> None:
    await completed(house)
    now = house.service.desk.clock.now()
    async with house.service.db.write() as session:
        await make_weekly_report(session, now + timedelta(weeks=1), WEIGHTS)
    (week,) = (await house.oem.get("/reports/weekly")).json()
    paper = await house.oem.get(f"/reports/weekly/{week}/paper.pdf")
    text = PdfReader(io.BytesIO(paper.content)).pages[0].extract_text().replace(" ", "")
    assert f"救援周报{week}" in text
    assert "店D1" in text
    sheet = rows((await house.oem.get(f"/reports/weekly/{week}/sheet.xlsx")).content)
    assert any("D1" in row for row in sheet)
    assert (await house.oem.get("/reports/weekly/2001-W01/paper.pdf")).status_code == 404
    assert (await house.oem.get("/reports/weekly/x/paper.pdf")).json()["field"] == "week"


@pytest.mark.parametrize(
    "path", ["/network", "/network/refused", "/network/late", "/network/coverage", "/exports/cases.xlsx"]
)
async def test_the_network_is_not_a_dealers_business(house: House, path: str) -> None:
    for who in (house.d1, house.driver):
        assert (await who.get(path)).status_code == 403


async def test_a_dealer_drills_into_its_own_figures_only(house: House) -> None:
    await completed(house)
    own = await house.d1.get("/exports/drilldown.xlsx?dealer=D1&kpi=arrival")
    assert rows(own.content)[1][3] == "计入分子和分母"
    assert (await house.d2.get("/exports/drilldown.xlsx?dealer=D1")).status_code == 403
    assert (await house.oem.get("/exports/drilldown.xlsx?dealer=none")).status_code == 404
