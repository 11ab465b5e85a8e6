"""R13: the weekly reports, as they were made."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from core.errors import Invalid
from dispatch import queries
from gateway.http.door import NetworkDoor, read_answer
from gateway.http.network import workbook
from gateway.http.scores import score_views
from gateway.http.views import ScoreView, View
from gateway.paper import MEDIA_TYPE
from gateway.problems import documented, request_language
from gateway.scoresheet import headings, row
from gateway.standing import Standings
from gateway.weekpaper import weekly_paper
from scoring.score import ranking
from scoring.together import together
from scoring.weekly import WeeklyReport, is_week, report_weeks, weekly_report

_FILE = documented(404, 422, 503)

router = APIRouter(prefix="/reports/weekly", tags=["scores"])


class WeeklyReportView(View):
    """The scores of the cases opened from `start` until before `end`, as they stood when the week was over."""

    week: str
    start: datetime
    end: datetime
    made_at: datetime
    scores: list[ScoreView]


@router.get("", summary="The weeks that have a report (R13)", response_model=list[str], responses=documented(503))
async def weeks(door: NetworkDoor) -> Response:
    """Newest first, as ISO 8601 names them. A report is made each Monday for the week before."""
    async with door.desk.db.read() as session:
        return read_answer(await report_weeks(session))


WeekPath = Annotated[str, Path(max_length=10, examples=["2026-W47"])]


async def _week(door: NetworkDoor, week: str) -> tuple[WeeklyReport, list[ScoreView]]:
    if not is_week(week):
        raise Invalid("a week is named as 2026-W47", field="week")
    async with door.desk.db.read() as session:
        report = await weekly_report(session, week)
        names = {dealer.code: dealer.name for dealer in await queries.dealers(session)}
    return report, week_views(report, names, door.service.rules.book.scoring.min_cases_ranked)


def week_views(report: WeeklyReport, names: Mapping[str, str], min_cases: int) -> list[ScoreView]:
    """The report's scores as they are shown, ranked (K12)."""
    places = ranking(report.scores, min_cases=min_cases).places
    found = Standings(scores=report.scores, names=names, ranks={place.dealer: place.rank for place in places})
    return score_views(found)


@router.get(
    "/{week}", summary="One week's report (R13)", response_model=WeeklyReportView, responses=documented(404, 422, 503)
)
async def one(week: WeekPath, door: NetworkDoor) -> Response:
    """What came in later, a survey or a late upload, is in `/scores`, not in here."""
    report, views = await _week(door, week)
    return read_answer(
        WeeklyReportView(week=report.week, start=report.start, end=report.end, made_at=report.made_at, scores=views)
    )


@router.get("/{week}/paper.pdf", summary="R13 on paper", responses=_FILE, response_class=Response)
async def paper(week: WeekPath, door: NetworkDoor, request: Request) -> Response:
    """The network's figures and each dealer's, as they stood when the week was over."""
    report, views = await _week(door, week)
    whole = together("", report.scores, door.service.rules.book.scoring.weights)
    body = await asyncio.to_thread(weekly_paper, report, whole, views, request_language(request))
    headers = {"Content-Disposition": f'inline; filename="{week}.pdf"'}
    return Response(body, media_type=MEDIA_TYPE, headers=headers)


@router.get("/{week}/sheet.xlsx", summary="R13 for Excel", responses=_FILE, response_class=Response)
async def sheet(week: WeekPath, door: NetworkDoor, request: Request) -> Response:
    """The same as a table."""
    _report, views = await _week(door, week)
    return await workbook(week, week, headings(request_language(request)), [row(view) for view in views])
