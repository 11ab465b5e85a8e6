"""The campaign: for each fault so many rounds of calm, fault, recovery and proof."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from core.database import Database
from simulations.campaign.catalogue import STEPPED, Fault, Ground, Scene, stepped, write_offset
from simulations.campaign.cluster import Cluster
from simulations.campaign.keeper import Keeper
from simulations.campaign.load import SETTINGS, Load, Rates, provide
from simulations.campaign.proof import Proof
from simulations.campaign.screens import Screens
from simulations.campaign.smalldisk import SmallDisk
from simulations.storecheck import log_and_state
from simulations.tasks import Tasks

RECOVERED_WITHIN_S = 120.0
DRAINED_WITHIN_S = 60.0
SMALL_DISK_MB = 2048
Tell = Callable[[str], None]
"""Told what is being done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be held: on how many processes, under which load, how long before and after each fault."""

    faults: Sequence[Fault]
    times: int
    gateways: int
    rates: Rates
    calm_s: float
    memory_mb: float
    """More than this in one process is a finding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round showed. `fixes` and `commands` were acknowledged in it; stalls are the longest waits.

    `races` are offers that both specialists accepted at the same moment.
    """

    fault: str
    fixes: int
    commands: int
    cases: int
    races: int
    lasted_s: float
    lost: int
    won_twice: Sequence[str]
    screens: Sequence[str]
    others: Sequence[str]
    fixes_stall_s: float
    commands_stall_s: float
    most_mb: float
    after_mb: Sequence[float]

    @property
    def findings(self) -> list[str]:
        """All that speaks against the service."""
        return [*self.won_twice, *self.screens, *self.others]

    @property
    def holds(self) -> bool:
        """Nothing was lost, and nothing else speaks against it."""
        return not self.lost and not self.findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the campaign showed."""

    rounds: Sequence[Round]
    skipped: Mapping[str, str]
    """Faults that this machine could not hold, and why."""
    ends: Sequence[str]
    """What speaks against the service when a ground was left: its log folded anew, its processes stopped."""
    refusals: Mapping[str, int]

    @property
    def holds(self) -> bool:
        """Whether every claim held in every round."""
        return all(one.holds for one in self.rounds) and not self.ends


async def hold(plan: Plan, tell: Tell) -> Outcome:
    """Hold the campaign. Raises `NoServer` or `NotServing` where the servers do not come up."""
    rounds: list[Round] = []
    ends: list[str] = []
    refusals: dict[str, int] = {}
    skipped = {fault.name: fault.unfit for fault in plan.faults if fault.unfit}
    for ground in Ground:
        faults = [fault for fault in plan.faults if fault.ground is ground and fault.name not in skipped]
        if not faults:
            continue
        tell(f"{ground}: the servers start")
        async with _ground(ground, plan) as scene:
            campaign = _Campaign(plan, scene, tell)
            rounds += await campaign.hold(faults)
            ends += await campaign.end()
            for code, number in scene.cluster.ledger.refusals.items():
                refusals[code] = refusals.get(code, 0) + number
    return Outcome(rounds=rounds, skipped=skipped, ends=ends, refusals=refusals)


@asynccontextmanager
async def _ground(ground: Ground, plan: Plan) -> AsyncGenerator[Scene]:
    with _folder() as folder:
        offset = folder / "offset"
        disk = SmallDisk(folder / "disk", SMALL_DISK_MB) if ground is Ground.SMALL_DISK else None
        peculiar: dict[int, Mapping[str, str]] = {}
        if ground is Ground.STEPPED_CLOCK:
            write_offset(offset, 0)
            peculiar = {STEPPED: stepped(offset)}
        if disk:
            disk.mount()
        cluster = Cluster(
            folder,
            data=(disk.folder if disk else folder) / "data",
            gateways=plan.gateways,
            settings=SETTINGS,
            peculiar=peculiar,
        )
        try:
            await cluster.open()
            load = await provide(cluster, plan.rates)
            screens = Screens(cluster.doors, load.tokens, plan.rates.screens)
            yield Scene(cluster=cluster, load=load, screens=screens, offset=offset, disk=disk)
        finally:
            await cluster.close()
            if disk:
                disk.unmount()


