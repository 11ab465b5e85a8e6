"""`nearside scores`: the five KPIs and the score, as JSON, a table or an Excel sheet."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from core.errors import Invalid
from core.settings import Settings
from gateway.catalogue import word
from gateway.cli.importing import opened
from gateway.cli.say import fail, out, run
from gateway.http.door import encoded, moment_from
from gateway.http.scores import score_views
from gateway.http.views import ScoreView
from gateway.scoresheet import figures_of, headings, row
from gateway.sheets import write_sheet
from gateway.standing import standings


class Format(StrEnum):
    """How the scores are written."""

    JSON = "json"
    TABLE = "table"
    XLSX = "xlsx"


def scores(
    settings: Settings,
    dealer: Annotated[str, typer.Option(help="this dealer only")] = "",
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="RFC 3339 time or date")] = "",
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="RFC 3339 time, or date, inclusive")] = "",
    form: Annotated[Format, typer.Option("--format", help="how to write them")] = Format.TABLE,
    file: Annotated[Path | None, typer.Option("--out", help="write to this file")] = None,
) -> None:
    """Print the dealers' KPIs and scores, of the cases opened in a span of time; dates are China Standard Time.

    Examples: `nearside scores --format json` · `nearside scores --from 2026-11-01 --to 2026-11-30 --format xlsx --out
    november.xlsx`
    """
    if form is Format.XLSX and file is None and sys.stdout.isatty():
        fail("an Excel sheet needs --out FILE, or standard output led elsewhere", 2)
    try:
        span = (moment_from(start, "from"), moment_from(end, "to", end=True))
    except Invalid as error:
        fail(f"--{error.field}: {error.detail}", 2)
    views = run(_read(settings, dealer, *span), database=settings.database)
    if form is Format.TABLE and file is None:
        out.print(_table(views))
        return
    content = {Format.JSON: _json, Format.XLSX: _sheet, Format.TABLE: _text}[form](views)
    if file is not None:
        file.write_bytes(content)
    else:
        typer.echo(content, nl=form is not Format.XLSX)


async def _read(settings: Settings, dealer: str, start: Any, end: Any) -> list[ScoreView]:
    async with opened(settings) as service:
        found = await standings(service.db, service.rules.book.scoring, start=start, end=end, dealer=dealer)
    return score_views(found)


def _json(views: list[ScoreView]) -> bytes:
    return encoded(list(views))


def _text(views: list[ScoreView]) -> bytes:
    with out.capture() as captured:
        out.print(_table(views))
    return captured.get().encode()


def _table(views: list[ScoreView]) -> Table:
    table = Table(*(title for title in headings("zh") if title != word("score.name")))
    for view in views:
        table.add_row(
            str(view.rank or "–"),
            f"{view.dealer} {view.name}".strip(),
            str(view.cases),
            _shown(view.score),
            "✓" if view.provisional else "",
            *(f"{_shown(one.value)} ({one.numerator}/{one.denominator})" for one in figures_of(view)),
        )
    return table


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _sheet(views: list[ScoreView]) -> bytes:
    return write_sheet(word("score.score"), headings("zh"), [row(view) for view in views])
