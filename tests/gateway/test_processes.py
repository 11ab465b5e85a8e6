"""Two processes of one service, on real PostgreSQL and Redis: nothing twice, nothing missing, whoever is asked."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from gateway_house import House, Person, acceptance, case_body, dealer_body, open_process
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from stores import needs_servers, redis, shared_service

from core.eventlog import events_after
from core.geo import Position
from core.periodic import Periodic, do_due, every
from core.settings import Settings
from dispatch import queries, sweeper
from dispatch.tables import DeadlineRow
from dispatch.vocabulary import Dealer
from gateway.fanout import connect
from gateway.imports.dealers import import_dealers
from gateway.live.protocol import Board, apply, decode
from gateway.live.viewer import Viewer
from gateway.roles import Role
from tracking.history import fixes_between
from tracking.roster import add_terminal, add_vehicle
from tracking.vocabulary import Fix, Protocol, Terminal, Vehicle, VehicleKind, VehicleState

pytestmark = needs_servers

NEAR = {"lat": 31.2310, "lon": 121.4737}
Pair = tuple[House, House]


@pytest.fixture
async def pair() -> AsyncGenerator[Pair]:
    settings = Settings(**shared_service("processes"))
    async with open_process(settings) as one, open_process(settings) as other:
        await one.sign_in_all()
        await one.furnish()
        other.people = {name: Person(other.client, person.token) for name, person in one.people.items()}
        await comes_true(lambda: not one.service.degraded() and not other.service.degraded())
        yield one, other


async def comes_true(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    for _ in range(1_500):
        found = condition()
        if found if isinstance(found, bool) else await found:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come true")


async def test_an_import_that_is_overtaken_keeps_its_good_rows(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its look for a dealer and its record of it, another process has recorded the same."""
    one, other = pair
    monkeypatch.setattr("gateway.imports.batches.PAUSE_S", 0)
    look = queries.dealer
    overtaken: list[str] = []

    async def slow_look(session: AsyncSession, code: str) -> Dealer | None:
        found = await look(session, code)
        if not overtaken:
            overtaken.append(code)
            added = await other.cac.post("/dealers", dealer_body("E1", 31.21, 121.4))
            assert added.status_code == 201
        return found

    monkeypatch.setattr(queries, "dealer", slow_look)
    heading = "code,name,city_code,lat,lon,datum,phone,specialist_name,specialist_phone"
    rows = [f"E{n},店E{n},310000,31.2{n},121.4,wgs84,021-51330126,王强,13800000001" for n in range(1, 9)]
    report = await import_dealers(one.service.desk, "\n".join((heading, *rows)).encode(), "system", lambda *_: None)
    assert (overtaken, report.imported, report.unchanged, report.rejected) == (["E1"], 7, 1, [])


async def test_two_imports_of_the_same_in_another_order_keep_all(pair: Pair) -> None:
    heading = "code,name,city_code,lat,lon,datum,phone,specialist_name,specialist_phone"
    rows = [f"E{n},店,310000,31.{n},121.4,wgs84,,王强,13800000001" for n in range(100, 250)]
    tables = ("\n".join((heading, *rows)).encode(), "\n".join((heading, *reversed(rows))).encode())
    done = await asyncio.gather(
        *(
            import_dealers(house.service.desk, table, "system", lambda *_: None)
            for house, table in zip(pair, tables, strict=True)
        )
    )
    assert sorted((report.imported, report.unchanged, report.rejected) for report in done) == [
        (0, 150, []),
        (150, 0, []),
    ]


async def fitted(house: House, plate: str = "沪A00001", terminal_id: str = "T1") -> Terminal:
    answer = await house.cac.post("/terminals", {"terminal_id": terminal_id, "vehicle": plate, "protocol": "websocket"})
    assert answer.status_code == 201, answer.text
    return Terminal(terminal_id=terminal_id, plate=plate, protocol=Protocol.WEBSOCKET)


