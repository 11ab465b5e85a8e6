"""The faults: what is done to the servers and processes, how long it lasts, and how it is undone."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT

from simulations.campaign.cluster import Cluster
from simulations.campaign.load import Load
from simulations.campaign.screens import Screens, SlowScreen
from simulations.campaign.smalldisk import SmallDisk

FAKETIME = (
    Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"),
    Path("/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1"),
)
STEPPED = 1
"""The gateway whose clock can be stepped."""
STEP_S = 3600
WAYS_TO_END = (SIGINT, SIGQUIT, SIGKILL)
OUTAGE_S = 30.0
LEFT_MB = 4
LOG_SEGMENTS = 40
"""More than PostgreSQL keeps ready; in every second round they are used up, so that its log meets the full disk too."""
DEAF_S = 40.0
"""A screen that reads nothing for longer than the service waits for it (30 s)."""


class Ground(StrEnum):
    """What a fault needs to be held on."""

    PLAIN = "plain"
    STEPPED_CLOCK = "stepped clock"
    SMALL_DISK = "small disk"


@dataclass(slots=True, kw_only=True)
class Scene:
    """What a fault finds: cluster, load, screens, and where the ground has them the clock's file and the disk."""

    cluster: Cluster
    load: Load
    screens: Screens
    offset: Path | None = None
    disk: SmallDisk | None = None
    slow: SlowScreen | None = None
    log_read: int = 0
    """So much of PostgreSQL's log was there before the fault."""
    findings: list[str] = field(default_factory=list[str])


Deed = Callable[[Scene, int], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One kind of fault. `inject` and `heal` are told the number of the round, from 0; it lasts `lasts_s` seconds."""

    name: str
    note: str
    inject: Deed
    heal: Deed
    lasts_s: float = 0.0
    ground: Ground = Ground.PLAIN

    @property
    def unfit(self) -> str:
        """Why this machine cannot hold it; empty where it can."""
        if self.ground is Ground.STEPPED_CLOCK and faketime() is None:
            return "Debian's package faketime is not installed"
        return SmallDisk.unfit() if self.ground is Ground.SMALL_DISK else ""


def faketime() -> Path | None:
    """The library that lies to a process about the wall clock."""
    return next((library for library in FAKETIME if library.exists()), None)


def stepped(offset: Path) -> dict[str, str]:
    """The environment of a process whose wall clock is stepped by writing into `offset`; its other clocks are true."""
    return {
        "LD_PRELOAD": str(faketime()),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }


def write_offset(file: Path, seconds: int) -> None:
    """Step the clock; whole at once, for it may be read at any moment."""
    new = file.with_suffix(".new")
    new.write_text(f"{seconds:+d}\n")
    new.replace(file)


async def _kill(scene: Scene, turn: int) -> None:
    scene.cluster.kill(turn % len(scene.cluster.gateways))


async def _revive(scene: Scene, turn: int) -> None:
    scene.cluster.revive(turn % len(scene.cluster.gateways))


async def _restart_store(scene: Scene, turn: int) -> None:
    await scene.cluster.stop_store(WAYS_TO_END[turn % len(WAYS_TO_END)])


async def _stop_store(scene: Scene, _turn: int) -> None:
    await scene.cluster.stop_store(SIGINT)


async def _start_store(scene: Scene, _turn: int) -> None:
    await scene.cluster.start_store()


async def _stop_redis(scene: Scene, _turn: int) -> None:
    await scene.cluster.stop_redis()


async def _start_redis(scene: Scene, _turn: int) -> None:
    await scene.cluster.start_redis()


async def _empty_redis(scene: Scene, _turn: int) -> None:
    scene.cluster.redis.empty()


async def _nothing(_scene: Scene, _turn: int) -> None:
    """It has passed by itself."""


async def _stop_reading(scene: Scene, turn: int) -> None:
    scene.slow = SlowScreen(scene.screens.client(turn))
    await scene.slow.open()


async def _read_on(scene: Scene, turn: int) -> None:
    assert scene.slow is not None
    if not await scene.slow.read_on():
        scene.findings.append("a screen that took nothing was not closed")
    scene.screens.adopt(scene.slow.go_on(), scene.screens.client(turn))


async def _step_clock(scene: Scene, turn: int) -> None:
    assert scene.offset is not None
    write_offset(scene.offset, STEP_S if turn % 2 == 0 else -STEP_S)


async def _set_clock(scene: Scene, _turn: int) -> None:
    assert scene.offset is not None
    write_offset(scene.offset, 0)


async def _fill_disk(scene: Scene, turn: int) -> None:
    assert scene.disk is not None
    scene.log_read = scene.cluster.postgres.log.stat().st_size
    scene.disk.fill(but_mb=LEFT_MB)
    if turn % 2:
        await asyncio.to_thread(scene.cluster.postgres.use_up_log, LOG_SEGMENTS)


async def _free_disk(scene: Scene, _turn: int) -> None:
    assert scene.disk is not None
    scene.disk.free()
    if b"No space left on device" not in scene.cluster.postgres.log.read_bytes()[scene.log_read :]:
        scene.findings.append("PostgreSQL never met a full disk")
    if not scene.cluster.postgres.running:
        await scene.cluster.start_store()


CATALOGUE = (
    Fault(name="kill", note="kill -9 of one gateway, started again after 2 s", inject=_kill, heal=_revive, lasts_s=2),
    Fault(
        name="restart",
        note="PostgreSQL ended in order, at once, or killed; started again",
        inject=_restart_store,
        heal=_start_store,
    ),
    Fault(name="store-gone", note="PostgreSQL gone", inject=_stop_store, heal=_start_store, lasts_s=OUTAGE_S),
    Fault(name="redis-gone", note="Redis gone", inject=_stop_redis, heal=_start_redis, lasts_s=OUTAGE_S),
    Fault(name="redis-emptied", note="FLUSHALL", inject=_empty_redis, heal=_nothing),
    Fault(
        name="slow-screen",
        note="a screen stops reading, is closed, and resumes",
        inject=_stop_reading,
        heal=_read_on,
        lasts_s=DEAF_S,
    ),
    Fault(
        name="clock",
        note="one gateway's wall clock an hour ahead, an hour behind, and back",
        inject=_step_clock,
        heal=_set_clock,
        lasts_s=20,
        ground=Ground.STEPPED_CLOCK,
    ),
    Fault(
        name="full-disk",
        note="no space under PostgreSQL, or for its log; a disk in memory, where a flush costs nothing",
        inject=_fill_disk,
        heal=_free_disk,
        lasts_s=40,
        ground=Ground.SMALL_DISK,
    ),
)
