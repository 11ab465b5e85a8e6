"""`nearside import`: dealers, vehicles and past cases, without a running server or beside one."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from core.settings import Settings
from dispatch.desk import Desk
from gateway.bootstrap import Service, build
from gateway.cli.say import err, out, progress_bar, run
from gateway.cli.tokenfile import token_file
from gateway.imports.batches import Stopped
from gateway.imports.cases import import_cases
from gateway.imports.dealers import import_dealers
from gateway.imports.report import Progress, Report
from gateway.imports.text import MissingColumns
from gateway.imports.vehicles import import_vehicles
from gateway.schema import prepare

ACTOR = "system"

File = Annotated[Path, typer.Argument(help="the file to read", exists=True, dir_okay=False, readable=True)]
AsJson = Annotated[bool, typer.Option("--json", help="print {imported, unchanged, rejected, findings} as JSON")]
Strict = Annotated[bool, typer.Option("--strict", help="exit with 1 when a line was rejected")]


def dealers(settings: Settings, file: File, as_json: AsJson = False, strict: Strict = False) -> None:
    """Import dealers from CSV.

    Columns: code,name,city_code,lat,lon,datum,phone,specialist_name,specialist_phone; optionally brands,region.
    Example: `nearside import dealers dealers.csv --json`
    """

    async def work(desk: Desk, raw: bytes, progress: Progress) -> Report:
        return await import_dealers(desk, raw, ACTOR, progress)

    _finish(_import(settings, file, work, as_json=as_json), as_json=as_json, strict=strict)


def vehicles(
    settings: Settings,
    file: File,
    as_json: AsJson = False,
    strict: Strict = False,
    tokens: Annotated[
        Path | None,
        typer.Option(
            help="write the new terminals' secret tokens to this new file, as terminal_id,token; "
            "of two lines of one terminal the later counts"
        ),
    ] = None,
) -> None:
    """Import vehicles and terminals from CSV.

    Columns: plate,kind,dealer,on_duty,terminal_id,protocol; optionally tools. The last three may be empty.
    Example: `nearside import vehicles vehicles.csv --tokens tokens.csv`
    """
    with token_file(tokens) if tokens else nullcontext() as tell:

        async def work(desk: Desk, raw: bytes, progress: Progress) -> Report:
            done = await import_vehicles(desk, raw, ACTOR, progress, tell=tell)
            if tell is None and done.tokens:
                err.print(
                    f"nearside: {len(done.tokens)} new terminals have no token yet: POST /terminals gives it, "
                    "as --tokens FILE would have",
                    style="yellow",
                    markup=False,
                )
            return done.report

        report = _import(settings, file, work, as_json=as_json)
    _finish(report, as_json=as_json, strict=strict)


def cases(settings: Settings, file: File, as_json: AsJson = False, strict: Strict = False) -> None:
    """Import past cases from JSON Lines; each passes the same rules as a live case.

    Example: `nearside import cases past.jsonl --json`
    """

    async def work(desk: Desk, raw: bytes, progress: Progress) -> Report:
        return await import_cases(desk, raw, ACTOR, progress)

    _finish(_import(settings, file, work, as_json=as_json), as_json=as_json, strict=strict)


def _import(settings: Settings, file: Path, work: Callable[[Desk, bytes, Progress], Any], *, as_json: bool) -> Report:
    """Do the work. Where it stops half-way, what was kept is told before the command ends."""
    raw = file.read_bytes()

    async def within() -> Report:
        async with opened(settings) as service:
            try:
                with progress_bar(file.name) as progress:
                    report: Report = await work(service.desk, raw, progress)
                    return report
            except Stopped as stopped:
                _tell(stopped.report, as_json=as_json)
                raise stopped.error from stopped

    return run(within(), database=settings.database, asked_wrongly=(MissingColumns,))


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[Service]:
    """The service on an up-to-date store, with the rules in force, and nothing of it at work."""
    service = build(settings, on_failure=_nobody_listens)
    try:
        await prepare(service.db)
        await service.rules.load()
        yield service
    finally:
        await service.db.close()


def _nobody_listens(_task: str) -> None:
    """No background task runs in a command."""


def _finish(report: Report, *, as_json: bool, strict: bool) -> None:
    _tell(report, as_json=as_json)
    if strict and report.rejected:
        raise typer.Exit(1)


def _tell(report: Report, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        for title, remarks, style in (("rejected", report.rejected, "red"), ("finding", report.findings, "yellow")):
            for remark in sorted(remarks, key=lambda one: one.line):
                err.print(f"line {remark.line}: {title}: {remark.code}: {remark.detail}", style=style, markup=False)
        out.print(
            f"imported {report.imported}, unchanged {report.unchanged}, rejected {len(report.rejected)}, "
            f"findings {len(report.findings)}",
            markup=False,
        )