def fix(house: House, seq: int, lat: float = 31.231, after_s: float = 0.0) -> Fix:
    at = house.service.clock.now() - timedelta(minutes=1) + timedelta(seconds=seq + after_s)
    at = at.replace(microsecond=0)
    return Fix(terminal_id="T1", seq=seq, time=at, position=Position(lat=lat, lon=121.47), accuracy_m=5.0)


async def test_an_event_is_on_the_other_processs_screens_in_sequence(pair: Pair) -> None:
    one, other = pair
    screen = await other.service.hub.screen(Viewer(role=Role.DISPATCHER))
    board = Board()
    for house in (one, other) * 5:
        await house.new_case()

    async def told_all() -> bool:
        nonlocal board
        for message in await screen.take():
            board = apply(board, decode(message))  # raises where an event is missing
        return board.seq == 10

    await comes_true(told_all)
    assert len(board.cards) == 10
    assert sorted(card["number"][-4:] for card in board.cards.values()) == [f"{n:04}" for n in range(1, 11)]


async def test_a_fix_stored_by_one_moves_the_vehicle_in_the_other_and_in_redis(pair: Pair) -> None:
    one, other = pair
    terminal = await fitted(one)
    await one.service.ingest.submit(terminal, [fix(one, 1)])
    await comes_true(lambda: other.service.live.get(terminal.plate) is not None)
    assert other.service.live.get(terminal.plate) == one.service.live.get(terminal.plate)

    async def nearest(house: House) -> list[tuple[str, float]]:
        return await house.service.nearest(Position(**NEAR), 1, kind=VehicleKind.SERVICE, state=VehicleState.FREE)

    assert await nearest(one) == await nearest(other)
    await one.new_trip()
    await comes_true(lambda: other.service.live.about(terminal.plate) == (VehicleKind.SERVICE, VehicleState.BUSY))


async def test_without_redis_both_go_on_say_so_and_catch_up(pair: Pair) -> None:
    one, other = pair
    terminal = await fitted(one)
    redis().stop()
    try:
        await comes_true(lambda: bool(one.service.degraded()) and bool(other.service.degraded()))
        ready = await other.client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
        assert ready.json()["checks"]["redis"].startswith("lost since")
        (receipt,) = await one.service.ingest.submit(terminal, [fix(one, 1)])
        assert receipt.stored
        case = await one.new_case()
        await comes_true(lambda: other.service.live.get(terminal.plate) is not None)  # from the store
        await comes_true(lambda: other.service.hub.head == 1)
        assert (await other.cac.get(f"/cases/{case['id']}")).status_code == 200
    finally:
        redis().start()
    await comes_true(lambda: not one.service.degraded() and not other.service.degraded())
    await one.service.ingest.submit(terminal, [fix(one, 2, lat=31.2312)])
    await comes_true(lambda: other.service.live.get(terminal.plate) == one.service.live.get(terminal.plate))


async def test_an_emptied_redis_is_filled_again(pair: Pair) -> None:
    one, other = pair
    terminal = await fitted(one)
    await one.service.ingest.submit(terminal, [fix(one, 1)])
    assert other.service.fanout is not None
    assert other.service.fanout.geo is not None
    shared = other.service.fanout.geo

    async def known() -> bool:
        return [plate for plate, _ in await shared.nearest(Position(**NEAR), 5)] == [terminal.plate]

    await comes_true(known)
    redis().empty()
    await comes_true(known)


async def test_a_job_reaches_the_terminal_wherever_it_is_connected(pair: Pair) -> None:
    one, other = pair
    await fitted(one)
    offer = await one.new_offer()
    with other.service.terminals.register("沪A00001") as jobs:
        answer = await one.d1.post(f"/offers/{offer['id']}/accept", acceptance())
        job = await asyncio.wait_for(jobs.get(), 10)
    assert (job["trip"], job["fault"]) == (answer.json()["id"], "battery")


