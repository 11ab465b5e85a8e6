"""How a campaign's outcome is printed: a line for each fault, and under it whatever speaks against the service."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import msgspec
from rich.console import Group
from rich.table import Table
from rich.text import Text

from simulations.campaign.rounds import Outcome, Plan, Round

COLUMNS = ("fault", "times", "acknowledged", "lost", "two winners", "screens differing", "longest stall", "memory", "")


def as_json(outcome: Outcome, options: Mapping[str, Any], took_s: float) -> str:
    """One object: the options, every round, what was skipped."""
    told = {
        "faults": dict(options),
        "holds": outcome.holds,
        "took_s": round(took_s, 1),
        "rounds": [{**asdict(one), "holds": one.holds} for one in outcome.rounds],
        "skipped": dict(outcome.skipped),
        "ends": list(outcome.ends),
        "refusals": dict(outcome.refusals),
    }
    return msgspec.json.encode(told).decode()


def as_tables(outcome: Outcome, plan: Plan, took_s: float) -> Group:
    """One line a fault; green where every claim held."""
    asked = f"{plan.rates.fixes_per_s:g} fixes/s and {plan.rates.cases_per_s:g} cases/s"
    title = f"{plan.gateways} gateway processes, {asked} asked for, {took_s / 60:.0f} minutes"
    table = Table(*COLUMNS, title=title)
    notes = Table("fault", "what is done", "reached a second", "memory after each round, MB", box=None)
    for fault in plan.faults:
        rounds = [one for one in outcome.rounds if one.fault == fault.name]
        if fault.name in outcome.skipped:
            table.add_row(fault.name, "0", *("-" for _ in COLUMNS[3:]), "[yellow]skipped[/]")
            notes.add_row(fault.name, f"skipped: {outcome.skipped[fault.name]}", "", "")
        elif rounds:
            table.add_row(*_row(fault.name, rounds))
            notes.add_row(fault.name, fault.note, _rate(rounds), _memory(rounds))
    findings = [Text(f"{one.fault}: {finding}") for one in outcome.rounds for finding in one.findings]
    findings += [Text(f"at the end: {finding}") for finding in outcome.ends]
    refused = ", ".join(f"{code} {number}" for code, number in sorted(outcome.refusals.items()))
    return Group(table, notes, Text(f"refused: {refused or 'nothing'}"), *findings)


def _row(name: str, rounds: Sequence[Round]) -> list[str]:
    holds = all(one.holds for one in rounds)
    fixes, commands = sum(one.fixes for one in rounds), sum(one.commands for one in rounds)
    fixes_s, commands_s = max(one.fixes_stall_s for one in rounds), max(one.commands_stall_s for one in rounds)
    return [
        name,
        str(len(rounds)),
        f"{fixes:,} fixes\n{commands:,} commands",
        str(sum(one.lost for one in rounds)),
        f"{sum(len(one.won_twice) for one in rounds)}\nof {sum(one.races for one in rounds)} races",
        str(sum(bool(one.screens) for one in rounds)),
        f"{fixes_s:.1f} s\n{commands_s:.1f} s",
        f"{max(one.most_mb for one in rounds):.0f} MB",
        "[green]holds[/]" if holds else "[bold red]FAILS[/]",
    ]


def _rate(rounds: Sequence[Round]) -> str:
    lasted_s = sum(one.lasted_s for one in rounds)
    fixes, cases = sum(one.fixes for one in rounds), sum(one.cases for one in rounds)
    return f"{fixes / lasted_s:.0f} fixes, {cases / lasted_s:.1f} cases"


def _memory(rounds: Sequence[Round]) -> str:
    return ", ".join("/".join(f"{mb:.0f}" for mb in one.after_mb) for one in rounds)
