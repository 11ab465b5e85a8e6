"""The network as the OEM reads it: its figures and trends, offers refused and why, late cases, coverage, exports."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from core.errors import Invalid, NotFound
from core.geo import parse_bbox
from core.hexagons import RESOLUTIONS, centre, outline
from core.places import Places
from dispatch import queries
from dispatch.heat import demand
from dispatch.promise import effective_promise
from dispatch.roster import Roster
from dispatch.vocabulary import Case, Offer, OfferStatus
from gateway.catalogue import Language, word
from gateway.faultwords import fault_word
from gateway.http.door import FiguresDoor, From, NetworkDoor, To, moment_from, read_answer, span_of
from gateway.http.scores import figure_view, score_views, shares_view
from gateway.http.views import FigureView, ScoreView, View
from gateway.masking import Sight, sight_of
from gateway.problems import documented, request_language
from gateway.roles import check_dealer
from gateway.scoresheet import figures_of, headings, row
from gateway.sheets import MEDIA_TYPE, write_sheet
from gateway.standing import standings
from scoring import queries as scoring
from scoring.projection import catch_up
from scoring.together import parts_of, span_before, together
from scoring.vocabulary import CountedCase, DealerScore, Kpi
from tracking.travel import reach_m
from tracking.vocabulary import VehicleKind

router = APIRouter(tags=["scores"])

USUAL = timedelta(days=30)
MOST_DAYS = 400
RING_MINUTES = (20, 45, 60)
MOST_CASES = 20_000
MOST_HEXAGONS = 5_000
"""More than a screen can show apart."""
_READ = documented(404, 422, 503)


class TrendView(View):
    """A figure in one part of the span."""

    start: datetime
    value: float | None
    denominator: int


class NetworkFigureView(FigureView):
    """A figure of the whole network, with its target where there is one, and its course over the span."""

    target: float | None
    trend: list[TrendView]


class DealerTrendView(View):
    """One dealer's score in one part of the span."""

    start: datetime
    score: float | None
    cases: int


class DealerFiguresView(ScoreView):
    """A dealer's score with where it belongs, its change against the span before, and its course."""

    region: str
    city_code: str
    city_name: str
    change: float | None
    trend: list[DealerTrendView]


class NetworkView(View):
    """The network's five KPIs and every dealer's, of the cases opened in the span."""

    start: datetime
    end: datetime
    cases: int
    score: float | None
    provisional: bool
    min_cases_ranked: int
    kpis: dict[str, NetworkFigureView]
    shares: dict[str, float]
    """What each KPI counts in the score, in percent; one that is not available counts nothing (K6)."""
    acceptance: NetworkFigureView
    dealers: list[DealerFiguresView]


class RefusedView(View):
    """An offer that was not taken, or given back: to whom, when, why, how near the dealer was.

    `attempt` counts the case's offers from 1; `rank` is among the dealers that were able then, which those that had
    refused before were not.
    """

    offer: str
    case: str
    number: str
    dealer: str
    dealer_name: str
    region: str
    at: datetime
    answer: Literal["declined", "expired", "given_up"]
    reason: str
    attempt: int
    rank: int | None
    lat: float
    lon: float


class LateView(View):
    """A case that a dealer reached after its promise, or not at all; the promise that counts, and its first arrival."""

    case: str
    number: str
    dealer: str
    promised_at: datetime
    arrived_at: datetime | None
    lat: float
    lon: float


class DemandView(View):
    """The cases of one hexagon of the H3 grid; the city is that of its middle, `ring` is its corners as [lon, lat]."""

    h3: str
    count: int
    city_name: str
    ring: list[tuple[float, float]]


class RingView(View):
    """How far a vehicle comes in so many minutes, by the estimate."""

    minutes: int
    radius_m: float


class CoverageView(View):
    """A dealer's vehicles and how far they reach in time."""

    dealer: str
    name: str
    region: str
    lat: float
    lon: float
    services: int
    tows: int
    on_duty: int
    rings: list[RingView]


@router.get("/network", summary="The network's figures", response_model=NetworkView, responses=_READ)
async def network(door: NetworkDoor, start: From = None, end: To = None) -> Response:
    """Of the cases opened in the span, by default the last 30 days; trends in eight equal parts."""
    since, until = _span(door, start, end)
    return read_answer(await _network(door, since, until))


def _span(door: FiguresDoor, start: str | None, end: str | None) -> tuple[datetime, datetime]:
    return span_of(start, end, door.desk.clock.now(), usual=USUAL, most_days=MOST_DAYS)


