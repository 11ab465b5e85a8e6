"""How many fixes a second the service acknowledges after commit, on one processor, and what that costs.

    python -m simulations.bench_ingest --json

Three servers run one after the other on the same frames, each alone on a processor, while the terminals and the
store have another: the product; one that only decodes and discards; and the one that anyone would write first. A
figure is fixes acknowledged per second of the server's own processor time: what one processor, given wholly to it,
keeps up with. `decode_only_cpu` says how many times the processor time of the bare limit a fix costs; `naive`, how
many times as many fixes as the naive service one processor takes.
"""

import argparse
import asyncio
import os
import random
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop

from core.database import Database
from core.storeurl import read_url
from gateway import schema
from simulations.bench import Result, cpu_s, machine, pin, report, table
from simulations.firehose import NotAcknowledged, Track, drip, open_lines, pour, tracks
from simulations.private import POSTGRESQL_BIN, PrivatePostgres
from tracking.queries import add_terminal, add_vehicle
from tracking.vocabulary import Protocol, Terminal, Vehicle, VehicleKind

SECONDS = 5.0
START_WITHIN_S = 60.0
STOP_WITHIN_S = 30.0
WARM_FIXES = 4_000
"""About so many fixes go before anything is measured, at least two frames of each terminal."""
PASSED_ON = ("NEARSIDE_INGEST_WINDOW_S",)
"""Settings that a measured server is given; of all others it has the defaults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How frames are sent: `size` fixes in each, `in_flight` of a terminal's under way, at most `per_s` fixes."""

    name: str
    terminals: int
    size: int
    in_flight: int
    per_s: int

    @property
    def warm_frames(self) -> int:
        """Frames of each terminal that are not measured."""
        return max(2, WARM_FIXES // self.size // self.terminals)

    def tracks(self, seconds: float, rng: random.Random) -> list[Track]:
        """As many frames as can be wanted in so many seconds."""
        frames = int(self.per_s * seconds) // self.size // self.terminals
        return tracks(self.warm_frames + frames + 1, self.size, datetime.now(UTC).replace(microsecond=0), rng)


LOADS = (
    Load(name="single", terminals=40, size=1, in_flight=32, per_s=50_000),
    Load(name="batch16", terminals=40, size=16, in_flight=8, per_s=200_000),
    Load(name="single_fleet", terminals=1_000, size=1, in_flight=1, per_s=25_000),
)
"""Terminals that hurry to send what they have kept, one by one and in batches; and a fleet of which each terminal
sends one fix and waits for its answer, so that nearly every fix moves another vehicle."""
STEADY = Load(name="stall", terminals=40, size=1, in_flight=32, per_s=5_000)
"""A national fleet's fixes, evenly: under this load the longest stall is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Fixes acknowledged, in so much of the server's processor time and of the wall's."""

    fixes: int
    cpu_s: float
    wall_s: float

    @property
    def per_core(self) -> float:
        """Fixes a second that one processor keeps up with."""
        return self.fixes / self.cpu_s

    @property
    def facts(self) -> dict[str, float]:
        """What goes beside the figure."""
        return {"cpu_us_per_fix": self.cpu_s / self.fixes * 1e6, "wall_fixes_per_s": self.fixes / self.wall_s}


class Bench:
    """The servers, each in turn, on one store."""

    def __init__(self, database: str, seconds: float, server_on: int) -> None:
        self._server_on = server_on
        self._database = database
        self._seconds = seconds
        self._rng = random.Random(20_261_102)

    async def measure(self) -> list[Result]:
        """All figures. Raises `NotAcknowledged` where a fix was not stored."""
        found: list[Result] = []
        bare: list[Result] = []
        for load in LOADS:
            driven = load.tracks(self._seconds, self._rng)
            ours = await self._product(load, driven)
            limit = await self._decode_only(load, driven)
            naive = await self._naive(load, driven)
            ratios = {"decode_only_cpu": limit.per_core / ours.per_core, "naive": ours.per_core / naive.per_core}
            found.append(_result(load.name, ours, ratios))
            bare.append(_result(f"decode_only_{load.name}", limit))
            bare.append(_result(f"naive_{load.name}", naive))
        return [*found, await self._stall(), *bare]

    async def _product(self, load: Load, driven: Sequence[Track]) -> Measured:
        paths = await _put_on_record(self._database, load.name, load.terminals)
        with self._served("gateway.cli", "serve") as (server, port):
            return await self._poured(server, port, paths, load, driven)

    async def _decode_only(self, load: Load, driven: Sequence[Track]) -> Measured:
        with self._served("simulations.decode_only") as (server, port):
            return await self._poured(server, port, ["/"] * load.terminals, load, driven)

    async def _naive(self, load: Load, driven: Sequence[Track]) -> Measured:
        paths = [f"/terminals/{load.name}-{number}" for number in range(load.terminals)]
        with self._served("simulations.naive", "--database", self._database) as (server, port):
            return await self._poured(server, port, paths, load, driven)

    async def _poured(
        self, server: subprocess.Popen[bytes], port: int, paths: Sequence[str], load: Load, driven: Sequence[Track]
    ) -> Measured:
        lines = await open_lines(port, paths, driven, load.in_flight)
        await pour(lines, load.warm_frames, self._seconds)
        before, cpu_before_s = sum(line.acked_fixes for line in lines), cpu_s(server.pid)
        wall_s = await pour(lines, sys.maxsize, self._seconds)
        used_s = cpu_s(server.pid) - cpu_before_s
        fixes = sum(line.acked_fixes for line in lines) - before
        for line in lines:
            line.close()
        return Measured(fixes=fixes, cpu_s=used_s, wall_s=wall_s)

    async def _stall(self) -> Result:
        """How long the product's event loop lets others wait while fixes come in at a steady pace."""
        driven = STEADY.tracks(self._seconds, self._rng)
        paths = await _put_on_record(self._database, STEADY.name, STEADY.terminals + 1)
        with self._served("gateway.cli", "serve") as (_server, port):
            lines = await open_lines(port, paths, driven, STEADY.in_flight)
            await pour(lines, STEADY.warm_frames, self._seconds)
            pings = await drip(lines, STEADY.per_s, self._seconds)
            for line in lines:
                line.close()
        waits = sorted(pings.waits_s)
        facts = {
            "fixes_per_s": float(STEADY.per_s),
            "p50_ms": waits[len(waits) // 2] * 1000,
            "p99_ms": waits[len(waits) * 99 // 100] * 1000,
            "looks": float(len(waits)),
            "looker_late_ms": pings.late_s * 1000,
        }
        return Result(name=STEADY.name, value=waits[-1] * 1000, unit="ms", facts=facts)

    @contextmanager
    def _served(self, module: str, *arguments: str) -> Generator[tuple[subprocess.Popen[bytes], int]]:
        """One server in a process of its own, alone on its processor, until the block ends."""
        port = _free_port()
        with tempfile.TemporaryFile() as said:
            server = subprocess.Popen(  # noqa: S603  (our own command line)
                [sys.executable, "-m", module, *arguments, "--port", str(port)],
                env=_environment(self._database),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
            try:
                pin(server.pid, self._server_on)
                _until_listening(server, port)
                yield server, port
            except NotAcknowledged as error:
                said.seek(0)
                error.add_note(said.read().decode(errors="replace")[-3000:])
                raise
            finally:
                _stop(server)


async def _put_on_record(database: str, name: str, count: int) -> list[str]:
    """Vehicles with terminals, and the paths at which these connect."""
    db = Database(database)
    run = os.urandom(3).hex()
    paths: list[str] = []
    try:
        await asyncio.to_thread(schema.migrate, db.url)
        async with db.write() as session:
            for number in range(count):
                plate = f"B{run}-{number}"
                vehicle = Vehicle(plate=plate, kind=VehicleKind.SERVICE, dealer="B1", on_duty=True)
                await add_vehicle(session, vehicle)
                terminal_id = f"{name}-{run}-{number}"
                terminal = Terminal(terminal_id=terminal_id, plate=plate, protocol=Protocol.WEBSOCKET)
                paths.append(f"/api/v1/terminals/ws?token={await add_terminal(session, terminal)}")
    finally:
        await db.close()
    return paths


def _environment(database: str) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if name[:9] != "NEARSIDE_" or name in PASSED_ON}
    # A settings file of the folder that this happens to be started in is not read either.
    return {
        **kept,
        "NEARSIDE_CONFIG": os.devnull,
        "NEARSIDE_DATABASE": database,
        "NEARSIDE_LOG_LEVEL": "WARNING",
    }


def _until_listening(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = datetime.now(UTC) + timedelta(seconds=START_WITHIN_S)
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if datetime.now(UTC) > deadline:
                raise NotAcknowledged("a server does not listen") from None
        try:
            server.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        raise NotAcknowledged(f"a server ended by itself with {server.returncode}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _result(name: str, measured: Measured, ratios: Mapping[str, float] | None = None) -> Result:
    return Result(name=name, value=measured.per_core, unit="fixes/s/core", ratios=ratios or {}, facts=measured.facts)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _store(database: str | None) -> Generator[str]:
    """The store to measure on: one of its own, on the disk and gone afterwards, unless one is named."""
    if database is not None:
        yield database
        return
    with tempfile.TemporaryDirectory(prefix="nearside-bench-") as folder:
        if not POSTGRESQL_BIN.exists():
            yield f"sqlite:///{Path(folder) / 'bench.db'}"
            return
        server = PrivatePostgres(Path(folder), durable=True)
        server.start()
        try:
            yield server.create("bench")
        finally:
            server.stop()


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print. Exit code 1 where a fix was not acknowledged."""
    parser = argparse.ArgumentParser(prog="python -m simulations.bench_ingest", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="at most so long on each server")
    parser.add_argument("--database", help="measure on this store, which is filled; else on one of its own")
    options = parser.parse_args(arguments)
    processors = sorted(os.sched_getaffinity(0))
    pin(0, processors[-1])  # and so all that is started here, save the servers
    with _store(options.database) as database, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            results = runner.run(Bench(database, options.seconds, processors[0]).measure())
        except NotAcknowledged as error:
            sys.exit("\n".join((f"bench ingest: {error}", *getattr(error, "__notes__", ()))))
        store = read_url(database).get_backend_name()
    print(report("ingest", machine(store=store), results) if options.json else table(results))


if __name__ == "__main__":
    main()
