"""The commands on a real store: races, deadlines, restarts, and that an error changes nothing."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from dispatch_build import SVG, T0, SetClock, position
from sqlalchemy import func, select, update

from core import errors
from core.database import Database
from core.datum import Datum
from core.eventlog import CaseEvent, Logged, events_after, last_seq
from dispatch import queries, service, store
from dispatch.arrivals import note_all, run_arrivals
from dispatch.desk import Desk
from dispatch.evolve import fold
from dispatch.opening import CaseRequest
from dispatch.sweeper import run_sweeper, sweep
from dispatch.tables import CaseRow, DeadlineRow, RecordChange
from dispatch.vocabulary import (
    CancelledBy,
    Car,
    Case,
    CaseStatus,
    Channel,
    Expressway,
    OfferStatus,
    Person,
    Result,
    Scope,
    Source,
)
from tracking.ingest import Ingest
from tracking.roster import terminal
from tracking.vocabulary import Crossed, Fix, LivePosition, VehicleKind

DRIVER = Person(name="李", phone="13900000000")


def request(**facts: object) -> CaseRequest:
    base: dict[str, object] = {
        "channel": Channel.HOTLINE_400,
        "caller": Person(name="王", phone="13800000000"),
        "car": Car(plate="沪A12345", registered_city_code="310000"),
        "lat": 31.2301234,
        "lon": 121.4701234,
        "fault": "battery",
    }
    return CaseRequest(**(base | facts))  # type: ignore[arg-type]


async def open_one(desk: Desk, **facts: object) -> Case:
    asked = request(**facts)
    number = await service.number_for(desk, asked)
    async with desk.act("user:张") as act:
        return await service.open_case(desk, act, asked, number=number)


async def offer(desk: Desk, case: Case, **how: str) -> str:
    async with desk.act("user:张") as act:
        return (await service.make_offer(desk, act, case.id, **how))[1].id


async def accept(desk: Desk, offer_id: str, vehicle: str, eta: int = 30) -> Case:
    async with desk.act("user:李") as act:
        case, _ = await service.accept_offer(
            desk, act, offer_id, vehicle=vehicle, driver=DRIVER, crew=2, eta_minutes=eta
        )
        return case


async def read(desk: Desk, case_id: str) -> Case:
    async with desk.db.read() as session:
        return await queries.get_case(session, case_id)


async def everything_adds_up(desk: Desk) -> None:
    """The log has no gaps, and replayed from empty it gives every stored state."""
    async with desk.db.read() as session:
        seqs = list((await session.execute(select(CaseEvent.seq).order_by(CaseEvent.seq))).scalars())
        assert seqs == list(range(1, len(seqs) + 1))
        cases, _ = await queries.list_cases(session, limit=200)
        for case in cases:
            assert fold(case.id, await store.replayed(session, case.id)) == case


async def test_the_main_job_from_call_to_survey(desk: Desk, clock: SetClock) -> None:
    told = desk.bus.listen(Logged)
    case = await open_one(desk)
    assert (case.number, case.scope, case.city_code) == ("R261122-0001", Scope.LOCAL, "310000")
    case = await accept(desk, await offer(desk, case), "D1a")
    trip = case.trips[0].id
    clock.move(minutes=1)
    async with desk.act("user:李") as act:
        await service.depart(desk, act, trip)
    clock.move(minutes=20)
    async with desk.act("user:李") as act:
        await service.arrive(desk, act, trip)
        await service.save_sheet(desk, act, trip, {"odometer_km": 1})
        await service.report_outcome(desk, act, trip, result=Result.REPAIRED, drivable=True)
        await service.sign_sheet(desk, act, trip, signer="王", signature_svg=SVG)
    async with desk.act("terminal:T-D1a") as act:
        known = await terminal(act.session, "T-D1a")
        assert known
        await service.complete_from_terminal(desk, act, known, 9, clock.now())
    async with desk.act("terminal:T-D1a") as act:  # sent again: stored once
        done = await service.complete_from_terminal(desk, act, known, 9, clock.now())
    assert done.status is CaseStatus.COMPLETED
    async with desk.act("user:张") as act:
        closed = await service.answer_survey(desk, act, case.id, satisfaction=95)
    assert (closed.status, closed.completed_by) == (CaseStatus.CLOSED, "D1")
    assert told.qsize() == 7
    await everything_adds_up(desk)


async def test_r1_nobody_is_told_of_what_was_undone_and_an_error_changes_nothing(desk: Desk) -> None:
    case = await open_one(desk)
    told = desk.bus.listen(Logged)
    with pytest.raises(errors.NotNearest):
        await offer(desk, case, dealer="D2")
    with pytest.raises(errors.NotFound):
        await offer(desk, case, dealer="D9")
    with pytest.raises(errors.NotFound):
        await accept(desk, "nothing", "D1a")
    offer_id = await offer(desk, case)
    for vehicle, expected in (("D2a", errors.NoEligibleVehicle), ("D1t", errors.NoEligibleVehicle)):
        with pytest.raises(expected):
            await accept(desk, offer_id, vehicle)
    assert told.qsize() == 1
    assert (await read(desk, case.id)).status is CaseStatus.OFFERED
    await everything_adds_up(desk)


async def test_r1_exactly_one_of_two_who_accept_at_once_wins(desk: Desk) -> None:
    for _ in range(25):
        case = await open_one(desk)
        offer_id = await offer(desk, case)
        answers = await asyncio.gather(
            accept(desk, offer_id, "D1a"), accept(desk, offer_id, "D1b"), return_exceptions=True
        )
        lost = [answer for answer in answers if isinstance(answer, errors.OfferNotPending)]
        assert (len(lost), len((await read(desk, case.id)).trips)) == (1, 1)
        async with desk.act("user:张") as act:
            await service.cancel_case(desk, act, case.id, by=CancelledBy.CUSTOMER, reason="x")
    await everything_adds_up(desk)


async def test_r9_one_vehicle_is_on_one_trip_only(desk: Desk) -> None:
    offers = [await offer(desk, await open_one(desk)) for _ in range(2)]
    answers = await asyncio.gather(*(accept(desk, one, "D1a") for one in offers), return_exceptions=True)
    assert [type(answer) for answer in answers].count(errors.NoEligibleVehicle) == 1


async def test_r1_after_a_refusal_or_timeout_the_next_nearest_is_asked_and_at_last_a_dispatcher(
    desk: Desk, clock: SetClock
) -> None:
    case = await open_one(desk)
    first = await offer(desk, case)
    async with desk.act("user:李") as act:
        case = await service.decline_offer(desk, act, first, "no crew")
    assert [(one.dealer, one.automatic) for one in case.offers] == [("D1", False), ("D2", True)]
    async with desk.db.read() as session:
        kept = await queries.offer_candidates(session, case.offers[1].id)
    assert [(one.dealer, one.reasons) for one in kept] == [("D2", ()), ("D3", ()), ("D1", ("declined_before",))]
    clock.at = case.offers[1].expires_at
    await sweep(desk)
    assert (await read(desk, case.id)).offers[1].status is OfferStatus.PENDING
    for expected in (CaseStatus.OFFERED, CaseStatus.UNASSIGNED):
        clock.move(seconds=181)
        await sweep(desk)
        assert (await read(desk, case.id)).status is expected
    case = await read(desk, case.id)
    assert [one.status.value for one in case.offers] == ["declined", "expired", "expired"]
    again = await offer(desk, case, dealer="D1", override_reason="crew is back")
    assert (await accept(desk, again, "D1a")).status is CaseStatus.ACCEPTED
    await everything_adds_up(desk)


async def test_deadlines_survive_a_restart_and_fire_once(
    desk: Desk, new_desk: Callable[[], Desk], clock: SetClock
) -> None:
    cases = [await open_one(desk) for _ in range(3)]
    for case in cases:
        await offer(desk, case)
    await desk.db.close()
    clock.move(minutes=4)
    restarted, twin = new_desk(), new_desk()
    await asyncio.gather(sweep(restarted), sweep(twin), sweep(restarted))
    for case in cases:
        assert [one.status.value for one in (await read(restarted, case.id)).offers] == ["expired", "pending"]
    async with restarted.db.read() as session:
        fired = select(func.count()).where(DeadlineRow.fired_at.is_not(None))
        assert (await session.execute(fired)).scalar_one() == 3
    await everything_adds_up(restarted)
    await twin.db.close()
    await restarted.db.close()


async def test_a_deadline_overtaken_by_events_does_nothing(desk: Desk, clock: SetClock) -> None:
    case = await accept(desk, await offer(desk, await open_one(desk)), "D1a", eta=10)
    async with desk.act("user:李") as act:
        await service.change_trip(desk, act, case.trips[0].id, eta_minutes=60, reason="jam", by_cac=False)
    before = await read(desk, case.id)
    clock.move(minutes=30)
    await sweep(desk)
    assert await read(desk, case.id) == before
    clock.move(minutes=31)
    await sweep(desk)
    assert (await read(desk, case.id)).trips[0].promise_missed


async def test_a_completed_case_closes_by_itself_in_the_end(desk: Desk, clock: SetClock) -> None:
    case = await accept(desk, await offer(desk, await open_one(desk)), "D1a")
    trip = case.trips[0].id
    async with desk.act("user:张") as act:
        await service.arrive(desk, act, trip)
        await service.refuse_signature(desk, act, trip, reason="hurt", confirmed_by="张")
        await service.report_outcome(desk, act, trip, result=Result.REPAIRED, drivable=True)
        await service.complete_trip(desk, act, trip, by_cac=True)
    clock.move(days=8)
    await sweep(desk)
    closed = await read(desk, case.id)
    assert (closed.status, closed.satisfaction) == (CaseStatus.CLOSED, None)


async def test_c2_a_dealers_own_case_is_offered_to_itself_alone(desk: Desk, clock: SetClock) -> None:
    case = await open_one(desk, channel=Channel.DEALER_24H, own_dealer="D3")
    assert [(one.dealer, one.own_case) for one in case.offers] == [("D3", True)]
    clock.move(minutes=4)
    await sweep(desk)
    assert (await read(desk, case.id)).status is CaseStatus.UNASSIGNED


async def test_r1_a_fresh_fix_counts_before_the_dealers_site(desk: Desk, clock: SetClock) -> None:
    case = await open_one(desk)
    near = LivePosition(plate="D3a", position=position(31.2301, 121.4702), fix_time=T0)
    desk.live.put(near)
    assert (await read(desk, case.id)).offers == ()
    async with desk.act("user:张") as act:
        _, made, candidates = await service.make_offer(desk, act, case.id)
    assert (made.dealer, candidates[0].vehicle) == ("D3", "D3a")
    clock.move(minutes=10)
    other = await open_one(desk)
    async with desk.act("user:张") as act:
        assert (await service.make_offer(desk, act, other.id))[1].dealer == "D1"


async def test_r5_a_second_dispatch_end_to_end(desk: Desk) -> None:
    case = await accept(desk, await offer(desk, await open_one(desk)), "D1a")
    async with desk.act("user:李") as act:
        await service.arrive(desk, act, case.trips[0].id)
        await service.report_outcome(desk, act, case.trips[0].id, result=Result.UNRESOLVED, drivable=False)
    with pytest.raises(errors.SecondDispatchNotConfirmed):
        await offer(desk, case)
    async with desk.act("user:张") as act:
        await service.decide_second_dispatch(desk, act, case.id, approve=True, needs=VehicleKind.TOW, same_dealer=True)
    case = await accept(desk, await offer(desk, case), "D1t")
    assert [trip.plate for trip in case.trips] == ["D1a", "D1t"]
    await everything_adds_up(desk)


async def test_arrival_is_measured_by_the_fixes_and_noted_once(desk: Desk, clock: SetClock) -> None:
    """Decision 5: dwell in the fence, by fix time, through the real ingest."""
    ingest = Ingest(db=desk.db, bus=desk.bus, live=desk.live, clock=clock, window_s=0)
    await ingest.start()
    case = await open_one(desk)
    async with desk.db.read() as session:
        fitted = await terminal(session, "T-D1a")
    assert fitted
    await ingest.submit(fitted, [Fix(terminal_id="T-D1a", seq=100, time=T0, position=position(31.23, 121.52))])
    case = await accept(desk, await offer(desk, case), "D1a")
    route = [(60, 31.23, 121.50), (300, 31.23, 121.48), *((600 + 10 * n, 31.2301, 121.4701) for n in range(8))]
    clock.move(minutes=15)
    fixes = [
        Fix(terminal_id="T-D1a", seq=n, time=T0 + seconds(at), position=position(lat, lon))
        for n, (at, lat, lon) in enumerate(route)
    ]
    receipts = await ingest.submit(fitted, fixes)
    assert all(receipt.stored for receipt in receipts)
    assert await note_all(desk) == 1
    assert await note_all(desk) == 0
    trip = (await read(desk, case.id)).trips[0]
    assert (trip.arrival_source, trip.arrived_at) == (Source.GPS, T0 + seconds(600))
    assert trip.departed_at == T0 + seconds(60)
    async with desk.act("user:张") as act:  # the place is corrected afterwards: what was measured stands
        await service.amend_place(desk, act, case.id, lat=31.2311, lon=121.4711, datum=Datum.WGS84, reason="gate")
    await note_all(desk)
    assert (await read(desk, case.id)).trips[0].arrived_at == T0 + seconds(600)
    await ingest.stop()
    await everything_adds_up(desk)


def seconds(count: float):
    return timedelta(seconds=count)


async def test_r22_a_place_corrected_on_the_way_is_where_arrival_is_judged(desk: Desk, clock: SetClock) -> None:
    """The vehicle may stand at the right place before the dispatcher corrects it on record."""
    ingest = Ingest(db=desk.db, bus=desk.bus, live=desk.live, clock=clock, window_s=0)
    await ingest.start()
    case = await accept(desk, await offer(desk, await open_one(desk)), "D1a")
    async with desk.db.read() as session:
        fitted = await terminal(session, "T-D1a")
    assert fitted
    clock.move(minutes=10)
    fixes = [
        Fix(terminal_id="T-D1a", seq=n, time=T0 + seconds(300 + 20 * n), position=position(31.2401, 121.4801))
        for n in range(5)
    ]
    await ingest.submit(fitted, fixes)
    async with desk.act("user:张") as act:
        await service.amend_place(desk, act, case.id, lat=31.2401, lon=121.4801, datum=Datum.WGS84, reason="exit 5")
    await note_all(desk)
    assert (await read(desk, case.id)).trips[0].arrived_at == T0 + seconds(300)
    await ingest.stop()


async def test_a_terminal_whose_clock_is_ahead_keeps_its_arrival(desk: Desk, clock: SetClock) -> None:
    ingest = Ingest(db=desk.db, bus=desk.bus, live=desk.live, clock=clock, window_s=0)
    await ingest.start()
    case = await accept(desk, await offer(desk, await open_one(desk)), "D1a")
    async with desk.db.read() as session:
        fitted = await terminal(session, "T-D1a")
    assert fitted
    ahead = [
        Fix(terminal_id="T-D1a", seq=n, time=T0 + seconds(10 + 10 * n), position=position(31.2301, 121.4701))
        for n in range(5)
    ]
    await ingest.submit(fitted, ahead)
    await note_all(desk)
    async with desk.act("user:李") as act:  # the driver's own clock still says T0
        await service.arrive(desk, act, case.trips[0].id)
        await service.report_outcome(desk, act, case.trips[0].id, result=Result.REPAIRED, drivable=True)
        await service.refuse_signature(desk, act, case.trips[0].id, reason="x", confirmed_by="张")
        await service.complete_trip(desk, act, case.trips[0].id, by_cac=True)
    await note_all(desk)
    trip = (await read(desk, case.id)).trips[0]
    assert (trip.arrived_at, trip.reported_arrived_at) == (T0 + seconds(10), T0)
    await ingest.stop()


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({"lat": 121.47, "lon": 31.23}, errors.InvalidPosition),
        ({"lat": 0.0, "lon": 0.0}, errors.InvalidPosition),
        ({"lat": float("nan")}, errors.InvalidPosition),
        ({"lat": 22.30, "lon": 114.17}, errors.OutsideServiceArea),
        ({"lat": 24.44, "lon": 118.33}, errors.OutsideServiceArea),
        ({"lat": 48.85, "lon": 2.35}, errors.OutsideServiceArea),
        ({"fault": "gremlins"}, errors.Invalid),
        ({"hand_over": (31.3, 121.5)}, errors.Invalid),
    ],
)
async def test_r12_r18_r22_a_case_that_cannot_be_is_refused_and_takes_no_number(
    desk: Desk, facts: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await open_one(desk, **facts)
    async with desk.db.read() as session:
        assert await last_seq(session) == 0
    assert (await open_one(desk)).number.endswith("-0001")


async def test_r22_doubts_are_questions_that_stop_nothing(desk: Desk) -> None:
    assert "coarse" in (await open_one(desk, lat=31.23, lon=121.47)).doubts
    assert "coarse" in (await open_one(desk, accuracy_m=900.0)).doubts
    bridge = await open_one(desk, lat=30.7012, lon=122.0013)
    assert "no_polygon" in bridge.doubts
    assert bridge.city_code is None
    assert (await open_one(desk)).doubts == ()


async def test_positions_come_in_any_datum_and_the_given_one_is_kept(desk: Desk) -> None:
    baidu = await open_one(desk, lat=31.2352, lon=121.4815, datum=Datum.BD09)
    assert (baidu.place.given.lat, baidu.place.datum) == (31.2352, Datum.BD09)
    assert baidu.place.position.lat == pytest.approx(31.2311, abs=0.002)


async def test_r18_nearest_counts_from_the_hand_over_point(desk: Desk) -> None:
    case = await open_one(desk, expressway=Expressway(road="G2"), hand_over=(31.2301, 121.6201))
    async with desk.act("user:张") as act:
        assert (await service.make_offer(desk, act, case.id))[1].dealer == "D3"


async def test_r18_a_corrected_place_keeps_its_hand_over_point(desk: Desk) -> None:
    case = await open_one(desk, expressway=Expressway(road="G2"), hand_over=(31.2301, 121.6201))
    async with desk.act("user:张") as act:
        amended = await service.amend_place(
            desk, act, case.id, lat=31.2411, lon=121.4811, datum=Datum.WGS84, accuracy_m=900, reason="post 1234"
        )
    assert amended.place.scene == case.place.scene
    assert (amended.place.expressway, amended.doubts) == (case.place.expressway, ("coarse",))


async def test_r16_r18_the_promise_and_the_doubts_are_those_of_the_hand_over_point(desk: Desk) -> None:
    county = await open_one(desk, expressway=Expressway(road="G60"), hand_over=(30.6401, 120.5501))  # 桐乡市
    assert (county.city_code, county.county) == ("310000", True)
    assert not (await open_one(desk)).county


async def test_c2_a_dealers_own_case_may_be_given_to_another_with_a_reason(desk: Desk) -> None:
    case = await open_one(desk, channel=Channel.DEALER_24H, own_dealer="D3")
    async with desk.act("user:王") as act:
        case = await service.decline_offer(desk, act, case.offers[0].id, "broken down")
    assert case.status is CaseStatus.UNASSIGNED
    async with desk.act("user:张") as act:
        _, made, _ = await service.make_offer(desk, act, case.id, dealer="D1", override_reason="own vehicle broke")
    assert (made.dealer, made.own_case) == ("D1", False)


async def test_a_number_that_a_past_case_brought_along_is_passed_over(desk: Desk) -> None:
    first = await open_one(desk)
    async with desk.act("user:张") as act:
        await act.session.execute(
            update(CaseRow).where(CaseRow.id == first.id).values(number=first.number.replace("0001", "0002"))
        )
    assert (await open_one(desk)).number.endswith("-0003")


async def test_r22_a_vehicle_that_claims_to_be_abroad_stands_at_its_dealers_site(desk: Desk) -> None:
    case = await open_one(desk)
    paris = LivePosition(plate="D1a", position=position(48.85, 2.35), fix_time=T0)
    desk.live.put(paris)
    async with desk.act("user:张") as act:
        assert (await service.make_offer(desk, act, case.id))[1].dealer == "D1"


async def test_r22_a_corrected_place_keeps_from_and_to(desk: Desk) -> None:
    case = await open_one(desk)
    async with desk.act("user:张") as act:
        await service.amend_place(desk, act, case.id, lat=31.2401, lon=121.4801, datum=Datum.WGS84, reason="landmark")
    async with desk.db.read() as session:
        amended = (await events_after(session, 1))[0]
    assert amended.kind == "place_amended"
    assert b'"before":"31.230123,121.470123","after":"31.240100,121.480100"' in amended.data
    await everything_adds_up(desk)


async def test_cases_are_listed_by_page_and_filter(desk: Desk, clock: SetClock) -> None:
    numbers: list[str] = []
    for n in range(5):
        clock.move(seconds=1)
        numbers.append((await open_one(desk, car=Car(plate=f"沪A0000{n}"))).number)
    async with desk.db.read() as session:
        seen, cursor = [], ""
        while True:
            page, cursor = await queries.list_cases(session, cursor=cursor, limit=2)
            seen += [case.number for case in page]
            if not cursor:
                break
        assert seen == numbers[::-1]
        assert [one.number for one in (await queries.list_cases(session, q="沪a00003"))[0]] == [numbers[3]]
        assert (await queries.list_cases(session, dealer="D1"))[0] == []
        assert (await queries.list_cases(session, statuses=[CaseStatus.CLOSED]))[0] == []
        assert (await queries.list_cases(session, q="100%"))[0] == []


async def test_r10_a_dealers_changes_stay_on_record(desk: Desk, clock: SetClock) -> None:
    async with desk.act("user:张") as act:
        known = await queries.dealer(act.session, "D1")
        assert known
        assert not await queries.add_dealer(act.session, known)
        with pytest.raises(errors.Conflict):
            await queries.add_dealer(act.session, replace(known, name="另一家"))
        changed = replace(known, specialist=Person(name="赵", phone="137"))
        await queries.change_dealer(act.session, changed, actor=act.actor, at=act.now)
    async with desk.db.read() as session:
        row = (await session.execute(select(RecordChange))).scalars().one()
        assert (row.actor, row.field, row.after) == ("user:张", "specialist", "赵 137")
        assert (await desk.roster.get(session)).dealers["D1"].specialist.name == "赵"


async def test_the_loops_outlive_a_store_that_does_not_answer(desk: Desk, clock: SetClock) -> None:
    class Faltering(Database):
        refusals = 3

        def read(self):
            if self.refusals:
                self.refusals -= 1
                raise errors.StoreUnavailable
            return super().read()

    case = await open_one(desk)
    await offer(desk, case)
    clock.move(minutes=4)
    stop = asyncio.Event()
    faltering = replace(desk, db=Faltering(desk.db.text))
    tasks = [asyncio.create_task(run(faltering, stop)) for run in (run_sweeper, run_arrivals)]
    told = desk.bus.listen(Logged)
    await told.get()
    assert (await read(desk, case.id)).offers[0].status is OfferStatus.EXPIRED
    stop.set()
    faltering.bus.publish(Crossed())
    await asyncio.gather(*tasks)
    await faltering.db.close()