async def _network(door: NetworkDoor, since: datetime, until: datetime) -> NetworkView:
    service = door.service
    rules = service.rules.book.scoring
    weights = rules.weights
    found = await standings(door.desk.db, rules, start=since, end=until, dealer="")
    async with door.desk.db.read() as session:
        parts = [
            (begin, {one.dealer: one for one in part})
            for begin, finish in parts_of(since, until)
            for part in [await scoring.scores(session, weights=weights, start=begin, end=finish)]
        ]
        earlier, _ = span_before(since, until)
        past = await scoring.scores(session, weights=weights, start=earlier, end=since)
        before = {one.dealer: one for one in past}
        roster = await door.desk.roster.get(session)
    whole = together("", found.scores, weights)
    courses = [(begin, together("", scores.values(), weights)) for begin, scores in parts]
    targets = rules.targets
    return NetworkView(
        start=since,
        end=until,
        cases=whole.cases,
        score=whole.score,
        provisional=whole.provisional,
        min_cases_ranked=rules.min_cases_ranked,
        kpis={
            kpi.value: NetworkFigureView(
                **figure_view(whole.kpis[kpi]).model_dump(),
                target=targets.get(kpi.value),
                trend=[
                    TrendView(start=begin, value=one.kpis[kpi].value, denominator=one.kpis[kpi].denominator)
                    for begin, one in courses
                ],
            )
            for kpi in Kpi
        },
        shares=shares_view(whole),
        acceptance=NetworkFigureView(
            **figure_view(whole.acceptance).model_dump(),
            target=targets.get("acceptance"),
            trend=[
                TrendView(start=begin, value=one.acceptance.value, denominator=one.acceptance.denominator)
                for begin, one in courses
            ],
        ),
        dealers=[_dealer_view(door, view, roster, before, parts) for view in score_views(found)],
    )


def _dealer_view(
    door: NetworkDoor,
    view: ScoreView,
    roster: Roster,
    before: dict[str, DealerScore],
    parts: Sequence[tuple[datetime, dict[str, DealerScore]]],
) -> DealerFiguresView:
    dealer = roster.dealers.get(view.dealer)
    earlier = before[view.dealer].score if view.dealer in before else None
    code = dealer.city_code if dealer else ""
    return DealerFiguresView(
        **view.model_dump(),
        region=dealer.region if dealer else "",
        city_code=code,
        city_name=door.desk.places.city_name(code) or "",
        change=round(view.score - earlier, 2) if view.score is not None and earlier is not None else None,
        trend=[
            DealerTrendView(start=begin, score=one.score if one else None, cases=one.cases if one else 0)
            for begin, scores in parts
            for one in [scores.get(view.dealer)]
        ],
    )


async def _cases(door: NetworkDoor, since: datetime, until: datetime) -> list[Case]:
    async with door.desk.db.read() as session:
        found = await queries.opened_since(session, since, before=until, limit=MOST_CASES + 1)
    _check_count(len(found))
    return found


def _check_count(found: int, most: int = MOST_CASES) -> None:
    if found > most:
        raise Invalid(f"more than {most} cases: ask for a shorter span", field="from")


@router.get(
    "/network/refused", summary="Offers not taken, and why (R1)", response_model=list[RefusedView], responses=_READ
)
async def refused(
    door: NetworkDoor,
    start: From = None,
    end: To = None,
    dealer: Annotated[str, Query(max_length=40)] = "",
    region: Annotated[str, Query(max_length=80)] = "",
) -> Response:
    """Of the cases opened in the span, newest first."""
    return read_answer(await _refused(door, *_span(door, start, end), dealer, region))


async def _refused(door: NetworkDoor, since: datetime, until: datetime, dealer: str, region: str) -> list[RefusedView]:
    cases = await _cases(door, since, until)
    async with door.desk.db.read() as session:
        roster = await door.desk.roster.get(session)
    views = [
        view
        for case in cases
        for attempt, offer in enumerate(case.offers, start=1)
        if (view := _refusal(case, attempt, offer, sight_of(door.user, case), roster))
        and dealer in ("", view.dealer)
        and region in ("", view.region)
    ]
    return sorted(views, key=lambda view: view.at, reverse=True)


def _refusal(case: Case, attempt: int, offer: Offer, sight: Sight, roster: Roster) -> RefusedView | None:
    answer: Literal["declined", "expired", "given_up"]
    if offer.given_up_at:
        answer, at = "given_up", offer.given_up_at
    elif offer.status is OfferStatus.DECLINED:
        answer, at = "declined", offer.answered_at or offer.at
    elif offer.status is OfferStatus.EXPIRED:
        answer, at = "expired", offer.expires_at
    else:
        return None
    known = roster.dealers.get(offer.dealer)
    return RefusedView(
        offer=offer.id,
        case=case.id,
        number=case.number,
        dealer=offer.dealer,
        dealer_name=known.name if known else "",
        region=known.region if known else "",
        at=at,
        answer=answer,
        reason=sight.text(offer.reason),
        attempt=attempt,
        rank=offer.rank,
        lat=case.place.scene.lat,
        lon=case.place.scene.lon,
    )


