"""How a rehearsal's report is printed: two tables for people, one object for programs."""

from collections.abc import Mapping
from typing import Any, cast

import msgspec
from rich.console import Group
from rich.table import Table

from simulations.rehearsal import Report


def as_json(report: Report, options: Mapping[str, Any]) -> str:
    """One object: the options, every check with what speaks against it, the figures."""
    told = {
        "replay": dict(options),
        "origin": report.origin,
        "holds": report.holds,
        "checks": [{"name": one.name, "holds": one.holds, "told": one.told} for one in report.checks],
        "figures": report.figures,
        "import_findings": list(report.rejected),
    }
    return msgspec.json.format(msgspec.json.encode(told)).decode()


def as_tables(report: Report) -> Group:
    """The figures, then the checks: green where they hold."""
    measured = Table("figure", "value", title="the day")
    for name, value in _rows(report.figures):
        measured.add_row(name, value)
    shown = Table("check", "", "over", title="checks")
    for one in report.checks:
        mark = "[green]holds[/]" if one.holds else "[bold red]FAILS[/]"
        shown.add_row(one.name, mark, one.told)
    return Group(measured, shown)


def _rows(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, _text(value)) for name, value in figures.items()]


def _text(value: Any) -> str:
    if isinstance(value, dict):
        parts = cast(dict[str, Any], value).items()
        return ", ".join(f"{name} {_text(part)}" for name, part in parts if part not in ({}, []))
    return "-" if value is None else str(value)
