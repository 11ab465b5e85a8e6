"""One check of a rehearsal: what was to be shown, whether it was, and what speaks against it."""

from collections.abc import Iterable
from dataclasses import dataclass

SHOWN = 5
"""So many findings of one check are told; the rest are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`findings` speak against what `name` claims: none, and it holds. `scope` says over what it was looked at."""

    name: str
    scope: str
    findings: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.findings

    @property
    def told(self) -> str:
        """The scope, or the first findings."""
        if self.holds:
            return self.scope
        more = len(self.findings) - SHOWN
        return "; ".join(self.findings[:SHOWN]) + (f"; and {more} more" if more > 0 else "")


def check(name: str, scope: str, findings: Iterable[str]) -> Check:
    """A check with what was found against it."""
    return Check(name=name, scope=scope, findings=tuple(findings))