@router.get("/network/late", summary="Cases reached too late (K3)", response_model=list[LateView], responses=_READ)
async def late(door: NetworkDoor, start: From = None, end: To = None) -> Response:
    """Of the cases opened in the span: after the promise that counts, or not at all."""
    now = door.desk.clock.now()
    cases = await _cases(door, *_span(door, start, end))
    return read_answer([view for case in cases for view in _late(case, now)])


def _late(case: Case, now: datetime) -> Iterator[LateView]:
    """K3, K8: by dealer, the first of its vehicles to arrive; none is late while its promise has not passed."""
    for dealer in dict.fromkeys(trip.dealer for trip in case.trips):
        promised_at = effective_promise(case, dealer)
        trips = [trip for trip in case.trips if trip.dealer == dealer]
        arrivals = [arrived_at for trip in trips if (arrived_at := trip.arrived_at or trip.reported_arrived_at)]
        waited_until = min(arrivals) if arrivals else max(trip.ended_at or now for trip in trips)
        if promised_at and waited_until > promised_at:
            yield LateView(
                case=case.id,
                number=case.number,
                dealer=dealer,
                promised_at=promised_at,
                arrived_at=min(arrivals, default=None),
                lat=case.place.scene.lat,
                lon=case.place.scene.lon,
            )


@router.get("/network/demand", summary="Where help was needed", response_model=list[DemandView], responses=_READ)
async def demand_map(
    door: NetworkDoor,
    bbox: Annotated[str, Query(max_length=120, description="west,south,east,north in degrees")],
    resolution: Annotated[
        int,
        Query(ge=RESOLUTIONS[0], le=RESOLUTIONS[-1], description="of the H3 grid: an edge of 69 km at 3, 530 m at 8"),
    ] = 6,
    start: From = None,
    end: To = None,
) -> Response:
    """The cases opened in the span by hexagons whose middle is in `bbox`, the most first, at most 5,000 hexagons."""
    box = parse_bbox(bbox)
    since, until = _span(door, start, end)
    async with door.desk.db.read(once=True) as session:
        found = await demand(session, resolution, box, since, until)
    # Beside the loop: to find the cities of thousands takes half a second.
    return read_answer(await asyncio.to_thread(_demand_views, found[:MOST_HEXAGONS], door.desk.places))


def _demand_views(found: Iterable[tuple[str, int]], places: Places) -> list[DemandView]:
    return [
        DemandView(
            h3=hexagon,
            count=count,
            city_name=places.look_up(centre(hexagon)).city_name or "",
            ring=[(round(corner.lon, 6), round(corner.lat, 6)) for corner in outline(hexagon)],
        )
        for hexagon, count in found
    ]


@router.get("/network/coverage", summary="Who reaches how far", response_model=list[CoverageView], responses=_READ)
async def coverage(door: NetworkDoor) -> Response:
    """Each dealer's vehicles, and how far they come in 20, 45 and 60 minutes by the estimate."""
    async with door.desk.db.read() as session:
        roster = await door.desk.roster.get(session)
    rings = [RingView(minutes=minutes, radius_m=round(reach_m(minutes * 60.0))) for minutes in RING_MINUTES]
    views: list[CoverageView] = []
    for dealer in roster.dealers.values():
        fleet = [vehicle for vehicle in roster.by_plate.values() if vehicle.dealer == dealer.code]
        views.append(
            CoverageView(
                dealer=dealer.code,
                name=dealer.name,
                region=dealer.region,
                lat=dealer.site.lat,
                lon=dealer.site.lon,
                services=sum(vehicle.kind is VehicleKind.SERVICE for vehicle in fleet),
                tows=sum(vehicle.kind is VehicleKind.TOW for vehicle in fleet),
                on_duty=sum(vehicle.on_duty for vehicle in fleet),
                rings=rings,
            )
        )
    return read_answer(views)


