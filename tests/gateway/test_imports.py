"""Files with every kind of dirt: good rows kept, each finding with its line and reason, nothing silently merged."""

import csv
import io
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gateway_house import House
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import Database
from core.errors import Conflict, NearsideError, StoreUnavailable
from core.eventlog import events_after
from dispatch import queries
from dispatch.desk import Desk
from gateway.imports.batches import Stopped
from gateway.imports.cases import import_cases
from gateway.imports.dealers import COLUMNS, import_dealers
from gateway.imports.report import Report
from gateway.imports.text import MissingColumns, read_table, read_text
from gateway.imports.vehicles import COLUMNS as VEHICLE_COLUMNS
from gateway.imports.vehicles import import_vehicles
from tracking.queries import vehicle

HEADING = ",".join((*COLUMNS, "brands", "region"))


def quiet(_done: int, _total: int) -> None:
    """Nobody looks at the bar."""


def remarks(report: Report) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    told = report.as_json()
    return tuple([(one["line"], one["code"]) for one in told[name]] for name in ("rejected", "findings"))  # type: ignore[return-value]


async def dealers(house: House, *rows: str, heading: str = HEADING) -> Report:
    raw = "\r\n".join((heading, *rows)).encode()
    return await import_dealers(house.service.desk, raw, "system", quiet)


async def test_good_rows_are_kept_and_a_second_import_changes_nothing(bare_house: House) -> None:
    rows = (
        "D1, 浦东店 ,310000,31.2310,121.5000,wgs84,021-51330126/51330122,王强,13800000001,Buick|Chevrolet,华东",
        "",
        ' , ,,,"",,,,',
        "D2,无城市,,30.2500,120.1700,GCJ02,,李,138,,",
    )
    first = await dealers(bare_house, *rows)
    assert (first.imported, first.unchanged, *remarks(first)) == (2, 0, [], [])
    again = await dealers(bare_house, *rows)
    assert (again.imported, again.unchanged) == (0, 2)
    async with bare_house.service.db.read() as session:
        kept = await queries.dealer(session, "D1")
        other = await queries.dealer(session, "D2")
    assert kept is not None
    assert (kept.name, kept.brands, kept.region) == ("浦东店", ("Buick", "Chevrolet"), "华东")
    assert other is not None
    assert other.city_code == "330100"  # where no city is stated the position decides


