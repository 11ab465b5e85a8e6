"""How long an offer takes with a national fleet on the map: request in, ranked, stored, answered, event out.

    python -m simulations.bench_decide --json

First offers are made while nothing else goes on, then while 5,000 fixes a second come in over
WebSockets; each case is opened before and called off after, unmeasured. `answered` counts until the whole answer is
here, `seen` until the event is on a live screen. Ratios: `bare_ranking`, how many times as long as one vectorised
pass of numpy and pyproj over the fleet, with nothing around it; `unloaded`, how many times as long as the same
without the fixes; `open_case`, how many times as long as the opening of a case, a write that ranks nobody.
"""

import argparse
import asyncio
import http.client
import json
import os
import queue
import random
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import msgspec
import numpy as np
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from core.database import Database
from core.errors import NearsideError
from core.geo import Position, distances_m
from core.places import load_places
from gateway import schema
from gateway.auth import put_user
from gateway.roles import Role, User
from simulations.bench import Result, machine, report, table
from simulations.national import National, make, put_on_record, scenes
from simulations.private import NoServer, PrivatePostgres, installed
from simulations.service import COMMAND, NotServing

SEED = 20_261_102
WARM_UP = 20
START_WITHIN_S, STOP_WITHIN_S, SEEN_WITHIN_S = 60.0, 30.0, 10.0
PAUSE_S = 0.04
"""Pauses before offers are random, up to this: longer than a batch of fixes takes, so as not to fall in step."""
BARE_ROUNDS = 50


class Failed(Exception):
    """The service refused or did not answer; nothing measured would mean anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is measured."""

    database: str
    dealers: int
    vehicles: int
    terminals: int
    fixes_per_s: float
    offers: int


@dataclass(slots=True)
class Times:
    """Milliseconds of each offer, and of the opening of its case."""

    opened: list[float] = field(default_factory=list[float])
    answered: list[float] = field(default_factory=list[float])
    seen: list[float] = field(default_factory=list[float])


class _Event(msgspec.Struct, tag_field="type", tag="event"):
    kind: str
    case: str


class Screen:
    """A dispatcher's live screen, which notes when offers appear on it."""

    def __init__(self, socket: ClientConnection) -> None:
        self._made: queue.Queue[tuple[str, float]] = queue.Queue()
        self._decoder = msgspec.json.Decoder(_Event)
        self._socket = socket
        threading.Thread(target=self._look, daemon=True).start()

    def made_at(self, case: str) -> float:
        """When the offer of this case appeared, by `time.perf_counter`. Raises `Failed`."""
        while True:
            try:
                shown, at = self._made.get(timeout=SEEN_WITHIN_S)
            except queue.Empty:
                raise Failed(f"the offer is on no screen after {SEEN_WITHIN_S:.0f} s") from None
            if shown == case:
                return at

    def _look(self) -> None:
        for message in self._messages():
            now = time.perf_counter()
            if message.startswith(b'{"type":"event"'):
                event = self._decoder.decode(message)
                if event.kind == "offer_made":
                    self._made.put((event.case, now))

    def _messages(self) -> Iterator[bytes]:
        with suppress(ConnectionClosed):
            while True:
                yield self._socket.recv(decode=False)


@contextmanager
def _screen(port: int, token: str) -> Generator[Screen]:
    url, headers = f"ws://127.0.0.1:{port}/api/v1/live", {"Authorization": f"Bearer {token}"}
    with connect(url, additional_headers=headers, compression=None, max_size=None, proxy=None) as socket:
        yield Screen(socket)


class Dispatcher:
    """Someone who opens cases and makes offers, over one connection that is kept."""

    def __init__(self, port: int) -> None:
        self.token = ""
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=SEEN_WITHIN_S)

    def sign_in(self, password: str) -> None:
        """Get a token. Raises `Failed`."""
        self.token = self.post("/session", {"username": USERNAME, "password": password})["token"]

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """A write, and what it gave. Raises `Failed`."""
        return msgspec.json.decode(self.timed_post(path, body)[0])

    def timed_post(self, path: str, body: Mapping[str, Any] | None = None) -> tuple[bytes, float, float]:
        """The answer, and when the request went out and the whole answer was here. Raises `Failed`."""
        content = None if body is None else msgspec.json.encode(body)
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if content is not None:
            headers["Content-Type"] = "application/json"
        began = time.perf_counter()
        self._http.request("POST", f"/api/v1{path}", body=content, headers=headers)
        answer = self._http.getresponse()
        said = answer.read()
        ended = time.perf_counter()
        if answer.status >= http.client.BAD_REQUEST:
            raise Failed(f"{path}: {answer.status} {said[:300].decode(errors='replace')}")
        return said, began, ended

    def hang_up(self) -> None:
        """Let go of the connection; the next request opens another."""
        self._http.close()


USERNAME = "bench"


