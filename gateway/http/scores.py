"""The five KPIs, the score, and the cases behind each figure (K1-K12)."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from core.errors import NotFound
from dispatch import queries
from gateway.http.door import FiguresDoor, From, Limit, To, moment_from, read_answer
from gateway.http.paging import Cursor, page
from gateway.http.views import CountedView, FigureView, KpisView, ScoreView
from gateway.problems import documented
from gateway.roles import check_dealer
from gateway.standing import Standings, standings
from scoring import queries as scoring
from scoring.projection import catch_up
from scoring.vocabulary import DealerScore, Kpi, KpiValue

router = APIRouter(prefix="/scores", tags=["scores"])


@router.get("", summary="The dealers' scores", response_model=list[ScoreView], responses=documented(422, 503))
async def many(
    door: FiguresDoor,
    start: From = None,
    end: To = None,
    dealer: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Of the cases opened from `from` until before `to`. A dealer sees its own only."""
    user = door.user
    if user.of_dealer:
        check_dealer(user, dealer or user.dealer)
        dealer = user.dealer
    found = await standings(
        door.desk.db,
        door.service.rules.book.scoring,
        start=moment_from(start, "from"),
        end=moment_from(end, "to", end=True),
        dealer=dealer,
    )
    return read_answer(score_views(found))


@router.get(
    "/{dealer}/cases",
    summary="The cases behind a figure (K7)",
    response_model=list[CountedView],
    responses=documented(404, 422, 503),
)
async def behind(
    dealer: Annotated[str, Path(max_length=40)],
    door: FiguresDoor,
    request: Request,
    kpi: Kpi | None = None,
    start: From = None,
    end: To = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Response:
    """Each with the side of the fraction that it is on, and why."""
    check_dealer(door.user, dealer)
    await catch_up(door.desk.db)
    async with door.desk.db.read() as session:
        if await queries.dealer(session, dealer) is None:
            raise NotFound("no such dealer")
        cases, following = await scoring.cases_behind(
            session,
            dealer,
            kpi.value if kpi else "",
            start=moment_from(start, "from"),
            end=moment_from(end, "to", end=True),
            cursor=cursor,
            limit=limit,
        )
    shown = [
        CountedView(
            case=case.case_id,
            number=case.number,
            opened_at=case.opened_at,
            kpi=case.kpi.value,
            counted=case.counted.value,
            reason=case.reason.value,
            satisfaction=case.satisfaction_percent,
        )
        for case in cases
    ]
    return page(request, shown, following)


def score_views(found: Standings) -> list[ScoreView]:
    """One row for each dealer, as the public contract has it."""
    return [_score(score, found) for score in found.scores]


def _score(score: DealerScore, found: Standings) -> ScoreView:
    figures: dict[str, Any] = {kpi.value: figure_view(score.kpis[kpi]) for kpi in Kpi}
    return ScoreView(
        dealer=score.dealer,
        name=found.names.get(score.dealer, ""),
        cases=score.cases,
        score=score.score,
        provisional=score.provisional,
        kpis=KpisView(**figures),
        shares=shares_view(score),
        acceptance_rate=figure_view(score.acceptance),
        ranked=score.dealer in found.ranks,
        rank=found.ranks.get(score.dealer),
    )


def shares_view(score: DealerScore) -> dict[str, float]:
    """What each KPI counts in the score, by its name."""
    return {kpi.value: share for kpi, share in score.shares.items()}


def figure_view(value: KpiValue) -> FigureView:
    """A figure with the counts behind it."""
    return FigureView(value=value.value, numerator=value.numerator, denominator=value.denominator)