async def workbook(name: str, title: str, titles: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """A file for Excel. It is made beside the loop, `rows` too where they come one by one: many take seconds."""

    def made() -> bytes:
        return write_sheet(title, titles, list(rows))

    headers = {"Content-Disposition": f'attachment; filename="{name}.xlsx"'}
    return Response(await asyncio.to_thread(made), media_type=MEDIA_TYPE, headers=headers)


@router.get("/exports/scores.xlsx", summary="The scores for Excel", responses=_READ, response_class=Response)
async def scores_sheet(door: NetworkDoor, request: Request, start: From = None, end: To = None) -> Response:
    """With region, change and rank, and what each figure is counted of."""
    language = request_language(request)
    found = await _network(door, *_span(door, start, end))
    titles = [*headings(language), word("score.region", language), word("score.change", language)]
    of = word("score.denominator", language)
    counts = [f"{word(f'kpi.{name}', language)}: {of}" for name in (*Kpi, "acceptance")]
    rows = (
        [*row(view), view.region, view.change, *(figure.denominator for figure in figures_of(view))]
        for view in found.dealers
    )
    return await workbook("scores", word("score.score", language), [*titles, *counts], rows)


@router.get("/exports/refused.xlsx", summary="Refused offers for Excel", responses=_READ, response_class=Response)
async def refused_sheet(door: NetworkDoor, request: Request, start: From = None, end: To = None) -> Response:
    """As `/network/refused` tells them."""
    language = request_language(request)
    found = await _refused(door, *_span(door, start, end), "", "")
    columns = ("at", "number", "dealer", "name", "region", "attempt", "rank", "answer", "reason")
    titles = [word(f"refused.{name}", language) for name in columns]
    rows = (
        [
            view.at,
            view.number,
            view.dealer,
            view.dealer_name,
            view.region,
            view.attempt,
            view.rank,
            word(f"refused.{view.answer}", language),
            view.reason,
        ]
        for view in found
    )
    return await workbook("refused", word("refused.title", language), titles, rows)


@router.get("/exports/cases.xlsx", summary="Cases for Excel", responses=_READ, response_class=Response)
async def cases_sheet(door: NetworkDoor, request: Request, start: From = None, end: To = None) -> Response:
    """Those opened in the span; personal data as the role may see it."""
    language = request_language(request)
    cases = await _cases(door, *_span(door, start, end))
    titles = [
        word(f"sheet_case.{name}", language)
        for name in ("number", "opened", "status", "channel", "fault", "plate", "city", "dealer", "vehicle")
    ]
    titles += [word(f"sheet_case.{name}", language) for name in ("promised", "arrived", "ended", "satisfaction")]
    rows = (_case_row(door, case, language) for case in cases)
    return await workbook("cases", word("page.board", language), titles, rows)


def _case_row(door: NetworkDoor, case: Case, language: Language) -> list[Any]:
    sight = sight_of(door.user, case)
    trip = case.trips[-1] if case.trips else None
    return [
        case.number,
        case.opened_at,
        word(f"case.status.{case.status}", language),
        word(f"channel.{case.channel}", language),
        fault_word(door.desk.rules.faults, case.fault, language),
        sight.plate(case.car.plate),
        (door.desk.places.city_name(case.city_code) or "") if case.city_code else "",
        case.dealer,
        trip.plate if trip else "",
        effective_promise(case, trip.dealer) if trip else None,
        trip.arrived_at if trip else None,
        case.ended_at,
        case.satisfaction,
    ]


@router.get(
    "/exports/drilldown.xlsx", summary="Cases behind figures, for Excel", responses=_READ, response_class=Response
)
async def drilldown_sheet(
    door: FiguresDoor,
    request: Request,
    dealer: Annotated[str, Query(min_length=1, max_length=40)],
    kpi: Kpi | None = None,
    start: From = None,
    end: To = None,
) -> Response:
    """Every case of the dealer's figures, the excluded ones too, with the reason (K7)."""
    check_dealer(door.user, dealer)
    language = request_language(request)
    await catch_up(door.desk.db)
    found: list[CountedCase] = []
    cursor = ""
    per_case = 1 if kpi else len(Kpi)
    most = MOST_CASES // per_case  # so that it is rows of which there are no more
    async with door.desk.db.read() as session:
        if await queries.dealer(session, dealer) is None:
            raise NotFound("no such dealer", field="dealer")
        while True:
            counted, cursor = await scoring.cases_behind(
                session,
                dealer,
                kpi.value if kpi else "",
                start=moment_from(start, "from"),
                end=moment_from(end, "to", end=True),
                cursor=cursor,
                limit=200,
            )
            found += counted
            _check_count(len(found) // per_case, most)
            if not cursor:
                break
    rows = (
        [
            one.number,
            one.opened_at,
            word(f"kpi.{one.kpi}", language),
            word(f"counted.{one.counted}", language),
            word(f"score_reason.{one.reason}", language),
            one.satisfaction_percent,
        ]
        for one in found
    )
    columns = ("number", "opened", "kpi", "counted", "why", "satisfaction")
    titles = [word(f"sheet_case.{name}", language) for name in columns]
    return await workbook(f"drilldown-{dealer}", dealer, titles, rows)
