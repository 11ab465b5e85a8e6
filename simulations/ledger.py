"""What a rehearsal's clients were told: what was acknowledged must be true afterwards, and is checked against this."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Acked:
    """A command that was answered with success: an event of `kind` holding `match` must be in the case's timeline."""

    case_id: str
    kind: str
    match: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(slots=True, kw_only=True)
class FixBook:
    """One terminal's fixes: what was sent, acknowledged and refused, by their numbers."""

    plate: str
    sent: dict[int, datetime] = field(default_factory=dict[int, datetime])
    acked_up_to: int = 0
    refused: dict[int, str] = field(default_factory=dict[int, str])
    messages: int = 0
    resent: int = 0
    connects: int = 0

    def acked(self) -> dict[int, datetime]:
        """The acknowledged fixes: all up to the last ack, but those that were refused."""
        return {seq: time for seq, time in self.sent.items() if seq <= self.acked_up_to and seq not in self.refused}


@dataclass(slots=True, kw_only=True)
class Ledger:
    """Everything that all clients of one run noted."""

    calls: dict[str, str] = field(default_factory=dict[str, str])
    """The case's id by the reference in the note that opened it."""
    commands: list[Acked] = field(default_factory=list[Acked])
    fixes: dict[str, FixBook] = field(default_factory=dict[str, FixBook])
    requests: int = 0
    latencies_ms: dict[str, list[float]] = field(default_factory=lambda: {"reads": [], "writes": []})
    retries: int = 0
    replayed: int = 0
    """Answers that the service gave a second time, to a request it had already done."""
    refusals: Counter[str] = field(default_factory=Counter[str])
    faults: list[str] = field(default_factory=list[str])
    """Answers that no client should ever get: server errors, broken messages."""
    restarts: list[float] = field(default_factory=list[float])
    """For each kill, the wall seconds until the service was ready again."""

    def acked(self, kind: str, case_id: str, **match: Any) -> None:
        """Note a command that was answered with success."""
        self.commands.append(Acked(case_id=case_id, kind=kind, match=match))
