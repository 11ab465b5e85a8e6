"""Looks after the gateway processes: how much memory each takes, and which of them ended by itself."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from simulations.campaign.cluster import Cluster

LOOK_S = 0.5
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1024 / 1024


@dataclass(slots=True, kw_only=True)
class Memory:
    """Resident memory of one process, in megabytes: now, and the most of a round."""

    pid: int
    last_mb: float
    most_mb: float


class Keeper:
    """Started beside the load. A process that ended by itself is noted and started again."""

    def __init__(self, cluster: Cluster) -> None:
        self.ended: list[str] = []
        self._cluster = cluster
        self._memory: dict[int, Memory] = {}

    @property
    def most_mb(self) -> float:
        """The most that any process ever took."""
        return max((one.most_mb for one in self._memory.values()), default=0.0)

    def now_mb(self) -> list[float]:
        """What each living process takes now."""
        self._measure()
        pids = {gateway.pid for gateway in self._cluster.gateways}
        return [one.last_mb for one in self._memory.values() if one.pid in pids]

    def start_anew(self) -> None:
        """Forget the most that was taken up to now."""
        self._memory.clear()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self._measure()
            for number, words in self._cluster.fallen().items():
                self.ended.append(f"gateway {number} ended by itself: {words}")
                self._cluster.revive(number)
            await asyncio.sleep(LOOK_S)

    def _measure(self) -> None:
        for gateway in self._cluster.gateways:
            pid = gateway.pid
            taken_mb = None if pid is None else _resident_mb(pid)
            if pid is None or taken_mb is None:
                continue
            known = self._memory.setdefault(pid, Memory(pid=pid, last_mb=taken_mb, most_mb=taken_mb))
            known.last_mb = taken_mb
            known.most_mb = max(known.most_mb, taken_mb)


def _resident_mb(pid: int) -> float | None:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_MB
    except (OSError, IndexError):
        return None  # it has just ended