class Bench:
    """One run: a network, and a service on a store of its own."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        places = load_places()
        self._national = make(places, dealers=plan.dealers, vehicles=plan.vehicles, seed=SEED)
        self._scenes = scenes(places, self._national, SEED)
        self._rng = random.Random(SEED)
        self._password = secrets.token_urlsafe(12)

    def measure(self) -> list[Result]:
        """All figures. Raises `Failed`, and `NotServing` where the service does not start."""
        asyncio.run(put_bench_on_record(self._plan.database, self._national, self._password))
        with served(self._plan.database) as (port, _pid):
            dispatcher = Dispatcher(port)
            with ExitStack() as parting:
                parting.callback(dispatcher.hang_up)
                dispatcher.sign_in(self._password)
                screen = parting.enter_context(_screen(port, dispatcher.token))
                self._offers(dispatcher, screen, WARM_UP)
                still = self._offers(dispatcher, screen, self._plan.offers)
                with driving(
                    self._national, port, terminals=self._plan.terminals, per_s=self._plan.fixes_per_s
                ) as stop:
                    dispatcher.hang_up()  # the service has not waited for as long as the terminals needed to connect
                    self._offers(dispatcher, screen, WARM_UP)
                    loaded = self._offers(dispatcher, screen, self._plan.offers)
                    pace = stop()
        bare = [_bare_ranking_ms(self._national, next(self._scenes)) for _ in range(BARE_ROUNDS)]
        return _results(still, loaded, bare, pace, self._plan.fixes_per_s)

    def _offers(self, dispatcher: Dispatcher, screen: Screen, count: int) -> Times:
        times = Times()
        for number in range(count):
            time.sleep(self._rng.uniform(0, PAUSE_S))
            said, began, opened = dispatcher.timed_post("/cases", _call(next(self._scenes)))
            case: str = msgspec.json.decode(said)["id"]
            times.opened.append((opened - began) * 1000)
            time.sleep(self._rng.uniform(0, PAUSE_S))
            said, began, answered = dispatcher.timed_post(f"/cases/{case}/offers")
            times.answered.append((answered - began) * 1000)
            times.seen.append((screen.made_at(case) - began) * 1000)
            if number == 0 and len(msgspec.json.decode(said)["candidates"]) != self._plan.dealers:
                raise Failed("not every dealer is among the candidates")
            dispatcher.post(f"/cases/{case}/cancel", {"by": "cac", "reason": "measured"})
        return times


@contextmanager
def driving(
    national: National, port: int, *, terminals: int, per_s: float
) -> Generator[Callable[[], Mapping[str, float]]]:
    """Fixes come in until the block ends; what it is given stops them and says how many were acknowledged."""
    senders = national.fleet[:terminals]
    command = (sys.executable, "-m", "simulations.steady", "--port", str(port))
    load = subprocess.Popen(  # noqa: S603  (our own command line)
        [*command, "--per-s", str(per_s)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert load.stdin is not None
    assert load.stdout is not None
    told, says = load.stdin, load.stdout

    def stop() -> Mapping[str, float]:
        _tell(told, "stop")
        return json.loads(_heard(says))

    try:
        _tell(told, json.dumps([(one.token, one.position.lat, one.position.lon) for one in senders]))
        _heard(says)
        _tell(told, "go")
        yield stop
    finally:
        _end(load)
        told.close()
        says.close()


async def put_bench_on_record(database: str, national: National, password: str) -> None:
    """The newest schema, the network, and a dispatcher."""
    db = Database(database)
    try:
        await asyncio.to_thread(schema.migrate, db.url)
        await put_on_record(db, national, datetime.now(UTC))
        await put_user(db, User(name=USERNAME, role=Role.DISPATCHER), password)
    finally:
        await db.close()


@contextmanager
def store_for(named: str) -> Generator[str]:
    """The store to measure on: a PostgreSQL server of our own where that is installed, which waits for the disk."""
    if named:
        yield named
        return
    with tempfile.TemporaryDirectory(prefix="nearside-bench-") as folder:
        if not installed():
            yield f"sqlite:///{folder}/bench.db"
            return
        Path(folder).chmod(0o755)
        postgres = PrivatePostgres(Path(folder) / "postgres", durable=True)
        try:
            postgres.start()
            yield postgres.create("bench")
        finally:
            postgres.stop()


@contextmanager
def served(database: str) -> Generator[tuple[int, int]]:
    """`nearside serve` on this store until the block ends; gives its port and process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = {**os.environ, "NEARSIDE_DATABASE": database, "NEARSIDE_LOG_LEVEL": "WARNING"}
    with tempfile.TemporaryFile() as said:
        server = subprocess.Popen(  # noqa: S603  (our own command line)
            [*COMMAND, "serve", "--port", str(port)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        try:
            if not _is_ready(server, port):
                said.seek(0)
                raise NotServing(f"the server did not come up:\n{said.read()[-3000:].decode(errors='replace')}")
            yield port, server.pid
        finally:
            _end(server)


def _is_ready(server: subprocess.Popen[bytes], port: int) -> bool:
    until = time.monotonic() + START_WITHIN_S
    while server.poll() is None and time.monotonic() < until:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=SEEN_WITHIN_S)) as door:
                door.request("GET", "/readyz")
                return door.getresponse().status == http.client.OK
        except ConnectionError:
            time.sleep(0.05)
    return False


