"""The network as the OEM reads it: figures, refusals, late cases, coverage, and the same for Excel and on paper."""

import io
import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from gateway_house import SCENE, SIGNATURE, House
from openpyxl import load_workbook
from pypdf import PdfReader

from core.clock import CHINA_STANDARD_TIME
from dispatch import queries
from dispatch.vocabulary import Case
from gateway.http import network, reports
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


async def test_k11_behind_the_satisfaction_stand_the_answers(house: House) -> None:
    case = await completed(house)
    await house.cac.post(f"/cases/{case}/survey", {"satisfaction": 80})
    (answered,) = (await house.d1.get("/scores/D1/cases?kpi=satisfaction")).json()
    (completion,) = (await house.d1.get("/scores/D1/cases?kpi=completion")).json()
    assert (answered["satisfaction"], completion["satisfaction"]) == (80, None)
    assert rows((await house.oem.get("/exports/drilldown.xlsx?dealer=D1&kpi=satisfaction")).content)[1][-1] == 80


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
    assert {cell.data_type for cell in cells[2]} <= {"s", "d", "n"}  # type: ignore[index]
    assert (await house.oem.get("/network/refused?dealer=D2")).json() == []
    english = await house.oem.get("/exports/cases.xlsx", headers={"Accept-Language": "en"})
    heading, row = rows(english.content)
    assert (heading[0], row[5]) == ("case", "沪B***")
    assert row[1].tzinfo is None
    opened = (await house.cac.get(f"/cases/{offer['case']}")).json()["opened_at"]
    assert row[1].strftime("%H:%M") == _china(opened)


async def test_k7_the_scores_for_excel_tell_what_each_figure_is_counted_of(house: House) -> None:
    await completed(house)
    sheet = await house.oem.get("/exports/scores.xlsx")
    heading, first, second = rows(sheet.content)
    of = [heading.index(f"{name}: 分母") for name in ("派工完成率", "客户满意度", "接单率")]
    assert ([first[place] for place in of], [second[place] for place in of]) == ([1, 0, 1], [0, 0, 0])
    completion = load_workbook(io.BytesIO(sheet.content)).active.cell(2, heading.index("派工完成率") + 1)  # type: ignore[union-attr]
    assert (completion.value, completion.number_format) == (100, "0.0")
    provisional = heading.index("暂定")
    assert (first[provisional], second[provisional]) == ("✓", "")  # where there is no score, that says enough


