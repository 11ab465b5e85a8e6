"""R13: the weekly reports, as they were made."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from core.errors import Invalid
from dispatch import queries
from gateway.http.door import NetworkDoor, read_answer
from gateway.http.network import week_views
from gateway.http.views import ScoreView, View
from gateway.problems import documented
from scoring.weekly import is_week, report_weeks, weekly_report

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


@router.get(
    "/{week}", summary="One week's report (R13)", response_model=WeeklyReportView, responses=documented(404, 422, 503)
)
async def one(week: Annotated[str, Path(max_length=10, examples=["2026-W47"])], door: NetworkDoor) -> Response:
    """What came in later, a survey or a late upload, is in `/scores`, not in here."""
    if not is_week(week):
        raise Invalid("a week is named as 2026-W47", field="week")
    async with door.desk.db.read() as session:
        report = await weekly_report(session, week)
        names = {dealer.code: dealer.name for dealer in await queries.dealers(session)}
    return read_answer(
        WeeklyReportView(
            week=report.week,
            start=report.start,
            end=report.end,
            made_at=report.made_at,
            scores=week_views(report, names, door.service.rules.book.scoring.min_cases_ranked),
        )
    )
