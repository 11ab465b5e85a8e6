"""The motorist's door: a link instead of a sign-in, one case and nothing else. And the desk's way to make links."""

import asyncio
import re
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from limits import RateLimitItemPerMinute
from pydantic import Field
from starlette.responses import Response

from core.datum import Datum
from core.errors import IllegalTransition, NotFound, TooManyRequests
from core.geo import distance_m
from dispatch import queries, service
from dispatch.desk import Act
from dispatch.opening import to_position
from dispatch.vocabulary import CancelledBy, Case, CaseStatus, Trip
from dispatch.wayside import BEFORE_ARRIVAL, Standing, advice_of, arrival_of, standing_of
from gateway import links
from gateway.bootstrap import Service
from gateway.faultwords import fault_word
from gateway.http.door import AnyDoor, CacDoor, read_answer, service_of
from gateway.http.fields import Body, Coordinate, FilledText, Line, Number, Text, Whole
from gateway.http.views import View
from gateway.links import MotoristLink
from gateway.masking import Sight, sight_of
from gateway.paper import MEDIA_TYPE
from gateway.problems import documented, request_language
from gateway.record import rescue_record
from gateway.roles import check_reads
from tracking.vocabulary import VehicleKind

router = APIRouter(tags=["motorist"])

ATTEMPTS = RateLimitItemPerMinute(30)
"""So many links that do not exist may one client ask for."""
_WRITES = RateLimitItemPerMinute(30)
_READ = documented(404, 429, 503)
_WRITE = documented(400, 404, 409, 422, 429, 503)
TokenPath = Annotated[str, Path(max_length=64, description="the link's secret")]


class LinkIn(Body):
    """A link for a case, or, without one, to ask a phone where it is."""

    case: Annotated[Line, Field(max_length=64)] = ""


class LinkView(View):
    """A link; its address is told only now."""

    id: str
    url: str


class SaidPositionView(View):
    """Where the phone said that it was, WGS-84."""

    lat: float
    lon: float
    accuracy_m: float | None
    at: datetime


class LinkStateView(View):
    """What became of a link."""

    id: str
    case: str | None
    opened_at: datetime | None
    position: SaidPositionView | None


class PlaceView(View):
    """Where the car stands."""

    lat: float
    lon: float
    address: str


class WhoComesView(View):
    """The dealer that has the case."""

    dealer_name: str
    dealer_phone: str


class VehicleComingView(View):
    """The vehicle that comes; a position only while it is on its way."""

    plate: str
    kind: VehicleKind
    lat: float | None
    lon: float | None
    course_deg: float | None
    fix_time: datetime | None


class ArrivalView(View):
    """Between which moments help arrives: by the vehicle's own fixes, or as promised."""

    start: datetime
    end: datetime
    source: Literal["gps", "promise"]


class MotoristView(View):
    """All that the page at the kerb shows."""

    state: Standing
    number: str
    opened_at: datetime | None
    scene: PlaceView | None
    fault: str
    service: WhoComesView | None
    vehicle: VehicleComingView | None
    driver: str
    arrival: ArrivalView | None
    distance_m: float | None
    advice: list[str]
    hotline: str
    can_cancel: bool
    survey_open: bool
    satisfaction: int | None
    has_record: bool
    now: datetime


class PositionIn(Body):
    """Where the phone is."""

    lat: Coordinate
    lon: Coordinate
    accuracy_m: Annotated[Number, Field(ge=0, le=1_000_000)] | None = None
    datum: Datum = Datum.WGS84


class CancelIn(Body):
    """Why no help is needed any more."""

    reason: FilledText


class SurveyIn(Body):
    """How it was (K11)."""

    satisfaction: Annotated[Whole, Field(ge=0, le=100)]
    comment: Text = ""


@router.post("/links", summary="Make a link for a motorist", status_code=201, response_model=LinkView, responses=_WRITE)
async def make(door: CacDoor, body: LinkIn | None = None) -> Response:
    """To follow a case; or, without one, to learn where the phone is before the case is opened."""
    case_id = body.case if body else ""

    async def work(act: Act) -> LinkView:
        if case_id:
            await queries.get_case(act.session, case_id)
        link, token = await links.add_link(act.session, case_id=case_id, by=door.user.name, at=act.now)
        return LinkView(id=link.id, url=f"/m/{token}")

    return await door.write(work, 201)


@router.get("/links/{link_id}", summary="What became of a link", response_model=LinkStateView, responses=_READ)
async def state(link_id: Annotated[str, Path(max_length=64)], door: CacDoor) -> Response:
    """Whether the page was opened, and where the phone said that it was."""
    async with door.desk.db.read() as session:
        link = await links.link(session, link_id)
    return read_answer(
        LinkStateView(id=link.id, case=link.case_id or None, opened_at=link.opened_at, position=_said(link))
    )


