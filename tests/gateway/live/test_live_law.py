"""The law of the feed: whatever happens, a screen ends up with what a fresh snapshot shows."""

import asyncio
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from live_desk import VIEWERS, LiveDesk, card, event, facts

from core.eventlog import Logged, NewEvent
from gateway.live.feed import Limits
from gateway.live.protocol import Board, Event, Message, Snapshot, apply, apply_all, decode
from gateway.live.screen import Screen
from gateway.live.viewer import Viewer
from tracking.roster import add_vehicle, change_vehicle, vehicle
from tracking.vocabulary import Vehicle, VehicleKind

T = TypeVar("T")
Logging = list[tuple[str, NewEvent]]

DEALERS = ("D1", "D2", "D3")
STATUSES = ("open", "offered", "accepted", "en_route", "unassigned", "completed", "closed", "cancelled", "failed")


@st.composite
def events(draw: st.DrawFn) -> tuple[str, NewEvent]:
    """Any event of a few cases; the dealers that may see a case come and go."""
    dealers = draw(st.sets(st.sampled_from(DEALERS)))
    dealer = draw(st.sampled_from(["", *sorted(dealers)]))
    case = draw(st.sampled_from(("a", "b", "c", "d")))
    return event(card(case, draw(st.sampled_from(STATUSES)), dealer, sorted(dealers)), data={"dealer": dealer})