def _end(process: subprocess.Popen[Any]) -> None:
    process.terminate()
    try:
        process.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tell(stream: IO[str], line: str) -> None:
    stream.write(f"{line}\n")
    stream.flush()


def _heard(stream: IO[str]) -> str:
    line = stream.readline()
    if not line:
        raise Failed("the terminals ended by themselves")
    return line


def _call(scene: Position) -> Mapping[str, Any]:
    return {
        "channel": "hotline_400",
        "caller": {"name": "测试", "phone": "13800000000"},
        "car": {"plate": "皖A00001", "brand": "别克"},
        "location": {"lat": scene.lat, "lon": scene.lon},
        "fault": "battery",
    }


def _bare_ranking_ms(national: National, scene: Position) -> float:
    """The nearest vehicle of each dealer, and the dealers by that: all that a ranking is at the least."""
    number = {dealer.code: row for row, dealer in enumerate(national.dealers)}
    owners = np.array([number[one.vehicle.dealer] for one in national.fleet])
    lats = np.array([one.position.lat for one in national.fleet])
    lons = np.array([one.position.lon for one in national.fleet])
    began = time.perf_counter()
    nearest = np.full(len(national.dealers), np.inf)
    np.minimum.at(nearest, owners, distances_m(scene, lats, lons))
    np.argsort(nearest)
    return (time.perf_counter() - began) * 1000


def _results(
    still: Times, loaded: Times, bare: Sequence[float], pace: Mapping[str, float], wanted: float
) -> list[Result]:
    bare_ms = statistics.median(bare)
    opened_still, opened = statistics.median(still.opened), statistics.median(loaded.opened)

    def unloaded(name: str, times: Sequence[float]) -> Result:
        middle = statistics.median(times)
        return _result(name, times, {"bare_ranking": middle / bare_ms, "open_case": middle / opened_still})

    def under_load(name: str, times: Sequence[float], peer: Sequence[float]) -> Result:
        middle = statistics.median(times)
        before = statistics.median(peer)
        ratios = {"unloaded": middle / before, "bare_ranking": middle / bare_ms, "open_case": middle / opened}
        return _result(name, times, ratios)

    acknowledged = pace["acked"] / pace["seconds"]
    return [
        under_load("answered", loaded.answered, still.answered),
        under_load("seen", loaded.seen, still.seen),
        unloaded("answered_unloaded", still.answered),
        unloaded("seen_unloaded", still.seen),
        Result(name="fixes_meanwhile", value=acknowledged, unit="fixes/s", ratios={"wanted": acknowledged / wanted}),
        _result("open_case", loaded.opened, {"unloaded": opened / opened_still}),
        _result("open_case_unloaded", still.opened, {}),
        _result("bare_ranking", bare, {}),
    ]


def _result(name: str, times: Sequence[float], ratios: Mapping[str, float]) -> Result:
    ordered = sorted(times)
    facts = {"p99_ms": ordered[len(ordered) * 99 // 100], "max_ms": ordered[-1], "count": len(ordered)}
    return Result(name=name, value=statistics.median(ordered), unit="ms", ratios=ratios, facts=facts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 where that failed."""
    parser = argparse.ArgumentParser(prog="python -m simulations.bench_decide", description=__doc__)
    parser.add_argument("--database", default="", help="a new store; without it, one that is gone afterwards")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--dealers", type=int, default=1_000)
    parser.add_argument("--vehicles", type=int, default=10_000)
    parser.add_argument("--terminals", type=int, default=2_000, help="that send; of all others a position is known")
    parser.add_argument("--fixes-per-s", type=float, default=5_000)
    parser.add_argument("--offers", type=int, default=300, help="measured without the fixes, and again with them")
    options = parser.parse_args(arguments)
    try:
        with store_for(options.database) as database:
            plan = Plan(
                database=database,
                dealers=options.dealers,
                vehicles=options.vehicles,
                terminals=options.terminals,
                fixes_per_s=options.fixes_per_s,
                offers=options.offers,
            )
            results = Bench(plan).measure()
    except (Failed, NotServing, NoServer, NearsideError) as error:
        print(f"bench decide: {error}", file=sys.stderr)
        return 1
    facts = machine(
        store=plan.database.partition(":")[0],
        dealers=plan.dealers,
        vehicles=plan.vehicles,
        terminals=plan.terminals,
    )
    print(report("decide", facts, results) if options.json else table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