def _said(link: MotoristLink) -> SaidPositionView | None:
    if link.lat is None or link.lon is None or link.positioned_at is None:
        return None
    return SaidPositionView(lat=link.lat, lon=link.lon, accuracy_m=link.accuracy_m, at=link.positioned_at)


def _client(request: Request) -> str:
    return request.client.host if request.client else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Somebody who came by a link: the link, its case if it has one, and when that was looked at."""

    service: Service
    link: MotoristLink
    case: Case | None
    now: datetime

    def act(self) -> AbstractAsyncContextManager[Act]:
        """One write of this visitor."""
        return self.service.desk.act(f"motorist:{self.link.id}")

    def known_case(self) -> Case:
        """The case. Raises `IllegalTransition` before there is one."""
        if self.case is None:
            raise IllegalTransition("there is no case yet")
        return self.case


async def _visit(request: Request, token: str) -> Visit:
    """The link and its case. Unknown ones are counted, so that nobody tries them all."""
    service = service_of(request)
    now = service.desk.clock.now()
    days = service.rules.book.retention.motorist_link_days
    async with service.db.read() as session:
        try:
            link = await links.link_of(session, token)
            case = await queries.get_case(session, link.case_id) if link.case_id else None
            links.check_alive(link, case.ended_at if case else None, now, days=days)
        except NotFound:
            # Only for what is not there: many people share an address, and an old page must not shut the others out.
            if not service.visits.hit(ATTEMPTS, _client(request)):
                raise TooManyRequests("too many links that do not exist; wait a minute") from None
            raise
    return Visit(service=service, link=link, case=case, now=now)


@router.get("/motorist/{token}", summary="Where help is", response_model=MotoristView, responses=_READ)
async def look(token: TokenPath, request: Request) -> Response:
    """This one case, as its motorist may see it."""
    visit = await _visit(request, token)
    if visit.link.opened_at is None:
        async with visit.act() as act:
            (await links.link(act.session, visit.link.id, lock=True)).opened_at = visit.now
    return read_answer(await _view(visit, visit.case))


async def _view(visit: Visit, case: Case | None) -> MotoristView:
    service, now = visit.service, visit.now
    hotline = service.settings.hotline
    if case is None:
        return _nothing_yet(visit.link, hotline, now)
    trip = case.active_trip
    live = service.live.get(trip.plate) if trip and trip.arrived_at is None else None
    async with service.db.read() as session:
        dealer = await queries.dealer(session, case.dealer) if case.dealer and (trip or case.completed_by) else None
    band = arrival_of(case, live.position if live else None, live.fix_time if live else None, now)
    standing = standing_of(case)
    scene = case.place.scene
    return MotoristView(
        state=standing,
        number=case.number,
        opened_at=case.opened_at,
        scene=PlaceView(lat=scene.lat, lon=scene.lon, address=case.place.address),
        fault=case.fault,
        service=WhoComesView(dealer_name=dealer.name, dealer_phone=dealer.phone) if dealer else None,
        vehicle=VehicleComingView(
            plate=trip.plate,
            kind=trip.kind,
            lat=live.position.lat if live else None,
            lon=live.position.lon if live else None,
            course_deg=live.course_deg if live else None,
            fix_time=live.fix_time if live else None,
        )
        if trip
        else None,
        driver=trip.driver.name[:1] if trip else "",
        arrival=ArrivalView(start=band.start, end=band.end, source="gps" if band.measured else "promise")
        if band
        else None,
        distance_m=round(distance_m(live.position, scene), 0) if live else None,
        advice=list(advice_of(case)) if standing in BEFORE_ARRIVAL else [],
        hotline=hotline,
        can_cancel=standing in BEFORE_ARRIVAL,
        survey_open=case.status is CaseStatus.COMPLETED,
        satisfaction=case.satisfaction,
        has_record=_has_record(case),
        now=now,
    )


def _nothing_yet(link: MotoristLink, hotline: str, now: datetime) -> MotoristView:
    return MotoristView(
        state=Standing.LOCATING if link.lat is None else Standing.LOCATED,
        number="",
        opened_at=None,
        scene=None,
        fault="",
        service=None,
        vehicle=None,
        driver="",
        arrival=None,
        distance_m=None,
        advice=["hazard_lights", "off_the_road"],
        hotline=hotline,
        can_cancel=False,
        survey_open=False,
        satisfaction=None,
        has_record=False,
        now=now,
    )


def _has_record(case: Case) -> bool:
    """A rescue that succeeded with a vehicle: what was solved by phone has nothing to sign (R20)."""
    return case.status in (CaseStatus.COMPLETED, CaseStatus.CLOSED) and bool(case.trips)


def _check_pace(request: Request, token: str, what: str = "write") -> None:
    if not service_of(request).visits.hit(_WRITES, what, _client(request), token):
        raise TooManyRequests("too many attempts; wait a minute")


@router.post("/motorist/{token}/position", summary="Here I am", response_model=MotoristView, responses=_WRITE)
async def here(token: TokenPath, body: PositionIn, request: Request) -> Response:
    """Where the phone is. A dispatcher sees it beside the place on record, which it does not change (R22)."""
    _check_pace(request, token)
    place = to_position(body.lat, body.lon, body.datum)
    service_of(request).places.assess(place)
    visit = await _visit(request, token)
    async with visit.act() as act:
        kept = await links.link(act.session, visit.link.id, lock=True)
        kept.lat, kept.lon, kept.accuracy_m, kept.positioned_at = place.lat, place.lon, body.accuracy_m, visit.now
        kept.opened_at = kept.opened_at or visit.now
    return read_answer(await _view(visit, visit.case))


@router.post("/motorist/{token}/cancel", summary="No help needed", response_model=MotoristView, responses=_WRITE)
async def cancel(token: TokenPath, body: CancelIn, request: Request) -> Response:
    """By the customer (K2); cancelled before, it is cancelled still."""
    _check_pace(request, token)
    visit = await _visit(request, token)
    known = visit.known_case()
    async with visit.act() as act:
        case = await queries.get_case(act.session, known.id, lock=True)
        if case.status is not CaseStatus.CANCELLED:
            if standing_of(case) not in BEFORE_ARRIVAL:
                raise IllegalTransition("help is there already: tell the crew, or call us")
            desk = visit.service.desk
            case = await service.cancel_case(desk, act, case.id, by=CancelledBy.CUSTOMER, reason=body.reason)
    return read_answer(await _view(visit, case))


@router.post("/motorist/{token}/survey", summary="How it was (K11)", response_model=MotoristView, responses=_WRITE)
async def survey(token: TokenPath, body: SurveyIn, request: Request) -> Response:
    """Once; the same answer again changes nothing."""
    _check_pace(request, token)
    visit = await _visit(request, token)
    case = visit.known_case()
    if case.satisfaction != body.satisfaction:
        async with visit.act() as act:
            desk, answer = visit.service.desk, body.satisfaction
            case = await service.answer_survey(desk, act, case.id, satisfaction=answer, comment=body.comment)
    return read_answer(await _view(visit, case))


@router.get("/motorist/{token}/record.pdf", summary="The signed record", responses=_READ, response_class=Response)
async def own_record(token: TokenPath, request: Request) -> Response:
    """The customer's own: nothing of theirs is struck out, but the phone of who drove."""
    _check_pace(request, token, "record")
    visit = await _visit(request, token)
    if visit.case is None or not _has_record(visit.case):
        raise NotFound("there is no record yet")
    sight = Sight(caller_phone=True, customer=True)
    return await _record(visit.service, request, visit.case, visit.case.trips[-1], sight)