class Client:
    """A screen's far end: the board, and the messages under way to it."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.board = Board(partial=viewer.partial)
        self.screen: Screen | None = None
        self.on_the_way: list[Message] = []
        self.shows_all = True

    def told(self, texts: list[bytes]) -> None:
        self.on_the_way += [decode(text) for text in texts]

    def read(self, count: int) -> None:
        self.board = apply_all(self.board, self.on_the_way[:count])
        del self.on_the_way[:count]

    def hang_up(self) -> None:
        self.screen = None
        self.on_the_way.clear()
        self.shows_all = True


CLIENTS = st.integers(0, len(VIEWERS) - 1)


class FeedMachine(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.desk = LiveDesk(Path(self.folder.name), Limits(ring=4, page=3, gap=9))
        self.run(self.desk.hub.look())
        self.clients = [Client(viewer) for viewer in VIEWERS]
        for client in self.clients:
            client.screen = self.run(self.desk.hub.screen(client.viewer))
            self.run(self.take(client, client.screen))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @rule(logged=st.lists(events(), min_size=1, max_size=6), say=st.booleans())
    def commit(self, logged: Logging, say: bool) -> None:
        self.run(self.desk.commit(*logged, say=say))

    @rule(logged=st.lists(events(), min_size=1, max_size=3))
    def roll_back(self, logged: Logging) -> None:
        async def attempt() -> None:
            async with self.desk.db.write() as session:
                await self.desk.log(session, logged)
                raise ZeroDivisionError

        try:
            self.run(attempt())
        except ZeroDivisionError:
            self.desk.bus.publish(Logged(seq=self.desk.seq))

    @rule(logged=st.lists(events(), min_size=1, max_size=3), number=CLIENTS)
    def look_before_the_commit(self, logged: Logging, number: int) -> None:
        client = self.clients[number]

        async def attempt() -> None:
            async with self.desk.db.write() as session:
                last = await self.desk.log(session, logged)
                self.desk.bus.publish(Logged(seq=last))
                await self.desk.hub.look()
                if client.screen:
                    await self.take(client, client.screen)
                assert self.desk.hub.head <= self.desk.seq
            self.desk.seq = last

        self.run(attempt())

    @rule()
    def look(self) -> None:
        self.run(self.desk.hub.look())

    @rule(number=CLIENTS, knows=st.sampled_from(("all it has", "nothing", "too little", "the future")))
    def connect(self, number: int, knows: str) -> None:
        client = self.clients[number]
        client.hang_up()
        since = {"all it has": client.board.seq, "nothing": None, "too little": -1, "the future": 2**70}[knows]
        client.screen = self.run(self.desk.hub.screen(client.viewer, since))
        if knows != "all it has":
            client.told(self.run(client.screen.take()))
            assert isinstance(client.on_the_way[0], Snapshot)

    @rule(number=CLIENTS)
    def hang_up(self, number: int) -> None:
        self.clients[number].hang_up()

    @rule(number=CLIENTS, beat=st.booleans(), positions=st.booleans())
    def tell(self, number: int, beat: bool, positions: bool) -> None:
        client = self.clients[number]
        if client.screen is None:
            return
        self.run(self.take(client, client.screen))
        client.told([client.screen.heartbeat()] if beat else [])
        client.told([message] if positions and (message := client.screen.positions()) else [])

    @rule(number=CLIENTS, count=st.integers(1, 5))
    def read(self, number: int, count: int) -> None:
        self.clients[number].read(count)

    @rule(plate=st.sampled_from(("V1", "V2", "V3")), at=st.integers(0, 99))
    def move(self, plate: str, at: int) -> None:
        self.desk.move(plate, lat=31 + at / 100, after_s=at)

    @rule(plate=st.sampled_from(("V1", "V2", "V3")), dealer=st.sampled_from(DEALERS), on_duty=st.booleans())
    def enrol(self, plate: str, dealer: str, on_duty: bool) -> None:
        async def write() -> None:
            async with self.desk.db.write() as session:
                if await vehicle(session, plate) is None:
                    new = Vehicle(plate=plate, kind=VehicleKind.TOW, dealer=dealer, on_duty=on_duty)
                    await add_vehicle(session, new)
                else:
                    await change_vehicle(session, plate, dealer=dealer, on_duty=on_duty)

        self.run(write())

    @rule(number=CLIENTS, west=st.sampled_from([120, 121.3, 122]))
    def show_a_part(self, number: int, west: float) -> None:
        client = self.clients[number]
        if client.screen:
            client.shows_all = False
            assert client.screen.said(f'{{"type":"view","bbox":[{west},30,{west + 1},32]}}') is None

    @rule()
    def restart(self) -> None:
        for client in self.clients:
            client.hang_up()
        self.desk.restart()
        self.run(self.desk.hub.look())

    async def take(self, client: Client, screen: Screen) -> None:
        before = screen.cursor
        texts = await screen.take()
        told = [decode(text) for text in texts]
        numbers = [message.seq for message in told if isinstance(message, Event)]
        assert numbers == sorted(set(numbers)), "out of order, or told twice"
        assert all(before is not None and before < number <= self.desk.seq for number in numbers)
        client.told(texts)

    @invariant()
    def holds_no_more_than_it_should(self) -> None:
        if hasattr(self, "desk"):
            assert len(self.desk.hub._feed._ring) <= self.desk.limits.ring

    def teardown(self) -> None:
        if not hasattr(self, "desk"):
            return
        for client in self.clients:
            self.settle(client)
        self.run(self.desk.db.close())
        self.runner.close()
        self.folder.cleanup()

    def settle(self, client: Client) -> None:
        """However late: in the end the board is what a fresh snapshot shows."""
        if client.screen is None:
            client.screen = self.run(self.desk.hub.screen(client.viewer, client.board.seq))
        screen = client.screen
        self.run(self.desk.hub.look())
        for _ in range(self.desk.seq + 1):  # each takes at least one event, shown or hidden, while there is one
            client.told(self.run(screen.take()))
        client.told([screen.heartbeat()])
        if not client.shows_all:
            assert screen.said('{"type":"view","bbox":null}') is None
        client.told([message] if (message := screen.positions()) else [])
        client.read(len(client.on_the_way))
        fresh = apply(Board(), self.run(self.desk.fresh(client.viewer)))
        assert facts(client.board) == facts(fresh)
        assert client.board.seq == self.desk.seq


FeedMachine.TestCase.settings = settings(stateful_step_count=40)
TestScreensAgreeWithAFreshSnapshot = FeedMachine.TestCase
