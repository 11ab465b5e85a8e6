"""What became of a file's lines."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from core.errors import NearsideError

Progress = Callable[[int, int], None]
"""Told how many lines are done, of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something to say of one line; lines count from 1, the heading included."""

    line: int
    code: str
    detail: str


@dataclass(slots=True, kw_only=True)
class Report:
    """Every line is imported, unchanged or rejected; findings do not stop a line."""

    imported: int = 0
    unchanged: int = 0
    rejected: list[Remark] = field(default_factory=list[Remark])
    findings: list[Remark] = field(default_factory=list[Remark])

    def reject(self, line: int, error: NearsideError) -> None:
        """The line is not kept, by this error."""
        detail = f"{error.rule}: {error.detail}" if error.rule and error.rule not in error.detail else error.detail
        self.rejected.append(
            Remark(line=line, code=error.code, detail=f"{error.field}: {detail}" if error.field else detail)
        )

    def find(self, line: int, code: str, detail: str) -> None:
        """The line is kept, but somebody should look."""
        self.findings.append(Remark(line=line, code=code, detail=detail))

    def count(self, *, new: bool) -> None:
        """The line was kept, or was there already."""
        if new:
            self.imported += 1
        else:
            self.unchanged += 1

    def add(self, other: "Report") -> None:
        """Tell of the other's lines too."""
        self.imported += other.imported
        self.unchanged += other.unchanged
        self.rejected += other.rejected
        self.findings += other.findings

    def as_json(self) -> dict[str, Any]:
        """As the public contract has it, remarks in the order of lines."""
        return {
            "imported": self.imported,
            "unchanged": self.unchanged,
            "rejected": _listed(self.rejected),
            "findings": _listed(self.findings),
        }


def _listed(remarks: list[Remark]) -> list[dict[str, Any]]:
    ordered = sorted(remarks, key=lambda remark: remark.line)
    return [{"line": one.line, "code": one.code, "detail": one.detail} for one in ordered]