@router.get("/cases/{case_id}/record.pdf", summary="The rescue record", responses=_READ, response_class=Response)
async def record(case_id: Annotated[str, Path(max_length=64)], door: AnyDoor, request: Request) -> Response:
    """As the role that asks may see it: a dealer that of its own trip, the OEM without personal data."""
    async with door.desk.db.read() as session:
        case = await queries.get_case(session, case_id)
    check_reads(door.user, case)
    sight = sight_of(door.user, case)
    own = [trip for trip in case.trips if sight.own(trip.dealer)]
    if not own:
        raise NotFound("there is no record yet")
    return await _record(door.service, request, case, own[-1], sight)


async def _record(desk: Service, request: Request, case: Case, trip: Trip, sight: Sight) -> Response:
    async with desk.db.read() as session:
        dealer = await queries.dealer(session, trip.dealer)
    city = desk.places.city_name(case.city_code) if case.city_code else None
    language = request_language(request)
    fault = fault_word(desk.rules.book.dispatch.faults, case.fault, language)
    body = await asyncio.to_thread(rescue_record, case, trip, dealer, sight, language, city=city or "", fault=fault)
    return Response(body, media_type=MEDIA_TYPE, headers={"Content-Disposition": disposition(case.number)})


def disposition(number: str) -> str:
    """The header that names a file after its case. An imported number may hold anything, a header only ASCII."""
    plain, whole = re.sub(r"[^0-9A-Za-z-]", "_", number), quote(number, safe="")
    return f"inline; filename=\"{plain}.pdf\"; filename*=UTF-8''{whole}.pdf"
