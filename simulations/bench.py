"""What every benchmark shares: its one printed form, what machine it ran on, and processor time by process."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_AFTER_NAME = {"utime": 11, "stime": 12}
"""Fields of /proc/PID/stat, counted from the one after the process's name, which may hold blanks itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One measured figure. A ratio is against a peer that ran in the same call; `facts` go beside it as they are."""

    name: str
    value: float
    unit: str
    ratios: Mapping[str, float] = field(default_factory=dict[str, float])
    facts: Mapping[str, float] = field(default_factory=dict[str, float])


def machine(**more: Any) -> dict[str, Any]:
    """What the figures depend on."""
    return {"cpus": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version(), **more}


def report(bench: str, machine_facts: Mapping[str, Any], results: Sequence[Result]) -> str:
    """The one object that a benchmark prints, as JSON on one line."""
    rows = [
        {
            "name": one.name,
            "value": round(one.value, 2),
            "unit": one.unit,
            "ratios": {peer: round(ratio, 2) for peer, ratio in one.ratios.items()},
            **{name: round(fact, 2) for name, fact in one.facts.items()},
        }
        for one in results
    ]
    return json.dumps({"bench": bench, "machine": machine_facts, "results": rows})


def table(results: Sequence[Result]) -> str:
    """The same for people."""
    lines: list[str] = []
    for one in results:
        beside = [f"{peer} {ratio:.2f}x" for peer, ratio in one.ratios.items()]
        beside += [f"{name} {fact:,.1f}" for name, fact in one.facts.items()]
        lines.append(f"{one.name:22} {one.value:12,.1f} {one.unit:14} {'  '.join(beside)}".rstrip())
    return "\n".join(lines)


def cpu_s(pid: int) -> float:
    """Processor seconds that a process has used, all its threads, its own and the system's on its behalf."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(fields[at]) for at in _AFTER_NAME.values()) / _TICKS_PER_S


def pin(pid: int, processor: int) -> None:
    """Keep a process, and what it starts from now on, on one processor; a `pid` of 0 is this process."""
    os.sched_setaffinity(pid, {processor})
