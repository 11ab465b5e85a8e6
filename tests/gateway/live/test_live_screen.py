"""What each role sees, and how a screen catches up. A real log, no socket."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from live_desk import CAC, DEALER_1, DRIVER_2, OEM, LiveDesk, card, event

from gateway.live.feed import Limits
from gateway.live.protocol import Event, Heartbeat, Message, Positions, Refusal, Snapshot, decode
from gateway.live.screen import Screen
from gateway.live.viewer import Viewer
from gateway.roles import Role
from tracking.roster import add_vehicle, change_vehicle
from tracking.vocabulary import Vehicle, VehicleKind


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[LiveDesk]:
    desk = LiveDesk(tmp_path, Limits(ring=4, page=3, gap=9))
    await desk.hub.look()
    yield desk
    await desk.db.close()


async def everything(screen: Screen) -> list[Message]:
    told: list[Message] = []
    while texts := await screen.take():
        told += [decode(text) for text in texts]
    return told


def events_in(told: list[Message]) -> list[Event]:
    return [message for message in told if isinstance(message, Event)]


def positions_of(screen: Screen) -> Positions | None:
    text = screen.positions()
    message = None if text is None else decode(text)
    assert message is None or isinstance(message, Positions)
    return message


def plates(screen: Screen) -> list[str]:
    moved = positions_of(screen)
    return [] if moved is None else [item[0] for item in moved.items]


ACCEPTED = {
    "dealer": "D1",
    "driver": {"name": "李雷", "phone": "13900139000"},
    "reason": "打 13700137000",
    "signature_svg": "<svg/>",
}


async def first_event(desk: LiveDesk, viewer: Viewer, at: dict[str, Any]) -> Event:
    await desk.commit(event(at, "offer_accepted", ACCEPTED))
    await desk.hub.look()
    (seen,) = events_in(await everything(await desk.hub.screen(viewer, since=0)))
    return seen


async def test_the_cac_sees_everything_but_drawings(desk: LiveDesk) -> None:
    seen = await first_event(desk, CAC, card("a", "accepted", "D1"))
    assert seen.data == {key: value for key, value in ACCEPTED.items() if key != "signature_svg"}
    assert seen.card == card("a", "accepted", "D1")
    assert (seen.seq, seen.kind, seen.case, seen.actor) == (1, "offer_accepted", "a", "user:zhang")


async def test_the_car_maker_sees_no_person(desk: LiveDesk) -> None:
    seen = await first_event(desk, OEM, card("a", "accepted", "D1"))
    text = repr((seen, await desk.fresh(OEM)))
    for personal in ("李雷", "13900139000", "13700137000", "12345", "13800138000"):
        assert personal not in text


async def test_a_dealer_sees_what_happens_only_while_it_has_the_case(desk: LiveDesk) -> None:
    seen = await first_event(desk, DEALER_1, card("a", "accepted", "D1"))
    assert seen.data["driver"] == ACCEPTED["driver"]
    await desk.commit(event(card("a", "accepted", "D2", ["D1"]), "offer_accepted", {"dealer": "D2"}))
    await desk.hub.look()
    (then,) = events_in(await everything(await desk.hub.screen(DEALER_1, since=1)))
    assert then.data == {}
    assert then.card
    assert (then.card["status"], then.card["plate"]) == ("accepted", "沪A12345")
    assert "D2" not in repr(then)


async def test_a_dealer_is_told_only_of_its_own_cases_and_of_one_that_leaves_it(desk: LiveDesk) -> None:
    await desk.commit(event(card("a", "offered", "D1")), event(card("b", "offered", "D2")))
    await desk.hub.look()
    screen = await desk.hub.screen(DRIVER_2)
    (snapshot,) = await everything(screen)
    assert isinstance(snapshot, Snapshot)
    assert [case["id"] for case in snapshot.cases] == ["b"]
    await desk.commit(event(card("a", "closed", "D1")), event(card("b", "open")), event(card("b", "open", "D3")))
    await desk.hub.look()
    (left,) = events_in(await everything(screen))
    assert (left.case, left.card) == ("b", None)
    assert decode(screen.heartbeat()) == Heartbeat(seq=5, now=desk.clock.now())


async def test_a_case_that_comes_and_goes_within_one_page_leaves_the_board_again(desk: LiveDesk) -> None:
    screen = await desk.hub.screen(DRIVER_2)
    await everything(screen)
    await desk.commit(event(card("b", "offered", "D2")), event(card("b", "open")))
    await desk.hub.look()
    told = events_in(await everything(screen))
    assert [message.card is None for message in told] == [False, True]


@pytest.mark.parametrize(
    "viewer", [Viewer(role=Role.DEALER), Viewer(role=Role.DRIVER, dealer="D9")], ids=["no dealer", "another"]
)
async def test_who_has_no_case_sees_none(desk: LiveDesk, viewer: Viewer) -> None:
    await desk.commit(event(card("a", "offered", "D1")), event(card("a", "open")))
    await desk.hub.look()
    assert (await desk.fresh(viewer)).cases == []
    assert await everything(await desk.hub.screen(viewer, since=0)) == []


@pytest.mark.parametrize(("since", "told"), [(12, 0), (9, 3), (3, 9), (0, None), (13, None), (-1, None)])
async def test_a_screen_resumes_from_ring_or_log_or_gets_a_snapshot(
    desk: LiveDesk, since: int, told: int | None
) -> None:
    await desk.commit(*(event(card(str(number))) for number in range(12)))
    await desk.hub.look()
    messages = await everything(await desk.hub.screen(CAC, since))
    if told is None:
        assert [type(message) for message in messages] == [Snapshot]
    else:
        assert [event.seq for event in events_in(messages)] == list(range(since + 1, 13))
        assert len(messages) == told


async def test_a_screen_that_falls_too_far_behind_gets_a_snapshot_instead(desk: LiveDesk) -> None:
    screen = await desk.hub.screen(CAC)
    await everything(screen)
    await desk.commit(*(event(card(str(number))) for number in range(20)))
    await desk.hub.look()
    (snapshot,) = await everything(screen)
    assert isinstance(snapshot, Snapshot)
    assert (snapshot.seq, len(snapshot.cases)) == (20, 20)


async def test_only_what_moved_is_told_and_only_inside_the_view(desk: LiveDesk) -> None:
    desk.move("V1", lat=31, lon=121)
    desk.move("V2", lat=35, lon=121)
    screen = await desk.hub.screen(CAC)
    (snapshot,) = await everything(screen)
    assert isinstance(snapshot, Snapshot)
    assert {vehicle["plate"] for vehicle in snapshot.vehicles} == {"V1", "V2"}
    assert screen.positions() is None

    desk.move("V2", lat=35, lon=121, after_s=1)
    assert plates(screen) == ["V2"]

    assert screen.said('{"type":"view","bbox":[120,30,122,32]}') is None
    assert plates(screen) == ["V1"]
    desk.move("V2", lat=36, lon=121, after_s=2)
    assert screen.positions() is None

    desk.move("V1", lat=33, lon=121, after_s=3)
    assert plates(screen) == ["V1"], "told where it went"
    desk.move("V1", lat=34, lon=121, after_s=4)
    assert screen.positions() is None


async def test_a_bad_view_is_answered_and_changes_nothing(desk: LiveDesk) -> None:
    desk.move("V1", lat=31, lon=121)
    screen = await desk.hub.screen(CAC)
    await everything(screen)
    answer = screen.said('{"type":"view","bbox":[0,0,1,"x"]}')
    assert answer
    refusal = decode(answer)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "invalid"
    assert screen.positions() is None


async def test_a_dealer_sees_its_own_vehicles_and_forgets_one_that_went_to_another(desk: LiveDesk) -> None:
    async with desk.db.write() as session:
        for plate, dealer in (("V1", "D1"), ("V2", "D2")):
            vehicle = Vehicle(plate=plate, kind=VehicleKind.TOW, dealer=dealer, on_duty=True)
            await add_vehicle(session, vehicle)
            desk.move(plate)
    (mine,) = (await desk.fresh(DEALER_1)).vehicles
    assert (mine["plate"], mine["kind"], mine["dealer"], mine["on_duty"]) == ("V1", "tow", "D1", True)

    staying = await desk.hub.screen(DEALER_1)
    await everything(staying)
    async with desk.db.write() as session:
        await change_vehicle(session, "V1", dealer="D2")
    await desk.hub.look()
    assert positions_of(staying) == Positions(items=[], vehicles=[], whole=True)
    resumed = await desk.hub.screen(DEALER_1, since=0)
    assert positions_of(resumed) == Positions(items=[], vehicles=[], whole=True)
