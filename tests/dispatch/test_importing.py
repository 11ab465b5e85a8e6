"""Past cases into the store: once only, by the same doors of place and number as a live case."""

from datetime import UTC, datetime

import pytest
from hypothesis import Phase, given, settings
from past_lines import DEALERS, Line, count_all, line, past_lines, text
from sqlalchemy import func, select

from core.datum import Datum, from_wgs84
from core.errors import NearsideError
from core.eventlog import Logged, events_after
from dispatch import queries, service
from dispatch.desk import Desk
from dispatch.evolve import fold
from dispatch.importing import import_case
from dispatch.opening import CaseRequest
from dispatch.pastcases import read_past_case
from dispatch.store import replayed
from dispatch.tables import CaseRow, DeadlineRow
from dispatch.vocabulary import Car, CaseStatus, Channel, Person
from scoring.projection import catch_up
from scoring.queries import scores
from scoring.vocabulary import WEIGHTS


async def bring(desk: Desk, past: Line) -> str:
    async with desk.act("user:admin") as act:
        return await import_case(desk, act, read_past_case(text(past)))


async def refused(desk: Desk, past: Line) -> tuple[str, str]:
    with pytest.raises(NearsideError) as caught:
        await bring(desk, past)
    return caught.value.code, caught.value.rule


async def size(desk: Desk) -> tuple[int, int]:
    async with desk.db.read() as session:
        cases = (await session.execute(select(func.count()).select_from(CaseRow))).scalar_one()
        return cases, len(await events_after(session, 0))


async def test_a_past_case_is_kept_like_a_live_one_with_its_own_times(desk: Desk) -> None:
    told = desk.bus.listen(Logged)
    assert await bring(desk, line()) == "imported"
    async with desk.db.read() as session:
        (case,), _ = await queries.list_cases(session)
        assert (case.number, case.status, case.city_code) == ("H-1", CaseStatus.CLOSED, "310000")
        assert fold(case.id, await replayed(session, case.id)) == case
        entries = await events_after(session, 0)
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
        assert told.get_nowait() == Logged(seq=len(entries))
        assert {entry.actor for entry in entries} == {"user:admin"}
        assert entries[0].at == datetime(2026, 10, 1, tzinfo=UTC)
        assert entries[-1].at == datetime(2026, 10, 1, 1, tzinfo=UTC)
        assert await queries.case_of_trip(session, case.trips[0].id) == case
        assert await queries.case_of_offer(session, case.offers[0].id) == case
        assert await queries.offer_candidates(session, case.offers[0].id) == ()
        assert await queries.board(session) == (len(entries), [])
        assert (await session.execute(select(func.count()).select_from(DeadlineRow))).scalar() == 0


async def test_a_second_import_changes_nothing_and_another_content_is_a_conflict(desk: Desk) -> None:
    assert await bring(desk, line()) == "imported"
    before = await size(desk)
    assert await bring(desk, dict(reversed(line().items()))) == "unchanged"
    assert await refused(desk, line(satisfaction=89)) == ("conflict", "")
    assert await size(desk) == before


async def test_the_number_of_a_live_case_is_taken(desk: Desk) -> None:
    request = CaseRequest(
        channel=Channel.HOTLINE_400, caller=Person(), car=Car(), lat=31.2312, lon=121.4737, fault="battery"
    )
    number = await service.number_for(desk, request)
    async with desk.act("user:dispatcher") as act:
        live = await service.open_case(desk, act, request, number=number)
    assert await refused(desk, line(number=live.number)) == ("conflict", "")


async def test_refused_lines_leave_nothing_and_good_ones_of_the_same_act_stay(desk: Desk) -> None:
    lines = {"A": line(), "B": line(trips=[]), "C": line(satisfaction=101), "D": line()}
    rules: dict[str, str] = {}
    async with desk.act("user:admin") as act:
        for number, past in lines.items():
            try:
                await import_case(desk, act, read_past_case(text({**past, "number": number})))
            except NearsideError as error:
                rules[number] = error.rule
    assert rules == {"B": "R7", "C": "K11"}
    async with desk.db.read() as session:
        cases, _ = await queries.list_cases(session)
    assert sorted(case.number for case in cases) == ["A", "D"]


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ({"lat": 22.302, "lon": 114.177}, ("outside_service_area", "R12")),
        ({"lat": 24.45, "lon": 118.38}, ("outside_service_area", "R12")),
        ({"lat": 0, "lon": 0}, ("invalid_position", "R22")),
        ({"lat": 121.47, "lon": 31.23}, ("invalid_position", "R22")),
    ],
)
async def test_R12_R22_a_past_case_has_a_place_that_is_served(
    desk: Desk, location: Line, expected: tuple[str, str]
) -> None:
    assert await refused(desk, line(location=location)) == expected
    assert await size(desk) == (0, 0)


async def test_a_place_in_another_datum_is_converted_and_kept_as_given(desk: Desk) -> None:
    lat, lon = from_wgs84(31.2312, 121.4737, Datum.GCJ02)
    await bring(desk, line(location={"lat": lat, "lon": lon, "datum": "gcj02", "address": "人民广场"}))
    async with desk.db.read() as session:
        (case,), _ = await queries.list_cases(session)
    assert case.place.position.lat == pytest.approx(31.2312, abs=1e-8)
    assert (case.place.given.lat, case.place.datum, case.place.address) == (lat, Datum.GCJ02, "人民广场")


async def test_unknown_dealers_and_faults_are_refused(desk: Desk) -> None:
    offers = [{**line()["offers"][1], "dealer": "D9"}]
    assert await refused(desk, line(offers=offers)) == ("not_found", "")
    assert await refused(desk, line(fault="ghost")) == ("invalid", "R2")


def some_lines(count: int) -> list[Line]:
    """The same legal cases each time, of every shape."""
    found: list[Line] = []

    @settings(max_examples=count, derandomize=True, database=None, phases=[Phase.generate])
    @given(past=past_lines())
    def collect(past: Line) -> None:
        found.append({**past, "number": f"H-{len(found)}"})

    collect()
    return found


async def test_scores_of_imported_cases_equal_a_count_straight_from_the_lines(desk: Desk) -> None:
    lines = some_lines(60)
    async with desk.act("user:admin") as act:
        assert {await import_case(desk, act, read_past_case(text(past))) for past in lines} == {"imported"}
    await catch_up(desk.db)
    async with desk.db.read() as session:
        found = {one.dealer: one for one in await scores(session, weights=WEIGHTS)}
    for dealer in DEALERS:
        figures = {kpi.value: (one.numerator, one.denominator) for kpi, one in found[dealer].kpis.items()}
        acceptance = found[dealer].acceptance
        figures["acceptance"] = (acceptance.numerator, acceptance.denominator)
        assert figures == count_all(lines, dealer)