def _china(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(CHINA_STANDARD_TIME).strftime("%H:%M")


async def test_coverage_rings_grow_with_time(house: House) -> None:
    first = (await house.oem.get("/network/coverage")).json()[0]
    assert (first["dealer"], first["services"], first["tows"]) == ("D1", 1, 1)
    radii = [ring["radius_m"] for ring in first["rings"]]
    assert radii == sorted(radii)
    assert radii[0] > 4_000


async def test_r1_of_several_offers_of_a_case_each_says_the_how_manieth_it_was(house: House) -> None:
    """Who has refused is no more among those able, so that each may have been the nearest of them."""
    offer = await house.new_offer()
    await house.d1.post(f"/offers/{offer['id']}/decline", {"reason": "busy"})
    second = (await house.cac.get(f"/cases/{offer['case']}")).json()["offers"][1]
    await house.d2.post(f"/offers/{second['id']}/decline", {"reason": "busy"})
    told = (await house.oem.get("/network/refused")).json()
    assert {(one["dealer"], one["attempt"], one["rank"]) for one in told} == {("D1", 1, 1), ("D2", 2, 1)}
    heading, *sheet = rows((await house.oem.get("/exports/refused.xlsx")).content)
    assert {row[heading.index("第几次派工")] for row in sheet} == {1, 2}


async def test_demand_is_told_by_hexagons_with_the_city_of_each(house: House) -> None:
    await house.new_offer()
    (found,) = (await house.oem.get("/network/demand?bbox=120,30,122,32")).json()
    assert (found["count"], found["city_name"], len(found["ring"])) == (1, "上海市", 6)


async def test_k3_late_cases_are_told_with_their_place(house: House) -> None:
    past = {
        "number": "H-1",
        "channel": "hotline_400",
        "opened_at": "2026-10-01T08:00:00+08:00",
        "fault": "battery",
        "location": {**SCENE},
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


@pytest.mark.parametrize(
    ("told", "approved", "arrived", "late"),
    [
        (60, False, 40, True),
        (60, True, 40, False),
        (60, True, 61, True),
        (10, False, 15, False),
        (10, False, 31, True),
        (60, False, None, True),
        (120, True, None, False),
    ],
)
async def test_k3_late_is_after_the_promise_that_counts_as_in_the_scores(
    house: House, told: int, *, approved: bool, arrived: int | None, late: bool
) -> None:
    """Promised in 30 minutes; the dealer told another time, which the CAC approved or not; the case ended after 100."""
    on_site = {"arrived_at": _at(arrived), "result": "repaired", "drivable": True, "signed": True} if arrived else {}
    past = {
        "number": "H-1",
        "channel": "hotline_400",
        "opened_at": _at(0),
        "fault": "battery",
        "location": {**SCENE},
        "offers": [
            {"dealer": "D1", "at": _at(0), "answer": "accepted", "answered_at": _at(1), "promised_at": _at(30)},
        ],
        "promise_changes": [
            {"dealer": "D1", "at": _at(5), "promised_at": _at(told), "approved": approved, "outside_cause": approved},
        ],
        "trips": [{"dealer": "D1", "kind": "service", "departed_at": _at(2), **on_site}],
        "end": {"status": "closed" if arrived else "cancelled", "at": _at(100), "by": None if arrived else "customer"},
        "satisfaction": None,
    }
    report = await import_cases(house.service.desk, json.dumps(past).encode(), "user:cac", lambda *_: None)
    assert report.imported == 1, report.rejected
    listed = (await house.oem.get("/network/late?from=2026-10-01&to=2026-10-01")).json()
    counts = _at(told if approved else 30)
    shown = [(datetime.fromisoformat(one["promised_at"]), one["arrived_at"] is not None) for one in listed]
    assert shown == ([(datetime.fromisoformat(counts), arrived is not None)] if late else [])
    heading, row = rows((await house.oem.get("/exports/cases.xlsx?from=2026-10-01&to=2026-10-01")).content)
    assert row[heading.index("约定到达")] == datetime.fromisoformat(counts).replace(tzinfo=None)
    (behind,) = (await house.oem.get("/scores/D1/cases?kpi=arrival&from=2026-10-01&to=2026-10-01")).json()
    assert (behind["counted"] == "denominator") == late


def _at(minute: int | None) -> str:
    return (datetime(2026, 10, 1, 8, tzinfo=CHINA_STANDARD_TIME) + timedelta(minutes=minute or 0)).isoformat()


async def test_r5_a_second_vehicle_that_comes_after_the_promise_is_not_late_where_the_first_was_there(
    house: House,
) -> None:
    trip = await house.on_scene()
    await house.d1.post(f"/trips/{trip['id']}/outcome", {"result": "unresolved", "drivable": False})
    clock = house.service.desk.clock
    later = clock.now() + timedelta(hours=2)
    case = await _case(house, trip["case"])
    second = replace(case.trips[0], id="t2", arrived_at=later)
    assert list(network._late(replace(case, trips=(*case.trips, second)), later)) == []
    nobody = replace(case.trips[0], arrived_at=None, reported_arrived_at=None)
    (late,) = network._late(replace(case, trips=(nobody,)), later)
    assert (late.dealer, late.arrived_at) == ("D1", None)
    assert list(network._late(replace(case, trips=(nobody,)), clock.now())) == []


async def _case(house: House, case_id: str) -> Case:
    async with house.service.db.read() as session:
        return await queries.get_case(session, case_id)


@pytest.mark.parametrize(
    "path", ["/network", "/network/refused", "/network/late", "/exports/scores.xlsx", "/exports/cases.xlsx"]
)
async def test_a_span_that_has_none_before_it_is_refused(shared_house: House, path: str) -> None:
    answer = await shared_house.oem.get(f"{path}?from=0001-01-02T00:00:00Z&to=0001-01-05T00:00:00Z")
    assert (answer.status_code, answer.json()["field"]) == (422, "from")
    assert (await shared_house.oem.get(f"{path}?from=2000-01-01T00:00:00Z&to=2000-01-05")).status_code == 200


async def test_what_takes_long_to_make_is_made_beside_the_loop(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await completed(house)
    now = house.service.desk.clock.now()
    async with house.service.db.write() as session:
        await make_weekly_report(session, now + timedelta(weeks=1), WEIGHTS)
    (week,) = (await house.oem.get("/reports/weekly")).json()
    made: list[tuple[str, bool]] = []

    def seen(made_by: Callable[..., Any]) -> Callable[..., Any]:
        def making(*given: Any) -> Any:
            made.append((made_by.__name__, threading.current_thread() is threading.main_thread()))
            return made_by(*given)

        return making

    for room, name in ((network, "write_sheet"), (network, "_case_row"), (reports, "weekly_paper")):
        monkeypatch.setattr(room, name, seen(getattr(room, name)))
    exports = ["scores", "refused", "cases", "drilldown"]
    paths = [f"/exports/{name}.xlsx?dealer=D1" for name in exports]
    for path in (*paths, f"/reports/weekly/{week}/sheet.xlsx", f"/reports/weekly/{week}/paper.pdf"):
        assert (await house.oem.get(path)).status_code == 200
    assert Counter(made) == {("write_sheet", False): 5, ("_case_row", False): 1, ("weekly_paper", False): 1}


async def test_more_cases_than_a_sheet_holds_are_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await completed(house)
    await completed(house)
    for most, kpi, status in ((2, "&kpi=arrival", 200), (1, "&kpi=arrival", 422), (10, "", 200), (9, "", 422)):
        monkeypatch.setattr(network, "MOST_CASES", most)
        answer = await house.oem.get(f"/exports/drilldown.xlsx?dealer=D1{kpi}")
        assert answer.status_code == status
        if status == 422:
            assert (answer.json()["field"], "超过 1 个案例" in answer.json()["reason"]) == ("from", True)


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