@contextmanager
def _folder() -> Generator[Path]:
    with TemporaryDirectory(prefix="nearside-faults-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as another user
        yield folder


class _Campaign:
    def __init__(self, plan: Plan, scene: Scene, tell: Tell) -> None:
        self._plan = plan
        self._scene = scene
        self._tell = tell
        self._cluster: Cluster = scene.cluster
        self._load: Load = scene.load
        self._proof = Proof(scene.cluster.database)
        self._keeper = Keeper(scene.cluster)
        self._tasks = Tasks()

    async def hold(self, faults: Sequence[Fault]) -> list[Round]:
        self._tasks.start(self._keeper.run())
        await self._scene.screens.open()
        await self._load.connect()
        return [await self._round(fault, turn) for fault in faults for turn in range(self._plan.times)]

    async def _round(self, fault: Fault, turn: int) -> Round:
        plan, scene, load = self._plan, self._scene, self._load
        self._say(fault, turn, "calm")
        self._keeper.start_anew()
        races, calls = load.rescues.people.races, load.rescues.called
        began_s = asyncio.get_running_loop().time()
        await load.start()
        await asyncio.sleep(plan.calm_s)
        self._say(fault, turn, "fault")
        load.measure()
        await fault.inject(scene, turn)
        await asyncio.sleep(fault.lasts_s)
        await fault.heal(scene, turn)
        self._say(fault, turn, "recovery")
        await self._cluster.until_ready()
        others = [] if await load.settled(RECOVERED_WITHIN_S) else ["the load was not taken any more"]
        await asyncio.sleep(plan.calm_s)
        await scene.screens.move_on()
        lasted_s = asyncio.get_running_loop().time() - began_s
        others += await load.stop(DRAINED_WITHIN_S)
        self._say(fault, turn, "proof")
        races, calls = load.rescues.people.races - races, load.rescues.called - calls
        found = await self._look(fault, others, races=races, calls=calls, lasted_s=lasted_s)
        self._say(fault, turn, "holds" if found.holds else f"FAILS, {found.lost} lost; {found.findings[:1]}")
        return found

    async def _look(self, fault: Fault, others: list[str], *, races: int, calls: int, lasted_s: float) -> Round:
        load, ledger = self._load, self._cluster.ledger
        found = await asyncio.to_thread(self._proof.look, load.senders, ledger.commands)
        differing = await self._scene.screens.differing()
        boards = await self._scene.screens.boards()
        differing += await asyncio.to_thread(self._proof.unlike_store, boards)
        people, most_mb = load.rescues.people, self._keeper.most_mb
        others += [*found.others, *self._told_twice(), *self._noted(), *load.failures]
        if most_mb > self._plan.memory_mb:
            others.append(f"a process took {most_mb:.0f} MB")
        won_twice = [*found.won_twice, *people.won_twice]
        people.won_twice.clear()
        return Round(
            fault=fault.name,
            fixes=found.fixes,
            commands=found.commands,
            cases=calls,
            races=races,
            lasted_s=lasted_s,
            lost=found.lost,
            won_twice=won_twice,
            screens=differing,
            others=others,
            fixes_stall_s=load.fixes.longest_s,
            commands_stall_s=load.commands.longest_s,
            most_mb=most_mb,
            after_mb=self._keeper.now_mb(),
        )

    async def end(self) -> list[str]:
        """Look at everything once more, fold the log anew, and stop."""
        self._tell("the whole store once more")
        found = await asyncio.to_thread(
            self._proof.look, self._load.senders, self._cluster.ledger.commands, everything=True
        )
        await self._load.close()
        await self._scene.screens.close()
        await self._tasks.stop()
        ended = await self._cluster.stop_gateways()
        db = Database(self._cluster.database)
        try:
            checks = await log_and_state(db)
        finally:
            await db.close()
        wrong = [f"{one.name}: {one.told}" for one in checks if not one.holds]
        return [*found.won_twice, *(found.others if found.lost else ()), *ended, *wrong]

    def _told_twice(self) -> list[str]:
        """Answers that no client should ever get."""
        faults = list(self._cluster.ledger.faults)
        self._cluster.ledger.faults.clear()
        return faults

    def _noted(self) -> list[str]:
        noted = [*self._keeper.ended, *self._scene.findings]
        self._keeper.ended.clear()
        self._scene.findings.clear()
        return noted

    def _say(self, fault: Fault, turn: int, step: str) -> None:
        self._tell(f"{fault.name} {turn + 1} of {self._plan.times}: {step}")