async def test_what_falls_due_fires_once(pair: Pair) -> None:
    one, other = pair
    for _ in range(20):
        await one.new_case()
    async with one.service.db.write() as session:
        rows = (await session.execute(text("SELECT id FROM rescue_case"))).scalars().all()
        past = one.service.clock.now() - timedelta(seconds=5)
        for case_id in rows:
            session.add(DeadlineRow(case_id=case_id, kind="auto_close", ref=case_id, due_at=past))
    await asyncio.gather(*(sweeper.sweep(house.service.desk) for house in (one, other) * 3))

    async def all_fired() -> bool:
        async with one.service.db.read() as session:
            left = await session.execute(text("SELECT count(*) FROM deadline WHERE fired_at IS NULL"))
            return left.scalar_one() == 0

    await comes_true(all_fired)


async def test_offers_expire_once_each_and_go_on_to_the_next(pair: Pair) -> None:
    one, other = pair
    offers = [await one.new_offer() for _ in range(8)]
    async with one.service.db.write() as session:
        await session.execute(text("UPDATE deadline SET due_at = now() - interval '1 hour'"))
    clock = one.service.clock
    later = clock.now() + timedelta(hours=1)
    for house in pair:
        house.service.desk.clock.now = lambda: later  # type: ignore[method-assign]
    await asyncio.gather(*(sweeper.sweep(house.service.desk) for house in (one, other) * 3))

    async def kinds() -> list[str]:
        async with one.service.db.read() as session:
            return [event.kind for event in await events_after(session, 0)]

    async def all_expired() -> bool:
        return (await kinds()).count("offer_expired") >= len(offers)

    await comes_true(all_expired)
    found = await kinds()
    assert found.count("offer_expired") == len(offers)
    assert found.count("offer_made") == 2 * len(offers)


async def test_work_that_comes_round_is_done_by_one_process_at_a_time(pair: Pair) -> None:
    one, other = pair
    at_it: list[str] = []

    async def work(session: Any, _now: Any) -> None:
        at_it.append("begun")
        await session.execute(text("SELECT pg_sleep(0.2)"))

    daily = Periodic(name="daily", schedule=every(timedelta(days=1)), work=work, at_once=True)
    now = one.service.clock.now()
    done = await asyncio.gather(*(do_due(house.service.db, now, [daily]) for house in (one, other) * 4))
    assert (len(at_it), [one for one in done if one]) == (1, [["daily"]])
    assert await do_due(other.service.db, now + timedelta(days=1), [daily]) == ["daily"]


