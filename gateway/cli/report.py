"""`nearside report weekly`: R13 as PDF or Excel, made from the store without a running server."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from core.settings import Settings
from dispatch import queries
from gateway.cli.importing import opened
from gateway.cli.say import fail, out, run
from gateway.http.reports import week_views
from gateway.scoresheet import headings, row
from gateway.sheets import write_sheet
from gateway.weekpaper import weekly_paper
from scoring.together import together
from scoring.weekly import is_week, make_weekly_report, report_weeks, weekly_report


class _Form(StrEnum):
    PDF = ".pdf"
    XLSX = ".xlsx"


def weekly(
    settings: Settings,
    week: Annotated[str, typer.Option(help="as 2026-W47; without it, the last one that is over")] = "",
    file: Annotated[Path | None, typer.Option("--out", help="FILE.pdf or FILE.xlsx; without it, WEEK.pdf")] = None,
) -> None:
    """Write the week's report: the network's five figures, and every dealer's with its rank.

    The last week that is over is made where nobody has made it yet.

    Example: `nearside report weekly --week 2026-W47 --out november.xlsx`
    """
    if week and not is_week(week):
        fail("--week: a week is named as 2026-W47", 2)
    if file is not None and file.suffix not in tuple(_Form):
        fail("--out: the file's name ends in .pdf or .xlsx", 2)
    name, content = run(_made(settings, week, file), database=settings.database)
    name.write_bytes(content)
    out.print(f"{name}", markup=False)


async def _made(settings: Settings, week: str, file: Path | None) -> tuple[Path, bytes]:
    async with opened(settings) as service:
        rules = service.rules.book.scoring
        async with service.db.write() as session:
            await make_weekly_report(session, service.clock.now(), rules.weights)
            weeks = await report_weeks(session)
        async with service.db.read() as session:
            report = await weekly_report(session, week or weeks[0])
            names = {dealer.code: dealer.name for dealer in await queries.dealers(session)}
    views = week_views(report, names, rules.min_cases_ranked)
    target = file or Path(f"{report.week}.pdf")
    if target.suffix == _Form.XLSX:
        return target, write_sheet(report.week, headings("zh"), [row(view) for view in views])
    return target, weekly_paper(report, together("", report.scores, rules.weights), views, "zh")