async def test_r12_r22_every_finding_has_its_line(bare_house: House) -> None:
    report = await dealers(
        bare_house,
        "D1,甲,310000,31.2310,121.5000,wgs84,,王,138",  # line 2
        "D1,甲,310000,31.2310,121.5000,wgs84,,王,138",  # the same again
        "D1,乙,310000,31.2310,121.5000,wgs84,,王,138",  # another under the same code
        "D2,丙,310100,31.2310,121.5000,wgs84,,王,138",  # shares D1's place; 310100 is 310000 too
        "D3,丁,110000,31.2400,121.5000,wgs84,,王,138",  # outside the stated city
        "D4,戊,999999,31.2500,121.5000,wgs84,,王,138",  # no such city
        "D5,己,,121.5,31.2,wgs84,,王,138",  # swapped
        "D6,庚,,22.30,114.17,wgs84,,王,138",  # Hong Kong
        "D7,辛,,0,0,wgs84,,王,138",
        "D8,壬,,nan,121.5,wgs84,,王,138",
        "D9,癸,,,121.5,wgs84,,王,138",
        "D10,子,,31.26,121.5,mars,,王,138",
        ",丑,,31.26,121.5,wgs84,,王,138",
        "D11,,,31.26,121.5,wgs84,,王,138",
        "D12,寅,,31.26,121.5,wgs84,no phone,王,138",
        "D13,卯,,31.27,121.5,wgs84,,王,138,,,,surplus",
        "D14,辰,,31.28,121.5,wgs84,021\0abc,王,138",
        "D15,巳,,31.28,121.5,wgs84,,王,\x1b[2J",
    )
    assert (report.imported, report.unchanged) == (5, 1)
    rejected, findings = remarks(report)
    assert rejected == [
        (4, "conflict"),
        (8, "invalid_position"),
        (9, "outside_service_area"),
        (10, "invalid_position"),
        (11, "invalid_position"),
        (12, "invalid"),
        (13, "invalid"),
        (14, "invalid"),
        (15, "invalid"),
        (17, "invalid"),
        (18, "invalid"),
        (19, "invalid"),
    ]
    assert findings == [
        (2, "shared_position"),
        (3, "duplicate_code"),
        (5, "shared_position"),
        (6, "outside_stated_city"),
        (7, "unknown_city"),
        (16, "doubtful_phone"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
async def test_every_usual_encoding_is_read(bare_house: House, encoding: str) -> None:
    name = "浦东绿地" if encoding == "gbk" else "浦东绿地㐂"  # which GBK does not have
    text = f"{HEADING}\nD1,{name},310000,31.23,121.5,wgs84,,王强,138\n"
    report = await import_dealers(bare_house.service.desk, text.encode(encoding), "system", quiet)
    assert report.imported == 1
    async with bare_house.service.db.read() as session:
        kept = await queries.dealer(session, "D1")
    assert kept is not None
    assert kept.name == name


async def test_one_broken_line_does_not_turn_the_others_into_nonsense(bare_house: House) -> None:
    good = "D{0},浦东绿地,310000,31.2{0},121.5,wgs84,,王强,138"
    lines = [
        HEADING.encode(),
        *(good.format(number).encode() for number in (1, 2, 3)),
        "D4,店".encode()[:-1] + b",,,,,,,",
    ]
    report = await import_dealers(bare_house.service.desk, b"\n".join(lines), "system", quiet)
    assert (report.imported, remarks(report)[0]) == (3, [(5, "invalid")])


async def test_missing_columns_are_named(bare_house: House) -> None:
    with pytest.raises(MissingColumns, match="lat, lon"):
        await dealers(bare_house, heading="code,name,city_code,datum,phone,specialist_name,specialist_phone")
    with pytest.raises(MissingColumns):
        await import_vehicles(bare_house.service.desk, b"", "system", quiet)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    read_text(raw)
    heading = b"a,b\n"
    for row in read_table(heading + raw.replace(b"\x00", b""), ("a",)):
        assert row.line > 1


async def test_r9_vehicles_and_their_terminals(house: House) -> None:
    rows = (
        "沪A·10001,service,D1,true,T1,",  # line 2
        "沪A10001,service,D1,是,T1,websocket",  # the same again
        "沪AD10002,tow,D2,0,,",
        "TEST-1,service,D1,1,T2,osmand",  # not an official plate
        "沪A10003,service,D9,1,,",
        "沪A10004,boat,D1,1,,",
        "沪A10005,tow,D1,perhaps,,",
        "沪A10001,tow,D1,1,,",  # recorded otherwise
        "沪A10006,service,D1,1,T1,websocket",  # the terminal is in another vehicle
        "沪A10007,service,D1,1,T7,morse",
    )
    raw = "\n".join((",".join(VEHICLE_COLUMNS), *rows)).encode()
    done = await import_vehicles(house.service.desk, raw, "system", quiet)
    assert (done.report.imported, done.report.unchanged) == (3, 1)
    assert sorted(done.tokens) == ["T1", "T2"]
    rejected, findings = remarks(done.report)
    assert [line for line, _ in rejected] == [6, 7, 8, 9, 10, 11]
    assert [code for _, code in rejected] == ["not_found", "invalid", "invalid", "conflict", "conflict", "invalid"]
    assert findings == [(3, "duplicate_plate"), (5, "unofficial_plate")]
    async with house.service.db.read() as session:
        kept = await vehicle(session, "沪A10001")
        refused = await vehicle(session, "沪A10006")
    assert kept is not None
    assert kept.tracked
    assert refused is None  # a refused row leaves no trace
    again = await import_vehicles(house.service.desk, raw, "system", quiet)
    assert (again.report.imported, again.report.unchanged, again.tokens) == (0, 4, {})


def past(**changes: Any) -> dict[str, Any]:
    def at(minute: int) -> str:
        return f"2026-10-01T08:{minute:02}:00+08:00"

    return {
        "number": "H-1",
        "channel": "hotline_400",
        "opened_at": at(0),
        "fault": "battery",
        "location": {"lat": 31.2310, "lon": 121.4810},
        "offers": [
            {"dealer": "D1", "at": at(1), "answer": "declined", "answered_at": at(2), "reason": "no crew"},
            {"dealer": "D2", "at": at(2), "answer": "accepted", "answered_at": at(3), "promised_at": at(40)},
        ],
        "trips": [
            {
                "dealer": "D2",
                "kind": "service",
                "departed_at": at(5),
                "arrived_at": at(30),
                "result": "repaired",
                "drivable": True,
                "signed": True,
            }
        ],
        "end": {"status": "closed", "at": at(59), "by": None},
        "satisfaction": 90,
        **changes,
    }


async def test_past_cases_pass_the_same_rules_and_count_in_the_scores(house: House) -> None:
    unsigned = {**past()["trips"][0], "signed": None}
    lines = [
        json.dumps(past(), ensure_ascii=False).encode(),
        b"",
        json.dumps(past()).encode(),  # line 3: the same again
        json.dumps(past(satisfaction=10)).encode(),  # the number told differently
        json.dumps(past(number="H-2", trips=[unsigned])).encode(),  # R6
        b"{not json",
        json.dumps(past(number="H-3", weather="rain")).encode(),
        json.dumps(past(number="H-4", offers=[{**past()["offers"][0], "dealer": "D9"}])).encode(),
        json.dumps(past(number="H-5", fault="电"), ensure_ascii=False).encode("gb18030"),
        b'{"number": "\xff"}',
        json.dumps(past(number="H-\0")).encode(),
        json.dumps(past(number="H-7", location={**past()["location"], "address": "a\0b"})).encode(),
    ]
    raw = b"\xef\xbb\xbf" + b"\r\n".join(lines)
    report = await import_cases(house.service.desk, raw, "system", quiet)
    rejected, findings = remarks(report)
    assert (report.imported, report.unchanged) == (2, 1)
    assert [line for line, _ in rejected] == [4, 5, 6, 8, 9, 10, 11, 12]
    assert (4, "conflict") in rejected
    assert next(one for one in report.rejected if one.line == 5).detail.find("R6") >= 0
    assert findings == [(3, "duplicate_number"), (7, "unknown_field")]
    again = await import_cases(house.service.desk, raw, "system", quiet)
    assert (again.imported, again.unchanged) == (0, 3)
    scores = {row["dealer"]: row for row in (await house.cac.get("/scores?from=2026-10-01&to=2026-10-01")).json()}
    assert (scores["D1"]["cases"], scores["D2"]["cases"]) == (2, 2)
    assert scores["D2"]["kpis"]["satisfaction"] == {"value": 90.0, "numerator": 180, "denominator": 2}
    assert scores["D1"]["kpis"]["completion"]["value"] == 0.0


class Failing:
    """The store, whose next writes each end with one of `errors` after all their work, and are undone."""

    def __init__(self, db: Database, *errors: NearsideError) -> None:
        self.db = db
        self.errors = list(errors)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.db, name)

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[AsyncSession]:
        async with self.db.write() as session:
            yield session
            if self.errors:
                raise self.errors.pop(0)


def failing(house: House, *errors: NearsideError) -> Desk:
    return replace(house.service.desk, db=Failing(house.service.db, *errors))  # type: ignore[arg-type]


ONCE_EACH = (Conflict(), StoreUnavailable(), Conflict())
ALWAYS = (Conflict(),) * 4


async def test_what_was_undone_is_done_again_and_told_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.imports.batches.PAUSE_S", 0)
    table = "\n".join((HEADING, *["D5,戊,,31.25,121.5,wgs84,no phone,王,138,,"] * 2, "D6,己,,0,0,wgs84,,王,138,,"))
    report = await import_dealers(failing(house, *ONCE_EACH), table.encode(), "system", quiet)
    assert (report.imported, report.unchanged) == (1, 1)
    assert remarks(report) == (
        [(4, "invalid_position")],
        [(2, "doubtful_phone"), (3, "doubtful_phone"), (3, "duplicate_code")],
    )
    told: list[dict[str, str]] = []
    table = "\n".join((",".join(VEHICLE_COLUMNS), *["沪A10001,service,D1,true,T1,"] * 2))
    done = await import_vehicles(
        failing(house, *ONCE_EACH), table.encode(), "system", quiet, tell=lambda tokens: told.append(dict(tokens))
    )
    assert (done.report.imported, done.report.unchanged) == (1, 1)
    assert remarks(done.report) == ([], [(3, "duplicate_plate")])
    assert len(told) == 4
    assert told[-1] == done.tokens
    before = await house.last_seq()
    raw = json.dumps(past()).encode()
    report = await import_cases(failing(house, *ONCE_EACH), raw + b"\n" + raw, "system", quiet)
    assert (report.imported, report.unchanged, remarks(report)) == (1, 1, ([], [(2, "duplicate_number")]))
    async with house.service.db.read() as session:
        logged = await events_after(session, before)
    assert len({one.case_id for one in logged}) == 1


async def test_an_import_that_stops_tells_what_it_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.imports.batches.BATCH", 1)
    monkeypatch.setattr("gateway.imports.batches.PAUSE_S", 0)
    table = "\n".join((HEADING, *(f"D{number},戊,,31.2{number},121.5,wgs84,,王,138,," for number in (5, 6, 7))))
    desk = failing(house)

    def first_done(done: int, _total: int) -> None:
        if done == 1:
            desk.db.errors = list(ALWAYS)  # type: ignore[attr-defined]

    with pytest.raises(Stopped) as stopped:
        await import_dealers(desk, table.encode(), "system", first_done)
    assert isinstance(stopped.value.error, Conflict)
    assert stopped.value.report.imported == 1
    async with house.service.db.read() as session:
        assert [await queries.dealer(session, code) is not None for code in ("D5", "D6", "D7")] == [True, False, False]
    again = await import_dealers(desk, table.encode(), "system", quiet)
    assert (again.imported, again.unchanged) == (2, 1)


async def test_a_real_national_network_with_its_real_dirt(bare_house: House, shared_data: Path) -> None:
    """574 dealers: 58 rows share 21 coordinates, 19 lie in a wrong province, one code stands twice."""
    text = (shared_data / "dealers" / "ford_cn_dealers_bd09.csv").read_text("utf-8-sig")
    by_province = {"北京": "110000", "上海": "310000", "天津": "120000", "重庆": "500000"}
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(COLUMNS)
    for row in csv.DictReader(io.StringIO(text)):
        place = (row["lat_bd09"], row["lon_bd09"], "bd09")
        city = by_province.get(row["province"].strip(), "")
        code, name, phone = row["dealer_code"], row["name"], row["tel"]
        writer.writerow((code, name, city, *place, phone, "", row["service_tel"]))
    raw = table.getvalue().encode("gb18030")
    report = await import_dealers(bare_house.service.desk, raw, "system", quiet)
    assert report.imported + report.unchanged + len(report.rejected) == 574
    assert report.imported > 560
    found = [one.code for one in report.findings]
    assert 40 <= found.count("shared_position") <= 58
    assert "outside_stated_city" in found
    again = await import_dealers(bare_house.service.desk, raw, "system", quiet)
    assert (again.imported, again.unchanged) == (0, report.imported + report.unchanged)