async def test_exactly_one_of_two_processes_grants_an_offer(pair: Pair) -> None:
    one, other = pair
    for _ in range(10):
        offer = await one.new_offer()
        answers = await asyncio.gather(
            *(house.d1.post(f"/offers/{offer['id']}/accept", acceptance()) for house in (one, other))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        (trip,) = [answer.json() for answer in answers if answer.status_code == 200]
        (refused,) = [answer.json() for answer in answers if answer.status_code == 409]
        assert refused["code"] == "offer_not_pending"
        assert (await other.d1.post(f"/trips/{trip['id']}/give_back", {"reason": "test"})).status_code == 200


async def test_one_vehicle_goes_on_one_trip_only(pair: Pair) -> None:
    one, other = pair
    offers = [await one.new_offer() for _ in range(2)]
    answers = await asyncio.gather(
        *(
            house.d1.post(f"/offers/{offer['id']}/accept", acceptance())
            for house, offer in zip(pair, offers, strict=True)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert {answer.json().get("code") for answer in answers} == {None, "no_eligible_vehicle"}
    assert other.service.background.alive


async def test_a_key_used_at_two_processes_at_once_has_one_effect(pair: Pair) -> None:
    one, other = pair
    answers = await asyncio.gather(
        *(house.cac.post("/cases", case_body(), headers={"Idempotency-Key": "k"}) for house in (one, other) * 5)
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_a_terminal_that_speaks_to_two_processes_keeps_what_was_acknowledged(pair: Pair) -> None:
    one, other = pair
    terminal = await fitted(one)
    first = fix(one, 1)
    fixes = [
        replace(
            first,
            seq=seq,
            time=first.time + timedelta(seconds=seq),
            position=Position(lat=31.23 + seq / 1e4, lon=121.47),
        )
        for seq in range(1, 9)
    ]
    await one.service.ingest.submit(terminal, fixes[:4])
    await other.service.ingest.submit(terminal, fixes[2:6])
    # The first remembers the terminal as it was: it must not store again, nor take another fix for one that is there.
    told_otherwise = replace(fixes[5], position=Position(lat=31.5, lon=121.47))
    receipts = await one.service.ingest.submit(terminal, [fixes[5], told_otherwise, *fixes[6:]])
    assert [(receipt.seq, receipt.code) for receipt in receipts] == [(6, ""), (6, "conflict"), (7, ""), (8, "")]
    async with one.service.db.read() as session:
        kept = await fixes_between(session, terminal.plate, fixes[0].time, None)
    assert kept == fixes


async def test_whoever_signs_out_at_one_is_signed_out_of_the_others_screens(pair: Pair) -> None:
    one, other = pair
    session = await other.service.sign_in.session_of(one.oem.token)
    with other.service.sign_in.watched(session):
        assert not other.service.sign_in.has_ended(session)
        await one.service.sign_in.sign_out(one.oem.token)
        await comes_true(lambda: other.service.sign_in.has_ended(session))


async def test_rules_changed_at_one_are_the_others_too(pair: Pair) -> None:
    one, other = pair
    why = {"reason": "test"}
    changed = await one.admin.patch("/admin/rules", {"offer_timeout_s": 44, "weights": {"arrival": 0}, **why})
    assert changed.status_code == 422
    weights = {"completion": 40, "arrival": 0}
    changed = await one.admin.patch("/admin/rules", {"offer_timeout_s": 44, "weights": weights, **why})
    assert changed.status_code == 200, changed.text
    snow = {"name_zh": "雪", "name_en": "snow", "needs": "tow", **why}
    assert (await one.admin.put("/admin/faults/snow", snow)).status_code == 200
    assert (await other.admin.get("/admin/rules")).json()["offer_timeout_s"] == 44  # the store's word, at once
    await comes_true(lambda: other.service.rules.book == one.service.rules.book)
    assert (await other.new_case(fault="snow"))["needs"] == "tow"
    answers = await asyncio.gather(
        *(
            house.admin.patch("/admin/rules", {"promise": {name: 33}, **why})
            for house, name in zip(pair, ("district_minutes", "county_minutes"), strict=True)
        )
    )
    assert [answer.status_code for answer in answers] == [200, 200]
    await comes_true(lambda: other.service.rules.book == one.service.rules.book)
    promise = one.service.rules.book.dispatch.promise
    assert (promise.district_minutes, promise.county_minutes) == (33, 33)


async def test_whoever_is_changed_at_one_is_signed_out_everywhere(pair: Pair) -> None:
    one, other = pair
    session = await other.service.sign_in.session_of(one.oem.token)
    with other.service.sign_in.watched(session):
        assert (await one.admin.patch("/users/oem", {"active": False})).status_code == 200
        assert (await other.oem.get("/faults")).status_code == 401
        await comes_true(lambda: other.service.sign_in.has_ended(session))


async def test_two_administrators_do_not_disable_each_other(pair: Pair) -> None:
    one, other = pair
    for _ in range(5):
        assert (await one.admin.patch("/users/cac", {"role": "admin"})).status_code == 200
        answers = await asyncio.gather(
            one.admin.patch("/users/cac", {"role": "dispatcher"}), other.admin.patch("/users/admin", {"active": False})
        )
        async with one.service.db.read() as session:
            left = await session.execute(text("SELECT count(*) FROM account WHERE role = 'admin' AND active"))
            assert left.scalar_one() == 1, [answer.text for answer in answers]
        if answers[1].status_code == 200:
            break


async def test_what_was_committed_last_is_told_by_a_process_that_stops(pair: Pair) -> None:
    one, other = pair
    terminal = await fitted(one)
    settings = one.service.settings
    async with open_process(settings) as third:
        await comes_true(lambda: not third.service.degraded())
        third.people = {name: Person(third.client, person.token) for name, person in one.people.items()}
        await third.new_trip()
        await third.service.ingest.submit(terminal, [fix(one, 1)])
    await comes_true(lambda: other.service.live.get(terminal.plate) is not None)
    await comes_true(lambda: other.service.live.about(terminal.plate) == (VehicleKind.SERVICE, VehicleState.BUSY))


async def test_what_was_told_and_not_heard_is_found_in_the_store(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = pair
    await one.new_trip()
    busy = (VehicleKind.SERVICE, VehicleState.BUSY)
    await comes_true(lambda: other.service.live.about("沪A00001") == busy)
    monkeypatch.setattr("gateway.fanout.RECONCILE_S", 0.2)
    other.service.live.set_vehicle("沪A00001", VehicleKind.SERVICE, VehicleState.FREE)
    redis().stop()  # so that the pause under way ends, and the next one is short
    redis().start()
    await comes_true(lambda: other.service.live.about("沪A00001") == busy)


async def test_an_older_copy_of_redis_is_filled_anew(pair: Pair) -> None:
    one, other = pair
    terminal = await fitted(one)
    await one.service.ingest.submit(terminal, [fix(one, 1)])
    assert other.service.fanout is not None
    shared = other.service.fanout.geo
    assert shared is not None
    client = connect(one.service.settings.redis)

    async def known() -> bool:
        return bool(await shared.nearest(Position(**NEAR), 5)) and len(await client.keys("nearside:*:filled:*")) > 0

    await comes_true(known)
    (filled,) = await client.keys("nearside:*:filled:*")
    await client.flushall()
    await client.set(filled.rsplit(b":", 1)[0] + b":another-run", "x")  # the copy says that it was filled, once
    await comes_true(known)
    await client.aclose()


async def test_two_changes_of_one_dealer_at_once_are_both_kept(pair: Pair) -> None:
    changes = ({"phone": "021-51330000"}, {"specialist": {"name": "周", "phone": "13900000009"}})
    for _ in range(5):
        answers = await asyncio.gather(
            *(house.cac.patch("/dealers/D1", body) for house, body in zip(pair, changes, strict=True))
        )
        assert [answer.status_code for answer in answers] == [200, 200]
        kept = (await pair[0].cac.get("/dealers/D1")).json()
        assert (kept["phone"], kept["specialist"]["name"]) == ("021-51330000", "周")
        undone = {"phone": "021-51330126", "specialist": {"name": "王强", "phone": "13800000001"}}
        assert (await pair[0].cac.patch("/dealers/D1", undone)).status_code == 200


async def test_the_fleets_counter_is_moved_last_so_that_nobody_waits_crosswise(pair: Pair) -> None:
    one, other = pair
    async with one.service.desk.act("system") as act:
        new = Vehicle(plate="沪A00009", kind=VehicleKind.TOW, dealer="D1", on_duty=True)
        await add_vehicle(act.session, new)
        # While this one is under way, another changes a vehicle and is done with it.
        answer = await asyncio.wait_for(other.cac.patch("/vehicles/沪A00001", {"on_duty": False}), 5)
        assert answer.status_code == 200
        await add_terminal(act.session, Terminal(terminal_id="T9", plate="沪A00001", protocol=Protocol.WEBSOCKET))
